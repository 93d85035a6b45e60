"""Websocket conformance of the live socket: RFC 6455 from the wire, with a client that does everything wrong."""
import asyncio
import json
import struct
import sys
import time
from pathlib import Path

import pytest
import websockets

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from web_client import RawSocket, WebHub, frame, wait  # noqa: E402

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


@pytest.fixture(scope="module")
def hub():
    with WebHub(sockets_per_address=4000) as running:
        yield running
        assert running.get("/health")["storage"]["ok"]


def ping(t):
    return json.dumps({"type": "ping", "t": t}).encode()


def close(code=None, reason=b""):
    return frame(CLOSE, (b"" if code is None else struct.pack("!H", code)) + reason)


def chunks(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


# ---- What must work, however it is cut ----

TEXT_ZOE = '{"type":"ping","t":1,"who":"Zoë 🏎 日本"}'.encode()
GOOD = {
    "one frame": [frame(TEXT, ping(1))],
    "empty mask": [frame(TEXT, ping(1)).replace(b"\x11\x22\x33\x44", b"\x11\x22\x33\x44")],
    "16-bit length": [frame(TEXT, ping(1) + b" " * 200)],
    "exactly 125": [frame(TEXT, ping(1) + b" " * (125 - len(ping(1))))],
    "exactly 126": [frame(TEXT, ping(1) + b" " * (126 - len(ping(1))))],
    "exactly 4096": [frame(TEXT, ping(1) + b" " * (4096 - len(ping(1))))],
    "two fragments": [frame(TEXT, ping(1)[:5], fin=False), frame(CONTINUATION, ping(1)[5:])],
    "many fragments": [frame(TEXT, b"", fin=False)]
    + [frame(CONTINUATION, bytes([b]), fin=False) for b in ping(1)] + [frame(CONTINUATION)],
    "1,000 empty fragments": [frame(TEXT, b"", fin=False)]
    + [frame(CONTINUATION, b"", fin=False)] * 1000 + [frame(CONTINUATION, ping(1))],
    "ping between fragments": [frame(TEXT, ping(1)[:5], fin=False), frame(PING, b"in between"),
                               frame(CONTINUATION, ping(1)[5:])],
    "unasked pong": [frame(PONG, b"hello"), frame(TEXT, ping(1))],
    "UTF-8 cut inside characters": [frame(TEXT, TEXT_ZOE[:33], fin=False),
                                    frame(CONTINUATION, TEXT_ZOE[33:34], fin=False),
                                    frame(CONTINUATION, TEXT_ZOE[34:])],
    "largest character": [frame(TEXT, b'{"type":"ping","t":1,"x":"\xf4\x8f\xbf\xbf"}')],
    "noncharacter": [frame(TEXT, b'{"type":"ping","t":1,"x":"\xef\xbf\xbe"}')],
}


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 7, 1000], ids=lambda c: f"cut {c}" if c else "whole")
@pytest.mark.parametrize("name", GOOD)
def test_good(hub, name, cut):
    data = b"".join(GOOD[name])
    with hub.live() as ws:
        ws.next("hello")
        if len(data) > 1500 and 0 < cut < 7:
            cut *= 100
        for chunk in chunks(data, cut) if cut else [data]:
            ws.send_bytes(chunk)
        answers = []
        while not answers or answers[-1] != "pong":
            opcode, payload = ws.receive()
            if opcode == PONG:
                answers.append(payload)
            elif json.loads(payload)["type"] in ("pong", "error"):
                answers.append(json.loads(payload)["type"])
        assert answers == (["pong"] if "ping" not in name else [b"in between", "pong"])


def test_control_frames(hub):
    with hub.live() as ws:
        ws.next("hello")
        for payload in (b"", b"x", b"\x00\xff\xfe", b"y" * 125):
            ws.send_bytes(frame(PING, payload))
            while (got := ws.receive())[0] != PONG:
                pass
            assert got == (PONG, payload)


def test_frames_right_behind_the_handshake(hub):
    with RawSocket(hub.port, early=frame(TEXT, ping(7))) as ws:
        assert ws.next("pong")["t"] == 7


# ---- What must end, and with which code ----

