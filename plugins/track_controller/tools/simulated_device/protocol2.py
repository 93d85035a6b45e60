"""Protocol 2.0: frames with ids, subscriptions, and waits that are answered when the event comes."""

import json

FIRMWARE, PROTOCOL = "0.2.2", "2.0"
TOPICS = ["gate", "lanes", "edges", "race", "engine"]


class Session:
    """One client: the serial line, one stream of events, or one command over HTTP."""

    def __init__(self, device, say):
        self.device = device
        self.engine = device.engine
        self._say = say
        self.subs = {}
        self.pending = {}
        self.human_id = 0
        device.sessions.append(self)

    def close(self):
        if self in self.device.sessions:
            self.device.sessions.remove(self)

    def forget_all(self):
        self.subs, self.pending, self.human_id = {}, {}, 0

    def say(self, frame):
        keys = list(frame)
        if self.device.oddities.shuffled_keys:
            self.device.random.shuffle(keys)
        self._say(json.dumps({key: frame[key] for key in keys}, ensure_ascii=False))

    def line(self, line):
        line = line.strip()
        if not line or line.startswith("#"):
            return
        if line.startswith("{"):
            try:
                frame = json.loads(line)
            except ValueError:
                return self._refuse(None, "bad_frame", "could not parse JSON")
            if not isinstance(frame, dict) or "cmd" not in frame:
                return self._refuse(None, "bad_frame", "missing cmd")
            if not isinstance(frame.get("id"), int):
                return self._refuse(None, "bad_frame", "missing or non-integer id")
        else:
            words = line.split()
            self.human_id -= 1
            frame = dict(word.split("=", 1) for word in words[1:] if "=" in word)
            frame.update(id=self.human_id, cmd=words[0])
        return self._run(frame["id"], frame["cmd"], frame)

    def _ok(self, number, value):
        self.say({"id": number, "ok": value})

    def _refuse(self, number, code, text):
        frame = {"err": text, "code": code}
        if number is not None:
            frame["id"] = number
        self.say(frame)

    def _run(self, number, cmd, frame):
        engine = self.engine
        simple = {
            "info": lambda: {"firmware": FIRMWARE, "lane_count": engine.lane_count, "topics": TOPICS,
                             "protocol": PROTOCOL},
            "state": lambda: engine.last_race or {},
            "gate": lambda: {"gate_ready": engine.gate_ready},
            "dbg": lambda: engine.snapshot(FIRMWARE, PROTOCOL, self.device.wifi()),
        }.get(cmd)
        if simple:
            return self._ok(number, simple())
        command = {"subscribe": self._subscribe, "unsubscribe": self._unsubscribe, "cancel": self._cancel,
                   "reset": self._reset, "wait_race": self._wait_race, "wait_gate": self._wait_gate}.get(cmd)
        if command is None:
            return self._refuse(number, "not_supported", "unknown command: %s" % cmd)
        return command(number, frame)

    def _subscribe(self, number, frame):
        topics = frame.get("topics")
        if isinstance(topics, str):
            topics = [topic for topic in topics.split(",") if topic]
        known = [topic for topic in topics or [] if topic in TOPICS]
        if not known:
            return self._refuse(number, "bad_args", "no recognized topics")
        if number in self.subs:
            return self._refuse(number, "bad_state", "id already in use as a sub")
        self.subs[number] = set(known)
        self._ok(number, {"sub": number, "topics": known})
        if "gate" in known:
            self.event(number, {"event": "state", "gate_ready": self.engine.gate_ready, "ms": self.engine.ticks()})
        if "lanes" in known:
            lanes = list(self.engine.lanes)
            self.device.random.shuffle(lanes)
            for lane in lanes:
                self.event(number, {"event": "state", "lane": lane, "triggered": self.engine.lanes[lane].low,
                                    "ms": self.engine.ticks()})
        return None

    def _unsubscribe(self, number, frame):
        if self.subs.pop(frame.get("sub"), None) is None:
            return self._refuse(number, "bad_args", "no such sub")
        return self._ok(number, {})

    def _cancel(self, number, frame):
        target = frame.get("target")
        if target in self.subs:
            del self.subs[target]
        elif target in self.pending:
            kind = self.pending.pop(target)
            if kind == "wait_race" and not any("wait_race" in s.pending.values() for s in self.device.sessions):
                self.engine.cancel()
        else:
            return self._refuse(number, "bad_args", "no pending request with that id")
        self._refuse(target, "cancelled", "cancelled by host")
        return self._ok(number, {})

    def _reset(self, number, _):
        for other in list(self.pending):
            self._refuse(other, "cancelled", "session reset")
        self.subs, self.pending = {}, {}
        self.engine.cancel()
        self._ok(number, {})

    def _wait_race(self, number, frame):
        newer = self.engine.newer_than(frame.get("after"))
        if newer:
            return self._ok(number, newer)
        lanes = str(frame.get("lanes") or "")
        error = self.engine.check_lanes(lanes)
        if error:
            return self._refuse(number, "bad_args", error)
        self.engine.arm(lanes)
        self.pending[number] = "wait_race"
        return None

    def _wait_gate(self, number, _):
        if self.engine.gate_ready:
            return self._ok(number, {"gate_ready": True})
        self.pending[number] = "wait_gate"
        return None

    # ---- Events

    def event(self, number, body):
        self.say({"sub": number, **body})

    def publish(self, topic, body):
        for number, topics in list(self.subs.items()):
            if topic in topics:
                self.event(number, body)

    def completed(self, race):
        if not self.device.oddities.forgets_waits:
            for number in [n for n, kind in self.pending.items() if kind == "wait_race"]:
                del self.pending[number]
                self._ok(number, race)
        self.publish("race", {"event": "completed", "ms": self.engine.ticks(), **race})

    def phase_changed(self, before, now):
        self.publish("engine", {"event": "phase", "phase": now, "prev": before, "ms": self.engine.ticks()})
        if now == "ARMED":
            lanes = "".join(str(lane) for lane in sorted(self.engine.active_lanes))
            self.publish("race", {"event": "armed", "lanes": lanes, "ms": self.engine.ticks()})
        elif now == "RACING":
            self.publish("race", {"event": "started", "ms": self.engine.ticks()})

    def edge(self, edge):
        self.publish("edges", {"event": "edge", **{k: v for k, v in edge.items() if k != "gpio"}})
        if edge["pin"] == "lane":
            self.publish("lanes", {"event": "state", "lane": edge["lane"], "triggered": edge["edge"] == "triggered",
                                   "ms": edge["ms"]})
        else:
            ready = edge["edge"] == "closed"
            self.publish("gate", {"event": "state", "gate_ready": ready, "ms": edge["ms"]})
            for number in [n for n, kind in self.pending.items() if ready and kind == "wait_gate"]:
                del self.pending[number]
                self._ok(number, {"gate_ready": True})


