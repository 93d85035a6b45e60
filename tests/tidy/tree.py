"""The project as the rules see it: a map from path to text, plus what a rule reports."""
import dataclasses
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP = (".c", ".cpp", ".h", ".hpp")
SOURCES = CPP + (".py", ".js", ".sh", ".html", ".css", ".cmake", ".sql")
# Files that may hold bytes instead of text; everything else must be readable UTF-8.
BINARY = (".png", ".ico", ".woff2", ".ttf", ".otf")
SKIPPED_FOLDERS = {".git", ".cache", "state", "__pycache__", ".pytest_cache"}


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text} [{self.rule}]"


class Tree:
    """Texts of all files by path relative to the project; `sizes` has the binary ones too."""

    def __init__(self, texts, sizes=None):
        self.texts = texts
        self.sizes = sizes or {path: len(text.encode()) for path, text in texts.items()}

    def of(self, *suffixes, under=()):
        """(path, text) of the files with one of these suffixes, inside one of these folders."""
        for path, text in sorted(self.texts.items()):
            if path.endswith(suffixes) and (not under or path.startswith(tuple(under))):
                yield path, text

    def exists(self, path):
        """Is this a file or a folder of the project?"""
        path = path.rstrip("/")
        return path in ("", ".") or any(
            known == path or known.startswith(path + "/") for known in self.sizes)


def project_paths():
    """What git tracks or would add; without git, what lies in the folder and is not a build."""
    try:
        listing = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True)
        names = listing.stdout.decode().split("\0")
        return [name for name in names if name and (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith("build")]
        found += [str((pathlib.Path(folder) / f).relative_to(ROOT)) for f in files]
    return found


def load_project():
    texts, sizes = {}, {}
    for name in project_paths():
        data = (ROOT / name).read_bytes()
        sizes[name] = len(data)
        if b"\0" not in data:
            texts[name] = data.decode(errors="replace")
    return Tree(texts, sizes)


def strip_cpp(text):
    """C++ (or JavaScript) with comments and the insides of literals blanked, same line numbers."""
    pattern = re.compile(
        r'R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.S)

    def blank(match):
        piece = match.group(0)
        if piece.startswith("/"):
            return re.sub(r"[^\n]", " ", piece)
        return '"' + re.sub(r"[^\n]", " ", piece[1:-1]) + '"'

    return pattern.sub(blank, text)


def allowed(lines, index, rule):
    """A line may be excused where it stands, with a reason: `tidy-allow(rule): why`."""
    for line in lines[max(0, index - 1):index + 1]:
        match = re.search(r"tidy-allow\(([\w-]+)\): \S+", line)
        if match and match.group(1) == rule:
            return True
    return False


def scan(path, text, rule, pattern, message, shown=None):
    """A finding for each line of `text` that matches; `shown` is the unstripped text."""
    lines = (shown or text).split("\n")
    for index, line in enumerate(text.split("\n")):
        if re.search(pattern, line) and not allowed(lines, index, rule):
            yield Finding(path, index + 1, rule, message)
