/* SPDX-License-Identifier: MIT */
/*
 * The fate of one batch: which of its records are worked on together, and what becomes of them. It knows no
 * lanes, no offsets and no ids. A batch is a stack of sets; only the one on top is worked on. A set is a
 * slice of `order`, an array of the batch's indexes, ascending within each set. docs/policy.md has the state
 * table.
 *
 * The state has no pointers, and its memory, of esm__fate_size() bytes, is passed in: the policy engine keeps
 * both in its flat block. Only esm__fate_add() needs room; whatever an answer may bring has its memory by
 * then.
 */
#ifndef ESM_POLICY_FATE_H
#define ESM_POLICY_FATE_H

#include "policy/options.h"

enum {
    ESM__RECORDS_MAX = 1 << 24 /* of one batch */
};

/* What is known of a record beside its timestamp. */
enum esm__mark {
    ESM__MARK_DRAINING = 1, /* may end as the answer says, but is neither split nor retried */
    ESM__MARK_GONE = 2,     /* is nobody's business any more */
    ESM__MARK_NAMED = 4,    /* for the length of one answer: the function named it */
    ESM__MARK_EXPIRED = 8   /* for the length of esm__fate_expire() */
};

struct esm__set {
    int64_t due_ms;        /* monotonic: not before */
    uint32_t begin, count; /* of `order` */
    uint32_t kind;         /* enum esm_action_type: INVOKE, DELIVER or DROP */
    uint32_t reason;       /* enum esm_reason */
    uint32_t attempts;     /* invocations, those that do not count included */
    uint32_t failures;     /* those that count; once given up: failed deliveries */
    uint32_t waits;        /* those that do not count, since the last that did */
    uint32_t unused;
};

struct esm__fate {
    uint32_t capacity, count; /* records: room, and ever added */
    uint32_t depth;           /* sets on the stack */
    uint8_t is_open;          /* the one set still grows */
    uint8_t is_out;           /* the set on top is with the caller */
    uint8_t has_failed;       /* an invocation was answered by less than success */
    uint8_t unused;
};

/* An answer with all that it is judged by. */
struct esm__verdict {
    enum esm_outcome outcome;
    uint32_t named;         /* PARTIAL: how many records of the set bear ESM__MARK_NAMED */
    int64_t retry_after_ms; /* 0 or less: nothing was asked for */
    int64_t monotonic_ms;
    uint64_t key; /* for the jitter */
};

/* What left the batch, as a slice of `order`: first what is complete, then what is abandoned or was gone. */
struct esm__leavers {
    uint32_t begin, done, lost;
};

/* The memory: timestamps, order, scratch for reordering, marks, all by capacity; then the stack, from the
 * bottom up. */
static inline int64_t *esm__fate_timestamps(const struct esm__fate *fate, void *memory)
{
    (void)fate;
    return memory;
}

static inline uint32_t *esm__fate_order(const struct esm__fate *fate, void *memory)
{
    return (uint32_t *)(esm__fate_timestamps(fate, memory) + fate->capacity);
}

static inline uint32_t *esm__fate_scratch(const struct esm__fate *fate, void *memory)
{
    return esm__fate_order(fate, memory) + fate->capacity;
}

static inline uint8_t *esm__fate_marks(const struct esm__fate *fate, void *memory)
{
    return (uint8_t *)(esm__fate_scratch(fate, memory) + fate->capacity);
}

static inline size_t esm__fate_sets_at(uint32_t capacity)
{
    return ((size_t)capacity * (sizeof(int64_t) + 2 * sizeof(uint32_t) + sizeof(uint8_t)) + 7) / 8 * 8;
}

static inline struct esm__set *esm__fate_sets(const struct esm__fate *fate, void *memory)
{
    return (struct esm__set *)((char *)memory + esm__fate_sets_at(fate->capacity));
}

/* The set on top; wants depth > 0. */
static inline struct esm__set *esm__fate_top(const struct esm__fate *fate, void *memory)
{
    return esm__fate_sets(fate, memory) + fate->depth - 1;
}

size_t esm__fate_size(uint32_t capacity); /* a multiple of 8 */
void esm__fate_start(struct esm__fate *fate, void *memory);
void esm__fate_move(struct esm__fate *fate, void *from, void *to, uint32_t capacity); /* `to` is zeroed */
uint32_t esm__fate_add(struct esm__fate *fate, void *memory,
                       int64_t timestamp_ms); /* wants count < capacity */
void esm__fate_close(struct esm__fate *fate, void *memory, int64_t monotonic_ms);

/* Cuts what has expired out of the set on top, which is to be invoked, and puts it on top of the rest. */
void esm__fate_expire(struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                      int64_t monotonic_ms, int64_t wall_ms);

/* How long from now until something of the set on top expires; ESM_NEVER without a limit. */
int64_t esm__fate_next_expiry_ms(const struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                                 int64_t wall_ms);

/* The set on top goes out; a DROP has gone at once. */
void esm__fate_take(struct esm__fate *fate, void *memory);
struct esm__leavers esm__fate_drop(struct esm__fate *fate, void *memory);

/* The ways back in. */
struct esm__leavers esm__fate_answer_invoke(struct esm__fate *fate, void *memory,
                                            const struct esm__rules *rules,
                                            const struct esm__verdict *verdict);
struct esm__leavers esm__fate_answer_deliver(struct esm__fate *fate, void *memory,
                                             const struct esm__rules *rules,
                                             const struct esm__verdict *verdict);
struct esm__leavers esm__fate_hand_back(struct esm__fate *fate, void *memory);

/*
 * After marks were set: takes those who leave out of every set that is not out. A set that is out and wholly
 * gone is out no more. Returns how many records that were not gone have left.
 */
uint32_t esm__fate_purge(struct esm__fate *fate, void *memory);

/* The records that are still in a set and not gone. */
uint32_t esm__fate_count_open(const struct esm__fate *fate, void *memory);

#endif
