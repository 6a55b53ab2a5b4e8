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

# make FLAGS SED: the sample library, with its text changed by SED. caller.c comes first and calls a public function.
make() {
    sed -e "$2" >include/sample.h <<'END'
#include <stdint.h>
typedef struct sample sample;
enum sample_kind { SAMPLE_ONE = 1, SAMPLE_FORCE_I32 = 0x7fffffff };
typedef int (*sample_fn)(void *user_data, int number);
int sample_new(sample **ret);
int sample_set(sample *it, int number, enum sample_kind kind);
int sample_call(sample *it, sample_fn call);
int64_t sample_called(int64_t inside);
END
    sed -e "$2" >caller.c <<'END'
#include "sample.h"
struct sample { int number; sample_fn call; };
int sample_call(sample *it, sample_fn call) { it->call = call; return (int)sample_called(1); }
END
    sed -e "$2" >sample.c <<'END'
#include "sample.h"
struct sample { int number; sample_fn call; };
static struct sample one;
int sample_new(sample **ret) { *ret = &one; return 0; }
int sample_set(sample *it, int number, enum sample_kind kind) { it->number = (int)number; return kind; }
int64_t sample_called(int64_t inside) { return inside; }
END
    # shellcheck disable=SC2086
    gcc -shared -fPIC -O2 $1 -Iinclude caller.c sample.c -o libsample.so
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
expect pass 'an added function' -g 's/^int sample_new(.*;$/&\nint sample_more(void);/; s/^static struct.*/&\nint sample_more(void) { return 0; }/'
expect pass 'an added enumerator' -g 's/SAMPLE_ONE = 1,/& SAMPLE_TWO = 2,/'
expect pass 'a private struct that grew' -g 's/^struct sample { int number;/& int more;/'
expect fail 'a removed function' -g '/^int sample_set/d'
expect fail 'a renamed function' -g 's/sample_call(/sample_ring(/'
expect fail 'int that became int64_t' -g 's/int number, enum/int64_t number, enum/'
expect fail 'int that became unsigned' -g 's/int number, enum/unsigned number, enum/'
expect fail 'a changed function that another file calls' -g 's/(int64_t inside)/(int inside)/'
expect fail 'a change beside a private struct that grew' -g 's/^struct sample { int/& more, /; s/int number, enum/unsigned number, enum/'
expect fail 'another return type' -g 's/^int sample_set/int64_t sample_set/'
expect fail 'another parameter' -g 's/sample_call(sample \*it,/& int more,/'
expect fail 'a changed callback' -g 's/(void \*user_data, int number)/(void *user_data)/'
expect fail 'a changed enumerator' -g 's/SAMPLE_ONE = 1/SAMPLE_ONE = 2/'
expect fail 'stripped debug info' '-g -s'
expect fail 'no debug info' '-g0'
expect fail 'a missing baseline' -g '' none.abi
echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
[ $failures -eq 0 ]
