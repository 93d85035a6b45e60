#!/usr/bin/env python3
"""Makes the folder that the hub serves from the pages and the compiled modules.

    bundle.py OUTPUT FILE...

Scripts, styles and modules get a hash of their content into their names (rh.js becomes rh.1f2e3d4c5b.js), and so do all mentions
of them, so that a browser may keep them for ever; pages (.html) keep their names and are asked for each time. Each file stands
beside its .br and .gz. Names are found by plain search: a file may mention another only by its whole name.
"""
import gzip
import hashlib
import os
import re
import subprocess
import sys

HASH_DIGITS = 10
COMPRESSED_ENOUGH = 0.95  # a packed copy that saves less is not worth its file


def mentions(text, name):
    return re.compile(rb"(?<![\w.-])" + re.escape(name.encode()) + rb"(?![\w-])").search(text)


def in_order(files):
    """The files, each behind those that it mentions."""
    done, order = set(), []

    def visit(name, path):
        if name in path:
            sys.exit(f"bundle.py: {' -> '.join(path + [name])}: files mention each other in a circle")
        if name in done:
            return
        for other in sorted(files):
            if other != name and not other.endswith(".html") and not name.endswith(".wasm"):
                if mentions(files[name], other):
                    visit(other, path + [name])
        done.add(name)
        order.append(name)

    for name in sorted(files):
        visit(name, [])
    return order


def write(path, content):
    """Only what changed, so that nothing is served or packed twice for nothing."""
    try:
        with open(path, "rb") as old:
            if old.read() == content:
                return False
    except FileNotFoundError:
        pass
    with open(path + ".new", "wb") as new:
        new.write(content)
    os.replace(path + ".new", path)
    return True


def pack(path, content):
    kept = {path}
    packed = {
        ".br": lambda: subprocess.run(["brotli", "-q", "11", "-c", path], check=True, capture_output=True).stdout,
        ".gz": lambda: gzip.compress(content, 9, mtime=0),
    }
    for suffix, make in packed.items():
        if os.path.exists(path + suffix) and os.path.getmtime(path + suffix) >= os.path.getmtime(path):
            kept.add(path + suffix)
            continue
        data = make()
        if len(data) < len(content) * COMPRESSED_ENOUGH:
            write(path + suffix, data)
            os.utime(path + suffix)
            kept.add(path + suffix)
    return kept


def main(output, paths):
    files = {}
    for path in paths:
        with open(path, "rb") as file:
            files[os.path.basename(path)] = file.read()
    os.makedirs(output, exist_ok=True)
    names, kept = {}, set()
    for name in in_order(files):
        content = files[name]
        if not name.endswith(".wasm"):
            for old, new in names.items():
                pattern = rb"(?<![\w.-])" + re.escape(old.encode()) + rb"(?![\w-])"
                content = re.sub(pattern, new.encode(), content)
        target = name
        if not name.endswith(".html"):
            stem, extension = os.path.splitext(name)
            target = f"{stem}.{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}{extension}"
            names[name] = target
        path = os.path.join(output, target)
        if write(path, content):
            os.utime(path)
        kept |= pack(path, content)
    for entry in os.listdir(output):
        path = os.path.join(output, entry)
        if path not in kept and os.path.isfile(path):
            os.remove(path)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
