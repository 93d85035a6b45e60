#!/usr/bin/env python3
"""Pictures of every page in every situation at phone, desktop and wall size, to be looked at: for who changes how something looks.

    RACEHUB_BUILD=build tests/browser/gallery.py [part of a name ...]

They go to build/gallery.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from chromium import DESKTOP, PHONE, WALL, Chromium  # noqa: E402
from deck import Deck  # noqa: E402
from stand_in import PIN, StandIn  # noqa: E402

BUILD = os.path.abspath(os.environ.get("RACEHUB_BUILD", "build"))
FOLDER = os.path.join(BUILD, "gallery")
SECOND = 1_000_000
CLUB = (("Ada Lovelace", "Porsche 911"), ("Björn", "Audi R8"), ("Chiara", "Ferrari 488 GT3"), ("Đorđe Petrović", "BMW M4"),
        ("Emil", "McLaren 720S"), ("Fatima", "Ford GT"))
SETTINGS = {"distance": "laps", "laps": 20, "jump_rule": "time_penalty"}


def club(hub, lanes=6, settings=None):
    hub.input("track.configure", {"name": "Club track", "lanes": lanes, "settings": {**SETTINGS, **(settings or {})}})
    for lane, (driver, car) in enumerate(CLUB[:lanes], 1):
        hub.input("entry.assign", {"entry": lane, "lane": lane, "driver": driver, "car": car})


def idle(hub):
    club(hub)


def armed(hub):
    club(hub)
    hub.input("race.arm")


def lights(hub):
    club(hub, settings={"light_interval_us": 100_000, "lead_us": 0, "hold_min_us": 60 * SECOND, "hold_max_us": 60 * SECOND})
    hub.input("race.start")
    hub.cross(2)


def running(hub, laps=9, until=None):
    """A race that began some time ago; jump start, pit stop, a voided lap."""
    club(hub, settings={"laps": until} if until else None)
    times = [8.1, 8.3, 7.9, 8.6, 9.2, 8.4]
    begin = hub.now() - int(laps * 8.7 * SECOND) - 20 * SECOND
    hub.input("race.start", at=begin)
    hub.input("gate.crossed", {"gate": "finish", "lane": 4}, source="gates", at=begin + 4 * SECOND)
    hub.input("timer.elapsed", source="hub", at=begin + 12 * SECOND)
    crossings = []
    for lane, lap in enumerate(times, 1):
        at = begin + 9 * SECOND
        for number in range(laps):
            at += int((lap + ((number * 7 + lane * 3) % 11) / 20) * SECOND)
            crossings.append((at, lane))
    for at, lane in sorted(crossings):
        if at < hub.now():
            hub.input("gate.crossed", {"gate": "finish", "lane": lane}, source="gates", at=at)
    hub.input("lap.void", {"entry": 3, "lap": 4, "as": "lap_void", "reason": "cut the chicane"})


def paused(hub):
    running(hub)
    hub.input("race.pause")


def finished(hub):
    running(hub, laps=12, until=9)
    hub.input("race.stop")


def corrections(hub):
    running(hub)
    hub.input("penalty.give", {"entry": 1, "penalty_us": 5 * SECOND, "reason": "pushed Björn off the track"})
    hub.input("entry.retire", {"entry": 6, "reason": "motor"})


def heats(hub, heats_run=0):
    hub.input("track.configure", {"name": "Derby hill", "lanes": 4, "settings": {"discipline": "heat"}})
    entries = [{"entry": 10 + i, "driver": driver, "car": car} for i, (driver, car) in enumerate(CLUB)]
    hub.input("session.plan", {"name": "Saturday finals", "entries": entries})
    hub.say({"type": "sources", "sources": [{"id": "timer", "name": "Track Controller", "state": "ok", "text": "connected", "track": "main",
                                            "sensed": {"gate": "closed", "text": "", "lanes": [{"lane": 1, "state": "clear"}]}}]})
    for heat in range(heats_run):
        at = hub.now() - (heats_run - heat) * 90 * SECOND
        hub.input("heat.arm", at=at)
        report(hub, heat, [3.1 + 0.07 * ((heat * 5 + lane * 3) % 7) for lane in range(4)], at + 20 * SECOND)


def report(hub, number, times, at=None):
    results = [{"lane": lane, "time_us": int(time * SECOND)} for lane, time in enumerate(times, 1) if time]
    hub.input("heat.reported", {"report_id": f"r{number}", "results": results}, source="timer", **({"at": at} if at else {}))


def heat_armed(hub):
    heats(hub, 3)
    report(hub, 77, [3.1, 0, 3.3])
    hub.input("heat.arm")


def heat_running(hub):
    heats(hub, 3)
    hub.input("heat.arm")
    hub.input("heat.started", source="timer")


def heat_held(hub):
    heats(hub, 3)
    hub.input("heat.arm")
    report(hub, 9, [3.123, 3.123, 3.123, 3.123])


def heat_finished(hub):
    heats(hub, 4)
    hub.input("heat.arm")
    report(hub, 9, [3.123, 3.056, 0, 3.311])


def all_heats(hub):
    heats(hub, 6)


# name, what happened, view, what the page says then
CANVAS = (
    ("idle", idle, "race", "Ready"), ("armed", armed, "race", "Armed"), ("lights", lights, "race", "Start lights"),
    ("running", running, "race", "Racing"), ("paused", paused, "race", "Paused"), ("finished", finished, "race", "Finished"),
    ("result", finished, "result", "wins"), ("laps", corrections, "laps", "pushed"), ("lanes", idle, "lanes", "Lane 6"),
    ("rules", idle, "rules", "Start lights"), ("tracks", running, "tracks", "Another track"), ("sources", running, "sources", "Gates"),
    ("heats", heat_finished, "heats", "Saturday"), ("board", heat_finished, "board", "not final"), ("heat-idle", heats, "race", "ARM HEAT 1"),
    ("heat-armed", heat_armed, "race", "Armed"), ("heat-running", heat_running, "race", "running"), ("heat-held", heat_held, "race", "Not final"),
    ("heat-finished", heat_finished, "race", "Final"), ("more", running, "more", "Big screen"),
)
WALLS = (("idle", idle, "Ready"), ("armed", armed, "Armed"), ("lights", lights, "Start lights"), ("running", running, "Racing"),
         ("finished", finished, "Finished"), ("heat-armed", heat_armed, "Armed"), ("heat-held", heat_held, "Not final"),
         ("heat-finished", heat_finished, "Final"), ("board", all_heats, "wins"))
PLAIN = (("idle", idle), ("armed", armed), ("lights", lights), ("running", running), ("finished", finished), ("heat-armed", heat_armed),
         ("heat-held", heat_held), ("heat-finished", heat_finished))


class Gallery:
    def __init__(self, wanted):
        os.makedirs(FOLDER, exist_ok=True)
        self.wanted = wanted
        self.browser = Chromium()

    def wants(self, name):
        return not self.wanted or any(part in name for part in self.wanted)

    def keep(self, page, name):
        self.browser.process_wait(0.4)  # letters that were missing are drawn one frame later
        page.screenshot(os.path.join(FOLDER, name + ".png"))
        print(name, *page.problems)

    def canvas(self, hub, url, size, says, director=True):
        page = self.browser.page(**size)
        page.call("Network.clearBrowserCookies")
        page.go(hub.url + url)
        deck = Deck(page)
        page.wait_for("window.racehub && racehub.frames > 2")
        if director:
            page.wait_for(f"fetch('api/session', {{method: 'POST', body: JSON.stringify({{pin: '{PIN}', name: 'Zoë'}})}}).then(() => true)")
            page.call("Page.reload")
            deck.item("Log out")
        deck.says(says)
        return page, deck

    def in_situation(self, bring_about, look):
        hub = StandIn(BUILD)
        try:
            bring_about(hub)
            look(hub)
        finally:
            hub.stop()

    def take(self):
        for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            for name, bring_about, view, says in CANVAS:
                if not self.wants(f"{size_name}-{name}"):
                    continue
                self.in_situation(bring_about, lambda hub: self.keep(
                    self.canvas(hub, f"?view={view}", size, says)[0], f"{size_name}-{name}"))
            self.special(size_name, size)
        for name, bring_about, says in WALLS:
            if self.wants(f"wall-{name}"):
                self.in_situation(bring_about, lambda hub: self.keep(
                    self.canvas(hub, "?view=wall", WALL, says, False)[0], f"wall-{name}"))
        for size_name, size in (("plain", PHONE), ("plain-wide", DESKTOP)):
            for name, bring_about in PLAIN:
                if self.wants(f"{size_name}-{name}"):
                    self.in_situation(bring_about, lambda hub: self.plain(hub, size, f"{size_name}-{name}"))

    def plain(self, hub, size, name):
        page = self.browser.page(**size)
        page.go(hub.url + "phone.html")
        page.wait_for("document.getElementById('line')?.textContent === 'Live'")
        page.js("document.querySelector('#entries details')?.setAttribute('open', '')")
        height = page.js("document.documentElement.scrollHeight")
        page.size(size["width"], max(height, size["height"]), size["dpr"], size["mobile"])
        self.keep(page, name)

    def special(self, size_name, size):
        """What is seen only when something is wrong, or before somebody is the race director."""
        if self.wants(f"{size_name}-watching"):
            self.in_situation(running, lambda hub: self.keep(self.canvas(hub, "?view=race", size, "Racing", False)[0], f"{size_name}-watching"))
        if self.wants(f"{size_name}-log-in"):
            def log_in(hub):
                page, deck = self.canvas(hub, "?view=race", size, "Racing", False)
                deck.press("Log in")
                deck.type("PIN", "1234")
                deck.press("Log in as race director")
                deck.says("not the race director's PIN")
                self.keep(page, f"{size_name}-log-in")
            self.in_situation(running, log_in)
        if self.wants(f"{size_name}-disconnected"):
            def cut(hub):
                page, deck = self.canvas(hub, "?view=race", size, "Racing")
                hub.stop()
                deck.says("No connection for")
                self.keep(page, f"{size_name}-disconnected")
            self.in_situation(running, cut)
        if self.wants(f"{size_name}-plan"):
            def plan(hub):
                page, deck = self.canvas(hub, "?view=heats", size, "Saturday")
                deck.press("New session")
                deck.says("Plan a session")
                self.keep(page, f"{size_name}-plan")
            self.in_situation(lambda hub: heats(hub, 2), plan)


if __name__ == "__main__":
    gallery = Gallery(sys.argv[1:])
    try:
        gallery.take()
    finally:
        gallery.browser.close()
