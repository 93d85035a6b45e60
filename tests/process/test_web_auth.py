"""Who may do what: every route and every kind of message for every role, origins, PIN and sessions."""
import json
import os
import stat
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from web_client import RawSocket, WebHub  # noqa: E402


@pytest.fixture(scope="module")
def hub():
    with WebHub(sockets_per_address=4000, origins=["https://club.example"], hosts=["race.club.example"]) as running:
        yield running


def token_of(hub):
    """One login serves the whole module: tries are limited, as they should be."""
    if not hasattr(hub, "token"):
        hub.token = hub.login()
    return hub.token


# Credentials that are none. "expired" and "revoked" are tested below: they need a past.
STRANGERS = {
    "nobody": {},
    "empty bearer": {"Authorization": "Bearer "},
    "wrong bearer": {"Authorization": "Bearer " + "0" * 64},
    "bearer of another scheme": {"Authorization": "Basic TOKEN"},
    "bearer without scheme": {"Authorization": "TOKEN"},
    "half a token": {"Authorization": "Bearer HALF"},
    "the token's hash": {"Authorization": "Bearer HASH"},
    "the session's id": {"Authorization": "Bearer IDENT"},
    "wrong cookie": {"Cookie": "racehub_session=" + "f" * 64},
    "cookie of another name": {"Cookie": "session=TOKEN"},
    "cookie with a longer name": {"Cookie": "xracehub_session=TOKEN"},
    "empty cookie": {"Cookie": "racehub_session="},
    "token in the query": {},
}
DIRECTORS = {
    "bearer": {"Authorization": "Bearer TOKEN"},
    "bearer in any case": {"Authorization": "bearer TOKEN"},
    "cookie": {"Cookie": "racehub_session=TOKEN"},
    "cookie among others": {"Cookie": "a=b; racehub_session=TOKEN; c=d"},
    "cookie from our own page": {"Cookie": "racehub_session=TOKEN", "Origin": "http://HOST"},
    "cookie from a page that is allowed": {"Cookie": "racehub_session=TOKEN", "Origin": "https://club.example"},
}
FOREIGN = {
    "foreign page": {"Origin": "http://evil.example"},
    "foreign port": {"Origin": "http://127.0.0.1:1"},
    "other scheme and port": {"Origin": "https://127.0.0.1"},
    "null origin": {"Origin": "null"},
    "sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "old browser's image or form": {"Sec-Fetch-Site": "cross-site"},
    "subdomain of an allowed one": {"Origin": "https://x.club.example"},
    "allowed one without TLS": {"Origin": "http://club.example"},
}


def filled(headers, hub):
    import hashlib
    token = token_of(hub)
    ident = json.loads(hub.request("GET", "/api/sessions", headers={"Authorization": "Bearer " + token})[2])
    words = {"TOKEN": token, "HALF": token[:32], "HASH": hashlib.sha256(token.encode()).hexdigest(),
             "IDENT": ident["sessions"][0]["id"], "HOST": f"127.0.0.1:{hub.port}"}
    out = {}
    for name, value in headers.items():
        for word, text in words.items():
            value = value.replace(word, text)
        out[name] = value
    return out


def routes(hub, access):
    return [r for r in hub.get("/api")["routes"] if r["access"] == access]


def concrete(path):
    return path.replace("{track}", "one").replace("{race_id}", "1").replace("{source}", "bad") \
        .replace("{session}", "none")


def ask(hub, route, headers):
    body = {"id": f"auth-{time.monotonic_ns()}", "command": "race.explode"} if route["method"] == "POST" else None
    return hub.request(route["method"], concrete(route["path"]), body, headers)


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_may_watch_and_nothing_else(hub, who):
    headers = filled(STRANGERS[who], hub)
    suffix = "?token=" + token_of(hub) if who == "token in the query" else ""
    for route in routes(hub, "director"):
        status, _, body = ask(hub, {**route, "path": route["path"] + suffix}, headers)
        assert status == 401 and json.loads(body)["error"]["code"] == "not_director", (who, route)
    for route in routes(hub, "everybody"):
        if route["method"] == "GET":
            assert ask(hub, route, headers)[0] in (200, 404), (who, route)
    with hub.live("/live" + suffix, **headers) as ws:
        assert ws.next("hello")["director"] is False
        outcome = ws.command("race.start")
        assert outcome["accepted"] is False and outcome["code"] == "not_director"
    with hub.live("/ws" + suffix, **headers) as ws:
        ws.message()
        for word in ("start", "stop", "reset"):
            ws.send_text(word)
            assert ws.message()["type"] == "status"
    assert hub.get("/health")["seq"] == 2


