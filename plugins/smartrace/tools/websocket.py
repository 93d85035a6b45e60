"""The websocket as small sensors speak it: blocking, no extensions, and as wrong as wanted. Standard library only."""
import base64
import hashlib
import os
import socket
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    """The other end is gone."""


class WebSocket:
    """One end of an open websocket. `server`: frames are sent unmasked."""

    def __init__(self, sock, early=b"", server=False):
        self.sock, self.buffer, self.server = sock, early, server
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def frame(self, opcode, payload, fin=True):
        """(header, mask, masked payload) of one frame."""
        mask = b"" if self.server else os.urandom(4)
        bit = 0 if self.server else 0x80
        head = bytes([(0x80 if fin else 0) | opcode])
        if len(payload) < 126:
            head += bytes([bit | len(payload)])
        elif len(payload) < 65536:
            head += struct.pack("!BH", bit | 126, len(payload))
        else:
            head += struct.pack("!BQ", bit | 127, len(payload))
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if mask else payload
        return head, mask, body

    def send(self, payload, opcode=TEXT, in_parts=False, fin=True):
        """Sends a frame; `in_parts` in separate TCP segments, as the Pico does."""
        if isinstance(payload, str):
            payload = payload.encode()
        parts = self.frame(opcode, payload, fin)
        try:
            for part in parts if in_parts else [b"".join(parts)]:
                self.sock.sendall(part)
        except OSError as error:
            raise Closed(str(error)) from error

    def _take(self, count):
        while len(self.buffer) < count:
            try:
                chunk = self.sock.recv(65536)
            except socket.timeout:
                raise
            except OSError as error:
                raise Closed(str(error)) from error
            if not chunk:
                raise Closed("end of stream")
            self.buffer += chunk
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive_frame(self):
        """(opcode, payload, fin) of the next frame, whatever it is."""
        first, second = self._take(2)
        size = second & 127
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        mask = self._take(4) if second & 128 else b""
        payload = self._take(size)
        if mask:
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        return first & 15, payload, bool(first & 0x80)

    def receive(self, answer_pings=True):
        """Text of the next message; pings are answered on the way. Closed at a goodbye."""
        while True:
            opcode, payload, fin = self.receive_frame()
            if opcode == PING and answer_pings:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                raise Closed("goodbye " + (str(struct.unpack("!H", payload[:2])[0]) if payload else ""))
            elif opcode in (TEXT, BINARY):
                assert fin, "a fragmented message: real sensors fail at it"
                return payload.decode()

    def close(self):
        self.sock.close()

    def cut(self):
        """Ends without a goodbye, and with what is under way thrown away."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def _head(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(4096)
        if not chunk:
            raise Closed("no HTTP head")
        data += chunk
    head, _, early = data.partition(b"\r\n\r\n")
    return head, early


def connect(host, port, timeout_s=10, source=None):
    """A client's websocket, with the sensors' own request; `source`: from which address of this machine."""
    sock = socket.create_connection((host, port), timeout_s, (source, 0) if source else None)
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall((f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                  f"Origin: http://{host}:{port}\r\n\r\n").encode())
    head, early = _head(sock)
    if not head.startswith(b"HTTP/1.1 101 "):
        sock.close()
        raise Closed(head.split(b"\r\n")[0].decode())
    return WebSocket(sock, early)


def accept(sock):
    """A server's websocket on an accepted connection."""
    head, early = _head(sock)
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    key = next(value for name, value in fields.items() if name.lower() == b"sec-websocket-key")
    answer = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    sock.sendall((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {answer}\r\n\r\n").encode())
    return WebSocket(sock, early, server=True)
