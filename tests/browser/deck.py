"""The canvas as a test sees it: things that can be pressed by their words, and all that is written."""
import json
import time


class Deck:
    def __init__(self, page):
        self.page = page

    def read(self):
        return self.page.js("window.racehub ? racehub.items() : {items: [], texts: []}")

    def item(self, label, seconds=10):
        """The middle of the first pressable thing with these words, once it is there, enabled and scrolled into sight."""
        find = f"window.racehub && racehub.items().items.find(i => i.label === {json.dumps(label)} && i.enabled)"
        found = self.page.wait_for(find, seconds)
        # The bars at the top and, on narrow screens, at the bottom lie over what is scrolled.
        top, bottom = 0, self.page.js("innerHeight - (innerWidth < 1000 ? 56 : 0)")
        in_bar = found["y"] < 56 or found["y"] + found["h"] > bottom and found["h"] == 56
        end = time.monotonic() + seconds
        while not in_bar and not (found["y"] >= top and found["y"] + found["h"] <= bottom) and time.monotonic() < end:
            self.page.wheel(200, 300, found["y"] - (top + bottom) / 2)
            self.page.browser.process_wait(0.05)
            found = self.page.wait_for(find, seconds)
        return found["x"] + found["w"] / 2, found["y"] + found["h"] / 2

    def labels(self):
        return [item["label"] for item in self.read()["items"]]

    def press(self, label):
        self.page.click(*self.item(label))

    def tap(self, label):
        self.page.tap(*self.item(label))

    def hold(self, label, until):
        """Holds a button down until the expression is true."""
        x, y = self.item(label)
        self.page.press(x, y)
        self.page.wait_for(until)
        self.page.release(x, y)

    def says(self, text, seconds=10):
        """Waits until something on the canvas contains these words."""
        try:
            self.page.wait_for(f"window.racehub && racehub.items().texts.some(t => t.includes({json.dumps(text)}))", seconds)
        except AssertionError as error:
            raise AssertionError(f"the canvas never said {text!r}; it says: {' | '.join(self.read()['texts'])}") from error

    def type(self, label, text):
        """Types into the field with this label, in place of what is there."""
        self.page.wait_for(f"document.querySelector('#stage input[aria-label={json.dumps(label)}]') !== null")
        self.page.js(f"(() => {{ const i = document.querySelector('#stage input[aria-label={json.dumps(label)}]'); i.focus(); i.select(); }})()")
        self.page.type(text)
