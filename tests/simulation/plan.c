/* SPDX-License-Identifier: MIT */
/* From a seed: the rules, and the configuration that says them to the pollers. */
#include "world.h"

#include <string.h>

static void choose(struct world *world)
{
    struct random *random = &world->random;
    struct rules *rules = &world->rules;
    rules->is_large = random_chance(random, 8);
    rules->is_cooperative = random_chance(random, 50);
    rules->max_retries = RANDOM_OF(random, -1, 0, 1, 2, 5);
    rules->bisect = random_chance(random, 50);
    rules->age_ms = random_chance(random, 35) ? 60000 : -1;
    rules->partial = (int)RANDOM_OF(random, 0, 0, 1, 2);
    rules->count_timeouts = random_chance(random, 50);
    rules->has_destination = random_chance(random, 60);
    rules->delivery_max =
        rules->has_destination && random_chance(random, 30) ? random_between(random, 1, 4) : -1;
    rules->batch_size = RANDOM_OF(random, 1, 2, 5, 10, 40);
    rules->window_ms = RANDOM_OF(random, 0, 0, 500);
    rules->batch_max_bytes = rules->is_large ? 2000000 : RANDOM_OF(random, 1500, 4000, 6291456);
    rules->max_in_flight = RANDOM_OF(random, 1, 2, 3, 100);
    rules->budget = 8388608;
    rules->before_next = random_chance(random, 35);
    rules->timeout_ms = RANDOM_OF(random, 1000, 5000, 20000);
    rules->delivery_timeout_ms = RANDOM_OF(random, 1000, 5000);
    rules->drain_ms = RANDOM_OF(random, 0, 500, 3000, 8000);
    rules->stop_drain_ms = RANDOM_OF(random, 0, 1000, 30000);
    world->restless = (int)RANDOM_OF(random, 10, 40, 100);
    world->settle_ms = world->now_ms + random_between(random, 20000, 90000);
    world->member_count = (int)random_between(random, 1, MEMBERS_MAX);
}

/* What a break needs to have something to break, and to be the only thing that is broken. */
static void prepare_break(struct world *world)
{
    struct rules *rules = &world->rules;
    switch (world->on_purpose) {
    case ATTEMPTS:
        rules->max_retries = 1;
        rules->age_ms = -1;
        rules->bisect = 0;
        break;
    case GIVEN_UP:
        rules->max_retries = 2;
        rules->has_destination = 1;
        rules->delivery_max = -1;
        rules->bisect = 0;
        break;
    case ORDER:
        rules->before_next = 0;
        rules->max_retries = -1;
        world->restless = 0;
        world->member_count = 1;
        break;
    case REPEAT:
        world->restless = 0;
        world->member_count = 1;
        break;
    case BATCH: rules->batch_size = 2; break;
    case BEFORE_NEXT:
        rules->before_next = 1;
        rules->batch_size = 2;
        break;
    case TIMEOUT: rules->timeout_ms = 1000; break;
    case SETTLE:
        rules->max_retries = -1;
        rules->age_ms = -1;
        break;
    case DRAIN:
    case GHOST: rules->drain_ms = 3000; break;
    default: break;
    }
}

static void set(struct world *world, const char *name, const char *value)
{
    if (esm_config_set(world->config, name, value) != 0)
        violate(world, REFUSED, "option %s = %s", name, value);
}

static void set_number(struct world *world, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    set(world, name, text);
}

static void configure(struct world *world)
{
    struct random *random = &world->random;
    const struct rules *rules = &world->rules;
    enum invariant lie = world->on_purpose; /* the pollers are told something else than the judge */
    int64_t retries = rules->max_retries;
    if (lie == ATTEMPTS)
        retries++;
    else if (lie == GIVEN_UP)
        retries--;
    set_number(world, "MaximumRetryAttempts", retries);
    set_number(world, "BatchSize", rules->batch_size + (lie == BATCH));
    set_number(world, "batch.window_ms", rules->window_ms);
    set_number(world, "batch.max_bytes", rules->batch_max_bytes);
    set_number(world, "max_in_flight", rules->max_in_flight);
    set_number(world, "memory.budget_bytes", rules->budget);
    set_number(world, "invoke.timeout_ms", rules->timeout_ms * (lie == TIMEOUT ? 50 : 1));
    set_number(world, "delivery.timeout_ms", rules->delivery_timeout_ms);
    set_number(world, "drain_ms", rules->drain_ms);
    set_number(world, "stop.drain_ms", rules->stop_drain_ms);
    set_number(world, "commit.interval_ms", lie == ORDER ? 80000000 : RANDOM_OF(random, 0, 100, 1000));
    set(world, "commit.before_next", rules->before_next && lie != BEFORE_NEXT ? "true" : "false");
    set(world, "BisectBatchOnFunctionError", rules->bisect ? "true" : "false");
    set(world, "count_timeouts", rules->count_timeouts ? "true" : "false");
    if (rules->age_ms >= 0)
        set_number(world, "MaximumRecordAgeInSeconds", rules->age_ms / 1000);
    if (rules->partial != 0)
        set(world, "FunctionResponseTypes", "ReportBatchItemFailures");
    if (rules->partial == 2)
        set(world, "partial_response", "checkpoint");
    if (rules->delivery_max > 0) {
        set(world, "on_delivery_failure", "drop");
        set_number(world, "delivery.max_attempts", rules->delivery_max);
    }
    set_number(world, "backoff.max_ms", RANDOM_OF(random, 1000, 10000, 60000));
    set_number(world, "backoff.function_ms", RANDOM_OF(random, 0, 100, 1000));
    set_number(world, "backoff.seed", (int64_t)(world->seed & INT64_MAX));
}

void plan(struct world *world)
{
    choose(world);
    prepare_break(world);
    const struct rules *r = &world->rules;
    say(world,
        "seed %llu: %d members, %s, batches of %lld in %lld ms, %lld retries%s%s%s, age %lld, in flight "
        "%lld%s%s",
        (unsigned long long)world->seed, world->member_count, r->is_cooperative ? "cooperative" : "eager",
        (long long)r->batch_size, (long long)r->window_ms, (long long)r->max_retries,
        r->bisect ? ", bisect" : "",
        r->partial == 0   ? ""
        : r->partial == 1 ? ", partial"
                          : ", checkpoint",
        r->has_destination ? ", a destination" : "", (long long)r->age_ms, (long long)r->max_in_flight,
        r->before_next ? ", commit before next" : "", r->is_large ? ", large records" : "");
    configure(world);
}
