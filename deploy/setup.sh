#!/usr/bin/env bash
# Installs what RaceHub needs and does not find: Debian packages (deploy/packages.txt) and Dear
# ImGui's pinned source package. deploy/start.sh and tests/run.sh call it.
# By hand: deploy/setup.sh [--tests]
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
    '') groups='build run' ;;
    --tests) groups='build run test' ;;
    *) fail "'$1' is not known here." "Usage: deploy/setup.sh [--tests]" ;;
esac
[ "${RACEHUB_WEBUI:-ON}" = OFF ] || groups="$groups dashboard"

# shellcheck disable=SC2086 # one word is one group
install_packages $groups
[ "${RACEHUB_WEBUI:-ON}" = OFF ] || fetch_dear_imgui
