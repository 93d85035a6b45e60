"""One thread that waits for sockets and timers, as the firmware's main loop does."""

import heapq
import itertools
import os
import select
import threading
import time


class Loop:
    """`post` and `call` are for other threads; everything else runs on the loop's own."""

    def __init__(self):
        self._poll = select.poll()
        self._handlers = {}
        self._timers = []
        self._order = itertools.count()
        self._posted = []
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._running = True
        self.register(self._wake_read, lambda: os.read(self._wake_read, 4096))
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._running = False
        self._wake()
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def register(self, fd, on_ready):
        self._handlers[fd] = on_ready
        self._poll.register(fd, select.POLLIN)

    def forget(self, fd):
        if self._handlers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def later(self, seconds, what):
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), what))

    def post(self, what):
        with self._lock:
            self._posted.append(what)
        self._wake()

    def call(self, what):
        """Runs `what` on the loop's thread and returns what it returns."""
        if threading.current_thread() is self._thread:
            return what()
        done = threading.Event()
        result = []

        def run():
            try:
                result.append(what())
            finally:
                done.set()

        self.post(run)
        if not done.wait(10) or not result:
            raise RuntimeError("the simulated device does not answer")
        return result[0]

    def _wake(self):
        try:
            os.write(self._wake_write, b"x")
        except OSError:
            pass

    def _run(self):
        while self._running:
            due = self._timers[0][0] - time.monotonic() if self._timers else 1.0
            for fd, _ in self._poll.poll(max(0, min(due, 1.0)) * 1000):
                handler = self._handlers.get(fd)
                if handler:
                    handler()
            with self._lock:
                posted, self._posted = self._posted, []
            for what in posted:
                what()
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()
