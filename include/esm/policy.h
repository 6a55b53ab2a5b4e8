/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The policy engine: what becomes of the records of one stream, as a pure machine.
 *
 * Events go in (records, answers, time, revocation), actions come out (invoke, deliver, drop, commit). The engine does
 * no I/O, reads no clock, has no threads, calls nobody back, and knows no topic, no JSON and no bytes: a record is an
 * offset, a timestamp and a lane. A *lane* is one assignment of one partition. A *batch* holds records of one lane, or
 * of several where a batch gathers partitions. A *set* is the part of a batch that is invoked together: a whole batch
 * at first, then what bisection, age and partial responses make of it.
 *
 * A driver's loop:
 *
 *     esm_policy_set_time(policy, monotonic_ms, wall_ms);
 *     while ((action = esm_policy_next_action(policy, ESM_ACTION_ALL)) != NULL)
 *         start(action);                       // and answer it, now or later
 *     sleep_until(esm_policy_get_deadline_ms(policy, ESM_ACTION_ALL));
 *
 * Threads: none of these objects may be used from two threads at once; different objects are independent.
 * Times: `monotonic_ms` is any clock that never steps back, `wall_ms` is milliseconds since 1970-01-01 UTC.
 */
#ifndef ESM_POLICY_H
#define ESM_POLICY_H

#include <esm/base.h>
#include <esm/outcome.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esm_policy_options esm_policy_options;
typedef struct esm_policy esm_policy;
typedef struct esm_action esm_action;

/** Whether the function may name the records that failed (ReportBatchItemFailures), and what follows. Since 0.1. */
enum esm_partial_response {
    ESM_PARTIAL_RESPONSE_OFF = 1,        /**< PARTIAL is refused as an outcome */
    ESM_PARTIAL_RESPONSE_EXACT = 2,      /**< exactly the named records are retried: Kafka on AWS */
    ESM_PARTIAL_RESPONSE_CHECKPOINT = 3, /**< all from the lowest named record of a lane on: Kinesis on AWS */
    ESM_PARTIAL_RESPONSE_FORCE_I32 = 0x7fffffff
};

/** Which back-off is meant. Each grows by a factor up to a ceiling, with full jitter. Since 0.1. */
enum esm_backoff_kind {
    ESM_BACKOFF_FUNCTION = 1, /**< after FAILURE, a counted AMBIGUOUS, and before the rest of a partial response: 1 s */
    ESM_BACKOFF_SERVICE = 2,  /**< after THROTTLED, UNAVAILABLE, an uncounted AMBIGUOUS: 100 ms */
    ESM_BACKOFF_HOLD = 3,     /**< after HELD: 10 s */
    ESM_BACKOFF_DELIVERY = 4, /**< after a failed delivery: 1 s */
    ESM_BACKOFF_COMMIT = 5,   /**< after a failed commit: 100 ms */
    ESM_BACKOFF_KIND_FORCE_I32 = 0x7fffffff
};

/** What the engine asks for. The values are flags, for esm_policy_next_action(). Since 0.1. */
enum esm_action_type {
    ESM_ACTION_INVOKE = 1,  /**< call the function with these records; answer with esm_policy_answer_invoke() */
    ESM_ACTION_DELIVER = 2, /**< bring these records to the destination; answer with esm_policy_answer_deliver() */
    ESM_ACTION_DROP = 4,    /**< these records are given up and nobody takes them: tell; needs no answer */
    ESM_ACTION_COMMIT = 8,  /**< commit this offset of this lane; answer with esm_policy_answer_commit() */
    ESM_ACTION_ALL = 15,
    ESM_ACTION_TYPE_FORCE_I32 = 0x7fffffff
};

/* ---- options ---- */

/**
 * Makes options with AWS's defaults: retries without limit, age without limit, no bisection, partial responses off, no
 * destination, timeouts do not count, one batch of a lane at a time, jitter seed 0.
 * @param allocator a reference is taken; NULL: libc's.
 * @param ret owned by the caller; untouched on failure.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (`ret` is NULL), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_policy_options_new(esm_allocator *allocator, esm_policy_options **ret);

/** Frees options; NULL is allowed. Engines made from them keep their copy. Since 0.1. */
ESM_API void esm_policy_options_free(esm_policy_options *options);

