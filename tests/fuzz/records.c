/* SPDX-License-Identifier: MIT */
#include "records.h"

#include <string.h>

static const char *keep_text(struct records *records, struct input *input)
{
    return records->texts[records->text_count++] = input_text(input, '\0');
}

static void fill(struct records *records, size_t i, struct input *input)
{
    esm_record *record = &records->list[i];
    unsigned shape = input_byte(input);
    size_t size;
    record->topic = records->topics[shape & 1];
    record->partition =
        (shape & 2) != 0 ? (int32_t)(input_number(input, 4) & INT32_MAX) : (int32_t)(shape >> 7);
    record->offset = (shape & 4) != 0 ? (int64_t)(input_number(input, 8) & INT64_MAX) : (int64_t)i;
    record->timestamp_type = 1 + (shape >> 3 & 3) % 3;
    if (record->timestamp_type != ESM_TIMESTAMP_NOT_AVAILABLE)
        record->timestamp_ms = (int64_t)(input_number(input, (int)(shape >> 4 & 2) * 4) & INT64_MAX);
    if ((shape & 32) != 0) {
        record->key = input_span(input, input_byte(input), &size);
        record->key_size = (uint32_t)size;
    }
    if ((shape & 64) != 0) {
        record->value = input_span(input, input_byte(input), &size);
        record->value_size = (uint32_t)size;
    }
    record->headers = records->headers[i];
    record->header_count = input_byte(input) % (HEADERS_MAX + 1);
    for (uint32_t h = 0; h < record->header_count; h++) {
        struct esm__header *header = &records->headers[i][h];
        header->name = keep_text(records, input);
        header->name_size = (uint32_t)strlen(header->name);
        header->value = input_span(input, input_byte(input), &size);
        header->value_size = (uint32_t)size;
    }
}

static void make_topic(char to[ESM__TOPIC_SIZE_MAX + 1], struct input *input)
{
    char *text = input_text(input, '\0');
    size_t size = strnlen(text, ESM__TOPIC_SIZE_MAX);
    memcpy(to, text, size);
    to[size] = '\0';
    if (size == 0)
        strcpy(to, "t");
    free(text);
}

/* Offsets of one partition go up, as in a log. */
static void untangle(struct records *records, size_t count)
{
    esm__slice_sort(records->list, records->indexes, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const esm_record *before = kept == 0 ? NULL : &records->list[records->indexes[kept - 1]];
        const esm_record *record = &records->list[records->indexes[i]];
        if (before != NULL && before->offset == record->offset &&
            esm__record_compare_partition(before, record->topic, record->partition) == 0)
            continue;
        records->indexes[kept++] = records->indexes[i];
    }
    records->slice = (struct esm__slice){records->list, records->indexes, kept};
    MUST(esm__slice_is_sorted(&records->slice));
}

void records_make(struct records *records, struct input *input)
{
    memset(records, 0, sizeof(*records));
    unsigned shape = input_byte(input);
    size_t count = 1 + shape % RECORDS_MAX;
    records->source.arn = (shape & 128) != 0 ? keep_text(records, input) : NULL;
    records->source.bootstrap_servers = keep_text(records, input);
    make_topic(records->topics[0], input);
    make_topic(records->topics[1], input);
    for (uint32_t i = 0; i < count; i++) {
        fill(records, i, input);
        records->indexes[i] = i;
    }
    untangle(records, count);
}

void records_free(struct records *records)
{
    for (size_t i = 0; i < records->text_count; i++)
        free(records->texts[i]);
}
