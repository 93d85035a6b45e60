#!/usr/bin/env bash
# A light gate without hardware: numbered, stamped crossings over one MQTT connection (needs mosquitto-clients).
# Each press of Enter is a crossing; with --every they come by themselves.
set -euo pipefail

usage() {
    cat <<'TEXT'
gate.sh [options]                 Enter: the car crosses.  Ctrl-D: the gate is switched off.
  --host NAME      broker (localhost)          --port N     (1883)
  --topic TOPIC    (carrera/track1/finish)     --qos 0|1    (1)
  --every SECONDS  a crossing each so often    --count N    so many, then end
  --lose N         the N-th crossing is counted by the gate and never sent
  --plain          send MAGNET_ERKANNT as the simplest sensors do
TEXT
}

host=localhost port=1883 topic=carrera/track1/finish qos=1 every="" count=0 lose=0 plain=no
while (($#)); do
    case $1 in
        --plain) plain=yes; shift; continue ;;
        --help) usage; exit 0 ;;
    esac
    (($# > 1)) || { echo "gate.sh: $1 needs a value, or is unknown; see --help" >&2; exit 2; }
    case $1 in
        --host) host=$2 ;;
        --port) port=$2 ;;
        --topic) topic=$2 ;;
        --qos) qos=$2 ;;
        --every) every=$2 ;;
        --count) count=$2 ;;
        --lose) lose=$2 ;;
        *) echo "gate.sh: unknown option $1; see --help" >&2; exit 2 ;;
    esac
    shift 2
done

# A name for this run of the gate: its numbers begin at 1 and its clock at its own zero.
boot=$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')

# The gate's own clock in microseconds. A real gate takes one that nobody sets, such as micros() since power-on.
now_us() { echo "${EPOCHREALTIME/[.,]/}"; }

crossings() {
    local number=0
    while ((count == 0 || number < count)); do
        if [[ -n $every ]]; then
            ((number == 0)) || sleep "$every"
        else
            read -r _ || return 0
        fi
        number=$((number + 1))
        if ((number == lose)); then
            echo "crossing $number gets lost" >&2
        elif [[ $plain == yes ]]; then
            echo MAGNET_ERKANNT
        else
            echo "{\"n\":$number,\"boot\":\"$boot\",\"t_us\":$(now_us)}"
        fi
    done
}

crossings | mosquitto_pub -h "$host" -p "$port" -t "$topic" -q "$qos" -l
