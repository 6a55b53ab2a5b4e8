/* SPDX-License-Identifier: MIT */
/* One assignment of one partition: the records that come in, the batch that fills, and the way out. */
#include "poller/inside.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"

/* ---- the batch that fills ---- */

static struct esm__batch *take_batch(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    struct esm__batch *batch = poller->spare_batches;
    if (batch != NULL) {
        poller->spare_batches = batch->next;
        poller->spare_bytes -= batch->memory;
        batch->next = NULL;
        esm__batch_clear(batch, esm__budget_room(partition)); /* its chunks are this partition's from now on */
    } else if (esm__batch_new(poller->allocator, &batch) != 0) {
        return NULL;
    }
    strcpy(batch->topic, partition->topic);
    return batch;
}

/* Drops a reference; the last one puts the batch aside for the next use, or frees it. */
void esm__partition_put_batch(esm_poller *poller, esm_partition *partition, struct esm__batch *batch)
{
    if (!esm__batch_unref(batch))
        return;
    esm__budget_release(poller, partition, batch->charged);
    size_t most = esm__budget_spare_most(poller);
    size_t room = most > poller->spare_bytes ? most - poller->spare_bytes : 0;
    esm__batch_clear(batch, room);
    if (batch->memory > room) {
        esm__batch_free(batch);
        return;
    }
    poller->spare_bytes += batch->memory;
    batch->next = poller->spare_batches;
    poller->spare_batches = batch;
}

static size_t event_length_with(const esm_partition *partition, const struct esm__batch *batch, size_t more)
{
    return partition->event_envelope + batch->event_length + batch->count + more;
}

static int open_filling(esm_partition *partition)
{
    struct esm__batch *batch = take_batch(partition);
    if (batch == NULL)
        return ESM_ERR_NOMEM;
    int error = esm_policy_open_batch(partition->policy, &batch->id);
    if (error != 0) {
        esm__partition_put_batch(partition->poller, partition, batch);
        return error;
    }
    partition->filling = batch;
    return 0;
}

static void close_filling(esm_partition *partition)
{
    struct esm__batch *batch = partition->filling;
    partition->filling = NULL;
    esm_policy_close_batch(partition->policy, batch->id);
    struct esm__batch **end = &partition->closed;
    while (*end != NULL)
        end = &(*end)->next;
    *end = batch;
    partition->closed_count++;
    if (esm__commit_is_behind(partition))
        esm__commit_want(partition); /* a gap in front of it ended with its first record */
    esm__queue_add(partition->poller, ESM__QUEUE_READY, partition);
}

/* When the filling batch closes by itself: after its window, and not before the one ahead has ended. */
static int64_t close_due(const esm_partition *partition)
{
    const struct esm__batch *batch = partition->filling;
    if (batch == NULL || batch->count == 0 || partition->closed != NULL || partition->is_draining)
        return ESM_NEVER;
    if (esm__budget_room(partition) == 0)
        return partition->poller->monotonic_ms;
    return esm__add_ms(batch->opened_ms, partition->poller->settings.batch_window_ms);
}

/* ---- feeding ---- */

size_t esm_partition_get_wanted(esm_partition *partition, size_t *ret_bytes)
{
    if (partition == NULL)
        return 0;
    size_t filled = partition->filling == NULL ? 0 : partition->filling->count;
    size_t wanted = partition->poller->settings.batch_size - filled;
    size_t bytes = esm__budget_room(partition);
    if (bytes == 0 && partition->held == 0)
        wanted = bytes = 1; /* whoever holds nothing may always take one record */
    if (bytes == 0 || partition->is_draining || partition->closed_count > 1)
        wanted = 0;
    if (partition->closed != NULL && esm_policy_has_failed(partition->policy, partition->closed->id))
        wanted = 0;
    if (wanted == 0) {
        if (bytes == 0)
            esm__queue_add(partition->poller, ESM__QUEUE_WAITING, partition);
        partition->is_told = 0;
        bytes = 0;
    }
    if (ret_bytes != NULL)
        *ret_bytes = bytes;
    return wanted;
}

static int append(esm_partition *partition, const esm_record *record, uint32_t event_length)
{
    struct esm__batch *batch = partition->filling;
    int error = esm__batch_append(batch, record, partition->number, event_length);
    if (error != 0)
        return error;
    int64_t timestamp_ms = record->timestamp_ms;
    if (record->timestamp_type == ESM_TIMESTAMP_NOT_AVAILABLE) {
        timestamp_ms = -1;
        esm_policy_set_time(partition->policy, partition->poller->monotonic_ms, partition->poller->wall_ms);
    }
    error = esm_policy_add_record(partition->policy, batch->id, partition->lane, record->offset, timestamp_ms, NULL);
    if (error != 0)
        esm__batch_remove_last(batch, event_length);
    return error;
}

