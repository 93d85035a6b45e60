"""A race evening on the real parts: Mosquitto, two light gates, start lights, laps, the hub killed in mid-race."""
import json
import random
import sqlite3
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from hub import Hub  # noqa: E402
from mosquitto import Mosquitto, free_port, wait_until  # noqa: E402
from web_client import until  # noqa: E402

QUICK = {"lead_us": 100_000, "light_interval_us": 100_000, "hold_min_us": 100_000,
         "hold_max_us": 200_000, "min_lap_us": 1_000}


def club(broker, settings=None, gates=None):
    return {
        "hub": {"name": "Test club"},
        "tracks": [{"id": "main", "name": "Main", "lanes": 2, "settings": {**QUICK, **(settings or {})},
                    "entries": [{"lane": 1, "driver": "Ada"}, {"lane": 2, "driver": "Bo"}]}],
        "plugins": [{"id": "gates", "library": "mqtt_gates", "track": "main",
                     "config": {"host": "127.0.0.1", "port": broker.port, **(gates or {})}}],
    }


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path) as running:
        yield running


def test_a_race_with_two_gates_start_lights_and_results(broker):
    gates = {"gates": gates_at("carrera/track1/finish", "carrera/track2/finish")}
    with Hub(club(broker, gates=gates), free_port()) as hub, broker.listen("carrera/race/start") as listener:
        hub.wait_source("gates")
        with hub.live() as screen:
            token = hub.login()
            hub.order(token, "race.start")
            facts = []
            while not any(f["type"] == "race.started" for f in facts):
                facts += screen.next("facts")["facts"]
            lit = [f["data"]["number"] for f in facts if f["type"] == "light.lit"]
            assert lit == [1, 2, 3, 4, 5]
            scheduled = next(f for f in facts if f["type"] == "start.scheduled")
            started = next(f for f in facts if f["type"] == "race.started")
            assert started["time_us"] == scheduled["data"]["go_us"]
            wait_until(lambda: listener.heard() == [("carrera/race/start", "GO", False)], "one GO")

            for lane in (1, 2, 1, 1):
                laps_before = len(laps(hub, lane))
                broker.publish(f"carrera/track{lane}/finish", "MAGNET_ERKANNT")
                wait_until(lambda: len(laps(hub, lane)) == laps_before + 1, "the lap")  # noqa: B023
            hub.order(token, "race.stop")
            race = hub.race()
        assert race["phase"] == "finished"
        table = hub.get("/api/tracks/main/standings")["standings"]
        assert [(row["position"], row["driver"], row["laps"]) for row in table] == [
            (1, "Ada", 3), (2, "Bo", 1)]
        stored = hub.get(f"/api/races/{race['race_id']}")
        assert stored["race"]["phase"] == "finished"
        assert listener.heard() == [("carrera/race/start", "GO", False)]
        put_right_afterwards(hub, token, race)
        hub.stop()
        verified = hub.racehub("verify")
        assert verified.returncode == 0, verified.stderr


def put_right_afterwards(hub, token, race):
    """The next race is armed already when somebody looks at the video of this one."""
    hub.order(token, "race.arm")
    ghost = race["entries"][0]["laps"][1]["id"]
    hub.order(token, "lap.void", race_id=race["race_id"], entry=1, lap=ghost, reason="a hand, says the video")
    assert hub.phase() == "armed" and not laps(hub, 1)
    past = f"/api/races/{race['race_id']}"
    row = next(row for row in hub.get(f"{past}/standings")["standings"] if row["entry"] == 1)
    assert row["laps"] == 2
    listed = next(item for item in hub.get("/api/races")["races"] if item["race_id"] == race["race_id"])
    assert listed["laps"] == 3
    fact = hub.get(f"{past}/facts")["facts"][-1]
    assert (fact["type"], fact["data"]["reason"]) == ("lap.voided", "a hand, says the video")


def gates_at(*topics):
    """Gates that take crossings as quickly as a test can send them."""
    return [{"topic": topic, "lane": lane, "min_pulse_ms": 0} for lane, topic in enumerate(topics, 1)]


