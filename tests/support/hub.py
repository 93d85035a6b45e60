"""The real program `racehub serve` with a folder of its own, and the same HTTP and websocket calls as WebHub."""
import json
import re
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

from web_client import BUILD, DEADLINE_S, WebHub, until

PROGRAM = BUILD / "bin" / "racehub"


class Hub(WebHub):
    """`config` is the configuration as a dict; its web port is chosen here and kept over restarts."""

    def __init__(self, config, port, arguments=()):
        self.folder = Path(tempfile.mkdtemp(prefix="racehub-"))
        self.state = self.folder / "state"
        self.config = self.folder / "club.json"
        self.config.write_text(json.dumps({**config, "web": {**config.get("web", {}), "port": port}}))
        self.arguments = list(arguments)
        self.port = port
        self.pin = None
        self.errors = open(self.folder / "stderr.txt", "a+")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--config", self.config, "--state", self.state, "--local",
             *self.arguments], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        greeting = ""
        while "Kept in:" not in greeting:
            line = self.process.stdout.readline()
            assert line, "the hub did not start: " + self.log()
            greeting += line
        self.greeting = greeting
        if found := re.search(r"PIN: +(\d+)", greeting):
            self.pin = found.group(1)
        return self

    def kill(self):
        """kill -9: what a power switch does to a process."""
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(DEADLINE_S)
            self.process.stdout.close()
        return self.process.returncode

    def __exit__(self, kind, *_):
        code = self.stop()
        log = self.log()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert kind or code == 0, f"the hub ended with {code}: {log}"

    def log(self):
        return (self.folder / "stderr.txt").read_text()

    def order(self, token, command, track="main", race_id=None, **data):
        """A command over REST, which must be accepted."""
        order = {"id": uuid.uuid4().hex, "command": command, "data": data}
        if race_id:
            order["race_id"] = race_id
        status, _, body = self.request(
            "POST", f"/api/tracks/{track}/commands", order, {"Authorization": f"Bearer {token}"})
        assert status == 200, (command, status, body)
        return json.loads(body)

    def track(self, name="main"):
        return self.get(f"/api/tracks/{name}")

    def race(self, name="main"):
        return self.track(name).get("race")

    def phase(self, name="main"):
        return self.track(name)["phase"]

    def wait_phase(self, phase, name="main"):
        until(lambda: self.phase(name) == phase, f"phase {phase}")

    def source(self, ident):
        return next(s for s in self.get("/api/sources")["sources"] if s["id"] == ident)

    def wait_source(self, ident, state="ok"):
        return until(lambda: self.source(ident)["state"] == state, f"source {ident} {state}")

    def racehub(self, *words):
        """Another subcommand on this hub's folder."""
        return subprocess.run([PROGRAM, *words, "--state", self.state], capture_output=True,
                              text=True, timeout=60)
