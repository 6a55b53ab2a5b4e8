/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What every room of libesm shares: error codes, versions and features, the allocator, log levels.
 * These functions live in libesm-policy. Unless a block says otherwise, a function may be called from any thread.
 */
#ifndef ESM_BASE_H
#define ESM_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ESM_API __attribute__((visibility("default")))
#else
#define ESM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A deadline that never comes. Since 0.1. */
#define ESM_NEVER INT64_MAX

/** The version of these headers, as esm_version() spells it: major * 1000000 + minor * 1000 + patch. Since 0.1. */
#define ESM_VERSION 1000u

/**
 * Why a call failed. 0 is success; every error is negative; a value is never reused.
 * A function returns only the codes that its own block names, and on any of them it has changed nothing.
 * Since 0.1.
 */
enum esm_error {
    ESM_ERR_NOMEM = -1,             /**< the allocator had no memory */
    ESM_ERR_INVALID_ARGUMENT = -2,  /**< an argument is NULL, out of range, or an unknown enum or flag value */
    ESM_ERR_STALE = -3,             /**< what the call names is gone: answered, revoked, or its poller is freed */
    ESM_ERR_ALREADY_COMPLETED = -4, /**< another answer was first */
    ESM_ERR_RECURSIVE = -5,         /**< run, dispatch or the last unref, from inside a callback of that poller */
    ESM_ERR_CONFLICT = -6,          /**< excluded by an earlier call, or used from two threads at once */
    ESM_ERR_FULL = -7,              /**< no room now: come back when told that there is room */
    ESM_ERR_STATE = -8,             /**< not in this state of the object */
    ESM_ERR_UNSUPPORTED = -9,       /**< this build or this version does not serve it */
    ESM_ERR_CONFIG = -10,           /**< the configuration has faults: esm_config_get_fault() tells which */
    ESM_ERR_NOT_FOUND = -11,        /**< nothing has that name or index */
    ESM_ERR_SYSTEM = -12,           /**< the operating system refused a file descriptor or a thread */
    ESM_ERR_TRANSPORT = -13,        /**< librdkafka or libcurl refused; the log hook has its words */
    ESM_ERROR_FORCE_I32 = 0x7fffffff
};

/** Parts that a build may leave out, for esm_has_feature(). Since 0.1. */
enum esm_feature {
    ESM_FEATURE_KAFKA = 1, /**< esm/kafka.h: librdkafka as source, commit and destination */
    ESM_FEATURE_AWS = 2,   /**< esm/aws.h: libcurl as the way to functions and AWS services */
    ESM_FEATURE_FORCE_I32 = 0x7fffffff
};

/** How much a log line matters. Since 0.1. */
enum esm_log_level {
    ESM_LOG_ERROR = 1,   /**< work has stopped and needs a person */
    ESM_LOG_WARNING = 2, /**< something was lost, dropped, held or will be repeated */
    ESM_LOG_INFO = 3,    /**< assignments, starts, stops */
    ESM_LOG_DEBUG = 4,   /**< single batches */
    ESM_LOG_LEVEL_FORCE_I32 = 0x7fffffff
};

/**
 * One sentence in English on an error code.
 * @return static text, never NULL; for 0 "success", for an unknown value "unknown error". Since 0.1.
 */
ESM_API const char *esm_strerror(int error);

/**
 * The name of an error code as it is spelt in C, such as "ESM_ERR_NOMEM".
 * @return static text, never NULL; for 0 "ESM_OK", for an unknown value "ESM_ERR_UNKNOWN". Since 0.1.
 */
ESM_API const char *esm_error_name(int error);

/** The version of the library that runs, as ESM_VERSION spells it. Since 0.1. */
ESM_API uint32_t esm_version(void);

/**
 * Whether this build has a part.
 * @param feature one value of enum esm_feature.
 * @return 1 or 0; 0 for an unknown value. Since 0.1.
 */
ESM_API int esm_has_feature(uint32_t feature);

/** Destroys a user_data when the library has no more use for it; NULL where nothing is to be destroyed. Since 0.1. */
typedef void (*esm_destroy_fn)(void *user_data);

typedef void *(*esm_malloc_fn)(void *user_data, size_t size);                /**< like malloc; size is never 0 */
typedef void *(*esm_realloc_fn)(void *user_data, void *memory, size_t size); /**< like realloc; neither is NULL or 0 */
typedef void (*esm_free_fn)(void *user_data, void *memory);                  /**< like free; memory is never NULL */

/**
 * Where the library takes its memory from. Reference-counted: every object that was made with one holds a reference,
 * so that it lives as long as the last of them, tokens in foreign threads included.
 */
typedef struct esm_allocator esm_allocator;

/**
 * Makes an allocator from three functions. They are called from every thread that touches an object made with it,
 * at the same time, and must bear it.
 * @param ret where the new reference goes, owned by the caller; untouched on failure.
 * @param user_data borrowed until `destroy` is called with it.
 * @param destroy called once, when the last reference is gone; may be NULL. Not called when this function fails.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (a function or `ret` is NULL), ESM_ERR_NOMEM (its own malloc failed). Since 0.1.
 */
ESM_API int esm_allocator_new(esm_allocator **ret, esm_malloc_fn malloc_fn, esm_realloc_fn realloc_fn,
                              esm_free_fn free_fn, void *user_data, esm_destroy_fn destroy);

/** Takes another reference. @return its argument; NULL for NULL. Since 0.1. */
ESM_API esm_allocator *esm_allocator_ref(esm_allocator *allocator);

/** Gives a reference back. @return NULL always, so that a variable can be cleared in the same line. Since 0.1. */
ESM_API esm_allocator *esm_allocator_unref(esm_allocator *allocator);

/**
 * Frees memory that the library handed out for the caller to keep.
 * @param allocator the one that the object was made with; NULL for the default.
 * @param memory may be NULL. Since 0.1.
 */
ESM_API void esm_free(esm_allocator *allocator, void *memory);

#ifdef __cplusplus
}
#endif
#endif
