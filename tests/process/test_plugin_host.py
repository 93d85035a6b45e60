"""The plugin host as processes: a hub that is killed takes its plugins along, a plugin that dies takes nobody."""

import json
import os
import pathlib
import select
import signal
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("RACEHUB_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
HOST = BUILD / "bin" / "racehub-plugin-host"
FIXTURES = BUILD / "tests" / "fixtures"
LIMIT_S = 20


class MiniHub:
    """tests/unit/plugin_host/programs/mini_hub.cpp: prints its sources at each change, obeys lines."""

    def __init__(self, *plugins):
        self.process = subprocess.Popen(
            [BUILD / "tests" / "plugin_mini_hub", HOST, *(FIXTURES / f"{name}.so" for name in plugins)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.buffer = b""
        self.sources = []

    def until(self, condition):
        """Reads status lines until one satisfies the condition."""
        while not (self.sources and condition(self.sources)):
            readable, _, _ = select.select([self.process.stdout], [], [], LIMIT_S)
            assert readable, f"no such status in {LIMIT_S} s; last: {self.sources}"
            part = os.read(self.process.stdout.fileno(), 65536)
            assert part, "the hub ended"
            self.buffer += part
            while b"\n" in self.buffer:
                line, self.buffer = self.buffer.split(b"\n", 1)
                self.sources = json.loads(line)["sources"]
                if condition(self.sources):
                    return self.sources
        return self.sources

    def order(self, action):
        self.process.stdin.write(action.encode() + b"\n")

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(LIMIT_S)
            finally:
                self.process.kill()
        self.process.stdout.close()


@pytest.fixture
def mini_hub():
    hubs = []

    def start(*plugins):
        hubs.append(MiniHub(*plugins))
        return hubs[-1]

    yield start
    for hub in hubs:
        hub.end()


def all_ok(sources):
    return all(source["state"] == "ok" for source in sources)


def ended(pidfd):
    return bool(select.select([pidfd], [], [], LIMIT_S)[0])


def test_children_die_with_a_killed_hub(mini_hub):
    hub = mini_hub("puppet", "wrapped")
    children = [os.pidfd_open(source["pid"]) for source in hub.until(all_ok)]
    os.kill(hub.process.pid, signal.SIGKILL)
    assert all(ended(child) for child in children)
    hub.process.wait()


def test_children_stop_with_a_hub_that_stops(mini_hub):
    hub = mini_hub("puppet", "wrapped")
    children = [os.pidfd_open(source["pid"]) for source in hub.until(all_ok)]
    hub.end()
    assert hub.process.returncode == 0
    assert all(ended(child) for child in children)


@pytest.mark.parametrize("fault", ["segv", "abort", "exit", "throw", "hang"])
def test_the_hub_outlives_its_plugins(mini_hub, fault):
    hub = mini_hub("puppet", "newer_tables")
    before = hub.until(all_ok)
    hub.order(fault)
    after = hub.until(lambda sources: sources[0]["counters"]["crashes"] == 1 and all_ok(sources))
    assert hub.process.poll() is None
    assert after[0]["pid"] != before[0]["pid"]
    assert after[1]["pid"] == before[1]["pid"]


def test_a_child_has_nothing_of_the_hub(mini_hub):
    pid = mini_hub("puppet").until(all_ok)[0]["pid"]
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "SigBlk:\t0000000000000000" in status
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert limits.split("Max core file size")[1].split()[0] == "0"
    # Null, the hub's errors twice, the socket; then what the loop itself opened: its wake.
    assert len(os.listdir(f"/proc/{pid}/fd")) == 5
    # Settings (which hold passwords) are not on the command line.
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert command[1:3] == [b"run", str(FIXTURES / "puppet.so").encode()]


def test_probe_prints_the_descriptor():
    result = subprocess.run([HOST, "probe", FIXTURES / "puppet.so"], capture_output=True, text=True, check=True)
    plugin = json.loads(result.stdout)["plugins"][0]
    assert plugin["id"] == "org.racehub.test.puppet"
    assert plugin["config_schema"]["properties"]["port"]["default"] == 1883


@pytest.mark.parametrize("name, findings", [("puppet", False), ("bad_no_table", True), ("bad_crash_on_load", True)])
def test_check_finds_what_is_wrong(name, findings):
    result = subprocess.run([HOST, "check", FIXTURES / f"{name}.so"], capture_output=True, text=True)
    assert result.returncode == findings, result.stdout
    assert ("FAIL" in result.stdout) == findings


def test_wrong_use_is_explained():
    result = subprocess.run([HOST, "dance"], capture_output=True, text=True)
    assert result.returncode == 64
    assert "usage:" in result.stderr
