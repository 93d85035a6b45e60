"""The gate plugin's "test connection" against a real Mosquitto, through racehub-plugin-host."""

import json
import os
import pathlib
import subprocess

import pytest
from mosquitto import free_port, Mosquitto, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("RACEHUB_BUILD", ROOT / "build"))


def ask(config, what="test"):
    command = [BUILD / "bin/racehub-plugin-host", "examine", BUILD / "plugins/mqtt_gates.so", "0", what]
    done = subprocess.run(command, input=json.dumps(config), text=True, capture_output=True, timeout=20, check=True)
    answer = json.loads(done.stdout)
    return answer["ok"], answer["text"]


@pytest.fixture(name="broker")
def _broker(tmp_path):
    with Mosquitto(tmp_path) as broker:
        yield broker


def test_a_broker_that_answers(broker):
    # The name that a running instance would have: it must keep its place.
    ok, text = ask({"host": "127.0.0.1", "port": broker.port, "client_id": "racehub-gates"})
    assert ok and "lets us listen to 2 topics" in text
    assert "racehub-gates" not in broker.log()


def test_nobody_there():
    ok, text = ask({"host": "127.0.0.1", "port": free_port()})
    assert not ok and "is it running, and are host and port right?" in text
    ok, text = ask({"host": "nowhere.invalid"})
    assert not ok and "check host" in text


def test_refused(tmp_path):
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "gates", "right"], check=True, capture_output=True)
    with Mosquitto(tmp_path, allow_anonymous=False, extra=[f"password_file {passwords}"]) as broker:
        config = {"host": "127.0.0.1", "port": broker.port}
        ok, text = ask({**config, "username": "gates", "password": "wrong"})
        assert not ok and 'refused user "gates": correct username and password' in text
        ok, text = ask(config)
        assert not ok and "refused a client without user name" in text
        ok, text = ask({**config, "username": "gates", "password": "right"})
        assert ok, text
        assert "wrong" not in text


def test_a_forbidden_topic(tmp_path):
    # Mosquitto's plain access lists say yes to every subscription; its own plugin does not.
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"clients": [], "groups": [], "roles": [], "defaultACLAccess": {"subscribe": False}}))
    plugin = next(pathlib.Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    with Mosquitto(tmp_path, extra=[f"plugin {plugin}", f"plugin_opt_config_file {rules}"]) as broker:
        ok, text = ask({"host": "127.0.0.1", "port": broker.port})
        assert not ok and "permit it in the broker's access list" in text


def test_tls_to_a_plain_port(broker):
    ok, text = ask({"host": "127.0.0.1", "port": broker.port, "tls": True})
    assert not ok and text.startswith("TLS: ")
    ok, text = ask({"host": "127.0.0.1", "port": broker.port, "tls": True, "tls_ca_file": "/nowhere.pem"})
    assert not ok and "tls_ca_file /nowhere.pem cannot be read" in text


def test_bad_settings_and_other_questions(broker):
    ok, text = ask({"port": broker.port, "gates": [{"topic": "a/#", "lane": 1}]})
    assert not ok and text == "gates[0].topic must be an MQTT topic without + and #"
    ok, text = ask({"port": broker.port}, what="discover")
    assert not ok and "gave status 8" in text
    wait_until(lambda: broker.process.poll() is None, "the broker is well")
