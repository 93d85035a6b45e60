"""Gate, lanes and race of the simulated device. A race is timed only while somebody waits for it."""

import uuid

IDLE, ARMED, RACING = "IDLE", "ARMED", "RACING"
WRAP_MS = 1 << 30  # the device's millisecond counter begins anew after 12 days and 10 hours


class Pin:
    def __init__(self):
        self.low = False
        self.last_edge_ms = 0

    def snapshot(self, invert):
        value = 0 if self.low else 1
        return {"debounced": value, "invert": invert, "last_edge_ms": self.last_edge_ms, "pull": "up", "raw": value}


class Engine:
    """`on_complete(race)`, `on_phase(before, now)`, `on_edge(edge)`: lists of functions to call."""

    def __init__(self, lane_count, race_limit_ms, ticks):
        self.lane_count = lane_count
        self.race_limit_ms = race_limit_ms
        self.ticks = ticks
        self.phase = IDLE
        self.race_id = None
        self.active_lanes = None
        self.start_ms = None
        self.times_ms = {}
        self.last_race = None
        self.gate_ready = True
        self.gate = Pin()
        self.lanes = {lane: Pin() for lane in range(1, lane_count + 1)}
        self.on_complete, self.on_phase, self.on_edge = [], [], []
        self.races = 0

    def check_lanes(self, text):
        """The error of a lane string, or nothing."""
        seen = set()
        for digit in text or "":
            if not digit.isdigit():
                return "invalid lanes: %s" % text
            lane = int(digit)
            if not 1 <= lane <= self.lane_count:
                return "lane %d out of range 1..%d" % (lane, self.lane_count)
            if lane in seen:
                return "duplicate lane %d" % lane
            seen.add(lane)
        return None

    def newer_than(self, after):
        """The last race, if it is another than `after`."""
        if after and self.last_race and self.last_race["race_id"] != after:
            return self.last_race
        return None

    def arm(self, lanes):
        if self.phase != IDLE:
            return
        self.active_lanes = {int(d) for d in lanes} if lanes else set(self.lanes)
        self.race_id = str(uuid.uuid4())
        self.start_ms = None
        self.times_ms = {}
        self._go(ARMED)

    def cancel(self):
        if self.phase == ARMED:
            self.race_id = self.active_lanes = None
            self._go(IDLE)

    def open_gate(self, now_ms=None):
        now_ms = self.ticks() if now_ms is None else now_ms
        self.gate_ready = False
        self.gate.low, self.gate.last_edge_ms = True, now_ms
        self._edge({"pin": "gate", "edge": "opened", "ms": now_ms, "gpio": 8})
        if self.phase == ARMED:
            self.start_ms = now_ms
            self._go(RACING)

    def close_gate(self):
        self.gate_ready = True
        self.gate.low, self.gate.last_edge_ms = False, self.ticks()
        self._edge({"pin": "gate", "edge": "closed", "ms": self.ticks(), "gpio": 8})

    def trigger(self, lane, now_ms=None):
        """A car covers the sensor; `clear` follows."""
        now_ms = self.ticks() if now_ms is None else now_ms
        pin = self.lanes[lane]
        pin.low, pin.last_edge_ms = True, now_ms
        self._edge({"pin": "lane", "edge": "triggered", "lane": lane, "ms": now_ms, "gpio": 9 + lane})
        if self.phase != RACING or lane not in self.active_lanes or lane in self.times_ms:
            return
        self.times_ms[lane] = now_ms - self.start_ms  # without regard to the wrap, as the firmware
        if len(self.times_ms) == len(self.active_lanes):
            self.complete()

    def clear(self, lane):
        pin = self.lanes[lane]
        pin.low, pin.last_edge_ms = False, self.ticks()
        self._edge({"pin": "lane", "edge": "cleared", "lane": lane, "ms": self.ticks(), "gpio": 9 + lane})

    def check_limit(self):
        if self.phase == RACING and self.ticks() - self.start_ms >= self.race_limit_ms:
            self.complete()

    def complete(self):
        race = {"race_id": self.race_id, "times_ms": {str(k): v for k, v in sorted(self.times_ms.items())}}
        self.last_race = race
        self.races += 1
        self.race_id = self.active_lanes = self.start_ms = None
        self.times_ms = {}
        before, self.phase = self.phase, IDLE
        for listener in list(self.on_complete):
            listener(race)
        for listener in list(self.on_phase):
            listener(before, IDLE)

    def snapshot(self, firmware, protocol, wifi):
        return {
            "controller": {"firmware": firmware, "protocol": protocol, "uptime_ms": self.ticks()},
            "engine": {"active_lanes": sorted(self.active_lanes) if self.active_lanes else None,
                       "gate_ready": self.gate_ready, "phase": self.phase, "race_id": self.race_id},
            "io": {"debounce_ms": 10, "lanes": {str(n): pin.snapshot(False) for n, pin in self.lanes.items()},
                   "start_gate": self.gate.snapshot(True)},
            "wifi": wifi,
        }

    def _go(self, phase):
        before, self.phase = self.phase, phase
        for listener in list(self.on_phase):
            listener(before, phase)

    def _edge(self, edge):
        for listener in list(self.on_edge):
            listener(edge)
