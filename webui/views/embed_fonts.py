#!/usr/bin/env python3
"""Writes fonts as C++ arrays: embed_fonts.py OUT.cpp NAME=FILE...

They travel inside the module: one file less to wait for, and the native tests of the views measure text with the very same figures.
"""
import sys

with open(sys.argv[1], "w", encoding="ascii") as out:
    out.write('#include "webui/views/fonts.h"\n\nnamespace racehub::ui {\n')
    for argument in sys.argv[2:]:
        name, path = argument.split("=", 1)
        with open(path, "rb") as file:
            data = file.read()
        out.write(f"\nstatic const unsigned char k_{name}_bytes[] = {{")
        for at in range(0, len(data), 32):
            out.write("\n" + ",".join(map(str, data[at:at + 32])) + ",")
        out.write(f"\n}};\nconst FontFile {name}{{k_{name}_bytes, sizeof k_{name}_bytes}};\n")
    out.write("\n}  // namespace racehub::ui\n")
