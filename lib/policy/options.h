/* SPDX-License-Identifier: MIT */
/* The options of the policy engine, as it reads them: no pointers and no padding, for they stand in its flat
 * block. */
#ifndef ESM_POLICY_OPTIONS_H
#define ESM_POLICY_OPTIONS_H

#include <esm/backoff.h>
#include <esm/policy.h>

struct esm__rules {
    struct {
        int64_t first_ms, max_ms;
        uint64_t factor_percent;
    } backoff[ESM_BACKOFF_COMMIT]; /* by kind - 1 */
    int64_t max_record_age_ms;     /* -1: no limit */
    uint64_t jitter_seed;
    int32_t max_retries;       /* -1: no limit */
    int32_t max_deliveries;    /* -1: no limit */
    uint32_t partial_response; /* enum esm_partial_response */
    uint8_t bisect, count_timeouts, has_destination, parallel_batches;
};

struct esm_policy_options {
    esm_allocator *allocator;
    struct esm__rules rules;
};

static inline int64_t esm__rules_backoff_ms(const struct esm__rules *rules, enum esm_backoff_kind kind,
                                            uint32_t attempt, uint64_t key)
{
    return esm_backoff_ms(rules->backoff[kind - 1].first_ms, rules->backoff[kind - 1].max_ms,
                          (uint32_t)rules->backoff[kind - 1].factor_percent, attempt, rules->jitter_seed,
                          key);
}

/* Where records go that are given up. */
static inline enum esm_action_type esm__rules_given_up(const struct esm__rules *rules)
{
    return rules->has_destination ? ESM_ACTION_DELIVER : ESM_ACTION_DROP;
}

#endif
