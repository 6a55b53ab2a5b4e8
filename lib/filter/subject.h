/* SPDX-License-Identifier: MIT */
/* What patterns see of a Kafka record. */
#ifndef ESM_FILTER_SUBJECT_H
#define ESM_FILTER_SUBJECT_H

#include <esm/filter.h>

struct esm__match;

enum esm__record_field {
    ESM__FIELD_NONE,
    ESM__FIELD_TOPIC,
    ESM__FIELD_PARTITION,
    ESM__FIELD_OFFSET,
    ESM__FIELD_TIMESTAMP,
    ESM__FIELD_TIMESTAMP_TYPE,
    ESM__FIELD_HEADERS,
    ESM__FIELD_KEY, /* these two may be JSON */
    ESM__FIELD_VALUE
};

enum esm__record_field esm__record_field(const char *name, size_t size);

/* What cannot be held against a record is passed over, or does not match. */
struct esm__leniency {
    int passes_mismatches, passes_tombstones;
};

/* A name at the top of a pattern that no record has, borrowed as the filter is, not NUL-terminated; NULL:
 * there is none. */
const char *esm__filter_stranger(const esm_filter *filter, size_t *ret_size);

struct esm__program;

/* Whether a record meets a branch of the program. 1 or 0. */
int esm__record_match(const struct esm__program *program, const esm_record *record,
                      struct esm__leniency leniency);

#endif
