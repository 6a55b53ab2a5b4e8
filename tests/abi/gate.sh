#!/bin/sh
# SPDX-License-Identifier: MIT
# The ABI gate, around libabigail.
#
#   gate.sh baseline LIBRARY HEADERS FILE   writes the baseline of a library
#   gate.sh check    LIBRARY HEADERS FILE   fails on every change that is not an addition
#
# HEADERS is the folder of the public headers: types that only lie elsewhere are private and may change.
set -eu

die() {
    echo "gate: $*" >&2
    exit 1
}

command=$1 library=$2 headers=$3 baseline=$4
# Without debug info abidiff sees names only, and is content with everything.
readelf -SW "$library" | grep -q '\.debug_info' || die "$library has no debug info"

case $command in
baseline)
    abidw --no-corpus-path --no-comp-dir-path --headers-dir "$headers" --drop-private-types \
        --out-file "$baseline" "$library" ;;
check)
    [ -s "$baseline" ] || die "there is no baseline $baseline; tests/abi/update.sh makes it"
    # Each bit of its exit code is a kind of change or an error; all are refused. Locations stay on: without
    # them changed structs pass.
    abidiff --no-added-syms --headers-dir1 "$headers" --headers-dir2 "$headers" "$baseline" "$library" ||
        die "$library is not what $baseline promises (abidiff: $?)" ;;
*)
    die "no such command: $command" ;;
esac
