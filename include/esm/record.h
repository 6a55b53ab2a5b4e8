/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A Kafka record as libesm shows it and takes it: a view, whose bytes belong to somebody else.
 * Getters may be called from any thread on a record that nobody changes; they never fail and want a record.
 */
#ifndef ESM_RECORD_H
#define ESM_RECORD_H

#include <esm/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esm_record esm_record;

/** What a record's timestamp means. Since 0.1. */
enum esm_timestamp_type {
    ESM_TIMESTAMP_NOT_AVAILABLE = 1, /**< the record has none; events say 0 and CREATE_TIME */
    ESM_TIMESTAMP_CREATE_TIME = 2,   /**< set by the producer */
    ESM_TIMESTAMP_LOG_APPEND_TIME = 3, /**< set by the broker */
    ESM_TIMESTAMP_TYPE_FORCE_I32 = 0x7fffffff
};

/**
 * Makes an empty record, to be filled, pushed and filled again: offset 0, no timestamp, no key, no value, no headers.
 * @param allocator a reference is taken; NULL: libc's. @param ret owned by the caller; untouched on failure.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_record_new(esm_allocator *allocator, esm_record **ret);

/** Frees a record that esm_record_new() made; NULL is allowed. Since 0.1. */
ESM_API void esm_record_free(esm_record *record);

/** Makes it empty again and keeps its memory for headers. Since 0.1. */
ESM_API void esm_record_clear(esm_record *record);

/**
 * Topic and partition. A push sets them from its partition, so that only records that are matched or written alone need
 * it. @param topic borrowed until the record is cleared or freed; 1 to 249 bytes. @param partition 0 or more.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_record_set_topic(esm_record *record, const char *topic, int32_t partition);

/** @param offset 0 or more. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_record_set_offset(esm_record *record, int64_t offset);

/**
 * @param timestamp_ms wall clock, milliseconds since 1970-01-01 UTC. Ignored for ESM_TIMESTAMP_NOT_AVAILABLE.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (unknown type, negative time). Since 0.1.
 */
ESM_API int esm_record_set_timestamp_ms(esm_record *record, int64_t timestamp_ms, enum esm_timestamp_type type);

/** @param key borrowed until the record is cleared or freed; NULL: no key, which an empty one is not. @return 0,
 * ESM_ERR_INVALID_ARGUMENT (NULL with a size, or more than INT32_MAX bytes). Since 0.1. */
ESM_API int esm_record_set_key(esm_record *record, const void *key, size_t size);

/** @param value borrowed until the record is cleared or freed; NULL: a tombstone. @return 0,
 * ESM_ERR_INVALID_ARGUMENT (NULL with a size, or more than INT32_MAX bytes). Since 0.1. */
ESM_API int esm_record_set_value(esm_record *record, const void *value, size_t size);

/**
 * Adds a header; order and repeated names are kept.
 * @param name borrowed, NUL-terminated. @param value borrowed; NULL: a header without a value.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (as for a value, or no name), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_record_add_header(esm_record *record, const char *name, const void *value, size_t size);

ESM_API const char *esm_record_get_topic(const esm_record *record);  /**< Borrowed as the record is. Since 0.1. */
ESM_API int32_t esm_record_get_partition(const esm_record *record);  /**< Since 0.1. */
ESM_API int64_t esm_record_get_offset(const esm_record *record);     /**< Since 0.1. */

/** @param ret_type may be NULL. @return wall milliseconds; 0 where there is none. Since 0.1. */
ESM_API int64_t esm_record_get_timestamp_ms(const esm_record *record, enum esm_timestamp_type *ret_type);

/** @param ret_size may be NULL. @return borrowed as the record is; NULL: no key. Since 0.1. */
ESM_API const void *esm_record_get_key(const esm_record *record, size_t *ret_size);

/** @param ret_size may be NULL. @return borrowed as the record is; NULL: a tombstone. Since 0.1. */
ESM_API const void *esm_record_get_value(const esm_record *record, size_t *ret_size);

ESM_API size_t esm_record_get_header_count(const esm_record *record); /**< Since 0.1. */

/**
 * One header. @param ret_name, ret_value, ret_size borrowed as the record is; each may be NULL; a value of NULL: none.
 * @return 0, ESM_ERR_NOT_FOUND (index past the end). Since 0.1.
 */
ESM_API int esm_record_get_header(const esm_record *record, size_t index, const char **ret_name,
                                  const void **ret_value, size_t *ret_size);

#ifdef __cplusplus
}
#endif
#endif
