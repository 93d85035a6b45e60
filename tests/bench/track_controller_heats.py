#!/usr/bin/env python3
"""Heats through the real hub with everything going wrong: lost and doubled results (both must be 0), the time from the last byte of
a result to the fact on the live socket, and what an idle plugin costs.

  RACEHUB_BUILD=build tests/bench/track_controller_heats.py [HEATS [WAY...]]

HEATS are shared by the ways: http1, http2, serial1, serial2, or those that are named.
"""
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "process"))
from mosquitto import wait_until  # noqa: E402
from track_controller_bench import WAY_IDS, WAYS  # noqa: E402
from track_controller_evening import Evening  # noqa: E402

LANES = range(1, 7)


class Season:
    def __init__(self, way, folder, heats, seed):
        self.random = random.Random(seed)
        self.way, self.heats = way, heats
        self.evening = Evening(way, folder)
        self.sent_ns = {}   # device's race: when its last byte was handed to the wire
        self.expected = {}  # device's race: (hub's race, times)
        self.disturbed = set()
        self.wiped = self.faults = self.kills = self.offered = 0
        engine = self.evening.device.engine
        # After all other listeners: they have written the result.
        engine.on_phase.append(lambda _, now: now == "IDLE" and engine.last_race and self.sent_ns.setdefault(
            engine.last_race["race_id"], time.monotonic_ns()))

    def chance(self, share):
        return self.random.random() < share

    def run(self):
        for number in range(self.heats):
            while not self.heat(number):
                self.wiped += 1
        self.check()

    def heat(self, number):
        evening = self.evening
        race_id = evening.arm()
        disturbed = self.chance(0.08)
        if disturbed:
            self.disturb()
        wait_until(lambda: evening.device.phase()[0] == "ARMED", "armed", 90)
        times = {lane: self.random.randint(15, 60) for lane in LANES if not self.chance(0.08)}
        device_id = evening.device.race(times)
        midway = bool(device_id) and self.chance(0.12)
        wiped = midway and self.disturb()
        disturbed = disturbed or midway
        if number % 50 == 49:
            self.kills += 1
            disturbed = True
            evening.hub.kill()
            evening.hub.start()
            evening.hub.wait_source("timer")
            evening.token = evening.hub.login()
        if disturbed:
            self.disturbed.add(device_id)
        if not device_id or (wiped and not self.arrived(device_id, race_id)):
            evening.order("race.abort", reason="the device forgot it")
            return False
        wait_until(lambda: self.phase() in ("finished", "held") or self.on_offer(device_id),
                   f"result of {race_id} on {self.way}", 90)
        if self.on_offer(device_id):
            # The hub died before it could note for whom the device was armed: the director knows.
            self.offered += 1
            evening.order("report.take", report_id=device_id, reason="it was this heat's")
        self.expected[device_id] = (race_id, times)
        if self.phase() == "held":
            evening.order("heat.accept", reason="few cars")
        return True

    def on_offer(self, device_id):
        return device_id in [o["report_id"] for o in self.evening.hub.track("derby").get("offers", [])]

    def phase(self):
        return self.evening.hub.phase("derby")

    def arrived(self, device_id, race_id):
        """The result that the device forgot may have been with the hub before; else the device is armed again."""
        def known():
            phase = self.phase()
            return phase in ("finished", "held") or self.evening.device.phase()[0] == "ARMED"
        wait_until(known, f"{race_id}: {device_id} or armed again", 90)
        return self.phase() in ("finished", "held")

    def disturb(self):
        """True if the device forgot everything."""
        device = self.evening.device
        self.faults += 1
        kind = self.random.choice(["cut", "cut", "fail", "fail", "reboot"])
        if kind == "reboot":
            device.reboot()
            return True
        if kind == "fail":
            device.fail_next(*self.random.choices(["cut", "ok", "reset" if device.http else "cut"], k=2))
        elif device.http:
            device.cut_connections()
        else:
            device.unplug(loses_power=False)
            device.plug()
        return False

    def check(self):
        """Against the hub's log, the truth."""
        hub = self.evening.hub
        self.lost = self.doubled = self.wrong = 0
        taken = {}
        for number in range(1, int(hub.race("derby")["race_id"]) + 1):
            for fact in hub.get(f"/api/races/{number}/facts")["facts"]:
                if fact["type"] == "heat.timed":
                    taken.setdefault(fact["data"]["report_id"], []).append((str(number), fact["data"]["results"]))
        offered = [o["report_id"] for o in hub.track("derby").get("offers", [])]
        for device_id, (race_id, times) in self.expected.items():
            got = taken.get(device_id, [])
            self.lost += not got
            self.doubled += len(got) > 1 or device_id in offered
            self.wrong += bool(got) and (got[0][0] != race_id or {
                r["entry"]: r["time_us"] // 1000 for r in got[0][1] if r["status"] == "timed"} != times)

    def delays_ms(self):
        """Of results that nothing got in the way of."""
        delays = []
        for at_ns, fact in self.evening.watcher.of_type("heat.timed"):
            device_id = fact["data"]["report_id"]
            if device_id in self.sent_ns and device_id not in self.disturbed:
                delays.append((at_ns - self.sent_ns[device_id]) / 1e6)
        return sorted(delays)


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid):
    """(resident, of that not shared with the hub's other processes)"""
    rollup = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    private = sum(int(rollup[key].split()[0]) for key in ("Private_Clean", "Private_Dirty"))
    return int(rollup["Rss"].split()[0]), private


def idle_cost(evening, seconds=15):
    hub = evening.hub
    hub.wait_source("timer")
    pid = hub.source("timer")["pid"]
    before = cpu_s(pid)
    wait_s(seconds)
    return (*memory_kb(pid), (cpu_s(pid) - before) / seconds * 100)


def wait_s(seconds):
    import select
    select.select([], [], [], seconds)


def at(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def main():
    heats = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    ways = [way for way, name in zip(WAYS, WAY_IDS) if name in (sys.argv[2:] or WAY_IDS)]
    all_delays, total = [], [0] * 4
    print("way        heats  faults  hub killed  forgotten by the device  on offer  lost  doubled  wrong  p50 ms  p99 ms  idle: RSS kB"
          "  own kB  CPU %")
    for way in ways:
        with tempfile.TemporaryDirectory() as folder:
            season = Season(way, Path(folder), heats // len(ways), WAYS.index(way) + 1)
            with season.evening:
                rss, own, cpu = idle_cost(season.evening, 15 if season.heats >= 100 else 2)
                season.run()
                wait_until(lambda: len(season.delays_ms()) > 0, "delays")
                delays = season.delays_ms()
            print(f"{way[0]:6} {way[1]}.0  {season.heats:5}  {season.faults:6}  {season.kills:10}  {season.wiped:23}  {season.offered:8}  {season.lost:4}"
                  f"  {season.doubled:7}  {season.wrong:5}  {at(delays, .5):6.2f}  {at(delays, .99):6.2f}  {rss:12}  {own:6}  {cpu:5.2f}",
                  flush=True)
            all_delays += delays
            for i, each in enumerate((season.heats, season.lost, season.doubled, season.wrong)):
                total[i] += each
    all_delays.sort()
    print(f"all: {total[0]} heats, lost {total[1]}, doubled {total[2]}, wrong {total[3]}; added delay p50 {at(all_delays, .5):.2f} ms, "
          f"p99 {at(all_delays, .99):.2f} ms of {len(all_delays)} undisturbed results")
    return 1 if any(total[1:]) else 0


if __name__ == "__main__":
    sys.exit(main())