/**
 * MaximumRetryAttempts: how often one set is retried after its first invocation.
 * @param retries -1: without limit; 0: never; N: at most N + 1 invocations that count.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (below -1). Source: AWS "Kafka retry configurations". Since 0.1.
 */
ESM_API int esm_policy_options_set_max_retries(esm_policy_options *options, int32_t retries);

/**
 * MaximumRecordAgeInSeconds, in milliseconds: records older than this are not sent to the function.
 * Age is wall clock minus the record's timestamp, looked at before each invocation.
 * @param age_ms -1: without limit; else 0 or more.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (below -1). Source: AWS "Kafka retry configurations". Since 0.1.
 */
ESM_API int esm_policy_options_set_max_record_age_ms(esm_policy_options *options, int64_t age_ms);

/**
 * BisectBatchOnFunctionError: a set of two or more that failed is halved and never retried whole.
 * @param on 0 or 1. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_policy_options_set_bisect(esm_policy_options *options, int on);

/** Whether PARTIAL is understood, and how. @return 0, ESM_ERR_INVALID_ARGUMENT (unknown mode). Since 0.1. */
ESM_API int esm_policy_options_set_partial_response(esm_policy_options *options, enum esm_partial_response mode);

/**
 * Sets one back-off: the n-th wait lies evenly between 0 and min(max_ms, first_ms * (factor_percent / 100)^(n-1)).
 * @param first_ms 0 or more. @param max_ms at least first_ms; the default is 60,000. @param factor_percent 100 or more;
 * the default is 200. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_policy_options_set_backoff(esm_policy_options *options, enum esm_backoff_kind kind, int64_t first_ms,
                                           int64_t max_ms, uint32_t factor_percent);

/** The seed of the jitter: same seed, same events, same waits. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_policy_options_set_jitter_seed(esm_policy_options *options, uint64_t seed);

/** Whether AMBIGUOUS counts as an attempt. @param on 0 or 1. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_policy_options_set_count_timeouts(esm_policy_options *options, int on);

/**
 * Whether records that are given up go to a destination (DELIVER) or are dropped (DROP).
 * @param has_destination 0 or 1.
 * @param max_attempts -1: a delivery is tried until it succeeds, and holds its batch; N > 0: after N failures DROP.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_policy_options_set_delivery(esm_policy_options *options, int has_destination, int32_t max_attempts);

/**
 * Whether several batches of one lane may be out side by side. Off, a batch waits until every earlier batch that shares
 * a lane with it has ended. On, the caller answers for order (by putting the records of one key into one batch at a
 * time). @param on 0 or 1. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_policy_options_set_parallel_batches(esm_policy_options *options, int on);

/* ---- the engine ---- */

/**
 * Makes an engine.
 * @param allocator a reference is taken; NULL: libc's. @param ret owned by the caller; untouched on failure.
 * @param options copied. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_policy_new(esm_allocator *allocator, esm_policy **ret, const esm_policy_options *options);

/** Frees an engine with all that it holds; NULL is allowed. Since 0.1. */
ESM_API void esm_policy_free(esm_policy *policy);

/** The bytes that this engine holds now, for the caller's own accounting. Since 0.1. */
ESM_API size_t esm_policy_get_memory(const esm_policy *policy);

/*
 * ---- inputs: on any error nothing has changed; only open_batch, add_lane and add_record can say NOMEM ----
 * An engine that is NULL has no lanes, batches or actions: where one is named, that is ESM_ERR_STALE.
 */

/**
 * Tells the time. All other calls use the time told last; before the first call it is 0.
 * @param monotonic_ms a value below the last one is taken as the last one.
 * @param wall_ms may jump either way. @return 0, ESM_ERR_INVALID_ARGUMENT (policy is NULL). Since 0.1.
 */
ESM_API int esm_policy_set_time(esm_policy *policy, int64_t monotonic_ms, int64_t wall_ms);

