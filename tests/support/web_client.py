"""A hub with a log in memory, raw HTTP and raw websockets: what tests/process/test_web_*.py share."""
import base64
import json
import os
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

DEADLINE_S = 10
BUILD = Path(os.environ.get("RACEHUB_BUILD", "build"))


class WebHub:
    """The program web_hub: the real web part and race thread. Use as a context manager."""

    def __init__(self, **options):
        self.folder = tempfile.TemporaryDirectory(prefix="racehub-web-")
        self.state = Path(self.folder.name)
        self.errors = open(self.state / "stderr.txt", "w+")
        self.options = options
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BUILD / "tests" / "web_hub", str(self.state), json.dumps(self.options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        first = self.process.stdout.readline()
        assert first, "web_hub did not start: " + self.log()
        told = json.loads(first)
        self.port = told["port"]
        self.pin = told["pin"] or self.pin
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(DEADLINE_S)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code = self.stop()
        self.errors.close()
        self.folder.cleanup()
        assert code == 0, f"web_hub ended with {code}"

    def log(self):
        return (self.state / "stderr.txt").read_text()

    def tell(self, *words):
        """One order to web_hub's standard input; see web_hub.cpp."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def rss_kb(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ---- HTTP ----

    def connect(self):
        return connect(self.port)

    def raw(self, data):
        """Sends bytes on a connection of their own; the whole answer as bytes (empty: closed)."""
        with self.connect() as sock:
            try:
                sock.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_all(sock)

    def request(self, method, path, body=None, headers=None, **more):
        """(status, headers, body) of an ordinary request; `body` not bytes is sent as JSON."""
        lines = {"Host": f"127.0.0.1:{self.port}"}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            lines["Content-Type"] = "application/json"
        if body is not None or method == "POST":
            lines["Content-Length"] = str(len(body or b""))
        lines.update(headers or {})
        lines.update(more)
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
        return parse_answer(self.raw(head.encode() + b"\r\n" + (body or b"")))

    def get(self, path, **headers):
        status, _, body = self.request("GET", path, headers=headers)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def login(self, name="Ada"):
        status, _, body = self.request("POST", "/api/session", {"pin": self.pin, "name": name})
        assert status == 201, body
        return json.loads(body)["token"]

    def live(self, path="/live", **headers):
        return RawSocket(self.port, path, headers)

    def metric(self, name):
        _, _, body = self.request("GET", "/metrics")
        for line in body.decode().splitlines():
            if line.startswith(f"racehub_{name} "):
                return float(line.split()[-1])
        raise AssertionError(f"no metric {name}")


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_all(sock):
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


def parse_answer(data):
    assert data, "closed without an answer"
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return int(first.split()[1]), headers, body


def until(condition, what):
    """Waits for a condition of the outside world, with a deadline."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        wait(0.01)
    raise AssertionError(f"waited {DEADLINE_S} s for {what}")


def wait(seconds):
    """Lets time pass where time itself is what is tested (rates, deadlines)."""
    import select
    select.select([], [], [], seconds)


def frame(opcode, payload=b"", fin=True, mask=True, rsv=0, length=None, size_bytes=None):
    """A websocket frame, as wrong as wanted."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    if size_bytes == 8 or (size_bytes is None and size > 65535):
        head = struct.pack("!BBQ", first, bit | 127, size)
    elif size_bytes == 2 or (size_bytes is None and size > 125):
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BB", first, bit | size)
    if not mask:
        return head + payload
    key = b"\x11\x22\x33\x44"
    return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


class RawSocket:
    """A websocket client without opinions."""

    def __init__(self, port, path="/live", headers=None, early=b"", receive_buffer=None):
        if receive_buffer:
            self.sock = socket.socket()
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.sock.settimeout(DEADLINE_S)
            self.sock.connect(("127.0.0.1", port))
        else:
            self.sock = connect(port)
        lines = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
                 "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()}
        for name, value in (headers or {}).items():
            lines[name.replace("_", "-")] = value
        head = f"GET {path} HTTP/1.1\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
        self.sock.sendall(head.encode() + b"\r\n" + early)
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            chunk = self.sock.recv(65536)
            if not chunk:
                break
            self.buffer += chunk
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        if self.status != 101:
            self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, message):
        self.sock.sendall(frame(1, json.dumps(message).encode()))

    def send_text(self, text):
        self.sock.sendall(frame(1, text.encode()))

    def send_bytes(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def take(self, count):
        while len(self.buffer) < count:
            chunk = self.sock.recv(262144)
            if not chunk:
                raise EOFError
            self.buffer += chunk
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        """(opcode, payload) of the next frame; EOFError at the end."""
        first, second = self.take(2)
        size = second & 127
        assert second & 128 == 0, "a server does not mask"
        if size == 126:
            size = struct.unpack("!H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.take(8))[0]
        assert first & 0x80, "our frames are whole"
        return first & 15, self.take(size)

    def message(self):
        """The next JSON message."""
        opcode, payload = self.receive()
        assert opcode == 1, (opcode, payload)
        return json.loads(payload)

    def next(self, kind, **fields):
        """Reads on until a message of that type (with those fields) comes."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            message = self.message()
            if message["type"] == kind and all(message.get(k) == v for k, v in fields.items()):
                return message
        raise AssertionError(f"no message of type {kind}")

    def command(self, command, track="one", ident=None, **more):
        """Sends a command and returns its outcome."""
        ident = ident or f"id-{time.monotonic_ns()}"
        self.send({"type": "command", "id": ident, "command": command, "track": track, **more})
        return self.next("outcome", id=ident)

    def close_code(self):
        """Reads to the end: the code of the close frame, 0 for one without, None for no close frame."""
        try:
            while True:
                opcode, payload = self.receive()
                if opcode == 8:
                    code = struct.unpack("!H", payload[:2])[0] if payload else 0
                    try:
                        self.take(1)
                        raise AssertionError("bytes behind the close frame")
                    except (EOFError, ConnectionResetError):
                        return code
        except (EOFError, ConnectionResetError):
            return None
