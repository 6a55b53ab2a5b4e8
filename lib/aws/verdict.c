/* SPDX-License-Identifier: MIT */
#include "aws/verdict.h"

#define LAMBDA ESM__TARGET_LAMBDA
#define HTTP   ESM__TARGET_HTTP
#define ANY    (LAMBDA | HTTP)

enum function_error {
    NO,
    YES,
    EITHER
};

struct row {
    unsigned targets;
    enum esm__http_end end;
    int32_t status; /* first and last that the row is for */
    int32_t last_status;
    enum function_error function_error;
    enum esm_outcome outcome;
};

/*
 * The first row that fits counts. Only a failure of the function itself may use up attempts, and in the end
 * throw records away; whatever says that the address or the rights are wrong waits for a person instead.
 * After "Invoke" of the Lambda API reference, and the retry page for Kafka of the Lambda guide. Where a plain
 * server is invoked, nothing but the status tells its refusal from the function's failure.
 */
static const struct row table[] = {
    {ANY, ESM__HTTP_REFUSED, 0, 999, EITHER, ESM_OUTCOME_HELD},
    {ANY, ESM__HTTP_UNSENT, 0, 999, EITHER, ESM_OUTCOME_UNAVAILABLE},
    {ANY, ESM__HTTP_LOST, 0, 999, EITHER, ESM_OUTCOME_AMBIGUOUS},
    {ANY, ESM__HTTP_TIMED_OUT, 0, 999, EITHER, ESM_OUTCOME_AMBIGUOUS},
    {ANY, ESM__HTTP_OVERLONG, 0, 999, EITHER,
     ESM_OUTCOME_FAILURE}, /* it ran, and answered what nobody can read */
    {LAMBDA, ESM__HTTP_BROKEN, 0, 999, EITHER, ESM_OUTCOME_AMBIGUOUS},
    {HTTP, ESM__HTTP_BROKEN, 0, 999, EITHER, ESM_OUTCOME_FAILURE},

    {LAMBDA, ESM__HTTP_ANSWERED, 200, 200, NO, ESM_OUTCOME_SUCCESS},
    {LAMBDA, ESM__HTTP_ANSWERED, 200, 200, YES, ESM_OUTCOME_FAILURE},
    {LAMBDA, ESM__HTTP_ANSWERED, 408, 410, EITHER, ESM_OUTCOME_UNAVAILABLE},
    {LAMBDA, ESM__HTTP_ANSWERED, 413, 413, EITHER, ESM_OUTCOME_TOO_LARGE},
    {LAMBDA, ESM__HTTP_ANSWERED, 429, 429, EITHER, ESM_OUTCOME_THROTTLED},
    {LAMBDA, ESM__HTTP_ANSWERED, 500, 599, EITHER, ESM_OUTCOME_UNAVAILABLE},
    {LAMBDA, ESM__HTTP_ANSWERED, 0, 999, EITHER,
     ESM_OUTCOME_HELD}, /* 202 too: it would not have been waited for */

    {HTTP, ESM__HTTP_ANSWERED, 200, 299, EITHER, ESM_OUTCOME_SUCCESS},
    {HTTP, ESM__HTTP_ANSWERED, 401, 401, EITHER, ESM_OUTCOME_HELD},
    {HTTP, ESM__HTTP_ANSWERED, 403, 405, EITHER, ESM_OUTCOME_HELD},
    {HTTP, ESM__HTTP_ANSWERED, 407, 407, EITHER, ESM_OUTCOME_HELD},
    {HTTP, ESM__HTTP_ANSWERED, 413, 413, EITHER, ESM_OUTCOME_TOO_LARGE},
    {HTTP, ESM__HTTP_ANSWERED, 429, 429, EITHER, ESM_OUTCOME_THROTTLED},
    {HTTP, ESM__HTTP_ANSWERED, 503, 503, EITHER, ESM_OUTCOME_THROTTLED},
    {HTTP, ESM__HTTP_ANSWERED, 0, 999, EITHER, ESM_OUTCOME_FAILURE},
};

enum esm_outcome esm__outcome_of(enum esm__target target, enum esm__http_end end, int32_t status,
                                 int has_function_error)
{
    enum function_error function_error = has_function_error ? YES : NO;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct row *row = &table[i];
        if ((row->targets & target) != 0 && row->end == end && row->status <= status &&
            status <= row->last_status &&
            (row->function_error == EITHER || row->function_error == function_error))
            return row->outcome;
    }
    return ESM_OUTCOME_HELD; /* no such status: whatever it is, it is not Lambda or HTTP */
}
