"""Protocol 1.0: what is said, over HTTP and over serial. Pretty JSON, one wait on the serial line."""

import json

from .engine import ARMED, IDLE, RACING

FIRMWARE, PROTOCOL = "0.1.0", "1.0"
MAX_WAITERS = 4


def pretty(value):
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def info(engine):
    return {"firmware": FIRMWARE, "lane_count": engine.lane_count, "protocol": PROTOCOL}


class Http:
    """Routes of protocol 1.0. Waiters are connections; dead ones stay until their event comes."""

    def __init__(self, device):
        self.device = device
        self.engine = device.engine
        self.race_waiters, self.gate_waiters = [], []
        self.engine.on_complete.append(self._completed)
        self.engine.on_edge.append(self._edge)

    def forget_all(self):
        self.race_waiters, self.gate_waiters = [], []

    def handle(self, connection, method, target, _body):
        if method != "GET":
            return connection.answer(405, pretty({"error": "method not allowed"}))
        path, _, query = target.partition("?")
        params = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        route = {"/info": self._info, "/state": self._state, "/gate": self._gate, "/dbg": self._dbg,
                 "/wait/race": self._wait_race, "/wait/gate": self._wait_gate, "/wifi/scan": self._scan}.get(path)
        if route is None:
            return connection.answer(404, pretty({"error": "not found"}))
        return route(connection, params)

    def _info(self, connection, _):
        connection.answer(200, pretty(info(self.engine)))

    def _state(self, connection, _):
        connection.answer(200, pretty(self.engine.last_race))

    def _gate(self, connection, _):
        connection.answer(200, pretty({"gate_ready": self.engine.gate_ready}))

    def _dbg(self, connection, _):
        connection.answer(200, pretty(self.engine.snapshot(FIRMWARE, PROTOCOL, self.device.wifi())))

    def _scan(self, connection, _):
        connection.answer(200, pretty([{"rssi": -52, "security": "WPA2-PSK", "ssid": self.device.oddities.ssid}]))

    def _wait_race(self, connection, params):
        newer = self.engine.newer_than(params.get("after"))
        if newer:  # before lanes and limit are looked at
            return connection.answer(200, pretty(newer))
        if len(self.race_waiters) >= MAX_WAITERS:
            return connection.answer(503, pretty({"error": "too many wait clients"}))
        error = self.engine.check_lanes(params.get("lanes"))
        if error:
            return connection.answer(400, pretty({"error": error}))
        self.engine.arm(params.get("lanes"))
        return self.race_waiters.append(connection)

    def _wait_gate(self, connection, _):
        if self.engine.gate_ready:
            return connection.answer(200, pretty({"gate_ready": True}))
        if len(self.gate_waiters) >= MAX_WAITERS:
            return connection.answer(503, pretty({"error": "too many wait clients"}))
        return self.gate_waiters.append(connection)

    def _completed(self, race):
        waiters, self.race_waiters = self.race_waiters, []
        for connection in waiters:
            connection.answer(200, pretty(race))

    def _edge(self, edge):
        if edge["pin"] == "gate" and edge["edge"] == "closed":
            waiters, self.gate_waiters = self.gate_waiters, []
            for connection in waiters:
                connection.answer(200, pretty({"gate_ready": True}))


class Serial:
    """Lines of protocol 1.0. Any line cancels an outstanding wait, without an answer for it."""

    def __init__(self, device, say):
        self.device = device
        self.engine = device.engine
        self.say = say
        self.waiting = None  # "race", "gate", "watch"
        self.engine.on_complete.append(self._completed)
        self.engine.on_edge.append(self._edge)

    def forget_all(self):
        self.waiting = None

    def line(self, line):
        if self.waiting == "race":
            self.engine.cancel()
        self.waiting = None
        head, mark, query = line.partition("?")
        words = head.split() + (query.split("&") if mark else [])
        params = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        command = {"info": self._info, "state": self._state, "gate": self._gate, "dbg": self._dbg,
                   "wait_race": self._wait_race, "wait/race": self._wait_race, "wait_gate": self._wait_gate,
                   "wait/gate": self._wait_gate, "dbg_watch": self._watch}.get(words[0])
        if command is None:
            return self.say(pretty({"error": "unknown command: %s" % words[0]}))
        return command(params)

    def _info(self, _):
        self.say(pretty(info(self.engine)))

    def _state(self, _):
        self.say(pretty(self.engine.last_race))

    def _gate(self, _):
        self.say(pretty({"gate_ready": self.engine.gate_ready}))

    def _dbg(self, _):
        self.say(pretty(self.engine.snapshot(FIRMWARE, PROTOCOL, self.device.wifi())))

    def _wait_race(self, params):
        newer = self.engine.newer_than(params.get("after"))
        if newer:
            return self.say(pretty(newer))
        error = self.engine.check_lanes(params.get("lanes"))
        if error:
            return self.say(pretty({"error": error}))
        assert self.engine.phase in (IDLE, ARMED, RACING)
        self.engine.arm(params.get("lanes"))
        self.waiting = "race"
        return None

    def _wait_gate(self, _):
        if self.engine.gate_ready:
            return self.say(pretty({"gate_ready": True}))
        self.waiting = "gate"
        return None

    def _watch(self, _):
        self.say(pretty({"gpio_range": "GP0-GP22", "watching": True}))
        self.waiting = "watch"

    def _completed(self, race):
        if self.waiting == "race":
            self.waiting = None
            self.say(pretty(race))

    def _edge(self, edge):
        if self.waiting == "watch":
            self.say(json.dumps(edge))
        elif self.waiting == "gate" and edge["pin"] == "gate" and edge["edge"] == "closed":
            self.waiting = None
            self.say(pretty({"gate_ready": True}))
