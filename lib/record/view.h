/* SPDX-License-Identifier: MIT */
/* A record inside the library: the view that the public getters read, slices of many of them, copies into an
 * arena. */
#ifndef ESM_RECORD_VIEW_H
#define ESM_RECORD_VIEW_H

#include <esm/record.h>

/* Kafka's own limits. What comes from outside is held to them once, so that nothing behind has to ask again.
 */
#define ESM__TOPIC_SIZE_MAX  249
#define ESM__RECORD_SIZE_MAX INT32_MAX

struct esm__header {
    const char *name;  /* NUL-terminated */
    const void *value; /* NULL: none */
    uint32_t name_size;
    uint32_t value_size;
};

/* A plain view, 72 bytes: it owns nothing and may be copied by assignment. */
struct esm_record {
    const char *topic; /* NUL-terminated; NULL: not set yet */
    const void *key;   /* NULL: none */
    const void *value; /* NULL: a tombstone */
    const struct esm__header *headers;
    int64_t offset;
    int64_t timestamp_ms; /* 0 for ESM_TIMESTAMP_NOT_AVAILABLE */
    uint32_t key_size;
    uint32_t value_size;
    uint32_t header_count;
    int32_t partition;
    uint32_t timestamp_type; /* enum esm_timestamp_type */
};

/* Bytes of key, value, headers and their names, rounded up to 8. SIZE_MAX: more than Kafka allows; do not
 * copy it. */
size_t esm__record_size(const esm_record *record);

/* Copies into esm__record_size() bytes at `memory`, which is aligned to 8. The topic stays borrowed. */
void esm__record_copy(esm_record *to, const esm_record *from, void *memory);

/*
 * Some records of a batch, by their indexes. The order is by topic, partition and offset; where every record
 * is of one partition, ascending indexes are that already. Whoever gathers several partitions sorts a copy of
 * the indexes once.
 */
struct esm__slice {
    const esm_record *records; /* of the whole batch */
    const uint32_t *indexes;
    size_t count;
};

static inline const esm_record *esm__slice_get(const struct esm__slice *slice, size_t i)
{
    return &slice->records[slice->indexes[i]];
}

/* -1, 0, 1 */
int esm__record_compare_partition(const esm_record *record, const char *topic, int32_t partition);
int esm__slice_is_sorted(const struct esm__slice *slice);
void esm__slice_sort(const esm_record *records, uint32_t *indexes, size_t count); /* in place, no memory */

/* Where the run of one partition that begins at `first` ends. */
size_t esm__slice_run_end(const struct esm__slice *slice, size_t first);

/* The place in the slice, below count; or count: not there. */
size_t esm__slice_find(const struct esm__slice *slice, const char *topic, int32_t partition, int64_t offset);

#endif
