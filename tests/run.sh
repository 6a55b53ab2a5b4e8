#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every test on a Debian or Ubuntu machine, and installs what is missing first.
#
#   sh tests/run.sh [--long] [--suite NAME]...
#
# NAME is a meson suite, or one of address, thread, valgrind, coverage, builds, bench. --long runs the tests at full
# length and adds valgrind and coverage. What cannot run here is skipped aloud; with CI set that is a failure. The last
# line is the count.
set -eu
cd "$(dirname "$0")/.."

expected='unit house abi search oracle simulation aws mock kafka examples'
later='fuzz chaos bindings'
special='address thread builds bench'
suites= long=
while [ $# -gt 0 ]; do
    case $1 in
    --long) long=1 ;;
    --suite) suites="$suites ${2?--suite wants a name}"; shift ;;
    *) sed -n '3,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2; exit 2 ;;
    esac
    shift
done
[ -z "$long" ] || { special="$special valgrind coverage"; export ESM_TEST_LONG=1; }
logs=$PWD/build-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0

say() { printf '%s\n' "$*"; }

# Runs a command; what it says is shown only if it fails.
quietly() { # LOG, COMMAND...
    log=$logs/$1.log
    shift
    "$@" >"$log" 2>&1 </dev/null && return 0
    say "--- $* failed; the end of $log:"
    tail -n 60 "$log"
    return 1
}

add() { # NAME, PASSED, FAILED, SKIPPED: into the sums, with the minutes since $started
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    tenths=$((($(date +%s) - started + 3) / 6))
    printf '%-12s %6d passed %4d failed %4d skipped %4d.%d min\n' "$1" "$2" "$3" "$4" $((tenths / 10)) $((tenths % 10))
}

skip() { # NAME, WHY
    say "$1 cannot run: $2"
    if [ -n "${CI-}" ]; then add "$1" 0 1 0; else add "$1" 0 0 1; fi
}

finish() {
    if [ $skipped -gt 0 ]; then say "$passed passed, $failed failed, $skipped skipped"; else say "$passed passed, $failed failed"; fi
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit
}

# ---- what the machine needs ----

