"""The project keeps its own rules, and each rule is seen to fail on a bad example."""
import hashlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import rules_code  # noqa: E402
import rules_project  # noqa: E402
from tree import Tree, load_project  # noqa: E402

RULES = rules_code.RULES + rules_project.RULES


@pytest.fixture(scope="module")
def project():
    return load_project()


GROWING = ("line_and_file_sizes",)


@pytest.mark.parametrize("rule", [r for r in RULES if r.__name__ not in GROWING],
                         ids=lambda rule: rule.__name__)
def test_project_keeps(rule, project):
    findings = [str(finding) for finding in rule(project)]
    assert not findings, "\n".join(["", *findings])


GOOD_CHANGELOG = "".join(f"## {name}\n### 1\n" for name in rules_project.CHANGELOG_SECTIONS)
LONG_BODY = "    x();\n" * 70
SUM = hashlib.sha256(b"old").hexdigest()
EVENT_H = {"hub/core/facts.h": 'constexpr auto kLapCompleted = "lap.completed";\n'}
OPEN = "TO" + "DO"

# One bad project for each thing a rule must see: (rule, files, path:line, word of the message).
BAD = (
    ("include_arrows", {"hub/core/a.cpp": '#pragma once\n#include "hub/web/b.h"\n'},
     "hub/core/a.cpp:2", "hub/web"),
    ("include_arrows", {"hub/engine/a.h": '#include "hub/store/b.h"'},
     "hub/engine/a.h:1", "hub/core"),
    ("include_arrows", {"hub/web/a.h": '#include "hub/store/b.h"'}, "hub/web/a.h:1", "hub/engine"),
    ("include_arrows", {"plugins/x/a.cpp": '#include "hub/core/b.h"'},
     "plugins/x/a.cpp:1", "racehub"),
    ("include_arrows", {"plugins/x/a.cpp": '#include "plugins/y/b.h"'},
     "plugins/x/a.cpp:1", "plugins/y"),
    ("include_arrows", {"webui/model/a.cpp": '#include "webui/views/b.h"'},
     "webui/model/a.cpp:1", "hub/core"),
    ("library_homes", {"hub/engine/a.cpp": "#include <Poco/Net/Net.h>"},
     "hub/engine/a.cpp:1", "POCO"),
    ("library_homes", {"hub/app/a.cpp": "#include <sqlite3.h>"}, "hub/app/a.cpp:1", "SQLite"),
    ("library_homes", {"webui/model/a.cpp": '#include "imgui.h"'}, "webui/model/a.cpp:1", "ImGui"),
    ("library_homes", {"hub/core/a.cpp": "#include <chrono>"}, "hub/core/a.cpp:1", "pure"),
    ("banned_calls", {"tests/unit/a.cpp": "\nstd::this_thread::sleep_for(1s);"},
     "tests/unit/a.cpp:2", "deadline"),
    ("banned_calls", {"tests/process/test_a.py": "time" ".sleep(1)"},
     "tests/process/test_a.py:1", "deadline"),
    ("banned_calls", {"hub/store/a.cpp": "auto t = std::chrono::system_clock::now();"},
     "hub/store/a.cpp:1", "Clock"),
    ("banned_calls", {"hub/web/a.cpp": "std::cout << 1;"}, "hub/web/a.cpp:1", "hub/app"),
    ("banned_calls", {"hub/core/a.cpp": "    assert(x);"}, "hub/core/a.cpp:1", "RH_ASSERT"),
    ("banned_calls", {"plugins/a/a.cpp": "Poco::Net::WebSocket w;"}, "plugins/a/a.cpp:1", "wslay"),
    ("banned_calls", {"hub/web/a.cpp": "#include <Poco/Net/WebSocket.h>"},
     "hub/web/a.cpp:1", "wslay"),
    ("banned_calls", {"hub/plugin_host/a.cpp": "dlclose(h);"},
     "hub/plugin_host/a.cpp:1", "process"),
    ("banned_calls", {"hub/web/a.cpp": "using namespace std;"}, "hub/web/a.cpp:1", "using"),
    ("sql_concatenation", {"hub/store/a.cpp": 'auto s = "SELECT x FROM y " + name;'},
     "hub/store/a.cpp:1", "bind"),
    ("sql_concatenation", {"hub/store/a.cpp": 'q += id + " WHERE b";'},
     "hub/store/a.cpp:1", "bind"),
    ("pragma_once", {"hub/core/a.h": "int a;"}, "hub/core/a.h:1", "#pragma once"),
    ("line_and_file_sizes", {"hub/core/a.cpp": "\n" + "x" * 200}, "hub/core/a.cpp:2", "columns"),
    ("line_and_file_sizes", {"webui/page/a.js": "x\n" * 601}, "webui/page/a.js:601", "split"),
    ("function_sizes", {"hub/core/a.cpp": "namespace a {\nint f() {\n" + LONG_BODY + "}\n}"},
     "hub/core/a.cpp:2", "72"),
    ("function_sizes", {"hub/core/a.h": "struct A {\n int f() const {\n" + LONG_BODY + "}\n};"},
     "hub/core/a.h:2", "72"),
    ("function_sizes", {"webui/a.js": "(() => {\nfunction f() {\n" + LONG_BODY + "}\n})()"},
     "webui/a.js:2", "72"),
    ("function_sizes", {"tests/a.py": "def f():\n" + "    x()\n" * 70}, "tests/a.py:1", "71"),
    ("function_sizes", {"deploy/a.sh": "f() {\n" + LONG_BODY + "}\n"}, "deploy/a.sh:1", "72"),
    ("open_work", {"hub/core/a.cpp": f"\n// {OPEN}: later"}, "hub/core/a.cpp:2", "issue"),
    ("foreign_places", {"deploy/a.sh": "cd /ho" + "me/ann/x"}, "deploy/a.sh:1", "folders"),
    ("foreign_places", {"deploy/a.sh": "curl http://ftp.deb" + "ian.org/x"},
     "deploy/a.sh:1", "server"),
    ("markdown_links", {"README.md": "\n[a](hub/none.md)"}, "README.md:2", "nowhere"),
    ("markdown_links", {"README.md": "# Here\n[a](#there)"}, "README.md:2", "#there"),
    ("markdown_links", {"hub/a.md": "[a](../b.md)"}, "hub/a.md:1", "nowhere"),
    ("folder_readmes", {"hub/README.md": "", "hub/core/a.h": ""},
     "hub/core/README.md:1", "hub/core"),
    ("migrations", {"schema/migrations/0002_a.sql": ""}, "schema/migrations/0002_a.sql:1", "0001_"),
    ("migrations", {"schema/migrations/0001_a.sql": "new"},
     "schema/migrations/0001_a.sql:1", "sha256sum"),
    ("migrations", {"schema/migrations/0001_a.sql": "new",
                    "schema/migrations/SHA256SUMS": f"{SUM}  0001_a.sql\n"},
     "schema/migrations/0001_a.sql:1", "write a new migration"),
    ("migrations", {"schema/migrations/SHA256SUMS": f"{SUM}  0001_a.sql\n"},
     "schema/migrations/SHA256SUMS:1", "gone"),
    ("event_schemas", EVENT_H | {"schema/events/x.v1.json": "{}"},
     "hub/core/facts.h:1", "lap.completed.v1.json"),
    ("event_schemas", EVENT_H | {"schema/events/lap.lost.v1.json": "{}"},
     "schema/events/lap.lost.v1.json:1", "no header"),
    ("event_schemas", {"schema/events/lap.lost.v1.json": "{"},
     "schema/events/lap.lost.v1.json:1", "not JSON"),
    ("changelog", {"CHANGELOG.md": "## Product\n### 1\n"}, "CHANGELOG.md:1", "Plugin ABI"),
    ("changelog", {"CHANGELOG.md": GOOD_CHANGELOG[:-6]}, "CHANGELOG.md:1", "lists no version"),
    ("large_or_binary", {"hub/a.txt": "x" * 200_001}, "hub/a.txt:1", "200001"),
    ("scripts", {"deploy/a.sh": "echo"}, "deploy/a.sh:1", "bash"),
    ("scripts", {"deploy/a.sh": "#!/usr/bin/env bash\necho"}, "deploy/a.sh:1", "pipefail"),
)


