"""The gate plugin against a real Mosquitto, with a hub made of Python (fake_host.py)."""

import json
import pathlib
import socket
import subprocess
import threading

import pytest
from fake_host import FakeHost, FULL, OK, REFUSED
from mosquitto import free_port, Mosquitto, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LANE_1 = "carrera/track1/finish"
LANE_2 = "carrera/track2/finish"
# The tests send faster than cars drive.
QUICK = [{"topic": LANE_1, "lane": 1, "min_pulse_ms": 0},
         {"topic": LANE_2, "lane": 2, "min_pulse_ms": 0}]
STEP_US = 1000  # between two numbered crossings, by the gate's clock


@pytest.fixture(name="broker")
def _broker(tmp_path):
    with Mosquitto(tmp_path) as broker:
        yield broker


def config_for(broker, **more):
    return {"host": "127.0.0.1", "port": broker.port, "gates": QUICK, **more}


def connected(broker, kv=None, **more):
    host = FakeHost("mqtt_gates", config_for(broker, **more), kv=kv)
    host.wait_health("ok", "Connected")
    return host


def arm(host, race_id="r1"):
    host.fact("race.armed", {"settings": {}, "entries": [{"entry": 1, "lane": 1}]}, race_id)
    host.fact("start.scheduled", {"lights": 5, "go_us": host.now_us()}, race_id)


def numbered(number, boot="b1"):
    return json.dumps({"n": number, "boot": boot, "t_us": number * STEP_US})


def stamps(crossings):
    return [each["data"]["stamp_us"] // STEP_US for each in crossings]


def test_plain_payloads(broker):
    with FakeHost("mqtt_gates", {"host": "127.0.0.1", "port": broker.port}) as host:
        host.wait_health("ok", "Connected")
        before_us = host.now_us()
        broker.publish(LANE_1, "MAGNET_ERKANNT", qos=0)
        first = host.wait_events("gate.crossed", 1)[0]
        broker.publish(LANE_2, "")
        second = host.wait_events("gate.crossed", 2)[1]
        assert first["data"] == {"gate": "finish", "lane": 1}
        assert second["data"] == {"gate": "finish", "lane": 2}
        assert before_us < first["time_us"] < second["time_us"] < host.now_us()
        broker.publish(LANE_1, "KEIN_MAGNET")
        wait_until(lambda: host.now_us() - first["time_us"] > 25_000, "the end of the pulse")
        broker.publish(LANE_1, "again")
        host.wait_events("gate.crossed", 3)
        assert len(host.events) == 3
        text = host.wait_health("ok", "1 filtered")
        assert "Lane 1 finish: 2, last just now; lane 2 finish: 1" in text


def test_stamps_numbers_and_holes(broker):
    with connected(broker) as host:
        broker.publish_lines(LANE_1, [numbered(1), numbered(2), numbered(2), numbered(5)])
        crossings = host.wait_events("gate.crossed", 3)
        assert stamps(crossings) == [1, 2, 5]
        assert {each["data"]["clock"] for each in crossings} == {LANE_1 + "/b1"}
        assert host.of_type("gate.missed")[0]["data"] == {"gate": "finish", "lane": 1, "count": 2}
        host.wait_health("ok", "1 duplicate")


def test_retained_crossings_are_old(broker):
    broker.publish(LANE_1, "MAGNET_ERKANNT", retain=True)
    with connected(broker) as host:
        host.wait_health("ok", "1 retained")
        broker.publish(LANE_1, "MAGNET_ERKANNT", retain=True)  # a live one of a careless gate
        host.wait_events("gate.crossed", 1)
        assert len(host.events) == 1


def test_broker_absent_at_start_then_restarted(tmp_path):
    broker = Mosquitto(tmp_path)
    with FakeHost("mqtt_gates", config_for(broker)) as host:
        text = host.wait_health("degraded", "next try in")
        assert "Connection refused" in text and "is it running" in text
        broker.start()
        try:
            host.wait_health("ok", "Connected")
            broker.publish(LANE_1, "x")
            host.wait_events("gate.crossed", 1)
            broker.kill()
            host.wait_health("degraded", "was lost")
            broker.start()
            host.wait_health("ok", "Connected")
            broker.publish(LANE_1, "y")
            host.wait_events("gate.crossed", 2)
        finally:
            broker.stop()


def test_credentials(tmp_path):
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "gates", "right"], check=True)
    passwords.chmod(0o644)
    extra = [f"password_file {passwords}"]
    with Mosquitto(tmp_path, extra=extra, allow_anonymous=False) as broker:
        for wrong in ({}, {"username": "gates", "password": "wrong-secret"}):
            with FakeHost("mqtt_gates", config_for(broker, **wrong)) as host:
                host.wait_health("failed", "correct username and password")
                assert "wrong-secret" not in str(host.healths) + str(host.logs)
        with FakeHost("mqtt_gates",
                      config_for(broker, username="gates", password="right")) as host:
            host.wait_health("ok", "Connected")