BAD = {
    # name: (bytes, close code that we must send)
    "unmasked": (frame(TEXT, ping(1), mask=False), 1002),
    "unmasked empty": (frame(TEXT, b"", mask=False), 1002),
    "unmasked ping": (frame(PING, b"", mask=False), 1002),
    "unmasked close": (frame(CLOSE, b"", mask=False), 1002),
    **{f"RSV{bit} on text": (frame(TEXT, ping(1), rsv=4 >> (bit - 1)), 1002) for bit in (1, 2, 3)},
    **{f"RSV{bit} on ping": (frame(PING, b"", rsv=4 >> (bit - 1)), 1002) for bit in (1, 2, 3)},
    "RSV1 on a continuation": (frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"}", rsv=4), 1002),
    **{f"opcode {op}": (frame(op, b""), 1002) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    **{f"opcode {op} with payload": (frame(op, b"abc"), 1002) for op in (3, 7, 11, 15)},
    "binary": (frame(BINARY, ping(1)), 1003),
    "empty binary": (frame(BINARY, b""), 1003),
    "binary fragment": (frame(BINARY, b"a", fin=False), 1003),
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "unfinished continuation of nothing": (frame(CONTINUATION, b"x", fin=False), 1002),
    "continuation after the end": (frame(TEXT, b"{}") + frame(CONTINUATION, b"x"), 1002),
    "text inside a message": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
    "binary inside a message": (frame(TEXT, b"{", fin=False) + frame(BINARY, b"}"), 1002),
    "fragmented ping": (frame(PING, b"a", fin=False), 1002),
    "fragmented pong": (frame(PONG, b"a", fin=False), 1002),
    "fragmented close": (frame(CLOSE, b"", fin=False), 1002),
    "ping of 126": (frame(PING, b"a" * 126), 1002),
    "pong of 126": (frame(PONG, b"a" * 126), 1002),
    "close of 126": (frame(CLOSE, struct.pack("!H", 1000) + b"a" * 124), 1002),
    "ping with a 16-bit length": (frame(PING, b"a", size_bytes=2), 1002),
    "ping with a 64-bit length": (frame(PING, b"a", size_bytes=8), 1002),
    "16-bit length for 5": (frame(TEXT, b"aaaaa", size_bytes=2), 1002),
    "64-bit length for 5": (frame(TEXT, b"aaaaa", size_bytes=8), 1002),
    "64-bit length for 500": (frame(TEXT, b"a" * 500, size_bytes=8), 1002),
    "64-bit length for 65535": (frame(TEXT, b"", length=65535, size_bytes=8), 1002),
    "top bit of the length": (frame(TEXT, b"", length=1 << 63, size_bytes=8), 1002),
    # Announced lengths are refused at once, before a byte of payload and without memory for it.
    "2^63-1 announced": (frame(TEXT, b"", length=(1 << 63) - 1, size_bytes=8), 1009),
    "2^32 announced": (frame(TEXT, b"", length=1 << 32, size_bytes=8), 1009),
    "2 GB announced": (frame(TEXT, b"", length=(1 << 31) - 1, size_bytes=8), 1009),
    "65536 announced": (frame(TEXT, b"", length=65536, size_bytes=8), 1009),
    "4097 announced": (frame(TEXT, b"", length=4097, size_bytes=2), 1009),
    "fragments over the limit": (frame(TEXT, b"a" * 3000, fin=False) + frame(CONTINUATION, b"a" * 3000), 1009),
    "1,025 fragments": (frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 1025, 1008),
    # Texts that are not UTF-8.
    **{f"text {data.hex()}": (frame(TEXT, data), 1007) for data in (
        b"\x80", b"\xbf", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf",
        b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff",
        b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"a\xc3", b"\xe2\x82", b"\xf0\x9f\x8f",
        b"\xc3(", b"\xe2(\xa1", b"\xf0\x9f(\x8f", b"caf\xe9")},
    "bad UTF-8 in a later fragment": (frame(TEXT, b"\xe2\x82", fin=False) + frame(CONTINUATION, b"("), 1007),
    "UTF-8 unfinished at the end": (frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x82"), 1007),
    # Our own rate limit ends a flood; nothing behind it is answered.
    "flood of messages": (frame(TEXT, ping(1)) * 200, 1008),
    "flood of pings": (frame(PING, b"") * 200, 1008),
    # Closing.
    "close 1000": (close(1000), 1000),
    "close with a reason": (close(1001, "tschüß".encode()), 1001),
    "close 3000": (close(3000), 3000),
    "close 4999": (close(4999, b"x" * 123), 4999),
    "close without a code": (close(), 0),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    **{f"close {code}": (close(code), 1002) for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999,
                                                         5000, 65535)},
    "close with a bad reason": (close(1000, b"\xff"), 1007),
    "close with half a character": (close(1000, b"\xe2\x82"), 1007),
    "close inside a message": (frame(TEXT, b"{", fin=False) + close(1000), 1000),
    "text behind a close": (close(1000) + frame(TEXT, ping(1)), 1000),
    "garbage behind a close": (close(1000) + b"\xff" * 100, 1000),
}


@pytest.mark.parametrize("cut", [0, 1, 3, 11], ids=lambda c: f"cut {c}" if c else "whole")
@pytest.mark.parametrize("name", BAD)
def test_bad(hub, name, cut):
    data, code = BAD[name]
    with hub.live() as ws:
        ws.next("hello")
        if len(data) > 500 and cut:
            cut *= 100
        for chunk in chunks(data, cut) if cut else [data]:
            ws.send_bytes(chunk)
        assert ws.close_code() == code


