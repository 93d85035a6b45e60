"""The front of the web part, black box: what a request head may look like, and who may wait how long."""
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from web_client import WebHub, connect, parse_answer, read_all, until, wait  # noqa: E402


@pytest.fixture(scope="module")
def hub():
    with WebHub(sockets_per_address=4000) as running:
        yield running


GOOD = "GET /api/tracks HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

REFUSED = {
    # name: (head as text or bytes, status, code)
    "bare line feed": (GOOD.replace("\r\n", "\n") + "\n", 400, "bare_line_feed"),
    "one bare line feed": (GOOD + "A: b\n\r\n", 400, "bare_line_feed"),
    "lone carriage return": (GOOD + "A: b\rc\r\n\r\n", 400, "control_character"),
    "NUL in the target": ("GET /a\0b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "control_character"),
    "NUL in a value": (GOOD + "A: b\0c\r\n\r\n", 400, "control_character"),
    "empty first line": ("\r\n" + GOOD + "\r\n", 400, "bad_request_line"),
    "two blanks": ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request_line"),
    "blank in the target": ("GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request_line"),
    "no version": ("GET /\r\nHost: localhost\r\n\r\n", 400, "bad_request_line"),
    "HTTP/9.9": ("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505, "http_version"),
    "HTTP/2 preface": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version"),
    "lower case http": ("GET / http/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request_line"),
    "absolute form": ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
    "authority form": ("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "unknown_method"),
    "asterisk form": ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
    "TRACE": ("TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "unknown_method"),
    "unknown method": ("BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "unknown_method"),
    "lower case method": ("get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "unknown_method"),
    "fragment": ("GET /#a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
    "backslash": ("GET /..\\x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
    "raw UTF-8 in the target": ("GET /Zoë HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), 400, "bad_target"),
    "half an escape": ("GET /%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
    "bad escape": ("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_target"),
    "long target": ("GET /" + "a" * 3000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "target_too_long"),
    "endless first line": ("GET /" + "a" * 16000, 414, "target_too_long"),
    "no Host": ("GET / HTTP/1.1\r\nA: b\r\n\r\n", 400, "host_missing"),
    "no Host, HTTP/1.0": ("GET / HTTP/1.0\r\nA: b\r\n\r\n", 400, "host_missing"),
    "two Hosts": (GOOD + "Host: localhost\r\n\r\n", 400, "host_twice"),
    "blank before the colon": ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "bad_header"),
    "no colon": (GOOD + "Nonsense\r\n\r\n", 400, "bad_header"),
    "empty name": (GOOD + ": x\r\n\r\n", 400, "bad_header"),
    "brackets in a name": (GOOD + "A[b]: x\r\n\r\n", 400, "bad_header"),
    "folded line": (GOOD + "A: b\r\n c\r\n\r\n", 400, "folded_header"),
    "first header folded": ("GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", 400, "folded_header"),
    "encoded word": (GOOD + "A: =?UTF-8?Q?a=0D=0AInjected:_1?=\r\n\r\n", 400, "encoded_word"),
    "101 headers": (GOOD + "".join(f"X-{i}: y\r\n" for i in range(100)) + "\r\n", 431, "too_many_headers"),
    "17 kB head": (GOOD + "A: " + "b" * 17000 + "\r\n\r\n", 431, "head_too_large"),
    "17 kB in small headers": (GOOD + "".join(f"X{i}: {'y' * 300}\r\n" for i in range(60)) + "\r\n",
                               431, "head_too_large"),
    "Expect": (POST + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", 417, "expectation"),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), 400, "control_character"),
    # Lengths: every pair that two readers could understand in two ways.
    "CL and TE": (POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "two_lengths"),
    "TE and CL": (POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, "two_lengths"),
    "TE alone": (POST + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, "transfer_encoding"),
    "TE identity": (POST + "Transfer-Encoding: identity\r\n\r\n", 501, "transfer_encoding"),
    "TE xchunked on GET": (GOOD + "Transfer-Encoding: xchunked\r\n\r\n", 501, "transfer_encoding"),
    "two equal CL": (POST + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400, "two_lengths"),
    "two different CL": (POST + "Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}", 400, "two_lengths"),
    "CL list": (POST + "Content-Length: 2, 2\r\n\r\n{}", 400, "bad_length"),
    "CL -1": (POST + "Content-Length: -1\r\n\r\n", 400, "bad_length"),
    "CL +2": (POST + "Content-Length: +2\r\n\r\n{}", 400, "bad_length"),
    "CL 0x2": (POST + "Content-Length: 0x2\r\n\r\n{}", 400, "bad_length"),
    "CL empty": (POST + "Content-Length:\r\n\r\n", 400, "bad_length"),
    "CL abc": (POST + "Content-Length: abc\r\n\r\n", 400, "bad_length"),
    "CL overflow": (POST + "Content-Length: 18446744073709551618\r\n\r\n{}", 413, "body_too_large"),
    "CL 65537": (POST + "Content-Length: 65537\r\n\r\n", 413, "body_too_large"),
    "POST without CL": (POST + "\r\n", 411, "length_missing"),
    "GET with a body": (GOOD + "Content-Length: 2\r\n\r\n{}", 400, "unexpected_body"),
    # Whose hub is this?
    "foreign Host": ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, "unknown_host"),
    "foreign Host with our port": ("GET / HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n", 421, "unknown_host"),
    "Host with user": ("GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 421, "unknown_host"),
    "Host with path": ("GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n", 421, "unknown_host"),
    "empty Host": ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 421, "unknown_host"),
    "Host with a bad port": ("GET / HTTP/1.1\r\nHost: localhost:http\r\n\r\n", 421, "unknown_host"),
    "looks like localhost": ("GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 421, "unknown_host"),
    "address and more": ("GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 421, "unknown_host"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(hub, name):
    head, status, code = REFUSED[name]
    answer = hub.raw(head if isinstance(head, bytes) else head.encode("latin-1"))
    got, headers, body = parse_answer(answer)
    assert got == status, (name, body)
    assert f'"code":"{code}"'.encode() in body
    assert headers["connection"] == "close" and headers["cache-control"] == "no-store"
    assert hub.get("/api/tracks")["tracks"]  # and nothing else is harmed


ACCEPTED = {
    "plain": GOOD + "\r\n",
    "HTTP/1.0": "GET /api/tracks HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "any case of names": "GET /api/tracks HTTP/1.1\r\nhOST: LOCALHOST\r\n\r\n",
    "blanks around values": GOOD.replace("Host: ", "Host: \t ") + "A:\t b \r\n\r\n",
    "an address as Host": "GET /api/tracks HTTP/1.1\r\nHost: 192.168.1.5:8080\r\n\r\n",
    "an IPv6 address as Host": "GET /api/tracks HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
    "trailing dot": "GET /api/tracks HTTP/1.1\r\nHost: localhost.\r\n\r\n",
    "a query": GOOD.replace("/api/tracks", "/api/tracks?a=1&b=%C3%AB") + "\r\n",
    "an empty query": GOOD.replace("/api/tracks", "/api/tracks?") + "\r\n",
    "64 headers": GOOD + "".join(f"X-{i}: y\r\n" for i in range(63)) + "\r\n",
    "UTF-8 in a value": GOOD + "Cookie: name=Zo\u00eb; x==?y\r\n\r\n",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(hub, name):
    status, _, body = parse_answer(hub.raw(ACCEPTED[name].encode()))
    assert status == 200, (name, body)


@pytest.mark.parametrize("pieces", [1, 7, 40])
def test_a_head_may_come_in_pieces(hub, pieces):
    head = (GOOD + "A: b\r\n\r\n").encode()
    size = -(-len(head) // pieces)
    with hub.connect() as sock:
        for at in range(0, len(head), size):
            sock.sendall(head[at:at + size])
        assert parse_answer(read_all(sock))[0] == 200


def test_a_smuggled_second_request_stays_unanswered(hub):
    second = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = hub.raw((GOOD + "\r\n" + second).encode())
    assert answer.count(b"HTTP/1.1 ") == 1 and b"racehub_facts_total" not in answer
    body = second.encode()
    answer = hub.raw((POST + f"Content-Length: {len(body)}\r\n\r\n").encode() + body + second.encode())
    assert answer.count(b"HTTP/1.1 ") == 1 and parse_answer(answer)[0] == 400


@pytest.mark.parametrize("size", [0, 1, 65536])
def test_a_body_of_any_allowed_size_arrives_whole(hub, size):
    body = b"{" + b" " * (size - 2) + b"}" if size > 1 else b"x" * size
    status, _, text = parse_answer(hub.raw(POST.encode() + f"Content-Length: {size}\r\n\r\n".encode() + body))
    assert status == 400 and (b"bad_pin" if size > 1 else b"not_json") in text


def test_a_body_may_come_late(hub):
    with hub.connect() as sock:
        sock.sendall(POST.encode() + b"Content-Length: 2\r\n\r\n")
        sock.sendall(b"{")
        sock.sendall(b"}")
        assert b"bad_pin" in read_all(sock)


def test_hanging_up_in_the_middle_harms_nobody(hub):
    for part in ("", "GET", GOOD, POST + "Content-Length: 10\r\n\r\n{"):
        with hub.connect() as sock:
            sock.sendall(part.encode())
            sock.shutdown(socket.SHUT_WR)
            assert read_all(sock) == b""
    assert hub.get("/health")["storage"]["ok"]


def test_HEAD_has_the_length_but_not_the_body(hub):
    status, headers, body = hub.request("HEAD", "/api/tracks")
    assert status == 200 and int(headers["content-length"]) > 10 and body == b""


def test_200_dripping_heads_leave_ordinary_requests_fast(hub):
    stop = threading.Event()
    drippers = [connect(hub.port) for _ in range(200)]

    def drip():
        text = GOOD.encode()
        for i in range(10_000):
            for sock in drippers:
                try:
                    sock.send(text[i:i + 1] or b"a")
                except OSError:
                    pass
            if stop.wait(0.02):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        times = []
        for _ in range(200):
            begin = time.monotonic()
            hub.get("/api/tracks")
            times.append(time.monotonic() - begin)
        times.sort()
        assert times[100] < 0.02 and times[-1] < 0.5, (times[100], times[-1])
        # None of them holds its place for longer than five seconds, and each is told why.
        begin = time.monotonic()
        answers = [parse_answer(read_all(sock)) for sock in drippers]
        assert {status for status, _, _ in answers} == {408}
        assert time.monotonic() - begin < 8
    finally:
        stop.set()
        thread.join()
        for sock in drippers:
            sock.close()


def test_a_browser_that_connects_ahead_and_says_nothing_is_no_refusal():
    with WebHub() as hub:
        with connect(hub.port) as silent, connect(hub.port) as dripping:
            dripping.sendall(b"GET / HT")
            assert parse_answer(read_all(dripping))[0] == 408
            assert read_all(silent) == b""
        assert hub.log().count("request_timeout") == 1


def test_who_does_not_read_holds_up_nobody():
    with WebHub(sockets_per_address=200) as hub:
        token = hub.login()
        hub.live(Authorization="Bearer " + token).command("race.start")
        slow = []
        for _ in range(40):  # ten times as many as there are workers
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            sock.connect(("127.0.0.1", hub.port))
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            slow.append(sock)
        begin = time.monotonic()
        assert hub.get("/health")["storage"]["ok"]
        assert time.monotonic() - begin < 0.5
        for sock in slow:
            sock.close()


def test_connections_of_one_address_are_limited_and_told_so():
    with WebHub(sockets_per_address=8) as hub:
        waiting = [connect(hub.port) for _ in range(8)]
        until(lambda: b"too_many_from_address" in hub.raw(GOOD.encode() + b"\r\n"), "the limit")
        status, headers, _ = parse_answer(hub.raw(GOOD.encode() + b"\r\n"))
        assert status == 503 and headers["retry-after"] == "1"
        for sock in waiting:
            sock.close()
        until(lambda: hub.raw(GOOD.encode() + b"\r\n").startswith(b"HTTP/1.1 200"), "the places back")


def test_connections_in_all_are_limited():
    with WebHub(sockets=6, sockets_per_address=100) as hub:
        waiting = [connect(hub.port) for _ in range(6)]
        until(lambda: b"too_many_connections" in hub.raw(GOOD.encode() + b"\r\n"), "the limit")
        for sock in waiting:
            sock.close()


def test_without_file_descriptors_callers_are_told_and_the_hub_does_not_spin():
    with WebHub(sockets_per_address=4000) as hub:
        spectator = hub.live()
        import resource
        used = len(list(Path(f"/proc/{hub.process.pid}/fd").iterdir()))
        resource.prlimit(hub.process.pid, resource.RLIMIT_NOFILE, (used + 8, used + 8))
        waiting = [connect(hub.port) for _ in range(30)]
        until(lambda: "no_descriptors" in hub.log(), "the log line")
        spectator.next("tick")
        before = hub.cpu_s()
        wait(1)
        assert hub.cpu_s() - before < 0.2
        for sock in waiting:
            sock.close()
        until(lambda: hub.raw(GOOD.encode() + b"\r\n").startswith(b"HTTP/1.1 200"), "recovery")
        spectator.next("tick")
