/* SPDX-License-Identifier: MIT */
#include "config/settings.h"

#include "config/inside.h"
#include "config/value.h"

#define RETRY_CAP 10 /* AWS's, where a destination is configured and no limit of retries */

static int64_t number(const esm_config *config, const char *name)
{
    return esm__value_to_int(esm__config_value(config, name));
}

static int is(const esm_config *config, const char *name, const char *value)
{
    const char *given = esm__config_value(config, name);
    return given != NULL && strcmp(given, value) == 0;
}

static size_t bytes(const esm_config *config, const char *name)
{
    int64_t value = number(config, name);
    return (uint64_t)value > SIZE_MAX ? SIZE_MAX : (size_t)value;
}

static void get_batch(const esm_config *config, struct esm__settings *ret)
{
    static const char window[] = "MaximumBatchingWindowInSeconds";
    ret->batch_size = (uint32_t)number(config, "BatchSize");
    ret->batch_window_ms = esm__config_is_set(config, window) ? number(config, window) * 1000
                                                              : number(config, "batch.window_ms");
    ret->batch_max_bytes = bytes(config, "batch.max_bytes");
    ret->max_in_flight = (uint32_t)number(config, "max_in_flight");
    ret->memory_budget = bytes(config, "memory.budget_bytes");
}

static void get_filters(const esm_config *config, struct esm__settings *ret)
{
    ret->filters = esm__config_value(config, "FilterCriteria.Filters");
    ret->drop_mismatches = is(config, "filter.on_mismatch", "drop");
    ret->drop_tombstones = is(config, "filter.on_tombstone", "drop");
}

static void get_destination(const esm_config *config, struct esm__settings *ret)
{
    struct esm__arn arn;
    ret->destination = esm__config_value(config, "DestinationConfig.OnFailure.Destination");
    ret->delivery_max_attempts =
        is(config, "on_delivery_failure", "drop") ? (int32_t)number(config, "delivery.max_attempts") : -1;
    ret->delivery_timeout_ms = number(config, "delivery.timeout_ms");
    if (ret->destination == NULL) {
        ret->destination_kind = ESM__DESTINATION_NONE;
    } else if (esm__arn_read(esm__span(ret->destination), &arn)) {
        ret->destination_kind = esm__span_is(arn.service, "sqs")   ? ESM__DESTINATION_SQS
                                : esm__span_is(arn.service, "sns") ? ESM__DESTINATION_SNS
                                                                   : ESM__DESTINATION_S3;
    } else {
        ret->destination_kind = ESM__DESTINATION_KAFKA;
        ret->destination += strlen("kafka://");
    }
}

static void get_backoff(const esm_config *config, struct esm__settings *ret)
{
    static const char *const names[] = {NULL,
                                        [ESM_BACKOFF_FUNCTION] = "backoff.function_ms",
                                        [ESM_BACKOFF_SERVICE] = "backoff.service_ms",
                                        [ESM_BACKOFF_HOLD] = "backoff.hold_ms",
                                        [ESM_BACKOFF_DELIVERY] = "backoff.delivery_ms",
                                        [ESM_BACKOFF_COMMIT] = "backoff.commit_ms"};
    ret->backoff_max_ms = number(config, "backoff.max_ms");
    ret->backoff_factor_percent = (uint32_t)number(config, "backoff.factor_percent");
    ret->backoff_first_ms[0] = 0;
    for (size_t kind = ESM_BACKOFF_FUNCTION; kind <= ESM_BACKOFF_COMMIT; kind++) {
        int64_t first = number(config, names[kind]);
        ret->backoff_first_ms[kind] = first < ret->backoff_max_ms ? first : ret->backoff_max_ms;
    }
    ret->has_backoff_seed = esm__config_is_set(config, "backoff.seed");
    ret->backoff_seed = ret->has_backoff_seed ? (uint64_t)number(config, "backoff.seed") : 0;
}

static enum esm_partial_response partial_response(const esm_config *config)
{
    if (!esm__config_is_set(config, "FunctionResponseTypes"))
        return ESM_PARTIAL_RESPONSE_OFF;
    return is(config, "partial_response", "checkpoint") ? ESM_PARTIAL_RESPONSE_CHECKPOINT
                                                        : ESM_PARTIAL_RESPONSE_EXACT;
}

