"""A club sets up its gates in Chromium, on the real hub, with a real Mosquitto."""
import json
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "process"))
from deck import Deck  # noqa: E402
from hub import Hub  # noqa: E402
from mosquitto import Mosquitto, free_port  # noqa: E402

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844, "dpr": 2, "mobile": True}}


@pytest.fixture(name="broker")
def _broker(tmp_path):
    with Mosquitto(tmp_path) as broker:
        yield broker


def open_settings(chromium, hub, size):
    deck = Deck(chromium.page(f"http://127.0.0.1:{hub.port}/?view=settings&track=main", **SIZES[size]))
    deck.press("Log in")
    deck.type("PIN", hub.pin)
    deck.page.key("Enter")
    deck.item("Add a source", 20)
    return deck


def fill(deck, label, text):
    """Types into a field, scrolled into sight first: what cannot be seen cannot be typed into."""
    find = f"document.querySelector('#stage input[aria-label={json.dumps(label)}]')"
    deck.page.wait_for(find + " !== null")
    top = deck.page.js(find + ".getBoundingClientRect().top")
    middle = deck.page.js("innerHeight") / 2
    deck.page.wheel(200, 300, top - middle)
    deck.page.wait_for(f"(r => r.top > 60 && r.bottom < innerHeight - 60)({find}.getBoundingClientRect())")
    deck.type(label, text)


def press(deck, label):
    """A button near the top, from wherever the page was scrolled to."""
    deck.page.wheel(200, 300, -100_000)
    deck.page.wait_for(f"racehub.items().items.some(i => i.label === {json.dumps(label)} && i.enabled && i.y > 60)")
    deck.press(label)


@pytest.mark.parametrize("size", SIZES)
def test_a_club_sets_up_its_gates(chromium, build, broker, shot, size):
    assert os.path.isdir(build)
    with Hub({"tracks": [{"id": "main", "name": "Club track", "lanes": 2}]}, free_port()) as hub:
        deck = open_settings(chromium, hub, size)
        deck.press("Add a source")
        deck.item("MQTT light gates")
        shot(deck.page, f"{size}-settings-plugins")
        deck.press("MQTT light gates")
        fill(deck, "Broker", "127.0.0.1")
        deck.page.key("Enter")
        fill(deck, "Port", str(free_port()))
        deck.page.key("Enter")
        press(deck, "Test connection")
        deck.says("is it running, and are host and port right?", 20)
        shot(deck.page, f"{size}-settings-refused")
        fill(deck, "Port", "port")
        deck.page.key("Enter")
        press(deck, "Save")
        deck.says("must be an integer")
        fill(deck, "Port", str(broker.port))
        deck.page.key("Enter")
        press(deck, "Test connection")
        deck.says("lets us listen to 2 topics", 20)
        press(deck, "Save")
        deck.says("Saved; mqtt_gates starts with it.")
        deck.says("Connected", 20)
        broker.publish("carrera/track1/finish", "MAGNET_ERKANNT")
        deck.says("Lane 1 finish: 1", 20)
        deck.says("ok: Connected to 127.0.0.1", 20)
        shot(deck.page, f"{size}-settings-source")
        press(deck, "Ask for dbg")
        deck.says("Asked; the answer is in the protocol below.")
        deck.page.wheel(200, 300, -100_000)
        deck.hold("Hold to remove", "racehub.items().texts.some(t => t.includes('mqtt_gates is removed'))")
        assert hub.get("/api/sources")["sources"] == []
        # The browser itself notes the refusal that was provoked.
        # So may a look at the protocol that was under way when the source went.
        expected = ("422", "/log?after=")
        assert [p for p in deck.page.problems if not any(one in str(p) for one in expected)] == []