def test_forbidden_topic_is_named():
    """Mosquitto lets everybody subscribe to anything; other brokers answer 0x80."""
    with socket.create_server(("127.0.0.1", 0)) as server, \
            FakeHost("mqtt_gates", {"host": "127.0.0.1", "port": server.getsockname()[1]}) as host:
        server.settimeout(10)
        server.accept()[0].close()  # the plugin tries the way first
        connection = server.accept()[0]
        with connection:
            assert connection.recv(4096)[0] == 0x10  # CONNECT
            connection.sendall(bytes([0x20, 2, 0, 0]))
            for refusal in (0x00, 0x80):
                packet = connection.recv(2)
                assert packet[0] == 0x82  # SUBSCRIBE
                packet_id = connection.recv(packet[1])[:2]
                connection.sendall(bytes([0x90, 3]) + packet_id + bytes([refusal]))
            host.wait_health("degraded", f"read the topic {LANE_2}")


@pytest.mark.parametrize("tls, words", [(False, "MQTT port"), (True, "TLS")])
def test_a_port_that_is_not_mqtt(tls, words):
    with socket.create_server(("127.0.0.1", 0)) as server:
        config = {"host": "127.0.0.1", "port": server.getsockname()[1], "tls": tls}
        with FakeHost("mqtt_gates", config) as host:
            server.settimeout(10)
            server.accept()[0].close()
            with server.accept()[0] as connection:
                connection.recv(4096)
            host.wait_health("failed" if tls else "degraded", words)


