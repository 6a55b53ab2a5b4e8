/* SPDX-License-Identifier: MIT */
/*
 * The Kafka event: the document that a function gets. Its length is computed and its text is written straight
 * into a body of that length. The members stand in the order of AWS's documents; partitions stand in the
 * order of the slice.
 *
 *     length = envelope + groups of its partitions + its records + (number of records - 1)
 *
 * where the last summand is the commas, so that a batcher adds up what it has and never counts again.
 */
#ifndef ESM_EVENT_EVENT_H
#define ESM_EVENT_EVENT_H

#include "record/view.h"

struct esm__event_source {
    const char *arn;               /* of the MSK cluster; NULL: self-managed */
    const char *bootstrap_servers; /* host:port, joined by commas */
};

size_t esm__event_envelope_length(const struct esm__event_source *source);
size_t esm__event_group_length(const char *topic, int32_t partition);
size_t esm__event_record_length(const esm_record *record);

/* record_lengths: by index of the batch, as esm__event_record_length() gave them; NULL: computed here. */
size_t esm__event_length(const struct esm__event_source *source, const struct esm__slice *slice,
                         const uint32_t *record_lengths);

/* Writes exactly esm__event_length() bytes, no NUL, and returns the place behind them. */
char *esm__event_write(char *to, const struct esm__event_source *source, const struct esm__slice *slice);

/* Escaped key of a partition in "records", without quotes: "<topic>-<partition>". */
size_t esm__event_key_length(const char *topic, int32_t partition);
char *esm__event_write_key(char *to, const char *topic, int32_t partition);

#endif
