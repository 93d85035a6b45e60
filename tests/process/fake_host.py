"""A hub for one plugin, in this process: the host's side of plugin.h in Python, for tests of plugins alone."""

import ctypes
import json
import os
import pathlib
import queue
import threading
import time
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int32, c_int64
from ctypes import c_size_t, c_uint32, c_uint64, c_void_p

from mosquitto import wait_until

OK, FULL, INVALID, REFUSED, TIMEOUT, THREAD, STATE, TOO_LARGE, NOT_FOUND = range(9)
OBSERVATION, COMMAND, FACT, SAMPLE, NOTICE = range(1, 6)
HEALTH = ["unknown", "starting", "ok", "degraded", "failed"]


class Str(Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def text(self):
        return ctypes.string_at(self.data, self.size).decode() if self.size else ""


def to_str(text):
    data = text.encode()
    buffer = ctypes.create_string_buffer(data, len(data))
    result = Str(ctypes.cast(buffer, c_void_p), len(data))
    result.keep = buffer
    return result


class RawEvent(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("kind", c_int32),
                ("version", c_uint32), ("seq", c_uint64), ("cause", c_uint64),
                ("time_us", c_int64), ("recv_us", c_int64)] + [(name, Str) for name in (
                    "type", "track", "race_id", "source", "source_key", "data")]


SINK = CFUNCTYPE(None, c_void_p, Str)
PUBLISH = CFUNCTYPE(c_int32, c_void_p, POINTER(RawEvent))
HOST_FUNCTIONS = [
    ("publish", PUBLISH),
    ("publish_durable", CFUNCTYPE(c_int32, c_void_p, POINTER(RawEvent), c_uint32)),
    ("command", PUBLISH),
    ("log", CFUNCTYPE(None, c_void_p, c_int32, Str)),
    ("set_health", CFUNCTYPE(None, c_void_p, c_int32, Str)),
    ("now_us", CFUNCTYPE(c_int64, c_void_p)),
    ("set_timer", CFUNCTYPE(c_int32, c_void_p, c_uint32, c_uint32)),
    ("watch_fd", CFUNCTYPE(c_int32, c_void_p, c_int, c_uint32)),
    ("wake", CFUNCTYPE(c_int32, c_void_p)),
    ("kv_put", CFUNCTYPE(c_int32, c_void_p, Str, Str)),
    ("kv_get", CFUNCTYPE(c_int32, c_void_p, Str, SINK, c_void_p)),
    ("get_extension", CFUNCTYPE(c_void_p, c_void_p, c_char_p)),
]


class RawHost(Structure):
    _fields_ = [("struct_size", c_uint32), ("abi_minor", c_uint32), ("ctx", c_void_p),
                ("instance", Str), ("track", Str)] + HOST_FUNCTIONS


class RawPlugin(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("self", c_void_p),
                ("start", CFUNCTYPE(c_int32, c_void_p, Str)),
                ("stop", CFUNCTYPE(None, c_void_p)), ("destroy", CFUNCTYPE(None, c_void_p)),
                ("on_event", CFUNCTYPE(None, c_void_p, POINTER(RawEvent))),
                ("on_timer", CFUNCTYPE(None, c_void_p, c_uint32)),
                ("on_fd", CFUNCTYPE(None, c_void_p, c_int, c_uint32)),
                ("on_wake", CFUNCTYPE(None, c_void_p))]


class RawEntry(Structure):
    _fields_ = [("struct_size", c_uint32), ("abi_major", c_uint32), ("abi_minor", c_uint32),
                ("plugin_count", c_uint32), ("describe", c_void_p),
                ("create", CFUNCTYPE(POINTER(RawPlugin), c_uint32, POINTER(RawHost)))]


def plugin_file(name):
    return pathlib.Path(os.environ["RACEHUB_BUILD"]) / "plugins" / f"{name}.so"


class FakeHost:
    """Runs one instance of a plugin. Everything it handed over is in `events`, oldest first."""

    def __init__(self, name, config, instance="gates", track="main", kv=None):
        self.events = []        # dicts; of each (kind, key) the first only
        self.duplicates = 0
        self.logs = []
        self.healths = []
        self.kv = kv if kv is not None else {}
        self.durable_answer = lambda event: OK  # may block
        self.track = track
        self._keys = set()
        self._lock = threading.Lock()
        self._calls = queue.Queue()
        self._timers = {}
        self._started_ns = time.monotonic_ns()
        self._epoch_us = time.time_ns() // 1000
        self._table = self._make_table(instance, track)
        library = ctypes.CDLL(str(plugin_file(name)))
        library.racehub_plugin_entry_v1.restype = POINTER(RawEntry)
        self._entry = library.racehub_plugin_entry_v1().contents
        self._plugin = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.start_status = self.call(lambda: self._start(config))

    def _make_table(self, instance, track):
        functions = {name: kind(getattr(self, "_" + name)) for name, kind in HOST_FUNCTIONS}
        self._keep = [to_str(instance), to_str(track), functions]
        return RawHost(ctypes.sizeof(RawHost), 0, None, self._keep[0], self._keep[1],
                       *[functions[name] for name, _ in HOST_FUNCTIONS])

    # ---- What the plugin calls ----

    def _take(self, raw):
        event = {name: getattr(raw, name).text()
                 for name in ("type", "track", "race_id", "source_key", "data")}
        event.update(kind=raw.kind, time_us=raw.time_us, recv_us=raw.recv_us,
                     data=json.loads(event["data"]))
        return event

    def _store(self, event):
        with self._lock:
            key = (event["kind"], event["source_key"])
            if event["source_key"] and key in self._keys:
                self.duplicates += 1
                return OK
            self._keys.add(key)
            self.events.append(event)
            return OK

    def _publish(self, _ctx, raw):
        return self._store(self._take(raw.contents))

    def _publish_durable(self, _ctx, raw, _timeout_ms):
        event = self._take(raw.contents)
        answer = self.durable_answer(event)
        return self._store(event) if answer == OK else answer

    def _command(self, _ctx, raw):
        return self._store(self._take(raw.contents))

    def _log(self, _ctx, _level, text):
        self.logs.append(text.text())

    def _set_health(self, _ctx, health, text):
        self.healths.append((HEALTH[health], text.text()))

    def _now_us(self, _ctx):
        return self.now_us()

    def _set_timer(self, _ctx, timer_id, period_ms):
        now = time.monotonic()
        self._timers[timer_id] = [now + period_ms / 1000, period_ms / 1000]
        if period_ms == 0:
            del self._timers[timer_id]
        return OK

    def _watch_fd(self, *_):
        return INVALID

    def _wake(self, _ctx):
        self._calls.put((lambda: self._plugin.on_wake(self._plugin.self), None))
        return OK

    def _kv_put(self, _ctx, key, value):
        self.kv[key.text()] = value.text()
        return OK

    def _kv_get(self, _ctx, key, sink, sink_ctx):
        if key.text() not in self.kv:
            return NOT_FOUND
        sink(sink_ctx, to_str(self.kv[key.text()]))
        return OK

    def _get_extension(self, *_):
        return None

    # ---- The plugin thread ----

    def _start(self, config):
        self._plugin = self._entry.create(0, ctypes.byref(self._table)).contents
        return self._plugin.start(self._plugin.self, to_str(json.dumps(config)))

    def _run(self):
        while True:
            now = time.monotonic()
            for timer_id, timer in list(self._timers.items()):
                if timer[0] <= now and self._plugin:
                    timer[0] = now + timer[1]
                    self._plugin.on_timer(self._plugin.self, timer_id)
            due = min([timer[0] for timer in self._timers.values()], default=now + 1)
            try:
                call, done = self._calls.get(timeout=max(0, due - time.monotonic()))
            except queue.Empty:
                continue
            if call is None:
                return
            result = call()
            if done:
                done.put(result)

    # ---- For tests ----

    def now_us(self):
        return self._epoch_us + (time.monotonic_ns() - self._started_ns) // 1000

    def call(self, function):
        """Runs it on the plugin thread and waits for its result."""
        done = queue.Queue()
        self._calls.put((function, done))
        return done.get(timeout=10)

    def tell(self, kind, type_, data, race_id="", time_us=None, seq=0, flags=0, source_key=""):
        raw = RawEvent(ctypes.sizeof(RawEvent), flags, kind, 1, seq, 0,
                       self.now_us() if time_us is None else time_us, self.now_us())
        keep = {"type": to_str(type_), "track": to_str(self.track), "race_id": to_str(race_id),
                "source_key": to_str(source_key), "data": to_str(json.dumps(data))}
        for name, value in keep.items():
            setattr(raw, name, value)
        self.call(lambda: self._plugin.on_event(self._plugin.self, ctypes.byref(raw)))

    def fact(self, type_, data=None, race_id="r1", **more):
        self.tell(FACT, type_, data or {}, race_id, **more)

    def snapshot(self, tracks=()):
        self.tell(NOTICE, "hub.snapshot", {"seq": 1, "races": 0, "tracks": list(tracks)})

    def of_type(self, type_):
        with self._lock:
            return [event for event in self.events if event["type"] == type_]

    def wait_events(self, type_, count, deadline_s=15):
        wait_until(lambda: len(self.of_type(type_)) >= count, f"{count} {type_}", deadline_s)
        return self.of_type(type_)

    def wait_health(self, state, words="", deadline_s=15):
        def found():
            return self.healths and self.healths[-1][0] == state and words in self.healths[-1][1]
        try:
            wait_until(found, "", deadline_s)
        except AssertionError:
            raise AssertionError(f"no {state} {words!r}; last: {self.healths[-1:]}") from None
        return self.healths[-1][1]

    def stop(self):
        if self._plugin:
            self.call(lambda: self._plugin.stop(self._plugin.self))
            self._timers.clear()
            plugin, self._plugin = self._plugin, None
            self.call(lambda: plugin.destroy(plugin.self))
        self._calls.put((None, None))
        self._thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
