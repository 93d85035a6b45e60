"""Heats on the real hub with a simulated downhill track: planned and run by hand in the dashboard, followed on a phone."""
import pytest
from chromium import DESKTOP, PHONE
from deck import Deck
from hub import PROGRAM, Hub
from test_evening import free_port

CONFIG = {
    "hub": {"name": "Test club"},
    "tracks": [{"id": "hill", "name": "Derby hill", "lanes": 3}],
    "plugins": [{"id": "timer", "library": "simulator", "track": "hill",
                 "config": {"auto": False, "speed": 10, "armed_s": 10, "dnf_percent": 0, "false_results_percent": 0, "strays_percent": 0}}],
}


@pytest.fixture
def hub(build):
    if not PROGRAM.exists():
        pytest.skip("this build has no hub")
    with Hub(CONFIG, free_port(), ["--plugins", build + "/plugins", "--webui", build + "/webui"]) as running:
        # It has nothing to do yet, and says so.
        yield running


def director(chromium, hub, view):
    page = chromium.page(**DESKTOP)
    page.go(f"http://127.0.0.1:{hub.port}/?view={view}")
    deck = Deck(page)
    deck.press("Log in")
    deck.type("PIN", hub.pin)
    deck.type("Your name", "Zoë")
    deck.press("Log in as race director")
    deck.item("Log out")
    return deck


def test_a_session_from_the_plan_to_the_winner(chromium, hub, shot):
    phone = chromium.page(**PHONE)
    phone.go(f"http://127.0.0.1:{hub.port}/phone")
    deck = director(chromium, hub, "rules")
    deck.press("Heats, one run")
    deck.press("Save for the next race")
    deck.press("Heats")
    deck.press("Plan a session")
    label = "Add a driver: 17 Ada, Red Baron"
    for name in ("17 Ada, Red Baron", "Björn", "Chiara, Blitz"):
        deck.type(label, name)
        deck.page.key("Enter")  # and the field waits for the next one
        deck.page.wait_for(f"document.activeElement.getAttribute('aria-label') === '{label}' && document.activeElement.value === ''")
    deck.says("3 heats. Everybody runs 1 time on each lane")
    deck.press("PLAN")
    deck.says("0 of 3 heats run")
    deck.press("Race")
    deck.says("Heat time")
    for heat in (1, 2, 3):
        deck.press(f"ARM HEAT {heat}")
        deck.says("Start gate closed and ready")
        deck.says(f"Heat {heat} of 3")
        deck.says("Final")
        if heat == 1:
            shot(deck.page, "heats-final")
    phone.front().wait_for("document.getElementById('session-progress').textContent.includes('3 of 3 heats run')")
    assert phone.js("document.querySelectorAll('#heat-rows tr').length") == 3
    assert phone.js("document.querySelectorAll('#board tr').length") == 3
    assert " wins" in phone.js("document.getElementById('session-winner').textContent")
    shot(phone, "heats-phone")
    assert phone.problems == []
    deck.page.front()
    deck.press("Board")
    deck.says(" wins")
    deck.press("History")
    deck.press("Open race 1")
    deck.says("Heat 1")
    deck.says("Ada")
    assert deck.page.problems == []


def test_a_held_result_waits_for_the_race_director_everywhere(chromium, hub, shot):
    token = hub.login()
    hub.order(token, "session.plan", track="hill", name="Finals", entries=[
        {"entry": 1, "driver": "Ada"}, {"entry": 2, "driver": "Björn"}, {"entry": 3, "driver": "Chiara"}])
    hub.order(token, "track.configure", track="hill", name="Derby hill", lanes=3,
              settings={"discipline": "heat", "min_heat_us": 20_000_000, "heat_timeout_us": 30_000_000})  # nothing is slow enough
    hub.order(token, "heat.arm", track="hill")
    deck = director(chromium, hub, "race")
    phone = chromium.page(**PHONE)
    phone.go(f"http://127.0.0.1:{hub.port}/phone")
    phone.wait_for("!document.getElementById('held').hidden")
    assert "shorter than any car" in phone.js("document.getElementById('held').textContent")
    assert phone.js("[...document.querySelectorAll('#heat-rows tr')].map(r => r.children[3].textContent)") == ["?"] * 3
    shot(phone, "heats-phone-held")
    deck.page.front()
    deck.says("Not final")
    shot(deck.page, "heats-held")
    deck.type("Reason", "three hand timers agree")
    deck.hold("Hold to ACCEPT", "racehub.items().texts.includes('Final')")
    deck.press("Correct or run again")
    deck.type("Time, lane 2", "25.5")
    deck.press("Set")
    deck.says("set by hand")
    deck.says("25.500")
    deck.says("three hand timers agree")
    phone.front().wait_for("document.getElementById('held').hidden")
    facts = [fact for fact in hub.get("/api/races/1/facts?limit=1000")["facts"] if fact["type"] == "heat.corrected"]
    assert facts[0]["data"]["reason"] == "three hand timers agree" and facts[0]["data"]["time_us"] == 25_500_000
