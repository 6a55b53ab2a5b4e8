/* SPDX-License-Identifier: MIT */
/*
 * A consumer group in simulated time: a log, real pollers, a coordinator, a function, a destination, and a
 * judge that knows what ought to be. Which file does what:
 *
 *     plan.c         from a seed: the rules (the configuration of the group) and how wild the run is
 *     world.c        time, the queue of what will happen, the account of what happened
 *     log.c          partitions, records, gaps, retention
 *     group.c        assignments and rebalances
 *     member.c       one poller: its source, its start, its stop, its crash
 *     function.c     what the function and the destination do when they are called
 *     broker.c       commits
 *     judge.c        the invariants
 *     run.c          one run from its seed
 *     simulation.c   the program
 */
#ifndef ESM_TESTS_SIMULATION_WORLD_H
#define ESM_TESTS_SIMULATION_WORLD_H

#include <esm/esm.h>
#include <stdio.h>

#include "random.h"

enum {
    PARTITIONS_MAX = 6,
    OFFSETS_MAX = 600,
    MEMBERS_MAX = 3
};

/* What must hold. Every one has a name, and a way to break it on purpose (--break NAME) that shows that it is
 * watched. */
enum invariant {
    NOTHING,
    FATE, /* in the end every record has succeeded, was delivered, dropped by a rule or expired at the source
           */
    END,  /* in the end the group has committed the end of every partition */
    PAST, /* nothing is committed past an unresolved record */
    REWIND,  /* nor below what is committed */
    GHOST,   /* nor for an assignment that is lost or gone */
    DRAINED, /* what has drained left nothing that is complete and could have been committed */
    ORDER,   /* no record is invoked while an earlier one, of its assignment and not with it, is unresolved */
    ASCENDING,   /* offsets ascend within an invocation */
    REPEAT,      /* within an assignment what is resolved is not invoked or delivered again */
    ATTEMPTS,    /* sets, their attempts, and no more of them than MaximumRetryAttempts allows */
    GIVEN_UP,    /* nothing is given up without its reason */
    PARALLEL,    /* one batch of a partition is out; max_in_flight */
    BATCH,       /* BatchSize, batch.max_bytes */
    BEFORE_NEXT, /* commit.before_next */
    TIMEOUT,     /* invocations end when their time is over, and are cancelled for a reason only */
    LATE,        /* the first answer in time is taken, any other refused */
    DRAIN,       /* who drains starts nothing, and ends at the deadline */
    STOP,        /* who stops has stopped by the deadline */
    MEMORY,      /* bytes held stay within the budget and what may overshoot it */
    SPIN,        /* a poller that has nothing to do says so */
    SETTLE,      /* with a healthy world everything settles */
    REFUSED,     /* no call says no that should not */
    LEAK,        /* all memory comes back */
    INVARIANTS
};

extern const char *const invariant_names[INVARIANTS];

struct rules { /* as the judge believes them */
    int64_t max_retries, age_ms, timeout_ms, delivery_timeout_ms, drain_ms, stop_drain_ms, window_ms;
    int64_t batch_size, batch_max_bytes, max_in_flight, budget, delivery_max;
    int bisect, partial /* 0, 1 exact, 2 checkpoint */, count_timeouts, has_destination, before_next;
    int is_cooperative, is_large; /* records large enough to press on the budget */
};

/* ---- the log ---- */

enum fate {
    SUCCEEDED = 1,
    DELIVERED = 2,
    DROPPED = 4,
    EXPIRED = 8
};
enum poison {
    WHOLESOME,
    FAILS,
    HANGS,
    REFUSED_FOR_SIZE
};

struct entry {
    int is_record; /* or a gap: compacted, a transaction marker */
    enum poison poison;
    unsigned fate;
    size_t size;
    int64_t timestamp_ms; /* -1: none */
};

struct log {
    struct entry entries[OFFSETS_MAX];
    int64_t low, end;
    int64_t committed;        /* by the group; -1: nothing */
    struct assignment *owner; /* by the coordinator */
    int target;               /* the member that gets it next */
};

/* ---- assignments ---- */

struct seen { /* a record in the eyes of one assignment */
    int is_pushed;
    int is_resolved; /* by an answer that was taken */
    int64_t first_wall_ms;
    uint32_t set; /* the invocation that it was in last; 0: none */
    uint32_t set_size, attempt;
    int64_t counted; /* failures that count, of its set */
    int is_to_be_split, has_timed_out;
    int is_too_large; /* by an answer */
    int64_t deliveries_failed;
    size_t batch_bytes; /* of the batch that it is in */
};

struct assignment {
    struct assignment *next;
    struct world *world;
    struct member *member;
    int number;
    int64_t start, next_offset; /* read from, read to */
    int64_t acknowledged;       /* committed, as the poller knows */
    int64_t wall_max_ms;        /* the latest that its clock has shown */
    esm_partition *handle;      /* NULL: gone */
    int is_leaving, restarts, fetches;
    int is_lost;    /* the coordinator has given it to another */
    int is_forfeit; /* and its poller was told: removed without a drain */
    int64_t drain_deadline_ms;
    uint32_t sets;
    int out;
    struct seen seen[OFFSETS_MAX];
};

/* ---- members ---- */

