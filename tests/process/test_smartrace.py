"""SmartRace sensors on the real hub, with every habit that the real ones have."""
import json
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("tests/support", "tests/process", "plugins/smartrace/tools"):
    sys.path.insert(0, str(ROOT / folder))
from hub import Hub  # noqa: E402
from mosquitto import free_port, wait_until  # noqa: E402
from sensor import Esp32, OldEsp32, Phone, Pico, lap_text  # noqa: E402
from web_client import wait  # noqa: E402
import websocket  # noqa: E402

QUICK = {"lights": 0, "lead_us": 0, "min_lap_us": 1_000, "first_lap": "from_first_crossing"}
WRAP_MS = 1 << 30
RECORDINGS = ROOT.parent / "shared" / "data" / "smartrace"


def club(port, **config):
    return {
        "hub": {"name": "Test club"},
        "tracks": [{"id": "main", "name": "Main", "lanes": 4, "settings": QUICK,
                    "entries": [{"lane": 1, "driver": "Ada", "car": "BMW M4", "color": "#1cedaf"},
                                {"lane": 2, "driver": "Zoë", "color": "#000080"}]}],
        "plugins": [{"id": "smartrace", "library": "smartrace", "track": "main",
                     "config": {"port": port, "min_pulse_ms": 0, **config}}],
    }


@pytest.fixture(name="place")
def _place():
    port = free_port()
    with Hub(club(port), free_port()) as hub:
        wait_until(lambda: "no sensor is connected" in hub.source("smartrace")["text"], "listening")
        yield hub, port


def race(hub):
    hub.order(hub.login(), "race.start")
    hub.wait_phase("running")


def laps(hub, lane=1):
    return hub.race()["entries"][lane - 1]["laps"]


