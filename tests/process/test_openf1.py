"""OpenF1 on the real hub: built from an API that stumbles, replayed, sought, live over Mosquitto, and in the hand."""
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("tests/support", "tests/process", "plugins/openf1/tools"):
    sys.path.insert(0, str(ROOT / folder))
import cardputer  # noqa: E402
from hub import Hub  # noqa: E402
from mosquitto import Mosquitto, free_port, wait_until  # noqa: E402
from web_client import BUILD  # noqa: E402

TOOL = BUILD / "bin" / "racehub-openf1"
API = ROOT / "plugins" / "openf1" / "tools" / "openf1_api.py"
RECORDED = ROOT.parent / "shared" / "data" / "openf1-9523"
GENERATED = 9999


class StandIn:
    """openf1_api.py with these arguments."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([sys.executable, API, "--port", "0", *map(str, arguments)],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the stand-in did not start"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def build(url, cache, *arguments):
    return subprocess.run([TOOL, "build", "--url", url, "--cache", cache, "--rate", "1000", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)


def club(cache, port=0, **config):
    return {"hub": {"name": "Test club"},
            "tracks": [{"id": "wall", "name": "Wall", "lanes": 0}],
            "plugins": [{"id": "f1", "library": "openf1", "track": "wall",
                         "config": {"cache": str(cache), "session_key": GENERATED, "requests_per_second": 1000,
                                    "hand_helds": {"enabled": port > 0, "port": port or 1, "address": "127.0.0.1"},
                                    **config}}]}


def ask(hub, what, **args):
    status, _, body = hub.request("POST", "/api/sources/f1/ask", {"what": what, "args": args},
                                  {"Authorization": f"Bearer {hub.token}"})
    assert status == 200, body


def laps(hub):
    race = hub.race("wall")
    return sorted(len(entry["laps"]) for entry in race["entries"]) if race else []


def read_file(path):
    """The file as README.md describes it: what another program needs to read it."""
    data = path.read_bytes()
    magic = b"RaceHub OpenF1 session 1\n"
    assert data.startswith(magic)
    at, sections = len(magic), {}
    while at < len(data):
        end = data.index(b"\n", at)
        head = json.loads(data[at:end])
        assert (end + 1) % 8 == 0
        sections[head["kind"], head["driver"]] = (head, data[end + 1:end + 1 + head["bytes"]])
        at = end + 1 + head["bytes"] + 1
    return sections


@pytest.fixture(scope="module", name="cache")
def _cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with StandIn("--generate", "6,14") as api:
        done = build(api.url, folder, "--session", GENERATED)
        assert done.returncode == 0, done.stderr
    return folder


def test_a_build_lives_with_limits_errors_and_broken_answers(tmp_path):
    with StandIn("--generate", "3,4", "--limit", "3/1", "--fail", "0.05", "--cut", "0.05") as api:
        tries = 0
        while (done := build(api.url, tmp_path, "--year", 2024, "--circuit", "Oval")).returncode != 0:
            tries += 1
            assert tries < 5, done.stderr
        stumbles = done.stderr.count("next try in")
    assert "too many requests; next try in 1 s" in done.stderr and stumbles > 1, done.stderr
    assert "Oval 2024, Race" in done.stdout
    sections = read_file(tmp_path / f"{GENERATED}.openf1")
    head, laps_of = sections["laps", 0]
    assert head["rows"] == 12 == len(json.loads(laps_of))
    head, columns = sections["location", 3]
    assert len(columns) == head["rows"] * 20
    assert sections["location", 3][0]["rows"] > 1000


def test_mistakes_are_answered_with_what_to_do(tmp_path):
    with StandIn("--token") as api:
        done = build(api.url, tmp_path, "--latest")
        assert done.returncode == 1 and "wants a token" in done.stderr
    done = build("nonsense", tmp_path, "--latest")
    assert "is not a URL" in done.stderr
    done = build("http://127.0.0.1:9/v1", tmp_path, "--sessio", 1)
    assert "no option --sessio" in done.stderr


def test_the_hub_builds_replays_and_seeks(tmp_path):
    with StandIn("--generate", "6,14", "--delay-ms", "20") as api, \
            Hub(club(tmp_path, base_url=api.url, speed=64), free_port()) as hub:
        hub.token = hub.login()
        wait_until(lambda: "Building" in hub.source("f1")["text"], "progress in the dashboard")
        wait_until(lambda: hub.phase("wall") in ("armed", "running"), "the race is open", 30)
        wait_until(lambda: "playing at 64x" in hub.source("f1")["text"], "it plays")
        wait_until(lambda: sum(laps(hub)) >= 6, "laps")
        ask(hub, "pause")
        ask(hub, "seek", lap=12)
        wait_until(lambda: max(laps(hub)) == 12, "the leader's twelfth lap")
        ask(hub, "seek", s=400)
        wait_until(lambda: laps(hub) == [4] * 6 or laps(hub) == [4, 4, 4, 4, 4, 4], "back in the fifth lap")
        ask(hub, "seek", event="safety_car")
        wait_until(lambda: hub.race("wall")["flag"] == "safety_car", "the safety car")
        began = time.monotonic()
        ask(hub, "seek", s=100000)
        wait_until(lambda: hub.phase("wall") == "finished", "the end")
        assert time.monotonic() - began < 3
        race = hub.race("wall")
        assert [len(entry["laps"]) for entry in race["entries"]] == [14] * 6
        assert [entry["position"] for entry in race["entries"]] == [1, 2, 3, 4, 5, 6]
        assert race["entries"][0]["stints"][1]["tyre"] == "HARD"
        assert race["entries"][0]["pit_stops"] == 1
        assert hub.get("/api/races")["races"][0]["phase"] == "finished"
        ask(hub, "play")  # from the beginning
        wait_until(lambda: hub.phase("wall") == "running" and sum(laps(hub)) < 60, "it runs again")
        assert hub.get("/api/races")["races"][0]["race_id"] == "1"


def test_no_network_is_needed_for_what_is_built_and_cars_move(cache):
    with Hub(club(cache, base_url="http://127.0.0.1:9/v1"), free_port()) as hub:
        hub.token = hub.login()
        wait_until(lambda: hub.phase("wall") in ("armed", "running"), "the race is open")
        ask(hub, "seek", s=50)
        assert hub.track("wall")["map"]["path"]
        live = hub.live()
        places, kinds, end = set(), set(), time.monotonic() + 10
        while (len(places) < 5 or len(kinds) < 4) and time.monotonic() < end:
            message = live.message()
            if message["type"] != "sample":
                continue
            sample = message["sample"]
            kinds.add(sample["type"])
            if sample["type"] == "car.located":
                assert len(sample["data"]["cars"]) == 6
                places.add(sample["data"]["cars"][0]["x_mm"])
        assert len(places) >= 5
        assert kinds == {"car.located", "car.measured", "gap.measured", "weather.measured"}
        hub.order(hub.token, "race.abort", "wall")
        wait_until(lambda: "closed by race control" in hub.source("f1")["text"], "the replay lets go")
        ask(hub, "play")
        wait_until(lambda: hub.phase("wall") == "running", "a new race")


def test_a_hand_held_boots_and_follows(cache):
    port = free_port()
    with Hub(club(cache, port), free_port()) as hub:
        wait_until(lambda: hub.phase("wall") in ("armed", "running"), "the race is open")
        drivers, layout, meta = cardputer.boot("127.0.0.1", port)
        assert len(drivers) == 6 and len(layout["track_path"]) > 50
        assert meta["fastest_lap"]["driver_number"] == 1
        with pytest.raises(cardputer.Unbearable, match="404"):
            cardputer.get("127.0.0.1", port, "laps")
        link = cardputer.Socket("127.0.0.1", port)
        link.ping()
        frames, pongs = [], 0
        while len(frames) < 10:
            opcode, payload = link.frame()
            pongs += opcode == 10
            if opcode == 1:
                frames.append(cardputer.parse(payload.decode()))
        assert pongs == 1
        assert [ms for ms, _ in frames] == list(range(0, 1000, 100))
        assert all(len(cars) == 6 for _, cars in frames)
        link.close()
        lost = cardputer.Socket("127.0.0.1", port, session=1)
        assert lost.frame() == (8, b"\x0f\xa4")
        assert "hand-helds" in hub.source("f1")["text"]


def test_a_live_session_comes_over_mqtt(tmp_path):
    with Mosquitto(tmp_path) as broker, StandIn("--generate", "2,3", "--token") as api, \
            Hub(club(tmp_path, mode="live", base_url=api.url, username="u", password="p",
                     mqtt={"host": "127.0.0.1", "port": broker.port, "tls": False}), free_port()) as hub:
        wait_until(lambda: "Connected" in hub.source("f1")["text"], "connected")
        wait_until(lambda: "v1/weather" in broker.log(), "subscribed")
        lap = {"session_key": GENERATED, "driver_number": 1, "lap_number": 2, "_id": 1, "_key": "k",
               "date_start": "2024-06-02T13:01:20+00:00", "duration_sector_1": 20.1}
        broker.publish("v1/laps", json.dumps({**lap, "lap_number": 1, "date_start": "2024-06-02T13:00:00+00:00"}))
        broker.publish("v1/laps", json.dumps(lap))
        wait_until(lambda: hub.race("wall") and laps(hub) == [0, 1], "lap 1 ended when lap 2 began")
        for _ in range(2):  # a later version of the same lap, twice
            broker.publish("v1/laps", json.dumps({**lap, "_id": 2, "lap_duration": 80.5}))
        broker.publish("v1/position", json.dumps({"driver_number": 2, "position": 1, "date": "2024-06-02T13:02:00Z"}))
        broker.publish("v1/laps", "no json")
        wait_until(lambda: laps(hub) == [0, 2], "lap 2")
        first, second = hub.race("wall")["entries"]
        assert first["laps"][1]["lap_us"] == 80_500_000
        wait_until(lambda: hub.race("wall")["entries"][1]["position"] == 1, "the position")
        wait_until(lambda: "Not understood: 1" in hub.source("f1")["text"], "it is said")
        broker.kill()
        hub.wait_source("f1", "degraded")
        broker.start()
        hub.wait_source("f1")


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded answers beside the project")
def test_the_recorded_grand_prix(tmp_path):
    with StandIn("--data", RECORDED) as api:
        done = build(api.url, tmp_path, "--session", 9523)
        assert done.returncode == 0, done.stderr
    assert "Monte Carlo 2024, Race" in done.stdout
    assert "missing: no weather" in done.stdout
    with Hub(club(tmp_path, session_key=9523, autoplay=False), free_port()) as hub:
        hub.token = hub.login()
        wait_until(lambda: hub.phase("wall") == "armed", "the race is open")
        began = time.monotonic()
        ask(hub, "seek", s=100000)
        wait_until(lambda: hub.phase("wall") == "finished", "the end")
        print("a jump over the whole race:", time.monotonic() - began)
        winner = next(e for e in hub.race("wall")["entries"] if e["entry"]["entry"] == 16)
        assert (winner["position"], len(winner["laps"])) == (1, 78)
