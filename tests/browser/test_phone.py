"""The plain page, in a real browser."""
import json
import os
import urllib.request

from chromium import DESKTOP, PHONE
from stand_in import StandIn

TEXT = "document.getElementById('{}').textContent"


def open_phone(chromium, hub, size=PHONE):
    page = chromium.page(**size)
    page.go(hub.url + "phone.html")
    page.wait_for("document.getElementById('line')?.textContent === 'Live'")
    return page


def start_race(hub, **settings):
    hub.set_up({"lights": 5, "light_interval_us": 100_000, "lead_us": 200_000, "hold_min_us": 300_000, "hold_max_us": 300_000,
                "min_lap_us": 0, **settings})


def test_a_race_from_lights_to_summary(chromium, hub, shot):
    start_race(hub, distance="laps", laps=3)
    page = open_phone(chromium, hub)
    page.wait_for("document.querySelectorAll('#rows tr').length === 2")
    hub.input("race.start")
    page.wait_for("document.querySelectorAll('#lights i.on').length === 5")
    shot(page, "phone-lights")
    page.wait_for("document.getElementById('phase').textContent === 'GO'")
    page.wait_for("parseFloat(document.querySelector('#rows td:nth-child(4)').textContent) > 0.3")
    for lap in range(3):
        hub.cross(2)
        page.wait_for(f"document.querySelector('#rows td:nth-child(3)').textContent === '{lap + 1}'")
        if lap == 1:
            shot(page, "phone-race")
        hub.cross(1)
    page.wait_for("document.getElementById('phase').textContent === 'Finished'")
    assert page.js(TEXT.format("winner")).startswith("Zoë wins: 3 laps in ")
    assert page.js("document.querySelectorAll('#entries li').length") == 6
    assert page.js("document.querySelectorAll('#entries li.fastest').length") == 1
    page.js("document.querySelector('#entries details').open = true")
    shot(page, "phone-summary")
    spoken = page.js("[...document.querySelectorAll('#spoken p')].map(p => p.textContent)")
    assert "Lights out, go!" in spoken and "Zoë finishes, position 1" in spoken
    assert page.problems == []


def test_a_screen_reader_finds_table_headers_timer_and_live_regions(chromium, hub):
    start_race(hub)
    page = open_phone(chromium, hub)
    page.wait_for("document.querySelectorAll('#rows tr').length === 2")
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = {}
    for node in nodes:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert roles["table"] == ["Standings"]
    assert len(roles["columnheader"]) >= 6
    assert [name.split(" ")[0] for name in roles["rowheader"]] == ["Anna", "Zoë"]
    assert "timer" in roles and "status" in roles and "log" in roles


def test_it_survives_a_restart_and_says_so_meanwhile(chromium, build, hub):
    start_race(hub)
    page = open_phone(chromium, hub)
    port = hub.port
    hub.stop()
    page.wait_for("document.body.classList.contains('old')")
    assert "No connection" in page.js(TEXT.format("line")) or "Reconnecting" in page.js(TEXT.format("line"))
    other = StandIn(build, log_id="log-b", port=port)
    try:
        other.input("track.configure", {"name": "Another evening", "lanes": 3})
        page.wait_for("document.getElementById('track').textContent === 'Another evening'")
        page.wait_for("!document.body.classList.contains('old')")
    finally:
        other.stop()


def test_silence_is_shown_with_its_age(chromium, hub):
    start_race(hub)
    page = open_phone(chromium, hub)
    hub.silent = True
    page.wait_for("/^No update for [3-9] s$/.test(document.getElementById('line').textContent)")
    hub.silent = False
    page.wait_for("document.getElementById('line').textContent === 'Live'")


def test_a_wrong_clock_on_the_phone_does_not_matter(chromium, hub):
    start_race(hub)
    hub.clock_error_us = -40 * 24 * 3600 * 1_000_000
    page = open_phone(chromium, hub)
    hub.input("race.start")
    page.wait_for("document.querySelectorAll('#lights i.on').length >= 3")
    page.wait_for("document.getElementById('phase').textContent === 'GO'")


def test_names_are_never_markup(chromium, hub):
    hub.set_up(drivers=("<img src=x onerror=alert(1)>", "A & B"))
    page = open_phone(chromium, hub)
    page.wait_for("document.querySelectorAll('#rows tr').length === 2")
    assert page.js("document.querySelector('#rows button span').textContent") == "<img src=x onerror=alert(1)>"
    assert page.js("document.querySelectorAll('#rows img').length") == 0
    assert page.problems == []


def test_my_driver_is_remembered(chromium, hub):
    start_race(hub)
    page = open_phone(chromium, hub)
    page.wait_for("document.querySelectorAll('#rows tr').length === 2")
    box = page.js("(() => { const r = document.querySelectorAll('#rows button')[1].getBoundingClientRect();"
                  " return [r.x + r.width / 2, r.y + r.height / 2, r.height] })()")
    assert box[2] >= 40
    page.tap(box[0], box[1])
    page.wait_for("document.querySelectorAll('#rows tr')[1].classList.contains('mine')")
    page.go(hub.url + "phone.html")
    page.wait_for("document.querySelector('#rows tr.mine button span')?.textContent === 'Zoë'")


def test_first_paint_is_small_and_nothing_scrolls_sideways(chromium, hub, build):
    start_race(hub)
    folder = os.path.join(build, "webui")
    first = [name for name in os.listdir(folder) if name.startswith("phone.") and name.endswith((".html.gz", ".css.gz"))]
    assert len(first) == 2
    assert sum(os.path.getsize(os.path.join(folder, name)) for name in first) <= 30_000
    for size in (dict(width=320, height=568, dpr=2, mobile=True), PHONE, DESKTOP):
        page = open_phone(chromium, hub, size)
        page.wait_for("document.querySelectorAll('#rows tr').length === 2")
        assert page.js("document.documentElement.scrollWidth <= innerWidth"), size


def test_files_that_never_change_are_named_by_their_content(hub):
    html = urllib.request.urlopen(hub.url + "phone.html").read().decode()
    assert "phone.css" not in html and "phone.js\"" not in html
    assert json.dumps("unsafe-inline") not in html
    assert " style=" not in html and "<style" not in html
