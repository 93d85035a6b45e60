"""HTTP as the firmware does it: one request a connection, one send that may be partial, then close."""

import socket

HEAD_LIMIT_S = 5
PING_S = 15


class Connection:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.received = b""
        self.streaming = False
        self.on_gone = None
        self.handled = False
        sock.setblocking(False)
        server.loop.register(sock.fileno(), self._readable)
        server.loop.later(HEAD_LIMIT_S, self._head_limit)

    def _head_limit(self):
        if not self.handled:
            self.close()

    def _readable(self):
        try:
            data = self.sock.recv(1024)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # A waiter that went away keeps its place, as in the firmware: only the socket is let go.
            return self.close()
        self.received += data
        if not self.handled and self._complete():
            self.handled = True
            self._handle()

    def _complete(self):
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return False
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
        return not head.startswith(b"POST ") or len(body) >= length

    def _handle(self):
        head, _, body = self.received.partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].decode("utf-8", "replace").split()
        if len(words) < 2:
            return self.answer(400, '{\n  "error": "bad request"\n}')
        self.server.requests.append(" ".join(words[:2]))
        return self.server.routes.handle(self, words[0], words[1], body.decode("utf-8", "replace"))

    def answer(self, status, body):
        if self.sock is None:
            return  # a dead waiter
        oddities = self.server.device.oddities
        length = len(body) if oddities.counts_characters else len(body.encode())
        head = ("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\n"
                "Connection: close\r\nContent-Length: %d\r\n\r\n" % (status, "OK" if status == 200 else "Error", length))
        data = (head + body).encode()
        fault = self.server.device.next_fault()
        if fault == "swallow":
            return  # and the connection stays open, without a word
        if fault == "cut":
            data = data[:max(1, len(data) - 7)]
        if fault == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            return self.close()
        try:
            self.sock.send(data)  # once; what does not go is lost
        except OSError:
            pass
        return self.close()

    def begin_stream(self):
        self.streaming = True
        self.push("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nAccess-Control-Allow-Origin: *\r\n"
                  "Cache-Control: no-cache\r\nConnection: keep-alive\r\n\r\n")
        self.server.loop.later(PING_S, self._ping)

    def push(self, text):
        if self.sock is None:
            return
        if text.startswith("data: ") and self.server.device.next_fault() == "cut":
            text = text[:len(text) // 2]
        try:
            self.sock.send(text.encode())
        except OSError:
            self.close()

    def _ping(self):
        if self.sock is not None:
            self.push(": ping\n\n")
            self.server.loop.later(PING_S, self._ping)

    def close(self):
        if self.sock is None:
            return
        self.server.loop.forget(self.sock.fileno())
        self.sock.close()
        self.sock = None
        self.server.connections.discard(self)
        if self.on_gone:
            self.on_gone()


class Server:
    def __init__(self, device, loop, host, port):
        self.device = device
        self.loop = loop
        self.routes = None
        self.connections = set()
        self.requests = []  # "GET /info", for looking at
        self.listener = socket.create_server((host, port), backlog=4)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        loop.register(self.listener.fileno(), self._accept)

    def _accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return
        if self.device.unreachable:
            return sock.close()
        self.connections.add(Connection(self, sock))

    def cut_all(self):
        """Connections break without a word to the device's waiters."""
        for connection in list(self.connections):
            connection.close()

    def close(self):
        self.cut_all()
        self.loop.forget(self.listener.fileno())
        self.listener.close()
