/* SPDX-License-Identifier: MIT */
/* Timers in a heap. Room is reserved when a timer is made, so that setting one never fails. */
#ifndef ESM_POLLER_TIMER_H
#define ESM_POLLER_TIMER_H

#include <esm/poller.h>

struct esm__timer {
    int64_t due_ms; /* monotonic */
    size_t slot;    /* its place in the heap plus one; 0: not set */
    void (*fire)(struct esm__timer *timer);
};

struct esm__timers {
    esm_allocator *allocator; /* borrowed */
    struct esm__timer **heap;
    size_t count;
    size_t capacity;
    size_t made;
};

void esm__timers_init(struct esm__timers *timers, esm_allocator *allocator);
void esm__timers_free(struct esm__timers *timers);
int esm__timer_make(struct esm__timers *timers, struct esm__timer *timer, void (*fire)(struct esm__timer *));
void esm__timer_unmake(struct esm__timers *timers, struct esm__timer *timer);
void esm__timer_set(struct esm__timers *timers, struct esm__timer *timer, int64_t due_ms); /* ESM_NEVER: off */
int64_t esm__timers_next(const struct esm__timers *timers);
int esm__timers_fire(struct esm__timers *timers, int64_t now_ms, int most); /* returns how many fired */

#endif
