"""Rules about code: include arrows, sizes, calls that are not to be made."""
import ast
import re

from tree import CPP, SOURCES, Finding, allowed, scan, strip_cpp

MAX_COLUMNS = 100        # what clang-format makes of C++
MAX_COLUMNS_OTHER = 130  # scripts and pages, which nothing formats
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70

# Which folders of ours a folder may include (besides itself). tests/ may include everything.
ARROWS = {
    "hub/core": (),
    "hub/engine": ("hub/core",),
    "hub/store": ("hub/engine", "hub/core"),
    "hub/plugin_host": ("hub/engine", "hub/core", "racehub"),
    "hub/web": ("hub/engine", "hub/core"),
    "hub/app": ("hub/web", "hub/plugin_host", "hub/store", "hub/engine", "hub/core"),
    "plugins/sdk": ("racehub",),
    "plugins/*": ("racehub",),
    "webui/model": ("hub/core",),
    "webui/views": ("webui/model", "hub/core"),
    "webui/platform": ("webui/views", "webui/model", "hub/core"),
}

# Which folders may include a library: (header pattern, its name, folders).
LIBRARIES = (
    (r"Poco/", "POCO", ("hub/web", "hub/app", "plugins/")),
    (r"sqlite3", "SQLite", ("hub/store",)),
    (r"imgui", "Dear ImGui", ("webui/views", "webui/platform")),
    (r"emscripten", "Emscripten", ("webui/platform",)),
    (r"dlfcn\.h", "dlopen", ("hub/plugin_host",)),
    (r"mosquitto", "libmosquitto", ("plugins/",)),
    (r"wslay/", "wslay", ("hub/web", "plugins/")),
)
# hub/core is pure and is compiled for the browser too.
IMPURE = (r"(thread|mutex|condition_variable|chrono|iostream|fstream|filesystem|random"
          r"|unistd\.h|time\.h|ctime)$")

