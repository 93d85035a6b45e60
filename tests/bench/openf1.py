#!/usr/bin/env python3
"""Hand-helds at once on one server: spacing of their frames, CPU.

  build/tests/bench/bench_openf1 FOLDER            makes the file, and measures without sockets
  tests/bench/openf1.py build FOLDER [1000]        serves it to so many hand-helds for 20 s
"""
import os
import selectors
import socket
import subprocess
import sys
import time


def cpu_s(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    build, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    server = subprocess.Popen([f"{build}/bin/racehub-openf1", "serve", f"{folder}/9523.openf1", "--port", "0"],
                              stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline().split()[-1])
    selector = selectors.EpollSelector()
    links = []
    for _ in range(count):
        link = socket.create_connection(("127.0.0.1", port))
        link.sendall(b"GET /ws/9523 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        link.setblocking(False)
        selector.register(link, selectors.EVENT_READ, [0.0])
        links.append(link)
    end, begin, spacings, frames = time.monotonic() + 22, time.monotonic() + 2, [], 0
    cpu = None
    while (now := time.monotonic()) < end:
        if cpu is None and now > begin:
            cpu = cpu_s(server.pid)
        for key, _ in selector.select(0.1):
            got = key.fileobj.recv(65536)
            at = time.monotonic()
            assert got, "the server hung up"
            if key.data[0] and at > begin:
                spacings.append((at - key.data[0]) * 1000)
                frames += 1
            key.data[0] = at
    spent = cpu_s(server.pid) - cpu
    rss = next(int(line.split()[1]) for line in open(f"/proc/{server.pid}/status") if line.startswith("VmRSS"))
    server.terminate()
    server.wait(10)
    spacings.sort()
    at = lambda share: spacings[int(share * (len(spacings) - 1))]
    print(f"{count} hand-helds, {frames / 20:.0f} frames/s: spacing p1 {at(.01):.1f}, p50 {at(.5):.1f}, p99 {at(.99):.1f}, "
          f"longest {spacings[-1]:.1f} ms; server {spent / 20 * 100:.0f} % of a core, {rss / 1000:.0f} MB")


if __name__ == "__main__":
    main()