/**
 * Adds a lane: one assignment of one partition.
 * @param start_offset where reading begins; 0 or more.
 * @param committed_offset what is committed already, or -1 for nothing: where it differs from start_offset, a COMMIT of
 * start_offset comes out at once, so that a start at the end of the log loses nothing.
 * @param ret_lane its number, 1 or more, never reused. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_policy_add_lane(esm_policy *policy, int64_t start_offset, int64_t committed_offset,
                                uint32_t *ret_lane);

/**
 * Opens a batch. Nothing of it is invoked before it is closed.
 * @param ret_batch its number, 1 or more, never reused. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_policy_open_batch(esm_policy *policy, uint64_t *ret_batch);

/**
 * Puts a record into an open batch, and reserves all memory that its fate may need.
 * @param offset at or above the lane's next offset; what lies between is complete (compaction, transaction markers).
 * @param timestamp_ms wall clock; negative where the record has none: its age then counts from now.
 * @param ret_index its index in the batch, from 0 on; may be NULL.
 * @return 0, ESM_ERR_STALE (no such lane or batch), ESM_ERR_STATE (the batch is closed, the lane drains),
 * ESM_ERR_INVALID_ARGUMENT (offset below the next one), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_policy_add_record(esm_policy *policy, uint64_t batch, uint32_t lane, int64_t offset,
                                  int64_t timestamp_ms, uint32_t *ret_index);

/** Closes a batch: it may be invoked. An empty one is gone at once. @return 0, ESM_ERR_STALE, ESM_ERR_STATE. Since 0.1. */
ESM_API int esm_policy_close_batch(esm_policy *policy, uint64_t batch);

/**
 * Completes a record that enters no batch, because a filter dropped it. Its offset is committed in its turn.
 * @return 0, ESM_ERR_STALE, ESM_ERR_INVALID_ARGUMENT (offset below the lane's next one). Since 0.1.
 */
ESM_API int esm_policy_complete(esm_policy *policy, uint32_t lane, int64_t offset);

/**
 * Says that the next record of the lane, if any comes, has at least this offset: the end of the log behind a transaction
 * marker. @return 0, ESM_ERR_STALE, ESM_ERR_INVALID_ARGUMENT (below the lane's next offset). Since 0.1.
 */
ESM_API int esm_policy_skip_to(esm_policy *policy, uint32_t lane, int64_t next_offset);

/**
 * Answers an INVOKE.
 * @param action its id.
 * @param retry_after_ms for THROTTLED and UNAVAILABLE: wait at least so long; 0 or less: nothing was asked for.
 * @param failed PARTIAL: indexes of the batch, all of them in the action, in any order, repeats allowed; else NULL.
 * @param failed_count 0 for all outcomes but PARTIAL; PARTIAL with 0 is success.
 * @return 0, ESM_ERR_STALE (answered before, handed back, revoked, never taken, or not an INVOKE),
 * ESM_ERR_INVALID_ARGUMENT (unknown outcome, index not in the action, PARTIAL while it is off). Since 0.1.
 */
ESM_API int esm_policy_answer_invoke(esm_policy *policy, uint64_t action, enum esm_outcome outcome,
                                     int64_t retry_after_ms, const uint32_t *failed, size_t failed_count);

/** Answers a DELIVER. @return 0, ESM_ERR_STALE, ESM_ERR_INVALID_ARGUMENT (unknown outcome, or PARTIAL). Since 0.1. */
ESM_API int esm_policy_answer_deliver(esm_policy *policy, uint64_t action, enum esm_outcome outcome);

/** Answers a COMMIT. @return 0, ESM_ERR_STALE, ESM_ERR_INVALID_ARGUMENT (unknown outcome, or PARTIAL). Since 0.1. */
ESM_API int esm_policy_answer_commit(esm_policy *policy, uint64_t action, enum esm_outcome outcome);

/**
 * Gives an action back that was taken and not started: it costs no attempt and is offered again at once.
 * @return 0, ESM_ERR_STALE. Since 0.1.
 */
ESM_API int esm_policy_hand_back(esm_policy *policy, uint64_t action);

/**
 * Lets a lane run dry: no new INVOKE, no split, no retry, no new record. What is out may be answered, a delivery that is
 * decided may start, and what is complete is committed. Cannot be undone.
 * @return 0, ESM_ERR_STALE. Since 0.1.
 */