def stamps_ms(hub, lane=1):
    return [lap["stamp_us"] // 1000 for lap in laps(hub, lane)]


def lap_ms(hub, lane=1):
    return [lap["lap_us"] / 1000 for lap in laps(hub, lane) if lap["number"] > 0]


def wait_laps(hub, count, lane=1):
    wait_until(lambda: len(laps(hub, lane)) == count, f"{count} crossings on lane {lane}")
    return laps(hub, lane)


def cross(sensor, times, lane=1, apart_ms=30):
    """Crosses the line so many times; returns the stamps."""
    stamps = []
    for _ in range(times):
        wait(apart_ms / 1000)
        stamps.append(sensor.lap(lane))
    return stamps


def differences(stamps):
    return [b - a for a, b in zip(stamps, stamps[1:])]


def test_a_pico_is_greeted_and_races(place):
    hub, port = place
    pico = Pico("127.0.0.1", port).connect()
    names, info, version = pico.replies
    assert [names["type"], info["type"], version["type"]] == [
        "update_controller_data", "update_server_info", "api_version"]
    assert names["data"]["1"] == {"color": "rgb(0, 0, 0)", "backgroundColor": "rgb(28, 237, 175)",
                                  "driver": "Ada", "car": "BMW M4"}
    assert names["data"]["2"]["driver"] == "Zoë" and names["data"]["2"]["color"] == "rgb(255, 255, 255)"
    assert names["data"]["6"]["backgroundColor"] == "rgb(188, 195, 188)"
    assert version["data"]["api_version"] == 7
    hub.wait_source("smartrace", "ok")
    race(hub)
    stamps = cross(pico, 3)
    wait_laps(hub, 3)
    assert lap_ms(hub) == differences(stamps)
    # Nothing came after the three answers: a Pico would leave it in its buffer for ever.
    pico.socket.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        pico.socket.sock.recv(1)


def test_names_follow_the_entries(place):
    hub, port = place
    hub.order(hub.login(), "entry.assign", entry=3, lane=3, driver="Grace", car="Mini")
    names = Pico("127.0.0.1", port).connect().replies[0]["data"]
    assert (names["3"]["driver"], names["3"]["car"]) == ("Grace", "Mini")


def test_pits_and_the_pin_for_both(place):
    hub, port = place
    pico = Pico("127.0.0.1", port).connect()
    race(hub)
    pico.lap(1)
    pico.pit(1, True)
    wait_until(lambda: hub.race()["entries"][0].get("in_pit"), "in the pit")
    wait(0.01)
    pico.leave_pit_over_the_line(1)
    wait_laps(hub, 2)
    entry = hub.race()["entries"][0]
    assert not entry.get("in_pit") and entry["pit_stops"] == 1


@pytest.mark.parametrize("boot_ms", [0, WRAP_MS - 100, (1 << 40)])
def test_laps_are_differences_of_stamps_across_the_wrap(place, boot_ms):
    hub, port = place
    kind = Phone if boot_ms > 1 << 32 else Pico
    sensor = kind("127.0.0.1", port, boot_ms).connect()
    race(hub)
    stamps = cross(sensor, 6, apart_ms=40)
    wait_laps(hub, 6)
    unwrapped = [s + WRAP_MS if boot_ms == WRAP_MS - 100 and s < 1000 else s for s in stamps]
    assert boot_ms != WRAP_MS - 100 or min(stamps) < 1000, "it wrapped"
    assert lap_ms(hub) == differences(unwrapped)


def test_a_cut_connection_resends_two_laps_and_nothing_counts_twice(place):
    hub, port = place
    pico = Pico("127.0.0.1", port, boot_ms=60_000).connect()
    race(hub)
    stamps = cross(pico, 3)
    wait_laps(hub, 3)
    pico.socket.cut()
    stamps += cross(pico, 2)  # reconnects by itself, without a greeting or registration
    wait_laps(hub, 5)
    assert stamps_ms(hub) == stamps
    wait_until(lambda: "1 sent again" in hub.source("smartrace")["text"], "the repetition")


def test_a_pico_that_had_sent_nothing_sends_its_dummy(place):
    hub, port = place
    pico = Pico("127.0.0.1", port, boot_ms=60_000).connect()
    race(hub)
    pico.socket.cut()
    stamps = cross(pico, 2)
    wait_laps(hub, 2)
    assert stamps_ms(hub) == stamps
    wait_until(lambda: "1 of a controller that does not race" in hub.source("smartrace")["text"], "the dummy")


def test_bounces_count_once(place):
    hub, port = place
    pico = Pico("127.0.0.1", port).connect()
    race(hub)
    for _ in range(10):
        pico.lap(1, 777)
    wait(0.03)
    second = pico.lap(1, 777 + 30)
    wait_laps(hub, 2)
    assert stamps_ms(hub) == [777, second]
    wait_until(lambda: "9 sent again" in hub.source("smartrace")["text"], "the bounces")


@pytest.mark.parametrize("kind", [Esp32, OldEsp32])
def test_sensors_that_keep_another_order(place, kind):
    hub, port = place
    sensor = kind("127.0.0.1", port, boot_ms=(1 << 32) - 50).connect()
    race(hub)
    stamps = cross(sensor, 4)
    wait_laps(hub, 4)
    unwrapped = [s + (1 << 32) if s < 1000 else s for s in stamps]
    assert lap_ms(hub) == differences(unwrapped)


def test_a_reboot_begins_a_new_clock(place):
    hub, port = place
    pico = Pico("127.0.0.1", port, boot_ms=9_000_000).connect()
    race(hub)
    cross(pico, 2)
    wait_laps(hub, 2)
    pico.socket.cut()
    pico.boot()
    cross(pico, 2)
    crossings = wait_laps(hub, 4)
    clocks = [lap["clock"] for lap in crossings]
    assert clocks[0] == clocks[1] != clocks[2] == clocks[3]
    assert all(0 < ms < 15_000 for ms in lap_ms(hub)), "the lap across the reboot is by arrival"


def test_frames_in_pieces_numbers_as_text_and_nonsense(place):
    hub, port = place
    pico = Pico("127.0.0.1", port).connect()
    race(hub)
    raw = b"".join(pico.socket.frame(websocket.TEXT, lap_text(5_000, 1).encode()))
    for byte in raw:
        pico.socket.sock.sendall(bytes([byte]))
    wait_laps(hub, 1)
    for nonsense in ("", "{", "[]", "null", '{"type":5}', '{"type":"analog_lap"}', '{"type":"weather"}',
                     '{"type":"analog_lap","data":{"controller_id":null,"timestamp":1}}'):
        pico.say(nonsense)
    pico.socket.send(b"\x00\xff", websocket.BINARY)
    pico.say('{"type":"race_control","data":{"value":"start"}}')
    wait(0.03)
    pico.say('{"type": "analog_lap", "data": {"timestamp": "5030", "controller_id": "1"}}')
    wait_laps(hub, 2)
    assert lap_ms(hub) == [30]
    # Split into two frames: not what sensors do, but what the standard allows.
    wait(0.03)
    text = lap_text(5_060, 1).encode()
    pico.socket.send(text[:9], fin=False)
    pico.socket.send(text[9:], opcode=0)
    wait_laps(hub, 3)


def test_several_sensors_and_one_that_never_asks(place):
    hub, port = place
    idle = socket.create_connection(("127.0.0.1", port))
    page = socket.create_connection(("127.0.0.1", port))
    page.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert page.recv(4096).startswith(b"HTTP/1.1 426 ")
    race(hub)
    sensors = [Pico("127.0.0.1", port, boot_ms=20_000 * lane).connect() for lane in (1, 2, 3)]
    for lane, sensor in enumerate(sensors, 1):
        stamps = cross(sensor, 2, lane)
        if lane <= 2:
            wait_laps(hub, 2, lane)
            assert stamps_ms(hub, lane) == stamps
    idle.close()


def test_the_port_may_be_taken_for_a_while():
    port = free_port()
    with socket.socket() as other:
        other.bind(("0.0.0.0", port))
        other.listen()
        with Hub(club(port), free_port()) as hub:
            wait_until(lambda: "Retrying: Port" in hub.source("smartrace")["text"], "told that it is taken")
            assert "ip_local_reserved_ports" in hub.source("smartrace")["text"]
            other.close()
            wait_until(lambda: "no sensor is connected" in hub.source("smartrace")["text"], "listening")
            pico = Pico("127.0.0.1", port).connect()
            hub.wait_source("smartrace", "ok")
            pico.socket.close()


def test_a_killed_hub_knows_the_clock_again():
    port = free_port()
    with Hub(club(port), free_port()) as hub:
        wait_until(lambda: "no sensor is connected" in hub.source("smartrace")["text"], "listening")
        pico = Pico("127.0.0.1", port, boot_ms=60_000, pause=lambda: wait(0.05)).connect()
        race(hub)
        stamps = cross(pico, 3)
        wait_laps(hub, 3)
        wait(1.1)  # the hub writes a plugin's small state behind
        hub.kill()
        hub.start()
        # The first goes into a connection that is no more and is put back; at most the one before is repeated.
        stamps += cross(pico, 3)
        wait_until(lambda: stamps_ms(hub)[-1:] == stamps[-1:], "the last lap")
        assert len({lap["clock"] for lap in laps(hub)}) == 1
        assert len(set(stamps_ms(hub))) == len(laps(hub))


def lines(name):
    file = RECORDINGS / name
    if not file.exists():
        pytest.skip(f"the recording {name} is not beside this clone")
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("name,laps_of_each", [("session-api6.jsonl", 4), ("session-api7.jsonl", 1)])
def test_recordings_of_real_sessions(place, name, laps_of_each):
    """The lap times in them are checked where time can be simulated, in tests/unit/smartrace."""
    hub, port = place
    recording = lines(name)
    sensor = websocket.connect("127.0.0.1", port)
    said = [line["text"] for line in recording if line["from"] == "sensor"]
    sensor.send(said[0])
    for told in (line for line in recording if line["from"] == "app"):
        ours, theirs = json.loads(sensor.receive()), json.loads(told["text"])
        assert ours["type"] == theirs["type"] and ours["data"].keys() == theirs["data"].keys()
    for text in said[1:]:
        sensor.send(text)

    def seen():
        gates = hub.track().get("gates", [])
        return {(gate["gate"], gate["lane"]): gate["count"] for gate in gates}
    wait_until(lambda: seen() == {("finish", 1): laps_of_each, ("finish", 2): laps_of_each,
                                  ("pit_in", 2): 1, ("pit_out", 2): 1}, "all crossings")
