#!/bin/sh
# SPDX-License-Identifier: MIT
# update.sh [BUILD]: makes the ABI baselines anew, from a build of the whole library with debug info (default: build).
# A commit that changes one needs a line `ABI:` in CHANGELOG.md and a new node ESM_0_n in the library's map: see history.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${1:-$root/build}" && pwd)
ninja -C "$build" >/dev/null # a stale library would make a false promise
for library in libesm libesm-policy; do
    exported=$(nm -D --defined-only "$build/lib/$library.so")
    for name in $(sed -n 's/^ *\(esm_[a-z0-9_]*\);.*/\1/p' "$root/lib/$library.map"); do
        echo "$exported" | grep -q " $name@" || { echo "update: $build/lib/$library.so lacks $name" >&2; exit 1; }
    done
    sh "$here/gate.sh" baseline "$build/lib/$library.so" "$root/include/esm" "$here/$library.abi"
done
