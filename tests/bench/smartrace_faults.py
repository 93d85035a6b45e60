#!/usr/bin/env python3
"""Laps of SmartRace sensors through the hub into a SmartRace app, with faults injected on both sides: what is lost, what is
doubled, how long a lap takes to the live socket, and what an idle plugin costs. Real hub, simulated sensors and app.

  RACEHUB_BUILD=build tests/bench/smartrace_faults.py [LAPS]
"""
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in ("tests/support", "tests/process", "plugins/smartrace/tools"):
    sys.path.insert(0, str(ROOT / folder))
from app import App, read  # noqa: E402
from hub import Hub  # noqa: E402
from mosquitto import free_port, wait_until  # noqa: E402
from sensor import DUMMY, lap_text, Pico, WRAP_MS  # noqa: E402
from web_client import wait  # noqa: E402

LANES = 8
SENSORS = 2        # each sees half of the lanes, from an address of its own
LEAST_GAP_MS = 10  # between two laps of one car


class Night:
    """A race of `laps` laps; chance decides what goes wrong."""

    def __init__(self, laps, seed=1, kills=3):
        self.laps, self.kills = laps, kills
        self.chance = random.Random(seed)
        self.expected = {lane: [] for lane in range(1, LANES + 1)}  # stamps, in order
        self.crossed_s = dict.fromkeys(self.expected, 0.0)
        self.delays_ms, self.recoveries_ms = [], []
        self.faults = Counter()
        self.wrapped_s = {}  # when a sensor was last booted so that its clock wraps
        self.history = []  # of faults and what is odd, for a failure's message

    def run(self):
        app_port, port = free_port(), free_port()
        config = {"tracks": [{"id": "main", "lanes": LANES, "settings": {
                      "lights": 0, "lead_us": 0, "min_lap_us": 0, "max_lap_us": 0, "first_lap": "from_first_crossing"}}],
                  "plugins": [{"id": "sensors", "library": "smartrace", "track": "main",
                               "config": {"port": port, "min_pulse_ms": 0}},
                              {"id": "app", "library": "smartrace", "track": "main",
                               "config": {"mode": "client", "app_host": "127.0.0.1", "app_port": app_port,
                                          "names": False}}]}
        with Hub(config, free_port()) as self.hub, self.hub.live() as self.live:
            self.told = set()  # what the app heard
            self.app = App(app_port, [], on_message=lambda _, text: self.told.add(text))
            wait_until(lambda: "no sensor is connected" in self.hub.source("sensors")["text"], "listening")
            self.hub.wait_source("app")
            self.picos = [Pico("127.0.0.1", port, 100_000 * i, lambda: wait(0.02), f"127.0.0.{i + 2}").connect()
                          for i in range(SENSORS)]
            self.idle = {ident: self.cost(ident) for ident in ("sensors", "app")}
            self.hub.order(self.hub.login(), "race.start")
            self.hub.wait_phase("running")
            for number in range(self.laps):
                self.lap(number)
            try:
                return self.result()
            finally:
                self.app.close()

    def cost(self, ident):
        """(kB, percent of a core) of the source's process while nothing happens."""
        pid = self.hub.source(ident)["pid"]

        def cpu_s():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        before, since = cpu_s(), time.monotonic()
        wait(10 if self.laps >= 10_000 else 0.2)
        busy = (cpu_s() - before) / (time.monotonic() - since) * 100
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return [int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")][0], busy

    def lap(self, number):
        lane = number % LANES + 1
        pico = self.picos[lane % SENSORS]
        wait(max(0, self.crossed_s[lane] + LEAST_GAP_MS / 1000 - time.monotonic()))
        self.crossed_s[lane] = time.monotonic()
        stamp = pico.now_ms()
        self.expected[lane].append(stamp)
        fault = self.before(number, pico, lap_text(stamp, lane))
        since = time.monotonic()
        if fault != "partial":
            pico.lap(lane, stamp)
        sent = time.monotonic()
        self.await_fact(lane, stamp)
        (self.recoveries_ms if fault else self.delays_ms).append(
            (time.monotonic() - (since if fault else sent)) * 1000)
        self.after(number, pico, lap_text(stamp, lane))

    def fault(self, kind, probability):
        if self.chance.random() < probability:
            self.faults[kind] += 1
            self.history.append(kind)
            return True
        return False

    def before(self, number, pico, text):
        """What goes wrong as the lap is sent; the kind, or None."""
        if self.kills and number % (self.laps // (self.kills + 1) or 1) == 1 and number > 1:
            ident = "sensors" if self.faults["plugin killed"] % 2 == 0 else "app"
            self.faults["plugin killed"] += 1
            self.history.append("plugin killed")
            os.kill(self.hub.source(ident)["pid"], signal.SIGKILL)
            if ident == "sensors":
                # Until its network has told the sensor: what it sends before, it learns of with the next lap only.
                select.select([pico.socket.sock], [], [], 5)
            return "plugin killed"
        if self.fault("partial send", 0.01):
            whole = b"".join(pico.socket.frame(1, text.encode()))
            pico.socket.sock.sendall(whole[:self.chance.randrange(1, len(whole))])
            pico.socket.cut()
            pico.send_again(text)
            return "partial"
        if self.fault("connection cut", 0.02):
            pico.socket.cut()
            return "connection cut"
        # Laps come a hundred times faster here than on a track: the app must not be away most of the time.
        if number - len(self.told) < 100 and self.fault("connection cut at the app", 0.01):
            self.app.cut()
        return None

    def after(self, number, pico, text):
        if self.fault("sent again", 0.05):
            for _ in range(self.chance.randrange(1, 10)):
                pico.say(text)
        if self.fault("dummy", 0.01):
            pico.say(DUMMY)
        if self.fault("sensor booted", 0.005):
            # A real boot takes seconds: two runs of a clock never show the same. Half of them wrap soon.
            pico.socket.close()
            now = time.monotonic()
            near_wrap = now - self.wrapped_s.get(pico, -9) > 9
            if near_wrap:
                self.wrapped_s[pico] = now
            pico.boot(WRAP_MS - self.chance.randrange(1_000) if near_wrap
                      else 1_000_000 * (self.faults["sensor booted"] + 1))
        if number - len(self.told) < 100 and self.fault("app closed", 0.0005):
            port, log = self.app.port, self.app.log
            self.app.close()
            self.app = App(port, [], on_message=lambda _, text: self.told.add(text))
            self.app.log[:0] = log

    def await_fact(self, lane, stamp):
        """Reads the live socket until the lap is there."""
        end = time.monotonic() + 5
        while True:
            if time.monotonic() > end:
                _, _, log = self.hub.request("GET", "/api/sources/sensors/log",
                                             headers={"Authorization": f"Bearer {self.hub.login()}"})
                raise AssertionError(f"lap {stamp} of lane {lane} did not come; {self.history[-8:]}; protocol: "
                                     f"{log.decode().splitlines()[-8:]}")
            message = self.live.message()
            self.history.append(str(message)[:600]) if "ignored" in str(message) else None
            for fact in message.get("facts", []) if message["type"] == "facts" else []:
                data = fact["data"]
                if fact["type"] == "lap.completed" and data["entry"] == lane \
                        and data["stamp_us"] // 1000 % WRAP_MS == stamp:
                    return

    def result(self):
        total = {"lost": 0, "doubled": 0, "wrong": 0, "lost at the app": 0, "doubled at the app": 0}
        entries = self.hub.race()["entries"]
        try:
            wait_until(lambda: sum("analog_lap" in text for text in set(self.told)) >= self.laps, "all told to the app", 30)
        except AssertionError:
            pass  # they are counted below
        told = {lane: [] for lane in self.expected}
        for text in self.app.texts("analog_lap"):
            data = read(text)["data"]
            told[data["controller_id"]].append(data["timestamp"])
        for lane, stamps in self.expected.items():
            laps = entries[lane - 1]["laps"]
            seen = [lap["stamp_us"] // 1000 % WRAP_MS for lap in laps]
            total["lost"] += sum((Counter(stamps) - Counter(seen)).values())
            total["doubled"] += sum((Counter(seen) - Counter(stamps)).values())
            for before, lap in zip(laps, laps[1:]):
                if before["clock"] == lap["clock"]:
                    total["wrong"] += lap["lap_us"] != lap["stamp_us"] - before["stamp_us"]
            distinct = sorted(set(told[lane]))  # the same stamp again is no second lap
            total["lost at the app"] += max(0, len(stamps) - len(distinct))
            total["doubled at the app"] += max(0, len(distinct) - len(stamps))
            total["wrong"] += list(dict.fromkeys(told[lane])) != distinct
        if any(total.values()):
            print(total, [self.hub.source(ident)["text"] for ident in ("sensors", "app")], self.history[-40:])
        return total


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main():
    night = Night(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    since = time.monotonic()
    total = night.run()
    print(f"{night.laps} laps in {time.monotonic() - since:.0f} s;", ", ".join(f"{n} {k}" for k, n in total.items()))
    print("faults:", ", ".join(f"{n} x {k}" for k, n in sorted(night.faults.items())))
    delays = night.delays_ms
    print(f"last byte of a lap to its fact on the live socket, {len(delays)} laps without a fault: "
          f"p50 {percentile(delays, .5):.2f} ms, p99 {percentile(delays, .99):.2f} ms, most {max(delays):.2f} ms")
    print(f"with a fault, {len(night.recoveries_ms)} laps: p50 {percentile(night.recoveries_ms, .5):.2f} ms, "
          f"most {max(night.recoveries_ms):.2f} ms")
    for ident, (kb, cpu) in night.idle.items():
        print(f"idle plugin ({ident}): {kb} kB (PSS), {cpu:.2f} % of a core")
    return 1 if any(total.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
