/* SPDX-License-Identifier: MIT */
/* The source's start, and the end of a poller: drain the partitions, close the source, stop. */
#include "poller/inside.h"

#include "base/checked.h"

static int call_source(esm_poller *poller, enum esm_source_event event)
{
    return ((esm_source_fn)poller->source.fn)(poller->source.user_data, event);
}

void esm__source_start(esm_poller *poller)
{
    if (poller->source.fn == NULL)
        return;
    if (!poller->settings.enabled) {
        esm__poller_log(poller, ESM_LOG_INFO, "not enabled: polls nothing");
        return;
    }
    poller->source_state = ESM__SOURCE_OPEN;
    int error = call_source(poller, ESM_SOURCE_START);
    if (error != 0)
        esm_poller_fail(poller, error < 0 ? error : ESM_ERR_TRANSPORT, "the source did not start");
}

int esm_poller_stop(esm_poller *poller, int64_t drain_ms)
{
    if (poller == NULL || drain_ms < -1)
        return ESM_ERR_INVALID_ARGUMENT;
    if (drain_ms == -1)
        drain_ms = poller->settings.stop_drain_ms;
    int64_t asked = atomic_load(&poller->stop_asked);
    while (drain_ms < asked && !atomic_compare_exchange_weak(&poller->stop_asked, &asked, drain_ms))
        ;
    esm__shared_wake(poller->shared);
    return 0;
}

int esm_poller_fail(esm_poller *poller, int error, const char *reason)
{
    if (poller == NULL || error >= 0 || reason == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (poller->failure == 0) {
        poller->failure = error;
        esm__poller_log(poller, ESM_LOG_ERROR, "%s", reason);
    }
    return esm_poller_stop(poller, 0);
}

int esm_poller_source_closed(esm_poller *poller)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    poller->source_state = ESM__SOURCE_NONE;
    esm__timer_set(&poller->timers, &poller->stop_timer, poller->monotonic_ms); /* goes on with the next turn */
    esm__shared_wake(poller->shared);
    return 0;
}

static void begin(esm_poller *poller)
{
    atomic_store(&poller->state, ESM_POLLER_DRAINING);
    esm__poller_log(poller, ESM_LOG_INFO, "stopping");
    for (esm_partition *partition = poller->partitions; partition != NULL; partition = partition->next)
        esm__partition_drain(partition, poller->stop_deadline);
}

static void bring_forward(esm_poller *poller)
{
    int64_t asked = atomic_exchange(&poller->stop_asked, ESM__STOP_NOT_ASKED);
    if (asked == ESM__STOP_NOT_ASKED)
        return;
    int64_t deadline = esm__add_ms(poller->monotonic_ms, asked);
    if (deadline >= poller->stop_deadline)
        return;
    poller->stop_deadline = deadline;
    esm__timer_set(&poller->timers, &poller->stop_timer, deadline);
    if (atomic_load(&poller->state) != ESM_POLLER_DRAINING)
        begin(poller);
    else
        for (esm_partition *partition = poller->partitions; partition != NULL; partition = partition->next)
            esm__partition_drain(partition, deadline);
}

/* Only wakes the loop: the check comes with every turn. */
void esm__stop_due(struct esm__timer *timer)
{
    (void)timer;
}

void esm__stop_check(esm_poller *poller)
{
    bring_forward(poller);
    if (atomic_load(&poller->state) != ESM_POLLER_DRAINING || poller->source_state == ESM__SOURCE_CLOSING)
        return;
    if (poller->open_partitions > 0 && poller->monotonic_ms < poller->stop_deadline)
        return;
    for (esm_partition *partition = poller->partitions; partition != NULL; partition = partition->next)
        if (!partition->is_ended)
            esm__partition_end(partition, 0);
    if (poller->queues[ESM__QUEUE_READY].count > 0)
        return; /* who was to be removed is told first */
    if (poller->source_state == ESM__SOURCE_OPEN) {
        poller->source_state = ESM__SOURCE_CLOSING;
        call_source(poller, ESM_SOURCE_STOP);
        return;
    }
    atomic_store(&poller->state, poller->failure != 0 ? ESM_POLLER_FAILED : ESM_POLLER_STOPPED);
    esm__poller_log(poller, ESM_LOG_INFO, "stopped");
}
