/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "policy/fate.h"

enum {
    CAPACITY = 1024
};

/* A batch's fate with memory of its own. */
static struct esm__fate fate;
static _Alignas(8) unsigned char memory[64 * 1024];
static struct esm__rules rules;
static struct esm__verdict verdict;

static void begin(uint32_t count)
{
    memset(memory, 0, sizeof(memory));
    ck_assert_uint_le(esm__fate_size(CAPACITY), sizeof(memory));
    fate = (struct esm__fate){.capacity = CAPACITY};
    rules = (struct esm__rules){.max_record_age_ms = -1, .max_retries = -1, .max_deliveries = -1};
    verdict = (struct esm__verdict){0};
    esm__fate_start(&fate, memory);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(esm__fate_add(&fate, memory, i), i);
    esm__fate_close(&fate, memory, 0);
}

static struct esm__leavers answer(enum esm_outcome outcome)
{
    verdict.outcome = outcome;
    esm__fate_take(&fate, memory);
    return esm__fate_answer_invoke(&fate, memory, &rules, &verdict);
}

static void mark(uint32_t index, enum esm__mark mark)
{
    esm__fate_marks(&fate, memory)[index] |= (uint8_t)mark;
}

/* The stack as text, from the bottom up. */
static const char *stack(void)
{
    static char text[4096];
    const struct esm__set *sets = esm__fate_sets(&fate, memory);
    int used = 0;
    text[0] = '\0';
    for (uint32_t level = 0; level < fate.depth; level++) {
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s", level > 0 ? " " : "",
                         sets[level].kind == ESM_ACTION_INVOKE ? "" : "!");
        for (uint32_t i = 0; i < sets[level].count; i++)
            used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%u", i > 0 ? "," : "",
                             esm__fate_order(&fate, memory)[sets[level].begin + i]);
    }
    return text;
}

START_TEST(halves_stand_left_on_right)
{
    begin(5);
    rules.bisect = 1;
    ck_assert_str_eq(stack(), "0,1,2,3,4");
    answer(ESM_OUTCOME_FAILURE);
    ck_assert_str_eq(stack(), "2,3,4 0,1");
    answer(ESM_OUTCOME_FAILURE);
    ck_assert_str_eq(stack(), "2,3,4 1 0");
    struct esm__leavers leavers = answer(ESM_OUTCOME_SUCCESS);
    ck_assert_uint_eq(leavers.begin, 0);
    ck_assert_uint_eq(leavers.done, 1);
    ck_assert_uint_eq(leavers.lost, 0);
    answer(ESM_OUTCOME_SUCCESS);
    answer(ESM_OUTCOME_FAILURE);
    ck_assert_str_eq(stack(), "3,4 2");
    answer(ESM_OUTCOME_SUCCESS);
    answer(ESM_OUTCOME_SUCCESS);
    ck_assert_uint_eq(fate.depth, 0);
    ck_assert_int_eq(fate.has_failed, 1);
}
END_TEST

/* Every record of batches of all sizes is a poison: the stack stays within its memory, and all come out in
 * order. */
START_TEST(stack_never_outgrows_its_memory)
{
    for (uint32_t count = 1; count <= CAPACITY; count += count < 70 ? 1 : 53) {
        begin(count);
        fate.capacity = count;
        esm__fate_start(&fate, memory);
        for (uint32_t i = 0; i < count; i++)
            esm__fate_add(&fate, memory, i % 2);
        esm__fate_close(&fate, memory, 0);
        rules.bisect = 1;
        rules.max_retries = 0;
        rules.max_record_age_ms = 9;
        uint32_t done = 0, deepest = 0;
        while (fate.depth > 0) {
            const struct esm__set *set = esm__fate_top(&fate, memory);
            if (set->kind == ESM_ACTION_INVOKE && set->count == 2) /* the even one, now */
                esm__fate_expire(&fate, memory, &rules, 0, 10);
            deepest = fate.depth > deepest ? fate.depth : deepest;
            if (esm__fate_top(&fate, memory)->kind == ESM_ACTION_DROP)
                done += esm__fate_drop(&fate, memory).done;
            else
                answer(ESM_OUTCOME_FAILURE);
        }
        ck_assert_uint_eq(done, count);
        ck_assert_uint_le(deepest * sizeof(struct esm__set) + count * 17, esm__fate_size(count));
    }
}
END_TEST

START_TEST(leavers_are_told_apart)
{
    begin(6);
    mark(0, ESM__MARK_GONE);
    mark(1, ESM__MARK_DRAINING);
    mark(2, ESM__MARK_DRAINING);
    mark(2, ESM__MARK_NAMED);
    mark(3, ESM__MARK_NAMED);
    mark(5, ESM__MARK_NAMED);
    verdict.named = 3;
    struct esm__leavers leavers = answer(ESM_OUTCOME_PARTIAL);
    const uint32_t *order = esm__fate_order(&fate, memory);
    ck_assert_uint_eq(leavers.done, 2);
    ck_assert_uint_eq(order[0], 1);
    ck_assert_uint_eq(order[1], 4);
    ck_assert_uint_eq(leavers.lost, 2);
    ck_assert_uint_eq(order[2], 0);
    ck_assert_uint_eq(order[3], 2);
    ck_assert_str_eq(stack(), "3,5");
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(esm__fate_marks(&fate, memory)[i] & (ESM__MARK_NAMED | ESM__MARK_EXPIRED), 0);
}
END_TEST

