"""The Track Controller plugin's "test connection" and "discover", through racehub-plugin-host."""

import json
import os
import pathlib
import subprocess

import pytest
from mosquitto import free_port
from track_controller_bench import WAY_IDS, WAYS, Bench

BUILD = pathlib.Path(os.environ["RACEHUB_BUILD"])


def ask(config, what="test"):
    command = [BUILD / "bin/racehub-plugin-host", "examine", BUILD / "plugins/track_controller.so", "0", what]
    done = subprocess.run(command, input=json.dumps(config), text=True, capture_output=True, timeout=20, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("way", WAYS, ids=WAY_IDS)
def test_a_device_that_answers(way, tmp_path):
    with Bench(way, tmp_path, starts=False) as bench:
        answer = ask(bench.config)
        assert answer["ok"], answer
        assert f"protocol {way[1]}.0, 6 lanes) is connected." in answer["text"]
        assert bench.device.phase() == ("IDLE", [])  # and nothing was armed


@pytest.mark.parametrize("way", WAYS, ids=WAY_IDS)
def test_a_device_that_a_source_uses(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.arm([1, 2])
        bench.wait_armed([1, 2])
        answer = ask(bench.config)
        if way[0] == "serial":
            # Two on one cable would cancel each other's waits.
            assert not answer["ok"] and "is used by another program" in answer["text"]
            assert "if this source runs already, all is well" in answer["text"]
        else:
            assert answer["ok"], answer
        assert bench.device.phase() == ("ARMED", [1, 2])
        bench.race({1: 20, 2: 22})
        bench.wait_report("heat-1")


def test_nobody_there(tmp_path):
    answer = ask({"transport": "http", "host": "127.0.0.1", "port": free_port()})
    assert not answer["ok"] and answer["text"].endswith("(connection refused): check its power and Wi-Fi.")
    answer = ask({"transport": "serial", "device": str(tmp_path / "ttyACM0")})
    assert not answer["ok"] and "plug the Track Controller in" in answer["text"]
    answer = ask({"transport": "http"})
    assert not answer["ok"] and "host is missing" in answer["text"]


def test_discover_looks_for_the_usb_id():
    answer = ask({}, "discover")
    assert isinstance(answer["found"], list)
    for found in answer["found"]:
        assert found["config"]["transport"] == "serial"