struct member {
    struct world *world;
    int slot;
    esm_poller *poller; /* NULL: crashed, or stopped */
    int has_joined, is_stopping, source_has_closed, has_left, is_crashing, is_dispatching;
    int64_t stop_asked_ms, stop_deadline_ms, stalled_until_ms;
    int64_t out;
    int64_t returning; /* bytes on their way back in this instant */
    esm_timer *spinner;
};

/* ---- calls: what a callback was given and has not answered, or has answered too late ---- */

enum call_kind {
    INVOCATION,
    DELIVERY,
    COMMIT
};
enum way {
    ANSWERS,
    REFUSES,
    FORGETS,
    VANISHES,
    NEVER
};

struct call {
    struct call *next;
    struct world *world;
    struct member *member;
    struct assignment *assignment;
    enum call_kind kind;
    void *token;    /* a reference; NULL: none was taken */
    int is_stale;   /* nobody waits */
    int is_awaited; /* it will be answered, though perhaps too late */
    int64_t started_ms;
    size_t count;
    int64_t *offsets;                /* of a commit: what is committed */
    struct assignment **assignments; /* of a commit */
    size_t event_size, batch_bytes;
    int follows_timeout;

    enum way way;
    enum esm_outcome outcome;
    int as_json, is_rubbish;
    uint8_t *named; /* by a partial response */
    int64_t retry_after_ms;
};

/* ---- the world ---- */

struct event {
    int64_t at_ms;
    uint64_t number;
    void (*fn)(struct world *world, void *subject);
    void *subject;
};

enum weather {
    FAIR,
    FLAKY,
    DOWN,
    THROTTLING,
    MISADDRESSED
};

struct world {
    struct random random;
    uint64_t seed;
    enum invariant on_purpose; /* which is broken on purpose */
    int is_verbose;
    struct rules rules;

    int64_t now_ms, wall_ms;
    struct event *events;
    size_t event_count, event_capacity;
    uint64_t event_number;
    int is_settling, is_ending;
    int64_t settle_ms; /* when the chaos ends */

    esm_allocator *allocator;
    int64_t blocks; /* of memory that are out */
    esm_config *config;
    esm_record *record;

    struct log logs[PARTITIONS_MAX];
    int log_count;
    struct assignment *assignments;
    struct member members[MEMBERS_MAX];
    int member_count;
    int is_rebalancing, is_wanted_again, rounds;
    struct call *calls;
    enum weather function, destination, broker;
    int64_t records, invocations, dropped /* as pollers counted that are gone */;
    int restless; /* how much happens, in percent */
    esm_invocation *leaked;
    int is_done; /* the break has been made where one is enough */

    uint64_t digest; /* of all that happened */
    enum invariant broken;
    char what[300]; /* how */
};

/* plan.c */
void plan(struct world *world);

/* world.c */
__attribute__((format(printf, 2, 3))) void say(struct world *world, const char *format, ...);
__attribute__((format(printf, 3, 4))) void violate(struct world *world, enum invariant what,
                                                   const char *format, ...);
void *must(void *memory);
void happen(struct world *world, int64_t in_ms, void (*fn)(struct world *, void *), void *subject);
int64_t next_event_ms(const struct world *world);
void happen_now(struct world *world);
void *counting_malloc(void *world, size_t size);
void *counting_realloc(void *world, void *memory, size_t size);
void counting_free(void *world, void *memory);

/* log.c */
void log_create(struct world *world);
void log_produce(struct world *world, int number, int count);
void log_retain(struct world *world, int number);
int64_t log_next_record(const struct log *log,
                        int64_t offset); /* at or above it; the end where there is none */
void log_settle(struct world *world);

/* group.c */
void group_rebalance(struct world *world, void *unused);
void group_check(struct world *world); /* whether all have given back what they had to */
void group_forget(struct world *world, struct member *member); /* it has gone, or its session is over */
struct assignment *group_find(struct world *world, const struct member *member, int number);
void fetch(struct world *world, void *assignment);
void group_session(struct world *world, void *member); /* still standing still? */
void forfeit(struct world *world, void *assignment);   /* the source learns that it is lost */

/* member.c */
void member_start(struct world *world, void *member);
void member_stop(struct member *member, int64_t drain_ms);
void member_crash(struct member *member);
void member_dispatch(struct member *member);
int64_t member_due_ms(const struct member *member);

/* function.c */
int invoke(void *member, esm_invocation *invocation);
int deliver(void *member, esm_delivery *delivery);
void calls_give_back(struct world *world); /* those that nobody will ever answer */
void call_end(struct call *call);          /* answered late, or given back */

/* broker.c */
int commit(void *member, esm_commit *commit);
struct call *call_new(struct member *member, enum call_kind kind, size_t count);

/* judge.c: what it is told, and what it looks at */
void judge_invocation(struct call *call, uint32_t attempt);
void judge_answer(struct call *call, enum esm_outcome outcome);
void judge_delivery(struct call *call, enum esm_reason reason);
void judge_delivered(struct call *call, int is_success);
void judge_cancel(struct call *call);
void judge_commit(struct assignment *assignment, int64_t offset);
void judge_removed(struct assignment *assignment, int is_drained);
void judge_turn(struct member *member);
void judge_rest(struct member *member); /* when it has done all that there is to do now */
void judge_end(struct world *world);

/* run.c */
void run(struct world *world, uint64_t seed, enum invariant on_purpose, int is_verbose);

#endif
