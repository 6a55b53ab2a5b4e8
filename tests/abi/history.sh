#!/bin/sh
# SPDX-License-Identifier: MIT
# history.sh SOURCE: before 1.0 an ABI baseline changes only together with a line `ABI:` in CHANGELOG.md and a new
# node ESM_0_n in that library's map. Looks at every commit that is there, and at what is not committed yet.
set -eu
cd "$1"
git rev-parse --verify -q HEAD >/dev/null 2>&1 || { echo "no git history here: nothing to compare"; exit 77; }
checks=0 failures=0

# check WHAT REVISIONS...: the change between them is allowed. Each library stands for itself.
check() {
    what=$1
    shift
    for library in libesm libesm-policy; do
        git diff --quiet --diff-filter=M "$@" -- "tests/abi/$library.abi" && continue
        checks=$((checks + 2))
        git diff -U0 "$@" -- CHANGELOG.md | grep -q '^+.*ABI:' || fault "$what changes $library.abi without a line 'ABI:' in CHANGELOG.md"
        git diff -U0 "$@" -- "lib/$library.map" | grep -Eq '^\+ESM_[0-9]+_[0-9]+ *\{' || fault "$what changes $library.abi without a new node ESM_0_n in $library.map"
    done
}

fault() {
    failures=$((failures + 1))
    echo "FAULT: $1"
}

check 'what is not committed' HEAD
for commit in $(git log --no-merges --diff-filter=M --format=%h -- tests/abi/*.abi); do
    check "commit $commit" "$commit^" "$commit"
done
checks=$((checks + 1))
echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
