"""The live socket: hello, snapshot, facts without holes, resume, commands, slow readers; and the Carrera words."""
import json
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from web_client import RawSocket, WebHub, until, wait  # noqa: E402

LOG = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def hub():
    with WebHub(sockets_per_address=4000) as running:
        yield running


def bearer(hub, name="Ada"):
    return {"Authorization": "Bearer " + hub.login(name)}


def read_until(ws, seq):
    """Follows the socket as a browser does until it has `seq`; returns what it saw, and checks that there was no hole."""
    at, kinds, facts = None, [], 0
    while at is None or at < seq:
        message = ws.message()
        kinds.append(message["type"])
        if message["type"] == "snapshot":
            at = message["seq"]
            assert message["state"]["seq"] == at
        elif message["type"] == "facts":
            for fact in message["facts"]:
                if at is None:
                    at = fact["seq"] - 1
                assert fact["seq"] == at + 1, "a hole, or a fact twice"
                at = fact["seq"]
                facts += 1
    return kinds, facts


def run_race(ws, hub, laps=3, track="one"):
    """A race from start to stop on one track; returns the seq of the last outcome."""
    assert ws.command("race.start", track)["accepted"]
    until(lambda: hub.get(f"/api/tracks/{track}")["phase"] == "running", "lights out")
    for _ in range(laps):
        hub.tell("cross", track, 1)
    return ws.command("race.stop", track)["seq"]


# ---- Joining ----

def test_a_newcomer_gets_hello_snapshot_and_sources(hub):
    with hub.live() as ws:
        hello = ws.message()
        assert hello == {"type": "hello", "protocol": 1, "hub": "Test Hub", "version": "test", "log_id": LOG,
                         "seq": 2, "time_us": hello["time_us"], "director": False}
        assert abs(hello["time_us"] / 1e6 - time.time()) < 5
        snapshot = ws.message()
        assert snapshot["type"] == "snapshot" and [t["id"] for t in snapshot["state"]["tracks"]] == ["one", "two"]
        assert ws.message()["type"] == "sources"


def test_a_screen_knows_that_it_is_not_stale(hub):
    with hub.live() as ws:
        first, second = ws.next("tick"), ws.next("tick")
        assert 0.9e6 < second["time_us"] - first["time_us"] < 1.5e6 and second["seq"] == 2


def test_ping_tells_the_clock(hub):
    with hub.live() as ws:
        ws.send({"type": "ping", "t": 12.5})
        pong = ws.next("pong")
        assert pong["t"] == 12.5 and abs(pong["time_us"] / 1e6 - time.time()) < 5


def test_facts_come_as_they_are_decided(hub):
    with hub.live(**bearer(hub)) as ws, hub.live() as other:
        seq = run_race(ws, hub)
        kinds, facts = read_until(other, seq)
        assert kinds[:3] == ["hello", "snapshot", "sources"] and facts == seq - 2
        stored = hub.get("/api/races/1/facts")["facts"]
        assert [f["type"] for f in stored][-1] == "race.finished" and len(stored) == seq - 2


@pytest.mark.parametrize("after, kind", [("SEQ", "tick"), ("2", "facts"), ("7", "facts"),
                                         ("99999", "snapshot"), ("-1", "snapshot"), ("x", "snapshot"), ("", "snapshot")])
def test_resume(hub, after, kind):
    with hub.live(**bearer(hub)) as ws:
        seq = run_race(ws, hub)
    with hub.live(f"/live?log={LOG}&after={after.replace('SEQ', str(seq))}") as ws:
        ws.next("hello")
        while (message := ws.message())["type"] in ("sources",):
            pass
        assert message["type"] == kind
        if kind == "facts":
            assert message["facts"][0]["seq"] == int(after) + 1 and message["facts"][-1]["seq"] == seq


def test_another_log_gets_a_snapshot(hub):
    with hub.live("/live?log=another&after=2") as ws:
        assert [ws.message()["type"] for _ in range(2)] == ["hello", "snapshot"]


