"""The pages on the real hub: simulated track, the race director at the canvas, a spectator with a phone, and the hub killed in between."""
import signal
import socket

import pytest
from chromium import DESKTOP, PHONE, WALL
from deck import Deck
from hub import PROGRAM, Hub
from web_client import until

CONFIG = {
    "hub": {"name": "Test club"},
    "tracks": [{"id": "main", "name": "Test track", "lanes": 3,
                "settings": {"distance": "laps", "laps": 500, "lead_us": 200_000, "light_interval_us": 100_000,
                             "hold_min_us": 200_000, "hold_max_us": 300_000, "min_lap_us": 100_000},
                "entries": [{"lane": 1, "driver": "Ada"}, {"lane": 2, "driver": "Björn"}, {"lane": 3, "driver": "Chiara"}]}],
    "plugins": [{"id": "simulator", "library": "simulator", "track": "main",
                 "config": {"auto": False, "speed": 8, "jump_starts_percent": 0, "breakdowns_percent": 0,
                            "faults": {"missed_percent": 0}}}],
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def hub(build):
    if not PROGRAM.exists():
        pytest.skip("this build has no hub")
    with Hub(CONFIG, free_port(), ["--plugins", build + "/plugins", "--webui", build + "/webui"]) as running:
        running.wait_source("simulator")
        yield running


def laps_of(driver):
    return (f"+([...document.querySelectorAll('#rows tr')].find(r => r.querySelector('button span').textContent === '{driver}')"
            "?.children[2].textContent)")


def test_an_evening_with_the_hub_killed_in_the_middle(chromium, hub, shot):
    url = f"http://127.0.0.1:{hub.port}/"
    phone = chromium.page(**PHONE)
    phone.go(url + "phone")
    phone.wait_for("document.getElementById('track').textContent === 'Test track'")
    page = chromium.page(**DESKTOP)
    page.go(url + "?view=race")
    deck = Deck(page)
    deck.press("Log in")
    deck.type("PIN", "00000000")
    deck.press("Log in as race director")
    deck.says("This is not the race director's PIN.")
    deck.type("PIN", hub.pin)
    deck.type("Your name", "Zoë")
    deck.press("Log in as race director")
    deck.item("Log out")
    deck.press("ARM")
    deck.says("Armed")
    deck.press("START")
    deck.says("GO")
    phone.front().wait_for(f"{laps_of('Ada')} >= 2")
    page.front()
    deck.press("Laps")
    deck.type("Reason", "cut the corner")
    deck.press("Void")
    deck.says("by Zoë: cut the corner")

    hub.kill()
    deck.says("⚠")
    phone.front().wait_for("document.body.classList.contains('old')")
    hub.start()
    hub.wait_source("simulator")
    phone.wait_for("!document.body.classList.contains('old')")
    before = phone.js(laps_of("Björn"))
    phone.wait_for(f"{laps_of('Björn')} > {before}")
    page.front()
    deck.item("Log out")  # the session outlived the hub's death
    deck.says("by Zoë: cut the corner")
    shot(page, "evening-laps")
    deck.press("Race")
    deck.hold("Hold to STOP", "racehub.items().texts.includes('Finished')")
    deck.press("Result")
    deck.says("wins:")
    shot(page, "evening-result")
    phone.front().wait_for("document.getElementById('phase').textContent === 'Finished'")
    phone.wait_for("document.querySelectorAll('#entries li').length > 6")
    shot(phone, "evening-phone")
    assert phone.problems == []
    assert [text for text in page.problems if "401" not in text] == []  # the wrong PIN


def start_race(hub):
    token = hub.login()
    hub.order(token, "race.start")
    hub.wait_phase("running")
    return token


def test_a_frozen_hub_is_shown_within_seconds_on_both_pages(chromium, hub, shot):
    """Its sockets stay open: only its silence tells."""
    url = f"http://127.0.0.1:{hub.port}/"
    start_race(hub)
    phone, page, wall = chromium.page(**PHONE), chromium.page(**DESKTOP), chromium.page(**WALL)
    phone.go(url + "phone")
    wall.go(url + "?view=wall")
    page.go(url + "?view=race")
    phone.front().wait_for("document.getElementById('line').textContent === 'Live'")
    Deck(wall.front()).says("Racing")
    deck = Deck(page.front())
    deck.says("Racing")
    hub.process.send_signal(signal.SIGSTOP)
    try:
        deck.says("No update for", seconds=6)
        shot(page, "evening-frozen")
        phone.front().wait_for("/^No update for|^No connection|^Reconnecting/.test(document.getElementById('line').textContent)", 6)
        assert phone.js("document.body.classList.contains('old')")
        Deck(wall.front()).says("⚠", seconds=6)
        shot(wall, "evening-frozen-wall")
        assert "Live" not in [text for text in Deck(page.front()).read()["texts"]]
    finally:
        hub.process.send_signal(signal.SIGCONT)
    page.wait_for("!racehub.items().texts.some(t => t.includes('⚠'))", 15)
    phone.front().wait_for("document.getElementById('line').textContent === 'Live'", 15)


def test_live_timers_run_between_crossings(chromium, hub):
    start_race(hub)
    page = chromium.page(**DESKTOP)
    page.go(f"http://127.0.0.1:{hub.port}/?view=wall")
    Deck(page).says("Racing")
    # Samples of one running lap, as they were drawn, against the page's own clock.
    samples = page.js("""new Promise(done => {
        const list = [];
        const until = performance.now() + 1500;
        const look = () => {
            const running = racehub.items().texts.filter(t => /^[0-9]+[.][0-9]$/.test(t)).map(Number);
            list.push([performance.now() / 1000, running[0]]);
            performance.now() < until ? requestAnimationFrame(look) : done(list);
        };
        look();
    })""")
    steps = [(b[1] - a[1], b[0] - a[0]) for a, b in zip(samples, samples[1:]) if b[1] > a[1]]
    assert len(steps) >= 6
    assert max(step for step, _ in steps) <= 0.31  # a tenth at a time, also where a frame comes late


def tree_of(page):
    page.call("Accessibility.enable")
    roles = {}
    for node in page.call("Accessibility.getFullAXTree")["nodes"]:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    return roles


def test_a_screen_reader_follows_a_race_on_the_plain_page(chromium, hub):
    phone = chromium.page(**PHONE)
    phone.go(f"http://127.0.0.1:{hub.port}/phone")
    phone.wait_for("document.querySelectorAll('#rows tr').length === 3")
    token = hub.login()
    hub.order(token, "race.start")
    phone.wait_for("!document.getElementById('lights').hidden")
    assert any(name.startswith("Start lights:") or name == "Lights out" for name in tree_of(phone)["image"])
    phone.wait_for(f"{laps_of('Ada')} >= 1")
    roles = tree_of(phone)
    assert roles["heading"][0] == "Test track" and roles["table"] == ["Standings"]
    assert [name.split(" ")[0] for name in sorted(roles["rowheader"])] == ["Ada", "Björn", "Chiara"]
    assert {"main", "timer", "status", "log", "banner", "contentinfo"} <= set(roles)
    assert all(name for name in roles["button"] + roles["link"])
    spoken = phone.js("document.getElementById('spoken').textContent")
    assert "Lights out, go!" in spoken
    hub.order(token, "race.stop")
    phone.wait_for("!document.getElementById('summary').hidden")
    roles = tree_of(phone)
    assert "Result" in roles["heading"]
    assert any("wins" in text for text in roles["StaticText"])


def test_stored_races_are_opened_and_corrected_later(chromium, hub, shot):
    token = start_race(hub)
    page = chromium.page(**DESKTOP)
    page.go(f"http://127.0.0.1:{hub.port}/?view=race")
    deck = Deck(page)
    until(lambda: min(entry["laps_counted"] for entry in hub.race()["entries"]) >= 2, "two laps of everybody")
    hub.order(token, "race.stop")
    hub.order(token, "race.clear")
    hub.order(token, "race.arm")
    deck.press("History")
    deck.says("race 1")
    shot(page, "evening-history")
    deck.press("Open race 1")
    deck.says("wins")
    deck.says("Stopped by the race director")
    assert "Correct this race" not in deck.labels()
    deck.press("Log in")
    deck.type("PIN", hub.pin)
    deck.type("Your name", "Zoë")
    deck.press("Log in as race director")
    deck.item("Log out")
    deck.press("Correct this race")
    deck.type("Reason", "seen on video")
    deck.press("Give penalty (s)")
    deck.says("penalty +5 s, by Zoë: seen on video")
    shot(page, "evening-history-corrected")
    race = hub.get("/api/races/1")["race"]
    assert sorted(entry.get("penalty_us", 0) for entry in race["entries"])[-1] == 5_000_000
    assert hub.phase() == "armed"
    assert page.problems == []
