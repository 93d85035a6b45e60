"""schema/openapi.yaml and asyncapi.yaml against the running hub: every route, every message, nothing undocumented."""
import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from web_client import WebHub, until  # noqa: E402

OPENAPI = yaml.safe_load((ROOT / "schema" / "openapi.yaml").read_text())
ASYNCAPI = yaml.safe_load((ROOT / "schema" / "asyncapi.yaml").read_text())


def check(schema, value, document):
    jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver("", document)).validate(value)


def resolved(node):
    while "$ref" in node:
        target = OPENAPI
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        node = target
    return node


class Documented:
    """Sends requests and holds each answer against the document. Remembers which operations and answers it has seen."""

    def __init__(self, hub):
        self.hub = hub
        self.seen = set()

    def succeeded(self):
        return {(method, path) for method, path, status in self.seen if status < 300}

    def __call__(self, method, path, status, template=None, **more):
        template = template or path.partition("?")[0]
        got, headers, body = self.hub.request(method, path, **more)
        assert got == status, (method, path, got, body)
        operation = OPENAPI["paths"][template][method.lower()]
        documented = operation["responses"].get(str(status))
        assert documented, f"{method} {template} answers {status}, which openapi.yaml does not say"
        kind, content = next(iter(resolved(documented)["content"].items()))
        assert headers["content-type"].split(";")[0] == kind
        assert headers["cache-control"] == "no-store"
        self.seen.add((method, template, status))
        if kind != "application/json":
            return body.decode()
        value = json.loads(body)
        check(content["schema"], value, OPENAPI)
        if status >= 400 and template != "/health":
            check(OPENAPI["components"]["schemas"]["Error"], value, OPENAPI)
        return value


@pytest.fixture(scope="module")
def hub():
    with WebHub(sockets_per_address=4000) as running:
        yield running


@pytest.fixture(scope="module")
def director(hub):
    return {"Authorization": "Bearer " + hub.login()}


@pytest.fixture(scope="module")
def raced(hub, director):
    """Two races on track one: the first with laps, corrections and an end, the second running."""
    with hub.live(**director) as ws:
        ws.command("entry.assign", data={"entry": 1, "lane": 1, "driver": "Zoë", "car": "Lotus"})
        for race in (1, 2):
            assert ws.command("race.start")["accepted"]
            until(lambda: hub.get("/api/tracks/one")["phase"] == "running", "lights out")
            for _ in range(4):
                hub.tell("cross", "one", 1)
            until(lambda: len(hub.get(f"/api/races/{race}/laps")["laps"]) == 4, "four laps")
            if race == 1:
                ws.command("lap.void", data={"entry": 1, "lap": 2, "as": "lap_void", "reason": "cut"})
                ws.command("lap.add", data={"entry": 1, "reason": "missed"})
                ws.command("penalty.give", data={"entry": 1, "penalty_us": 5000, "reason": "contact"})
                assert ws.command("race.stop")["accepted"]


def test_every_route_is_documented_and_nothing_else(hub):
    running = {(r["method"], r["path"]) for r in hub.get("/api")["routes"]}
    documented = {(method.upper(), path) for path, item in OPENAPI["paths"].items()
                  for method in item if method != "parameters"}
    assert running == documented


def test_access_is_documented(hub):
    for route in hub.get("/api")["routes"]:
        operation = OPENAPI["paths"][route["path"]][route["method"].lower()]
        assert (operation.get("security") == []) == (route["access"] == "everybody"), route
        assert ("401" in operation["responses"]) >= (route["access"] == "director"), route


