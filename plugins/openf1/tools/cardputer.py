#!/usr/bin/env python3
"""A Pocket Pitwall hand-held without the hand-held: asks and reads as its firmware does, and is as strict.

  cardputer.py HOST:PORT [--seconds 5]     prints what the screen would show, or what the device cannot bear
"""
import argparse
import base64
import hashlib
import json
import os
import socket
import struct
import time

SESSION = 9523  # compiled into the firmware
TIMEOUT_S = 5
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Unbearable(Exception):
    """What the firmware, or a library in it, cannot live with."""


def get(host, port, name):
    """One request, no retry; the body is held in memory twice."""
    with socket.create_connection((host, port), TIMEOUT_S) as link:
        link.sendall(f"GET /session/{SESSION}/{name} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: ESP32HTTPClient\r\n"
                     "Connection: keep-alive\r\nAccept-Encoding: identity;q=1,chunked;q=0.1,*;q=0\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += link.recv(4096) or _fail("the server hung up")
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        if " 200 " not in lines[0] + " ":
            raise Unbearable(f"{name}: {lines[0]}")
        length = int(fields.get("content-length") or _fail("no Content-Length"))
        while len(body) < length:
            body += link.recv(65536) or _fail("the body ends early")
    if length > 20_000:
        raise Unbearable(f"{name}: {length} bytes do not fit into its memory")
    return json.loads(body)


def _fail(what):
    raise Unbearable(what)


def parse(frame):
    """(ms, {driver: (x, y, position)}) exactly as the sketch cuts a frame up."""
    if "|" not in frame:
        return None
    head, *chunks = frame.split("|")
    cars = {}
    for chunk in chunks:
        commas = chunk.count(",")
        if commas == 1:
            raise Unbearable(f"a garbage car from {chunk!r}")
        if commas < 3:
            continue
        driver, x, y, position = (int(float(part)) for part in chunk.split(",")[:4])
        if position <= 0:
            raise Unbearable(f"car {driver} would stand above the leader")
        cars[driver] = (x, y, position)
    return int(head), cars


class Socket:
    """The websocket library of the firmware: its handshake, its checks."""

    def __init__(self, host, port, session=SESSION):
        self.link = socket.create_connection((host, port), TIMEOUT_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.link.sendall(f"GET /ws/{session} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: arduino\r\n"
                          "Origin: file://\r\nUser-Agent: arduino-WebSocket-Client\r\n\r\n".encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if " 101 " not in lines[0] or fields.get("connection", "").lower() != "upgrade" \
                or fields.get("upgrade", "").lower() != "websocket" or fields.get("sec-websocket-accept") != accept:
            raise Unbearable(f"the handshake: {lines}")

    def more(self):
        got = self.link.recv(65536)
        if not got:
            raise Unbearable("the server hung up")
        self.data += got

    def take(self, count):
        while len(self.data) < count:
            self.more()
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def frame(self):
        """(opcode, payload)"""
        first, length = self.take(2)
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        if first & 0x80 == 0 or length > 15_000 or length == 127:
            raise Unbearable("a fragment, or a frame of more than 15 kB")
        return first & 15, self.take(length)

    def text(self):
        opcode, payload = self.frame()
        if opcode != 1:
            raise Unbearable(f"opcode {opcode}: {payload!r}")
        return payload.decode()

    def ping(self, payload=b"hello"):
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.link.sendall(bytes([0x89, 0x80 | len(payload)]) + mask + masked)

    def close(self):
        self.link.close()


def boot(host, port):
    """The three requests of its start, in order."""
    drivers = get(host, port, "drivers")
    layout = get(host, port, "track_layout")
    meta = get(host, port, "race_metadata")
    for driver in drivers:
        if not isinstance(driver["driver_number"], int) or len(driver["team_colour"]) != 6:
            raise Unbearable(f"a black dot: {driver}")
        int(driver["team_colour"], 16)
    bounds = layout["bounds"]
    if bounds["max_x"] == bounds["min_x"] or bounds["max_y"] == bounds["min_y"]:
        raise Unbearable("it divides by the size of the track, which is nothing")
    for point in layout["track_path"] + layout.get("pit_path", []):
        point["x"], point["y"]
    return drivers, layout, meta


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    host, port = options.address.split(":")
    drivers, layout, meta = boot(host, int(port))
    names = {d["driver_number"]: d["name_acronym"] for d in drivers}
    print(f"{len(drivers)} drivers, {len(layout['track_path'])} points, fastest: {meta['fastest_lap']}")
    link = Socket(host, int(port))
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        ms, cars = parse(link.text())
        top = sorted(cars.items(), key=lambda car: car[1][2])[:6]
        print(f"{ms / 1000:8.1f} s  " + "  ".join(f"{at[2]} {names.get(n, '???')}" for n, at in top))
    link.close()


if __name__ == "__main__":
    main()
