/* SPDX-License-Identifier: MIT */
/* The log: partitions that appear and grow, with gaps, and a retention that does not wait for anybody. */
#include "world.h"

static struct entry record(struct world *world)
{
    struct random *random = &world->random;
    const struct rules *rules = &world->rules;
    struct entry entry = {.is_record = 1, .timestamp_ms = world->wall_ms};
    entry.size =
        (size_t)(rules->is_large ? random_between(random, 50000, 600000) : random_between(random, 0, 400));
    if (random_chance(random, 5))
        entry.timestamp_ms = -1;
    else if (random_chance(random, 10)) /* produced long ago, or by a clock that is ahead */
        entry.timestamp_ms += random_between(random, -120000, 60000);
    if (!random_chance(random, 6))
        return entry;
    entry.poison = (enum poison)RANDOM_OF(random, FAILS, FAILS, FAILS, HANGS, REFUSED_FOR_SIZE);
    if (random_chance(random, 15) && rules->batch_max_bytes < 1000000)
        entry.size = (size_t)rules->batch_max_bytes; /* larger than any event may be */
    return entry;
}

void log_produce(struct world *world, int number, int count)
{
    struct log *log = &world->logs[number];
    for (; count > 0 && log->end < OFFSETS_MAX - 10; count--) {
        if (random_chance(&world->random, 8))
            log->end += random_between(&world->random, 1, 3);
        log->entries[log->end++] = record(world);
        world->records++;
        if (random_chance(&world->random, 5))
            log->end++; /* a transaction's marker */
    }
}

void log_create(struct world *world)
{
    if (world->log_count == PARTITIONS_MAX)
        return;
    struct log *log = &world->logs[world->log_count];
    log->committed = -1;
    log->low = log->end = random_chance(&world->random, 30) ? random_between(&world->random, 1, 20) : 0;
    log->target = -1;
    log_produce(world, world->log_count, (int)random_between(&world->random, 0, 20));
    say(world, "partition %d: %lld to %lld", world->log_count, (long long)log->low, (long long)log->end);
    world->log_count++;
}

void log_retain(struct world *world, int number)
{
    struct log *log = &world->logs[number];
    log->low = random_between(&world->random, log->low, log->end);
    say(world, "partition %d begins at %lld now", number, (long long)log->low);
}

int64_t log_next_record(const struct log *log, int64_t offset)
{
    while (offset < log->end && !log->entries[offset].is_record)
        offset++;
    return offset;
}

/* What no rule gives up has to be cured, or nothing would ever settle. */
void log_settle(struct world *world)
{
    const struct rules *rules = &world->rules;
    int is_endless = rules->max_retries < 0 && rules->age_ms < 0;
    for (int number = 0; number < world->log_count; number++)
        for (int64_t offset = 0; offset < world->logs[number].end; offset++) {
            struct entry *entry = &world->logs[number].entries[offset];
            if ((entry->poison == FAILS && is_endless) ||
                (entry->poison == HANGS && (is_endless || (!rules->count_timeouts && rules->age_ms < 0))))
                entry->poison = WHOLESOME;
        }
}
