#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes with clang's libFuzzer and sanitizers: the inputs that are kept first, then new ones.
#
#   sh tests/fuzz/run.sh SECONDS [TARGET]
#
# SECONDS are shared by all targets, or are TARGET's alone. What is found stays in build-fuzz/found/TARGET; an input that
# breaks something is build-fuzz/broken-TARGET-*, and belongs into corpus/TARGET once it is mended.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1?SECONDS}
targets=${2-$(sed -n "s/^  '\([a-z0-9_]*\)': \[.*/\1/p" tests/fuzz/meson.build)}
build=build-fuzz

command -v clang >/dev/null && ls "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer* >/dev/null 2>&1 || {
    echo "clang's fuzzer runtime is not installed"
    exit 77
}

# With CC of one's own, and without what the targets do not use.
again=
[ ! -f $build/build.ninja ] || again=--reconfigure
CC=clang meson setup $again $build -Dkafka=disabled -Dexamples=disabled \
    -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=2 -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
# shellcheck disable=SC2046
ninja -C $build --quiet $(for target in $targets; do echo "tests/fuzz/fuzz_$target"; done)

export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
count=0 failed=0
for target in $targets; do count=$((count + 1)); done
each=$(((seconds + count - 1) / count))
for target in $targets; do
    found=$build/found/$target
    mkdir -p "$found"
    # The entropic schedule spends nine tenths of its time on itself with targets that do as much as these.
    set -- -entropic=0 -max_total_time=$each -timeout=10 -rss_limit_mb=1024 -artifact_prefix=$build/broken-"$target"-
    case $target in json | response | config*) set -- "$@" -dict=tests/fuzz/$target.dict ;; esac
    if $build/tests/fuzz/fuzz_"$target" "$@" -print_final_stats=1 "$found" tests/fuzz/corpus/"$target" \
        >"$build/$target.log" 2>&1; then
        printf '%-12s %9s runs in %s s\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log")" "$each"
    else
        failed=1
        echo "$target is broken; the end of $build/$target.log:"
        tail -n 60 "$build/$target.log"
    fi
done
exit $failed
