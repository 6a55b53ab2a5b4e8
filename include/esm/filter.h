/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Filter patterns, as FilterCriteria has them: compiled once, matched against records many times. Usable
 * alone.
 *
 * The language is that of EventBridge, of which Lambda documents a part; what decides is told in
 * docs/filters.md. A filter is built by one thread. Once its last pattern is added and its settings are made,
 * any number of threads may match with it at once; matching allocates nothing and takes time linear in the
 * size of the record.
 */
#ifndef ESM_FILTER_H
#define ESM_FILTER_H

#include <esm/record.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esm_filter esm_filter;

/** What becomes of a part of a pattern that a record cannot be held against. Since 0.1. */
enum esm_filter_choice {
    ESM_FILTER_PASS =
        1, /**< that part is left out, as Lambda does for Kafka: the record is never lost by it */
    ESM_FILTER_DROP = 2, /**< that part does not match */
    ESM_FILTER_CHOICE_FORCE_I32 = 0x7fffffff
};

/**
 * Makes a filter without patterns, which every record passes.
 * @param allocator a reference is taken; NULL: libc's. @param ret owned by the caller; untouched on failure.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_filter_new(esm_allocator *allocator, esm_filter **ret);

/** Frees a filter; NULL is allowed. Since 0.1. */
ESM_API void esm_filter_free(esm_filter *filter);

/**
 * Adds a pattern; a record passes if one of them matches. Length and number have no limit here: AWS's own
 * stand in the options of FilterCriteria.
 * @param pattern UTF-8, not NUL-terminated; not needed after the return.
 * @param ret_reason why the pattern is refused, and at which line and column, NUL-terminated and cut to its
 * size; untouched on success. NULL with a size of 0: not wanted.
 * @return 0; ESM_ERR_CONFIG: it is no pattern; ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. On failure the filter
 * is as it was. Since 0.1.
 */
ESM_API int esm_filter_add_pattern(esm_filter *filter, const char *pattern, size_t size, char *ret_reason,
                                   size_t reason_size);

/**
 * What a pattern for JSON says of a value or key that is none, or a pattern for a text of one that is JSON,
 * and either of what is not UTF-8. PASS unless set. JSON is what parses to an object or an array.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_filter_set_on_mismatch(esm_filter *filter, enum esm_filter_choice choice);

/** The same for a value that is not there, a tombstone. PASS unless set. @return 0, ESM_ERR_INVALID_ARGUMENT.
 * Since 0.1. */
ESM_API int esm_filter_set_on_tombstone(esm_filter *filter, enum esm_filter_choice choice);

/**
 * Whether a record passes. The members of a pattern are `value`, which is all that Lambda documents for
 * Kafka, and, beyond it, `key`, `topic`, `partition`, `offset`, `timestamp`, `timestampType` and `headers`,
 * an object by header name.
 * @param ret_matches 1 or 0. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. Follows
 * [invocation-eventfiltering].
 */
ESM_API int esm_filter_match(const esm_filter *filter, const esm_record *record, int *ret_matches);

/**
 * Whether a JSON object is matched by a pattern as it stands, member for member: what EventBridge does with
 * an event. What follows the object is not looked at.
 * @param ret_matches 1 or 0. @return 0; ESM_ERR_NOT_FOUND: it does not begin with a JSON object;
 * ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_filter_match_json(const esm_filter *filter, const char *json, size_t size, int *ret_matches);

#ifdef __cplusplus
}
#endif
#endif
