"""Sources set up from the dashboard: the real hub, a real Mosquitto, the interface of schema/openapi.yaml."""

import json
import pathlib
import sys

import jsonschema
import pytest
import yaml
from mosquitto import free_port, Mosquitto

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from hub import Hub  # noqa: E402
from web_client import until  # noqa: E402

OPENAPI = yaml.safe_load((ROOT / "schema" / "openapi.yaml").read_text())
CONFIG = {"tracks": [{"id": "main", "lanes": 2}]}
HIDDEN = "•••"


class Director:
    """Asks as the race director, and holds each answer against the document."""

    def __init__(self, hub):
        self.hub = hub
        self.headers = {"Authorization": "Bearer " + hub.login()}

    def __call__(self, method, path, status=200, body=None, template=None):
        got, headers, text = self.hub.request(method, path, body, self.headers)
        assert got == status, (method, path, got, text)
        responses = OPENAPI["paths"][template or path][method.lower()]["responses"]
        documented = responses[str(status)]
        if "$ref" in documented:
            documented = OPENAPI["components"]["responses"]["Error"]
        kind, content = next(iter(documented["content"].items()))
        assert headers["content-type"].split(";")[0] == kind
        if kind != "application/json":
            return text.decode()
        value = json.loads(text)
        resolver = jsonschema.RefResolver("", OPENAPI)
        jsonschema.Draft202012Validator(content["schema"], resolver=resolver).validate(value)
        return value

    def save(self, source, status=200, **settings):
        return self("POST", f"/api/sources/{source}/settings", status, settings, "/api/sources/{source}/settings")

    def settings(self, source, status=200):
        return self("GET", f"/api/sources/{source}/settings", status, template="/api/sources/{source}/settings")

    def remove(self, source, status=200):
        return self("DELETE", f"/api/sources/{source}", status, template="/api/sources/{source}")

    def examine(self, what, **candidate):
        return self("POST", "/api/plugins/examine", 200, {"what": what, **candidate})


@pytest.fixture(name="broker")
def _broker(tmp_path):
    with Mosquitto(tmp_path) as broker:
        yield broker


def restarted(hub):
    hub.stop()
    hub.start()
    return Director(hub)


def test_a_club_sets_up_its_gates(broker):
    good = {"host": "127.0.0.1", "port": broker.port, "username": "club", "password": "s3cret"}
    with Hub(CONFIG, free_port()) as hub:
        director = Director(hub)
        plugins = {each["library"]: each for each in director("GET", "/api/plugins")["plugins"]}
        assert plugins["mqtt_gates"]["tests"] and plugins["mqtt_gates"]["config_schema"]["properties"]["host"]

        # First a look, with settings that nobody has yet.
        answer = director.examine("test", library="mqtt_gates", config={"host": "127.0.0.1", "port": free_port()})
        assert not answer["ok"] and "is it running" in answer["text"]
        answer = director.examine("test", library="mqtt_gates", config={"prot": 1})
        assert answer["problems"] == ['config.prot: unknown key; did you mean "port"?']
        assert director.examine("test", library="mqtt_gates", config=good)["ok"]

        answer = director.save("gates", 422, library="mqtt_gates", track="main", config={"prot": 1})
        assert answer["problems"] == ['plugins[gates].config.prot: unknown key; did you mean "port"?']
        assert hub.get("/api/sources")["sources"] == []
        director.save("gates", library="mqtt_gates", track="main", config=good)
        hub.wait_source("gates")
        broker.publish("carrera/track1/finish", "x")
        until(lambda: hub.track().get("gates"), "a crossing")
        assert "config" not in hub.source("gates")

        # The password is never shown, and stays when the rest is changed.
        shown = director.settings("gates")
        assert shown["config"]["password"] == HIDDEN and shown["config"]["qos"] == 1 and shown["changed_here"]
        director.save("gates", config={**shown["config"], "keepalive_s": 7})
        until(lambda: director.settings("gates")["config"]["keepalive_s"] == 7, "the change")
        kept = json.loads((hub.state / "sources.json").read_text())["sources"][0]
        assert kept["config"]["password"] == "s3cret"
        assert (hub.state / "sources.json").stat().st_mode & 0o777 == 0o600
        assert director.examine("test", source="gates", config=shown["config"])["ok"]
        assert "gates: added by Ada (127.0.0.1)" in hub.log() and "gates: settings changed by" in hub.log()
        assert "s3cret" not in hub.log()

        # The next start knows it all.
        director = restarted(hub)
        hub.wait_source("gates")
        assert director.settings("gates")["config"]["keepalive_s"] == 7
        director.save("gates", enabled=False)
        until(lambda: not hub.source("gates")["running"], "switched off")
        director.remove("gates")
        director.remove("gates", 404)
        assert restarted(hub).settings("gates", 404)["error"]["code"] == "no_source"


def test_over_the_configuration_file(tmp_path):
    simulator = {"id": "sim", "library": "simulator", "track": "main", "may_command": True}
    with Hub({**CONFIG, "plugins": [simulator]}, free_port()) as hub:
        director = Director(hub)
        hub.wait_source("sim")
        before = hub.config.read_text()
        assert not director.settings("sim")["changed_here"]
        director.remove("sim")
        director = restarted(hub)
        assert hub.get("/api/sources")["sources"] == [] and "plugins[sim]: was removed in the dashboard" in hub.log()
        director.save("sim", library="simulator", track="main", may_command=True, config={})
        hub.wait_source("sim")
        assert hub.config.read_text() == before

        # A file that a disk has damaged costs the changes, not the evening.
        (hub.state / "sources.json").write_text('{"sources": [{"id": 5}]}')
        director = restarted(hub)
        hub.wait_source("sim")
        assert (hub.state / "sources.json.bad").exists() and "cannot be used" in hub.log()

        # What cannot be kept is said.
        (hub.state / "sources.json.new").mkdir()
        assert director.save("sim", 503, enabled=True)["error"]["code"] == "not_kept"


def test_what_a_director_may_not_do():
    with Hub(CONFIG, free_port()) as hub:
        director = Director(hub)
        for library in ("/tmp/evil.so", "../evil", "evil.so", ""):
            assert director.save("x", 400, library=library)["error"]["code"] == "bad_library"
        assert director.save("hub", 400, library="simulator")["error"]["code"] == "bad_source"
        assert director.save("x", 400, library="simulator", track="none")["error"]["code"] == "bad_track"
        assert director.save("x", 400, library="simulator", config=5)["error"]["code"] == "bad_config"
        assert "there is no" in director.save("x", 422, library="nothing")["problems"][0]
        for method, path in (("GET", "/api/plugins"), ("POST", "/api/plugins/examine"),
                             ("GET", "/api/sources/x/settings"), ("POST", "/api/sources/x/settings"),
                             ("DELETE", "/api/sources/x"), ("GET", "/api/sources/x/log")):
            assert hub.request(method, path, {} if method == "POST" else None)[0] == 401


def test_log_and_ask_of_a_real_source():
    with Hub({**CONFIG, "plugins": [{"id": "sim", "library": "simulator", "track": "main"}]}, free_port()) as hub:
        director = Director(hub)
        hub.wait_source("sim")
        director("POST", "/api/sources/sim/ask", 200, {"what": "dbg"}, "/api/sources/{source}/ask")
        lines = director("GET", "/api/sources/sim/log", template="/api/sources/{source}/log").splitlines()
        assert json.loads(lines[0])["text"] == "starting: starting"
