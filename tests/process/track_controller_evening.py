"""The real hub with a simulated Track Controller, seen through REST and the live socket; shared with tests/bench."""

import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from hub import Hub  # noqa: E402
from mosquitto import free_port, wait_until  # noqa: E402
from track_controller_bench import Device, Oddities  # noqa: E402

HEAT = {"discipline": "heat", "min_heat_us": 1_000}


class Watcher:
    """Everything that the live socket tells, with the time of its arrival. Comes back when the hub does."""

    def __init__(self, hub):
        self.hub = hub
        self.facts = []  # (monotonic ns, fact), by seq
        self.seq = 0
        self.going = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.going:
            try:
                with self.hub.live(f"/live?after={self.seq}" if self.seq else "/live") as live:
                    self.live = live
                    while self.going:
                        self._take(live.message())
            except (OSError, EOFError, AssertionError, ValueError, IndexError):
                threading.Event().wait(0.05)

    def _take(self, message):
        now_ns = time.monotonic_ns()
        if message["type"] == "snapshot":
            self.seq = max(self.seq, message["seq"])
        for fact in message.get("facts", []) if message["type"] == "facts" else []:
            self.facts.append((now_ns, fact))
            self.seq = fact["seq"]

    def of_type(self, *types):
        return [(at, fact) for at, fact in list(self.facts) if fact["type"] in types]

    def wait(self, type_, race_id, count=1, deadline_s=20):
        def found():
            hits = [(at, f) for at, f in self.of_type(type_) if f.get("race_id") == race_id]
            return hits if len(hits) >= count else None
        return wait_until(found, f"{count} {type_} of race {race_id}", deadline_s)

    def close(self):
        self.going = False
        try:
            self.live.sock.shutdown(2)
        except OSError:
            pass
        self.thread.join(5)


class Evening:
    """A derby track with a device on `way`, offered to others on `serve_port`, who are a second track here."""

    def __init__(self, way, folder, oddities=None, lanes=6, offers=False):
        transport, protocol = way
        serial = transport == "serial"
        link = str(folder / "ttyTrackController")
        self.device = Device(protocol, lanes, http_port=None if serial else 0, serial_link=link if serial else None,
                             oddities=oddities or Oddities())
        config = {"transport": transport}
        config |= {"device": link} if serial else {"host": "127.0.0.1", "port": self.device.http.port}
        entries = [{"lane": lane, "driver": f"Driver {lane}"} for lane in range(1, lanes + 1)]
        tracks = [{"id": "derby", "name": "Derby", "lanes": lanes, "settings": HEAT, "entries": entries}]
        plugins = [{"id": "timer", "library": "track_controller", "track": "derby", "config": config}]
        if offers:
            self.serve_port = free_port()
            tracks.append({"id": "copy", "name": "Copy", "lanes": lanes, "settings": HEAT, "entries": entries})
            plugins.append({"id": "offer", "library": "track_controller", "track": "derby",
                            "config": {"transport": "none", "serve_port": self.serve_port}})
            plugins.append({"id": "reader", "library": "track_controller", "track": "copy",
                            "config": {"transport": "http", "host": "127.0.0.1", "port": self.serve_port}})
        self.hub = Hub({"hub": {"name": "Test"}, "tracks": tracks, "plugins": plugins}, free_port())
        self.hub.wait_source("timer")
        self.token = self.hub.login()
        self.watcher = Watcher(self.hub)

    def order(self, command, track="derby", **data):
        return self.hub.order(self.token, command, track, **data)

    def arm(self, track="derby"):
        self.order("race.arm", track)
        return self.hub.race(track)["race_id"]

    def wait_armed(self, lanes=(1, 2, 3, 4, 5, 6), deadline_s=20):
        wait_until(lambda: self.device.phase() == ("ARMED", sorted(lanes)), f"armed on {lanes}", deadline_s)

    def race(self, times_ms):
        race_id = self.device.race(times_ms)
        assert race_id, "nobody waited for this race"
        return race_id

    def times_ms(self, track="derby"):
        return {e["entry"]["lane"]: e["heat_us"] // 1000 for e in self.hub.race(track)["entries"]
                if e.get("heat") == "timed"}

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.watcher.close()
        self.device.close()
        self.hub.__exit__(*what)
