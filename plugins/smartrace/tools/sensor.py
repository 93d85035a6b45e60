#!/usr/bin/env python3
"""A simulated SmartRace sensor, with the habits of the real ones. See README.md.

  sensor.py --port 50780 --cars 2 --lap-s 6            a Pico with two cars on the track
  sensor.py --kind phone --pit-every 5                 stamps since 1970, and pit stops
"""
import argparse
import json
import random
import select
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import websocket  # noqa: E402

WRAP_MS = 1 << 30  # ticks_ms() of MicroPython


def lap_text(timestamp_ms, controller):
    return json.dumps({"type": "analog_lap", "data": {"timestamp": timestamp_ms, "controller_id": controller}},
                      separators=(",", ":"))


def pit_text(controller, enter):
    kind = "analog_pit_enter" if enter else "analog_pit_leave"
    return json.dumps({"type": kind, "data": {"controller_id": controller}}, separators=(",", ":"))


REGISTER = '{"type": "controller_set", "data": {"controller_id": "Z"}}'
DUMMY = lap_text(1000, 12)


class Pico:
    """The Pico W firmware: greets, reads three messages without looking, and never reads again. When sending fails, the
    failed message and the one before are put back and sent on a new connection, without a greeting."""

    def __init__(self, host, port, boot_ms=0, pause=lambda: None, source=None):
        self.host, self.port, self.source = host, port, source
        self.started_s = time.monotonic() - boot_ms / 1000
        self.previous = DUMMY
        self.socket = None
        self.replies = []
        self.pause = pause  # between two tries to connect

    def now_ms(self):
        return int((time.monotonic() - self.started_s) * 1000) % WRAP_MS

    def boot(self, boot_ms=0):
        """Power on; fails like the real one when nobody listens."""
        self.started_s = time.monotonic() - boot_ms / 1000
        self.previous = DUMMY
        return self.connect()

    def open(self):
        self.socket = websocket.connect(self.host, self.port, source=self.source)

    def connect(self):
        self.open()
        self.socket.send('{"type":"api_version"}', in_parts=True)
        self.replies = [json.loads(self.socket.receive()) for _ in range(3)]
        self.press_button()
        return self

    def press_button(self):
        self.socket.send(REGISTER, in_parts=True)

    def say(self, text):
        try:
            self.socket.send(text, in_parts=True)
            self.previous = text
        except websocket.Closed:
            self.send_again(text)

    def send_again(self, text):
        """Sending `text` failed."""
        again = [self.previous, text]
        while again:
            try:
                self.socket.close()
                self.open()
                for message in list(again):
                    self.socket.send(message, in_parts=True)
                    self.previous = again.pop(0)
            except (OSError, websocket.Closed):
                self.pause()

    def lap(self, controller, timestamp_ms=None):
        """Crosses the line; returns the stamp."""
        stamp = self.now_ms() if timestamp_ms is None else timestamp_ms
        self.say(lap_text(stamp, controller))
        return stamp

    def pit(self, controller, enter):
        self.say(pit_text(controller, enter))

    def leave_pit_over_the_line(self, controller):
        """A pin for finish and pit exit in one: two messages."""
        self.pit(controller, False)
        return self.lap(controller)


class Phone(Pico):
    """Stamps in milliseconds since 1970."""

    def now_ms(self):
        return time.time_ns() // 1_000_000


class Esp32(Pico):
    """The RFID connector: no greeting, but a ping, then its registration; reads, and answers pings."""

    def now_ms(self):
        return int((time.monotonic() - self.started_s) * 1000) % (1 << 32)

    def connect(self):
        self.open()
        self.socket.send(b"", websocket.PING)
        opcode, _, _ = self.socket.receive_frame()
        assert opcode == websocket.PONG
        self.press_button()
        return self


class OldEsp32(Esp32):
    """Greets and registers at once, without waiting for the answers."""

    def connect(self):
        self.open()
        self.socket.send('{"type":"api_version"}')
        self.press_button()
        return self


KINDS = {"pico": Pico, "phone": Phone, "esp32": Esp32, "esp32-old": OldEsp32}


def wait(seconds):
    select.select([], [], [], max(0, seconds))


def drive(sensor, options):
    """Cars on the track until the laps are driven or somebody ends the program."""
    chance = random.Random(options.seed)
    due = {car: time.monotonic() + chance.uniform(0.2, 1) for car in range(1, options.cars + 1)}
    laps = dict.fromkeys(due, 0)
    while not options.laps or min(laps.values()) < options.laps:
        car = min(due, key=due.get)
        wait(due[car] - time.monotonic())
        pit = options.pit_every and laps[car] and laps[car] % options.pit_every == 0
        if pit:
            sensor.pit(car, True)
            wait(0.5)
            sensor.pit(car, False)
        stamp = sensor.lap(car)
        laps[car] += 1
        print(f"car {car}: lap {laps[car]}, stamp {stamp}", flush=True)
        due[car] = time.monotonic() + options.lap_s * chance.uniform(0.9, 1.1)


def main():
    parser = argparse.ArgumentParser(description="A simulated SmartRace sensor.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=50780)
    parser.add_argument("--kind", choices=KINDS, default="pico")
    parser.add_argument("--cars", type=int, default=2)
    parser.add_argument("--lap-s", type=float, default=6.0, help="mean lap time")
    parser.add_argument("--laps", type=int, default=0, help="laps of each car; 0: until interrupted")
    parser.add_argument("--pit-every", type=int, default=0, help="a pit stop each so many laps")
    parser.add_argument("--boot-ms", type=int, default=0, help="what its clock shows now; try 1073730000")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    sensor = KINDS[options.kind](options.host, options.port, options.boot_ms, pause=lambda: wait(1))
    sensor.connect()
    print("connected", *sensor.replies, sep="\n", flush=True)
    try:
        drive(sensor, options)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