def laps(hub, entry):
    return next(e for e in hub.race()["entries"] if e["entry"]["entry"] == entry)["laps"]


def test_killed_twenty_times_in_mid_race_nothing_that_was_seen_is_gone(broker):
    random.seed(7)
    gates = {"gates": gates_at("g/1", "g/2")}
    sent = {1: 0, 2: 0}
    seen = {}  # seq -> envelope, as a screen was shown it

    def cross(lane):
        sent[lane] += 1
        stamp = {"n": sent[lane], "boot": "b1", "t_us": time.monotonic_ns() // 1000}
        broker.publish(f"g/{lane}", json.dumps(stamp))

    def watch(screen):
        """Notes every fact that comes until the socket ends."""
        try:
            while True:
                message = screen.message()
                for fact in message.get("facts", []) if message["type"] == "facts" else []:
                    assert seen.setdefault(fact["seq"], fact) == fact
        except (EOFError, ConnectionResetError, AssertionError):
            return

    with Hub(club(broker, gates=gates), free_port()) as hub:
        hub.wait_source("gates")
        hub.order(hub.login(), "race.start")
        hub.wait_phase("running")
        race = hub.race()
        for _ in range(20):
            screen = hub.live(f"/live?after={max(seen, default=0)}&log={hub.get('/health')['log_id']}")
            for _ in range(random.randint(1, 4)):
                cross(random.choice((1, 2)))
            if random.random() < 0.5:
                target = max(seen, default=0)
                until(lambda: hub.get("/health")["seq"] > target, "a new fact")  # noqa: B023
            hub.kill()
            watch(screen)
            began = time.monotonic()
            hub.start()
            assert time.monotonic() - began < 5
            assert hub.phase() == "running"
            assert hub.race()["started_us"] == race["started_us"]
        hub.wait_source("gates")
        wait_until(lambda: all(len(laps(hub, lane)) == sent[lane] for lane in (1, 2)),
                   f"all crossings: {sent}")
        facts = hub.get(f"/api/races/{race['race_id']}/facts")["facts"]
        stored = {fact["seq"]: fact for fact in facts}
        lost = [seq for seq, fact in seen.items() if fact.get("race_id") and stored.get(seq) != fact]
        assert not lost
        clock_us = hub.get("/health")["time_us"] - race["started_us"]
        wall_us = time.time() * 1e6 - race["started_us"]
        assert abs(clock_us - wall_us) < 1_000_000
        hub.order(hub.login(), "race.stop")
        hub.stop()
        assert hub.racehub("verify").returncode == 0


def test_a_busy_disk_makes_no_plugin_seem_to_hang(broker):
    """Another program holds the database: crossings wait for it, but nobody is restarted and nothing is lost."""
    gates = {"gates": gates_at("g/1")}
    with Hub(club(broker, gates=gates), free_port()) as hub:
        hub.wait_source("gates")
        hub.order(hub.login(), "race.start")
        hub.wait_phase("running")
        held = sqlite3.connect(hub.state / "racehub.db", isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        try:
            for number in range(1, 8):  # numbered, so that the plugin notes each
                broker.publish("g/1", json.dumps({"n": number, "boot": "b"}), qos=1)
            wait_until(lambda: hub.request("GET", "/health")[0] == 503, "the waiting storage", 5)
            release = time.monotonic() + 2  # twice as long as a plugin may hang
            wait_until(lambda: time.monotonic() > release, "the lock was long enough", 5)
        finally:
            held.execute("ROLLBACK")
            held.close()
        wait_until(lambda: len(hub.race()["entries"][0]["laps"]) + ignored(hub) == 7, "all seven crossings")
        counters = hub.source("gates")["counters"]
        assert (counters["restarts"], counters["crashes"]) == (0, 0), hub.log()


def ignored(hub):
    facts = hub.get(f"/api/races/{hub.race()['race_id']}/facts?limit=1000")["facts"]
    return sum(fact["type"] == "crossing.ignored" for fact in facts)
