"""A stand-in race-control server with a made-up race, and a hub that follows it."""
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("tests/support", "tests/process", "plugins/emperor/tools"):
    sys.path.insert(0, str(ROOT / folder))
from hub import Hub  # noqa: E402
from mosquitto import free_port, wait_until  # noqa: E402
import race  # noqa: E402
import server  # noqa: E402

ADA, ZOE, GRACE = "76561198000000001", "76561198000000002", "76561198000000003"


def club(url, **config):
    return {"hub": {"name": "Test club"}, "tracks": [{"id": "main", "name": "Sim"}],
            "plugins": [{"id": "emperor", "library": "emperor", "track": "main", "config": {"url": url, **config}}]}


class Place:
    """A stand-in server with a made-up race, and a hub that follows it."""

    def __init__(self, shorten=True, newer=False, scheme="ws", certificate=None, **config):
        self.now = time.time()
        self.racing = race.Race(lambda text: self.server.send(text), lambda: self.now, shorten, newer)
        self.server = server.Server(self.racing.greeting, certificate=certificate)
        self.config = club(f"{scheme}://localhost:{self.server.port}", **config)

    def __enter__(self):
        self.hub = Hub(self.config, free_port()).__enter__()
        return self

    def __exit__(self, *what):
        self.server.close()
        self.hub.__exit__(*what)

    def connected(self, count=1):
        self.server.wait_clients(count)
        self.hub.wait_source("emperor", "ok")
        return self

    def go(self, seconds):
        self.now += seconds

    def entry(self, driver):
        race_now = self.hub.race() or {"entries": []}
        return next((e for e in race_now["entries"] if e["entry"]["driver"] == driver), None)

    def laps(self, driver):
        entry = self.entry(driver)
        return [round(lap["lap_us"] / 1000) for lap in entry["laps"]] if entry else None

    def wait_laps(self, driver, expected):
        wait_until(lambda: self.laps(driver) == expected, f"{driver}: {expected}")


def begin_race(place, kind=race.RACE, **options):
    place.racing.version()
    place.racing.session(kind, **options)
    place.racing.join(ADA, "Ada Lovelace", 0)
    place.racing.join(ZOE, "Zoë Ångström", 1)
    wait_until(lambda: place.hub.race() and len(place.hub.race()["entries"]) == 2, "two entries")
