/* SPDX-License-Identifier: MIT */
/* Anything as a pattern: it is refused with a reason and changes nothing, or it answers the same always. */
#include <esm/filter.h>
#include <string.h>

#include "fuzz.h"

static const char *const events[] = {
    "{}",
    "{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":true}",
    "{\"a\":[{\"b\":1},{\"c\":2},{\"b\":1,\"c\":2,\"d\":[{\"e\":\"x\"},[]]}],\"b\":[1,\"2\",[null]]}",
    "{\"a.b\":-0.5e1,\"a\":{\"b\":\"10.0.0.1\",\"c\":\"\\u00c9\"},\"$or\":\"x\",\"\":{\"\":1}}",
    "{\"value\":{\"a\":[{\"b\":\"abc\"}]},\"key\":\"k\",\"headers\":{\"h\":\"v\"}}",
};

static const char *const values[] = {
    NULL,    "", "x", "\xff", "5", "[]", "{\"a\":[{\"b\":1},{\"c\":2}],\"d\":\"x\"}", "{\"a\":[{\"b\":1,",
    "[1] x",
};

enum {
    PATTERN_MAX = 8192,
    EVENTS = sizeof(events) / sizeof(events[0]),
    VALUES = sizeof(values) / sizeof(values[0]),
    ANSWERS = EVENTS + 4 * VALUES
};

static esm_filter *new_filter(void)
{
    esm_filter *filter;
    MUST(esm_filter_new(NULL, &filter) == 0);
    return filter;
}

static void answer(esm_filter *filter, esm_record *record, int *answers)
{
    for (size_t i = 0; i < EVENTS; i++)
        MUST(esm_filter_match_json(filter, events[i], strlen(events[i]), answers++) == 0);
    for (unsigned choice = 0; choice < 4; choice++) {
        MUST(esm_filter_set_on_mismatch(filter, choice % 2 == 0 ? ESM_FILTER_PASS : ESM_FILTER_DROP) == 0);
        MUST(esm_filter_set_on_tombstone(filter, choice / 2 == 0 ? ESM_FILTER_PASS : ESM_FILTER_DROP) == 0);
        for (size_t i = 0; i < VALUES; i++) {
            size_t size = values[i] == NULL ? 0 : strlen(values[i]);
            MUST(esm_record_set_value(record, values[i], size) == 0);
            MUST(esm_filter_match(filter, record, answers++) == 0);
        }
    }
}

static void check_refusal(const char *pattern, size_t size, const char *reason, const esm_filter *filter)
{
    char cut[8];
    size_t line, column;
    int matches;
    esm_filter *other = new_filter();
    MUST(sscanf(reason, "line %zu, column %zu: ", &line, &column) == 2);
    MUST(line >= 1 && line <= size + 1 && column >= 1 && column <= size + 1);
    MUST(reason[strlen(reason) - 1] != ' ');
    MUST(esm_filter_add_pattern(other, pattern, size, cut, sizeof(cut)) == ESM_ERR_CONFIG);
    MUST(strncmp(cut, reason, sizeof(cut) - 1) == 0 && cut[sizeof(cut) - 1] == '\0');
    MUST(esm_filter_match_json(filter, "{}", 2, &matches) == 0 && matches);
    esm_filter_free(other);
}

/* Made anew and added twice, it says what it said. */
static void check_answers(const char *pattern, size_t size, esm_filter *filter, esm_record *record)
{
    int first[ANSWERS], second[ANSWERS];
    answer(filter, record, first);
    esm_filter *other = new_filter();
    for (int times = 0; times < 2; times++) {
        MUST(esm_filter_add_pattern(other, pattern, size, NULL, 0) == 0);
        answer(other, record, second);
        MUST(memcmp(first, second, sizeof(first)) == 0);
    }
    for (size_t i = 0; i < ANSWERS; i++)
        MUST(first[i] == 0 || first[i] == 1);
    for (size_t i = 0; i < VALUES; i++) /* what is dropped is no more than what passed */
        for (size_t choice = 1; choice < 4; choice++)
            MUST(first[EVENTS + choice * VALUES + i] <= first[EVENTS + i]);
    esm_filter_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *pattern = (const char *)data;
    char reason[200] = "";
    esm_record *record;
    if (size > PATTERN_MAX)
        return 0;
    MUST(esm_record_new(NULL, &record) == 0);
    MUST(esm_record_set_topic(record, "a", 1) == 0);
    MUST(esm_record_set_key(record, "{\"a\":1}", 7) == 0);
    MUST(esm_record_add_header(record, "a", "x", 1) == 0);
    esm_filter *filter = new_filter();
    int error = esm_filter_add_pattern(filter, pattern, size, reason, sizeof(reason));
    MUST(error == 0 || error == ESM_ERR_CONFIG);
    if (error == 0)
        check_answers(pattern, size, filter, record);
    else
        check_refusal(pattern, size, reason, filter);
    esm_filter_free(filter);
    esm_record_free(record);
    return 0;
}
