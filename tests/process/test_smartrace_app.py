"""The hub as the sensor of a SmartRace app, and between sensors and an app: real hub, simulated sensor and app."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("tests/support", "tests/process", "plugins/smartrace/tools"):
    sys.path.insert(0, str(ROOT / folder))
from app import App, controllers  # noqa: E402
from hub import Hub  # noqa: E402
from mosquitto import free_port, wait_until  # noqa: E402
from sensor import Esp32, Pico, REGISTER  # noqa: E402
from web_client import BUILD, wait  # noqa: E402
import websocket  # noqa: E402

QUICK = {"lights": 0, "lead_us": 0, "min_lap_us": 1_000, "first_lap": "from_first_crossing"}


def club(*plugins):
    return {"hub": {"name": "Test club"},
            "tracks": [{"id": "main", "name": "Main", "lanes": 4, "settings": QUICK}],
            "plugins": list(plugins)}


def plugin(ident, may_command=True, **config):
    return {"id": ident, "library": "smartrace", "track": "main", "may_command": may_command,
            "config": {"min_pulse_ms": 0, **config}}


class Bench:
    """Sensors on one source of the hub, an app on another: crossings go in here and come out there."""

    def __init__(self, app_port, **config):
        self.port = free_port()
        self.hub = Hub(club(plugin("sensors", port=self.port),
                            plugin("app", mode="client", app_host="127.0.0.1", app_port=app_port, **config)),
                       free_port())

    def __enter__(self):
        wait_until(lambda: "no sensor is connected" in self.text("sensors"), "listening")
        self.pico = Pico("127.0.0.1", self.port, pause=lambda: wait(0.05)).connect()
        return self

    def __exit__(self, *error):
        self.hub.__exit__(*error)

    def text(self, ident="app"):
        return self.hub.source(ident)["text"]

    def race(self):
        self.hub.order(self.hub.login(), "race.start")
        self.hub.wait_phase("running")

    def cross(self, times, lane=1):
        stamps = []
        for _ in range(times):
            wait(0.02)
            stamps.append(self.pico.lap(lane))
        return stamps


def differences(stamps):
    return [b - a for a, b in zip(stamps, stamps[1:])]


def test_the_hub_greets_registers_and_tells_laps_and_pits():
    with App(0) as app, Bench(app.port) as bench:
        bench.hub.wait_source("app", "ok")
        wait_until(lambda: app.texts() == ['{"type":"api_version"}', json.dumps(json.loads(REGISTER),
                                                                                separators=(",", ":"))], "registered")
        bench.race()
        stamps = bench.cross(3)
        wait_until(lambda: len(app.laps(1)) == 3, "laps in the app")
        # The app measures what the sensor measured, to the millisecond.
        assert all(abs(a - b) <= 1 for a, b in zip(differences(app.laps(1)), differences(stamps)))
        bench.pico.pit(1, True)
        wait(0.02)
        bench.pico.pit(1, False)
        wait_until(lambda: app.pits(1) == ["analog_pit_enter", "analog_pit_leave"], "pits in the app")
        token = bench.hub.login()
        status, _, log = bench.hub.request("GET", "/api/sources/app/log", headers={"Authorization": f"Bearer {token}"})
        assert status == 200 and b"analog_pit_leave" in log and b"update_controller_data" in log


def test_drivers_of_the_app_appear_in_the_hub():
    with App(0, [("Gigi", "BMW M4"), None, ("Zoë", "")]) as app, Bench(app.port) as bench:
        def roster():
            return [(e["lane"], e["driver"], e.get("car", "")) for e in bench.hub.track().get("roster", [])]
        wait_until(lambda: roster() == [(1, "Gigi", "BMW M4"), (3, "Zoë", "")], "the app's drivers")
        app.name([("Gigi", "Ferrari"), ("Diogo", "Mini")])
        wait_until(lambda: roster() == [(1, "Gigi", "Ferrari"), (2, "Diogo", "Mini")], "the new ones")
        # Put right in the hub: the app saying the same again changes nothing.
        bench.hub.order(bench.hub.login(), "entry.assign", entry=2, lane=2, driver="Diego")
        app.cut()
        wait_until(lambda: len(app.texts("controller_set")) == 2, "a second registration")
        bench.race()
        bench.cross(1)
        wait_until(lambda: app.laps(1), "a lap")
        assert [name for _, name, _ in roster()] == ["Gigi", "Diego"]


def test_without_permission_it_says_so():
    with App(0) as app:
        port = free_port()
        with Hub(club(plugin("app", may_command=False, mode="client", app_host="127.0.0.1", app_port=app.port)),
                 port) as hub:
            wait_until(lambda: "may_command: true would allow it" in hub.source("app")["text"], "the remedy")
            assert hub.source("app")["state"] == "degraded"


@pytest.mark.parametrize("pongs", [True, False])
def test_cut_connections_lose_and_double_nothing(pongs):
    with App(0, pongs=pongs) as app, Bench(app.port, names=False) as bench:
        bench.hub.wait_source("app", "ok")
        bench.race()
        stamps = bench.cross(2)
        for _ in range(2):
            app.cut()
            stamps += bench.cross(2)
        app.cut()
        bench.pico.pit(1, True)
        wait(0.02)
        bench.pico.pit(1, False)
        stamps += bench.cross(1)
        wait_until(lambda: len(app.laps(1)) == len(stamps), f"all of {len(stamps)} laps")
        assert all(abs(a - b) <= 1 for a, b in zip(differences(app.laps(1)), differences(stamps)))
        wait_until(lambda: app.pits(1) == ["analog_pit_enter", "analog_pit_leave"], "one pit stop")
        assert app.laps(1) == sorted(app.laps(1))


def test_laps_wait_for_an_app_that_is_closed_while_the_hub_restarts():
    app_port = free_port()
    with Bench(app_port) as bench:
        wait_until(lambda: "Retrying: no SmartRace app at 127.0.0.1" in bench.text(), "no app")
        assert "Next try in" in bench.text()
        bench.race()
        stamps = bench.cross(3)
        wait_until(lambda: "3 waiting" in bench.text(), "three waiting")
        wait(1.1)  # the hub writes a plugin's small state behind
        bench.hub.kill()
        bench.hub.start()
        stamps += bench.cross(2)
        with App(app_port) as app:
            bench.hub.wait_source("app", "ok")
            wait_until(lambda: len(app.laps(1)) == 5, "five laps")
            assert all(abs(a - b) <= 1 for a, b in zip(differences(app.laps(1)), differences(stamps)))


def test_old_crossings_are_not_told():
    app_port = free_port()
    with Bench(app_port, keep_s=0) as bench:
        bench.race()
        bench.cross(2)
        wait_until(lambda: "2 that waited too long" in bench.text(), "given up")
        with App(app_port) as app:
            bench.hub.wait_source("app", "ok")
            bench.cross(1)
            wait_until(lambda: len(app.laps(1)) == 1, "the new one")


def test_somebody_else_at_the_address():
    with Hub(club(), free_port()) as page, Hub(club(plugin("app", mode="client", app_host="127.0.0.1",
                                                           app_port=page.port)), free_port()) as hub:
        wait_until(lambda: hub.source("app")["text"].startswith("Refused: 127.0.0.1"), "refused")
        assert "Enter the address and port that the SmartRace app shows" in hub.source("app")["text"]


# ---- The bridge ----

@pytest.fixture(name="between")
def _between():
    with App(0) as app:
        port = free_port()
        with Hub(club(plugin("bridge", mode="bridge", port=port, app_host="127.0.0.1", app_port=app.port)),
                 free_port()) as hub:
            wait_until(lambda: "no sensor is connected" in hub.source("bridge")["text"], "listening")
            yield app, hub, port


def race(hub):
    hub.order(hub.login(), "race.start")
    hub.wait_phase("running")


def laps(hub):
    return hub.race()["entries"][0]["laps"]


def test_every_message_passes_unchanged_and_in_order(between):
    app, hub, port = between
    sensor = Pico("127.0.0.1", port).connect()
    assert sensor.replies == [json.loads(text) for text in app.greeting()]
    hub.wait_source("bridge", "ok")
    race(hub)
    said = ['{"type": "analog_lap","data":{"timestamp":%d,  "controller_id":1}}' % sensor.now_ms(),
            '{"type":"weather","data":{"rain":[1,2.50]}}', "no JSON at all, é",
            '{"type":"race_control","data":{"value":"start"}}', "x" * 3000]
    for text in said:
        sensor.say(text)
    wait(0.03)
    sensor.pit(1, True)
    sensor.leave_pit_over_the_line(1)
    wait_until(lambda: len(app.log) >= 2 + len(said) + 3, "all at the app")
    texts = [text for _, text in app.log]
    assert texts[:2] == ['{"type":"api_version"}', REGISTER]
    assert texts[2:2 + len(said)] == said
    assert "analog_pit_leave" in texts[-2] and "analog_lap" in texts[-1]
    wait_until(lambda: len(laps(hub)) == 2, "the hub's own laps")
    answers = ['{"type":"x",   "data": null}', controllers([("New", "Car")]), "y" * 20000]
    for text in answers:
        app.tell(text)
    assert [sensor.socket.receive() for _ in answers] == answers
    wait_until(lambda: "New" in [e["driver"] for e in hub.track().get("roster", [])], "the driver in the hub")
    token = hub.login()
    _, _, log = hub.request("GET", "/api/sources/bridge/log?download=1", headers={"Authorization": f"Bearer {token}"})
    lines = [json.loads(line)["text"] for line in log.decode().splitlines()]
    assert any(line.endswith("no JSON at all, é") for line in lines)


def test_two_sensors_and_one_without_greeting(between):
    app, hub, port = between
    race(hub)
    first, second = Pico("127.0.0.1", port, 5_000).connect(), Esp32("127.0.0.1", port, 90_000).connect()
    assert first.replies
    first.lap(1)
    second.lap(2)
    wait_until(lambda: app.laps(1) and app.laps(2), "both")
    assert app.count == 2
    first.socket.close()
    wait_until(lambda: len(app.sockets) == 1, "the app notices that a sensor is gone")


def test_the_app_goes_and_comes_back(between):
    app, hub, port = between
    sensor = Pico("127.0.0.1", port).connect()
    race(hub)
    stamps = [sensor.lap(1)]
    wait_until(lambda: len(app.laps(1)) == 1, "the first lap")
    app.close()
    for _ in range(3):
        wait(0.02)
        stamps.append(sensor.lap(1))
    wait_until(lambda: len(laps(hub)) == 4, "the hub races on")
    wait_until(lambda: "3 messages wait for it" in hub.source("bridge")["text"], "told")
    late = Pico("127.0.0.1", port, 70_000).connect()  # is answered for the app
    assert late.replies == sensor.replies
    with App(app.port) as again:
        wait_until(lambda: len(again.laps(1)) == 3, "what waited")
        assert again.laps(1) == stamps[1:]
        wait_until(lambda: len({number for number, text in again.log if text == REGISTER}) == 2,
                   "both sensors are registered again")
        assert not again.texts("api_version")


def test_a_sensor_that_is_cut_comes_back_on_its_way(between):
    app, hub, port = between
    sensor = Pico("127.0.0.1", port, pause=lambda: wait(0.05)).connect()
    race(hub)
    stamps = []
    for round_ in range(4):
        wait(0.02)
        stamps.append(sensor.lap(1))
        if round_ % 2:
            sensor.socket.cut()
    wait_until(lambda: len(app.laps(1)) == 4 and len(laps(hub)) == 4, "all laps, both")
    assert app.laps(1) == stamps


# ---- Test connection ----

def examine(**config):
    command = [BUILD / "bin/racehub-plugin-host", "examine", BUILD / "plugins/smartrace.so", "0", "test"]
    done = subprocess.run(command, input=json.dumps(config), text=True, capture_output=True, timeout=20, check=True)
    answer = json.loads(done.stdout)
    return answer["ok"], answer["text"]


def test_test_connection():
    port = free_port()
    ok, text = examine(mode="server", port=port)
    assert ok and "is free" in text
    with App(0, [("Gigi", "")]) as app:
        ok, text = examine(mode="client", app_host="localhost", app_port=app.port)
        assert ok and "answers (API 7); drivers: Gigi." in text
        assert not app.texts("controller_set"), "a registered sensor keeps its place"
        ok, text = examine(mode="server", port=app.port)
        assert not ok and "is taken" in text
    ok, text = examine(mode="bridge", app_host="127.0.0.1", app_port=port)
    assert not ok and text.startswith("No SmartRace app at 127.0.0.1") and "Next try" not in text
    ok, text = examine(mode="client", app_host="nowhere.invalid")
    assert not ok and "nowhere.invalid" in text
    assert examine(mode="client") == (False, "app_host is missing: enter the address that the SmartRace app shows")
