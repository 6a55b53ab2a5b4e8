/* SPDX-License-Identifier: MIT */
/*
 * A pattern, the first line, and an event, the rest: the answer is that of the naive matcher, and the same if
 * the event is a record's value.
 */
#include <esm/filter.h>
#include <string.h>

#include "fuzz.h"
#include "naive.h"

enum {
    PATTERN_MAX = 1024,
    EVENT_MAX = 1023,
    CHOICES = 8, /* that are kept whatever the names are like */
    DEPTH = 8    /* of arrays that are looked into */
};

static esm_filter *new_filter(void)
{
    esm_filter *filter;
    MUST(esm_filter_new(NULL, &filter) == 0);
    return filter;
}

/* The library may forget choices, and then misses a match; it never finds one that there is not. */
static void compare(int matches, const struct esm__pattern *pattern, const char *event, size_t size)
{
    struct naive_shape shape;
    enum naive_answer answer = naive_match(pattern, event, size, &shape);
    if (answer == NAIVE_MAYBE || shape.depth > DEPTH)
        return;
    if (matches)
        MUST(answer == NAIVE_YES);
    else if (shape.choices <= CHOICES || shape.has_plain_names)
        MUST(answer == NAIVE_NO);
}

/* {"value": pattern} and the event as a value. */
static void compare_record(int matches, struct esm__text pattern, const char *event, size_t size)
{
    char wrapped[PATTERN_MAX + 16];
    esm_record *record;
    int passes;
    esm_filter *filter = new_filter();
    int length = snprintf(wrapped, sizeof(wrapped), "{\"value\":%.*s}", (int)pattern.size, pattern.data);
    MUST(esm_filter_add_pattern(filter, wrapped, (size_t)length, NULL, 0) == 0);
    MUST(esm_record_new(NULL, &record) == 0);
    MUST(esm_record_set_value(record, event, size) == 0);
    for (int choice = ESM_FILTER_PASS; choice <= ESM_FILTER_DROP; choice++) {
        MUST(esm_filter_set_on_mismatch(filter, (enum esm_filter_choice)choice) == 0);
        MUST(esm_filter_match(filter, record, &passes) == 0);
        MUST(passes == matches);
    }
    esm_record_free(record);
    esm_filter_free(filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct esm__pattern pattern = {.next = NULL};
    const char *why;
    size_t where;
    int matches;
    const char *text = (const char *)data;
    const char *line_end = size == 0 ? NULL : memchr(text, '\n', size);
    if (line_end == NULL)
        return 0;
    struct esm__text line = {text, (size_t)(line_end - text)};
    const char *event = line_end + 1;
    size_t event_size = size - line.size - 1;
    if (line.size > PATTERN_MAX || event_size > EVENT_MAX)
        return 0;

    esm_filter *filter = new_filter();
    int error = esm_filter_add_pattern(filter, line.data, line.size, NULL, 0);
    MUST(error == esm__pattern_read(&pattern, line, &why, &where));
    if (error == 0) {
        error = esm_filter_match_json(filter, event, event_size, &matches);
        MUST(error == 0 || error == ESM_ERR_NOT_FOUND);
        if (error == 0)
            compare(matches, &pattern, event, event_size);
        if (error == 0 && is_json(event, event_size) && is_json(line.data, line.size))
            compare_record(matches, line, event, event_size);
    }
    esm__arena_free(&pattern.arena);
    esm_filter_free(filter);
    return 0;
}