def test_resume_over_thousands_of_facts_has_no_hole(hub):
    hub.tell("facts", 6000)
    until(lambda: hub.get("/health")["seq"] == 6002, "6,000 facts")
    with hub.live(f"/live?log={LOG}&after=2500") as ws:  # remembered: 4,096
        kinds, facts = read_until(ws, 6002)
        assert "snapshot" not in kinds and facts == 3502
    with hub.live(f"/live?log={LOG}&after=1000") as ws:  # forgotten
        kinds, facts = read_until(ws, 6002)
        assert kinds[1] == "snapshot" and facts <= 256


def test_a_snapshot_serves_newcomers_for_256_facts(hub):
    with hub.live() as ws:
        read_until(ws, 2)
    hub.tell("facts", 200)
    until(lambda: hub.get("/health")["seq"] == 202, "200 facts")
    with hub.live() as ws:
        kinds, facts = read_until(ws, 202)
        assert kinds[1:] == ["snapshot", "facts"] and facts == 200  # the old snapshot, and what followed
    hub.tell("facts", 100)
    until(lambda: hub.get("/health")["seq"] == 302, "100 facts")
    with hub.live() as ws:
        assert read_until(ws, 302) == (["hello", "snapshot"], 0)


# ---- Slow and late ----

def test_a_slow_reader_gets_the_newest_state_instead_of_a_backlog(hub):
    with RawSocket(hub.port, receive_buffer=2048) as slow, hub.live() as quick:
        quick.next("hello")
        for _ in range(40):
            hub.tell("facts", 100)
            until(lambda: quick.message()["type"] == "facts", "facts")  # one batch, one frame, at least
            hub.get("/health")
        until(lambda: hub.get("/health")["seq"] == 4002, "4,000 facts")
        for _ in range(300):  # enough frames to fall out of what the hub keeps
            hub.tell("facts", 1)
            quick.next("facts")
        kinds, facts = read_until(slow, 4302)
        assert hub.metric("web_resyncs_total") >= 1
        assert kinds.count("snapshot") >= 2 and facts < 4300


def test_of_samples_only_the_newest_matter(hub):
    big = "x" * 2000
    with RawSocket(hub.port, receive_buffer=2048) as slow:
        slow.next("sources")
        for i in range(500):
            hub.tell("sample", {"n": i, "pad": big})
        seen = []
        while not seen or seen[-1] != 499:
            seen.append(slow.next("sample")["sample"]["n"])
        assert seen == sorted(seen) and seen[-2:] == [498, 499] and len(seen) < 200
        assert hub.metric("web_frames_skipped_total") == 500 - len(seen)


def test_who_takes_nothing_for_ten_seconds_is_closed(hub):
    with RawSocket(hub.port, receive_buffer=2048) as dead, hub.live() as alive:
        dead.next("sources")
        big = "x" * 2000
        begin = time.monotonic()
        while hub.metric("web_stalled_total") == 0:
            hub.tell("sample", {"pad": big})
            wait(0.1)
            assert time.monotonic() - begin < 15
        assert time.monotonic() - begin > 9
        assert alive.next("sample") and hub.metric("web_spectators") == 1


def test_a_storm_of_newcomers(hub):
    hub.tell("facts", 300)
    until(lambda: hub.get("/health")["seq"] == 302, "300 facts")
    begin = time.monotonic()
    sockets = [hub.live() for _ in range(500)]
    for ws in sockets:
        read_until(ws, 302)
    assert time.monotonic() - begin < 5
    hub.tell("facts", 5)
    for ws in sockets:
        read_until(ws, 307)
        ws.sock.close()
    until(lambda: hub.metric("web_spectators") == 0, "all to be gone")


# ---- Sources and storage ----

def test_sources_are_told_on_change(hub):
    with hub.live() as ws:
        ws.next("sources")
        hub.tell("sources", [{"id": "gates", "state": "failed", "text": "no broker"}])
        assert ws.next("sources")["sources"] == [{"id": "gates", "state": "failed", "text": "no broker"}]


