/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The configuration of an event source mapping: AWS's own JSON in and out, and libesm's options, by name.
 * The names and what they mean stand in docs/configuration.md, which is made from the same table as this
 * code. A configuration may not be used from two threads at once; esm_poller_new() copies it.
 */
#ifndef ESM_CONFIG_H
#define ESM_CONFIG_H

#include <esm/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esm_config esm_config;

/**
 * Makes a configuration with every option at its default.
 * @param allocator a reference is taken; NULL: libc's. @param ret owned by the caller; untouched on failure.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_config_new(esm_allocator *allocator, esm_config **ret);

/** Frees a configuration; NULL is allowed. Since 0.1. */
ESM_API void esm_config_free(esm_config *config);

/**
 * Reads the JSON that create-event-source-mapping takes or get-event-source-mapping prints. Members that only
 * AWS's answer has (UUID, State, LastModified, ...) are understood; libesm's own options may stand beside
 * AWS's, under their own names. Everything wrong is remembered as a fault, and the rest is taken; of what is
 * not JSON nothing is taken.
 * @param json not NUL-terminated; at most 256 KiB.
 * @return 0, ESM_ERR_CONFIG (faults: see esm_config_get_fault()), ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM.
 * Since 0.1.
 */
ESM_API int esm_config_load_json(esm_config *config, const char *json, size_t size);

/**
 * Sets one option from text: an AWS name ("MaximumRetryAttempts", with dots into objects:
 * "DestinationConfig.OnFailure.Destination"; lists are JSON or separated by commas), one of libesm's own
 * ("commit.interval_ms"), or "kafka.*" for librdkafka. An unknown name or a bad value is a fault too.
 * @param value copied; NULL or empty: back to the default.
 * @return 0, ESM_ERR_CONFIG, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_config_set(esm_config *config, const char *name, const char *value);

/**
 * The value of an option as text, its default included. Secrets are given in full: do not log them.
 * @param ret_value borrowed until the configuration is changed or freed; NULL for an option without value or
 * default.
 * @return 0, ESM_ERR_NOT_FOUND (no such option), ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_config_get(const esm_config *config, const char *name, const char **ret_value);

/**
 * Walks over the options that were set, "kafka.*" included, in the order of their names.
 * @param index from 0 on. @param ret_name, ret_value borrowed until the configuration is changed or freed.
 * @return 0, ESM_ERR_NOT_FOUND (past the end), ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_config_get_entry(const esm_config *config, size_t index, const char **ret_name,
                                 const char **ret_value);

/** Parts of the library that want more of a configuration than that it is free of faults. Since 0.1. */
enum esm_config_part {
    ESM_CONFIG_KAFKA = 1,    /**< the consumer group of esm/kafka.h: brokers, topic, starting position */
    ESM_CONFIG_FUNCTION = 2, /**< the invoker of esm/aws.h: a function or a URL */
    ESM_CONFIG_DESTINATION =
        4, /**< the built-in destinations: one that this version serves, if any is named */
    ESM_CONFIG_PART_FORCE_I32 = 0x7fffffff
};

/**
 * Looks at the options together: those that need or exclude each other, and those that the named parts need.
 * Single values, and options that this version does not serve, were looked at when they came in; their faults
 * count here too, until the option is set anew.
 * @param parts flags of enum esm_config_part; 0 for a program that brings its own source, function and
 * destination.
 * @return 0, ESM_ERR_CONFIG, ESM_ERR_INVALID_ARGUMENT (an unknown part), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_config_validate(esm_config *config, uint32_t parts);

/** How many faults loading, setting and the last validation have found. Since 0.1. */
ESM_API size_t esm_config_get_fault_count(const esm_config *config);

/**
 * One fault. Values of secret options do not appear in it.
 * @param ret_option, ret_reason borrowed until the configuration is changed or freed; the reason names the
 * value.
 * @return 0, ESM_ERR_NOT_FOUND, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_config_get_fault(const esm_config *config, size_t index, const char **ret_option,
                                 const char **ret_reason);

/**
 * Writes the mapping as get-event-source-mapping prints it, options of libesm's own behind AWS's. Secrets are
 * left out.
 * @param ret_json NUL-terminated, owned by the caller, to be freed with esm_free() and the configuration's
 * allocator.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_config_to_json(const esm_config *config, char **ret_json);

/**
 * Walks over the options that there are, AWS's first; "kafka.*" is not among them.
 * @param index from 0 on. @param ret_name, ret_default, ret_text static; ret_default is NULL where there is
 * none.
 * @return 0, ESM_ERR_NOT_FOUND (past the end), ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_config_describe(size_t index, const char **ret_name, const char **ret_default,
                                const char **ret_text);

#ifdef __cplusplus
}
#endif
#endif
