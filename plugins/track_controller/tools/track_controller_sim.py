#!/usr/bin/env python3
"""A simulated RallyLab Track Controller for the desk: no Pico, no track.

    track_controller_sim.py --http 8080                  protocol 1.0 over HTTP
    track_controller_sim.py --protocol 2 --pty /tmp/tc   protocol 2.0 on a pseudo-terminal at /tmp/tc
    track_controller_sim.py --http 8080 --auto 20        races by itself, a heat each 20 s

Commands on standard input:
    race 2150 2401 - 2300    a heat: times in ms of lanes 1, 2, …; "-" does not finish
    gate open | gate closed  moves the start gate
    wave 3                   a hand before the sensor of lane 3
    reboot | unplug | plug | cut | mute | unmute
    quit
"""

import argparse
import pathlib
import random
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from simulated_device import Device, Oddities  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--protocol", type=int, choices=(1, 2), default=1)
    parser.add_argument("--lanes", type=int, default=6)
    parser.add_argument("--http", type=int, metavar="PORT", help="serve HTTP on this port (0: any)")
    parser.add_argument("--bind", default="127.0.0.1", help="address for HTTP")
    parser.add_argument("--pty", metavar="LINK", help="serve a pseudo-terminal, linked at this path")
    parser.add_argument("--auto", type=float, metavar="SECONDS", help="run a heat this often, when armed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--uptime-ms", type=int, default=60_000, help="of the counter, to see it wrap at 2^30")
    parser.add_argument("--ssid", default="PackHall", help="a non-ASCII name makes Content-Length wrong")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of answers that fail")
    parser.add_argument("--forgets-waits", action="store_true", help="as firmware 0.2.1")
    arguments = parser.parse_args()
    if arguments.http is None and not arguments.pty:
        parser.error("nothing to serve: give --http PORT or --pty LINK")
    return arguments


def race(device, times):
    lanes = {lane: int(text) for lane, text in enumerate(times, 1) if text != "-"}
    print("race", device.race(lanes) or "is not timed: nobody waits for one", flush=True)


def obey(device, words):
    command, rest = words[0], words[1:]
    if command == "race":
        race(device, rest)
    elif command == "gate" and rest in (["open"], ["closed"]):
        device.set_gate(rest == ["closed"])
    elif command == "wave" and len(rest) == 1:
        device.wave(int(rest[0]))
    elif command in ("mute", "unmute"):
        device.set_unreachable(command == "mute")
    elif command in ("reboot", "unplug", "plug", "cut"):
        {"reboot": device.reboot, "unplug": device.unplug, "plug": device.plug,
         "cut": device.cut_connections}[command]()
    else:
        print(__doc__, flush=True)


def race_by_itself(device, pause_s, seed, stop):
    chance = random.Random(seed)
    while not stop.wait(pause_s):
        phase, lanes = device.phase()
        if phase == "ARMED":
            # One car in twenty does not make it.
            device.race({lane: chance.randint(2000, 3500) for lane in lanes if chance.random() > 0.05})


def main():
    arguments = parse_arguments()
    oddities = Oddities(ssid=arguments.ssid, fault_rate=arguments.fault_rate, forgets_waits=arguments.forgets_waits)
    device = Device(arguments.protocol, arguments.lanes, arguments.http, arguments.pty, oddities, arguments.seed,
                    arguments.bind, arguments.uptime_ms)
    if device.http:
        print("HTTP on %s:%d" % (arguments.bind, device.http.port), flush=True)
    if device.serial:
        print("serial port at %s" % arguments.pty, flush=True)
    stop = threading.Event()
    if arguments.auto:
        threading.Thread(target=race_by_itself, args=(device, arguments.auto, arguments.seed, stop), daemon=True).start()
    try:
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            if line.split():
                obey(device, line.split())
        else:
            stop.wait()  # standard input is closed: go on until interrupted
    except KeyboardInterrupt:
        pass
    stop.set()
    device.close()


if __name__ == "__main__":
    main()
