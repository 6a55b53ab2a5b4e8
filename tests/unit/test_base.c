/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include <esm/base.h>
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/checked.h"

struct counter {
    int live;
    int destroyed;
};

static void *count_malloc(void *user_data, size_t size)
{
    ((struct counter *)user_data)->live++;
    return malloc(size);
}

static void *count_realloc(void *user_data, void *memory, size_t size)
{
    (void)user_data;
    return realloc(memory, size);
}

static void count_free(void *user_data, void *memory)
{
    ((struct counter *)user_data)->live--;
    free(memory);
}

static void count_destroy(void *user_data)
{
    ((struct counter *)user_data)->destroyed++;
}

START_TEST(allocator_lives_as_long_as_its_last_reference)
{
    struct counter counter = {0, 0};
    esm_allocator *allocator = NULL;
    ck_assert_int_eq(esm_allocator_new(&allocator, count_malloc, count_realloc, count_free, &counter, count_destroy),
                     0);
    ck_assert_ptr_eq(esm_allocator_ref(allocator), allocator);
    void *memory = esm__malloc(allocator, 10);
    ck_assert_int_eq(counter.live, 2);
    esm_free(allocator, memory);
    ck_assert_ptr_null(esm_allocator_unref(allocator));
    ck_assert_int_eq(counter.destroyed, 0);
    ck_assert_ptr_null(esm_allocator_unref(allocator));
    ck_assert_int_eq(counter.destroyed, 1);
    ck_assert_int_eq(counter.live, 0);
}
END_TEST

START_TEST(allocator_wants_its_functions)
{
    esm_allocator *allocator = NULL;
    ck_assert_int_eq(esm_allocator_new(&allocator, NULL, count_realloc, count_free, NULL, NULL),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_allocator_new(NULL, count_malloc, count_realloc, count_free, NULL, NULL),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_ptr_null(allocator);
}
END_TEST

START_TEST(every_error_has_a_name_and_a_sentence)
{
    for (int error = 0; error >= ESM_ERR_TRANSPORT; error--) {
        ck_assert_str_ne(esm_error_name(error), "ESM_ERR_UNKNOWN");
        ck_assert_str_ne(esm_strerror(error), "unknown error");
    }
    ck_assert_str_eq(esm_error_name(ESM_ERR_TRANSPORT - 1), "ESM_ERR_UNKNOWN");
    ck_assert_str_eq(esm_error_name(1), "ESM_ERR_UNKNOWN");
}
END_TEST

START_TEST(bytes_grow_and_stay_on_overflow)
{
    struct esm__bytes bytes;
    esm__bytes_init(&bytes, NULL);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(esm__bytes_append(&bytes, "0123456789", 10), 0);
    ck_assert_uint_eq(bytes.size, 10000);
    ck_assert_int_eq(memcmp(bytes.data + 9990, "0123456789", 10), 0);
    ck_assert_int_eq(esm__bytes_reserve(&bytes, SIZE_MAX - 5), ESM_ERR_NOMEM);
    ck_assert_uint_eq(bytes.size, 10000);
    ck_assert_int_eq(esm__bytes_format(&bytes, "%s-%d", "topic", 7), 0);
    ck_assert_str_eq(bytes.data + 10000, "topic-7");
    esm__bytes_free(&bytes);
    ck_assert_ptr_null(bytes.data);
}
END_TEST

START_TEST(arithmetic_says_when_it_does_not_fit)
{
    size_t result = 1;
    ck_assert(!esm__add(SIZE_MAX, 1, &result));
    ck_assert(!esm__mul(SIZE_MAX / 2, 3, &result));
    ck_assert(esm__add(2, 3, &result) && result == 5);
    ck_assert_int_eq(esm__add_ms(INT64_MAX - 1, 5), INT64_MAX);
    ck_assert_int_eq(esm__add_ms(INT64_MIN + 1, -5), INT64_MIN);
    ck_assert_ptr_null(esm__calloc(NULL, SIZE_MAX, 2));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_test(tests, allocator_lives_as_long_as_its_last_reference);
    tcase_add_test(tests, allocator_wants_its_functions);
    tcase_add_test(tests, every_error_has_a_name_and_a_sentence);
    tcase_add_test(tests, bytes_grow_and_stay_on_overflow);
    tcase_add_test(tests, arithmetic_says_when_it_does_not_fit);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