def test_announcing_much_takes_no_memory(hub):
    before = hub.rss_kb()
    sockets = [hub.live() for _ in range(300)]
    for ws in sockets:
        ws.send_bytes(frame(TEXT, b"a", length=4096, size_bytes=2))
        ws.send_bytes(frame(TEXT, b"a", length=(1 << 31) - 1, size_bytes=8)[:9])
    hub.get("/health")
    assert hub.rss_kb() - before < 8 * 1024
    for ws in sockets:
        ws.sock.close()


def test_an_idle_spectator_costs_less_than_4_kB(hub):
    warm = [hub.live() for _ in range(50)]
    before = hub.rss_kb()
    sockets = [hub.live() for _ in range(1500)]
    for ws in sockets:
        ws.next("sources")
    assert hub.metric("web_spectators") == 1550
    each = (hub.rss_kb() - before) / 1500
    for ws in warm + sockets:
        ws.sock.close()
    assert each < 4, each


def test_twenty_messages_a_second_are_fine(hub):
    with hub.live() as ws:
        ws.next("hello")
        for i in range(50):  # the burst
            ws.send({"type": "ping", "t": i})
        begin = time.monotonic()
        for i in range(20):
            wait(0.06)
            ws.send({"type": "ping", "t": 100 + i})
        assert ws.next("pong", t=119) and time.monotonic() - begin < 3


# ---- The handshake ----

HANDSHAKE = {
    # name: (path, headers, status)
    "good": ("/live", {}, 101),
    "good, any case": ("/live", {"Upgrade": "WebSocket", "Connection": "keep-alive, UPGRADE"}, 101),
    "extensions are not taken": ("/live", {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
                                 101),
    "own origin": ("/live", {"Origin": "http://HOST"}, 101),
    "foreign origin": ("/live", {"Origin": "http://evil.example"}, 403),
    "foreign port": ("/live", {"Origin": "http://127.0.0.1:1"}, 403),
    "null origin": ("/live", {"Origin": "null"}, 403),
    "origin of a file": ("/live", {"Origin": "file://"}, 403),
    "empty origin": ("/live", {"Origin": ""}, 403),
    "origin with a path": ("/live", {"Origin": "http://HOST/x"}, 403),
    "origin with our name in front": ("/live", {"Origin": "http://HOST.evil.example"}, 403),
    "cross-site": ("/live", {"Sec-Fetch-Site": "cross-site"}, 403),
    "no version": ("/live", {"Sec-WebSocket-Version": None}, 426),
    "version 8": ("/live", {"Sec-WebSocket-Version": "8"}, 426),
    "no upgrade": ("/live", {"Upgrade": None}, 426),
    "upgrade to h2c": ("/live", {"Upgrade": "h2c"}, 426),
    "no connection": ("/live", {"Connection": None}, 426),
    "connection: close": ("/live", {"Connection": "close"}, 426),
    "no key": ("/live", {"Sec-WebSocket-Key": None}, 400),
    "short key": ("/live", {"Sec-WebSocket-Key": "AAAA"}, 400),
    "key of 15 bytes": ("/live", {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA"}, 400),
    "key that is no base64": ("/live", {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAA!=="}, 400),
    "foreign host": ("/live", {"Host": "evil.example"}, 421),
    "another address": ("/nothing", {}, 404),
}


@pytest.mark.parametrize("name", HANDSHAKE)
def test_handshake(hub, name):
    path, headers, status = HANDSHAKE[name]
    headers = {k: v and v.replace("HOST", f"127.0.0.1:{hub.port}") for k, v in headers.items()}
    with RawSocket(hub.port, path, headers) as ws:
        assert ws.status == status
        if status == 101:
            assert ws.next("hello")


def test_accept_key_is_the_one_of_the_standard(hub):
    answer = hub.connect()
    answer.sendall(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{hub.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
    head = answer.recv(4096).split(b"\r\n\r\n")[0]
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    assert b"Extensions" not in head and b"Protocol:" not in head
    answer.close()


# ---- An independent peer ----

def test_python_websockets_agrees(hub):
    async def talk():
        uri = f"ws://127.0.0.1:{hub.port}/live"
        async with websockets.connect(uri) as ws:
            assert json.loads(await ws.recv())["type"] == "hello"
            assert json.loads(await ws.recv())["type"] == "snapshot"
            await asyncio.wait_for(await ws.ping(b"abc"), 5)

            async def pieces():
                for byte in '{"type":"ping","t":5}':
                    yield byte
            await ws.send(pieces())
            while (message := json.loads(await ws.recv()))["type"] != "pong":
                pass
            assert message["t"] == 5
            await ws.close(4000, "bye")
            assert ws.close_code == 4000
        async with websockets.connect(uri) as ws:
            await ws.send("x" * 5000)
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    await ws.recv()
            assert ws.close_code == 1009
    asyncio.run(asyncio.wait_for(talk(), 20))
