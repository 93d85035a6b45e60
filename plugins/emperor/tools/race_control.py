#!/usr/bin/env python3
"""A stand-in race-control server: plays a recording, or a race that it makes up.

    race_control.py --recording frames.jsonl --speed 5
    race_control.py --cars 12 --lap-s 30 --hz 10
"""
import argparse
import json
import pathlib
import time

import race
import server


def drive(options):
    """A practice, a qualifying and a race, again and again."""
    racing = race.Race(lambda text: place.send(text), newer=options.newer, interval_ms=round(1000 / options.hz))
    place = server.Server(racing.greeting, options.port, options.tls, host=options.host)
    print(f"listening on port {place.port}", flush=True)
    traffic = race.Traffic(racing, options.cars, options.lap_s)
    racing.version()
    kind = race.PRACTICE
    racing.session(kind, minutes=options.minutes)
    traffic.join_all()
    ends = time.monotonic() + options.minutes * 60
    last = time.monotonic()
    while True:
        time.sleep(1 / options.hz)
        now = time.monotonic()
        traffic.step(now - last)
        last = now
        if now < ends:
            continue
        kind = kind % 3 + 1
        racing.session(kind, minutes=options.minutes, index=kind - 1, wait_ms=0)
        traffic.laps_at = dict.fromkeys(traffic.guids)
        ends = now + options.minutes * 60


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8772)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="PEM files: speak wss")
    parser.add_argument("--recording", type=pathlib.Path, help='a line a frame: {"ms": since the beginning, "text": as sent}')
    parser.add_argument("--speed", type=float, default=1.0, help="of the recording")
    parser.add_argument("--cars", type=int, default=12)
    parser.add_argument("--lap-s", type=float, default=40.0)
    parser.add_argument("--hz", type=float, default=10.0, help="how often each car says where it is")
    parser.add_argument("--minutes", type=float, default=5, help="length of a session")
    parser.add_argument("--newer", action="store_true", help="with the fields of newer, hosted servers")
    options = parser.parse_args()
    if options.recording:
        lines = [json.loads(line) for line in options.recording.read_text().splitlines()]
        place = server.Server(lambda: [""], options.port, options.tls, host=options.host)
        print(f"listening on port {place.port}; the recording begins with the first client", flush=True)
        while True:
            place.wait_clients(1, limit_s=86_400)
            server.play(place, lines, options.speed)
    drive(options)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