static int passes(const esm_poller *poller, const esm_record *record)
{
    int matches = 1;
    if (poller->filter != NULL)
        esm_filter_match(poller->filter, record, &matches);
    return matches;
}

/* A record that the function never sees is complete in its turn, like a gap. */
static int filter_out(esm_partition *partition, int64_t offset)
{
    esm_poller *poller = partition->poller;
    if (esm_policy_complete(partition->policy, partition->lane, offset) != 0)
        return ESM_ERR_INVALID_ARGUMENT;
    poller->counters[ESM_COUNTER_POLLED]++;
    poller->counters[ESM_COUNTER_FILTERED]++;
    if (!partition->links[ESM__QUEUE_COMMIT].is_in) {
        esm__poller_catch_up(poller);
        esm__commit_want(partition);
    }
    return 0;
}

int esm_partition_push(esm_partition *partition, const esm_record *record)
{
    if (partition == NULL || record == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (partition->is_draining)
        return ESM_ERR_STATE;
    if (esm_partition_get_wanted(partition, NULL) == 0)
        return ESM_ERR_FULL;
    esm_poller *poller = partition->poller;
    esm_record view = *record;
    view.topic = partition->topic;
    view.partition = partition->number;
    if (!passes(poller, &view))
        return filter_out(partition, view.offset);
    if (partition->filling == NULL || record->timestamp_type == ESM_TIMESTAMP_NOT_AVAILABLE)
        esm__poller_catch_up(poller); /* the window, or the record's age, begins now */
    size_t length = esm__event_record_length(&view);
    if (length > UINT32_MAX)
        return ESM_ERR_INVALID_ARGUMENT;
    if (partition->filling != NULL && partition->filling->count > 0 &&
        event_length_with(partition, partition->filling, length) >= poller->settings.batch_max_bytes)
        close_filling(partition);
    int error = partition->filling == NULL ? open_filling(partition) : 0;
    if (error == 0)
        error = append(partition, &view, (uint32_t)length);
    if (error != 0)
        return error == ESM_ERR_NOMEM ? ESM_ERR_NOMEM : ESM_ERR_INVALID_ARGUMENT;
    struct esm__batch *batch = partition->filling;
    size_t cost = batch->memory + event_length_with(partition, batch, 0);
    esm__budget_charge(poller, partition, cost - batch->charged);
    batch->charged = cost;
    poller->counters[ESM_COUNTER_POLLED]++;
    if (batch->count == 1) {
        batch->opened_ms = poller->monotonic_ms;
        esm__queue_add(poller, ESM__QUEUE_READY, partition);
    }
    if (batch->count == poller->settings.batch_size)
        close_filling(partition);
    return 0;
}

int esm_partition_skip_to(esm_partition *partition, int64_t next_offset)
{
    if (partition == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (partition->is_draining)
        return ESM_ERR_STATE;
    int error = esm_policy_skip_to(partition->policy, partition->lane, next_offset);
    if (error == 0) {
        esm__poller_catch_up(partition->poller);
        esm__commit_want(partition);
    }
    return error;
}

int esm_partition_set_want(esm_partition *partition, esm_want_fn want, void *user_data, esm_destroy_fn destroy)
{
    if (partition == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm__hook_set(&partition->want, (void (*)(void))want, user_data, destroy);
    return 0;
}

int esm_partition_set_metadata(esm_partition *partition, const char *metadata)
{
    if (partition == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_allocator *allocator = partition->poller->allocator;
    char *copy = NULL;
    if (metadata != NULL && (copy = esm__strndup(allocator, metadata, strlen(metadata))) == NULL)
        return ESM_ERR_NOMEM;
    esm__free(allocator, partition->metadata);
    partition->metadata = copy;
    return 0;
}

int64_t esm_partition_get_position(const esm_partition *partition)
{
    if (partition == NULL)
        return -1;
    return partition->is_ended ? partition->position : esm_policy_get_position(partition->policy, partition->lane);
}

const char *esm_partition_get_topic(const esm_partition *partition)
{
    return partition == NULL ? NULL : partition->topic;
}

int32_t esm_partition_get_number(const esm_partition *partition)
{
    return partition == NULL ? -1 : partition->number;
}

/* ---- one turn's work ---- */

/* The batches at the head that have ended are put away. */
void esm__partition_batch_done(esm_partition *partition)
{
    struct esm__batch *batch;
    while ((batch = partition->closed) != NULL && esm_policy_get_open_records(partition->policy, batch->id) == 0) {
        partition->closed = batch->next;
        partition->closed_count--;
        batch->next = NULL;
        esm__partition_put_batch(partition->poller, partition, batch);
    }
    esm__commit_want(partition);
}

static void finish_removal(esm_partition *partition)
{
    esm_removed_fn removed = partition->removed;
    void *removed_data = partition->removed_data;
    int is_drained = partition->is_drained;
    esm__partition_free(partition);
    if (removed != NULL)
        removed(removed_data, is_drained);
}

/* Wakes the partition when something falls due; what waits for a slot, bytes or a commit is woken by that. */
static void set_timer(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    uint32_t types = ESM_ACTION_DELIVER | ESM_ACTION_DROP;
    int waits_for_slot = partition->links[ESM__QUEUE_WAITING].is_in && poller->in_flight >= poller->limit;
    if (!waits_for_slot && !esm__commit_is_behind(partition))
        types |= ESM_ACTION_INVOKE;
    int64_t due = esm_policy_get_deadline_ms(partition->policy, types);
    int64_t close = close_due(partition);
    if (close < due)
        due = close;
    if (due < partition->retry_ms)
        due = partition->retry_ms; /* there was no memory */
    partition->retry_ms = 0;
    if (partition->is_draining && partition->drain_deadline < due)
        due = partition->drain_deadline;
    esm__timer_set(&poller->timers, &partition->timer, due);
}

void esm__partition_work(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    int64_t now = poller->monotonic_ms;
    if (partition->is_draining && !partition->is_ended && now >= partition->drain_deadline)
        esm__partition_end(partition, 0);
    if (partition->is_ended) {
        if (partition->is_removed)
            finish_removal(partition);
        return;
    }
    esm_policy_set_time(partition->policy, now, poller->wall_ms);
    esm__drive(partition);
    if (close_due(partition) <= now) {
        close_filling(partition);
        esm__drive(partition);
    }
    if (partition->is_draining && esm_policy_is_drained(partition->policy, partition->lane) == 1) {
        esm__partition_end(partition, 1);
        esm__queue_add(poller, ESM__QUEUE_READY, partition);
        return;
    }
    set_timer(partition);
    if (!partition->is_told && partition->want.fn != NULL && esm_partition_get_wanted(partition, NULL) > 0)
        esm__queue_add(poller, ESM__QUEUE_WANTED, partition);
}


/* ---- coming and going ---- */

static void fire(struct esm__timer *timer)
{
    esm_partition *partition = (esm_partition *)((char *)timer - offsetof(esm_partition, timer));
    esm__queue_add(partition->poller, ESM__QUEUE_READY, partition);
}

static int is_there(const esm_poller *poller, const char *topic, int32_t number)
{
    for (const esm_partition *p = poller->partitions; p != NULL; p = p->next)
        if (p->number == number && !p->is_removed && strcmp(p->topic, topic) == 0)
            return 1;
    return 0;
}

int esm_poller_add_partition(esm_poller *poller, const char *topic, int32_t number, int64_t start_offset,
                             int64_t committed_offset, esm_partition **ret)
{
    if (poller == NULL || topic == NULL || topic[0] == '\0' || strlen(topic) > ESM__TOPIC_SIZE_MAX || number < 0 ||
        start_offset < 0 || committed_offset < -1 || ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (atomic_load(&poller->state) >= ESM_POLLER_STOPPED || poller->source_state == ESM__SOURCE_CLOSING)
        return ESM_ERR_STATE;
    if (is_there(poller, topic, number))
        return ESM_ERR_CONFLICT;
    int error = esm__poller_freeze(poller);
    if (error != 0)
        return error;
    esm_partition *partition = esm__calloc(poller->allocator, 1, sizeof(*partition));
    if (partition == NULL)
        return ESM_ERR_NOMEM;
    partition->poller = poller;
    partition->number = number;
    partition->committed = committed_offset;
    partition->is_told = 1;
    partition->topic = esm__strndup(poller->allocator, topic, strlen(topic));
    /* Partitions that fail at the same offset should not wait alike. */
    esm_policy_options_set_jitter_seed(poller->policy_options, poller->jitter_seed + (uint64_t)(uint32_t)number);
    if (partition->topic == NULL ||
        esm_policy_new(poller->allocator, &partition->policy, poller->policy_options) != 0 ||
        esm_policy_add_lane(partition->policy, start_offset, committed_offset, &partition->lane) != 0 ||
        esm__timer_make(&poller->timers, &partition->timer, fire) != 0) {
        esm_policy_free(partition->policy);
        esm__free(poller->allocator, partition->topic);
        esm__free(poller->allocator, partition);
        return ESM_ERR_NOMEM;
    }
    partition->event_envelope =
        esm__event_envelope_length(&poller->shared->source) + esm__event_group_length(topic, number);
    partition->next = poller->partitions;
    partition->link = &poller->partitions;
    if (partition->next != NULL)
        partition->next->link = &partition->next;
    poller->partitions = partition;
    poller->partition_count++;
    poller->open_partitions++;
    esm__budget_recount(poller);
    esm__poller_catch_up(poller);
    esm__commit_want(partition);
    if (atomic_load(&poller->state) == ESM_POLLER_DRAINING)
        esm__partition_drain(partition, poller->stop_deadline);
    *ret = partition;
    return 0;
}

void esm__partition_drain(esm_partition *partition, int64_t deadline_ms)
{
    if (!partition->is_draining) {
        partition->is_draining = 1;
        partition->drain_deadline = deadline_ms;
        esm_policy_drain(partition->policy, partition->lane);
        esm__commit_want(partition);
    } else if (deadline_ms < partition->drain_deadline) {
        partition->drain_deadline = deadline_ms;
    }
    if (partition->drain_deadline <= partition->poller->monotonic_ms)
        esm__commit_forget(partition); /* lost: nothing more of it goes out, though its end comes with the next turn */
    esm__queue_add(partition->poller, ESM__QUEUE_READY, partition);
}

int esm_partition_remove(esm_partition *partition, int64_t drain_ms, esm_removed_fn removed, void *user_data)
{
    if (partition == NULL || drain_ms < -1)
        return ESM_ERR_INVALID_ARGUMENT;
    if (!partition->is_removed) {
        partition->is_removed = 1;
        partition->removed = removed;
        partition->removed_data = user_data;
    }
    esm_poller *poller = partition->poller;
    esm__poller_catch_up(poller);
    if (drain_ms == -1)
        drain_ms = poller->settings.drain_ms;
    esm__partition_drain(partition, esm__add_ms(poller->monotonic_ms, drain_ms));
    return 0;
}

/* The way out: whoever still works for it works in vain, what it held is given back or left to its tokens. */
void esm__partition_end(esm_partition *partition, int is_drained)
{
    esm_poller *poller = partition->poller;
    size_t open = partition->filling == NULL ? 0 : partition->filling->count;
    for (const struct esm__batch *batch = partition->closed; batch != NULL; batch = batch->next)
        open += esm_policy_get_open_records(partition->policy, batch->id);
    poller->counters[ESM_COUNTER_ABANDONED] += (int64_t)open;
    if (!is_drained && open > 0)
        esm__poller_log(poller, ESM_LOG_WARNING, "%s-%d: given back with %zu records unresolved, from offset %lld on",
                        partition->topic, (int)partition->number, open,
                        (long long)esm_partition_get_position(partition));
    partition->position = esm_partition_get_position(partition);
    partition->is_ended = 1;
    partition->is_drained = is_drained;
    poller->open_partitions--;
    esm__commit_forget(partition);
    esm__drive_abandon(partition);
    esm_policy_revoke(partition->policy, partition->lane);
    if (partition->filling != NULL)
        esm__partition_put_batch(poller, partition, partition->filling);
    partition->filling = NULL;
    while (partition->closed != NULL) {
        struct esm__batch *batch = partition->closed;
        partition->closed = batch->next;
        batch->next = NULL;
        esm__partition_put_batch(poller, partition, batch);
    }
    poller->unowned += partition->held; /* by tokens that are still out */
    partition->held = 0;
    esm__budget_recount(poller);
    esm__timer_set(&poller->timers, &partition->timer, ESM_NEVER);
    esm__queue_wake(poller);
    if (partition->is_removed)
        esm__queue_add(poller, ESM__QUEUE_READY, partition); /* to be told */
}

void esm__partition_free(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    if (!partition->is_ended)
        esm__partition_end(partition, 0);
    for (int kind = 0; kind < ESM__QUEUES; kind++)
        esm__queue_remove(poller, (enum esm__queue_kind)kind, partition);
    *partition->link = partition->next;
    if (partition->next != NULL)
        partition->next->link = partition->link;
    poller->partition_count--;
    esm__budget_recount(poller);
    esm__timer_unmake(&poller->timers, &partition->timer);
    esm__hook_set(&partition->want, NULL, NULL, NULL);
    esm_policy_free(partition->policy);
    esm__free(poller->allocator, partition->metadata);
    esm__free(poller->allocator, partition->topic);
    esm__free(poller->allocator, partition);
}
