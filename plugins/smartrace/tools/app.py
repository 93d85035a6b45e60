#!/usr/bin/env python3
"""A simulated SmartRace app: takes one or several sensors and shows what they say. See README.md.

  app.py --port 50780 --drivers "Gigi/BMW M4" "Diogo/Ferrari 488"
"""
import argparse
import json
import select
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import websocket  # noqa: E402

NOBODY = "Non assegnato"  # in the language of the tablet
COLORS = ["rgb(28, 237, 175)", "rgb(254, 249, 17)", "rgb(230, 60, 40)", "rgb(60, 90, 230)", "rgb(240, 140, 40)",
          "rgb(140, 70, 170)"]


def controllers(drivers, version=7):
    """update_controller_data for [(driver, car) or None, …] of controllers 1, 2, …"""
    data = {}
    for number in range(1, 7):
        named = drivers[number - 1] if number <= len(drivers) else None
        slot = {"color": "rgb(0, 0, 0)", "backgroundColor": COLORS[number - 1] if named else "rgb(188, 195, 188)",
                "driver": named[0] if named else NOBODY}
        if version >= 7:
            slot["car"] = named[1] if named else NOBODY
        data[str(number)] = slot
    return json.dumps({"type": "update_controller_data", "data": data}, separators=(",", ":"))


def read(text):
    """A message, or {} for what is none."""
    try:
        message = json.loads(text)
        return message if isinstance(message, dict) else {}
    except ValueError:
        return {}


class App:
    """Listens until closed. `log` has (connection number, text) of everything that was said, in order; a lap that comes
    again with the same stamp is none, as in the app."""

    def __init__(self, port, drivers=(("Gigi", "BMW M4"), ("Diogo", "")), version=7, pongs=True, on_message=None):
        self.port, self.drivers, self.version, self.pongs = port, list(drivers), version, pongs
        self.on_message = on_message or (lambda number, text: None)
        self.log, self.sockets, self.count = [], {}, 0
        self.lock = threading.Lock()
        self.closed = False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port) if port else ("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.listener.listen()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """The app is closed: all connections end."""
        if self.closed:
            return
        self.closed = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        self.cut()

    def cut(self):
        """The network is gone: connections end without a goodbye."""
        with self.lock:
            sockets, self.sockets = self.sockets, {}
        for each in sockets.values():
            try:
                each.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def tell(self, text):
        """Says something to every sensor."""
        with self.lock:
            sockets = list(self.sockets.values())
        for each in sockets:
            try:
                each.send(text)
            except websocket.Closed:
                pass

    def name(self, drivers):
        self.drivers = list(drivers)
        self.tell(controllers(self.drivers, self.version))

    def greeting(self):
        return [controllers(self.drivers, self.version),
                '{"type":"update_server_info","data":{"is_subscribed":false}}',
                json.dumps({"type": "api_version", "data": {"api_version": self.version}}, separators=(",", ":"))]

    def texts(self, kind=None):
        with self.lock:
            return [text for _, text in self.log if kind is None or read(text).get("type") == kind]

    def laps(self, controller):
        """Stamps of its crossings, repetitions left out."""
        stamps = []
        for text in self.texts("analog_lap"):
            data = json.loads(text)["data"]
            if data["controller_id"] == controller and data["timestamp"] not in stamps:
                stamps.append(data["timestamp"])
        return stamps

    def pits(self, controller):
        """Its pit messages; the same state said again is none."""
        states = []
        for text in self.texts():
            message = read(text)
            if message.get("type", "").startswith("analog_pit") and message["data"]["controller_id"] == controller:
                if states[-1:] != [message["type"]]:
                    states.append(message["type"])
        return states

    def _accept(self):
        while not self.closed:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self._serve, args=(sock, self.count), daemon=True).start()

    def _serve(self, sock, number):
        try:
            peer = websocket.accept(sock)
            with self.lock:
                self.sockets[number] = peer
            while True:
                text = peer.receive(answer_pings=self.pongs)
                with self.lock:
                    self.log.append((number, text))
                self.on_message(number, text)
                if read(text).get("type") == "api_version":
                    for answer in self.greeting():
                        peer.send(answer)
        except (websocket.Closed, OSError):
            pass
        finally:
            with self.lock:
                self.sockets.pop(number, None)
            sock.close()


def main():
    parser = argparse.ArgumentParser(description="A simulated SmartRace app.")
    parser.add_argument("--port", type=int, default=50780)
    parser.add_argument("--drivers", nargs="*", default=["Gigi/BMW M4", "Diogo/Ferrari 488"], metavar="DRIVER/CAR")
    parser.add_argument("--api", type=int, choices=(6, 7), default=7)
    parser.add_argument("--no-pongs", action="store_true", help="do not answer pings")
    options = parser.parse_args()
    drivers = [tuple((each + "/").split("/")[:2]) for each in options.drivers]
    last = {}

    def show(number, text):
        message = read(text)
        data = message.get("data", {})
        lap = ""
        if message.get("type") == "analog_lap":
            car, stamp = data["controller_id"], data["timestamp"]
            lap = f"   lap {(stamp - last[car]) / 1000:.3f} s" if car in last else "   first crossing"
            last[car] = stamp
        print(f"[{number}] {text}{lap}", flush=True)

    with App(options.port, drivers, options.api, not options.no_pongs, show) as app:
        print(f"listening on port {app.port}", flush=True)
        try:
            select.select([], [], [])
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
