"""Emperor race control on the real hub: recordings and made-up races over a real websocket."""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from emperor_place import ADA, ROOT, ZOE, Place, begin_race, race, server, wait_until  # noqa: E402

RECORDINGS = ROOT.parent / "shared" / "data" / "emperor"


@pytest.fixture(name="place")
def _place():
    with Place() as place:
        yield place.connected()


def recorded(name):
    path = RECORDINGS / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"no recordings beside the project ({name})")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_laps_become_a_race_with_whole_names(place):
    begin_race(place, laps=3)
    for lap, (ada, zoe) in enumerate([(60_000, 61_000), (59_500, 60_500)], 1):
        place.go(60)
        place.racing.lap(ADA, ada)
        place.racing.lap(ZOE, zoe)
    place.wait_laps("Ada L.", [60_000, 59_500])
    assert place.hub.race()["report"]["session"] == "race"
    place.racing.leave(ADA)
    place.wait_laps("Ada Lovelace", [60_000, 59_500])
    wait_until(lambda: place.entry("Ada Lovelace")["status"] == "dnf", "out")
    wait_until(lambda: [e["position"] for e in place.hub.race()["entries"]] == [2, 1], "positions")


def test_the_session_ends_with_a_result(place):
    begin_race(place, laps=2)
    for ms in (60_000, 60_000):
        place.go(60)
        place.racing.lap(ADA, ms)
        place.racing.lap(ZOE, ms + 500)
    place.wait_laps("Ada L.", [60_000, 60_000])
    first = place.hub.race()["race_id"]
    place.racing.session(race.QUALIFY)
    wait_until(lambda: place.hub.race()["race_id"] != first, "the next session")
    stored = place.hub.get(f"/api/races/{first}")
    assert "finished" in json.dumps(stored)
    assert place.hub.race()["report"]["session"] == "qualifying"


def standings(hub, race_id):
    return hub.get(f"/api/races/{race_id}/standings")