def test_storage_waiting_is_shown_at_once_and_to_newcomers(hub):
    headers = bearer(hub)
    with hub.live(**headers) as ws:
        ws.next("sources")
        hub.tell("storage", False)
        ws.send({"type": "command", "id": "a", "command": "race.start", "track": "one"})
        message = ws.next("storage")
        assert message["ok"] is False and "disk is full" in message["message"]
        status, _, body = hub.request("GET", "/health")
        assert status == 503 and json.loads(body)["status"] == "storage_waiting"
        with hub.live() as newcomer:
            assert newcomer.next("storage")["ok"] is False
        hub.tell("storage", True)
        assert ws.next("storage")["ok"] is True
        assert ws.next("outcome", id="a")["accepted"] is True


# ---- Commands ----

def test_a_command_has_an_outcome_and_a_repeated_one_the_same(hub):
    with hub.live(**bearer(hub)) as ws:
        first = ws.command("race.arm", ident="once")
        assert first["accepted"] and first["seq"] == 3
        again = ws.command("race.arm", ident="once")
        assert again["accepted"] and again["duplicate"] is True
        refused = ws.command("race.arm", ident="twice")
        assert not refused["accepted"] and refused["code"] == "wrong_phase" and "armed" in refused["message"]
        facts = hub.get("/api/races/1/facts")["facts"]
        assert [f["type"] for f in facts] == ["race.armed"]


def test_the_log_says_who(hub):
    with hub.live(**bearer(hub, "Zoë")) as ws:
        run_race(ws, hub)
    fact = hub.get("/api/races/1/facts")["facts"][-1]
    assert fact["data"]["by"] == "director:Zoë"


BAD_COMMANDS = {
    "mistyped key": ({"id": "k1", "command": "race.arm", "track": "one", "data": {"settings": {"lapps": 7}}},
                     "bad_command"),
    "no id": ({"command": "race.start", "track": "one"}, "bad_command"),
    "id a number": ({"id": 5, "command": "race.start", "track": "one"}, "bad_command"),
    "long id": ({"id": "x" * 65, "command": "race.start", "track": "one"}, "bad_command"),
    "empty id": ({"id": "", "command": "race.start", "track": "one"}, "bad_command"),
    "control characters": ({"id": "a\nb", "command": "race.start", "track": "one"}, "bad_command"),
    "no track": ({"id": "a", "command": "race.start"}, "bad_command"),
    "unknown track": ({"id": "a", "command": "race.start", "track": "none"}, "no_track"),
    "unknown command": ({"id": "a", "command": "race.explode", "track": "one"}, "unknown_command"),
    "an observation": ({"id": "a", "command": "gate.crossed", "track": "one", "data": {"gate": "finish", "lane": 1}},
                       "unknown_command"),
    "a fact": ({"id": "a", "command": "race.started", "track": "one"}, "unknown_command"),
    "data missing": ({"id": "a", "command": "penalty.give", "track": "one"}, "bad_command"),
    "data wrong": ({"id": "a", "command": "penalty.give", "track": "one", "data": {"entry": "1"}}, "bad_command"),
    "data a list": ({"id": "a", "command": "race.start", "track": "one", "data": []}, "bad_command"),
    "another race": ({"id": "a", "command": "race.start", "track": "one", "race_id": "77"}, "other_race"),
}


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_bad_commands_are_answered_and_change_nothing(hub, name):
    command, code = BAD_COMMANDS[name]
    with hub.live(**bearer(hub)) as ws:
        ws.send({"type": "command", **command})
        outcome = ws.next("outcome")
        assert outcome["accepted"] is False and outcome["code"] == code and outcome["message"]
    assert hub.get("/health")["seq"] == 2


@pytest.mark.parametrize("text, code", [("hello", "not_json"), ("[]", "not_json"), ("", "not_json"),
                                        ("[" * 100, "not_json"), ("{}", "unknown_message"),
                                        ('{"type":5}', "unknown_message"), ('{"type":"ping"}', "bad_ping"),
                                        ('{"type":"ping","t":"x"}', "bad_ping")])
def test_bad_messages_are_answered(hub, text, code):
    with hub.live() as ws:
        ws.send_text(text)
        assert ws.next("error")["code"] == code
        ws.send({"type": "ping", "t": 1})
        ws.next("pong")


