#!/bin/sh
# SPDX-License-Identifier: MIT
# bites.sh GATE: the ABI gate on a small library, changed in every way that it has to notice, or to let pass.
set -eu
gate=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir include
checks=0 failures=0

# make FLAGS SED: the sample library, with its text changed by SED.
make() {
    sed -e "$2" >include/sample.h <<'END'
struct sample;
enum sample_kind { SAMPLE_ONE = 1, SAMPLE_FORCE_I32 = 0x7fffffff };
typedef int (*sample_fn)(void *user_data, int number);
int sample_new(struct sample **ret);
int sample_set(struct sample *sample, int number, enum sample_kind kind);
int sample_call(struct sample *sample, sample_fn call);
END
    sed -e "$2" >sample.c <<'END'
#include "sample.h"
struct sample { int number; sample_fn call; };
static struct sample it;
int sample_new(struct sample **ret) { *ret = &it; return 0; }
int sample_set(struct sample *sample, int number, enum sample_kind kind) { sample->number = (int)number; return kind; }
int sample_call(struct sample *sample, sample_fn call) { sample->call = call; return 0; }
END
    # shellcheck disable=SC2086
    gcc -shared -fPIC $1 -Iinclude sample.c -o libsample.so
}

# expect pass|fail WHAT [FLAGS [SED [BASELINE]]]
expect() {
    checks=$((checks + 1))
    make "${3--g}" "${4-}"
    if sh "$gate" check libsample.so include "${5-base.abi}" >log 2>&1; then said=pass; else said=fail; fi
    [ $said = "$1" ] && return 0
    failures=$((failures + 1))
    echo "FAULT: the gate must $1 on $2:"
    cat log
}

make -g ''
sh "$gate" baseline libsample.so include base.abi
expect pass 'the same library'
expect pass 'an added function' -g 's/^int sample_new(.*;$/&\nint sample_more(void);/'
expect pass 'a private struct that grew' -g 's/^struct sample { int number;/& int more;/'
expect fail 'a removed function' -g '/^int sample_call/d'
expect fail 'a renamed function' -g 's/sample_call/sample_ring/'
expect fail 'int that became int64_t' -g 's/int number, enum/__INT64_TYPE__ number, enum/'
expect pass 'an added enumerator' -g 's/SAMPLE_ONE = 1,/& SAMPLE_TWO = 2,/'
# Where libabigail is blind: it calls a change of sign harmless. Left to review.
expect pass 'int that became unsigned' -g 's/int number, enum/unsigned number, enum/'
expect fail 'another return type' -g 's/^int sample_call/void *sample_call/'
expect fail 'another parameter' -g 's/sample_call(struct sample \*sample,/& int more,/'
expect fail 'a changed callback' -g 's/(void \*user_data, int number)/(void *user_data)/'
expect fail 'a changed enumerator' -g 's/SAMPLE_ONE = 1/SAMPLE_ONE = 2/'
expect fail 'stripped debug info' '-g -s'
expect fail 'no debug info' '-g0'
expect fail 'a missing baseline' -g '' none.abi
echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
