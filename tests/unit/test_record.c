/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "record/view.h"

START_TEST(a_new_record_is_empty)
{
    esm_record *record = NULL;
    enum esm_timestamp_type type = ESM_TIMESTAMP_CREATE_TIME;
    size_t size = 7;
    ck_assert_int_eq(esm_record_new(NULL, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_ptr_null(esm_record_get_topic(record));
    ck_assert_int_eq(esm_record_get_offset(record), 0);
    ck_assert_int_eq(esm_record_get_timestamp_ms(record, &type), 0);
    ck_assert_int_eq(type, ESM_TIMESTAMP_NOT_AVAILABLE);
    ck_assert_ptr_null(esm_record_get_key(record, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert_ptr_null(esm_record_get_value(record, NULL));
    ck_assert_uint_eq(esm_record_get_header_count(record), 0);
    ck_assert_int_eq(esm_record_get_header(record, 0, NULL, NULL, NULL), ESM_ERR_NOT_FOUND);
    esm_record_free(record);
    esm_record_free(NULL);
}
END_TEST

START_TEST(what_is_set_is_got)
{
    esm_record *record = NULL;
    enum esm_timestamp_type type;
    size_t size;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_record_set_topic(record, "orders", 3), 0);
    ck_assert_int_eq(esm_record_set_offset(record, INT64_MAX), 0);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, 5, ESM_TIMESTAMP_LOG_APPEND_TIME), 0);
    ck_assert_int_eq(esm_record_set_key(record, "", 0), 0);
    ck_assert_int_eq(esm_record_set_value(record, "value", 5), 0);
    ck_assert_str_eq(esm_record_get_topic(record), "orders");
    ck_assert_int_eq(esm_record_get_partition(record), 3);
    ck_assert_int_eq(esm_record_get_offset(record), INT64_MAX);
    ck_assert_int_eq(esm_record_get_timestamp_ms(record, &type), 5);
    ck_assert_int_eq(type, ESM_TIMESTAMP_LOG_APPEND_TIME);
    ck_assert_ptr_nonnull(esm_record_get_key(record, &size)); /* an empty key is a key */
    ck_assert_uint_eq(size, 0);
    ck_assert_str_eq(esm_record_get_value(record, &size), "value");
    ck_assert_uint_eq(size, 5);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, -5, ESM_TIMESTAMP_NOT_AVAILABLE), 0);
    ck_assert_int_eq(esm_record_get_timestamp_ms(record, NULL), 0);
    ck_assert_int_eq(esm_record_set_key(record, NULL, 0), 0);
    ck_assert_ptr_null(esm_record_get_key(record, NULL));
    esm_record_free(record);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    esm_record *record = NULL;
    char topic[ESM__TOPIC_SIZE_MAX + 2];
    memset(topic, 't', sizeof(topic));
    topic[sizeof(topic) - 1] = '\0';
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    esm_record before = *record;
    ck_assert_int_eq(esm_record_set_topic(record, NULL, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_topic(record, "", 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_topic(record, topic, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_topic(record, "orders", -1), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_topic(NULL, "orders", 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_offset(record, -1), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, -1, ESM_TIMESTAMP_CREATE_TIME),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, 1, (enum esm_timestamp_type)0),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, 1, (enum esm_timestamp_type)4),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_key(record, NULL, 1), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_set_value(record, "", (size_t)INT32_MAX + 1), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_add_header(record, NULL, "", 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_record_add_header(record, "name", NULL, 1), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(memcmp(record, &before, sizeof(before)), 0);
    topic[ESM__TOPIC_SIZE_MAX] = '\0';
    ck_assert_int_eq(esm_record_set_topic(record, topic, 0), 0);
    esm_record_free(record);
}
END_TEST

START_TEST(headers_grow_and_clear_keeps_their_memory)
{
    static const char *const names[] = {"a", "b", "a"};
    esm_record *record = NULL;
    const char *name;
    const void *value;
    size_t size;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    for (size_t i = 0; i < 100; i++)
        ck_assert_int_eq(esm_record_add_header(record, names[i % 3], i % 2 ? "x" : NULL, i % 2), 0);
    ck_assert_uint_eq(esm_record_get_header_count(record), 100);
    ck_assert_int_eq(esm_record_get_header(record, 99, &name, &value, &size), 0);
    ck_assert_str_eq(name, "a");
    ck_assert_str_eq(value, "x");
    ck_assert_uint_eq(size, 1);
    ck_assert_int_eq(esm_record_get_header(record, 98, &name, &value, NULL), 0);
    ck_assert_str_eq(name, "a");
    ck_assert_ptr_null(value);
    ck_assert_int_eq(esm_record_get_header(record, 100, &name, &value, &size), ESM_ERR_NOT_FOUND);
    const struct esm__header *headers = record->headers;
    esm_record_clear(record);
    ck_assert_uint_eq(esm_record_get_header_count(record), 0);
    ck_assert_int_eq(esm_record_add_header(record, "b", NULL, 0), 0);
    ck_assert_ptr_eq(record->headers, headers);
    esm_record_free(record);
}
END_TEST

/* Fails every allocation from the `left`-th on. */
static void *scarce_malloc(void *user_data, size_t size)
{
    return (*(int *)user_data)-- > 0 ? malloc(size) : NULL;
}

static void *scarce_realloc(void *user_data, void *memory, size_t size)
{
    return (*(int *)user_data)-- > 0 ? realloc(memory, size) : NULL;
}

static void scarce_free(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

START_TEST(want_of_memory_changes_nothing)
{
    int left = 3; /* the allocator, the record, its first headers */
    esm_allocator *allocator = NULL;
    esm_record *record = NULL;
    ck_assert_int_eq(esm_allocator_new(&allocator, scarce_malloc, scarce_realloc, scarce_free, &left, NULL),
                     0);
    ck_assert_int_eq(esm_record_new(allocator, &record), 0);
    int error = 0;
    size_t added = 0;
    while ((error = esm_record_add_header(record, "name", "v", 1)) == 0)
        added++;
    ck_assert_int_eq(error, ESM_ERR_NOMEM);
    ck_assert_uint_gt(added, 0);
    ck_assert_uint_eq(esm_record_get_header_count(record), added);
    esm_record *second = NULL;
    ck_assert_int_eq(esm_record_new(allocator, &second), ESM_ERR_NOMEM);
    ck_assert_ptr_null(second);
    esm_record_free(record);
    esm_allocator_unref(allocator);
}
END_TEST

static void check_copy(const esm_record *record)
{
    size_t size = esm__record_size(record);
    ck_assert_uint_eq(size % 8, 0);
    char *memory = malloc(size + 8); /* one that may be empty */
    memset(memory, 0x5a, size + 8);
    esm_record copy;
    esm__record_copy(&copy, record, memory);
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(memory[size + i], 0x5a);
    ck_assert_int_eq(copy.offset, record->offset);
    ck_assert_int_eq(copy.key == NULL, record->key == NULL);
    ck_assert_int_eq(copy.value == NULL, record->value == NULL);
    ck_assert_uint_eq(copy.key_size, record->key_size);
    ck_assert_uint_eq(copy.value_size, record->value_size);
    if (record->key_size != 0)
        ck_assert(copy.key != record->key && memcmp(copy.key, record->key, record->key_size) == 0);
    if (record->value_size != 0)
        ck_assert(copy.value != record->value && memcmp(copy.value, record->value, record->value_size) == 0);
    ck_assert_uint_eq(copy.header_count, record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        ck_assert_ptr_ne(copy.headers[i].name, record->headers[i].name);
        ck_assert_str_eq(copy.headers[i].name, record->headers[i].name);
        ck_assert_int_eq(copy.headers[i].value == NULL, record->headers[i].value == NULL);
        ck_assert_uint_eq(copy.headers[i].value_size, record->headers[i].value_size);
        if (record->headers[i].value != NULL)
            ck_assert_int_eq(
                memcmp(copy.headers[i].value, record->headers[i].value, record->headers[i].value_size), 0);
    }
    free(memory);
}

START_TEST(copies_are_whole)
{
    const struct esm__header headers[] = {{"trace", "0123", 5, 4}, {"none", NULL, 4, 0}, {"", "", 0, 0}};
    check_copy(&(esm_record){.offset = 7});
    check_copy(&(esm_record){.key = "", .value = ""});
    check_copy(&(esm_record){.key = "k", .key_size = 1, .value = "value", .value_size = 5});
    check_copy(&(esm_record){.value = "v", .value_size = 1, .headers = headers, .header_count = 3});
    check_copy(&(esm_record){.key = "key", .key_size = 3, .headers = headers, .header_count = 1});
}
END_TEST

START_TEST(a_record_larger_than_kafka_allows_has_no_size)
{
    struct esm__header headers[3];
    for (size_t i = 0; i < 3; i++)
        headers[i] = (struct esm__header){"name", "", 4, INT32_MAX / 2};
    esm_record record = {.headers = headers, .header_count = 1};
    ck_assert_uint_ne(esm__record_size(&record), SIZE_MAX);
    record.header_count = 3;
    ck_assert_uint_eq(esm__record_size(&record), SIZE_MAX);
    ck_assert_uint_eq(esm__record_size(&(esm_record){.key_size = UINT32_MAX, .value_size = UINT32_MAX}),
                      SIZE_MAX);
}
END_TEST

START_TEST(slices_sort_and_find)
{
    static const char *const topics[] = {"a", "a-0", "b"};
    esm_record records[300];
    uint32_t indexes[300];
    for (uint32_t i = 0; i < 300; i++) {
        records[i] =
            (esm_record){.topic = topics[i % 3], .partition = (int32_t)(i / 3 % 4), .offset = i * 10};
        indexes[i] = i;
    }
    for (size_t count = 0; count <= 300; count += count < 20 ? 1 : 70) {
        for (size_t i = count; i-- > 1;) {
            size_t other = (size_t)rand() % (i + 1);
            uint32_t index = indexes[i];
            indexes[i] = indexes[other];
            indexes[other] = index;
        }
        struct esm__slice slice = {records, indexes, count};
        esm__slice_sort(records, indexes, count);
        ck_assert(esm__slice_is_sorted(&slice));
        size_t runs = 0;
        for (size_t first = 0; first < count; first = esm__slice_run_end(&slice, first))
            runs++;
        ck_assert_uint_eq(runs, count < 12 ? count : 12);
        char seen[300] = {0};
        for (size_t i = 0; i < count; i++) {
            const esm_record *record = esm__slice_get(&slice, i);
            ck_assert_int_eq(seen[indexes[i]]++, 0);
            ck_assert_uint_eq(esm__slice_find(&slice, record->topic, record->partition, record->offset), i);
            ck_assert_uint_eq(esm__slice_find(&slice, record->topic, record->partition, record->offset + 1),
                              count);
            ck_assert_uint_eq(esm__slice_find(&slice, record->topic, 9, record->offset), count);
        }
        ck_assert_uint_eq(esm__slice_find(&slice, "z", 0, 0), count);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("record");
    TCase *tests = tcase_create("record");
    tcase_add_test(tests, a_new_record_is_empty);
    tcase_add_test(tests, what_is_set_is_got);
    tcase_add_test(tests, bad_arguments_are_refused);
    tcase_add_test(tests, headers_grow_and_clear_keeps_their_memory);
    tcase_add_test(tests, want_of_memory_changes_nothing);
    tcase_add_test(tests, copies_are_whole);
    tcase_add_test(tests, a_record_larger_than_kafka_allows_has_no_size);
    tcase_add_test(tests, slices_sort_and_find);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
