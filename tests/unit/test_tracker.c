/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include <esm/tracker.h>
#include "policy/ring.h"

static esm_tracker *make(int64_t start_offset)
{
    esm_tracker *tracker = NULL;
    ck_assert_int_eq(esm_tracker_new(NULL, &tracker, start_offset), 0);
    return tracker;
}

static void check(const esm_tracker *tracker, int64_t position, int64_t next_offset, size_t open)
{
    ck_assert_int_eq(esm_tracker_get_position(tracker), position);
    ck_assert_int_eq(esm_tracker_get_next_offset(tracker), next_offset);
    ck_assert_uint_eq(esm_tracker_get_open_count(tracker), open);
}

START_TEST(position_is_the_lowest_open_offset)
{
    esm_tracker *tracker = make(5);
    check(tracker, 5, 5, 0);
    for (int64_t offset = 5; offset < 9; offset++)
        ck_assert_int_eq(esm_tracker_add(tracker, offset), 0);
    check(tracker, 5, 9, 4);
    ck_assert_int_eq(esm_tracker_complete(tracker, 7), 0);
    ck_assert_int_eq(esm_tracker_complete(tracker, 6), 0);
    check(tracker, 5, 9, 2);
    ck_assert_int_eq(esm_tracker_complete(tracker, 5), 0);
    check(tracker, 8, 9, 1);
    ck_assert_int_eq(esm_tracker_complete(tracker, 8), 0);
    check(tracker, 9, 9, 0);
    esm_tracker_free(tracker);
}
END_TEST

START_TEST(gaps_are_complete_once_the_later_record_is_there)
{
    esm_tracker *tracker = make(0);
    ck_assert_int_eq(esm_tracker_add(tracker, 10), 0);
    check(tracker, 10, 11, 1);
    ck_assert_int_eq(esm_tracker_add(tracker, 20), 0);
    ck_assert_int_eq(esm_tracker_complete(tracker, 10), 0);
    check(tracker, 20, 21, 1);
    ck_assert_int_eq(esm_tracker_skip_to(tracker, 30), 0);
    check(tracker, 20, 30, 1);
    ck_assert_int_eq(esm_tracker_complete(tracker, 20), 0);
    check(tracker, 30, 30, 0);
    ck_assert_int_eq(esm_tracker_skip_to(tracker, INT64_MAX), 0);
    check(tracker, INT64_MAX, INT64_MAX, 0);
    esm_tracker_free(tracker);
}
END_TEST

START_TEST(only_what_is_open_completes)
{
    esm_tracker *tracker = make(0);
    ck_assert_int_eq(esm_tracker_complete(tracker, 0), ESM_ERR_NOT_FOUND);
    for (int64_t offset = 0; offset < 20; offset += 2)
        ck_assert_int_eq(esm_tracker_add(tracker, offset), 0);
    ck_assert_int_eq(esm_tracker_complete(tracker, 6), 0);
    ck_assert_int_eq(esm_tracker_complete(tracker, 6), ESM_ERR_NOT_FOUND);
    for (int64_t offset = -1; offset < 22; offset++)
        if (offset < 0 || offset % 2 == 1 || offset > 18)
            ck_assert_int_eq(esm_tracker_complete(tracker, offset),
                             offset < 0 ? ESM_ERR_INVALID_ARGUMENT : ESM_ERR_NOT_FOUND);
    ck_assert_int_eq(esm_tracker_complete(tracker, 0), 0);
    ck_assert_int_eq(esm_tracker_complete(tracker, 0), ESM_ERR_NOT_FOUND);
    check(tracker, 2, 19, 8);
    esm_tracker_free(tracker);
}
END_TEST

