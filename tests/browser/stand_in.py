"""A stand-in for the hub: serves the dashboard's folder and speaks the live protocol, with the real race core (stand_in.cpp) behind it.

It exists because a test must be able to hold a message back, to fall silent, to come back as another hub; the real hub never does so
when asked. `tests/browser/test_evening.py` runs the same pages against the real one.
"""
import asyncio
import base64
import hashlib
import json
import mimetypes
import os
import struct
import subprocess
import threading
import time

CSP = ("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
       "font-src 'self'; frame-ancestors 'none'")
PIN = "12345678"


def now_us():
    return time.time_ns() // 1000


class StandIn:
    """A server on a port of its own, in a thread of its own. All methods may be called from the test's thread."""

    def __init__(self, build, log_id="log-a", port=0):
        self.folder = os.path.join(build, "webui")
        self.core = subprocess.Popen([os.path.join(build, "webui_native", "webui_stand_in")], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.core_lock = threading.Lock()
        self.log_id = log_id
        self.facts = []
        self.sockets = {}       # writer -> may command
        self.requests = []      # paths asked for
        self.bytes_sent = 0     # of files, as they went over the wire
        self.silent = False     # True: nothing is sent on live sockets, as if the network were gone
        self.clock_error_us = 0  # this hub's clock is wrong by that much
        self.sessions = set()
        self.timer = None
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(port, started), daemon=True)
        self.thread.start()
        started.wait(10)

    # ---- for the test ----

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def input(self, kind, data=None, **more):
        """Decides one input as the hub would, and tells everybody the facts."""
        return asyncio.run_coroutine_threadsafe(self._input({"type": kind, "data": data or {}, **more}), self.loop).result(10)

    def set_up(self, settings=None, lanes=2, drivers=("Anna", "Zoë")):
        self.input("track.configure", {"name": "Club track", "lanes": lanes, "settings": settings or {}})
        for lane, driver in enumerate(drivers, 1):
            self.input("entry.assign", {"entry": lane, "lane": lane, "driver": driver, "car": f"Car {lane}"})

    def cross(self, lane, ago_us=0):
        at = self.now() - ago_us
        return self.input("gate.crossed", {"gate": "finish", "lane": lane}, source="gates", at=at)

    def now(self):
        return now_us() + self.clock_error_us

    def say(self, message):
        self.loop.call_soon_threadsafe(self._broadcast, message)

    def drop_all(self):
        self.loop.call_soon_threadsafe(lambda: [writer.close() for writer in list(self.sockets)])

    def stop(self):
        """May be called twice: a test stops its hub to see what the page does."""
        if self.loop.is_closed():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.server.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()
        self.core.stdin.close()
        self.core.wait(5)
        self.core.stdout.close()

    # ---- the core ----

    def _ask(self, request):
        with self.core_lock:
            self.core.stdin.write(json.dumps(request) + "\n")
            self.core.stdin.flush()
            return json.loads(self.core.stdout.readline())

    async def _input(self, event):
        answer = self._ask({"input": event, "now_us": event.pop("at", self.now())})
        self.facts += answer["facts"]
        if answer["facts"]:
            self._broadcast({"type": "facts", "facts": answer["facts"]})
        due = answer.get("due_us", 0)
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if due:
            later = max(0, due - self.now()) / 1e6
            self.timer = self.loop.call_later(later, lambda: asyncio.ensure_future(self._input({"type": "timer.elapsed", "source": "hub"})))
        return answer["outcome"]

    # ---- the server ----

    def _run(self, port, started):
        asyncio.set_event_loop(self.loop)

        async def start():
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", port)
            self.port = self.server.sockets[0].getsockname()[1]
            self.loop.create_task(self._tick())
            started.set()
        self.loop.run_until_complete(start())
        self.loop.run_forever()

    async def _tick(self):
        while True:
            await asyncio.sleep(1)
            self._broadcast({"type": "tick", "time_us": self.now(), "seq": len(self.facts)})

    def _broadcast(self, message):
        for writer in list(self.sockets):
            self._send(writer, message)

    def _send(self, writer, message):
        if self.silent or writer.is_closing():
            return
        body = json.dumps(message).encode()
        head = struct.pack("!BB", 0x81, len(body)) if len(body) < 126 else (
            struct.pack("!BBH", 0x81, 126, len(body)) if len(body) < 65536 else struct.pack("!BBQ", 0x81, 127, len(body)))
        writer.write(head + body)

    async def _serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:] if ":" in line}
            path, _, query = target.partition("?")
            self.requests.append(target)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if path == "/live":
                await self._live(reader, writer, headers, query)
            elif path == "/api/session":
                self._session(writer, method, headers, body)
            elif path.startswith("/api/races/") and path.endswith("/facts"):
                race = path.split("/")[3]
                facts = [fact for fact in self.facts if fact.get("race_id") == race]
                body = json.dumps({"log_id": self.log_id, "more": False, "facts": facts}).encode()
                self._answer(writer, 200, body, "application/json")
            else:
                self._file(writer, path, headers)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.sockets.pop(writer, None)
            writer.close()

    def _answer(self, writer, status, body, kind, extra=""):
        writer.write(f"HTTP/1.1 {status} .\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                     f"Connection: close\r\nContent-Security-Policy: {CSP}\r\n{extra}\r\n".encode() + body)

    def _file(self, writer, path, headers):
        name = "index.html" if path == "/" else path[1:]
        full = os.path.join(self.folder, os.path.basename(name))
        if "/" in name or not os.path.isfile(full):
            return self._answer(writer, 404, b"no such page", "text/plain")
        extra = "Cache-Control: " + ("no-cache" if name.endswith(".html") else "public, max-age=31536000, immutable") + "\r\n"
        kind = "application/wasm" if name.endswith(".wasm") else mimetypes.guess_type(name)[0]
        # Browsers take brotli over http from this machine only; elsewhere it would be gzip.
        for suffix, coding in ((".br", "br"), (".gz", "gzip")):
            if coding in headers.get("accept-encoding", "") and os.path.isfile(full + suffix):
                full += suffix
                extra += f"Content-Encoding: {coding}\r\n"
                break
        with open(full, "rb") as file:
            body = file.read()
        self.bytes_sent += len(body)
        self._answer(writer, 200, body, kind, extra)

    def _session(self, writer, method, headers, body):
        if method == "DELETE":
            self.sessions.clear()
            return self._answer(writer, 204, b"", "application/json", "Set-Cookie: racehub=; Max-Age=0; Path=/\r\n")
        if json.loads(body or b"{}").get("pin") != PIN:
            problem = json.dumps({"code": "wrong_pin", "message": "This is not the race director's PIN."}).encode()
            return self._answer(writer, 401, problem, "application/json")
        token = base64.b16encode(os.urandom(16)).decode()
        self.sessions.add(token)
        self._answer(writer, 200, b'{"director":true}', "application/json",
                     f"Set-Cookie: racehub={token}; HttpOnly; SameSite=Strict; Path=/\r\n")

    async def _live(self, reader, writer, headers, query):
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        writer.write(f"HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        director = any(token in headers.get("cookie", "") for token in self.sessions)
        self._send(writer, {"type": "hello", "protocol": 1, "hub": "stand-in", "version": "0.0.0", "log_id": self.log_id,
                            "seq": len(self.facts), "time_us": self.now(), "director": director})
        asked = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        after = int(asked.get("after", -1)) if asked.get("log") == self.log_id else -1
        if 0 <= after <= len(self.facts):
            if after < len(self.facts):
                self._send(writer, {"type": "facts", "facts": self.facts[after:]})
        else:
            self._send(writer, {"type": "snapshot", **self._ask({"snapshot": True})})
        self.sockets[writer] = director
        while True:
            message = await self._frame(reader)
            if message is None:
                return
            await self._heard(writer, json.loads(message))

    async def _heard(self, writer, message):
        if message["type"] == "ping":
            self._send(writer, {"type": "pong", "t": message["t"], "time_us": self.now()})
        elif message["type"] == "command":
            if not self.sockets.get(writer):
                outcome = {"accepted": False, "code": "not_director", "message": "Only the race director may do this: log in first."}
            else:
                outcome = await self._input({"type": message["command"], "data": message.get("data", {}),
                                             "track": message["track"], "race_id": message.get("race_id", "")})
            self._send(writer, {"type": "outcome", "id": message["id"], **outcome})

    async def _frame(self, reader):
        first, second = await reader.readexactly(2)
        length = second & 127
        if length == 126:
            length = struct.unpack("!H", await reader.readexactly(2))[0]
        mask = await reader.readexactly(4)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await reader.readexactly(length)))
        return None if first & 15 == 8 else body


