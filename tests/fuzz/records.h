/* SPDX-License-Identifier: MIT */
/* Records and a slice of them out of an input. */
#ifndef ESM_TESTS_FUZZ_RECORDS_H
#define ESM_TESTS_FUZZ_RECORDS_H

#include "event/event.h"
#include "fuzz.h"

enum {
    RECORDS_MAX = 24,
    HEADERS_MAX = 4
};

struct records {
    struct esm__event_source source;
    esm_record list[RECORDS_MAX];
    struct esm__header headers[RECORDS_MAX][HEADERS_MAX];
    char topics[2][ESM__TOPIC_SIZE_MAX + 1];
    char *texts[RECORDS_MAX * HEADERS_MAX + 2]; /* freed by records_free() */
    size_t text_count;
    uint32_t indexes[RECORDS_MAX];
    struct esm__slice slice; /* at least one record, sorted, each once */
};

void records_make(struct records *records, struct input *input);
void records_free(struct records *records);

#endif
