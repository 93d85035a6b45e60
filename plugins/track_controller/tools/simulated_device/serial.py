"""The serial port as a pseudo-terminal behind a link: pulled out, it comes back under another name."""

import errno
import os
import tty

BANNER = "RallyLab Track Controller ready"


class Port:
    def __init__(self, device, loop, link):
        self.device = device
        self.loop = loop
        self.link = link
        self.talker = None
        self.master = None
        self.buffer = b""
        self.lines = []  # every line received, for looking at

    @property
    def plugged(self):
        return self.master is not None

    def plug(self):
        master, slave = os.openpty()
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        self.master = master
        temporary = self.link + ".new"
        if os.path.lexists(temporary):
            os.unlink(temporary)
        os.symlink(self.name, temporary)
        os.replace(temporary, self.link)
        self._listen()

    def unplug(self):
        if self.master is None:
            return
        os.unlink(self.link)
        self.loop.forget(self.master)
        os.close(self.master)
        self.master = None
        self.buffer = b""

    def _listen(self):
        # Nobody has opened the other side yet, or any more: then reading fails at once, so look again later.
        master = self.master
        if master is None:
            return
        try:
            data = os.read(master, 1024)
        except BlockingIOError:
            data = None
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self.loop.forget(master)
            return self.loop.later(0.02, self._listen)
        self.loop.register(master, self._readable)
        if data:
            self._take(data)

    def _readable(self):
        self.loop.forget(self.master)
        self._listen()

    def _take(self, data):
        self.buffer += data
        while True:
            end = min((self.buffer.find(c) for c in (b"\n", b"\r") if c in self.buffer), default=-1)
            if end < 0:
                return
            line, self.buffer = self.buffer[:end], self.buffer[end + 1:]
            text = line.decode("utf-8", "replace").strip()
            if text:
                self.lines.append(text)
                self.talker.line(text)

    def say(self, text):
        self.write((text + "\n").replace("\n", "\r\n").encode())

    def write(self, data):
        if self.master is None:
            return
        fault = self.device.next_fault()
        if fault == "cut":
            data = data[:len(data) // 2]
        if fault == "swallow":
            return
        try:
            os.write(self.master, data)  # nobody there: dropped, as the firmware does
        except OSError:
            pass

    def boot_noise(self):
        self.write(b"WiFi connected: 10.0.0.7 (rallylab-a1b2c3.local)\r\n" + BANNER.encode() +
                   b"\r\nHTTP server on 10.0.0.7:80\r\n")
