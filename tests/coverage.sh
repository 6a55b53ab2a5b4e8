#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures what the tests of the suites unit and mock run through, and fails if lib/policy has a branch that none of them
# takes, or the other rooms together fewer than nine lines of ten.
#
#   sh tests/coverage.sh [BUILD]
set -eu
cd "$(dirname "$0")/.."
build=${1-build-coverage}

again=
[ ! -f "$build/build.ninja" ] || again=--reconfigure
# shellcheck disable=SC2086
meson setup $again "$build" -Db_coverage=true -Db_ndebug=true -Dbuildtype=debug -Dexamples=disabled \
    -Dc_args=-fprofile-update=atomic >/dev/null
ninja -C "$build" --quiet
find "$build" -name '*.gcda' -exec rm -f {} +
CK_TIMEOUT_MULTIPLIER=10 meson test -C "$build" --no-rebuild --suite unit --suite mock --print-errorlogs --quiet

# What is inline in a header is in many objects; newer versions ask how to make one of them.
merge=
! gcovr --help | grep -q merge-mode-functions || merge=--merge-mode-functions=merge-use-line-max
measure() { # FILTER, MORE ARGUMENTS...
    filter=$1
    shift
    gcovr --root . --filter "$filter" $merge "$@" "$build"
}
failed=
echo 'branches of lib/policy'
measure 'lib/policy/' --branches --fail-under-branch 100 || failed=1
echo 'lines of the other rooms'
measure 'lib/(?!policy/)' --fail-under-line 90 || failed=1
[ -z "$failed" ]