def test_cut_connections_neither_lose_nor_double(place):
    begin_race(place)
    driven = {"Ada L.": [], "Zoë \ufffd.": []}
    for i in range(1, 25):
        place.go(30)
        if i % 4 == 0:
            place.server.cut()  # the lap falls into the gap
        for guid, name in ((ADA, "Ada L."), (ZOE, "Zoë \ufffd.")):
            ms = 60_000 + i * 100 + (5 if guid == ZOE else 0)
            place.racing.lap(guid, ms)
            driven[name].append(ms)
        if i % 4 == 0:
            place.server.wait_clients(1 + i // 4)
    for name, laps in driven.items():
        place.wait_laps(name, laps)


def test_the_hub_dies_and_comes_back(place):
    begin_race(place)
    driven = []
    for i in range(12):
        place.go(60)
        if i == 6:
            place.wait_laps("Ada L.", driven)
            place.hub.kill()
            # What is driven meanwhile is not lost: of one lap even the time is known.
            place.racing.lap(ADA, 60_000 + i)
            place.hub.start()
            place.server.wait_clients(2)
        else:
            place.racing.lap(ADA, 60_000 + i)
        driven.append(60_000 + i)
    place.wait_laps("Ada L.", driven)
    assert len(place.hub.get("/api/races")["races"]) == 1


def test_recordings_are_raced(place):
    lines = recorded("red-bull-ring")
    server.play(place.server, lines, speed=0)
    wait_until(lambda: len(place.hub.get("/api/races")["races"]) == 2, "a qualifying and a race")
    wait_until(lambda: place.hub.phase() == "finished", "the race has its result")
    table = standings(place.hub, place.hub.race()["race_id"])["standings"]
    assert [(row["driver"], row["laps"], row["status"]) for row in table] == [
        ("Joseph Elton", 6, "finished"), ("Callum Jones", 6, "finished")]


def test_a_busy_track_gets_the_race_later():
    with Place() as place:
        place.connected()
        token = place.hub.login()
        place.hub.order(token, "entry.assign", entry=1, driver="Somebody")
        place.hub.order(token, "race.arm")
        place.racing.session(race.PRACTICE)
        place.racing.join(ADA, "Ada Lovelace", 0)
        place.hub.wait_source("emperor", "degraded")
        place.go(60)
        place.racing.lap(ADA, 60_000)
        place.racing.lap(ADA, 61_000)
        place.hub.order(token, "race.abort")
        place.wait_laps("Ada L.", [60_000, 61_000])
        place.racing.lap(ADA, 62_000)
        place.wait_laps("Ada L.", [60_000, 61_000, 62_000])


def test_an_aborted_race_stays_so_until_the_next_session(place):
    begin_race(place)
    place.hub.order(place.hub.login(), "race.abort")
    place.go(60)
    place.racing.lap(ADA, 60_000)
    place.server.cut()
    place.server.wait_clients(2)
    place.racing.lap(ADA, 61_000)
    place.racing.session(race.QUALIFY)
    wait_until(lambda: place.hub.race()["report"]["session"] == "qualifying", "the next session")
    assert len(place.hub.get("/api/races")["races"]) <= 2
    place.racing.lap(ADA, 62_000)
    place.wait_laps("Ada L.", [62_000])


def test_a_server_that_stands_opens_no_race():
    with Place() as place:
        place.connected()
        place.server.cut()
        place.now -= 3600
        place.racing.send = lambda text: None  # nobody listened
        place.racing.session(race.PRACTICE)
        place.racing.join(ADA, "Ada Lovelace", 0)
        place.server.wait_clients(2)
        wait_until(lambda: "no session runs" in place.hub.source("emperor")["text"], "nothing is shown")
        assert place.hub.race() is None
        place.racing.send = place.server.send
        place.now += 3600
        place.racing.join(ZOE, "Zoë", 1)
        wait_until(lambda: place.hub.race() and len(place.hub.race()["entries"]) == 2, "it lives")


def test_two_servers_are_two_tracks():
    with Place() as other, Place() as place:
        place.hub.stop()
        config = json.loads(place.hub.config.read_text())
        config["tracks"].append({"id": "two", "name": "Two"})
        config["plugins"].append({"id": "second", "library": "emperor", "track": "two",
                                  "config": {"url": f"127.0.0.1:{other.server.port}"}})
        place.hub.config.write_text(json.dumps(config))
        place.hub.start()
        other.server.wait_clients(2)  # its own hub, and this one
        for source in ("emperor", "second"):
            wait_until(lambda: "no session runs" in place.hub.source(source)["text"], f"{source} is connected")
        for which, name in ((place, "Ada"), (other, "Zoë")):
            which.racing.session(race.PRACTICE)
            which.racing.join(ADA, name, 0)
        wait_until(lambda: (place.hub.race("two") or {}).get("entries"), "a race on the second track")
        wait_until(lambda: (place.hub.race() or {}).get("entries"), "a race on the first")
        assert place.hub.race("two")["entries"][0]["entry"]["driver"] == "Zoë"
        assert place.hub.race()["entries"][0]["entry"]["driver"] == "Ada"


def test_places_speeds_chat_and_unknown_events(place):
    begin_race(place)
    place.server.send(server.event(150, {"Something": "new"}))
    place.server.send("{broken")
    place.server.send("")
    place.racing.chat("drive <fast> & safe", ADA, "Ada L.")
    place.racing.collide(ADA, ZOE)
    with place.hub.live() as screen:
        screen.next("hello")
        place.racing.update(ADA, (1.5, 2, -3), (10, 0, 0), gear=3, rpm=6500)
        seen = {}
        while {"car.located", "car.measured"} - seen.keys():
            sample = screen.next("sample")["sample"]
            seen[sample["type"]] = sample["data"]["cars"]
    assert seen["car.located"] == [{"entry": 1, "x_mm": 1500, "y_mm": -3000, "z_mm": 2000}]
    assert seen["car.measured"] == [{"entry": 1, "speed_kmh": 36, "gear": 2, "rpm": 6500}]
    wait_until(lambda: len(place.hub.race().get("messages", [])) >= 2, "messages")
    assert [m["text"] for m in place.hub.race()["messages"]][-2:] == [
        "drive <fast> & safe", "Ada L. hit Zoë \ufffd. at 18 km/h."]
    wait_until(lambda: "150 (1)" in place.hub.source("emperor")["text"], "it is counted")
    _, _, log = place.hub.request("GET", "/api/sources/emperor/log", None,
                                  {"Authorization": f"Bearer {place.hub.login()}"})
    log = log if isinstance(log, str) else log.decode()
    assert "Something" in log and "broken" in log
