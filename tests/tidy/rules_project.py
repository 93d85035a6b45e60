"""Rules about the project around the code: documents, formats, what must not be in it."""
import hashlib
import json
import pathlib
import re

from tree import BINARY, SOURCES, Finding, scan

MAX_FILE_BYTES = 200_000
CHANGELOG_SECTIONS = ("Product", "Plugin ABI", "Wire protocol", "Schema")


def open_work(tree):
    """Open work is an issue, not a comment; nothing is left half done."""
    words = r"\b(TO" r"DO|FIX" r"ME|XX" r"X|not imple" r"mented|place" r"holder)\b"
    for path, text in tree.of(*SOURCES, ".txt", ".yaml", ".json"):
        # An HTML input's hint has that name too.
        text = re.sub(r"place" + r"holder=", "hint=", text)
        yield from scan(path, text, "open-work", words,
                        "finish it, or open an issue and delete the remark")


def foreign_places(tree):
    """A clone works anywhere: no folder of somebody's machine, no package server's name."""
    places = (r"(?<![\w.])/(home|Users|wor[k])/\w|(?<![\w.])/root/\w|[a-z]:\\\\"
              r"|https?://[a-z0-9.-]*(debian|ubuntu|npmjs|pypi|pythonhosted)\b[a-z0-9.-]*")
    for path in sorted(tree.texts):
        yield from scan(path, tree.texts[path], "foreign-place", places,
                        "name no machine's folders and no package server; find them at run time")


def heading_anchor(heading):
    heading = re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading.strip().lower())
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading))


def anchors(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return {heading_anchor(h) for h in re.findall(r"^#+ (.*)$", text, flags=re.M)}


def markdown_links(tree):
    for path, text in tree.of(".md"):
        fenced = False
        for number, line in enumerate(text.split("\n"), 1):
            fenced ^= line.startswith("```")
            links = [] if fenced else re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line))
            for link in links:
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, anchor = link.partition("#")
                parts = []
                for part in (pathlib.PurePosixPath(path).parent / name).parts if name else (path,):
                    parts = parts[:-1] if part == ".." and parts else parts + [part]
                target = "/".join(parts)
                if not tree.exists(target):
                    yield Finding(path, number, "markdown-link", f"{link} leads nowhere")
                elif anchor and anchor not in anchors(tree.texts.get(target, "")):
                    yield Finding(path, number, "markdown-link",
                                  f"{target} has no heading #{anchor}")


def folder_readmes(tree):
    """Every folder down to the second level explains itself, or its parent's README does."""
    folders = set()
    for path in tree.sizes:
        *parts, name = path.split("/")
        if parts and not parts[0].startswith(".") and name != "CMakeLists.txt":
            folders.update("/".join(parts[:depth]) for depth in (1, 2) if len(parts) >= depth)
    for folder in sorted(folders):
        parent, _, name = folder.rpartition("/")
        told = parent and f"{name}/" in tree.texts.get(f"{parent}/README.md", "")
        if f"{folder}/README.md" not in tree.sizes and not told:
            yield Finding(f"{folder}/README.md", 1, "folder-readme",
                          f"{folder} has no README.md: say what it is for, and for whom")


def migrations(tree):
    """Numbered from 0001 without holes, and a released one never changes again."""
    folder = "schema/migrations/"
    files = {p[len(folder):]: t for p, t in tree.of(".sql", under=(folder,))}
    for number, name in enumerate(sorted(files), 1):
        if not re.fullmatch(rf"{number:04d}_[a-z0-9_]+\.sql", name):
            yield Finding(folder + name, 1, "migration",
                          f"the next one is {number:04d}_<what_it_does>.sql: no holes, no doubles")
    sums = tree.texts.get(folder + "SHA256SUMS", "")
    rows = re.findall(r"^([0-9a-f]{64})  (\S+)$", sums, flags=re.M)
    listed = {name: digest for digest, name in rows}
    for name, text in sorted(files.items()):
        if name not in listed:
            yield Finding(folder + name, 1, "migration", "is not in schema/migrations/SHA256SUMS: "
                          f"run there  sha256sum {name} >> SHA256SUMS")
        elif hashlib.sha256(text.encode()).hexdigest() != listed[name]:
            yield Finding(folder + name, 1, "migration",
                          "changed, but databases have run it already: write a new migration")
    for name in sorted(set(listed) - set(files)):
        yield Finding(folder + "SHA256SUMS", 1, "migration",
                      f"{name} is listed and gone: migrations only grow")


def event_types(tree):
    """(type, path, line) of every event that a header of the core declares."""
    for path, text in tree.of(".h", under=("hub/core/",)):
        for number, line in enumerate(text.split("\n"), 1):
            for name in re.findall(r'"([a-z_]+\.[a-z_]+)"', line):
                yield name, path, number


def event_schemas(tree):
    """Every event type has a JSON Schema and a fixture, and none is left over."""
    folder = "schema/events/"
    files = {p[len(folder):]: t for p, t in tree.of(".json", under=(folder,))}
    if not files:
        return
    types = {}
    for name, path, number in event_types(tree):
        types[name] = (path, number)
        for place in ("", "fixtures/"):
            if not any(re.fullmatch(rf"{place}{re.escape(name)}\.v\d+\.json", f) for f in files):
                yield Finding(path, number, "event-schema",
                              f"{name} has no {folder}{place}{name}.v1.json")
    for name, text in sorted(files.items()):
        try:
            json.loads(text)
        except ValueError as error:
            yield Finding(folder + name, 1, "event-schema", f"is not JSON: {error}")
        kind = re.sub(r"^fixtures/|\.v\d+\.json$", "", name)
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", kind) and kind not in types:
            yield Finding(folder + name, 1, "event-schema", f"no header of hub/core has {kind}")


def changelog(tree):
    text = tree.texts.get("CHANGELOG.md", "")
    sections = re.findall(r"^## (.*)$", text, flags=re.M)
    if tuple(sections) != CHANGELOG_SECTIONS:
        yield Finding("CHANGELOG.md", 1, "changelog",
                      f"has the sections {', '.join(CHANGELOG_SECTIONS)}; found {sections}")
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        name = section.split("\n", 1)[0]
        if not re.search(r"^### \S+", section, flags=re.M):
            yield Finding("CHANGELOG.md", 1, "changelog", f"{name} lists no version (### 0.1.0)")


def large_or_binary(tree):
    for path, size in sorted(tree.sizes.items()):
        if size > MAX_FILE_BYTES:
            yield Finding(path, 1, "file-bytes",
                          f"{size} bytes; at most {MAX_FILE_BYTES}: generate or fetch it")
        elif path not in tree.texts and not path.endswith(BINARY):
            yield Finding(path, 1, "file-bytes", "a binary file; what can be built is not stored")


def scripts(tree):
    """A script begins with its interpreter; a file to be sourced says so to shellcheck."""
    for path, text in tree.of(".sh"):
        if not re.match(r"#!/usr/bin/env bash\n|# shellcheck shell=bash\n", text):
            yield Finding(path, 1, "script", "begins with #!/usr/bin/env bash")
        elif text.startswith("#!") and not re.search(r"^set -[eu]*u", text, flags=re.M):
            yield Finding(path, 1, "script",
                          "says set -euo pipefail, so that no failure passes unseen")


RULES = (open_work, foreign_places, markdown_links, folder_readmes, migrations, event_schemas,
         changelog, large_or_binary, scripts)
