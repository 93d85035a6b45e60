"""The program itself: how it starts, stops, and what it says when something around it is wrong."""
import pathlib
import signal
import subprocess
import sys

import pytest
from mosquitto import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from hub import PROGRAM, Hub  # noqa: E402
from web_client import BUILD, DEADLINE_S  # noqa: E402

CLUB = {"tracks": [{"id": "main", "lanes": 2, "entries": [{"lane": 1, "driver": "Ada"}]}]}


def refused(folder, text, *words):
    """The hub does not start with this file, and says each of the words."""
    file = folder / "club.json"
    file.write_bytes(text)
    done = subprocess.run([PROGRAM, "serve", "--config", file, "--state", folder / "state"],
                          capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 1 and not (folder / "state").exists()
    assert done.stderr.startswith(f"racehub: {file}: ") and len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr


def test_a_wrong_file_stops_the_start(tmp_path):
    refused(tmp_path, b"[]", "the file must be an object")
    refused(tmp_path, b"", "is empty")
    refused(tmp_path, b'{"hub": {"name": "Bj\xf6rn"}}', "is not UTF-8: see line 1")
    refused(tmp_path, b'{"tracks": [{"id": "a b"}]}', "tracks[0].id: ")
    refused(tmp_path, b'{"tracks": [{"id": "a"}], "plugins": [{"id": "s", "tracks": ["b"]}]}', "plugins[0].tracks[0]: ")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_every_usual_signal_stops_in_order(number):
    with Hub(CLUB, free_port()) as hub:
        hub.process.send_signal(number)
        assert "Stopping" in hub.process.stdout.read()
        assert hub.process.wait(DEADLINE_S) == 0


def test_nohup_outlives_the_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as from nohup
    try:
        hub = Hub(CLUB, free_port())
    finally:
        signal.signal(signal.SIGHUP, before)
    with hub:
        hub.process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            hub.process.wait(1.5)  # a stop takes a tenth of this


def test_probe_tells_by_its_exit_code(tmp_path):
    good = BUILD / "plugins" / "simulator.so"
    bad = tmp_path / "bad.so"
    bad.write_text("no library")
    for files, code in (([good], 0), ([bad], 1), ([bad, good], 1), ([tmp_path / "none.so"], 1)):
        done = subprocess.run([PROGRAM, "probe", *files], capture_output=True, timeout=60)
        assert done.returncode == code, (files, done)
