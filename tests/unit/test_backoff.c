/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <esm/backoff.h>

/* The greatest wait that many keys meet: with full jitter it is close to the ceiling and never above it. */
static int64_t greatest(int64_t first_ms, int64_t max_ms, uint32_t factor_percent, uint32_t attempt)
{
    int64_t greatest = 0;
    for (uint64_t key = 0; key < 20000; key++) {
        int64_t wait_ms = esm_backoff_ms(first_ms, max_ms, factor_percent, attempt, 1, key);
        ck_assert_int_ge(wait_ms, 0);
        if (wait_ms > greatest)
            greatest = wait_ms;
    }
    return greatest;
}

START_TEST(ceilings_grow_to_the_greatest)
{
    static const struct {
        int64_t first_ms, max_ms;
        uint32_t factor_percent, attempt;
        int64_t ceiling_ms;
    } cases[] = {
        {100, 60000, 200, 0, 100},
        {100, 60000, 200, 1, 100},
        {100, 60000, 200, 2, 200},
        {100, 60000, 200, 4, 800},
        {100, 60000, 200, 10, 51200},
        {100, 60000, 200, 11, 60000},
        {100, 60000, 200, 4000000000, 60000},
        {1, 1000, 150, 2, 1},
        {1, 1000, 150, 3, 2},
        {1, 1000, 150, 4, 3},
        {1, 1000, 150, 10, 38},
        {100, 100, 300, 7, 100},
        {100, 60000, 100, 4000000000, 100},
        {0, 60000, 200, 9, 0},
        {0, 0, 200, 9, 0},
        {10, 60000, 4294967295, 2, 60000},
        {7, 60000, 250, 3, 43},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t found =
            greatest(cases[i].first_ms, cases[i].max_ms, cases[i].factor_percent, cases[i].attempt);
        ck_assert_int_le(found, cases[i].ceiling_ms);
        ck_assert_int_ge(found, cases[i].ceiling_ms - cases[i].ceiling_ms / 1000);
    }
}
END_TEST

START_TEST(waits_at_the_end_of_time_do_not_overflow)
{
    for (uint64_t key = 0; key < 1000; key++) {
        ck_assert_int_ge(esm_backoff_ms(INT64_MAX, INT64_MAX, 100, 1, 0, key), 0);
        ck_assert_int_ge(esm_backoff_ms(INT64_MAX - 1, INT64_MAX, 200, 2, 0, key), 0);
        ck_assert_int_ge(esm_backoff_ms(1, INT64_MAX, UINT32_MAX, UINT32_MAX, 0, key), 0);
    }
    /* No room for a fraction of 1 ms: it does not grow, and does not try for ever. */
    ck_assert_int_le(esm_backoff_ms(1, INT64_MAX, 101, UINT32_MAX, 0, 0), 1);
}
END_TEST

START_TEST(jitter_is_even_and_can_be_replayed)
{
    int counts[11] = {0};
    for (uint64_t key = 0; key < 110000; key++)
        counts[esm_backoff_ms(10, 10, 100, 1, 42, key)]++;
    for (int i = 0; i < 11; i++) {
        ck_assert_int_gt(counts[i], 9500);
        ck_assert_int_lt(counts[i], 10500);
    }
    ck_assert_int_eq(esm_backoff_ms(1000000, 1000000, 200, 3, 5, 6),
                     esm_backoff_ms(1000000, 1000000, 200, 3, 5, 6));
    ck_assert_int_eq(esm_backoff_ms(1000000, 1000000, 200, 0, 5, 6),
                     esm_backoff_ms(1000000, 1000000, 200, 1, 5, 6));
    ck_assert_int_ne(esm_backoff_ms(1000000, 1000000, 200, 3, 5, 6),
                     esm_backoff_ms(1000000, 1000000, 200, 3, 5, 7));
    ck_assert_int_ne(esm_backoff_ms(1000000, 1000000, 200, 3, 5, 6),
                     esm_backoff_ms(1000000, 1000000, 200, 3, 6, 6));
    ck_assert_int_ne(esm_backoff_ms(1000000, 1000000, 200, 3, 5, 6),
                     esm_backoff_ms(1000000, 1000000, 200, 4, 5, 6));
}
END_TEST

START_TEST(arguments_out_of_range_are_refused)
{
    ck_assert_int_eq(esm_backoff_ms(-1, 10, 200, 1, 0, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_backoff_ms(11, 10, 200, 1, 0, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_backoff_ms(1, 10, 99, 1, 0, 0), ESM_ERR_INVALID_ARGUMENT);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("backoff");
    TCase *tests = tcase_create("backoff");
    tcase_add_test(tests, ceilings_grow_to_the_greatest);
    tcase_add_test(tests, waits_at_the_end_of_time_do_not_overflow);
    tcase_add_test(tests, jitter_is_even_and_can_be_replayed);
    tcase_add_test(tests, arguments_out_of_range_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