def make_certificates(folder, name):
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, cwd=folder, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=test authority",
            "-keyout", "ca.key", "-out", "ca.crt")
    openssl("req", *key, "-subj", f"/CN={name}", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text(f"subjectAltName=DNS:{name}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt")
    for file in folder.glob("*.key"):
        file.chmod(0o644)


def test_tls(tmp_path):
    make_certificates(tmp_path, "localhost")
    other = tmp_path / "other"
    other.mkdir()
    make_certificates(other, "localhost")
    tls_port = free_port()
    extra = [f"listener {tls_port} 127.0.0.1", f"certfile {tmp_path}/server.crt",
             f"keyfile {tmp_path}/server.key"]
    with Mosquitto(tmp_path, extra=extra) as broker:
        tls = {"host": "localhost", "port": tls_port, "tls": True,
               "tls_ca_file": f"{tmp_path}/ca.crt"}
        with FakeHost("mqtt_gates", tls) as host:
            assert "by TLS" in host.wait_health("ok", "Connected")
            broker.publish(LANE_1, "x")
            host.wait_events("gate.crossed", 1)
        with FakeHost("mqtt_gates", {**tls, "host": "127.0.0.1", "tls_insecure": True}) as host:
            host.wait_health("degraded", "name not checked")
        bad = [({"tls_ca_file": f"{other}/ca.crt"}, "certificate verify failed"),
               ({"host": "127.0.0.1"}, "certificate must name 127.0.0.1"),
               ({"tls_ca_file": f"{tmp_path}/absent.crt"}, "cannot be read"),
               ({"port": broker.port}, "TLS: ")]
        for change, words in bad:
            with FakeHost("mqtt_gates", {**tls, **change}) as host:
                host.wait_health("failed", words)


def test_go_exactly_once(broker):
    with broker.listen("carrera/race/start") as listener, connected(broker) as host:
        host.snapshot()
        arm(host)
        host.fact("race.aborted")
        arm(host, "r2")
        host.fact("race.started", race_id="r2")
        wait_until(listener.heard, "GO")
        broker.kill()
        host.wait_health("degraded", "lost")
        broker.start()
        host.wait_health("ok", "Connected")
    # The plugin starts again (a crash, a hub restart) and is told the race once more.
    with broker.listen("carrera/race/start") as again, \
            connected(broker, kv=host.kv) as host_2:
        arm(host_2, "r2")
        host_2.fact("race.started", race_id="r2")
        arm(host_2, "r3")
        host_2.fact("race.started", race_id="r3", time_us=host_2.now_us() - 60_000_000)
        arm(host_2, "r4")
        host_2.fact("race.started", race_id="r4")
        wait_until(again.heard, "GO")
        # The retained state goes out behind it, so nothing is on its way any more.
        with broker.listen("carrera/race/state") as state:
            wait_until(lambda: [each for each in state.heard() if '"r4"' in each[1]], "state")
        assert again.heard() == [("carrera/race/start", "GO", False)]
        assert any("too long ago" in line for line in host_2.logs)
    assert listener.heard() == [("carrera/race/start", "GO", False)]


def test_go_is_not_sent_late(tmp_path):
    broker = Mosquitto(tmp_path)
    with FakeHost("mqtt_gates", config_for(broker)) as host:
        arm(host)
        host.fact("race.started")
        wait_until(lambda: [line for line in host.logs if "was not sent" in line], "a warning")
        with broker, broker.listen("carrera/race/#") as listener:
            host.wait_health("ok", "Connected")
            wait_until(lambda: listener.heard("carrera/race/state"), "state")
            assert listener.heard("carrera/race/start") == []


def test_retained_state_and_presence(broker):
    with broker.listen("carrera/race/#") as listener:
        def last(name):
            heard = listener.heard("carrera/race/" + name)
            return heard[-1][1] if heard else None

        host = connected(broker)
        with host:
            wait_until(lambda: last("hub") == "online", "online")
            host.snapshot([{"id": "main"}])
            arm(host)
            wait_until(lambda: '"lights"' in (last("state") or ""), "lights")
            host.fact("light.lit", {"number": 3})
            wait_until(lambda: json.loads(last("lights"))["lit"] == 3, "third light")
            host.fact("race.started")
            host.fact("lap.completed", {"entry": 1, "lap": 1, "number": 1, "lap_us": 1_000_000,
                                        "crossed_us": host.now_us()})
            host.fact("race.finished", {"reason": "stopped"})
            wait_until(lambda: '"finished"' in last("state"), "the end")
            wait_until(lambda: last("results"), "results")
            assert json.loads(last("results"))["entries"][0]["laps"] == 1
        wait_until(lambda: last("hub") == "offline", "offline")
    with broker.listen("carrera/race/#") as late:  # who comes later hears it from the broker
        wait_until(lambda: len(late.heard()) >= 4, "retained messages")
        assert {retained for _, _, retained in late.heard()} == {True}


def test_acknowledged_only_when_stored(broker):
    """While the hub cannot store, the broker keeps the crossing; a new hub gets it again."""
    release = threading.Event()
    with connected(broker) as host:
        host.durable_answer = lambda event: OK if release.is_set() else FULL
        broker.publish(LANE_1, numbered(1))
        broker.publish(LANE_1, numbered(2))
        host.wait_health("degraded", "cannot store")
        assert "Received PUBACK" not in broker.log()
        assert host.events == []
    with connected(broker, kv=host.kv) as again:
        crossings = again.wait_events("gate.crossed", 2)
        assert stamps(crossings) == [1, 2]
        assert again.of_type("gate.missed") == []
        wait_until(lambda: broker.log().count("Received PUBACK from racehub-gates") == 2, "PUBACK")
    with connected(broker, kv=again.kv) as last:
        broker.publish(LANE_1, numbered(3))
        last.wait_events("gate.crossed", 1)
        assert len(last.events) == 1


def test_arrival_does_not_wait_for_the_disk(broker):
    """A crossing of lane 2 gets its own time while lane 1's is still being stored."""
    entered, release = threading.Event(), threading.Event()

    def slow(event):
        if event["data"]["lane"] == 1:
            entered.set()
            assert release.wait(10)
        return OK

    with connected(broker) as host:
        host.durable_answer = slow
        broker.publish(LANE_1, "x")
        assert entered.wait(10)
        broker.publish(LANE_2, "x")
        host.wait_health("ok", "lane 2 finish: 1")
        released_us = host.now_us()
        release.set()
        host.wait_events("gate.crossed", 2)
        assert host.of_type("gate.crossed")[1]["time_us"] < released_us


def test_refused_crossings_do_not_block(broker):
    with connected(broker) as host:
        host.durable_answer = lambda event: REFUSED if event["data"]["lane"] == 1 else OK
        broker.publish(LANE_1, "x")
        broker.publish(LANE_2, "x")
        host.wait_events("gate.crossed", 1)
        host.wait_health("ok", "Not taken by the hub: 1")


def test_repeated_plain_message_counts_once(broker):
    """Stored, but the connection breaks before the acknowledgement: the broker sends it again."""
    entered, release = threading.Event(), threading.Event()

    def slow(_event):
        entered.set()
        assert release.wait(10)
        return OK

    with connected(broker) as host:
        host.durable_answer = slow
        broker.publish(LANE_1, "MAGNET_ERKANNT")
        assert entered.wait(10)
        broker.stop()  # it writes the session down
        host.wait_health("degraded", "lost")
        release.set()
        host.wait_events("gate.crossed", 1)
        broker.start()
        host.wait_health("ok", "1 duplicate")
        broker.publish(LANE_1, "MAGNET_ERKANNT")
        host.wait_events("gate.crossed", 2)
        assert len(host.events) == 2


def test_queued_while_the_hub_was_away(broker):
    with connected(broker) as host:
        broker.publish(LANE_1, numbered(1))
        host.wait_events("gate.crossed", 1)
    broker.publish_lines(LANE_1, [numbered(number) for number in range(2, 102)])
    with connected(broker, kv=host.kv) as again:
        crossings = again.wait_events("gate.crossed", 100)
        assert stamps(crossings) == list(range(2, 102))
        assert again.of_type("gate.missed") == [] and again.duplicates == 0


def test_two_clients_with_one_id_are_told(broker):
    with connected(broker) as host, connected(broker) as rival:
        def told():
            return any("another client uses the client id" in text
                       for _, text in host.healths + rival.healths)
        wait_until(told, "the clash", 25)


def test_the_developers_gate(broker):
    tool = ROOT / "plugins" / "mqtt_gates" / "tools" / "gate.sh"
    command = [str(tool), "--port", str(broker.port), "--topic", LANE_2, "--every", "0.001"]
    with connected(broker) as host:
        subprocess.run([*command, "--count", "5", "--lose", "3"], check=True, timeout=20)
        crossings = host.wait_events("gate.crossed", 4)
        times_us = [each["data"]["stamp_us"] for each in crossings]
        assert times_us == sorted(times_us) and len(set(times_us)) == 4
        assert host.of_type("gate.missed")[0]["data"] == {"gate": "finish", "lane": 2, "count": 1}
        subprocess.run([*command, "--count", "1", "--plain"], check=True, timeout=20)
        assert "stamp_us" not in host.wait_events("gate.crossed", 5)[4]["data"]
    assert subprocess.run([str(tool), "--nonsense", "1"], capture_output=True).returncode == 2


HOSTILE = [
    b"{", b"{]", b"{}}", b'{"n":', b'{"n":-1}', b'{"n":1e999}', b'{"n":1.5}', b'{"n":"1"}',
    b'{"n":null}', b'{"n":99999999999999999999}', b'{"t_us":-1}', b'{"t_us":1e300}',
    b'{"t_us":"now"}', b'{"t_us":[]}', b'{"t_ms":true}', b'{"t_s":{}}', b'{"boot":""',
    b'{"boot":"' + b"b" * 25 + b'"}', b'{"boot":"a b"}', b'{"boot":"../../etc"}', b'{"boot":[1]}',
    b'{"dev":"' + b"d" * 40 + b'"}', b'{"dev":"\\u0000"}', b'{"dev":"a/b"}', b'{"dev":{}}',
    b'{"event":1}', b'{"event":null}', b'{"a":' + b"[" * 500, b'{"a":' * 200, b"{" * 1000,
    b'{"n":1}{"n":2}', b'{"n":1} x', b"{'n':1}", b'{n:1}', b'{"n":0x1}', b'{"n":NaN}',
    b'{"\xff":1}', b'{"n":1,}', b'{"n":1' + b" " * 1100 + b"}", b"x" * 1025, b"\x00" * 5000,
    b"y" * 70000,
]


def test_hostile_payloads(broker):
    assert len(HOSTILE) >= 40
    with connected(broker) as host:
        for payload in HOSTILE:
            broker.publish(LANE_1, payload, qos=0)
        broker.publish(LANE_1, numbered(1))
        host.wait_events("gate.crossed", 1)
        host.wait_health("ok", f"{len(HOSTILE)} bad payload")
        assert len(host.events) == 1
        assert sum(LANE_1 in line for line in host.logs) == len(HOSTILE)


@pytest.mark.parametrize("config, words", [
    ({"gates": [{"topic": "a/#", "lane": 1}]}, "gates[0].topic"),
    ({"port": 0}, "port"),
])
def test_bad_configuration_is_a_failed_start(config, words):
    with FakeHost("mqtt_gates", config) as host:
        assert host.start_status != OK
        assert host.healths[-1][0] == "failed" and words in host.healths[-1][1]
        host._plugin = None  # not started: nothing to stop
