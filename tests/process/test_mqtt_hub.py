"""Light gates on the real hub, while broker and hub come and go in mid-race."""
import json
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from hub import Hub  # noqa: E402
from mosquitto import Mosquitto, free_port, wait_until  # noqa: E402

QUICK = {"lead_us": 100_000, "light_interval_us": 100_000, "hold_min_us": 100_000,
         "hold_max_us": 100_000, "min_lap_us": 1_000}
GATES = [{"topic": "g/1", "lane": 1, "min_pulse_ms": 0},
         {"topic": "g/1/pit", "lane": 1, "gate": "pit_in"}]


def club(broker):
    return {
        "hub": {"name": "Test club"},
        "tracks": [{"id": "main", "name": "Main", "lanes": 1, "settings": QUICK,
                    "entries": [{"lane": 1, "driver": "Ada"}]}],
        "plugins": [{"id": "gates", "library": "mqtt_gates", "track": "main",
                     "config": {"host": "127.0.0.1", "port": broker.port, "gates": GATES}}],
    }


@pytest.fixture(name="broker")
def _broker(tmp_path):
    with Mosquitto(tmp_path) as running:
        yield running


class Gate:
    """A numbered gate with a clock of its own."""

    def __init__(self, broker):
        self.broker, self.number, self.stamps = broker, 0, []

    def cross(self, reaches_broker=True):
        self.number += 1
        stamp_us = time.monotonic_ns() // 1000
        if reaches_broker:
            self.broker.publish("g/1", json.dumps({"n": self.number, "boot": "b1", "t_us": stamp_us}))
            self.stamps.append(stamp_us)


def stamps(hub):
    return [lap["stamp_us"] for lap in hub.race()["entries"][0]["laps"]]


def missed(hub):
    return sum(gate["missed"] for gate in hub.track()["gates"])


def started(hub):
    hub.wait_source("gates")
    hub.order(hub.login(), "race.start")
    hub.wait_phase("running")


def test_lap_times_are_the_gates_own_whatever_restarts(broker):
    gate = Gate(broker)
    with Hub(club(broker), free_port()) as hub:
        started(hub)
        gate.cross()
        wait_until(lambda: stamps(hub) == gate.stamps, "the first lap")
        broker.kill()
        hub.wait_source("gates", "degraded")
        assert hub.phase() == "running"
        broker.start()
        hub.wait_source("gates")
        gate.cross()
        wait_until(lambda: stamps(hub) == gate.stamps, "a lap after the broker's restart")
        hub.kill()
        gate.cross()
        wait_until(lambda: time.monotonic_ns() // 1000 - gate.stamps[-1] > 300_000, "a longer lap")
        gate.cross()
        hub.start()
        wait_until(lambda: stamps(hub) == gate.stamps, "what was crossed while the hub was dead")
        laps = hub.race()["entries"][0]["laps"]
        for before, lap in zip(laps, laps[1:]):
            assert lap["lap_us"] == lap["stamp_us"] - before["stamp_us"]
            # Not when it arrived: when it happened, on the hub's clock.
            by_hub_us = lap["crossed_us"] - before["crossed_us"]
            assert abs(by_hub_us - lap["lap_us"]) < 100_000
        assert missed(hub) == 0


def test_a_hole_is_shown_also_after_a_restart(broker):
    gate = Gate(broker)
    with Hub(club(broker), free_port()) as hub:
        started(hub)
        gate.cross()
        gate.cross(reaches_broker=False)
        gate.cross()
        wait_until(lambda: len(stamps(hub)) == 2, "two laps")
        assert missed(hub) == 1
        hub.kill()
        gate.cross(reaches_broker=False)
        gate.cross(reaches_broker=False)
        hub.start()
        hub.wait_source("gates")
        gate.cross()
        wait_until(lambda: len(stamps(hub)) == 3, "three laps")
        assert missed(hub) == 3
        broker.publish("g/1/pit", "")
        wait_until(lambda: hub.race()["entries"][0].get("in_pit"), "the pit")


def test_go_once_while_the_hub_is_killed(broker):
    with Hub(club(broker), free_port()) as hub, broker.listen("carrera/race/#") as listener:
        started(hub)
        wait_until(lambda: listener.heard("carrera/race/start"), "GO")
        for _ in range(3):
            hub.kill()
            wait_until(lambda: listener.heard("carrera/race/hub")[-1][1] == "offline", "last will", 60)
            hub.start()
            hub.wait_source("gates")
            wait_until(lambda: listener.heard("carrera/race/hub")[-1][1] == "online", "presence")
        state = json.loads(listener.heard("carrera/race/state")[-1][1])
        assert state["phase"] == "running" and state["race_id"] == hub.race()["race_id"]
        assert listener.heard("carrera/race/start") == [("carrera/race/start", "GO", False)]
        token = hub.login()
        hub.order(token, "race.stop")
        wait_until(lambda: listener.heard("carrera/race/results"), "results")
        hub.order(token, "race.start")
        wait_until(lambda: len(listener.heard("carrera/race/start")) == 2, "the next race's GO")
