"""The pages on the real hub: simulated track, the race director at the canvas, a spectator with a phone, and the hub killed in between."""
import socket

import pytest
from chromium import DESKTOP, PHONE
from deck import Deck
from hub import PROGRAM, Hub

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
