"""A race control that makes things up: sessions, drivers, laps, collisions, chat, with the habits of the real one.

`Race` holds what the real server holds and says what it would say; `send` is called with each text. Time is its own:
`clock` gives seconds since the epoch.
"""
import datetime
import math
import random
import time
import uuid

from server import event

NEVER = "0001-01-01T00:00:00Z"
BOOKING, PRACTICE, QUALIFY, RACE = range(4)
NAMES = ["Booking", "Practice", "Qualify", "Race"]


def stamp(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}000Z"


def short(name):
    """As the server's option does: it cuts bytes."""
    first, _, last = name.rpartition(" ")
    if not first:
        return name
    return first + " " + last.encode()[:1].decode(errors="replace") + "."


def shown(ns):
    """Go's way of writing a duration, rounded to the millisecond."""
    ms = round(ns / 1e6)
    if ms < 1000:
        return f"{ms}ms" if ms else "0s"
    minutes, ms = divmod(ms, 60_000)
    seconds = f"{ms / 1000:g}s"
    return f"{minutes}m{seconds}" if minutes else seconds


class Race:
    def __init__(self, send, clock=time.time, shorten=True, newer=False, track="ks_nordschleife", layout="", interval_ms=100):
        self.send, self.clock, self.shorten, self.newer = send, clock, shorten, newer
        self.track, self.layout, self.interval_ms = track, layout, interval_ms
        self.connected, self.gone, self.order = {}, {}, None
        self.names, self.chats, self.car_ids = {}, [], {}
        self.info = self.start = self.stored = None

    # ---- what the server says ----

    def greeting(self):
        """What a new client hears first."""
        return [self.stored or ""] + [event(57, chat) for chat in self.chats]

    def say(self, kind, message, then_snapshot=True, store=True):
        self.send(event(kind, message))
        if then_snapshot:
            self.snapshot(store)

    def snapshot(self, store=True):
        text = event(200, {
            "SessionInfo": self.info,
            "TrackMapData": {"width": 1000, "height": 600, "margin": 20, "scale_factor": 1.25, "offset_x": 480.5,
                             "offset_y": 310.25, "drawing_size": 10},
            "TrackInfo": {"name": "Test Ring", "city": "", "country": "", "description": "", "geotags": None,
                          "length": "2,326 m", "pitboxes": 28, "run": "clockwise", "tags": None, "width": ""},
            "SessionStartTime": self.start, "CurrentRealtimePosInterval": self.interval_ms,
            "ChatMessages": self.chats, "ChatMessagesMutex": {},
            "ConnectedDrivers": {"Drivers": self.connected, "GUIDsInPositionalOrder": self.order},
            "DisconnectedDrivers": {"Drivers": self.gone, "GUIDsInPositionalOrder": None},
            "CarIDToGUID": {str(k): v for k, v in self.car_ids.items()}})
        if store:
            self.stored = text
        self.send(text)
        return text

    # ---- what happens ----

    def version(self):
        self.chats = []
        self.say(56, 4, then_snapshot=False)

    def session(self, kind, minutes=5, laps=0, index=0, wait_ms=None):
        wait = (60_000 if kind == RACE else 0) if wait_ms is None else wait_ms
        old = self.info
        self.info = {"Version": 4, "SessionIndex": index, "CurrentSessionIndex": index, "SessionCount": 3,
                     "ServerName": "Stand-in", "Track": self.track, "TrackConfig": self.layout, "Name": NAMES[kind],
                     "Type": kind, "Time": minutes, "Laps": laps, "WaitTime": wait, "AmbientTemp": 26, "RoadTemp": 37,
                     "WeatherGraphics": "sol_03", "ElapsedMilliseconds": -wait, "EventType": 50}
        self.start = stamp(self.clock())
        looped = old and kind == PRACTICE and (old["Type"], old["Track"], old["Name"]) == (kind, self.track, "Practice")
        if not looped:
            self.gone = {}
            self.connected = {guid: self._record(driver["CarInfo"], NEVER) for guid, driver in self.connected.items()}
        self.say(50, dict(self.info))

    def _record(self, info, connected):
        driver = {"CarInfo": info, "TotalNumLaps": 0, "ConnectedTime": connected, "LoadedTime": NEVER, "Position": 0,
                  "Split": "", "LastSeen": NEVER, "LastPos": {"X": 0, "Y": 0, "Z": 0}, "Collisions": None,
                  "Cars": {info["CarModel"]: self._car()}}
        if self.newer:
            driver.update({"IsInPits": False, "NumPits": 0, "NumLongPits": 0, "DRSActive": False, "BlueFlag": False,
                           "HasCompletedSession": False})
            driver["CarInfo"].update({"Tyres": "M", "TeamName": "", "RaceNumber": info["CarID"] + 10})
        return driver

    def _car(self):
        return {"TopSpeedThisLap": 0, "TopSpeedBestLap": 0, "BestLap": 0, "LastLap": 0, "TotalLapTime": 0, "NumLaps": 0,
                "LastLapCompletedTime": stamp(self.clock()), "CarName": "Test Car"}

    def join(self, guid, name, car_id, model="test_car"):
        self.names[guid] = name
        info = {"CarID": car_id, "DriverName": short(name) if self.shorten else name, "DriverGUID": guid, "CarModel": model,
                "CarSkin": "", "DriverInitials": "".join(w[0] for w in name.split()), "CarName": "Test Car", "EventType": 51}
        self.car_ids[car_id] = guid
        driver = self.gone.pop(guid, None) or self._record(info, stamp(self.clock()))
        driver["CarInfo"] = {**driver["CarInfo"], **info}
        driver["Cars"].setdefault(model, self._car())
        self.connected[guid] = driver
        self._sort()
        self.say(51, info)
        driver["LoadedTime"] = stamp(self.clock())
        self.say(58, car_id)

    def leave(self, guid):
        driver = self.connected.pop(guid)
        if driver["TotalNumLaps"]:
            self.gone[guid] = driver
        self._sort()
        self.say(52, {**driver["CarInfo"], "DriverName": self.names[guid], "DriverInitials": "", "CarName": "", "EventType": 52})

    def lap(self, guid, ms, cut=False, tell=True):
        driver = self.connected[guid]
        car = driver["Cars"][driver["CarInfo"]["CarModel"]]
        ns = ms * 1_000_000
        driver["TotalNumLaps"] += 1
        car["NumLaps"] += 1
        car["LastLap"] = ns
        car["TotalLapTime"] += ns
        car["LastLapCompletedTime"] = driver["LastSeen"] = stamp(self.clock())
        if not cut and (car["BestLap"] == 0 or ns < car["BestLap"]):
            car["BestLap"] = ns
        self._sort(guid)
        if tell:
            self.snapshot()

    def collide(self, guid, other=None, speed_ms=5.0):
        driver = self.connected[guid]
        place = {"X": 1.5, "Y": 0.1, "Z": -3}
        message = {"CarID": driver["CarInfo"]["CarID"], "ImpactSpeed": speed_ms, "WorldPos": place, "RelPos": place}
        entry = {"ID": str(uuid.uuid4()), "Type": "with other car" if other else "with environment", "Time": stamp(self.clock()),
                 "OtherDriverGUID": other or "", "OtherDriverName": "", "Speed": speed_ms * 3.6}
        if other:
            message["OtherCarID"] = self.connected[other]["CarInfo"]["CarID"]
            entry["OtherDriverName"] = self.connected[other]["CarInfo"]["DriverName"]
        driver["Collisions"] = (driver["Collisions"] or []) + [entry]
        self.say(10 if other else 11, message)

    def chat(self, text, guid="", name="Server"):
        entry = {"CarID": 0, "Message": text, "DriverGUID": guid, "DriverName": name, "Time": stamp(self.clock())}
        self.chats = (self.chats + [entry])[-50:]
        self.say(57, entry)

    def update(self, guid, place, velocity=(0, 0, 0), gear=1, rpm=0, spline=0.0):
        driver = self.connected[guid]
        driver["LastPos"] = dict(zip("XYZ", place))
        driver["LastSeen"] = stamp(self.clock())
        self.say(53, {"CarID": driver["CarInfo"]["CarID"], "Pos": dict(zip("XYZ", place)), "Velocity": dict(zip("XYZ", velocity)),
                      "Gear": gear, "EngineRPM": rpm, "NormalisedSplinePos": spline}, then_snapshot=False)

    def stop(self):
        """The server stops: everybody is sent away."""
        for guid in list(self.connected):
            self.leave(guid)
        self.snapshot(store=False)

    def _sort(self, crossed=None):
        racing = self.info["Type"] == RACE

        def cars(driver):
            return driver["Cars"].values()

        def rank(guid):
            driver = self.connected[guid]
            if racing:
                return (-driver["TotalNumLaps"], sum(c["TotalLapTime"] for c in cars(driver)), driver["Position"] or 999)
            best = min((c["BestLap"] for c in cars(driver) if c["BestLap"]), default=1 << 62)
            return (best, driver["Position"] or 999)

        self.order = sorted(self.connected, key=rank)
        for i, guid in enumerate(self.order):
            driver = self.connected[guid]
            driver["Position"] = i + 1
            if guid == crossed and racing:
                driver["Split"] = "0s" if i == 0 else self._split(self.connected[self.order[i - 1]], driver)

    @staticmethod
    def _split(ahead, driver):
        laps = ahead["TotalNumLaps"] - driver["TotalNumLaps"]
        if laps:
            return f"{laps} lap" + ("s" if laps > 1 else "")
        total = [sum(c["TotalLapTime"] for c in d["Cars"].values()) for d in (ahead, driver)]
        return shown(total[1] - total[0])


