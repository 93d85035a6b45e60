"""A stand-in for a server manager's web server: the race-control websocket with its habits, and the files of a track.

Standard library only. `Server` speaks to clients; what it says comes from its user: a recording or `race.Race`.
Like the real one it never reads from an open websocket, and pings every 10 s.
"""
import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
import time

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PING_S = 10


def frame(payload, opcode=1, fin=True):
    """One unmasked websocket frame."""
    payload = payload.encode() if isinstance(payload, str) else payload
    head = bytes([(0x80 if fin else 0) | opcode])
    if len(payload) < 126:
        head += bytes([len(payload)])
    elif len(payload) < 65536:
        head += struct.pack(">BH", 126, len(payload))
    else:
        head += struct.pack(">BQ", 127, len(payload))
    return head + payload


def event(kind, message):
    """As Go writes it: no spaces, no <, > and &."""
    text = json.dumps({"EventType": kind, "Message": message}, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class Client:
    def __init__(self, sock, head):
        self.sock = sock
        self.head = head  # header names in lower case
        self.lock = threading.Lock()

    def send(self, text, pieces=1):
        """A text message; in pieces, if wanted, as a proxy may make of it."""
        data = text.encode()
        step = max(1, -(-len(data) // pieces))
        parts = [data[i:i + step] for i in range(0, len(data), step)] or [b""]
        with self.lock:
            for i, part in enumerate(parts):
                self.sock.sendall(frame(part, 1 if i == 0 else 0, i == len(parts) - 1))

    def ping(self):
        with self.lock:
            self.sock.sendall(frame(b"", 9))

    def cut(self):
        """As when the network goes: no close frame."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


class Server:
    """`greeting()` gives the texts that a new client hears first. `refuse` is an answer instead of the websocket:
    (status line, headers). `files` are served by path. `ping_s` None: none."""

    def __init__(self, greeting=lambda: [""], port=0, certificate=None, ping_s=PING_S, host="127.0.0.1"):
        self.greeting = greeting
        self.refuse = None
        self.files = {}
        self.ping_s = ping_s
        self.clients = []
        self.requests = []  # heads, oldest first
        self.changed = threading.Condition()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server((host, port))
        self.port = self.listener.getsockname()[1]
        self.closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._ping, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut()

    def cut(self):
        with self.changed:
            clients, self.clients = self.clients, []
        for client in clients:
            client.cut()

    def wait_clients(self, count, limit_s=20):
        """Until so many have connected, all told."""
        with self.changed:
            done = self.changed.wait_for(
                lambda: sum(1 for r in self.requests if r.get("upgrade")) >= count and self.clients, limit_s)
        if not done:
            raise TimeoutError(f"{count} clients")

    def send(self, text, pieces=1):
        with self.changed:
            clients = list(self.clients)
        for client in clients:
            try:
                client.send(text, pieces)
            except OSError:
                self._forget(client)

    def _forget(self, client):
        with self.changed:
            if client in self.clients:
                self.clients.remove(client)
        client.cut()

    def _accept(self):
        while not self.closing.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _ping(self):
        while not self.closing.wait(self.ping_s or 3600):
            with self.changed:
                clients = list(self.clients)
            for client in clients:
                try:
                    client.ping()
                except OSError:
                    self._forget(client)

    def _serve(self, sock):
        try:
            sock.settimeout(10)
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            head = self._head(sock)
            if head is None:
                return sock.close()
            if head.get("upgrade", "").lower() != "websocket":
                self._file(sock, head)
                return sock.close()
            if self.refuse:
                self._note(head)
                status, headers = self.refuse
                sock.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n".encode())
                return sock.close()
            self._open(sock, head)
        except OSError:
            sock.close()

    def _note(self, head):
        with self.changed:
            self.requests.append(head)
            self.changed.notify_all()

    @staticmethod
    def _head(sock):
        data = b""
        while b"\r\n\r\n" not in data:
            got = sock.recv(4096)
            if not got or len(data) > 65536:
                return None
            data += got
        lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        head = {"path": lines[0].split(" ")[1]}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            head[name.strip().lower()] = value.strip()
        return head

    def _file(self, sock, head):
        self._note(head)
        content = self.files.get(head["path"])
        status = "200 OK" if content is not None else "404 Not Found"
        sock.sendall(f"HTTP/1.0 {status}\r\nContent-Length: {len(content or b'')}\r\n\r\n".encode() + (content or b""))

    def _open(self, sock, head):
        accept = base64.b64encode(hashlib.sha1((head["sec-websocket-key"] + GUID).encode()).digest()).decode()
        sock.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        client = Client(sock, head)
        with self.changed:
            # What is broadcast meanwhile must not come twice or never: one picture, then everything after it.
            texts = self.greeting()
            self.clients.append(client)
            for text in texts:
                client.send(text)
            self.requests.append(head)
            self.changed.notify_all()


def play(server, lines, speed=1.0, after=lambda index: None, wait=time.sleep):
    """Sends a recording ({"ms", "text"} a line) as it was, `speed` times as fast; 0: at once."""
    last_ms = 0
    for index, line in enumerate(lines):
        if speed:
            wait(max(0, line["ms"] - last_ms) / 1000 / speed)
        last_ms = line["ms"]
        server.send(line["text"])
        after(index)
