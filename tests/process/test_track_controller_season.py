"""Heats by the hundred through real sockets and pseudo-terminals with faults: none lost, none doubled.

The 1,000 heats of the unit tests run in simulated time; these run in real time, all four ways at once.
"""
# ctest: serial

import random
import threading
import time

from mosquitto import wait_until
from track_controller_bench import WAY_IDS, WAYS, Bench, Oddities, results

HEATS = 20  # each way


class Season:
    def __init__(self, way, tmp_path, seed):
        self.random = random.Random(seed)
        self.way = way
        self.bench = Bench(way, tmp_path, Oddities(ssid="PackHall"))
        self.expected = {}  # heat: times by lane
        self.log = []       # what the hub stored, over all lives of the plugin
        self.wiped = 0
        self.delays_ms = []
        self.error = None

    def run(self):
        try:
            for _ in range(HEATS):
                while not self._heat():
                    self.wiped += 1
            self.log += self.bench.reports()
        except BaseException as error:  # told by the test's own thread
            self.error = error
        finally:
            self.bench.close()

    def _heat(self):
        bench = self.bench
        lanes = sorted(self.random.sample(range(1, 7), self.random.randint(2, 4)))
        heat = bench.arm(lanes)
        if self.random.random() < 0.1:
            self._disturb()
        self._wait_armed(lanes)
        times = {lane: self.random.randint(15, 60) for lane in lanes if self.random.random() > 0.1}
        race_id = bench.device.race(times)
        if not race_id:
            return False
        wiped = self.random.random() < 0.15 and self._disturb()
        if self.random.random() < 0.1:
            self.log += bench.restart().of_type("heat.reported")
            if not self._stored(heat):
                bench.arm(lanes, heat)
        if wiped and not self._stored(heat):
            # The memory of the device is gone with the race: the director has it run again.
            wait_until(lambda: bench.device.phase()[0] == "ARMED" or self._stored(heat), "armed again", 60)
        if wiped and not self._stored(heat):
            bench.host.fact("race.aborted", {"by": "director", "reason": "lost"}, heat)
            return False
        try:
            wait_until(lambda: self._stored(heat), heat, 60)
        except AssertionError:
            lines = bench.device.serial.lines[-8:] if bench.device.serial else bench.device.http.requests[-8:]
            raise AssertionError(f"{heat} on {self.way} was not stored: the device is {bench.device.phase()}, its last "
                                 f"race {bench.device.last_race()}, asked {lines}; the hub said "
                                 f"{bench.host.healths[-3:]}, kept {bench.kv}") from None
        self.expected[heat] = {lane: ms * 1000 for lane, ms in times.items()}
        bench.finish(heat)
        return True

    def _wait_armed(self, lanes):
        """Protocol 1.0 over HTTP cannot disarm: then the director does what the plugin's sentence says."""
        bench = self.bench

        def armed():
            return bench.device.phase() == ("ARMED", sorted(lanes))

        def stuck():
            return "open and close the start gate once" in bench.host.healths[-1][1]

        wait_until(lambda: armed() or stuck(), f"armed on {lanes}: {bench.device.phase()}", 60)
        if not armed():
            bench.device.race({})
            bench.wait_armed(lanes, 60)

    def _stored(self, heat):
        return any(r["race_id"] == heat for r in self.log + self.bench.reports())

    def _disturb(self):
        """True if the device forgot everything."""
        device = self.bench.device
        kind = self.random.choice(["cut", "fail", "reboot"])
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


def test_no_heat_is_lost_or_doubled(tmp_path):
    seasons = []
    for number, way in enumerate(WAYS):
        folder = tmp_path / WAY_IDS[number]
        folder.mkdir()
        seasons.append(Season(way, folder, seed=number + 1))
    threads = [threading.Thread(target=season.run) for season in seasons]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for season in seasons:
        if season.error:
            raise season.error
        reports = [r for r in season.log if r["race_id"] in season.expected]
        assert len(season.expected) == HEATS
        assert len({r["source_key"] for r in season.log}) == len(season.log), "a race was reported twice"
        for heat, times in season.expected.items():
            of_heat = [r for r in reports if r["race_id"] == heat]
            assert len(of_heat) == 1, f"{heat} on {season.way}: {of_heat}"
            assert results(of_heat[0]) == times
            assert of_heat[0]["data"]["fault"] == ""
        print(f"{season.way}: {HEATS} heats, {season.wiped} wiped out by reboots and run again, "
              f"{sum(r['data']['missed_reports'] for r in season.log)} gaps told")
    print(f"{time.monotonic() - started:.1f} s")