/* After get_destination(). */
static void get_policy(const esm_config *config, struct esm__settings *ret)
{
    static const char cap[] = "retry_cap_with_destination";
    int64_t age = number(config, "MaximumRecordAgeInSeconds");
    ret->retry_cap_with_destination =
        is(config, esm__config_is_set(config, cap) ? cap : "aws_strict", "true");
    ret->max_retries = (int32_t)number(config, "MaximumRetryAttempts");
    if (ret->max_retries == -1 && ret->destination != NULL && ret->retry_cap_with_destination)
        ret->max_retries = RETRY_CAP;
    ret->max_record_age_ms = age == -1 ? -1 : age * 1000;
    ret->bisect = is(config, "BisectBatchOnFunctionError", "true");
    ret->partial_response = partial_response(config);
    ret->count_timeouts = is(config, "count_timeouts", "auto") ? esm__config_is_set(config, "function.url")
                                                               : is(config, "count_timeouts", "true");
    get_backoff(config, ret);
}

static void get_function(const esm_config *config, struct esm__settings *ret)
{
    ret->function_name = esm__config_value(config, "FunctionName");
    if (ret->function_name == NULL)
        ret->function_name = esm__config_value(config, "FunctionArn");
    ret->function_url = esm__config_value(config, "function.url");
    ret->aws_endpoint = esm__config_value(config, "aws.endpoint_url");
    ret->aws_region = config->region;
    ret->aws_access_key_id = esm__config_value(config, "aws.access_key_id");
    ret->aws_secret_access_key = esm__config_value(config, "aws.secret_access_key");
    ret->aws_session_token = esm__config_value(config, "aws.session_token");
    ret->aws_profile = esm__config_value(config, "aws.profile");
    ret->invoke_timeout_ms = number(config, "invoke.timeout_ms");
    ret->invoke_connect_timeout_ms = number(config, "invoke.connect_timeout_ms");
}

static enum esm__starting_position starting_position(const esm_config *config)
{
    if (is(config, "StartingPosition", "LATEST"))
        return ESM__START_LATEST;
    if (is(config, "StartingPosition", "TRIM_HORIZON"))
        return ESM__START_TRIM_HORIZON;
    return is(config, "StartingPosition", "AT_TIMESTAMP") ? ESM__START_AT_TIMESTAMP : ESM__START_UNSET;
}

static void get_source(const esm_config *config, struct esm__settings *ret)
{
    const char *time = esm__config_value(config, "StartingPositionTimestamp");
    ret->event_source_arn = esm__config_value(config, "EventSourceArn");
    ret->bootstrap_servers =
        esm__config_value(config, "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS");
    if (ret->bootstrap_servers == NULL)
        ret->bootstrap_servers = esm__config_value(config, "kafka.bootstrap.servers");
    ret->topic = esm__config_value(config, "Topics");
    ret->group_id = config->group_id;
    ret->uuid = esm__config_value(config, "UUID");
    ret->starting_position = starting_position(config);
    ret->starting_timestamp_ms = time == NULL ? 0 : esm__value_to_ms(time);
    ret->offset_out_of_range = is(config, "offset_out_of_range", "stop")     ? ESM__OUT_OF_RANGE_STOP
                               : is(config, "offset_out_of_range", "latest") ? ESM__OUT_OF_RANGE_LATEST
                                                                             : ESM__OUT_OF_RANGE_EARLIEST;
    ret->kafka_wake = is(config, "kafka_wake", "auto");
}

static void get_endings(const esm_config *config, struct esm__settings *ret)
{
    ret->commit_interval_ms = number(config, "commit.interval_ms");
    ret->commit_before_next = is(config, "commit.before_next", "true");
    ret->drain_ms = number(config, "drain_ms");
    ret->stop_drain_ms = number(config, "stop.drain_ms");
}

int esm__config_get_settings(const esm_config *config, struct esm__settings *ret)
{
    if (esm_config_get_fault_count(config) != 0)
        return ESM_ERR_CONFIG;
    ret->enabled = is(config, "Enabled", "true");
    get_batch(config, ret);
    get_filters(config, ret);
    get_destination(config, ret);
    get_policy(config, ret);
    get_function(config, ret);
    get_source(config, ret);
    get_endings(config, ret);
    return 0;
}
