"""The device as a whole, and the handles that tests and the command line pull."""

import dataclasses
import random
import time

from . import protocol1, protocol2
from .engine import WRAP_MS, Engine
from .http import Server
from .loop import Loop
from .serial import Port


@dataclasses.dataclass
class Oddities:
    """Habits of the real firmware that can be switched, and faults that happen by chance."""

    counts_characters: bool = True  # Content-Length counts characters, the body is UTF-8
    ssid: str = "PackHall"          # with a non-ASCII name the two differ
    shuffled_keys: bool = True      # protocol 2.0: any order of keys
    forgets_waits: bool = False     # firmware 0.2.1 never answers wait_race
    boot_noise: bool = True
    fault_rate: float = 0.0         # of answers and events that are cut, swallowed or reset
    faults: tuple = ("cut", "reset")


class Device:
    """A Track Controller. `http_port` None: no Wi-Fi; `serial_link` None: no cable."""

    def __init__(self, protocol=1, lanes=6, http_port=None, serial_link=None, oddities=None, seed=1,
                 host="127.0.0.1", uptime_ms=60_000, race_limit_ms=None):
        self.oddities = oddities or Oddities()
        self.random = random.Random(seed)
        self.protocol = protocol
        self.sessions = []
        self.unreachable = False
        self._fault_next = []
        self._boot = time.monotonic() - uptime_ms / 1000
        limit = race_limit_ms or (15_000 if protocol == 1 else 7_000)
        self.engine = Engine(lanes, limit, self.ticks)
        self.loop = Loop()
        self.http = Server(self, self.loop, host, http_port) if http_port is not None else None
        self.serial = Port(self, self.loop, serial_link) if serial_link else None
        self._speak(protocol)
        self.engine.on_complete.append(lambda race: [s.completed(race) for s in list(self.sessions)])
        self.engine.on_phase.append(lambda a, b: [s.phase_changed(a, b) for s in list(self.sessions)])
        self.engine.on_edge.append(lambda edge: [s.edge(edge) for s in list(self.sessions)])
        if self.serial:
            self.serial.plug()
        self.loop.later(0.05, self._tick)
        self.loop.start()

    def _speak(self, protocol):
        if self.http:
            self.http.routes = protocol1.Http(self) if protocol == 1 else protocol2.Http(self)
        if self.serial:
            talker = protocol1.Serial if protocol == 1 else protocol2.Session
            self.serial.talker = talker(self, self.serial.say)

    def _tick(self):
        self.engine.check_limit()
        self.loop.later(0.05, self._tick)

    def ticks(self):
        return int((time.monotonic() - self._boot) * 1000) % WRAP_MS

    def wifi(self):
        return {"connected": True, "hostname": "rallylab-a1b2c3.local", "ip": "127.0.0.1", "mode": "sta",
                "rssi": -61, "ssid": self.oddities.ssid}

    def next_fault(self):
        if self._fault_next:
            return self._fault_next.pop(0)
        if self.random.random() < self.oddities.fault_rate:
            return self.random.choice(self.oddities.faults)
        return None

    # ---- Handles, from any thread

    def close(self):
        self.loop.call(self._close)
        self.loop.stop()

    def _close(self):
        if self.http:
            self.http.close()
        if self.serial:
            self.serial.unplug()
        return True

    def fail_next(self, *faults):
        """The next answers or events are "cut", "reset" or "swallow"; "ok" lets one pass."""
        self.loop.call(lambda: self._fault_next.extend(f if f != "ok" else None for f in faults) or True)

    def phase(self):
        return self.loop.call(lambda: (self.engine.phase, sorted(self.engine.active_lanes or [])))

    def last_race(self):
        return self.loop.call(lambda: self.engine.last_race)

    def set_gate(self, ready):
        self.loop.call(lambda: (self.engine.close_gate() if ready else self.engine.open_gate()) or True)

    def wave(self, lane, seconds=0.05):
        """A hand before the sensor."""
        self.loop.call(lambda: self.engine.trigger(lane) or True)
        self.loop.post(lambda: self.loop.later(seconds, lambda: self.engine.clear(lane)))

    def race(self, times_ms):
        """Opens the gate and lets the cars arrive after their times, in real time. Without all of its lanes
        the race ends at once, as at its limit. Returns the race id, or nothing if nobody waits for a race."""
        return self.loop.call(lambda: self._race(dict(times_ms)))

    def _race(self, times_ms):
        race_id, start, boot = self.engine.race_id, self.ticks(), self._boot
        self.engine.open_gate(start)

        def arrive(lane, ms):
            if self._boot != boot:
                return  # its counter knows nothing of this race any more
            self.engine.trigger(lane, (start + ms) % WRAP_MS)
            self.engine.clear(lane)

        def end():
            if self.engine.race_id == race_id and race_id is not None:
                self.engine.complete()
            self.engine.close_gate()

        for lane, ms in times_ms.items():
            self.loop.later(ms / 1000, lambda lane=lane, ms=ms: arrive(lane, ms))
        self.loop.later((max(times_ms.values(), default=0) + 5) / 1000, end)
        return race_id or ""

    def reboot(self):
        """Power off and on: connections break, memory is empty, the counter begins anew."""
        self.loop.call(self._reboot)

    def _reboot(self):
        engine = self.engine
        engine.phase, engine.race_id, engine.active_lanes = "IDLE", None, None
        engine.times_ms, engine.last_race = {}, None
        self._boot = time.monotonic()
        if self.http:
            self.http.routes.forget_all()
            self.http.cut_all()
        if self.serial:
            self.serial.talker.forget_all()
            if self.oddities.boot_noise and self.serial.plugged:
                self.serial.boot_noise()
        return True

    def cut_connections(self):
        self.loop.call(lambda: self.http.cut_all() or True)

    def set_unreachable(self, unreachable):
        self.unreachable = unreachable

    def unplug(self, loses_power=True):
        """Pulls the cable. Without power of its own the device forgets everything."""
        def pull():
            self.serial.unplug()
            if loses_power:
                self._reboot()
            return True
        self.loop.call(pull)

    def plug(self):
        """The cable is back; the port has another name now."""
        def put():
            self.serial.plug()
            return True
        self.loop.call(put)