class Http:
    """Routes of protocol 2.0: /info, /cmd and the stream /events."""

    def __init__(self, device):
        self.device = device

    def forget_all(self):
        pass

    def handle(self, connection, method, target, body):
        path, _, query = target.partition("?")
        if method == "OPTIONS":
            return connection.answer(204, "")
        if method == "GET" and path == "/info":
            return self._one(connection, json.dumps({"id": 1, "cmd": "info"}))
        if method == "POST" and path == "/cmd":
            if not body.strip():
                return connection.answer(400, json.dumps({"err": "empty body"}))
            return self._one(connection, body)
        if method == "GET" and path == "/events":
            topics = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair).get("topics", "")
            return self._stream(connection, [topic for topic in topics.split(",") if topic])
        return connection.answer(404, json.dumps({"err": "not found", "code": "not_supported"}))

    def _one(self, connection, line):
        said = []
        session = Session(self.device, said.append)
        session.line(line)
        session.close()  # with it the wait, but not the arming
        if said:
            return connection.answer(200, said[0])
        return connection.answer(202, json.dumps({"err": "use SSE for waits", "code": "bad_state"}))

    def _stream(self, connection, topics):
        connection.begin_stream()
        session = Session(self.device, lambda text: connection.push("data: %s\n\n" % text))
        connection.on_gone = session.close
        if topics:
            session.line(json.dumps({"id": 1, "cmd": "subscribe", "topics": topics}))