@pytest.mark.parametrize("who", DIRECTORS)
def test_directors_may(hub, who):
    headers = filled(DIRECTORS[who], hub)
    for route in routes(hub, "director"):
        if (route["method"], route["path"]) in (("DELETE", "/api/session"), ("DELETE", "/api/sessions")):
            continue  # tested below: they end the session
        assert ask(hub, route, headers)[0] in (200, 400, 404, 409), (who, route)
    with hub.live(**headers) as ws:
        assert ws.next("hello")["director"] is True
        assert ws.command("race.explode")["code"] == "unknown_command"


@pytest.mark.parametrize("who", FOREIGN)
def test_foreign_pages_may_not_even_with_a_session(hub, who):
    for credentials in DIRECTORS["bearer"], DIRECTORS["cookie"]:
        headers = filled({**credentials, **FOREIGN[who]}, hub)
        for route in hub.get("/api")["routes"]:
            if route["method"] == "GET":
                continue
            status, _, body = ask(hub, route, headers)
            assert status == 403, (who, route, body)
        for path in ("/live", "/ws"):
            with RawSocket(hub.port, path, headers) as ws:
                assert ws.status == 403
    assert hub.get("/api/session", **filled(DIRECTORS["bearer"], hub))["director"] is True


def test_a_foreign_page_cannot_log_in_nor_use_a_form(hub):
    body = {"pin": hub.pin}
    assert hub.request("POST", "/api/session", body, {"Origin": "http://evil.example"})[0] == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None, "application/jsonx"):
        assert hub.request("POST", "/api/session", json.dumps(body).encode(), {"Content-Type": kind})[0] == 415
    assert hub.request("POST", "/api/session", b"{}", {"Content-Type": "application/JSON; charset=utf-8"})[0] == 400


def test_no_answer_allows_other_origins(hub):
    for origin in ("http://evil.example", "https://club.example"):
        for method, path in (("GET", "/api/tracks"), ("OPTIONS", "/api/session"), ("GET", "/")):
            _, headers, _ = hub.request(method, path, headers={"Origin": origin})
            assert not [name for name in headers if name.startswith("access-control")]


def test_configured_host_names_are_ours(hub):
    assert hub.request("GET", "/api/tracks", headers={"Host": "race.club.example:8080"})[0] == 200
    assert hub.request("GET", "/api/tracks", headers={"Host": "other.club.example"})[0] == 421


def test_wrong_methods_name_the_right_ones(hub):
    status, headers, _ = hub.request("DELETE", "/api/tracks")
    assert status == 405 and headers["allow"] == "GET, HEAD"
    status, headers, _ = hub.request("PUT", "/api/session", b"{}")
    assert status == 405 and headers["allow"] == "POST, GET, HEAD, DELETE"
    assert hub.request("GET", "/api/nothing")[0] == 404
    assert hub.request("GET", "/api/")[0] == 404


# ---- PIN ----

def test_the_first_start_draws_a_pin_and_keeps_only_its_hash():
    with WebHub() as hub:
        first = hub.pin
        assert len(first) == 8 and first.isdigit()
        for name in ("director.pin", "sessions.json"):
            if name == "sessions.json":
                hub.login()
            path = hub.state / name
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            assert first not in path.read_text()
        assert (hub.state / "director.pin").read_text().startswith("$y$")
        hub.stop()
        hub.start()
        assert hub.pin == first and hub.login()  # no second PIN is drawn
        assert first not in hub.log()
    with WebHub() as other:
        assert other.pin != first


def test_pins_cannot_be_guessed():
    with WebHub() as hub:
        token = hub.login()
        answers = [hub.request("POST", "/api/session", {"pin": f"{i:08}"}) for i in range(5)]
        assert [a[0] for a in answers] == [401] * 5
        status, headers, body = hub.request("POST", "/api/session", {"pin": hub.pin})
        assert status == 429 and headers["retry-after"] == "60" and b"too_many_tries" in body
        begin = time.monotonic()
        for i in range(200):
            assert hub.request("POST", "/api/session", {"pin": str(i)})[0] == 429
        assert time.monotonic() - begin < 2  # no hash is computed for them
        # Who is logged in does not notice.
        with hub.live(Authorization="Bearer " + token) as ws:
            assert ws.command("race.arm")["accepted"]
        assert hub.log().count("wrong_pin") == 1 and hub.log().count("too_many_tries") == 1  # not one line for each


