"""The program itself: how it starts, stops, and what it says when something around it is wrong."""
import contextlib
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest
from mosquitto import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from hub import PROGRAM, Hub  # noqa: E402
from web_client import BUILD, DEADLINE_S, until  # noqa: E402

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


def rewrite(hub, **track):
    """The organiser edits the file and starts the hub again; (token, what is said about it)."""
    config = json.loads(hub.config.read_text())
    config["tracks"][0].update(track)
    hub.config.write_text(json.dumps(config))
    return restart(hub)


def restart(hub):
    before = len(hub.log())
    assert hub.stop() == 0
    hub.start()
    return hub.login(), hub.log()[before:]


def test_edits_of_the_file_count_and_race_controls_stay():
    with Hub(CLUB, free_port()) as hub:
        hub.order(hub.login(), "entry.assign", entry=2, lane=2, driver="Zoe")
        _, said = rewrite(hub, settings={"laps": 7}, entries=[{"lane": 1, "driver": "Bea"}])
        assert "track main: changed as in the file: settings.laps, entry 1" in said
        assert [entry["driver"] for entry in hub.track()["roster"]] == ["Bea", "Zoe"]
        token, said = restart(hub)
        assert "track main" not in said and hub.track()["settings"]["laps"] == 7
        hub.order(token, "race.arm")
        token, said = rewrite(hub, lanes=3)
        assert "(lanes) wait, because a race is on" in said and hub.track()["lanes"] == 2
        hub.order(token, "race.abort")
        restart(hub)
        assert hub.track()["lanes"] == 3
        _, said = rewrite(hub, id="other")
        assert "in the log, but not in \"tracks\" of the configuration file: main." in said


def backups(hub):
    return sorted((hub.state / "backups").glob("racehub-*.db"))


def facts(file):
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM facts").fetchone()[0]


def test_a_stop_makes_a_backup_if_there_is_something_new():
    with Hub(CLUB, free_port()) as hub:
        hub.order(hub.login(), "race.arm")
        restart(hub)
        assert len(backups(hub)) == 1 and f"backup: made: {backups(hub)[0]}" in hub.log()
        assert facts(backups(hub)[0]) == facts(hub.state / "racehub.db") > 0
        restart(hub)
        assert len(backups(hub)) == 1


def test_a_database_that_is_taken_away_is_noticed_and_saved():
    with Hub(CLUB, free_port()) as hub:
        token = hub.login()
        hub.order(token, "race.arm")
        seq = hub.get("/health")["seq"]
        shutil.rmtree(hub.state)
        until(lambda: hub.get("/health")["status"] == "degraded", "noticed")
        assert "was moved, deleted or replaced" in hub.get("/health")["problems"][0]
        order = {"id": "x", "command": "race.abort", "data": {}}

        def wait_for_the_log():
            with contextlib.suppress(AssertionError):  # the stopping hub closes the connection
                hub.request("POST", "/api/tracks/main/commands", order, {"Authorization": f"Bearer {token}"})

        waiting = threading.Thread(target=wait_for_the_log)
        waiting.start()
        until(lambda: hub.request("GET", "/health")[0] == 503, "the log waits")
        assert hub.stop() == 1
        waiting.join(DEADLINE_S)
        assert "1 crossings or commands came while the log could not be written" in hub.log()
        assert f"All that was written is in {backups(hub)[0]}" in hub.log()
        hub.start()
        assert hub.get("/health")["seq"] == seq and hub.phase() == "armed"


def test_health_is_short_and_says_what_is_wrong():
    plugins = [{"id": "sim", "library": "simulator", "track": "main"},
               {"id": "none", "library": "nothing", "track": "main"},
               {"id": "off", "library": "nothing", "track": "main", "enabled": False}]
    with Hub({**CLUB, "plugins": plugins}, free_port()) as hub:
        hub.wait_source("sim")
        health = hub.get("/health")
        assert health["status"] == "degraded" and len(health["problems"]) == 1
        assert health["problems"][0].startswith("Source none has state failed: ")
        assert all(set(source) <= {"id", "plugin", "state", "text", "stale", "enabled"}
                   for source in health["sources"])
    with Hub({}, free_port()) as hub:
        assert hub.get("/health")["problems"] == ["There is no track: name one in the configuration file."]
