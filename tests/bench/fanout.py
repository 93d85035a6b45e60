#!/usr/bin/env python3
"""Fan-out of the hub against the smallest send loop, by turns: fanout.py [BUILD] [CLIENTS...]"""
import json
import statistics
import subprocess
import sys

SECONDS, ROUNDS = 5, 3


def run(build, server, clients):
    text = subprocess.run([f"{build}/tests/bench/bench_fanout", server, str(clients), str(SECONDS)],
                          capture_output=True, text=True, check=True).stdout
    return json.loads(text)


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    for clients in [int(n) for n in sys.argv[2:]] or [1000, 5000]:
        rounds = {"raw": [], "hub": []}
        for _ in range(ROUNDS):
            for server in rounds:
                rounds[server].append(run(build, server, clients))
        medians = {}
        for server, results in rounds.items():
            medians[server] = {key: statistics.median(r[key] for r in results)
                               for key in ("cpu_s_per_million", "p50_ms", "p99_ms", "delivered", "rss_kb")}
            print(json.dumps({"bench": "fanout", "server": server, "clients": clients, **medians[server]}))
        ratio = {f"{key}_ratio": round(medians["hub"][key] / medians["raw"][key], 3)
                 for key in ("cpu_s_per_million", "p50_ms", "p99_ms")}
        print(json.dumps({"bench": "fanout", "clients": clients, **ratio}))


if __name__ == "__main__":
    main()