@pytest.mark.parametrize("pin", ["", "0", 12345678, None, True, [], {}, "PIN ", " PIN", "PIN\0", "PIN" * 100, "$y$"])
def test_only_the_pin_is_the_pin(pin):
    with WebHub() as hub:
        given = pin.replace("PIN", hub.pin) if isinstance(pin, str) else pin
        assert hub.request("POST", "/api/session", {"pin": given})[0] in (400, 401)
        assert hub.get("/api/session")["director"] is False


@pytest.mark.parametrize("name", ["", 5, None, "x" * 49, "a\nb", "\u0007"])
def test_bad_names_are_refused(name):
    with WebHub() as hub:
        assert hub.request("POST", "/api/session", {"pin": hub.pin, "name": name})[0] == 400


def test_behind_a_proxy_each_visitor_has_his_own_tries():
    with WebHub(trusted_proxies=["127.0.0.1"]) as hub:
        for i in range(5):
            hub.request("POST", "/api/session", {"pin": "1"}, {"X-Forwarded-For": "1.1.1.1, 192.0.2.1"})
        # The last address is the one that our proxy saw; the others are the visitor's own claims.
        assert hub.request("POST", "/api/session", {"pin": "1"}, {"X-Forwarded-For": "9.9.9.9, 192.0.2.1"})[0] == 429
        status, headers, _ = hub.request("POST", "/api/session", {"pin": hub.pin},
                                         {"X-Forwarded-For": "192.0.2.2", "X-Forwarded-Proto": "https"})
        assert status == 201 and headers["set-cookie"].endswith("; Secure")
    with WebHub() as hub:  # nobody else is believed
        for i in range(5):
            hub.request("POST", "/api/session", {"pin": "1"}, {"X-Forwarded-For": f"192.0.2.{i}"})
        assert hub.request("POST", "/api/session", {"pin": "1"}, {"X-Forwarded-For": "192.0.2.9"})[0] == 429


# ---- Sessions ----

def test_the_cookie():
    with WebHub() as hub:
        status, headers, body = hub.request("POST", "/api/session", {"pin": hub.pin})
        token = json.loads(body)["token"]
        assert headers["set-cookie"] == (f"racehub_session={token}; HttpOnly; SameSite=Strict; Path=/; "
                                         "Max-Age=43200")
        status, headers, _ = hub.request("DELETE", "/api/session", headers={"Cookie": f"racehub_session={token}"})
        assert status == 200 and "Max-Age=0" in headers["set-cookie"]
        assert hub.get("/api/session", Cookie=f"racehub_session={token}") == {"director": False}


def test_a_revoked_session_ends_at_once_also_on_open_websockets():
    with WebHub() as hub:
        tokens = [hub.login(name) for name in ("Ada", "Bo")]
        heads = [{"Authorization": "Bearer " + token} for token in tokens]
        with hub.live(**heads[0]) as ada, hub.live(**heads[1]) as bo, hub.live("/ws", **heads[1]) as page:
            assert bo.command("race.arm")["accepted"]
            sessions = hub.get("/api/sessions", **heads[0])["sessions"]
            ident = [s["id"] for s in sessions if s["name"] == "Bo"][0]
            assert [s["own"] for s in sessions] == [True, False]
            assert hub.request("DELETE", f"/api/sessions/{ident}", headers=heads[0])[0] == 200
            assert bo.command("race.start")["code"] == "not_director"
            page.send_text("start")
            assert page.next("status")["message"].startswith("Error: log in")
            assert hub.request("GET", "/api/sessions", headers=heads[1])[0] == 401
            assert ada.command("race.start")["accepted"]
            assert hub.request("DELETE", "/api/sessions", headers=heads[0])[0] == 200
            assert ada.command("race.stop")["code"] == "not_director"


def test_a_restart_logs_nobody_out_and_time_does():
    with WebHub() as hub:
        headers = {"Authorization": "Bearer " + hub.login()}
        hub.stop()
        hub.start()
        assert hub.get("/api/session", **headers)["director"] is True
        hub.stop()
        file = hub.state / "sessions.json"
        stored = json.loads(file.read_text())
        assert 11.9 < (stored[0]["expires_us"] - stored[0]["created_us"]) / 3.6e9 < 12.1
        stored[0]["expires_us"] = int(time.time() * 1e6) - 1
        file.write_text(json.dumps(stored))
        hub.start()
        assert hub.get("/api/session", **headers)["director"] is False


def test_a_damaged_session_file_logs_everybody_out_and_harms_nothing():
    with WebHub() as hub:
        headers = {"Authorization": "Bearer " + hub.login()}
        for damage in ("", "{", "[5]", '[{"id":1}]', "null", "\0" * 100):
            hub.stop()
            (hub.state / "sessions.json").write_text(damage)
            hub.start()
            assert hub.get("/api/session", **headers)["director"] is False
