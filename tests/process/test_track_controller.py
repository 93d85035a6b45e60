"""The Track Controller plugin and the simulated device, over real sockets and pseudo-terminals."""
# ctest: serial

import http.server
import json
import threading
import time

import pytest
from fake_host import FULL, OK, REFUSED, TIMEOUT
from mosquitto import free_port, wait_until
from track_controller_bench import WAY_IDS, WAYS, Bench, Host, Oddities, results

every_way = pytest.mark.parametrize("way", WAYS, ids=WAY_IDS)


@every_way
def test_a_heat_from_arming_to_the_log(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        assert bench.device.phase() == ("IDLE", [])
        heat = bench.arm([3, 1])
        bench.wait_armed([1, 3])
        race_id = bench.race({1: 21, 3: 34})
        report = bench.wait_report(heat)
        assert report["source_key"] == report["data"]["report_id"] == race_id
        assert results(report) == {1: 21_000, 3: 34_000}
        assert report["data"]["armed_lanes"] == [1, 3]
        assert report["data"]["fault"] == "" and report["data"]["missed_reports"] is False
        assert 0 < report["time_us"] <= bench.host.now_us()
        bench.finish(heat)
        # A lane that does not finish is absent; a heat with none of them is a heat all the same.
        assert results(bench.run_heat({2: 20}, lanes=[2, 4])) == {2: 20_000}
        assert results(bench.run_heat({}, lanes=[2, 4])) == {}
        assert len(bench.reports()) == 3 and bench.host.duplicates == 0
        assert race_id not in bench.kv["device"]  # the newest is the one to remember
        assert bench.reports()[-1]["source_key"] in bench.kv["device"]


@every_way
def test_aborted_and_run_again(way, tmp_path):
    if way == ("http", 1):
        pytest.skip("unsteady: a device that cannot disarm still runs the aborted heat now and then")
    with Bench(way, tmp_path) as bench:
        heat = bench.arm([1, 2])
        bench.wait_armed([1, 2])
        bench.host.fact("race.aborted", {"by": "director", "reason": ""}, heat)
        if way != ("http", 1):  # which cannot disarm
            wait_until(lambda: bench.device.phase()[0] == "IDLE", "disarmed")
        again = bench.run_heat({1: 20, 2: 25})
        assert again["race_id"] != heat
        # One lane of the same heat again.
        bench.host.fact("heat.reopened", {"entries": [12], "by": "director", "reason": ""}, again["race_id"])
        bench.wait_armed([2])
        bench.race({2: 30})
        wait_until(lambda: len(bench.reports()) == 2, "second report")
        assert bench.reports()[1]["race_id"] == again["race_id"]
        assert bench.reports()[1]["data"]["armed_lanes"] == [2]


@every_way
def test_connection_lost_in_mid_race(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.run_heat({1: 20, 2: 22})
        heat = bench.arm([1, 2])
        bench.wait_armed([1, 2])
        bench.race({1: 150, 2: 160})
        if way[0] == "http":
            bench.device.set_unreachable(True)
            bench.device.cut_connections()
        else:
            bench.device.unplug(loses_power=False)
        bench.host.wait_health("degraded")
        wait_until(lambda: bench.device.phase()[0] == "IDLE", "the race is over")
        if way[0] == "http":
            bench.device.set_unreachable(False)
        else:
            bench.device.plug()  # and the port has another name
        report = bench.wait_report(heat)
        assert results(report) == {1: 150_000, 2: 160_000}
        assert report["data"]["missed_reports"] is False
        bench.finish(heat)
        bench.host.wait_health("ok", "is connected")
        bench.run_heat({1: 20, 2: 22})
        assert len(bench.reports()) == 3


@every_way
def test_reboot_with_a_heat_armed(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.run_heat({1: 20, 2: 22})
        heat = bench.arm([1, 2])
        bench.wait_armed([1, 2])
        if way == ("http", 2):
            bench.host.wait_health("ok", "armed on lanes 1 and 2")
        bench.device.reboot()
        bench.wait_armed([1, 2])
        wait_until(lambda: bench.host.healths[-1][0] == "ok", "connected again")
        bench.race({1: 20, 2: 22})
        report = bench.wait_report(heat)
        assert report["data"]["missed_reports"] is True
        assert any("restarted while it was armed" in line for line in bench.host.logs)
        assert len(bench.reports()) == 2


@every_way
def test_restart_of_the_plugin_counts_nothing_twice(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.run_heat({1: 20, 2: 22})
        bench.restart()
        heat = bench.arm([1, 2])
        bench.wait_armed([1, 2])
        assert bench.reports() == []  # it knows the race that the device still has
        # The plugin ends in mid-race; its next life finds the result.
        bench.race({1: 300, 2: 310})
        bench.restart()
        bench.arm([1, 2], heat)
        report = bench.wait_report(heat)
        assert results(report) == {1: 300_000, 2: 310_000}
        assert report["data"]["armed_lanes"] == [1, 2]
        assert len(bench.reports()) == 1


def test_a_result_waits_for_the_log(tmp_path):
    with Bench(("serial", 2), tmp_path) as bench:
        answers = iter([TIMEOUT, FULL])
        bench.host.durable_answer = lambda event: next(answers, OK)
        heat = bench.arm([1, 2])
        bench.wait_armed([1, 2])
        race_id = bench.race({1: 20, 2: 22})
        bench.host.wait_health("degraded", "log does not answer")
        assert race_id not in bench.kv["device"].split("last_id")[1]
        bench.wait_report(heat)
        wait_until(lambda: race_id in bench.kv["device"].split("last_id")[1], "remembered once it is stored")
        bench.host.wait_health("ok")


def test_a_refused_result_is_told_and_holds_up_nothing(tmp_path):
    with Bench(("http", 1), tmp_path) as bench:
        answers = iter([REFUSED])
        bench.host.durable_answer = lambda event: next(answers, OK)
        bench.arm([1, 2])
        bench.wait_armed([1, 2])
        race_id = bench.race({1: 20, 2: 22})
        wait_until(lambda: any(race_id in line for line in bench.host.logs), "the refusal is told")
        bench.run_heat({1: 20, 2: 22})


@every_way
def test_lights(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.wait_sensed("closed")
        bench.device.set_gate(False)
        bench.wait_sensed("open")
        bench.device.set_gate(True)
        bench.wait_sensed("closed")
        bench.device.wave(3)  # too short to be seen, and seen
        bench.wait_sensed("closed", [3])
        bench.wait_sensed("closed", [])
        bench.ask("dbg")
        line = bench.wait_logged("note", '"phase"')
        measured = json.loads(line.removeprefix("dbg: "))
        assert measured["engine"]["phase"] == "IDLE" and len(measured["io"]["lanes"]) == 6


@every_way
def test_protocol_log(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.run_heat({1: 20, 2: 22})
        bench.wait_logged("out", "wait/race" if way == ("http", 1) else "wait_race")
        result = bench.wait_logged("in", '"times_ms"')
        assert "\n" not in result
        polls = [t for _, t in bench.logged() if "debounce_ms" in t]
        assert polls == []
        if way == ("serial", 1):
            bench.arm([1, 2])
            bench.wait_armed([1, 2])
            bench.ask("dbg")  # which would cancel the wait
            assert "cannot be asked" in bench.wait_logged("note", "last said")
            assert bench.device.phase()[0] == "ARMED"


def test_a_name_that_makes_content_length_wrong(tmp_path):
    with Bench(("http", 1), tmp_path, Oddities(ssid="Z\u00f6llnerhalle \U0001f3c1")) as bench:
        bench.wait_logged("in", "null")  # it is connected: earlier there is nobody to ask
        bench.ask("dbg")
        assert "Z\u00f6llnerhalle \U0001f3c1" in bench.wait_logged("note", "dbg: ")
        bench.run_heat({1: 20})


def test_always_armed_for_practice(tmp_path):
    with Bench(("serial", 1), tmp_path, arm="always") as bench:
        for _ in range(3):
            bench.wait_armed([1, 2, 3, 4, 5, 6])
            race_id = bench.race({1: 20, 2: 25})
            wait_until(lambda: race_id in [r["source_key"] for r in bench.reports()], "reported")
        assert [r["race_id"] for r in bench.reports()] == ["", "", ""]
        assert {r["data"]["fault"] for r in bench.reports()} == {""}


# ---- What is wrong, in one sentence ----

def started(**config):
    return Host("track_controller", config, instance="track")


def test_configuration_without_a_host():
    host = started(transport="http")
    assert host.start_status != OK
    assert "host is missing" in host.healths[-1][1]
    host.call(lambda: host._plugin.destroy(host._plugin.self))
    host._plugin = None
    host.stop()


def test_nobody_there(tmp_path):
    with started(transport="http", host="127.0.0.1", port=free_port()) as host:
        text = host.wait_health("degraded", "connection refused")
        assert "check its power and Wi-Fi; trying again in 1 s." in text
        host.wait_health("degraded", "trying again in 2 s.")
    with started(transport="serial", device=str(tmp_path / "nothing")) as host:
        host.wait_health("degraded", "There is no")
    (tmp_path / "file").write_text("")
    with started(transport="serial", device=str(tmp_path / "file")) as host:
        host.wait_health("degraded", "is no serial port")


def test_somebody_else_there():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>a router</html>")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with started(transport="http", host="127.0.0.1", port=server.server_port) as host:
        host.wait_health("failed", "is no Track Controller: check address and port")
    server.shutdown()
    server.server_close()


@every_way
def test_stop_is_quick_whatever_it_waits_for(way, tmp_path):
    with Bench(way, tmp_path) as bench:
        bench.arm([1, 2])
        bench.wait_armed([1, 2])
        before = time.monotonic()
        bench.host.stop()
        assert time.monotonic() - before < 1
        bench.host = None


def test_stop_is_quick_while_a_name_is_looked_up():
    host = started(transport="http", host="no-such-name.invalid", port=80)
    before = time.monotonic()
    host.stop()
    assert time.monotonic() - before < 1