START_TEST(arguments_are_checked)
{
    esm_tracker *tracker = NULL;
    ck_assert_int_eq(esm_tracker_new(NULL, NULL, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_tracker_new(NULL, &tracker, -1), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_ptr_null(tracker);
    tracker = make(3);
    ck_assert_int_eq(esm_tracker_add(NULL, 3), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_tracker_add(tracker, 2), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_tracker_add(tracker, INT64_MAX), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_tracker_complete(NULL, 3), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_tracker_skip_to(NULL, 3), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_tracker_skip_to(tracker, 2), ESM_ERR_INVALID_ARGUMENT);
    check(tracker, 3, 3, 0);
    esm_tracker_free(tracker);
    esm_tracker_free(NULL);
}
END_TEST

/* Against a plain array of flags, in a random order that moves on and makes the ring wrap and grow. */
START_TEST(any_order_comes_to_the_same_as_flags)
{
    enum {
        OFFSETS = 3000
    };
    static char is_open[OFFSETS];
    memset(is_open, 0, sizeof(is_open));
    esm_tracker *tracker = make(0);
    unsigned random = 1;
    int64_t added = 0;
    for (int step = 0; step < 20000; step++) {
        random = random * 1103515245u + 12345u;
        if (added < OFFSETS && (random >> 16) % 3 == 0) {
            ck_assert_int_eq(esm_tracker_add(tracker, added), 0);
            is_open[added++] = 1;
        }
        int64_t window = added < 100 ? added : 100;
        int64_t offset = window == 0 ? 0 : added - 1 - (int64_t)((random >> 8) % (unsigned)window);
        ck_assert_int_eq(esm_tracker_complete(tracker, offset),
                         added > 0 && is_open[offset] ? 0 : ESM_ERR_NOT_FOUND);
        is_open[offset] = 0;
        const char *lowest = memchr(is_open, 1, (size_t)added);
        ck_assert_int_eq(esm_tracker_get_position(tracker), lowest == NULL ? added : lowest - is_open);
    }
    ck_assert_int_eq(added, OFFSETS);
    esm_tracker_free(tracker);
}
END_TEST

START_TEST(sequence_numbers_may_wrap)
{
    int64_t ring[16];
    struct esm__tracker tracker = {.head = UINT32_MAX - 3, .tail = UINT32_MAX - 3, .capacity = 16};
    uint32_t sequences[10];
    for (int i = 0; i < 10; i++)
        sequences[i] = esm__tracker_add(&tracker, ring, i);
    ck_assert_int_eq(esm__tracker_is_full(&tracker), 0);
    for (int i = 9; i >= 0; i--)
        esm__tracker_complete(&tracker, ring, sequences[i]);
    ck_assert_int_eq(esm__tracker_position(&tracker, ring), 10);
    ck_assert_uint_eq(tracker.head, 6);
}
END_TEST

START_TEST(a_ring_has_a_greatest_size)
{
    esm_tracker *tracker = make(0);
    tracker->core.capacity = tracker->core.tail = 1 << 28;
    ck_assert_int_eq(esm_tracker_add(tracker, 0), ESM_ERR_NOMEM);
    ck_assert_int_eq(esm_tracker_get_next_offset(tracker), 0);
    esm_tracker_free(tracker);
}
END_TEST

static int allocations_left;

static void *scarce_malloc(void *user_data, size_t size)
{
    (void)user_data;
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void *scarce_realloc(void *user_data, void *memory, size_t size)
{
    (void)user_data;
    return realloc(memory, size);
}

static void scarce_free(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

START_TEST(want_of_memory_changes_nothing)
{
    esm_allocator *allocator;
    esm_tracker *tracker = NULL;
    allocations_left = 1;
    ck_assert_int_eq(esm_allocator_new(&allocator, scarce_malloc, scarce_realloc, scarce_free, NULL, NULL),
                     0);
    ck_assert_int_eq(esm_tracker_new(allocator, &tracker, 0), ESM_ERR_NOMEM);
    ck_assert_ptr_null(tracker);
    allocations_left = 1;
    ck_assert_int_eq(esm_tracker_new(allocator, &tracker, 0), 0);
    allocations_left = 0;
    ck_assert_int_eq(esm_tracker_add(tracker, 0), ESM_ERR_NOMEM);
    check(tracker, 0, 0, 0);
    allocations_left = 1;
    for (int64_t offset = 0; offset < 16; offset++)
        ck_assert_int_eq(esm_tracker_add(tracker, offset), 0);
    ck_assert_int_eq(esm_tracker_add(tracker, 16), ESM_ERR_NOMEM);
    check(tracker, 0, 16, 16);
    allocations_left = 1;
    ck_assert_int_eq(esm_tracker_add(tracker, 16), 0);
    esm_tracker_free(tracker);
    esm_allocator_unref(allocator);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("tracker");
    TCase *tests = tcase_create("tracker");
    tcase_add_test(tests, position_is_the_lowest_open_offset);
    tcase_add_test(tests, gaps_are_complete_once_the_later_record_is_there);
    tcase_add_test(tests, only_what_is_open_completes);
    tcase_add_test(tests, arguments_are_checked);
    tcase_add_test(tests, any_order_comes_to_the_same_as_flags);
    tcase_add_test(tests, sequence_numbers_may_wrap);
    tcase_add_test(tests, a_ring_has_a_greatest_size);
    tcase_add_test(tests, want_of_memory_changes_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
