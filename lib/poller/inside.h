/* SPDX-License-Identifier: MIT */
/*
 * The inside of a poller, and which file does what:
 *
 *     poller.c     its life and its settings
 *     loop.c       dispatch: one turn after another; descriptors, timers, posts, mail
 *     partition.c  feeding: push, the batch that fills, when it closes; taking a partition away
 *     drive.c      what the policy asks for becomes invocations, deliveries and drops; answers go back
 *     commit.c     what the policy lets be committed becomes commit requests
 *     stop.c       draining and the end
 *     budget.c     bytes held, and how many invocations may be out
 *     batch.c, token.c, shared.c, invocation.c, delivery.c, timer.c: the parts
 *
 * Everything but tokens and `shared` belongs to the thread that dispatches.
 */
#ifndef ESM_POLLER_INSIDE_H
#define ESM_POLLER_INSIDE_H

#include <stdarg.h>
#include <stdatomic.h>

#include <esm/filter.h>
#include <esm/policy.h>
#include <esm/poller.h>
#include "config/settings.h"
#include "poller/batch.h"
#include "poller/timer.h"
#include "poller/token.h"

struct esm__hook { /* a callback with what belongs to it */
    void (*fn)(void); /* cast to what it is */
    void *user_data;
    esm_destroy_fn destroy;
};

struct esm__queue { /* of partitions, first in first out */
    esm_partition *first, **end;
    size_t count;
};

struct esm__link { /* a partition's place in one queue */
    esm_partition *next;
    int is_in;
};

/* Which queue a link belongs to. */
enum esm__queue_kind { ESM__QUEUE_READY, ESM__QUEUE_WAITING, ESM__QUEUE_WANTED, ESM__QUEUE_COMMIT, ESM__QUEUES };

struct esm_watch {
    esm_poller *poller;
    int fd;
    int is_dead; /* freed while events of this turn may still name it */
    uint32_t events;
    esm_watch_fn fn;
    void *user_data;
    struct esm_watch *next_dead;
};

struct esm_timer {
    struct esm__timer timer;
    esm_poller *poller;
    esm_timer_fn fn;
    void *user_data;
};

struct esm_poller {
    atomic_size_t references;
    esm_allocator *allocator; /* owned */
    esm_config *config;
    struct esm__settings settings; /* its texts are the configuration's */
    esm_filter *filter;            /* NULL: every record passes */
    struct esm__shared *shared;
    uint64_t jitter_seed;
    esm_policy_options *policy_options; /* NULL: callbacks may still be set */

    struct esm__hook invoke, deliver, commit, clock, source, log;
    enum esm_log_level log_level;
    struct esm__bytes log_line;

    /* the loop */
    int epoll_fd, wake_fd, timer_fd;
    int is_foreign;             /* the descriptor was asked for: it has to tell deadlines and leftovers */
    int64_t armed_ms;           /* what timer_fd is set to */
    atomic_int is_dispatching;
    _Atomic(pthread_t) thread;  /* the one that dispatches */
    int64_t monotonic_ms, wall_ms; /* of this turn */
    struct esm__timers timers;
    esm_watch *dead_watches;
    struct esm__queue queues[ESM__QUEUES];

    /* partitions */
    esm_partition *partitions; /* a list */
    size_t partition_count;

    /* tokens and batches: out, and kept for the next use */
    struct esm__token *live;
    struct esm__token *spare_tokens[3];
    struct esm__batch *spare_batches;
    size_t spare_bytes;
    uint64_t invocation_sequence;

    /* budget.c */
    size_t held;      /* by partitions and tokens */
    size_t unowned;   /* of that, by tokens whose partition is gone */
    size_t reserved;  /* by sources and transports */
    size_t share;     /* what every partition may hold */
    size_t pool;      /* what partitions may hold above it, together */
    size_t pool_used;
    uint32_t in_flight;
    uint32_t limit;        /* in flight at most, 1 .. max_in_flight */
    uint32_t limit_credit; /* successes since it last rose */
    uint64_t limit_cut;    /* invocations up to this one have been punished for */

    /* commit.c */
    esm_commit *commit_out;
    struct esm__timer commit_timer;
    int commit_is_urgent; /* somebody waits for the next request */

    /* stop.c */
    atomic_int state;            /* enum esm_poller_state */
    _Atomic(int64_t) stop_asked; /* drain_ms; NOT_ASKED */
    int64_t stop_deadline;
    struct esm__timer stop_timer;
    size_t open_partitions; /* not ended */
    enum { ESM__SOURCE_NONE, ESM__SOURCE_OPEN, ESM__SOURCE_CLOSING } source_state;
    int failure; /* the error of esm_poller_fail() */

