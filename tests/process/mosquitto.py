"""A real Mosquitto for tests: own port, own folder, own configuration."""

import getpass
import random
import socket
import subprocess
import time

DEADLINE_S = 15


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Asks `condition` until it gives something true, and returns that."""
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(0.005)  # between two looks at another process


def free_port():
    """A port below the ephemeral ones, so that no outgoing connection can sit on it."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Mosquitto:
    """Broker on 127.0.0.1. `extra` are lines of configuration."""

    def __init__(self, folder, port=None, extra=(), allow_anonymous=True):
        self.folder = folder
        self.port = port or free_port()
        self.process = None
        self.client_args = []
        self.config = folder / "mosquitto.conf"
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"user {getpass.getuser()}",  # started as root it would change to a user without this folder
            f"allow_anonymous {'true' if allow_anonymous else 'false'}",
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_on_changes true",
            "autosave_interval 1",
            "max_queued_messages 100000",
            f"log_dest file {folder}/mosquitto.log",
            "log_type all",
            *extra,
        ]
        self.config.write_text("\n".join(lines) + "\n")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        command = ["mosquitto", "-c", str(self.config)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

        def answers():
            assert self.process.poll() is None, self.process.stderr.read().decode()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(answers, "Mosquitto listens")
        return self

    def stop(self):
        self._end(lambda process: process.terminate())

    def kill(self):
        self._end(lambda process: process.kill())

    def _end(self, how):
        if self.process and self.process.poll() is None:
            how(self.process)
            self.process.wait(DEADLINE_S)
        if self.process:
            self.process.stderr.close()
        self.process = None

    def log(self):
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    def _client(self, program, *args):
        return [program, "-h", "127.0.0.1", "-p", str(self.port), *self.client_args, *args]

    def publish(self, topic, payload="", qos=1, retain=False):
        """Returns once the broker has it (QoS 1)."""
        args = ["-t", topic, "-q", str(qos), "-s" if payload else "-n"] + ["-r"] * retain
        data = payload if isinstance(payload, bytes) else payload.encode()
        subprocess.run(self._client("mosquitto_pub", *args), input=data, check=True, timeout=20)

    def publish_lines(self, topic, lines, qos=1):
        """Each line is one message, over one connection."""
        text = "".join(line + "\n" for line in lines)
        subprocess.run(self._client("mosquitto_pub", "-t", topic, "-q", str(qos), "-l"),
                       input=text.encode(), check=True, timeout=60)

    def listen(self, *topics):
        return Listener(self, topics)


class Listener:
    """mosquitto_sub: what it heard, as (topic, payload, retained)."""

    def __init__(self, broker, topics):
        args = [arg for topic in topics for arg in ("-t", topic)]
        out = broker.folder / f"heard-{random.randrange(10**9)}"
        self.file = out.open("w+")
        client = f"listener-{random.randrange(10**9)}"
        self.process = subprocess.Popen(
            broker._client("mosquitto_sub", "-i", client, "-F", "%r %t %p", *args),
            stdout=self.file)
        self.path = out
        wait_until(lambda: f"Sending SUBACK to {client}" in broker.log(), "mosquitto_sub listens")

    def heard(self, topic=None):
        found = []
        for line in self.path.read_text(errors="replace").splitlines():
            retained, at, payload = (line.split(" ", 2) + [""])[:3]
            if topic in (None, at):
                found.append((at, payload, retained == "1"))
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        self.file.close()