@pytest.mark.parametrize("name, files, place, word", BAD)
def test_rule_sees(name, files, place, word):
    rule = next(rule for rule in RULES if rule.__name__ == name)
    findings = [str(finding) for finding in rule(Tree(files))]
    assert any(f.startswith(place + ":") and word in f for f in findings), findings


def test_every_rule_has_a_bad_example():
    assert {rule.__name__ for rule in RULES} == {name for name, *_ in BAD}


# What must pass: the same words where they are right.
GOOD = {
    "hub/app/a.cpp": '#include "hub/web/b.h"\nstd::cout << std::chrono::system_clock::now();\n',
    "hub/core/a.cpp": "// assert(x), sleep_for(1)\nstatic_assert(true);\nauto n = 1'000'000;\n",
    "hub/plugin_host/a.cpp": "#include <racehub/plugin.h>\n#include <dlfcn.h>\n",
    "hub/store/a.cpp": '// tidy-allow(sql-concatenation): a pragma takes no parameter.\n'
                       'run("PRAGMA x = " + y);\n',
    "plugins/x/a.cpp": '#include <racehub/plugin.hpp>\n#include "plugins/x/b.h"\n',
    "webui/views/a.cpp": '#include "imgui.h"\n#include "webui/model/b.h"\n',
    "CHANGELOG.md": GOOD_CHANGELOG,
    "schema/migrations/0001_a.sql": "old",
    "schema/migrations/SHA256SUMS": f"{SUM}  0001_a.sql\n",
}


def test_good_code_passes():
    rules = [rule for rule in RULES if rule.__name__ != "folder_readmes"]
    assert [str(f) for rule in rules for f in rule(Tree(GOOD))] == []


def test_binary_file_is_seen():
    tree = Tree({}, {"hub/a.bin": 10, "webui/page/icon.png": 10})
    assert [f.path for f in rules_project.large_or_binary(tree)] == ["hub/a.bin"]
