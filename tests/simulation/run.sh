#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh SECONDS [BUILD]: seeds that nobody has run yet, for so long, on two processes. Prints how many an hour; a seed that
# breaks something is printed with what it broke, and belongs into seeds.txt.
set -eu
seconds=${1?SECONDS}
build=${2:-build}
cd "$(dirname "$0")/../.."
ninja -C "$build" tests/simulation/simulation >/dev/null
from=$(date +%s)000000
"$build/tests/simulation/simulation" --from "$from" --seconds "$seconds" &
second=0
"$build/tests/simulation/simulation" --from "${from}000" --seconds "$seconds" || second=$?
wait $! && exit "$second"
