"""deploy/lib.sh with stand-ins for dpkg-query, apt-get and sudo: what it installs and says."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

DPKG_QUERY = """#!/bin/sh
for package; do :; done
grep -qx "$package" "$FAKE/installed" && printf installed
"""

# Installs from the attempt on that $FAKE/works_from names; says what apt-get says.
APT_GET = """#!/bin/sh
echo "$*" >>"$FAKE/calls"
case "$*" in
*update*) exit 0 ;;
*' -s '*) echo 'Inst x' ;;
*install*)
    echo x >>"$FAKE/attempts"
    if [ "$(wc -l <"$FAKE/attempts")" -lt "$(cat "$FAKE/works_from")" ]; then
        echo 'E: no such host'
        exit 100
    fi
    printf '%s\n' "$@" >>"$FAKE/installed" ;;
esac
"""


@pytest.fixture
def machine(tmp_path):
    """A machine with nothing installed, on which we are root."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {"dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "sleep": "#!/bin/sh\n",
                       "id": '#!/bin/sh\ncat "$FAKE/id"\n'}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    for name, text in {"installed": "", "works_from": "1\n", "id": "0\n", "calls": ""}.items():
        (tmp_path / name).write_text(text)
    for name in ("bash", "sh", "awk", "grep", "cat", "wc", "env", "mktemp", "tail", "rm", "tee",
                 "tr", "dirname"):
        (tools / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    return tmp_path


def install(machine, groups="run test"):
    """Sources lib.sh and installs these groups; (exit code, all output)."""
    done = subprocess.run(
        [machine / "tools" / "bash", "-c",
         f'set -euo pipefail; . "{ROOT}/deploy/lib.sh"; install_packages {groups}'],
        env={"PATH": str(machine / "tools"), "FAKE": str(machine), "TMPDIR": str(machine)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def packages(*groups):
    rows = [line.split() for line in (ROOT / "deploy" / "packages.txt").read_text().splitlines()]
    return [row[1] for row in rows if row and row[0] in groups]


def test_installs_what_is_missing_and_only_that(machine):
    wanted = packages("run", "test")
    (machine / "installed").write_text(wanted[0] + "\n")
    code, output = install(machine)
    assert code == 0, output
    call = (machine / "calls").read_text().splitlines()[-1].split()
    assert call[-len(wanted) + 1:] == wanted[1:]
    assert "--no-install-recommends" in call


def test_touches_nothing_when_all_is_there(machine):
    (machine / "installed").write_text("\n".join(packages("run", "test")) + "\n")
    assert install(machine) == (0, "")
    assert (machine / "calls").read_text() == ""


def test_tries_once_more(machine):
    (machine / "works_from").write_text("2\n")
    code, output = install(machine)
    assert code == 0, output
    assert "once more" in output


def test_says_what_is_missing_when_the_network_is_away(machine):
    (machine / "works_from").write_text("99\n")
    code, output = install(machine)
    assert code == 1
    assert (machine / "attempts").read_text().count("x") == 2
    for words in ("no such host", "network is away", "Missing: ca-certificates"):
        assert words in output
    assert not list(machine.glob("tmp.*"))


def test_without_root_or_sudo_names_the_command_for_root(machine):
    (machine / "id").write_text("1000\n")
    code, output = install(machine)
    assert code == 1
    assert "as root:  apt-get update && apt-get install --no-install-recommends ca-cert" in output
    assert (machine / "calls").read_text() == ""


def test_sudo_that_needs_a_password_needs_a_terminal(machine):
    (machine / "id").write_text("1000\n")
    sudo = machine / "tools" / "sudo"
    sudo.write_text("#!/bin/sh\nexit 1\n")
    sudo.chmod(0o755)
    code, output = install(machine)
    assert code == 1
    assert "no terminal to type it on" in output
    assert (machine / "calls").read_text() == ""


@pytest.mark.parametrize("script, words", [
    (["deploy/start.sh", "none.json"], "There is no configuration file none.json"),
    (["deploy/setup.sh", "--tset"], "'--tset' is not known"),
    (["tests/run.sh", "--fast"], "'--fast' is not known"),
])
def test_a_wrong_argument_gets_a_sentence(script, words):
    done = subprocess.run([str(ROOT / script[0]), *script[1:]], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert words in done.stderr
