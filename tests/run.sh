#!/usr/bin/env bash
# Sets up, builds and runs every test. tests/run.sh NAME... runs those whose name contains a NAME
# (ctest -N --test-dir build lists them). The last lines are CTest's own summary.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../deploy/lib.sh"

case "${1:-}" in
    -*) fail "'$1' is not known here." "Usage: tests/run.sh [NAME...], as in: tests/run.sh core" ;;
esac

"$root/deploy/setup.sh" --tests
build ON

filter=()
if [ $# -gt 0 ]; then
    filter=(--tests-regex "$(IFS='|'; printf '%s' "$*")")
fi
say "Testing"
exec ctest --test-dir "$build_dir" --output-on-failure --no-tests=error \
    --parallel "$(nproc)" "${filter[@]}"
