/* SPDX-License-Identifier: MIT */
#include "poller/timer.h"

#include "base/alloc.h"
#include "base/checked.h"

void esm__timers_init(struct esm__timers *timers, esm_allocator *allocator)
{
    *timers = (struct esm__timers){.allocator = allocator};
}

void esm__timers_free(struct esm__timers *timers)
{
    esm__free(timers->allocator, timers->heap);
    esm__timers_init(timers, timers->allocator);
}

int esm__timer_make(struct esm__timers *timers, struct esm__timer *timer, void (*fire)(struct esm__timer *))
{
    if (timers->made == timers->capacity) {
        size_t capacity = timers->capacity < 8 ? 16 : timers->capacity * 2;
        size_t bytes;
        if (!esm__mul(capacity, sizeof(*timers->heap), &bytes))
            return ESM_ERR_NOMEM;
        struct esm__timer **heap = esm__realloc(timers->allocator, timers->heap, bytes);
        if (heap == NULL)
            return ESM_ERR_NOMEM;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->made++;
    *timer = (struct esm__timer){.due_ms = ESM_NEVER, .fire = fire};
    return 0;
}

void esm__timer_unmake(struct esm__timers *timers, struct esm__timer *timer)
{
    if (timer->fire == NULL)
        return;
    esm__timer_set(timers, timer, ESM_NEVER);
    timer->fire = NULL;
    timers->made--;
}

static void place(struct esm__timers *timers, size_t i, struct esm__timer *timer)
{
    timers->heap[i] = timer;
    timer->slot = i + 1;
}

/* Moves the timer at i to where it belongs. */
static void settle(struct esm__timers *timers, size_t i)
{
    struct esm__timer *timer = timers->heap[i];
    while (i > 0 && timers->heap[(i - 1) / 2]->due_ms > timer->due_ms) {
        place(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && timers->heap[child + 1]->due_ms < timers->heap[child]->due_ms)
            child++;
        if (timers->heap[child]->due_ms >= timer->due_ms)
            break;
        place(timers, i, timers->heap[child]);
        i = child;
    }
    place(timers, i, timer);
}

void esm__timer_set(struct esm__timers *timers, struct esm__timer *timer, int64_t due_ms)
{
    if (timer->due_ms == due_ms)
        return;
    timer->due_ms = due_ms;
    size_t slot = timer->slot;
    if (due_ms == ESM_NEVER) {
        timer->slot = 0;
        timers->count--;
        if (slot - 1 != timers->count) {
            place(timers, slot - 1, timers->heap[timers->count]);
            settle(timers, slot - 1);
        }
        return;
    }
    if (slot == 0) {
        slot = ++timers->count;
        place(timers, slot - 1, timer);
    }
    settle(timers, slot - 1);
}

int64_t esm__timers_next(const struct esm__timers *timers)
{
    return timers->count == 0 ? ESM_NEVER : timers->heap[0]->due_ms;
}

int esm__timers_fire(struct esm__timers *timers, int64_t now_ms, int most)
{
    int fired = 0;
    while (fired < most && esm__timers_next(timers) <= now_ms) {
        struct esm__timer *timer = timers->heap[0];
        esm__timer_set(timers, timer, ESM_NEVER);
        timer->fire(timer);
        fired++;
    }
    return fired;
}
