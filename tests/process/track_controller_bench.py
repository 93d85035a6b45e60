"""A simulated Track Controller and the plugin, connected in one of the four ways, and a race director."""

import itertools
import pathlib
import sys

from fake_host import NOTICE, OK, SAMPLE, FakeHost
from mosquitto import wait_until

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "plugins" / "track_controller" / "tools"
sys.path.insert(0, str(TOOLS))
from simulated_device import Device, Oddities  # noqa: E402

WAYS = [("http", 1), ("http", 2), ("serial", 1), ("serial", 2)]
WAY_IDS = ["http1", "http2", "serial1", "serial2"]


class Host(FakeHost):
    """Samples are readings: the same key again is a newer one, not a duplicate."""

    def _store(self, event):
        if event["kind"] != SAMPLE:
            return super()._store(event)
        with self._lock:
            self.events.append(event)
        return OK


class Bench:
    """Device and plugin. `kv` survives a restart of the plugin."""

    def __init__(self, way, tmp_path, oddities=None, starts=True, **config):
        transport, protocol = way
        self.transport = transport
        self.link = str(tmp_path / "ttyTrackController")
        serial = transport == "serial"
        self.device = Device(protocol, http_port=None if serial else 0, serial_link=self.link if serial else None,
                             oddities=oddities)
        self.config = {"transport": transport, **config}
        self.config |= {"device": self.link} if serial else {"host": "127.0.0.1", "port": self.device.http.port}
        self.kv = {}
        self.numbers = itertools.count(1)
        self.host = None
        if starts:
            self.start()

    def start(self, log_works=True):
        self.host = Host("track_controller", self.config, instance="track", kv=self.kv)
        assert self.host.start_status == OK, self.host.healths
        self.host.snapshot()
        if log_works:
            self.host.wait_health("ok", "is connected")

    def restart(self):
        """The plugin's process ends and begins again; the hub keeps its log."""
        before, self.host = self.host, None
        before.stop()
        self.start()
        return before

    def close(self):
        if self.host:
            self.host.stop()
        self.device.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- The race director

    def arm(self, lanes, heat=None):
        heat = heat or f"heat-{next(self.numbers)}"
        self.host.fact("race.armed", {"settings": {"discipline": "heat"}, "entries": [
            {"entry": 10 + lane, "lane": lane} for lane in lanes]}, heat)
        return heat

    def wait_armed(self, lanes, deadline_s=15):
        wait_until(lambda: self.device.phase() == ("ARMED", sorted(lanes)), f"armed on {lanes}: {self.device.phase()}",
                   deadline_s)

    def race(self, times_ms):
        race_id = self.device.race(times_ms)
        assert race_id, "nobody waited for this race"
        return race_id

    def sensed(self):
        seen = self.host.of_type("device.sensed")
        return seen[-1]["data"] if seen else {"gate": "", "lanes": []}

    def wait_sensed(self, gate, blocked=None):
        def found():
            now = self.sensed()
            lanes = [lane["lane"] for lane in now["lanes"] if lane["state"] == "blocked"]
            return now["gate"] == gate and blocked in (None, lanes)
        wait_until(found, f"gate {gate}, blocked {blocked}")

    def ask(self, what):
        self.host.tell(NOTICE, "source.asked", {"what": what, "args": {}})

    def logged(self):
        return [(e["data"]["dir"], e["data"]["text"]) for e in self.host.of_type("source.logged")]

    def wait_logged(self, direction, words):
        def found():
            return next((text for d, text in self.logged() if d == direction and words in text), None)
        return wait_until(found, f"a line {direction} with {words}")

    def reports(self):
        return self.host.of_type("heat.reported")

    def wait_report(self, heat, deadline_s=15):
        wait_until(lambda: any(r["race_id"] == heat for r in self.reports()),
                   f"report of {heat}; last {self.host.healths[-1:]}, {self.reports()[-1:]}", deadline_s)
        return [r for r in self.reports() if r["race_id"] == heat][-1]

    def finish(self, heat):
        self.host.fact("race.finished", {"reason": "timed", "by": "rules"}, heat)

    def run_heat(self, times_ms, lanes=None):
        lanes = lanes or sorted(times_ms)
        heat = self.arm(lanes)
        self.wait_armed(lanes)
        self.race(times_ms)
        report = self.wait_report(heat)
        self.finish(heat)
        return report


def results(report):
    return {each["lane"]: each["time_us"] for each in report["data"]["results"]}


__all__ = ["Bench", "Device", "Host", "Oddities", "WAYS", "WAY_IDS", "results"]
