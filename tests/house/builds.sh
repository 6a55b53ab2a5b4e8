#!/bin/sh
# SPDX-License-Identifier: MIT
# builds.sh [DIR]: the libraries and the examples compile without a warning in every variant, under gcc and clang, and a
# release build's libesm-policy asks for nothing but memory. The builds lie in DIR (default: build-variants).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=${1:-$root/build-variants}
mkdir -p "$dir"
checks=0 failures=0

# check WHAT COMMAND...: counts one check; shows what the command said when it fails.
check() {
    what=$1
    shift
    checks=$((checks + 1))
    "$@" >"$dir/log" 2>&1 && return 0
    failures=$((failures + 1))
    echo "FAULT: $what:"
    tail -n 40 "$dir/log"
    return 1
}

build() { # COMPILER, NAME, OPTIONS...
    cc=$1 at=$dir/$1-$2 what="$2, by $1"
    shift 2
    wipe=
    [ ! -d "$at" ] || wipe=--wipe
    # shellcheck disable=SC2086
    check "$what" env CC="$cc" meson setup $wipe "$at" "$root" -Dwerror=true -Dtests=disabled "$@" &&
        check "$what" meson compile -C "$at"
}

for cc in gcc clang; do
    command -v $cc >/dev/null || { check "$cc is not here" false || true; continue; }
    build $cc release -Dbuildtype=release &&
        check "release, by $cc" python3 "$root/tests/house/test_purity.py" "$root" "$dir/$cc-release/lib/libesm-policy.so" || true
    build $cc no-kafka -Dkafka=disabled || true
    build $cc no-aws -Daws=disabled || true
    build $cc neither -Dkafka=disabled -Daws=disabled || true
done
echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