class Traffic:
    """Cars that drive around an oval, for `Race.update`; call `step` as often as cars should be told."""

    def __init__(self, race, cars, lap_s=60.0, seed=1):
        self.race, self.random = race, random.Random(seed)
        self.guids = [f"7656119800000{i:04d}" for i in range(cars)]
        self.lap_s = {guid: lap_s * self.random.uniform(0.97, 1.03) for guid in self.guids}
        self.at = {guid: -0.002 * i for i, guid in enumerate(self.guids)}
        self.laps_at = dict.fromkeys(self.guids)

    def join_all(self):
        for i, guid in enumerate(self.guids):
            self.race.join(guid, f"Driver{i} Sample{i}-{'YORK' if i % 3 == 0 else 'KENT'}", i)

    def step(self, seconds):
        for guid in self.guids:
            if guid not in self.race.connected:
                continue
            before, pace = self.at[guid], 1 / self.lap_s[guid]
            self.at[guid] += seconds * pace * self.random.uniform(0.99, 1.01)
            if math.floor(self.at[guid]) > math.floor(before) and self.at[guid] >= 1:
                now = self.race.clock()
                since = self.laps_at[guid] or now - self.lap_s[guid]
                self.laps_at[guid] = now
                self.race.lap(guid, max(1, round((now - since) * 1000)))
            angle = 2 * math.pi * self.at[guid]
            speed = 2 * math.pi * 300 * pace
            self.race.update(guid, (500 * math.cos(angle), 2.0, 300 * math.sin(angle)),
                             (-speed * math.sin(angle), 0, speed * math.cos(angle)), 4, 6500, self.at[guid] % 1)
