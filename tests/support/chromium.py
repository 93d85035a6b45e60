"""A headless Chromium driven over its debugging socket: just enough for the tests of the pages, with nothing but python3-websockets."""
import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

import websockets

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--mute-audio",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--remote-debugging-port=0", "about:blank"]
PHONE = dict(width=390, height=844, dpr=3, mobile=True)
DESKTOP = dict(width=1280, height=800, dpr=1, mobile=False)
WALL = dict(width=1920, height=1080, dpr=1, mobile=False)
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "Backspace": 8, " ": 32}


class Chromium:
    """One browser with a profile of its own. Close it; it kills only the processes it started."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="racehub-chromium-")
        binary = os.environ.get("RACEHUB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        if not binary:
            raise RuntimeError("no chromium found: install the package chromium, or name a binary in RACEHUB_CHROMIUM")
        self.process = subprocess.Popen([binary, f"--user-data-dir={self.profile}", *FLAGS], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = self._wait_for_port()
        self.pages = []

    def _wait_for_port(self, seconds=30):
        path = os.path.join(self.profile, "DevToolsActivePort")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"chromium ended with {self.process.returncode}")
            try:
                with open(path, encoding="ascii") as file:
                    return int(file.readline())
            except (FileNotFoundError, ValueError):
                self.process_wait(0.05)
        raise RuntimeError("chromium did not open its debugging port")

    def process_wait(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def page(self, url="about:blank", width=1280, height=800, dpr=1, mobile=False):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?about:blank", method="PUT")
        target = json.load(urllib.request.urlopen(request, timeout=10))
        page = Page(self, target)
        self.pages.append(page)
        page.size(width, height, dpr, mobile)
        if url != "about:blank":
            page.go(url)
        return page

    def cpu_seconds(self):
        """CPU time of all processes of this browser."""
        ticks = 0
        group = os.getpgid(self.process.pid)
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self):
        for page in self.pages:
            page.detach()
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process_wait(5)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """One tab. `problems` collects what the console, the page and the security policy complained about."""

    def __init__(self, browser, target):
        self.browser = browser
        self.problems = []
        self.answers = {}
        self.next_id = 0

        async def connect():
            return await websockets.connect(target["webSocketDebuggerUrl"], max_size=None, ping_interval=None)
        self.socket = self._run(connect())
        self.reader = asyncio.run_coroutine_threadsafe(self._read(), browser.loop)
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            self.call(f"{domain}.enable")

    def _run(self, awaitable, seconds=30):
        async def wait():
            return await asyncio.wait_for(awaitable, seconds)
        return asyncio.run_coroutine_threadsafe(wait(), self.browser.loop).result(seconds + 5)

    async def _read(self):
        try:
            async for text in self.socket:
                message = json.loads(text)
                if "id" in message:
                    future = self.answers.pop(message["id"], None)
                    if future and not future.done():
                        future.set_result(message)
                    continue
                self._notice(message["method"], message["params"])
        except websockets.ConnectionClosed:
            pass

    def _notice(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            # A refused connection is what the reconnection tests bring about on purpose.
            if "ERR_CONNECTION" not in params["entry"]["text"] and "WebSocket" not in params["entry"]["text"]:
                self.problems.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.problems.append(" ".join(str(arg.get("value", arg.get("description"))) for arg in params["args"]))

    def call(self, method, **params):
        async def exchange():
            self.next_id += 1
            future = self.browser.loop.create_future()
            self.answers[self.next_id] = future
            await self.socket.send(json.dumps({"id": self.next_id, "method": method, "params": params}))
            return await future
        answer = self._run(exchange())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def size(self, width, height, dpr=1, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=dpr, mobile=mobile)
        self.call("Emulation.setTouchEmulationEnabled", enabled=mobile, maxTouchPoints=5)

    def go(self, url):
        self.call("Page.navigate", url=url)

    def front(self):
        """Makes this the visible tab: pages in hidden ones do not draw."""
        self.call("Page.bringToFront")
        return self

    def js(self, expression):
        """The value of an expression; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait_for(self, expression, seconds=15):
        """Until the expression is true; its value. Says what it was at last when it never became so."""
        end = time.monotonic() + seconds
        value = None
        while time.monotonic() < end:
            try:
                value = self.js(expression)
            except RuntimeError as error:  # the page is just being replaced
                value = str(error)
            else:
                if value:
                    return value
            self.browser.process_wait(0.03)
        raise AssertionError(f"after {seconds} s still not: {expression} (last: {value!r}; problems: {self.problems})")

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def click(self, x, y):
        self.press(x, y)
        self.release(x, y)

    def press(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)

    def release(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)

    def wheel(self, x, y, delta_y):
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=delta_y)

    def touch(self, kind, *points):
        self.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y} for x, y in points])

    def tap(self, x, y):
        self.touch("touchStart", (x, y))
        self.touch("touchEnd")

    def key(self, key, up=True):
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        name = f"Key{key.upper()}" if len(key) == 1 and key.isalpha() else key
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=name, windowsVirtualKeyCode=code, text=text)
        if up:
            self.key_up(key)

    def key_up(self, key):
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        name = f"Key{key.upper()}" if len(key) == 1 and key.isalpha() else key
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=name, windowsVirtualKeyCode=code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def detach(self):
        async def close():
            await self.socket.close()
        try:
            self._run(close(), 5)
        except Exception:  # the browser may be gone already
            pass
