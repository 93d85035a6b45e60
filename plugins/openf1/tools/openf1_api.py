#!/usr/bin/env python3
"""A stand-in for the OpenF1 API: recorded answers or a generated race, with limits, errors and slowness.

  openf1_api.py --data FOLDER            answers from <collection>.json and <collection>_<driver>.json
  openf1_api.py --generate CARS,LAPS     a race that never was, the same for the same numbers

  --port 8080           0: any; the first line printed says which
  --limit 30/10         requests per seconds; more get 429
  --fail 0.1            so many of all answers are 500 with a page of HTML
  --cut 0.05            so many end in the middle
  --delay-ms 200        each answer takes so long
  --token               answers 401 without one; POST /token with any name and password gives it

Base URL: http://127.0.0.1:PORT/v1. GET /counts says how often each collection was asked for.
"""
import argparse
import collections
import datetime
import http.server
import json
import math
import pathlib
import random
import threading
import time
import urllib.parse

START = datetime.datetime(2024, 6, 2, 13, 0, tzinfo=datetime.timezone.utc)
KEY = 9999


def date(seconds):
    """Microseconds are left out when they are none, as the API does."""
    return (START + datetime.timedelta(seconds=round(seconds, 3))).isoformat()


def generated(cars, laps):
    """A race on an oval: car n laps in 80 + n/10 s, stops once, and tells all of it."""
    numbers = [n + 1 for n in range(cars)]
    base = {"session_key": KEY, "meeting_key": 1}
    tables = collections.defaultdict(list)
    tables["sessions"] = [{**base, "session_name": "Race", "session_type": "Race", "year": 2024,
                           "circuit_short_name": "Oval", "date_start": date(0), "date_end": date(7200),
                           "is_cancelled": False}]
    for place, n in enumerate(numbers):
        tables["drivers"].append({**base, "driver_number": n, "name_acronym": f"D{n:02}",
                                  "full_name": f"Driver {n}", "team_name": f"Team {n % 5}",
                                  "team_colour": f"{n * 5000 % 0xffffff:06X}"})
        lap_s = 80 + n / 10
        end = laps * lap_s
        tables["session_result"].append({**base, "driver_number": n, "position": place + 1, "dnf": False,
                                         "dns": False, "dsq": False, "number_of_laps": laps})
        tables["position"].append({**base, "date": date(-60), "driver_number": n, "position": place + 1})
        tables["stints"] += [{**base, "driver_number": n, "stint_number": 1, "lap_start": 1, "lap_end": 10,
                              "compound": "MEDIUM", "tyre_age_at_start": 0},
                             {**base, "driver_number": n, "stint_number": 2, "lap_start": 11, "lap_end": laps,
                              "compound": "HARD", "tyre_age_at_start": 2}]
        tables["pit"].append({**base, "driver_number": n, "lap_number": 10, "date": date(10 * lap_s),
                              "lane_duration": 22.5})
        for lap in range(laps):
            tables["laps"].append({**base, "driver_number": n, "lap_number": lap + 1,
                                   "date_start": date(lap * lap_s), "lap_duration": None if lap == 0 else lap_s,
                                   "duration_sector_1": lap_s / 4, "duration_sector_2": lap_s / 2,
                                   "duration_sector_3": lap_s / 4, "is_pit_out_lap": lap == 10})
        for step in range(int((end + 25) / 0.27)):
            at = step * 0.27 - 20
            angle = 2 * math.pi * max(0, at) / lap_s
            row = {**base, "date": date(at), "driver_number": n}
            tables["location"].append({**row, "x": int(5000 * math.cos(angle)), "y": int(2000 * math.sin(angle)),
                                       "z": 10})
            tables["car_data"].append({**row, "speed": 200 + n, "rpm": 11000, "n_gear": 7, "throttle": 100,
                                       "brake": 0, "drs": 12})
        for step in range(int(end / 4)):
            tables["intervals"].append({**base, "date": date(step * 4), "driver_number": n,
                                        "gap_to_leader": "+1 LAP" if place * step > 2000 else place * step / 200,
                                        "interval": None if place == 0 else step / 200})
    tables["race_control"] = [
        {**base, "date": date(300), "category": "Flag", "flag": "YELLOW", "scope": "Sector", "sector": 3,
         "message": "YELLOW IN TRACK SECTOR 3"},
        {**base, "date": date(600), "category": "SafetyCar", "message": "SAFETY CAR DEPLOYED"},
        {**base, "date": date(900), "category": "Flag", "flag": "GREEN", "scope": "Track", "message": "GREEN LIGHT"}]
    tables["weather"] = [{**base, "date": date(60 * n), "air_temperature": 21.5, "track_temperature": 40.1,
                          "humidity": 55, "wind_speed": 1.5, "wind_direction": 180, "rainfall": 0}
                         for n in range(int(laps * 80 / 60))]
    return tables


def recorded(folder):
    tables = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        name = path.stem.rstrip("0123456789")
        name = name[:-1] if name != path.stem and name.endswith("_") else path.stem
        if "_lap_" in path.stem:
            name = "location"
        tables[name] += json.loads(path.read_text())
    return tables


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/json", headers=()):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.server.chance(self.server.options.cut):
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True
            return
        self.wfile.write(data)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.reply(200, json.dumps({"access_token": "good", "token_type": "bearer", "expires_in": "3600"}))

    def do_GET(self):
        server, options = self.server, self.server.options
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/counts":
            return self.reply(200, json.dumps(server.counts))
        collection = url.path.removeprefix("/v1/")
        with server.lock:
            server.counts[collection] += 1
            now = time.monotonic()
            server.times = [t for t in server.times if now - t < options.per_s] + [now]
            busy = len(server.times) > options.requests
        if options.delay_ms:
            time.sleep(options.delay_ms / 1000)
        if busy:
            return self.reply(429, '{"detail":"Too many requests"}', headers=[("Retry-After", "1")])
        if server.chance(options.fail):
            return self.reply(500, "<h1>An error occurred</h1>", "text/html")
        if options.token and self.headers.get("Authorization") != "Bearer good":
            return self.reply(401, '{"detail":"Live session"}')
        rows = server.tables.get(collection, [])
        for name, value in urllib.parse.parse_qsl(url.query):
            if name.endswith(">"):
                rows = [r for r in rows if r.get(name[:-1], "")[:23] >= value[:23]]
            elif value != "latest":
                rows = [r for r in rows if str(r.get(name)) == value]
        if not rows:
            return self.reply(404, '{"detail":"No results found."}')
        return self.reply(200, json.dumps(rows))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Handler)
        self.options, self.lock, self.times = options, threading.Lock(), []
        self.counts = collections.Counter()
        self.random = random.Random(1)
        self.tables = recorded(options.data) if options.data else generated(*options.generate)

    def chance(self, share):
        with self.lock:
            return self.random.random() < share


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    pair = lambda text: tuple(int(part) for part in text.replace("/", ",").split(","))
    parser.add_argument("--data")
    parser.add_argument("--generate", type=pair, default=(4, 12))
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--limit", type=pair, default=(1000000, 1))
    parser.add_argument("--fail", type=float, default=0)
    parser.add_argument("--cut", type=float, default=0)
    parser.add_argument("--delay-ms", type=int, default=0)
    parser.add_argument("--token", action="store_true")
    options = parser.parse_args()
    options.requests, options.per_s = options.limit
    server = Server(options)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