def test_goodbye_when_the_hub_stops():
    with WebHub() as hub:
        ws = hub.live()
        ws.next("sources")
        hub.stop()
        assert ws.close_code() == 1001


# ---- /ws, the Carrera project's words ----

def carrera(hub, **headers):
    return hub.live("/ws", **headers)


def test_carrera_race_in_the_verified_order():
    with WebHub(carrera_open_commands=True, carrera_track="one") as hub, carrera(hub) as ws, carrera(hub) as page:
        empty = {"type": "full_state", "status": "idle", "track_1_laps": [], "track_2_laps": [],
                 "track_1_last_lap": 0, "track_2_last_lap": 0}
        opcode, text = ws.receive()
        assert (opcode, text) == (1, json.dumps(empty, separators=(",", ":")).encode())
        ws.send_text("nonsense")  # ignored
        ws.send_text("start")
        for expected in ({"type": "reset"}, {"type": "light", "light_id": 1, "state": "on"}, {"type": "lights_out"},
                         {"type": "start_race"}):
            assert ws.message() == expected
        laps = {1: [], 2: []}
        for lane in (1, 2, 1):
            hub.tell("cross", "one", lane)
            lap = ws.message()
            assert lap["type"] == "lap_finish" and lap["track"] == lane and 0 < lap["lap_time_sec"] < 5
            laps[lane].append(lap["lap_time_sec"])
        with carrera(hub) as late:
            state = late.message()
            assert state["status"] == "running" and state["track_1_laps"] == laps[1]
            assert state["track_1_last_lap"] == laps[1][-1] and state["track_2_last_lap"] == laps[2][-1]
        ws.send_text("stop")
        assert ws.message() == {"type": "race_finished", "track_1_laps": laps[1], "track_2_laps": laps[2],
                                "track_1_fastest": min(laps[1]), "track_2_fastest": min(laps[2])}
        ws.send_text("reset")
        assert ws.message() == {"type": "reset"}
        # The other page saw the same.
        kinds = [page.message()["type"] for _ in range(10)]
        assert kinds == ["full_state", "reset", "light", "lights_out", "start_race", "lap_finish", "lap_finish",
                         "lap_finish", "race_finished", "reset"]


def test_carrera_with_more_lanes_and_no_laps():
    with WebHub(carrera_open_commands=True, carrera_track="two", lanes=4) as hub, carrera(hub) as ws:
        assert [k for k in ws.message() if k.endswith("_laps")] == [f"track_{i}_laps" for i in (1, 2, 3, 4)]
        ws.send_text("start")
        ws.next("start_race")
        hub.tell("cross", "two", 4)
        assert ws.message()["track"] == 4
        ws.send_text("stop")
        done = ws.message()
        assert done["type"] == "race_finished" and done["track_1_fastest"] == 0 and done["track_4_fastest"] > 0


def test_carrera_reset_works_in_a_running_race():
    with WebHub(carrera_open_commands=True) as hub, carrera(hub) as ws:
        ws.send_text("start")
        ws.next("start_race")
        ws.send_text("reset")
        assert ws.next("race_finished") and ws.next("reset")
        assert hub.get("/api/tracks/one")["phase"] == "idle"


def test_carrera_commands_need_the_director(hub):
    with carrera(hub) as ws:
        ws.message()
        ws.send_text("start")
        message = ws.message()
        assert message["type"] == "status" and "PIN" in message["message"]
    with carrera(hub, **bearer(hub)) as ws:
        ws.message()
        ws.send_text("start")
        ws.next("start_race")
        ws.send_text("start")  # refused by the rules, and said so
        assert ws.next("status")["message"].startswith("Error: ")
    assert hub.get("/health")["seq"] > 2


def test_carrera_shows_corrections_as_a_full_state(hub):
    headers = bearer(hub)
    with hub.live(**headers) as director, carrera(hub) as ws:
        director.command("race.start")
        ws.next("start_race")
        hub.tell("cross", "one", 1)
        ws.next("lap_finish")
        director.command("lap.void", data={"entry": 1, "lap": 1, "as": "lap_void", "reason": "cut"})
        assert ws.next("full_state")["track_1_laps"] == []
