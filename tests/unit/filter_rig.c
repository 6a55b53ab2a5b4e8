/* SPDX-License-Identifier: MIT */
#include "filter_rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* As long as the text and no longer, so that reading too far shows; there is no NUL. */
static char *quote(const char *text, size_t *ret_size)
{
    size_t size = strlen(text);
    char *copy = malloc(size + (size == 0));
    ck_assert_ptr_nonnull(copy);
    for (size_t i = 0; i < size; i++)
        copy[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    *ret_size = size;
    return copy;
}

char *rig_quote(const char *text)
{
    size_t size;
    char *copy = quote(text, &size);
    copy = realloc(copy, size + 1);
    ck_assert_ptr_nonnull(copy);
    copy[size] = '\0';
    return copy;
}

static int add(esm_filter *filter, const char *pattern)
{
    char reason[200] = "";
    size_t size;
    char *copy = quote(pattern, &size);
    int error = esm_filter_add_pattern(filter, copy, size, reason, sizeof(reason));
    ck_assert_msg(error == (reason[0] == '\0' ? 0 : ESM_ERR_CONFIG), "%s: %d %s", pattern, error, reason);
    free(copy);
    return error;
}

esm_filter *rig_filter(const char *pattern)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    ck_assert_msg(add(filter, pattern) == 0, "%s is refused", pattern);
    return filter;
}

enum answer rig_answer(const char *pattern, const char *event)
{
    esm_filter *filter;
    enum answer answer = BAD;
    int matches = -1;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    if (add(filter, pattern) == 0) {
        size_t size;
        char *copy = quote(event, &size);
        int error = esm_filter_match_json(filter, copy, size, &matches);
        ck_assert_int_eq(error, matches < 0 ? ESM_ERR_NOT_FOUND : 0);
        answer = error != 0 ? NONE : matches ? YES : NO;
        free(copy);
    }
    esm_filter_free(filter);
    return answer;
}

void rig_expect(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum answer answer = rig_answer(rows[i].pattern, rows[i].event);
        ck_assert_msg(answer == rows[i].expected, "%s on %s: %d", rows[i].pattern, rows[i].event, answer);
    }
}

int rig_passes(const esm_filter *filter, const char *value)
{
    esm_record *record;
    int matches = -1;
    size_t size = 0;
    char *copy = value == NULL ? NULL : quote(value, &size);
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_record_set_value(record, copy, size), 0);
    ck_assert_int_eq(esm_filter_match(filter, record, &matches), 0);
    esm_record_free(record);
    free(copy);
    return matches;
}
