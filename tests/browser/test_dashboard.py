"""The canvas pages, in a real browser: a race director's evening, by mouse, finger and keyboard."""
import os

from chromium import DESKTOP, PHONE, WALL
from deck import Deck
from stand_in import PIN, StandIn

FAST = {"lights": 5, "light_interval_us": 100_000, "lead_us": 300_000, "hold_min_us": 400_000, "hold_max_us": 400_000,
        "min_lap_us": 0, "distance": "open"}


def open_deck(chromium, hub, view="race", size=DESKTOP, says=None):
    page = chromium.page(**size)
    page.go(f"{hub.url}?view={view}")
    deck = Deck(page)
    deck.says(says or "Club track")
    return deck


def log_in(deck):
    deck.press("Log in")
    deck.type("PIN", PIN)
    deck.type("Your name", "Zoë")
    deck.press("Log in as race director")
    deck.item("Log out")


def phase(deck, text):
    deck.page.wait_for(f"racehub.items().texts.includes({text!r})")


def test_a_race_by_mouse_from_arming_to_a_new_race(chromium, hub, shot):
    hub.set_up({**FAST, "distance": "laps", "laps": 3}, lanes=2)
    deck = open_deck(chromium, hub)
    assert "ARM" not in deck.labels()
    log_in(deck)
    shot(deck.page, "desktop-idle")
    deck.press("ARM")
    phase(deck, "Armed")
    shot(deck.page, "desktop-armed")
    deck.press("START")
    phase(deck, "GO")
    shot(deck.page, "desktop-go")
    for lap in range(3):
        hub.cross(1)
        hub.cross(2)
        if lap == 1:
            shot(deck.page, "desktop-race")
    phase(deck, "Finished")
    deck.press("Result")
    deck.says("Anna wins: 3 laps")
    shot(deck.page, "desktop-result")
    deck.press("NEW RACE")
    phase(deck, "Ready for a new race")
    assert deck.page.problems == []


def test_stopping_needs_a_held_button_and_pausing_does_not(chromium, hub):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub)
    log_in(deck)
    hub.input("race.start")
    deck.item("PAUSE")
    deck.press("PAUSE")
    phase(deck, "Paused")
    deck.press("RESUME")
    phase(deck, "Racing")
    deck.press("Hold to STOP")  # a click is not enough
    deck.says("Racing")
    deck.hold("Hold to STOP", "racehub.items().texts.includes('Finished')")


def test_hotkeys_work_and_letters_in_a_field_are_letters(chromium, hub):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub)
    log_in(deck)
    deck.item("ARM")
    deck.page.key("a")
    phase(deck, "Armed")
    deck.press("Lanes")
    deck.type("Lane 1, driver", "")
    deck.page.key("s")
    deck.page.key("q")
    deck.page.key("Enter")
    deck.page.wait_for("document.activeElement === document.body")
    deck.press("Race")
    phase(deck, "Armed")
    deck.page.key("s")
    phase(deck, "Start lights")
    deck.page.key("q")
    phase(deck, "Aborted")


def test_names_are_typed_into_real_inputs(chromium, hub, shot):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub, "lanes")
    log_in(deck)
    deck.type("Lane 2, driver", "Žofia Łęcka")
    deck.page.key("Enter")
    deck.page.wait_for("document.querySelector('#stage input[aria-label=\"Lane 2, driver\"]').value === 'Žofia Łęcka'")
    shot(deck.page, "desktop-lanes")
    deck.press("Race")
    deck.says("Žofia Łęcka")
    assert deck.page.js("document.querySelectorAll('#stage input').length") == 0
    assert deck.page.problems == []


