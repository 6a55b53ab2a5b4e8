/* SPDX-License-Identifier: MIT */
#include "policy/options.h"

#include "base/alloc.h"

static const struct esm__rules defaults = {
    .backoff =
        {
            [ESM_BACKOFF_FUNCTION - 1] = {1000, 60000, 200},
            [ESM_BACKOFF_SERVICE - 1] = {100, 60000, 200},
            [ESM_BACKOFF_HOLD - 1] = {10000, 60000, 200},
            [ESM_BACKOFF_DELIVERY - 1] = {1000, 60000, 200},
            [ESM_BACKOFF_COMMIT - 1] = {100, 60000, 200},
        },
    .max_record_age_ms = -1,
    .max_retries = -1,
    .max_deliveries = -1,
    .partial_response = ESM_PARTIAL_RESPONSE_OFF,
};

int esm_policy_options_new(esm_allocator *allocator, esm_policy_options **ret)
{
    if (ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_policy_options *options = esm__malloc(allocator, sizeof(*options));
    if (options == NULL)
        return ESM_ERR_NOMEM;
    options->allocator = esm_allocator_ref(allocator);
    options->rules = defaults;
    *ret = options;
    return 0;
}

void esm_policy_options_free(esm_policy_options *options)
{
    if (options == NULL)
        return;
    esm_allocator *allocator = options->allocator;
    esm__free(allocator, options);
    esm_allocator_unref(allocator);
}

int esm_policy_options_set_max_retries(esm_policy_options *options, int32_t retries)
{
    if (options == NULL || retries < -1)
        return ESM_ERR_INVALID_ARGUMENT;
    options->rules.max_retries = retries;
    return 0;
}

int esm_policy_options_set_max_record_age_ms(esm_policy_options *options, int64_t age_ms)
{
    if (options == NULL || age_ms < -1)
        return ESM_ERR_INVALID_ARGUMENT;
    options->rules.max_record_age_ms = age_ms;
    return 0;
}

int esm_policy_options_set_partial_response(esm_policy_options *options, enum esm_partial_response mode)
{
    if (options == NULL || mode < ESM_PARTIAL_RESPONSE_OFF || mode > ESM_PARTIAL_RESPONSE_CHECKPOINT)
        return ESM_ERR_INVALID_ARGUMENT;
    options->rules.partial_response = (uint32_t)mode;
    return 0;
}

int esm_policy_options_set_backoff(esm_policy_options *options, enum esm_backoff_kind kind, int64_t first_ms,
                                   int64_t max_ms, uint32_t factor_percent)
{
    if (options == NULL || kind < ESM_BACKOFF_FUNCTION || kind > ESM_BACKOFF_COMMIT || first_ms < 0 ||
        max_ms < first_ms || factor_percent < 100)
        return ESM_ERR_INVALID_ARGUMENT;
    options->rules.backoff[kind - 1].first_ms = first_ms;
    options->rules.backoff[kind - 1].max_ms = max_ms;
    options->rules.backoff[kind - 1].factor_percent = factor_percent;
    return 0;
}

int esm_policy_options_set_jitter_seed(esm_policy_options *options, uint64_t seed)
{
    if (options == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    options->rules.jitter_seed = seed;
    return 0;
}

int esm_policy_options_set_delivery(esm_policy_options *options, int has_destination, int32_t max_attempts)
{
    if (options == NULL || (has_destination != 0 && has_destination != 1) || max_attempts < -1 ||
        max_attempts == 0)
        return ESM_ERR_INVALID_ARGUMENT;
    options->rules.has_destination = (uint8_t)has_destination;
    options->rules.max_deliveries = max_attempts;
    return 0;
}

/* An option that is on or off. */
static int set_switch(uint8_t *ret, int on)
{
    if (ret == NULL || (on != 0 && on != 1))
        return ESM_ERR_INVALID_ARGUMENT;
    *ret = (uint8_t)on;
    return 0;
}

int esm_policy_options_set_bisect(esm_policy_options *options, int on)
{
    return set_switch(options == NULL ? NULL : &options->rules.bisect, on);
}

int esm_policy_options_set_count_timeouts(esm_policy_options *options, int on)
{
    return set_switch(options == NULL ? NULL : &options->rules.count_timeouts, on);
}

int esm_policy_options_set_parallel_batches(esm_policy_options *options, int on)
{
    return set_switch(options == NULL ? NULL : &options->rules.parallel_batches, on);
}