def test_documents_are_schemas():
    for schema in OPENAPI["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for message in ASYNCAPI["components"]["messages"].values():
        jsonschema.Draft202012Validator.check_schema(message["payload"])
    names = [o["operationId"] for item in OPENAPI["paths"].values() for m, o in item.items() if m != "parameters"]
    assert len(names) == len(set(names))


def ask_status(ask):
    ask("GET", "/api", 200)
    ask("GET", "/health", 200)
    assert re.search(r"^racehub_seq \d+$", ask("GET", "/metrics", 200), re.M)


def ask_tracks(ask, mine):
    ask("GET", "/api/tracks", 200)
    track = ask("GET", "/api/tracks/one", 200, "/api/tracks/{track}")
    assert track["race"]["entries"][0]["entry"]["driver"] == "Zoë" and track["gates"]
    ask("GET", "/api/tracks/none", 404, "/api/tracks/{track}")
    ask("GET", "/api/tracks/two/standings", 200, "/api/tracks/{track}/standings")
    standings = ask("GET", "/api/tracks/one/standings", 200, "/api/tracks/{track}/standings")
    assert standings["standings"][0]["driver"] == "Zoë" and standings["standings"][0]["laps"] == 4
    ask("GET", "/api/tracks/none/standings", 404, "/api/tracks/{track}/standings")

    commands = ("POST", "/api/tracks/one/commands")
    template = {"template": "/api/tracks/{track}/commands"}
    director = mine["headers"]
    good = {"id": "a1", "command": "race.pause"}
    ask(*commands, 401, body=good, **template)
    ask(*commands, 403, body=good, **template, headers={**director, "Origin": "http://evil.example"})
    ask(*commands, 415, body=b"{}", **template, headers={**director, "Content-Type": "text/plain"})
    ask(*commands, 400, body={"id": "a1"}, **template, **mine)
    ask(*commands, 400, body=b"{", headers={**director, "Content-Type": "application/json"}, **template)
    assert ask(*commands, 200, body=good, **template, **mine)["accepted"]
    assert ask(*commands, 200, body=good, **template, **mine)["duplicate"]
    refused = ask(*commands, 409, body={**good, "id": "a2"}, **template, **mine)
    assert refused["error"]["code"] == "wrong_phase"
    ask("POST", "/api/tracks/none/commands", 404, body=good, **template, **mine)


def ask_races(ask):
    assert [r["race_id"] for r in ask("GET", "/api/races", 200)["races"]] == ["2", "1"]
    page = ask("GET", "/api/races?limit=1", 200)
    assert page["next_before"] == "2"
    page = ask("GET", f"/api/races?limit=1&before={page['next_before']}&track=one", 200)
    assert [r["race_id"] for r in page["races"]] == ["1"]
    assert ask("GET", "/api/races?track=two", 200)["races"] == []
    for query in ("limit=0", "limit=201", "limit=x", "limit=-1", "limit=", "before=x"):
        ask("GET", "/api/races?" + query, 400)
    for race in ("1", "2"):
        for what in ("", "/laps", "/standings", "/facts"):
            ask("GET", f"/api/races/{race}{what}", 200, "/api/races/{race_id}" + what)
    facts = ask("GET", "/api/races/1/facts?limit=2", 200, "/api/races/{race_id}/facts")
    assert facts["more"] and len(facts["facts"]) == 2
    after = facts["facts"][-1]["seq"]
    rest = ask("GET", f"/api/races/1/facts?after={after}", 200, "/api/races/{race_id}/facts")
    assert rest["facts"][0]["seq"] > after and not rest["more"]
    for fact in facts["facts"] + rest["facts"]:
        schema = json.loads((ROOT / "schema" / "events" / f"{fact['type']}.v1.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(fact["data"])
    for query in ("after=x", "after=-1", "limit=1001"):
        ask("GET", "/api/races/1/facts?" + query, 400, "/api/races/{race_id}/facts")
    for what in ("", "/laps", "/standings", "/facts"):
        ask("GET", "/api/races/99" + what, 404, "/api/races/{race_id}" + what)


def ask_sources(ask, mine):
    ask("GET", "/api/sources", 200)
    enable = {"template": "/api/sources/{source}/enable", "body": {}}
    ask("POST", "/api/sources/bad/enable", 401, **enable)
    ask("POST", "/api/sources/bad/enable", 200, **enable, **mine)
    ask("POST", "/api/sources/bad/enable", 409, **enable, **mine)
    ask("POST", "/api/sources/none/enable", 404, **enable, **mine)
    asked = {"template": "/api/sources/{source}/ask", "body": {"what": "dbg", "args": {"n": 1}}}
    ask("POST", "/api/sources/gates/ask", 401, **asked)
    ask("POST", "/api/sources/gates/ask", 200, **asked, **mine)
    ask("POST", "/api/sources/bad/ask", 409, **asked, **mine)
    ask("POST", "/api/sources/none/ask", 404, **asked, **mine)
    for body in ({}, {"what": 5}, {"what": ""}, {"what": "dbg", "args": []}, []):
        ask("POST", "/api/sources/gates/ask", 400, **{**asked, "body": body}, **mine)
    settings = {"template": "/api/sources/{source}/settings"}
    ask("GET", "/api/plugins", 401)
    ask("GET", "/api/plugins", 200, **mine)
    ask("POST", "/api/plugins/examine", 200, body={"what": "discover", "library": "mqtt_gates"}, **mine)
    ask("GET", "/api/sources/gates/settings", 401, **settings)
    ask("GET", "/api/sources/gates/settings", 200, **settings, **mine)
    ask("GET", "/api/sources/none/settings", 404, **settings, **mine)
    ask("POST", "/api/sources/gates/settings", 401, body={}, **settings)
    ask("POST", "/api/sources/gates/settings", 200, body={"config": {}}, **settings, **mine)
    ask("POST", "/api/sources/gates/settings", 422, body={"config": {"bad": 1}}, **settings, **mine)
    ask("DELETE", "/api/sources/gates", 401, template="/api/sources/{source}")
    ask("DELETE", "/api/sources/gates", 200, template="/api/sources/{source}", **mine)
    ask("DELETE", "/api/sources/none", 404, template="/api/sources/{source}", **mine)
    log = {"template": "/api/sources/{source}/log"}
    ask("GET", "/api/sources/gates/log", 401, **log)
    line = json.loads(ask("GET", "/api/sources/gates/log?download=1", 200, **log, **mine))
    assert line["dir"] == "out" and line["text"] == 'dbg{"n":1}'
    assert ask("GET", f"/api/sources/gates/log?after={line['n']}", 200, **log, **mine) == ""
    ask("GET", "/api/sources/gates/log?after=x", 400, **log, **mine)
    ask("GET", "/api/sources/none/log", 404, **log, **mine)


def ask_sessions(ask, hub, mine):
    ask("GET", "/api/session", 200)
    assert ask("GET", "/api/session", 200, **mine)["director"] is True
    ask("POST", "/api/session", 400, body={"pin": 5})
    ask("POST", "/api/session", 400, body={"pin": hub.pin, "name": ""})
    ask("POST", "/api/session", 401, body={"pin": "0"})
    token = ask("POST", "/api/session", 201, body={"pin": hub.pin, "name": "Bo"})["token"]
    own = {"headers": {"Authorization": "Bearer " + token}}
    ask("DELETE", "/api/session", 200, **own)
    ask("DELETE", "/api/session", 401, **own)
    ask("GET", "/api/sessions", 401)
    assert [s["name"] for s in ask("GET", "/api/sessions", 200, **mine)["sessions"]] == ["Ada"]
    other = ask("POST", "/api/session", 201, body={"pin": hub.pin, "name": "Cy"})["token"]
    sessions = ask("GET", "/api/sessions", 200, **mine)["sessions"]
    ident = [s["id"] for s in sessions if s["name"] == "Cy"][0]
    one = {"template": "/api/sessions/{session}"}
    ask("DELETE", "/api/sessions/nobody", 404, **one, **mine)
    ask("DELETE", f"/api/sessions/{ident}", 200, **one, **mine)
    assert ask("GET", "/api/session", 200, headers={"Authorization": "Bearer " + other}) == {"director": False}
    for _ in range(5):
        hub.request("POST", "/api/session", {"pin": "1"})
    ask("POST", "/api/session", 429, body={"pin": hub.pin})
    ask("DELETE", "/api/sessions", 200, **mine)


def ask_storage(ask, hub):
    hub.tell("storage", False)
    try:
        hub.tell("cross", "two", 1)
        until(lambda: hub.request("GET", "/health")[0] == 503, "waiting storage")
        ask("GET", "/health", 503)
    finally:
        hub.tell("storage", True)
    until(lambda: hub.request("GET", "/health")[0] == 200, "storage again")


def test_every_operation_answers_as_documented(hub, director, raced):
    ask = Documented(hub)
    mine = {"headers": director}
    ask_status(ask)
    ask_tracks(ask, mine)
    ask_races(ask)
    ask_sources(ask, mine)
    ask_storage(ask, hub)
    ask_sessions(ask, hub, mine)
    documented = {(method.upper(), path) for path, item in OPENAPI["paths"].items()
                  for method in item if method != "parameters"}
    assert ask.succeeded() == documented


def test_every_message_is_as_documented():
    messages = {name: m["payload"] for name, m in ASYNCAPI["components"]["messages"].items()}
    told = [ref["$ref"].split("/")[-1] for ref in ASYNCAPI["channels"]["/live"]["subscribe"]["message"]["oneOf"]]
    heard = [ref["$ref"].split("/")[-1] for ref in ASYNCAPI["channels"]["/live"]["publish"]["message"]["oneOf"]]
    assert sorted(told + heard) == sorted(messages)
    with WebHub() as hub, hub.live(Authorization="Bearer " + hub.login()) as ws:
        def say(message):
            check(messages[message["type"]], message, ASYNCAPI)
            ws.send(message)

        command = {"type": "command", "command": "race.start", "track": "one", "data": {}}
        say({"type": "ping", "t": 1.5})
        say({**command, "id": "a"})
        say({**command, "id": "a"})
        say({**command, "id": "b", "race_id": "1"})
        ws.send({"type": "what"})
        ws.send({"type": "command"})
        hub.tell("sample", {"type": "device.sensed", "track": "", "source": "gates", "time_us": 1, "data": {
            "gate": "open", "lanes": [{"lane": 1, "state": "clear"}], "text": ""}})
        hub.tell("storage", False)
        hub.tell("cross", "two", 1)
        seen = {}
        while len(seen) < len(told) or len(seen["outcome"]) < 4:
            message = ws.message()
            assert message["type"] in told, f"{message['type']} is not documented"
            check(messages[message["type"]], message, ASYNCAPI)
            seen.setdefault(message["type"], []).append(message)
            if message["type"] == "storage" and not message["ok"]:
                hub.tell("storage", True)