def test_rules_are_saved_and_nonsense_is_refused(chromium, hub, shot):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub, "rules")
    log_in(deck)
    deck.press("Time")
    deck.type("Race time", "2:30")
    deck.page.key("Enter")
    deck.press("Save for the next race")
    deck.page.wait_for("!racehub.items().items.some(i => i.label === 'Save for the next race')")
    shot(deck.page, "desktop-rules")
    deck.type("Race time", "soon")
    deck.page.key("Enter")
    deck.says("Race time: a time from 1 s")
    deck.press("Race")
    deck.says("2 min 30 s")


def test_corrections_name_who_and_why(chromium, hub, shot):
    hub.set_up(FAST)
    hub.input("race.start")
    deck = open_deck(chromium, hub)
    log_in(deck)
    phase(deck, "Racing")
    for _ in range(3):
        hub.cross(1)
        hub.cross(2)
    deck.press("Laps")
    deck.type("Reason", "cut the corner")
    deck.press("Void")
    deck.says("void lap")
    deck.press("Give penalty (s)")
    deck.says("penalty +5 s, by Zoë: cut the corner")
    deck.press("DNF")
    deck.says("Anna (DNF)")
    shot(deck.page, "desktop-laps")
    deck.press("Back in the race")
    deck.says("Anna: back in the race, by Zoë")
    deck.press("Restore")
    deck.says("lap 3 restored, by Zoë")
    deck.press("Withdraw")
    deck.says("(withdrawn)")
    # Who comes later sees what was corrected before.
    late = open_deck(chromium, hub, "laps")
    late.says("penalty +5 s, by Zoë: cut the corner")
    assert late.page.problems == []


def test_a_refusal_is_shown(chromium, hub):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub, "lanes")
    log_in(deck)
    hub.input("race.arm")
    deck.press("Race")
    deck.item("START")
    hub.sessions.clear()
    for writer in hub.sockets:
        hub.sockets[writer] = False
    deck.press("START")
    deck.says("Only the race director may do this")


def test_a_wrong_pin_is_told(chromium, hub):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub)
    deck.press("Log in")
    deck.type("PIN", "00000000")
    deck.page.key("Enter")
    deck.says("This is not the race director's PIN.")


def test_waving_a_hand_shows_at_once(chromium, hub, shot):
    hub.set_up(FAST, lanes=4)
    hub.say({"type": "sources", "sources": [{"id": "gates", "name": "MQTT light gates", "state": "ok", "text": "connected"},
                                            {"id": "screen", "state": "quarantined", "text": "crashed five times", "counters": {"crashes": 5}}]})
    deck = open_deck(chromium, hub, "sources")
    hub.say({"type": "sources", "sources": [{"id": "gates", "name": "MQTT light gates", "state": "ok", "text": "connected"},
                                            {"id": "screen", "state": "quarantined", "text": "crashed five times", "counters": {"crashes": 5}}]})
    deck.says("never seen")
    hub.cross(3)
    deck.says("NOW")
    deck.says("crashed five times")
    shot(deck.page, "desktop-sources")
    deck.says("2 s ago")


def test_the_canvas_survives_a_restart_and_is_never_silently_stale(chromium, build, hub, shot):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub)
    port = hub.port
    hub.stop()
    deck.says("⚠")
    deck.page.wait_for("racehub.items().texts.some(t => /No connection for|No update for/.test(t))")
    shot(deck.page, "desktop-stale")
    other = StandIn(build, log_id="log-b", port=port)
    try:
        other.input("track.configure", {"name": "Second evening", "lanes": 3})
        deck.says("Second evening")
        deck.page.wait_for("!racehub.items().texts.some(t => t.includes('⚠'))")
    finally:
        other.stop()