START_TEST(expired_records_stand_on_the_rest)
{
    begin(5);
    rules.max_record_age_ms = 100;
    rules.has_destination = 1;
    esm__fate_expire(&fate, memory, &rules, 0, 100);
    ck_assert_str_eq(stack(), "0,1,2,3,4"); /* an age that is the limit is not above it */
    ck_assert_int_eq(esm__fate_next_expiry_ms(&fate, memory, &rules, 100), 1);
    answer(ESM_OUTCOME_HELD);
    esm__fate_expire(&fate, memory, &rules, 7, 103);
    ck_assert_str_eq(stack(), "3,4 !0,1,2");
    const struct esm__set *top = esm__fate_top(&fate, memory);
    ck_assert_uint_eq(top->reason, ESM_REASON_AGE);
    ck_assert_uint_eq(top->attempts, 1);
    ck_assert_int_eq(top->due_ms, 7);
    ck_assert_uint_eq(top[-1].attempts, 1);
    ck_assert_uint_eq(top[-1].waits, 1);
    esm__fate_take(&fate, memory);
    verdict.outcome = ESM_OUTCOME_SUCCESS;
    ck_assert_uint_eq(esm__fate_answer_deliver(&fate, memory, &rules, &verdict).done, 3);
    esm__fate_expire(&fate, memory, &rules, 7, 1000);
    ck_assert_str_eq(stack(), "!3,4");
    rules.max_record_age_ms = -1;
    ck_assert_int_eq(esm__fate_next_expiry_ms(&fate, memory, &rules, 100), ESM_NEVER);
}
END_TEST

START_TEST(purge_spares_what_is_out)
{
    begin(6);
    rules.bisect = 1;
    answer(ESM_OUTCOME_FAILURE);
    ck_assert_str_eq(stack(), "3,4,5 0,1,2");
    esm__fate_take(&fate, memory);
    mark(0, ESM__MARK_GONE);
    mark(1, ESM__MARK_DRAINING);
    mark(3, ESM__MARK_DRAINING);
    mark(5, ESM__MARK_GONE);
    ck_assert_uint_eq(esm__fate_count_open(&fate, memory), 4);
    ck_assert_uint_eq(esm__fate_purge(&fate, memory), 2);
    ck_assert_str_eq(stack(), "4 0,1,2");
    ck_assert_uint_eq(esm__fate_count_open(&fate, memory), 3);
    struct esm__leavers leavers = esm__fate_hand_back(&fate, memory);
    ck_assert_uint_eq(leavers.lost, 2);
    ck_assert_str_eq(stack(), "4 2");
    ck_assert_uint_eq(esm__fate_top(&fate, memory)->attempts, 0);
    esm__fate_take(&fate, memory);
    mark(2, ESM__MARK_GONE);
    ck_assert_uint_eq(esm__fate_purge(&fate, memory), 1);
    ck_assert_int_eq(fate.is_out, 0);
    ck_assert_str_eq(stack(), "4");
}
END_TEST

START_TEST(counters_stop_at_their_end)
{
    begin(1);
    struct esm__set *set = esm__fate_top(&fate, memory);
    set->attempts = set->failures = set->waits = UINT32_MAX;
    answer(ESM_OUTCOME_HELD);
    ck_assert_uint_eq(set->attempts, UINT32_MAX);
    ck_assert_uint_eq(set->waits, UINT32_MAX);
    answer(ESM_OUTCOME_FAILURE);
    ck_assert_uint_eq(set->failures, UINT32_MAX);
}
END_TEST

START_TEST(growing_keeps_all)
{
    static _Alignas(8) unsigned char larger[64 * 1024];
    begin(0);
    fate.capacity = 4;
    esm__fate_start(&fate, memory);
    for (uint32_t i = 0; i < 4; i++)
        esm__fate_add(&fate, memory, 10 + i);
    mark(3, ESM__MARK_DRAINING);
    memset(larger, 0, sizeof(larger));
    esm__fate_move(&fate, memory, larger, 16);
    memcpy(memory, larger, sizeof(larger));
    ck_assert_uint_eq(esm__fate_add(&fate, memory, 14), 4);
    esm__fate_close(&fate, memory, 0);
    ck_assert_str_eq(stack(), "0,1,2,3,4");
    ck_assert_uint_eq(esm__fate_marks(&fate, memory)[3], ESM__MARK_DRAINING);
    rules.max_record_age_ms = 0;
    esm__fate_expire(&fate, memory, &rules, 0, 13);
    ck_assert_str_eq(stack(), "3,4 !0,1,2");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fate");
    TCase *tests = tcase_create("fate");
    tcase_add_test(tests, halves_stand_left_on_right);
    tcase_add_test(tests, stack_never_outgrows_its_memory);
    tcase_add_test(tests, leavers_are_told_apart);
    tcase_add_test(tests, expired_records_stand_on_the_rest);
    tcase_add_test(tests, purge_spares_what_is_out);
    tcase_add_test(tests, counters_stop_at_their_end);
    tcase_add_test(tests, growing_keeps_all);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
