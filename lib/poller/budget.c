/* SPDX-License-Identifier: MIT */
/*
 * Bytes: memory.budget_bytes, less what sources reserve and an eighth for memory that waits for its next use, is divided in
 * two. One half is equal shares that no other partition can take; the other is a pool for partitions on a first
 * attempt. A record's place in the event is in the account from the moment it comes in, so that no body ever lacks room.
 * Invocations: additive increase, multiplicative decrease under throttling.
 */
#include "poller/inside.h"

static size_t above_share(const esm_partition *partition)
{
    size_t share = partition->poller->share;
    return partition->held > share ? partition->held - share : 0;
}

size_t esm__budget_spare_most(const esm_poller *poller)
{
    return poller->settings.memory_budget / 8;
}

void esm__budget_recount(esm_poller *poller)
{
    size_t budget = poller->settings.memory_budget;
    size_t reserved = poller->reserved < budget / 2 ? poller->reserved : budget / 2; /* batches need room whatever it is */
    poller->pool = (budget - esm__budget_spare_most(poller) - reserved) / 2;
    poller->share = poller->pool / (poller->partition_count == 0 ? 1 : poller->partition_count);
    poller->pool_used = poller->unowned;
    for (esm_partition *partition = poller->partitions; partition != NULL; partition = partition->next)
        poller->pool_used += above_share(partition);
    esm__queue_wake(poller); /* there may be more room */
}

void esm__budget_charge(esm_poller *poller, esm_partition *partition, size_t bytes)
{
    poller->held += bytes;
    if (partition == NULL) {
        poller->unowned += bytes;
        poller->pool_used += bytes;
        return;
    }
    size_t before = above_share(partition);
    partition->held += bytes;
    poller->pool_used += above_share(partition) - before;
}

void esm__budget_release(esm_poller *poller, esm_partition *partition, size_t bytes)
{
    poller->held -= bytes;
    if (partition == NULL) {
        poller->unowned -= bytes;
        poller->pool_used -= bytes;
        return;
    }
    size_t before = above_share(partition);
    partition->held -= bytes;
    poller->pool_used -= before - above_share(partition);
}

/* By share and pool. */
static size_t room_of(const esm_partition *partition)
{
    const esm_poller *poller = partition->poller;
    if (partition->held < poller->share)
        return poller->share - partition->held;
    int is_first = partition->closed == NULL || !esm_policy_has_failed(partition->policy, partition->closed->id);
    return is_first && poller->pool > poller->pool_used ? poller->pool - poller->pool_used : 0;
}

/* When a partition comes, the others may hold more than their shares are now: the whole is not exceeded for that. */
size_t esm__budget_room(const esm_partition *partition)
{
    const esm_poller *poller = partition->poller;
    size_t all = poller->pool * 2, room = room_of(partition);
    size_t left = all > poller->held ? all - poller->held : 0;
    return room < left ? room : left;
}

/* One more in flight for every round of successes. */
void esm__limit_success(esm_poller *poller)
{
    if (poller->limit >= poller->settings.max_in_flight || ++poller->limit_credit < poller->limit)
        return;
    poller->limit_credit = 0;
    poller->limit++;
}

/* Half as many, once for all the invocations that were out together. */
void esm__limit_throttled(esm_poller *poller, uint64_t sequence)
{
    if (sequence <= poller->limit_cut)
        return;
    poller->limit_cut = poller->invocation_sequence;
    poller->limit_credit = 0;
    uint32_t most = poller->in_flight + 1 < poller->limit ? poller->in_flight + 1 : poller->limit;
    poller->limit = most / 2 > 0 ? most / 2 : 1;
}
