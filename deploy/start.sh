#!/usr/bin/env bash
# Sets up, builds and starts the hub. Run it again at any time; a second start takes seconds.
#
#   deploy/start.sh                        a simulated club evening, no hardware needed
#   deploy/start.sh my-club.json           your own tracks and gates
#   deploy/start.sh my-club.json --OPTION  anything after the file goes to `racehub serve`
#
# What a hub must keep (event log, PIN) goes to state/NAME, NAME being the configuration file's: so
# the simulated evening never mixes with your own. RACEHUB_STATE=DIR puts it elsewhere.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

config=$root/deploy/club-evening.json
case "${1:-}" in
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    '' | -*) ;;
    *) config=$1; shift ;;
esac
[ -f "$config" ] || fail "There is no configuration file $config." \
    "Begin your own with a copy of deploy/carrera-gates.json, or name none for the simulation."
state=${RACEHUB_STATE:-$root/state/$(basename "$config" .json)}

"$root/deploy/setup.sh"
build OFF

if ! { mkdir -p "$state" && [ -w "$state" ]; } 2>/dev/null; then
    fail "$(id -un) cannot write to $state, where the hub keeps its event log." \
        "Make it writable, or choose another folder:  RACEHUB_STATE=~/racehub deploy/start.sh"
fi
say "Starting the hub with $config (state in $state; Ctrl+C stops it)"
exec "$build_dir/bin/racehub" serve --config "$config" --state "$state" "$@"
