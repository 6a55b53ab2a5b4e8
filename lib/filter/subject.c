/* SPDX-License-Identifier: MIT */
#include "filter/subject.h"

#include <string.h>

#include "filter/match.h"
#include "json/utf8.h"
#include "json/writer.h"
#include "record/view.h"

enum esm__record_field esm__record_field(const char *name, size_t size)
{
    static const char *const names[] = {
        [ESM__FIELD_TOPIC] = "topic",     [ESM__FIELD_PARTITION] = "partition",
        [ESM__FIELD_OFFSET] = "offset",   [ESM__FIELD_TIMESTAMP] = "timestamp",
        [ESM__FIELD_KEY] = "key",         [ESM__FIELD_TIMESTAMP_TYPE] = "timestampType",
        [ESM__FIELD_HEADERS] = "headers", [ESM__FIELD_VALUE] = "value",
    };
    for (int field = ESM__FIELD_TOPIC; field <= ESM__FIELD_VALUE; field++)
        if (strlen(names[field]) == size && memcmp(names[field], name, size) == 0)
            return (enum esm__record_field)field;
    return ESM__FIELD_NONE;
}

static int is_utf8(const char *at, size_t size)
{
    const char *end = at + size;
    while (at < end) {
        uint64_t word;
        while (end - at >= 8 && (memcpy(&word, at, 8), (word & 0x8080808080808080) == 0))
            at += 8;
        size_t step = esm__utf8_sequence(at, (size_t)(end - at));
        if (step == 0)
            return at == end;
        at += step;
    }
    return 1;
}

/* Whether it is to be read as JSON, that is as an object or an array. */
static int may_be_json(const char *at, size_t size)
{
    size_t i = 0;
    while (i < size && (at[i] == ' ' || at[i] == '\t' || at[i] == '\n' || at[i] == '\r'))
        i++;
    return i < size && (at[i] == '{' || at[i] == '[');
}

/* ---- fields that are what they are ---- */

static void match_number(struct esm__match *match, const struct esm__node *node, int64_t number)
{
    char text[24];
    size_t size = (size_t)(esm__json_write_int(text, number) - text);
    esm__match_scalar(match, node, ESM__JSON_NUMBER, &(struct esm__json_token){text, size, 0});
}

static void match_text(struct esm__match *match, const struct esm__node *node, const char *text, size_t size)
{
    esm__match_scalar(match, node, ESM__JSON_STRING, &(struct esm__json_token){text, size, 0});
}

static void match_headers(struct esm__match *match, const struct esm__node *node, const esm_record *record,
                          struct esm__leniency leniency)
{
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct esm__header *header = &record->headers[i];
        const struct esm__node *own =
            esm__node_find(node, &(struct esm__json_token){header->name, header->name_size, 0});
        if (own == NULL)
            continue;
        if (header->value == NULL)
            esm__match_scalar(match, own, ESM__JSON_NULL, &(struct esm__json_token){"null", 4, 0});
        else if (is_utf8(header->value, header->value_size))
            match_text(match, own, header->value, header->value_size);
        else if (leniency.passes_mismatches)
            esm__match_leave_out(match, own, 1, 0);
    }
}

static void match_field(struct esm__match *match, const struct esm__node *node, const esm_record *record,
                        struct esm__leniency leniency)
{
    int is_append = record->timestamp_type == ESM_TIMESTAMP_LOG_APPEND_TIME;
    switch (node->field) {
    case ESM__FIELD_TOPIC:
        if (record->topic != NULL)
            match_text(match, node, record->topic, strlen(record->topic));
        break;
    case ESM__FIELD_PARTITION: match_number(match, node, record->partition); break;
    case ESM__FIELD_OFFSET: match_number(match, node, record->offset); break;
    case ESM__FIELD_TIMESTAMP: match_number(match, node, record->timestamp_ms); break;
    case ESM__FIELD_TIMESTAMP_TYPE:
        if (is_append)
            match_text(match, node, "LOG_APPEND_TIME", 15);
        else
            match_text(match, node, "CREATE_TIME", 11);
        break;
    case ESM__FIELD_HEADERS: match_headers(match, node, record, leniency); break;
    default: break;
    }
}

/* ---- key and value ---- */

/* 0; -1: it begins as JSON, and is none. */
static int match_json(struct esm__match *match, const struct esm__node *node, const char *text, size_t size,
                      struct esm__leniency leniency)
{
    struct esm__json_token token;
    match->mute = node;
    esm__json_init(&match->json, text, size);
    if (esm__match_document(match, node) != 0)
        return -1;
    match->mute = NULL;
    if (match->is_met && match->may_stop)
        return 0; /* were the rest no JSON, what it was held against would be left out: it is met all the same
                   */
    if (esm__json_next(&match->json, &token) != ESM__JSON_END)
        return -1;
    if (leniency.passes_mismatches)
        esm__match_leave_out(match, node, 1, 0);
    return 0;
}

static void match_plain(struct esm__match *match, const struct esm__node *node, const char *text, size_t size,
                        struct esm__leniency leniency)
{
    int is_text = is_utf8(text, size);
    if (is_text)
        match_text(match, node, text, size);
    if (leniency.passes_mismatches)
        esm__match_leave_out(match, node, !is_text, 1);
}

static int match_document(struct esm__match *match, const struct esm__node *node, const esm_record *record,
                          struct esm__leniency leniency, int is_plain)
{
    int is_value = node->field == ESM__FIELD_VALUE;
    const char *text = is_value ? record->value : record->key;
    size_t size = is_value ? record->value_size : record->key_size;
    if (text == NULL) {
        if (is_value && leniency.passes_tombstones)
            esm__match_leave_out(match, node, 1, 1);
        return 0;
    }
    if (!is_plain && may_be_json(text, size))
        return match_json(match, node, text, size, leniency);
    match_plain(match, node, text, size, leniency);
    return 0;
}

/* Whether it went through. If not, what looked like JSON was none: *plain says so for the next time. */
static int try(struct esm__match *match, const struct esm__program *program, const esm_record *record,
               struct esm__leniency leniency, int *plain)
{
    esm__match_begin(match, program, leniency.passes_mismatches);
    for (const struct esm__node *node = program->root.children; node != NULL; node = node->sibling)
        match_field(match, node, record, leniency);
    for (const struct esm__node *node = program->root.children; node != NULL; node = node->sibling)
        if (node->field >= ESM__FIELD_KEY && !(match->is_met && match->may_stop) &&
            match_document(match, node, record, leniency, plain[node->field - ESM__FIELD_KEY]) != 0) {
            plain[node->field - ESM__FIELD_KEY] = 1;
            return 0;
        }
    return 1;
}

int esm__record_match(const struct esm__program *program, const esm_record *record,
                      struct esm__leniency leniency)
{
    struct esm__match match;
    int plain[2] = {0, 0};
    while (!try(&match, program, record, leniency, plain))
        ;
    return esm__match_end(&match);
}
