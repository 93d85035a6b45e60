"""Simulated evenings on the real hub."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from hub import Hub  # noqa: E402
from mosquitto import free_port, wait_until  # noqa: E402

# A race in some seconds: laps of 0.4 s.
FAST = {"speed": 10, "lap_s": 4, "idle_s": 1, "armed_s": 1, "summary_s": 2,
        "faults": {"late_percent": 0, "missed_percent": 2, "bounced_percent": 5}}


def club(may_command=True, settings=None, **config):
    return {
        "hub": {"name": "Test club"},
        "tracks": [{"id": "main", "name": "Main", "lanes": 4,
                    "settings": {"distance": "laps", "laps": 5, **(settings or {})},
                    "entries": [{"lane": lane, "driver": f"Driver {lane}"} for lane in (1, 2, 3, 4)]}],
        "plugins": [{"id": "simulator", "library": "simulator", "track": "main",
                     "may_command": may_command, "config": {**FAST, **config}}],
    }


@pytest.fixture(name="run")
def _run():
    hubs = []

    def run(config):
        hubs.append(Hub(config, free_port()))
        return hubs[-1]

    yield run
    for hub in hubs:
        hub.__exit__(None)


def finished_races(hub):
    return [race for race in hub.get("/api/races")["races"] if race["phase"] == "finished"]


def test_an_evening_by_itself(run):
    hub = run(club())
    wait_until(lambda: len(finished_races(hub)) >= 2, "two races", 40)
    facts = hub.get(f"/api/races/{finished_races(hub)[-1]['race_id']}/facts?limit=1000")["facts"]
    laps = [fact["data"] for fact in facts if fact["type"] == "lap.completed"]
    assert {lap["entry"] for lap in laps} == {1, 2, 3, 4}
    times_us = [lap["lap_us"] for lap in laps]
    assert 250_000 < min(times_us) and max(times_us) < 2_500_000
    assert {"split.passed", "light.lit", "race.started"} <= {fact["type"] for fact in facts}
    source = hub.source("simulator")
    assert source["state"] == "ok" and source["counters"]["refused"] == 0
    hub.stop()
    assert hub.racehub("verify").returncode == 0


def test_races_that_a_person_starts(run):
    hub = run(club(may_command=False, auto=False,
                   settings={"lead_us": 0, "light_interval_us": 100_000, "hold_min_us": 0,
                             "hold_max_us": 0, "min_lap_us": 40_000}))
    hub.wait_source("simulator")
    hub.order(hub.login(), "race.start")
    wait_until(lambda: finished_races(hub), "the end of the race", 20)
    leader = hub.get("/api/tracks/main/standings")["standings"][0]
    assert leader["laps"] == 5 and leader["driver"].startswith("Driver")


def test_killed_in_mid_race_the_race_goes_on_to_its_end(run):
    hub = run(club(settings={"laps": 12}))
    wait_until(lambda: hub.phase() == "running"
               and max(entry["laps_counted"] for entry in hub.race()["entries"]) >= 3, "lap 3", 20)
    race_id = hub.race()["race_id"]
    hub.kill()
    hub.start()
    assert hub.race()["race_id"] == race_id and hub.phase() == "running"
    wait_until(lambda: finished_races(hub), "the end of the race", 30)
    assert finished_races(hub)[0]["race_id"] == race_id
    wait_until(lambda: (hub.race() or {"race_id": race_id})["race_id"] != race_id, "the next race", 20)


def test_without_permission_it_says_so(run):
    hub = run(club(may_command=False))
    hub.wait_source("simulator", "degraded")
    wait_until(lambda: "may_command" in hub.source("simulator")["text"], "the remedy")
    assert hub.phase() == "idle"


def test_an_evening_of_heats_by_itself(run):
    hub = run({"tracks": [{"id": "main", "name": "Derby hill", "lanes": 3, "settings": {"discipline": "heat"}}],
               "plugins": [{"id": "simulator", "library": "simulator", "track": "main", "may_command": True,
                            "config": {"speed": 20, "idle_s": 1, "armed_s": 1, "false_results_percent": 30, "strays_percent": 0}}]})
    wait_until(lambda: len(finished_races(hub)) >= 4, "four heats", 40)
    session = hub.track()["session"]
    done = [heat for heat in session["heats"] if heat.get("done")]
    assert len(done) >= 4 and len(session["heats"]) == 6
    times = [result["time_us"] for heat in done for result in heat["results"] if result["status"] == "timed"]
    assert times and min(times) > 2_500_000 and max(times) < 4_000_000
    assert hub.source("simulator")["state"] == "ok"