    int64_t counters[ESM_COUNTER_PARTITIONS + 1];
};

#define ESM__STOP_NOT_ASKED    INT64_MAX
#define ESM__NO_MEMORY_WAIT_MS 100 /* where there was none, it is asked for again then */

struct esm_partition {
    esm_poller *poller;
    esm_partition *next, **link; /* among all partitions */
    struct esm__link links[ESM__QUEUES];
    char *topic;
    int32_t number;
    char *metadata;
    esm_policy *policy;
    uint32_t lane;
    int64_t committed; /* the last offset that was committed; -1: none */

    struct esm__batch *filling; /* still open; NULL: nothing */
    struct esm__batch *closed;  /* unfinished ones, oldest first: the first is at work, the second waits */
    size_t closed_count;
    struct esm__timer timer;
    struct esm__hook want;
    int is_told; /* its source knows that there is room */

    size_t held;           /* bytes in its account */
    size_t event_envelope; /* of an event of its records, without them */
    int64_t retry_ms;      /* there was no memory: try again then; 0: there was */

    int is_draining;
    int is_ended; /* nothing of it will happen any more; it waits to be removed */
    int is_removed;
    int is_drained;   /* how it ended */
    int64_t position; /* and where */
    int64_t drain_deadline;
    esm_removed_fn removed;
    void *removed_data;
};

/* poller.c */
int esm__poller_freeze(esm_poller *poller); /* callbacks and options are fixed from now on */
void esm__hook_set(struct esm__hook *hook, void (*fn)(void), void *user_data, esm_destroy_fn destroy);
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void esm__poller_log(esm_poller *poller, enum esm_log_level level, const char *format, ...);
void esm__poller_read_clock(esm_poller *poller);
void esm__poller_catch_up(esm_poller *poller); /* outside of dispatch */

/* loop.c */
void esm__queue_add(esm_poller *poller, enum esm__queue_kind kind, esm_partition *partition);
esm_partition *esm__queue_take(esm_poller *poller, enum esm__queue_kind kind);
void esm__queue_remove(esm_poller *poller, enum esm__queue_kind kind, esm_partition *partition);
void esm__queue_wake(esm_poller *poller); /* a slot or bytes are free: some of those that wait may go on */
int esm__loop_open(esm_poller *poller);
void esm__loop_close(esm_poller *poller);

/* partition.c */
void esm__partition_work(esm_partition *partition);  /* closes, drives, sets the timer, tells of room, ends */
void esm__partition_drain(esm_partition *partition, int64_t deadline_ms);
void esm__partition_end(esm_partition *partition, int is_drained);
void esm__partition_free(esm_partition *partition);
void esm__partition_batch_done(esm_partition *partition); /* the first of the closed ones may have ended */
void esm__partition_put_batch(esm_poller *poller, esm_partition *partition, struct esm__batch *batch);

/* drive.c */
void esm__drive(esm_partition *partition);
void esm__drive_mail(struct esm__token *token, unsigned flags);
void esm__drive_abandon(esm_partition *partition); /* its tokens are closed and forget it */
struct esm__token *esm__drive_take_token(esm_poller *poller, enum esm__token_kind kind);
void esm__drive_put_token(struct esm__token *token);
void esm__drive_lend(struct esm__token *token, int (*fn)(void *, struct esm__token *), void *user_data,
                     int64_t timeout_ms); /* ESM_NEVER: without limit */
void esm__drive_timeout(struct esm__timer *timer);

/* commit.c */
void esm__commit_due(struct esm__timer *timer);
void esm__commit_want(esm_partition *partition); /* it may have something to commit */
void esm__commit_answered(esm_commit *commit);
void esm__commit_forget(esm_partition *partition);
int esm__commit_is_behind(const esm_partition *partition);

/* stop.c */
void esm__stop_check(esm_poller *poller);  /* each turn */
void esm__stop_due(struct esm__timer *timer);
void esm__source_start(esm_poller *poller); /* with the first */

/* budget.c */
void esm__budget_charge(esm_poller *poller, esm_partition *partition, size_t bytes);
void esm__budget_release(esm_poller *poller, esm_partition *partition, size_t bytes);
void esm__budget_recount(esm_poller *poller); /* the number of partitions or the reserve has changed */
size_t esm__budget_room(const esm_partition *partition); /* bytes it may still take */
size_t esm__budget_spare_most(const esm_poller *poller); /* bytes that may be kept for another use */
void esm__limit_success(esm_poller *poller);
void esm__limit_throttled(esm_poller *poller, uint64_t sequence);

#endif