def test_race_control_works_with_fingers(chromium, hub, shot):
    hub.set_up(FAST, lanes=6, drivers=("Anna", "Zoë", "Max", "Mia", "Tom", "Eva"))
    deck = open_deck(chromium, hub, size=PHONE)
    deck.tap("Log in")
    deck.type("PIN", PIN)
    deck.tap("Log in as race director")
    deck.item("Log out")
    small = [i for i in deck.read()["items"] if i["h"] < 44 or i["w"] < 44]
    assert small == []
    deck.tap("ARM")
    phase(deck, "Armed")
    shot(deck.page, "phone-control")
    deck.tap("Lanes")
    deck.says("Lane 1")
    shot(deck.page, "phone-lanes")
    # A finger that drags scrolls and presses nothing.
    before = {i["label"]: i["y"] for i in deck.read()["items"]}
    x, y = 300, 600
    deck.page.touch("touchStart", (x, y))
    for step in range(1, 9):
        deck.page.touch("touchMove", (x, y - 40 * step))
    deck.page.touch("touchEnd")
    deck.page.wait_for(f"racehub.items().items.find(i => i.label === 'Lane 1, driver').y < {before['Lane 1, driver']} - 100")
    deck.tap("Race")
    deck.tap("START")
    phase(deck, "GO")
    shot(deck.page, "phone-control-race")
    assert deck.page.problems == []


def test_the_wall_is_read_from_afar(chromium, hub, shot):
    hub.set_up({**FAST, "light_interval_us": 300_000}, lanes=8, drivers=("Anna", "Zoë", "Max", "Mia", "Tom", "Eva", "Ben", "Lea"))
    deck = open_deck(chromium, hub, "wall", WALL)
    hub.input("race.start")
    phase(deck, "Start lights")
    deck.page.wait_for("racehub.items().items.length === 0")
    shot(deck.page, "wall-lights")
    phase(deck, "GO")
    phase(deck, "Racing")
    for lane in (3, 1, 2, 8, 7, 6, 5, 4):
        hub.cross(lane)
    deck.says("Fastest lap")
    shot(deck.page, "wall-race")
    assert deck.page.problems == []


def test_a_bare_address_on_a_phone_leads_to_the_plain_page(chromium, hub):
    hub.set_up(FAST)
    page = chromium.page(**PHONE)
    page.go(hub.url)
    page.wait_for("location.pathname.endsWith('phone.html')")


def test_the_address_keeps_track_and_view(chromium, hub):
    hub.set_up(FAST)
    hub.input("track.configure", {"name": "Attic", "lanes": 3}, track="attic")
    deck = open_deck(chromium, hub, "tracks")
    deck.press("Attic")
    deck.page.wait_for("location.search === '?view=race&track=attic'")
    deck.press("Lanes")
    deck.page.wait_for("location.search === '?view=lanes&track=attic'")
    deck.page.call("Page.reload")
    deck.says("Lane 3")


def test_a_lost_graphics_context_comes_back(chromium, hub):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub)
    deck.page.js("window.lose = document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');"
                 " lose.loseContext()")
    deck.page.js("new Promise(done => { document.getElementById('canvas').addEventListener('webglcontextrestored', done);"
                 " setTimeout(() => lose.restoreContext(), 50) }).then(() => true)")
    frames = deck.page.js("racehub.frames")
    deck.page.wait_for(f"racehub.frames > {frames}")
    assert deck.page.problems == []


def test_the_whole_dashboard_is_small(build):
    folder = os.path.join(build, "webui")
    names = [name for name in os.listdir(folder) if not name.startswith("phone.")]
    whole = sum(min(os.path.getsize(os.path.join(folder, other)) for other in (name, name + ".br") if other in names or other == name)
                for name in names if not name.endswith((".br", ".gz")))
    assert whole <= 350_000


def test_an_idle_page_rests(chromium, hub):
    hub.set_up(FAST)
    deck = open_deck(chromium, hub)
    deck.page.wait_for("racehub.frames > 3")
    before = deck.page.js("[racehub.frames, performance.now()]")
    deck.page.wait_for(f"performance.now() > {before[1] + 3000}")
    after = deck.page.js("[racehub.frames, performance.now()]")
    assert (after[0] - before[0]) / ((after[1] - before[1]) / 1000) <= 4
