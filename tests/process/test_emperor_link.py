"""The connection to a race-control server: TLS, what servers refuse, what breaks, and "test connection"."""
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from emperor_place import ADA, ROOT, Place, begin_race, race, server, wait_until  # noqa: E402

BUILD = Path(os.environ.get("RACEHUB_BUILD", ROOT / "build"))


def ask(url, **config):
    command = [BUILD / "bin/racehub-plugin-host", "examine", BUILD / "plugins/emperor.so", "0", "test"]
    done = subprocess.run(command, input=json.dumps({"url": url, **config}), text=True, capture_output=True,
                          timeout=20, check=True)
    answer = json.loads(done.stdout)
    return answer["ok"], answer["text"]


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory):
    """A certificate for localhost, its authority, and another one's."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.crt")
    return folder


def test_tls_is_checked(tls):
    certificate = (tls / "server.crt", tls / "server.key")
    with Place(scheme="wss", certificate=certificate, ca_file=str(tls / "ca.crt")) as place:
        place.connected()
        begin_race(place)
        place.server.cut()
        place.go(60)
        place.racing.lap(ADA, 60_000)
        place.wait_laps("Ada L.", [60_000])
        port = place.server.port
        ok, text = ask(f"wss://localhost:{port}", ca_file=str(tls / "ca.crt"))
        assert ok and "by TLS" in text and "2 drivers" in text
        for url, config, words in (
                (f"wss://localhost:{port}", {}, "is not accepted"),
                (f"wss://localhost:{port}", {"ca_file": str(tls / "other.crt")}, "is not accepted"),
                (f"wss://127.0.0.1:{port}", {"ca_file": str(tls / "ca.crt")}, "use the name"),
                (f"wss://localhost:{port}", {"ca_file": str(tls / "names")}, "cannot be read"),
                (f"ws://localhost:{port}", {}, "no web server")):
            ok, text = ask(url, **config)
            assert not ok and words in text, text
        ok, text = ask(f"wss://127.0.0.1:{port}", tls_insecure=True)
        assert ok and "not checked" in text


def test_what_servers_refuse():
    with server.Server() as place:
        url = f"ws://127.0.0.1:{place.port}"
        ok, text = ask(url)
        assert ok and "no session to show" in text
        for refusal, words in (
                (("302 Found", "Location: /login\r\n"), "wants a login"),
                (("302 Found", "Location: https://elsewhere.example/\r\n"), "elsewhere.example"),
                (("403 Forbidden", ""), "leave origin empty"),
                (("404 Not Found", ""), "performance mode"),
                (("500 Oops", ""), "answers 500"),
                (("101 Switching Protocols", "Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n"), "no websocket")):
            place.refuse = refusal
            ok, text = ask(url)
            assert not ok and words in text, text
        place.refuse = None
        ask(url, origin="http://club.example", cookie="session=1", headers=[{"name": "X-Club", "value": "us"}])
        head = place.requests[-1]
        assert (head["origin"], head["cookie"], head["x-club"]) == ("http://club.example", "session=1", "us")
        assert head["path"] == "/api/race-control"
        ok, text = ask(url + "/live-timing")  # the page that a browser shows
        assert ok and "origin" not in place.requests[-1]
    ok, text = ask(url)
    assert not ok and "Nobody listens" in text
    ok, text = ask("wss://no-such-host.invalid")
    assert not ok and "cannot be found" in text
    ok, text = ask("ftp://x")
    assert not ok and "url must begin with" in text


def test_what_is_wrong_is_shown():
    with Place() as place:
        place.connected()
        place.server.refuse = ("302 Found", "Location: /login\r\n")
        place.server.cut()
        place.hub.wait_source("emperor", "failed")
        assert "wants a login" in place.hub.source("emperor")["text"]


def test_silence_and_broken_frames_end_the_connection():
    with Place(silence_s=2) as place:
        place.connected()
        begin_race(place)
        place.server.wait_clients(2)  # the stand-in pings every ten seconds only: it went silent
        place.go(60)
        place.racing.lap(ADA, 60_000)
        place.wait_laps("Ada L.", [60_000])
        for broken in (b"\xff\xff\xff", b"\x81\xff", server.frame(b"\xff\xfe"), b"\x81\x7f\x00\x00\x00\x01" + b"\0" * 4):
            count = sum(1 for head in place.server.requests if head.get("upgrade"))
            place.server.clients[-1].sock.sendall(broken)
            place.server.wait_clients(count + 1)
        place.racing.lap(ADA, 61_000)
        place.wait_laps("Ada L.", [60_000, 61_000])


def test_messages_in_pieces_and_large_ones():
    with Place() as place:
        place.connected()
        begin_race(place)
        place.racing.send = lambda text: place.server.send(text, pieces=7)
        # A long session never forgets a collision.
        for _ in range(900):
            place.racing.connected[ADA]["Collisions"] = (place.racing.connected[ADA]["Collisions"] or []) + [
                {"ID": "x", "Type": "with environment", "Time": race.stamp(place.now), "Speed": 3}]
        place.go(60)
        place.racing.lap(ADA, 60_000)
        assert len(place.racing.stored) > 80_000
        place.wait_laps("Ada L.", [60_000])


def test_nobody_answers_but_the_port_is_open():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        ok, text = ask(f"wss://127.0.0.1:{port}")
        assert not ok and "does not answer in TLS" in text


def png(width, height):
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x06\0\0\0" + b"\0" * 5000


def test_the_servers_map_and_the_learned_line():
    with Place() as place:
        folder = "/content/tracks/ks_nordschleife"
        place.server.files[f"{folder}/map.png"] = png(1000, 600)
        place.connected()
        begin_race(place, race.PRACTICE)

        def track_map():
            return place.hub.track().get("map") or {}

        image = wait_until(lambda: track_map().get("image"), "the server's map")
        assert image["url"] == f"http://localhost:{place.server.port}{folder}/map.png"
        assert (image["width_px"], image["height_px"], image["um_per_px"]) == (1000, 600, 1_250_000)
        assert (image["offset_x_mm"], image["offset_y_mm"]) == (480_500, 310_250)
        for i in range(500):
            place.racing.update(ADA, (i, 0, -i), spline=(0.9 + i / 400) % 1)
        wait_until(lambda: len(track_map()["path"]) > 300, "a line")
        assert track_map()["image"] == image and track_map()["name"] == "Test Ring"


def test_a_map_is_learned_where_the_server_shows_none():
    with Place() as place:
        place.connected()
        begin_race(place, race.PRACTICE)
        for i in range(500):
            place.racing.update(ADA, (i, 0, -i), spline=(0.9 + i / 400) % 1)
        found = wait_until(lambda: place.hub.track().get("map"), "a map")
        assert len(found["path"]) > 300 and "image" not in found
