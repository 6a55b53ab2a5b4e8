/* SPDX-License-Identifier: MIT */
/* Batch responses. What is named was sent, each record once and in order; written anew, the answer says the
 * same. */
#include <string.h>

#include "base/bytes.h"
#include "event/response.h"
#include "json/writer.h"
#include "records.h"

/* Two partitions of one topic and one of another, of which a seed can name records. */
static const esm_record fixed_records[] = {
    {.topic = "t", .offset = 0},
    {.topic = "t", .offset = 1},
    {.topic = "t", .offset = 9007199254740993},
    {.topic = "t", .partition = 1, .offset = 0},
    {.topic = "t", .partition = 10, .offset = INT64_MAX},
    {.topic = "t-0", .partition = 3, .offset = 7},
};
static const uint32_t fixed_indexes[] = {0, 1, 2, 3, 4, 5};

static void check_named(const struct esm__slice *slice, const uint32_t *failed, size_t count)
{
    size_t place = 0;
    for (size_t i = 0; i < count; i++, place++) {
        while (place < slice->count && slice->indexes[place] != failed[i])
            place++;
        MUST(place < slice->count);
    }
}

static void write_response(struct esm__bytes *to, const struct esm__slice *slice, const uint32_t *failed,
                           size_t count)
{
    MUST(esm__bytes_append_text(to, "{\"batchItemFailures\":[") == 0);
    for (size_t i = count; i-- > 0;) { /* the order does not matter */
        const esm_record *record = &slice->records[failed[i]];
        char key[ESM__TOPIC_SIZE_MAX * 6 + 16];
        char *end = esm__event_write_key(key, record->topic, record->partition);
        MUST(esm__bytes_append_text(to, "{\"itemIdentifier\":{\"partition\":\"") == 0);
        MUST(esm__bytes_append(to, key, (size_t)(end - key)) == 0);
        MUST(esm__bytes_append_text(to, "\",\"offset\":") == 0);
        MUST(esm__json_append_int(to, record->offset) == 0);
        MUST(esm__bytes_append_text(to, i == 0 ? "}}" : "}},") == 0);
    }
    MUST(esm__bytes_append_text(to, "]}") == 0);
}

/* An answer that names these places of the slice. */
static void check_written(const struct esm__slice *slice, uint64_t places)
{
    uint32_t named[RECORDS_MAX];
    uint32_t failed[RECORDS_MAX];
    size_t named_count = 0;
    size_t count;
    for (size_t i = 0; i < slice->count; i++)
        if ((places >> i & 1) != 0)
            named[named_count++] = slice->indexes[i];
    struct esm__bytes response;
    esm__bytes_init(&response, NULL);
    write_response(&response, slice, named, named_count);
    enum esm__verdict verdict = esm__response_read(response.data, response.size, slice, failed, &count);
    MUST(verdict == (named_count > 0 ? ESM__VERDICT_PARTIAL : ESM__VERDICT_SUCCESS));
    MUST(count == named_count && memcmp(failed, named, count * sizeof(*failed)) == 0);
    esm__bytes_free(&response);
}

static void check(const char *body, size_t size, const struct esm__slice *slice)
{
    uint32_t *failed = malloc(slice->count * sizeof(*failed)); /* as large as it has to be */
    MUST(failed != NULL);
    size_t count = SIZE_MAX;
    enum esm__verdict verdict = esm__response_read(body, size, slice, failed, &count);
    MUST(verdict >= ESM__VERDICT_SUCCESS && verdict <= ESM__VERDICT_MALFORMED);
    MUST((count > 0) == (verdict == ESM__VERDICT_PARTIAL) && count <= slice->count);
    check_named(slice, failed, count);
    uint64_t places = size;
    memcpy(&places, body, size < sizeof(places) ? size : sizeof(places));
    check_written(slice, places);
    free(failed);
}

/* Every topic that an answer can name is UTF-8, as JSON is. */
static int are_nameable(const struct records *records)
{
    for (int i = 0; i < 2; i++) {
        const char *topic = records->topics[i];
        char key[ESM__TOPIC_SIZE_MAX * 6 + 16];
        *esm__event_write_key(key, topic, 0) = '\0';
        if (strstr(key, "\xef\xbf\xbd") != NULL)
            return 0;
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct esm__slice fixed = {fixed_records, fixed_indexes, 6};
    struct records records;
    if (input_byte(&input) % 2 == 0) { /* a seed begins with a space, most often */
        check((const char *)input.at, input_left(&input), &fixed);
        return 0;
    }
    records_make(&records, &input);
    if (are_nameable(&records))
        check((const char *)input.at, input_left(&input), &records.slice);
    records_free(&records);
    return 0;
}
