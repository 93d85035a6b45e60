"""Heats on the real hub: from the director's command to facts on the live socket, and the hub as a Track Controller."""

import json
import socket

import pytest
from mosquitto import wait_until
from track_controller_bench import WAY_IDS, WAYS
from track_controller_evening import Evening

ALL = {lane: 20 + lane for lane in range(1, 7)}


@pytest.mark.parametrize("way", WAYS, ids=WAY_IDS)
def test_heats_of_an_evening(way, tmp_path):
    with Evening(way, tmp_path) as evening:
        hub, watcher = evening.hub, evening.watcher
        race_id = evening.arm()
        evening.wait_armed()
        device_id = evening.race(ALL)
        (_, timed), = watcher.wait("heat.timed", race_id)
        assert timed["data"]["report_id"] == device_id
        watcher.wait("race.finished", race_id)
        assert evening.times_ms() == ALL

        # Nobody arrived: held, and not final before the director says so.
        race_id = evening.arm()
        evening.wait_armed()
        evening.race({})
        (_, held), = watcher.wait("race.held", race_id)
        assert held["data"]["hold"] == "all_dnf" and hub.phase("derby") == "held"
        assert not [f for _, f in watcher.of_type("race.finished") if f["race_id"] == race_id]
        # Two lanes again.
        entries = [e["entry"]["entry"] for e in hub.race("derby")["entries"] if e["entry"]["lane"] in (2, 5)]
        evening.order("heat.rerun", entries=entries, reason="cars were not on the track")
        evening.wait_armed([2, 5])
        evening.race({2: 31, 5: 33})
        watcher.wait("race.finished", race_id)
        assert evening.times_ms() == {2: 31, 5: 33}

        # The hub dies while cars run: the device has the result, and it counts once.
        race_id = evening.arm()
        evening.wait_armed()
        evening.race({lane: 100 + lane for lane in ALL})
        hub.kill()
        wait_until(lambda: evening.device.phase()[0] == "IDLE", "the race is over")
        hub.start()
        wait_until(lambda: hub.phase("derby") == "finished", "the result of that race")
        assert evening.times_ms() == {lane: 100 + lane for lane in ALL}
        facts = hub.get(f"/api/races/{race_id}/facts")["facts"]
        assert [f["type"] for f in facts].count("heat.timed") == 1
        hub.wait_source("timer")
        token = hub.login()

        evening.token = token
        # A heat that was aborted while its cars ran is offered, once, and not taken for the next.
        race_id = evening.arm()
        evening.wait_armed()
        foreign = evening.race({lane: 500 for lane in ALL} | {1: 480})
        evening.order("race.abort", reason="somebody on the track")
        wait_until(lambda: hub.track("derby").get("offers"), "the offer")
        again = evening.arm()
        evening.wait_armed()
        assert [o["report_id"] for o in hub.track("derby")["offers"]] == [foreign]
        assert hub.phase("derby") == "armed"
        evening.race(ALL)
        watcher.wait("race.finished", again)
        assert len(hub.track("derby")["offers"]) == 1
        assert race_id != again


def ask(port, request, whole=True):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(request.encode() + (b"\r\n\r\n" if whole else b""))
        return read(sock)


def read(sock):
    data = b""
    while chunk := sock.recv(4096):
        data += chunk
    head, _, body = data.decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert f"Content-Length: {len(body)}" in lines and "Connection: close" in lines
    assert "Access-Control-Allow-Origin: *" in lines and "Content-Type: application/json" in lines
    return lines[0], json.loads(body)


def wait_for_race(port, query=""):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.sendall(f"GET /wait/race{query} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
    return sock


def fifth(port):
    """What one more waiter is told; nothing if it got a place, which it gives back."""
    with wait_for_race(port) as sock:
        sock.settimeout(0.3)
        try:
            return read(sock)
        except TimeoutError:
            return None


def test_the_hub_as_a_track_controller(tmp_path):
    with Evening(("http", 1), tmp_path, offers=True) as evening:
        hub, port = evening.hub, evening.serve_port
        hub.wait_source("offer")
        hub.wait_source("reader")  # which is this plugin, reading the hub
        assert ask(port, "GET /info HTTP/1.1") == (
            "HTTP/1.1 200 OK", {"firmware": "racehub-0.1.0", "lane_count": 6, "protocol": "1.0"})
        assert ask(port, "GET /state HTTP/1.1")[1] is None
        assert ask(port, "POST /info HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", False) == (
            "HTTP/1.1 405 Error", {"error": "method not allowed"})
        assert ask(port, "GET /nothing HTTP/1.1")[0] == "HTTP/1.1 404 Error"

        # Armed by the hub's director; the copy of the track waits for it, too.
        copy_id = evening.arm("copy")
        race_id = evening.arm()
        evening.wait_armed()
        waiters = [wait_for_race(port, "?lanes=123456") for _ in range(3)]
        # These three and the copy: no place is left for a fifth.
        wait_until(lambda: fifth(port) == ("HTTP/1.1 503 Error", {"error": "too many wait clients"}), "no place is left")
        waiters.pop().close()  # who goes away gives the place back
        evening.race(ALL)
        evening.watcher.wait("race.finished", race_id)
        for waiter in waiters:
            _, race = read(waiter)
            assert race == {"race_id": race_id, "times_ms": {str(lane): ms for lane, ms in ALL.items()}}
            waiter.close()
        assert ask(port, "GET /state HTTP/1.1")[1] == race
        assert ask(port, "GET /wait/race?after=other&lanes=99 HTTP/1.1")[1] == race
        evening.watcher.wait("race.finished", copy_id)
        assert evening.times_ms("copy") == ALL

        # A held heat is not told; accepted, it is.
        race_id = evening.arm()
        evening.wait_armed()
        waiter = wait_for_race(port, "?after=" + race["race_id"])
        evening.race({lane: 50 for lane in ALL})
        evening.watcher.wait("race.held", race_id)
        assert ask(port, "GET /state HTTP/1.1")[1] == race
        evening.order("heat.accept")
        assert read(waiter)[1]["race_id"] == race_id
        waiter.close()


def test_a_port_that_is_taken(tmp_path):
    with Evening(("http", 1), tmp_path, offers=True) as evening:
        evening.hub.wait_source("offer")
        other = {"library": "track_controller", "track": "derby",
                 "config": {"transport": "none", "serve_port": evening.serve_port}}
        status, _, body = evening.hub.request("POST", "/api/sources/second/settings", other,
                                              {"Authorization": f"Bearer {evening.token}"})
        assert status in (200, 201), body
        evening.hub.wait_source("second", "degraded")
        assert "is used by another program" in evening.hub.source("second")["text"]
