/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The offset tracker: from records that complete in any order to the one number that Kafka lets a group commit.
 * It belongs to libesm-policy and needs nothing else of it. One tracker is one assignment of one partition; it may not
 * be used from two threads at once.
 */
#ifndef ESM_TRACKER_H
#define ESM_TRACKER_H

#include <esm/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esm_tracker esm_tracker;

/**
 * Makes a tracker.
 * @param allocator a reference is taken; NULL: libc's. @param ret owned by the caller; untouched on failure.
 * @param start_offset the first offset that will be read; 0 or more.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_tracker_new(esm_allocator *allocator, esm_tracker **ret, int64_t start_offset);

/** Frees a tracker; NULL is allowed. Since 0.1. */
ESM_API void esm_tracker_free(esm_tracker *tracker);

/**
 * A record has arrived and is open. Offsets rise; what lies between two of them (compaction, transaction markers) is
 * complete from now on. Reserves what its completion needs, so that completing never fails for want of memory.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (below the next offset, or INT64_MAX), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_tracker_add(esm_tracker *tracker, int64_t offset);

/** An open record is complete. @return 0, ESM_ERR_NOT_FOUND (not open), ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_tracker_complete(esm_tracker *tracker, int64_t offset);

/**
 * Nothing that is still to come lies below this offset.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (below the next offset). Since 0.1.
 */
ESM_API int esm_tracker_skip_to(esm_tracker *tracker, int64_t next_offset);

/** The lowest offset that is not complete: what may be committed. It never falls. Since 0.1. */
ESM_API int64_t esm_tracker_get_position(const esm_tracker *tracker);

/** The lowest offset that the next record may have. Since 0.1. */
ESM_API int64_t esm_tracker_get_next_offset(const esm_tracker *tracker);

/** How many records are open. Since 0.1. */
ESM_API size_t esm_tracker_get_open_count(const esm_tracker *tracker);

#ifdef __cplusplus
}
#endif
#endif
