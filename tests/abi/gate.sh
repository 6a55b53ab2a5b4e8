#!/bin/sh
# SPDX-License-Identifier: MIT
# The ABI gate, around libabigail.
#
#   gate.sh baseline LIBRARY HEADERS FILE   writes the baseline of a library
#   gate.sh check    LIBRARY HEADERS FILE   fails on every change that is not an addition
#
# HEADERS is the folder of the public headers: types that lie elsewhere are private and may change.
# The flags were found by trial with libabigail 2.2; bites.sh shows what each is for.
set -eu

die() {
    echo "gate: $*" >&2
    exit 1
}

command=$1 library=$2 headers=$3 baseline=$4
now=$(mktemp)
trap 'rm -f "$now"' EXIT

# Without --exported-interfaces-only a function that another file of the library calls is taken for that file's mere
# declaration, loses its symbol, and is never compared.
abidw --exported-interfaces-only --no-corpus-path --no-comp-dir-path --headers-dir "$headers" --drop-private-types \
    --out-file "$now" "$library"
# A function without debug info is compared by name only, and so passes whatever it has become.
for name in $(nm -D --defined-only "$library" | sed -n 's/.* T \([^@]*\).*/\1/p'); do
    grep -q "elf-symbol-id='$name[@']" "$now" || die "no debug info for $name in $library"
done

case $command in
baseline)
    cp "$now" "$baseline" ;;
check)
    [ -s "$baseline" ] || die "there is no baseline $baseline; tests/abi/update.sh makes it"
    # Description against description: against the library itself a change of sign passes unseen. Each bit of the exit
    # code is a kind of change or an error; all are refused.
    abidiff --no-added-syms --headers-dir1 "$headers" --headers-dir2 "$headers" "$baseline" "$now" ||
        die "$library is not what $baseline promises (abidiff: $?)" ;;
*)
    die "no such command: $command" ;;
esac