ESM_API int esm_policy_drain(esm_policy *policy, uint32_t lane);

/**
 * Whether a draining lane has run dry: nothing of it is out, nothing decided waits, nothing complete is uncommitted.
 * @return 1, 0, ESM_ERR_STALE. Since 0.1.
 */
ESM_API int esm_policy_is_drained(const esm_policy *policy, uint32_t lane);

/**
 * Takes a lane away at once. Its records leave their batches, whatever is out for it alone becomes stale, and nothing of
 * it is ever committed again. An INVOKE or DELIVER that holds other lanes too stays out, for those.
 * @return 0, ESM_ERR_STALE. Since 0.1.
 */
ESM_API int esm_policy_revoke(esm_policy *policy, uint32_t lane);

/* ---- outputs ---- */

/**
 * The next thing to do.
 * @param allowed_types flags of enum esm_action_type that the caller can take now: what is not among them waits, and
 * nothing else waits for it. With an unknown flag there is no action.
 * @return borrowed until the next call that changes this engine; NULL: nothing of these types before
 * esm_policy_get_deadline_ms(), or before the next input. The action itself stays valid until it is answered, handed
 * back or revoked. Since 0.1.
 */
ESM_API const esm_action *esm_policy_next_action(esm_policy *policy, uint32_t allowed_types);

/**
 * Looks an action up that is out.
 * @return borrowed until the next call on this engine; NULL: stale. Since 0.1.
 */
ESM_API const esm_action *esm_policy_get_action(esm_policy *policy, uint64_t action);

/**
 * When to tell the time and ask again for actions of these types.
 * @param allowed_types as for esm_policy_next_action().
 * @return monotonic milliseconds; the time told last or earlier: one is ready; ESM_NEVER. Since 0.1.
 */
ESM_API int64_t esm_policy_get_deadline_ms(const esm_policy *policy, uint32_t allowed_types);

/** How many records of a batch are not resolved yet. @return 0 too for a batch that has ended. Since 0.1. */
ESM_API size_t esm_policy_get_open_records(const esm_policy *policy, uint64_t batch);

/**
 * Whether an invocation of a batch has ended with less than full success so far, be it only a throttle.
 * @return 1, or 0 (also for a batch that has ended). Since 0.1.
 */
ESM_API int esm_policy_has_failed(const esm_policy *policy, uint64_t batch);

/** The lowest offset of a lane that is not resolved: what a COMMIT would carry. @return -1: stale. Since 0.1. */
ESM_API int64_t esm_policy_get_position(const esm_policy *policy, uint32_t lane);

/* ---- actions: getters never fail; they want an action that is valid ---- */

ESM_API enum esm_action_type esm_action_get_type(const esm_action *action); /**< Since 0.1. */

/** The name by which it is answered; 0 for DROP, which needs no answer. Since 0.1. */
ESM_API uint64_t esm_action_get_id(const esm_action *action);

/** INVOKE, DELIVER, DROP: the batch; COMMIT: 0. Since 0.1. */
ESM_API uint64_t esm_action_get_batch(const esm_action *action);

/**
 * The records of an INVOKE, DELIVER or DROP, as indexes of the batch in ascending order.
 * @param ret_indexes borrowed as the action is; may be NULL. @return how many; 0 for COMMIT. Since 0.1.
 */
ESM_API size_t esm_action_get_records(const esm_action *action, const uint32_t **ret_indexes);

/**
 * INVOKE: which invocation of this set this is, 1 for the first, those that do not count included.
 * DELIVER, DROP: how often the set was invoked; 0: never. COMMIT: 0. Since 0.1.
 */
ESM_API uint32_t esm_action_get_attempt(const esm_action *action);

/** DELIVER, DROP: why the records were given up; else ESM_REASON_NONE. Since 0.1. */
ESM_API enum esm_reason esm_action_get_reason(const esm_action *action);

/** COMMIT: the lane; else 0. Since 0.1. */
ESM_API uint32_t esm_action_get_lane(const esm_action *action);

/** COMMIT: the next offset to read; else -1. Since 0.1. */
ESM_API int64_t esm_action_get_offset(const esm_action *action);

#ifdef __cplusplus
}
#endif
#endif