# (rule, pattern, folders, exempt paths, what to do instead). Patterns see code without literals
# and comments.
BANNED = (
    ("sleep", r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(|(?<![\w.:])sleep\s*\(",
     ("hub/", "tests/"), (),
     "sleeping hides races: wait for the event with a deadline, or turn the simulated clock"),
    ("wall-clock", r"\bsystem_clock::now\b",
     ("hub/", "plugins/", "webui/"), ("hub/app/", "hub/engine/clock"),
     "time is an argument: take it from the Clock of hub/engine, which tests can turn"),
    ("stdout", r"\bstd::cout\b|(?<![\w:])(std::)?(printf|puts)\s*\(", ("hub/",), ("hub/app/",),
     "only hub/app talks to the terminal: return the text, or use the log"),
    ("assert", r"(?<![\w])assert\s*\(", ("hub/", "webui/"), ("hub/core/assert.h",),
     "assert() is gone in a release build: use RH_ASSERT of hub/core/assert.h"),
    ("poco-websocket", r"\bPoco::Net::WebSocket\b|\bWebSocket\.h\b", ("hub/", "plugins/"), (),
     "POCO 1.11's WebSocket neither reassembles nor checks frames: use wslay, as hub/web does"),
    ("dlclose", r"\bdlclose\s*\(", ("hub/", "plugins/"), (),
     "a library is never unloaded (GNU_UNIQUE, thread_local): end the plugin's process"),
    ("using-namespace", r"\busing namespace\b", ("hub/", "plugins/", "webui/"),
     ("webui/platform/",),
     "say where a name comes from: no `using namespace`"),
)


def folder_of(path):
    """The part a file belongs to: hub/core, plugins/*, webui/views."""
    folder = "/".join(path.split("/")[:2])
    if folder.startswith("plugins/") and folder != "plugins/sdk":
        return "plugins/*"
    return folder


def own_folder_of_include(include):
    if include.startswith("racehub/"):
        return "racehub"
    match = re.match(r"((?:hub|plugins|webui|tests)/\w+)/", include)
    return match.group(1) if match else None


def includes(text):
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1)


def include_arrows(tree):
    for path, text in tree.of(*CPP, under=("hub/", "plugins/", "webui/")):
        part = folder_of(path)
        if part not in ARROWS:
            continue
        here = "/".join(path.split("/")[:2])
        for number, include in includes(text):
            target = own_folder_of_include(include)
            if target and target != here and target not in ARROWS[part]:
                may = ", ".join(ARROWS[part]) or "nothing of ours"
                yield Finding(path, number, "include-arrow",
                              f"{here} may not include {include}; it may include {may}")


def library_homes(tree):
    for path, text in tree.of(*CPP, under=("hub/", "plugins/", "webui/")):
        for number, include in includes(text):
            for pattern, name, homes in LIBRARIES:
                if re.match(pattern, include) and not path.startswith(homes):
                    yield Finding(path, number, "library-home",
                                  f"{name} belongs to {', '.join(homes)} only")
            if path.startswith("hub/core/") and re.match(IMPURE, include):
                yield Finding(path, number, "library-home",
                              f"hub/core is pure: no <{include}>; time and chance are arguments")


def banned_calls(tree):
    for path, text in tree.of(*CPP):
        code = strip_cpp(text)
        # Include lines are code too, but their names stand between quotes or brackets.
        code = "\n".join(o if re.match(r"\s*#\s*include", o) else s
                         for o, s in zip(text.split("\n"), code.split("\n")))
        for rule, pattern, folders, exempt, instead in BANNED:
            if path.startswith(folders) and not path.startswith(exempt or ("\0",)):
                yield from scan(path, code, rule, pattern, instead, shown=text)
    for path, text in tree.of(".py", under=("tests/",)):
        if path.split("/")[-1].startswith("test_"):
            yield from scan(path, text, "sleep", r"\btime\.sleep\(",
                            "wait for an event with a deadline: there is a helper for it")


def sql_concatenation(tree):
    """A statement is one literal with parameters; values are bound, never pasted in."""
    verb = r"(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|ATTACH|VACUUM|REPLACE)\b"
    pasted = re.compile(r'"\s*' + verb + r'[^"\n]*"\s*(\+|<<)'
                        r'|(\+|<<)\s*"[^"\n]*\b(FROM|WHERE|VALUES|SET|ORDER BY|LIMIT)\b'
                        r'|(format|snprintf)\([^;]*"\s*' + verb)
    for path, text in tree.of(*CPP, under=("hub/", "plugins/")):
        yield from scan(path, text, "sql-concatenation", pasted,
                        "SQL text is one literal; bind the value instead of pasting it in")


def pragma_once(tree):
    for path, text in tree.of(".h", ".hpp"):
        guarded = path.startswith("plugins/sdk/") and "#ifndef" in text  # C99 has no pragma.
        if "#pragma once" not in text and not guarded:
            yield Finding(path, 1, "pragma-once", "a header begins with #pragma once")


def line_and_file_sizes(tree):
    for path, text in tree.of(*SOURCES):
        lines = text.split("\n")
        if len(lines) - 1 > MAX_FILE_LINES:
            yield Finding(path, len(lines) - 1, "file-size",
                          f"{len(lines) - 1} lines; over {MAX_FILE_LINES} is two things: split it")
        most = MAX_COLUMNS if path.endswith(CPP) else MAX_COLUMNS_OTHER
        for number, line in enumerate(lines, 1):
            if len(line) > most and not re.search(r"https?://\S{60}", line) \
                    and not allowed(lines, number - 1, "line-size"):
                yield Finding(path, number, "line-size", f"{len(line)} columns; at most {most}")


def cpp_functions(text):
    """(first line, last line) of each function body: an outermost brace that is not a scope."""
    code = re.sub(r"^[ \t]*#.*(\\\n.*)*$", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  strip_cpp(text), flags=re.M)
    scopes, start, inside, head, line = 0, 0, 0, "", 1
    for char in code:
        if char == "\n":
            line += 1
        if inside:
            inside += {"{": 1, "}": -1}.get(char, 0)
            if inside == 0:
                yield start, line
                head = ""
        elif char == "{":
            scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()=]*$|^\s*\(+\s*"
                              r"(function\s*\w*\s*\(\)|(async\s*)?\(\)\s*=>)\s*$", head)
            if scope:
                scopes += 1
            else:
                inside, start = 1, line
            head = ""
        elif char == "}":
            scopes, head = scopes - 1, ""
        elif char == ";":
            head = ""
        else:
            head += char


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


def shell_functions(text):
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"[\w-]+\(\) *[{(]\s*$", line):
            start = number
        elif start and re.match(r"[})]\s*$", line):
            yield start, number
            start = 0


def function_sizes(tree):
    finders = ((CPP + (".js",), cpp_functions), ((".py",), python_functions),
               ((".sh",), shell_functions))
    for suffixes, find in finders:
        for path, text in tree.of(*suffixes):
            for first, last in find(text):
                if last - first + 1 > MAX_FUNCTION_LINES:
                    yield Finding(path, first, "function-size",
                                  f"a function of {last - first + 1} lines; at most "
                                  f"{MAX_FUNCTION_LINES}, one screen")


RULES = (include_arrows, library_homes, banned_calls, sql_concatenation, pragma_once,
         line_and_file_sizes, function_sizes)