want() { # PACKAGE, COMMAND that succeeds where it is installed...
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

has() { command -v "$1" >/dev/null 2>&1; }
has_jdk() { javac -version 2>&1 | grep -Eq '^javac (1[7-9]|[2-9][0-9])'; }
has_clang_runtime() { ls "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a; }

apt_install() { # PACKAGES...
    [ $# -gt 0 ] || return 0
    has apt-get || { say "missing here, and there is no apt-get: $*"; return 1; }
    root=
    [ "$(id -u)" -eq 0 ] || root=sudo
    say "installing: $*"
    # shellcheck disable=SC2086
    [ -n "${updated-}" ] || quietly apt-update $root apt-get update
    updated=1
    # shellcheck disable=SC2086
    quietly apt $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

install_missing() {
    missing=
    want build-essential has gcc
    want g++ has g++
    want clang has clang
    want meson has meson
    want ninja-build has ninja
    want pkg-config has pkg-config
    want python3 has python3
    want python3-venv python3 -c 'import ensurepip'
    want openssl has openssl
    want git has git
    want abigail-tools has abidiff
    want kcat has kcat
    want valgrind has valgrind
    want gcovr has gcovr
    want librdkafka-dev pkg-config --exists rdkafka
    want libcurl4-openssl-dev pkg-config --exists libcurl
    want libcjson-dev pkg-config --exists libcjson
    want libssl-dev pkg-config --exists libcrypto
    want check pkg-config --exists check
    want libmicrohttpd-dev pkg-config --exists libmicrohttpd
    # shellcheck disable=SC2086
    apt_install $missing || true # what is then still missing shows below

    missing=
    jdk=openjdk-17-jdk-headless
    has_jdk || apt-cache show $jdk >/dev/null 2>&1 || jdk=default-jdk-headless
    want $jdk has_jdk
    want maven has mvn
    # shellcheck disable=SC2086
    apt_install $missing || true

    missing=
    want "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" has_clang_runtime
    # shellcheck disable=SC2086
    apt_install $missing || true
}

# ---- builds ----

setup() { # BUILD, OPTIONS...
    at=$1
    shift
    [ -z "${CI-}" ] || set -- -Dauto_features=enabled "$@"
    [ ! -f "$at/build.ninja" ] || set -- --reconfigure "$@"
    quietly "setup-$at" meson setup "$at" -Dwerror=true "$@"
}

count() { # NAME: what meson's log of that name counts to
    set -- "$1" "$logs/$1".json*
    [ -f "$2" ] || { echo 0 0 0; return; }
    python3 tests/count.py "$2"
}

# One meson suite of one build. The test programs are built as needed.
run_suite() { # NAME, BUILD, SUITE, MORE ARGUMENTS...
    name=$1 at=$2 what=$3 broken=
    shift 3
    rm -f "$at/meson-logs/$name"*
    # shellcheck disable=SC2086
    quietly "$name" ${wrapper-} meson test -C "$at" --suite "$what" --logbase "$name" --print-errorlogs "$@" || broken=1
    cp "$at/meson-logs/$name"*.json "$logs/$name.json" 2>/dev/null || rm -f "$logs/$name.json"
    # shellcheck disable=SC2046
    set -- $(count "$name")
    if [ $(($1 + $2 + $3)) -eq 0 ] && [ -n "$broken" ]; then
        add "$name" 0 1 0
    elif [ $(($1 + $2 + $3)) -eq 0 ]; then
        case " $expected $suites " in # what was asked for by name as well
        *" $what "*) skip "$name" 'it has no tests' ;;
        *) say "$name has no tests" ;;
        esac
    else
        [ -z "$broken" ] || [ "$2" -gt 0 ] || set -- "$1" 1 "$3"
        add "$name" "$1" "$2" "$3"
    fi
}

# What makes programs slow is not to be taken for a test that hangs: check has timeouts of its own.
slowly() { # COMMAND...
    export CK_TIMEOUT_MULTIPLIER=20
    "$@"
    unset CK_TIMEOUT_MULTIPLIER
}

run_sanitizer() { # NAME, VALUE OF b_sanitize, SUITES...
    kind=$1
    setup "build-$kind" -Db_sanitize="$2" -Db_lundef=false || { add "$kind" 0 1 0; return; }
    shift 2
    for what in "$@"; do
        started=$(date +%s)
        slowly run_suite "$kind-$what" "build-$kind" "$what" --timeout-multiplier 5
    done
}

# ---- the suites by name ----

run() { # NAME
    started=$(date +%s)
    case $1 in
    kafka)
        if ! has_jdk; then skip kafka 'there is no JDK 17 or later'
        elif ! quietly kafka-fetch sh tests/kafka/kit/broker.sh fetch; then skip kafka "Kafka's jars cannot be had"
        else run_suite kafka build kafka; fi ;;
    address)
        export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
        run_sanitizer address address,undefined unit mock ;;
    thread)
        # The sanitizer does not know C11's threads, which librdkafka's are, nor what librdkafka's atomics order.
        quietly c11threads gcc -std=c11 -D_GNU_SOURCE -shared -fPIC tests/house/c11threads.c -o "$logs/c11threads.so" ||
            { add thread 0 1 0; return; }
        echo 'race:librdkafka.so' >"$logs/thread.supp"
        export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$logs/thread.supp"
        # The thread sanitizer of older compilers cannot bear the address layout of newer kernels.
        wrapper='setarch -R'
        $wrapper true 2>/dev/null || wrapper=
        wrapper="env LD_PRELOAD=$logs/c11threads.so $wrapper"
        run_sanitizer thread thread unit mock
        wrapper= ;;
    valgrind)
        for what in unit mock; do
            started=$(date +%s)
            slowly run_suite "valgrind-$what" build $what --timeout-multiplier 20 \
                --wrap 'valgrind -q --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite'
        done ;;
    coverage)
        if quietly coverage sh tests/coverage.sh; then
            grep '^TOTAL' "$logs/coverage.log"
            add coverage 2 0 0
        else
            add coverage 0 1 0
        fi ;;
    builds)
        quietly builds sh tests/house/builds.sh build-variants || true
        # shellcheck disable=SC2046
        add builds $(sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\),.*/\1 \2/p' "$logs/builds.log" | tail -n 1 |
            awk '{ print $1 - $2, $2 } END { if (NR == 0) print 0, 1 }') 0 ;;
    bench)
        if [ -z "$long" ]; then run_suite bench build bench --benchmark
        elif quietly bench python3 tests/bench/run.py --build "$PWD/build"; then cat "$logs/bench.log"; add bench 1 0 0
        else add bench 0 1 0; fi ;;
    *)
        run_suite "$1" build "$1" ;;
    esac
}

install_missing
started=$(date +%s)
if ! setup build || ! quietly compile meson compile -C build; then
    add compile 0 1 0
    finish
fi
add compile 1 0 0
for name in ${suites:-$expected $later $special}; do
    run "$name"
done
finish
