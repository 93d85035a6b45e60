#!/usr/bin/env python3
"""What the pages cost: bytes over the wire, time to the first picture, a frame, and the processor time of an idle and a racing page.

    RACEHUB_BUILD=build tests/browser/measure.py

Prints JSON. On loopback, with software rendering; percent are of one core, all of the browser's processes together, above those of an
empty page.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]

from chromium import DESKTOP, PHONE, Chromium  # noqa: E402
from stand_in import StandIn  # noqa: E402

BUILD = os.environ.get("RACEHUB_BUILD", "build")
SECONDS = 10
FIRST = ("performance.getEntriesByName('first-contentful-paint')[0]?.startTime || 0")


def percent(browser):
    before = browser.cpu_seconds()
    browser.process_wait(SECONDS)
    return round((browser.cpu_seconds() - before) / SECONDS * 100, 1)


def measure(path, size, ready):
    hub = StandIn(BUILD)
    browser = Chromium()
    try:
        hub.set_up({"lights": 0, "lead_us": 0, "min_lap_us": 0}, lanes=4, drivers=("Anna", "Zoë", "Max", "Mia"))
        page = browser.page(**size)
        browser.process_wait(3)
        empty = percent(browser)
        hub.bytes_sent = 0
        page.go(hub.url + path)
        page.wait_for(ready)
        result = {"bytes": hub.bytes_sent, "first_paint_ms": round(page.js(FIRST)),
                  "first_picture_ms": round(page.js("window.racehub?.first_ms || 0")) or None}
        browser.process_wait(3)
        result["idle_percent"] = round(percent(browser) - empty, 1)
        hub.input("race.start")
        hub.cross(1)
        before = page.js("window.racehub ? [racehub.frames, racehub.drawing_ms] : null")
        result["racing_percent"] = round(percent(browser) - empty, 1)
        if before:
            after = page.js("[racehub.frames, racehub.drawing_ms]")
            frames = after[0] - before[0]
            result["frames_per_second"] = round(frames / SECONDS, 1)
            result["frame_ms"] = round((after[1] - before[1]) / frames, 2)
        return result
    finally:
        browser.close()
        hub.stop()


if __name__ == "__main__":
    print(json.dumps({
        "dashboard": measure("?view=race", DESKTOP, "window.racehub && racehub.items().texts.includes('Club track ▼')"),
        "phone": measure("phone.html", PHONE, "document.querySelectorAll('#rows tr').length === 4"),
    }, indent=2))
