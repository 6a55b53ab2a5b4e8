/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "aws/verdict.h"

static const struct {
    enum esm__target target;
    enum esm__http_end end;
    int32_t status;
    int has_function_error;
    enum esm_outcome outcome;
} rows[] = {
#define ROW(target, end, status, function_error, outcome)                                                    \
    {                                                                                                        \
        ESM__TARGET_##target, ESM__HTTP_##end, status, function_error, ESM_OUTCOME_##outcome                 \
    }
    ROW(LAMBDA, REFUSED, 0, 0, HELD),           ROW(LAMBDA, UNSENT, 0, 0, UNAVAILABLE),
    ROW(LAMBDA, LOST, 0, 0, AMBIGUOUS),         ROW(LAMBDA, TIMED_OUT, 0, 0, AMBIGUOUS),
    ROW(LAMBDA, TIMED_OUT, 200, 0, AMBIGUOUS),  ROW(LAMBDA, BROKEN, 0, 0, AMBIGUOUS),
    ROW(LAMBDA, BROKEN, 200, 0, AMBIGUOUS),     ROW(LAMBDA, OVERLONG, 200, 0, FAILURE),
    ROW(LAMBDA, ANSWERED, 200, 0, SUCCESS),     ROW(LAMBDA, ANSWERED, 200, 1, FAILURE),
    ROW(LAMBDA, ANSWERED, 201, 0, HELD),        ROW(LAMBDA, ANSWERED, 202, 0, HELD),
    ROW(LAMBDA, ANSWERED, 204, 0, HELD),        ROW(LAMBDA, ANSWERED, 301, 0, HELD),
    ROW(LAMBDA, ANSWERED, 400, 0, HELD),        ROW(LAMBDA, ANSWERED, 401, 0, HELD),
    ROW(LAMBDA, ANSWERED, 402, 0, HELD),        ROW(LAMBDA, ANSWERED, 403, 0, HELD),
    ROW(LAMBDA, ANSWERED, 404, 0, HELD),        ROW(LAMBDA, ANSWERED, 407, 0, HELD),
    ROW(LAMBDA, ANSWERED, 408, 0, UNAVAILABLE), ROW(LAMBDA, ANSWERED, 409, 0, UNAVAILABLE),
    ROW(LAMBDA, ANSWERED, 410, 0, UNAVAILABLE), ROW(LAMBDA, ANSWERED, 411, 0, HELD),
    ROW(LAMBDA, ANSWERED, 412, 0, HELD),        ROW(LAMBDA, ANSWERED, 413, 0, TOO_LARGE),
    ROW(LAMBDA, ANSWERED, 415, 0, HELD),        ROW(LAMBDA, ANSWERED, 428, 0, HELD),
    ROW(LAMBDA, ANSWERED, 429, 0, THROTTLED),   ROW(LAMBDA, ANSWERED, 430, 0, HELD),
    ROW(LAMBDA, ANSWERED, 499, 0, HELD),        ROW(LAMBDA, ANSWERED, 500, 0, UNAVAILABLE),
    ROW(LAMBDA, ANSWERED, 500, 1, UNAVAILABLE), ROW(LAMBDA, ANSWERED, 502, 0, UNAVAILABLE),
    ROW(LAMBDA, ANSWERED, 503, 0, UNAVAILABLE), ROW(LAMBDA, ANSWERED, 599, 0, UNAVAILABLE),
    ROW(LAMBDA, ANSWERED, 600, 0, HELD),        ROW(HTTP, REFUSED, 0, 0, HELD),
    ROW(HTTP, UNSENT, 0, 0, UNAVAILABLE),       ROW(HTTP, LOST, 0, 0, AMBIGUOUS),
    ROW(HTTP, TIMED_OUT, 0, 0, AMBIGUOUS),      ROW(HTTP, BROKEN, 0, 0, FAILURE),
    ROW(HTTP, BROKEN, 200, 0, FAILURE),         ROW(HTTP, OVERLONG, 200, 0, FAILURE),
    ROW(HTTP, ANSWERED, 200, 0, SUCCESS),       ROW(HTTP, ANSWERED, 204, 0, SUCCESS),
    ROW(HTTP, ANSWERED, 299, 0, SUCCESS),       ROW(HTTP, ANSWERED, 300, 0, FAILURE),
    ROW(HTTP, ANSWERED, 302, 0, FAILURE),       ROW(HTTP, ANSWERED, 400, 0, FAILURE),
    ROW(HTTP, ANSWERED, 401, 0, HELD),          ROW(HTTP, ANSWERED, 402, 0, FAILURE),
    ROW(HTTP, ANSWERED, 403, 0, HELD),          ROW(HTTP, ANSWERED, 404, 0, HELD),
    ROW(HTTP, ANSWERED, 405, 0, HELD),          ROW(HTTP, ANSWERED, 406, 0, FAILURE),
    ROW(HTTP, ANSWERED, 407, 0, HELD),          ROW(HTTP, ANSWERED, 408, 0, FAILURE),
    ROW(HTTP, ANSWERED, 409, 0, FAILURE),       ROW(HTTP, ANSWERED, 410, 0, FAILURE),
    ROW(HTTP, ANSWERED, 412, 0, FAILURE),       ROW(HTTP, ANSWERED, 413, 0, TOO_LARGE),
    ROW(HTTP, ANSWERED, 414, 0, FAILURE),       ROW(HTTP, ANSWERED, 428, 0, FAILURE),
    ROW(HTTP, ANSWERED, 429, 0, THROTTLED),     ROW(HTTP, ANSWERED, 500, 0, FAILURE),
    ROW(HTTP, ANSWERED, 502, 0, FAILURE),       ROW(HTTP, ANSWERED, 503, 0, THROTTLED),
    ROW(HTTP, ANSWERED, 504, 0, FAILURE),       ROW(HTTP, ANSWERED, 600, 0, FAILURE),
#undef ROW
};

START_TEST(row_is_as_decided)
{
    ck_assert_int_eq(esm__outcome_of(rows[_i].target, rows[_i].end, rows[_i].status,
                                     rows[_i].has_function_error),
                     rows[_i].outcome);
}
END_TEST

START_TEST(nothing_else_is_success)
{
    for (int target = ESM__TARGET_LAMBDA; target <= ESM__TARGET_HTTP; target++) {
        for (int end = ESM__HTTP_ANSWERED; end <= ESM__HTTP_OVERLONG; end++) {
            for (int32_t status = -1; status <= 1000; status++) {
                for (int error = 0; error <= 1; error++) {
                    int may_succeed = end == ESM__HTTP_ANSWERED &&
                                      (target == ESM__TARGET_LAMBDA ? status == 200 && !error
                                                                    : status >= 200 && status < 300);
                    enum esm_outcome outcome =
                        esm__outcome_of((enum esm__target)target, (enum esm__http_end)end, status, error);
                    ck_assert_int_eq(outcome == ESM_OUTCOME_SUCCESS, may_succeed);
                    ck_assert_int_ne(outcome, ESM_OUTCOME_PARTIAL);
                }
            }
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tests = tcase_create("outcome");
    tcase_add_loop_test(tests, row_is_as_decided, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tests, nothing_else_is_success);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
