#!/usr/bin/env python3
"""Gate to screen: a crossing published to a real Mosquitto until the lap is on every screen, the hub (fact durable, plugin in
a child process) beside the smallest program without log or rules, in turns. Prints medians and ratios.

  cmake -B build -DRACEHUB_BENCH=ON && ninja -C build && RACEHUB_BUILD=build tests/bench/gate_to_screen.py
"""
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "process"))
from hub import Hub  # noqa: E402
from mosquitto import Mosquitto, free_port  # noqa: E402
from web_client import BUILD  # noqa: E402

BENCH = BUILD / "tests" / "bench"
ROWS = [(10, 100, 20), (100, 400, 200), (1000, 60, 20), (10, 1000, 1000)]  # screens, crossings, per second
ROUNDS = 3


def load(broker, web_port, screens, crossings, rate):
    out = subprocess.run(
        [BENCH / "bench_gate_to_screen", str(broker.port), str(web_port), str(screens), str(crossings),
         str(rate)], capture_output=True, text=True, check=True, timeout=120).stdout.split()
    expected, seen, p50, p99 = map(int, out[2:])
    assert seen == expected, f"{seen} of {expected} frames"
    return p50 / 1000, p99 / 1000


def hub_round(broker, row):
    config = {
        "tracks": [{"id": "main", "lanes": 1, "settings": {"lights": 0, "lead_us": 0, "min_lap_us": 0}}],
        "plugins": [{"id": "gates", "library": "mqtt_gates", "track": "main",
                     "config": {"host": "127.0.0.1", "port": broker.port, "clean_session": True,
                                "gates": [{"topic": "g/1", "lane": 1, "min_pulse_ms": 0}]}}]}
    with Hub(config, free_port()) as hub:
        hub.wait_source("gates")
        hub.order(hub.login(), "race.start")
        hub.wait_phase("running")
        return load(broker, hub.port, *row)


def minimal_round(broker, row):
    port = free_port()
    program = subprocess.Popen([BENCH / "bench_minimal_hub", str(broker.port), str(port)],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout.readline() == "ready\n"
        return load(broker, port, *row)
    finally:
        program.kill()
        program.wait()


def main():
    print("screens  crossings/s   hub p50/p99 ms   minimal p50/p99 ms   ratio p50/p99")
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder)) as broker:
        for row in ROWS:
            hub, minimal = [], []
            for _ in range(ROUNDS):
                hub.append(hub_round(broker, row))
                minimal.append(minimal_round(broker, row))
            (h50, h99), (m50, m99) = ([statistics.median(v) for v in zip(*runs)]
                                      for runs in (hub, minimal))
            print(f"{row[0]:7}  {row[2]:11}   {h50:6.2f} / {h99:6.2f}   {m50:9.2f} / {m99:6.2f}"
                  f"   {h50 / m50:6.1f} / {h99 / m99:.1f}", flush=True)


if __name__ == "__main__":
    main()
