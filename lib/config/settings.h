/* SPDX-License-Identifier: MIT */
/* A configuration in the types that the poller and the transports compute with. Texts are borrowed from the
 * configuration. */
#ifndef ESM_CONFIG_SETTINGS_H
#define ESM_CONFIG_SETTINGS_H

#include <esm/config.h>
#include <esm/policy.h>

enum esm__starting_position {
    ESM__START_UNSET,
    ESM__START_LATEST,
    ESM__START_TRIM_HORIZON,
    ESM__START_AT_TIMESTAMP,
};

enum esm__offset_out_of_range {
    ESM__OUT_OF_RANGE_EARLIEST,
    ESM__OUT_OF_RANGE_LATEST,
    ESM__OUT_OF_RANGE_STOP,
};

enum esm__destination_kind {
    ESM__DESTINATION_NONE,
    ESM__DESTINATION_SQS,
    ESM__DESTINATION_SNS,
    ESM__DESTINATION_S3,
    ESM__DESTINATION_KAFKA,
};

struct esm__settings {
    int enabled;

    /* batches */
    uint32_t batch_size;
    int64_t batch_window_ms;
    size_t batch_max_bytes; /* an event is shorter than this */
    uint32_t max_in_flight;
    size_t memory_budget;

    /* which records go into one */
    const char *filters; /* as esm__filters_read() takes them; NULL: all */
    int drop_mismatches, drop_tombstones;

    /* what becomes of a batch */
    int32_t max_retries; /* -1: without limit; capped already where the configuration names a destination */
    int retry_cap_with_destination; /* for a destination that only the program knows of: -1 becomes 10 */
    int64_t max_record_age_ms;      /* -1: without limit */
    int bisect;
    enum esm_partial_response partial_response;
    int count_timeouts;
    int64_t backoff_first_ms[ESM_BACKOFF_COMMIT + 1]; /* by enum esm_backoff_kind; [0] is not used */
    int64_t backoff_max_ms;                           /* none of them is above it */
    uint32_t backoff_factor_percent;
    int has_backoff_seed;
    uint64_t backoff_seed;

    /* the function */
    const char *function_name; /* as given: a name or an ARN, perhaps with qualifier; NULL: none */
    const char *function_url;  /* NULL: FunctionName is a Lambda function */
    const char *aws_endpoint;  /* base URL; NULL: AWS's own */
    const char
        *aws_region; /* aws.region, else of FunctionName, else of EventSourceArn; NULL: none of them says */
    const char *aws_access_key_id; /* NULL: not given, as the next ones */
    const char *aws_secret_access_key;
    const char *aws_session_token;
    const char *aws_profile;
    int64_t invoke_timeout_ms;
    int64_t invoke_connect_timeout_ms;

    /* the source */
    const char *event_source_arn;  /* NULL: self-managed */
    const char *bootstrap_servers; /* separated by commas; NULL: not given */
    const char *topic;             /* NULL: not given */
    const char *group_id;          /* NULL: nothing to derive it from */
    enum esm__starting_position starting_position;
    int64_t starting_timestamp_ms; /* with AT_TIMESTAMP, wall clock */
    enum esm__offset_out_of_range offset_out_of_range;
    int kafka_wake; /* 0: never wake librdkafka's brokers */

    /* records that were given up */
    enum esm__destination_kind destination_kind;
    const char *destination;       /* an ARN or, for a Kafka topic, the bare topic; NULL: none */
    int32_t delivery_max_attempts; /* -1: without limit */
    int64_t delivery_timeout_ms;
    const char *uuid; /* NULL: not given */

    /* commits and endings */
    int64_t commit_interval_ms;
    int commit_before_next;
    int64_t drain_ms;      /* on revoke */
    int64_t stop_drain_ms; /* on stop */
};

/* For a configuration that esm_config_validate() has accepted: 0. ESM_ERR_CONFIG, ret untouched, while it has
 * faults. */
int esm__config_get_settings(const esm_config *config, struct esm__settings *ret);

/* A copy with its own memory, faults included. 0, ESM_ERR_NOMEM. */
int esm__config_clone(const esm_config *config, esm_allocator *allocator, esm_config **ret);

#endif
