/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The poller: it takes records of many partitions, builds batches, has the function invoked, retries, bisects, gives up,
 * delivers failures and commits offsets, all through callbacks and without ever blocking.
 *
 * Threads. A poller is driven by one thread at a time, the one inside esm_poller_run() or esm_poller_dispatch(); two at
 * once get ESM_ERR_CONFLICT. Every callback runs on that thread. Only what says "any thread" may be called from others:
 * esm_poller_stop(), esm_poller_post(), references, and all functions of tokens.
 *
 * Callbacks. From inside one, everything is allowed but esm_poller_run(), esm_poller_dispatch() and the last
 * esm_poller_unref(); what it asks for takes effect after it has returned. A callback is never called from inside the
 * function that registered it. A callback's 0 means "accepted", never "succeeded".
 *
 * Tokens. An esm_invocation, esm_delivery or esm_commit is what a callback answers. The callback borrows it: before it
 * returns 0 it completes it or takes a reference. The first answer wins. When the last reference of the callback's side
 * is gone without an answer, that is a failed attempt. A token owns all that it shows and may outlive its poller;
 * completing it then says ESM_ERR_STALE and the last unref frees it.
 */
#ifndef ESM_POLLER_H
#define ESM_POLLER_H

#include <esm/base.h>
#include <esm/config.h>
#include <esm/outcome.h>
#include <esm/record.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct esm_poller esm_poller;
typedef struct esm_partition esm_partition;
typedef struct esm_invocation esm_invocation;
typedef struct esm_delivery esm_delivery;
typedef struct esm_commit esm_commit;
typedef struct esm_watch esm_watch;
typedef struct esm_timer esm_timer;

/** What a poller is doing. Since 0.1. */
enum esm_poller_state {
    ESM_POLLER_NEW = 1,      /**< not dispatched yet */
    ESM_POLLER_RUNNING = 2,
    ESM_POLLER_DRAINING = 3, /**< stopping: what is out may still be answered, what is complete is committed */
    ESM_POLLER_STOPPED = 4,
    ESM_POLLER_FAILED = 5,   /**< esm_poller_fail() was called: it has stopped for a reason that will not go away */
    ESM_POLLER_STATE_FORCE_I32 = 0x7fffffff
};

/** What a poller counts, from its start. AWS's names in brackets. Since 0.1. */
enum esm_counter {
    ESM_COUNTER_POLLED = 1,             /**< records pushed [PolledEventCount] */
    ESM_COUNTER_FILTERED = 2,           /**< records that a filter dropped [FilteredOutEventCount] */
    ESM_COUNTER_INVOKED = 3,            /**< records handed to the function, each time anew [InvokedEventCount] */
    ESM_COUNTER_FAILED_INVOKE = 4,      /**< records of invocations that did not succeed [FailedInvokeEventCount] */
    ESM_COUNTER_DROPPED = 5,            /**< records given up and delivered nowhere [DroppedEventCount] */
    ESM_COUNTER_DELIVERED = 6,          /**< records delivered [OnFailureDestinationDeliveredEventCount] */
    ESM_COUNTER_COMMITTED = 7,          /**< sum of steps of committed offsets [CommittedEventCount] */
    ESM_COUNTER_INVOCATIONS = 8,        /**< invocations */
    ESM_COUNTER_INVOKE_ERRORS = 9,      /**< invocations that did not succeed [InvokeErrorCount] */
    ESM_COUNTER_THROTTLES = 10,         /**< invocations answered THROTTLED [Throttles] */
    ESM_COUNTER_RETRIES = 11,           /**< invocations of a set that was invoked before */
    ESM_COUNTER_SPLITS = 12,            /**< sets that were halved */
    ESM_COUNTER_PARTIALS = 13,          /**< partial responses that made progress */
    ESM_COUNTER_DELIVERY_ERRORS = 14,   /**< failed deliveries [OnFailureDestinationDeliveryErrorCount] */
    ESM_COUNTER_COMMITS = 15,           /**< commit requests */
    ESM_COUNTER_COMMIT_ERRORS = 16,     /**< failed commit requests [CommitErrorCount] */
    ESM_COUNTER_ABANDONED = 17,         /**< records given back unresolved: they will be read again */
    ESM_COUNTER_IN_FLIGHT = 18,         /**< a gauge: invocations out now */
    ESM_COUNTER_BYTES_HELD = 19,        /**< a gauge: bytes that count against memory.budget_bytes now */
    ESM_COUNTER_PARTITIONS = 20,        /**< a gauge: partitions added and not removed */
    ESM_COUNTER_FORCE_I32 = 0x7fffffff
};

/**
 * Accepts an invocation and has it answered through esm_invocation_complete(), now or later, from any thread.
 * @return 0: accepted. Anything else: a failed attempt (ESM_OUTCOME_FAILURE).
 */
typedef int (*esm_invoke_fn)(void *user_data, esm_invocation *invocation);
/** Accepts a delivery of given-up records, to be answered through esm_delivery_complete(). @return as esm_invoke_fn. */
typedef int (*esm_deliver_fn)(void *user_data, esm_delivery *delivery);
/** Accepts a commit of offsets, to be answered through esm_commit_complete(). @return as esm_invoke_fn. */
typedef int (*esm_commit_fn)(void *user_data, esm_commit *commit);
/** Reads both clocks; must not fail. Called from the poller's thread. */
typedef void (*esm_clock_fn)(void *user_data, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms);
/** Takes one finished log line, without a newline; the text is borrowed for the call. Called from the poller's thread. */
typedef void (*esm_log_fn)(void *user_data, enum esm_log_level level, const char *text);
/** Runs on the poller's thread, once. */
typedef void (*esm_post_fn)(void *user_data);

/* ---- life ---- */

/**
 * Makes a poller. It polls nothing and opens no connection before its first dispatch.
 * @param allocator a reference is taken; NULL: libc's. @param ret one reference, owned by the caller; untouched on
 * failure. @param config copied.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM, ESM_ERR_CONFIG (esm_config_validate() tells the faults),
 * ESM_ERR_SYSTEM (no file descriptors). Since 0.1.
 */
ESM_API int esm_poller_new(esm_allocator *allocator, esm_poller **ret, const esm_config *config);

/** Takes another reference; any thread. @return its argument; NULL for NULL. Since 0.1. */
ESM_API esm_poller *esm_poller_ref(esm_poller *poller);

/**
 * Gives a reference back; any thread, but the last one only while nobody dispatches. The last one frees the poller: a
 * poller that still runs is stopped hard, which loses nothing and may repeat records.
 * @return NULL; or `poller` itself, refused and unchanged, when it is the last reference and the call comes from inside a
 * callback. Since 0.1.
 */
ESM_API esm_poller *esm_poller_unref(esm_poller *poller);

/**
 * Sets who invokes the function. Replaces an earlier one, whose destroy is called at once.
 * @param user_data borrowed until `destroy` is called with it. @param destroy may be NULL; called when it is replaced or
 * the poller is freed, not when this call fails.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_STATE (the poller has been dispatched). Since 0.1.
 */
ESM_API int esm_poller_set_invoke(esm_poller *poller, esm_invoke_fn invoke, void *user_data, esm_destroy_fn destroy);

/** Sets who takes records that are given up; without one they are dropped. Otherwise as esm_poller_set_invoke(). Since 0.1. */
ESM_API int esm_poller_set_destination(esm_poller *poller, esm_deliver_fn deliver, void *user_data,
                                       esm_destroy_fn destroy);

/**
 * Sets who commits offsets; without one every commit succeeds, and esm_partition_get_position() tells the offset.
 * Otherwise as esm_poller_set_invoke(). Since 0.1.
 */
ESM_API int esm_poller_set_commit(esm_poller *poller, esm_commit_fn commit, void *user_data, esm_destroy_fn destroy);

/**
 * Sets the clock. With one, the poller sleeps by nobody's clock: esm_poller_get_fd() does not wake for deadlines, and the
 * caller moves time on to esm_poller_get_deadline_ms(). Otherwise as esm_poller_set_invoke(). Since 0.1.
 */
ESM_API int esm_poller_set_clock(esm_poller *poller, esm_clock_fn clock, void *user_data, esm_destroy_fn destroy);

/** Sets who takes log lines up to a level; without one nothing is written. Otherwise as esm_poller_set_invoke(). Since 0.1. */
ESM_API int esm_poller_set_log(esm_poller *poller, enum esm_log_level level, esm_log_fn log, void *user_data,
                               esm_destroy_fn destroy);

/* ---- running ---- */

/**
 * Dispatches until the poller has stopped.
 * @return 0 (stopped), ESM_ERR_RECURSIVE, ESM_ERR_CONFLICT, ESM_ERR_STATE (no invoke callback; a destination is
 * configured and nobody serves it), the error given to esm_poller_fail(), ESM_ERR_NOMEM, ESM_ERR_SYSTEM. Since 0.1.
 */
ESM_API int esm_poller_run(esm_poller *poller);

/**
 * A file descriptor for a foreign event loop: readable when esm_poller_dispatch() has something to do, deadlines
 * included (but see esm_poller_set_clock()). It belongs to the poller: do not read or close it.
 * @return the descriptor, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_poller_get_fd(esm_poller *poller);

/**
 * Does what there is to do, a bounded amount of it; with work left the descriptor stays readable.
 * @param timeout_ms how long to wait for something to do: 0 not at all, -1 without limit. Monotonic.
 * @return 0, or as esm_poller_run(); ESM_ERR_STATE too once it has stopped. Since 0.1.
 */
ESM_API int esm_poller_dispatch(esm_poller *poller, int64_t timeout_ms);

/** When the poller next has something to do by itself. @return monotonic ms of its clock; ESM_NEVER. Since 0.1. */
ESM_API int64_t esm_poller_get_deadline_ms(esm_poller *poller);

/** What it is doing; any thread. @return ESM_POLLER_FAILED too for NULL. Since 0.1. */
ESM_API enum esm_poller_state esm_poller_get_state(const esm_poller *poller);

/**
 * Asks it to stop; any thread, also a signal handler. No new batch, no retry; what is out may be answered until the
 * deadline, what is complete is committed, then the source closes.
 * @param drain_ms how long from the next dispatch on; 0: the hard stop; -1: stop.drain_ms of the configuration. A later
 * call only brings the deadline forward.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_poller_stop(esm_poller *poller, int64_t drain_ms);

/**
 * Has a function called from the next dispatch; any thread.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM, ESM_ERR_STATE (it has stopped; fn will not be called). Since 0.1.
 */
ESM_API int esm_poller_post(esm_poller *poller, esm_post_fn fn, void *user_data);

/** One count. @return ESM_ERR_INVALID_ARGUMENT for an unknown one. Since 0.1. */
ESM_API int64_t esm_poller_get_counter(const esm_poller *poller, enum esm_counter counter);

/** The poller's copy of its configuration; borrowed as long as the poller. @return NULL for NULL. Since 0.1. */
ESM_API const esm_config *esm_poller_get_config(const esm_poller *poller);

/** Reads the poller's clock; either pointer may be NULL. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_poller_get_time(esm_poller *poller, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms);

/* ---- fed from outside: what lib/kafka does, any consumer can do ---- */

/** There is room again: esm_partition_get_wanted() is above 0. */
typedef void (*esm_want_fn)(void *user_data, esm_partition *partition);
/** A partition is gone, its handle with it. `drained`: 1, everything was settled; 0, unresolved records were left. */
typedef void (*esm_removed_fn)(void *user_data, int drained);

/**
 * Adds one assignment of one partition.
 * @param topic copied. @param partition 0 or more; the same topic and partition may not be there already, unless it is
 * being removed.
 * @param start_offset where reading begins. @param committed_offset what the group has committed; -1: nothing. Where it
 * differs from start_offset, start_offset is committed at once.
 * @param ret borrowed until it is removed or the poller is freed.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_CONFLICT (it is there), ESM_ERR_STATE (stopped), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_poller_add_partition(esm_poller *poller, const char *topic, int32_t partition, int64_t start_offset,
                                     int64_t committed_offset, esm_partition **ret);

/**
 * Text that every commit of this partition carries, such as Kafka's commit metadata.
 * @param metadata copied; NULL: none. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_partition_set_metadata(esm_partition *partition, const char *metadata);

/**
 * How many records it can take now.
 * @param ret_bytes and how many bytes, overshot by one record at most; may be NULL.
 * @return while above 0, esm_partition_push() does not say ESM_ERR_FULL. Since 0.1.
 */
ESM_API size_t esm_partition_get_wanted(esm_partition *partition, size_t *ret_bytes);

/**
 * Sets who is told that there is room again, after a get_wanted of 0 or a push that was refused.
 * @param destroy may be NULL; called when it is replaced or the partition is gone.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_partition_set_want(esm_partition *partition, esm_want_fn want, void *user_data,
                                   esm_destroy_fn destroy);

/**
 * Gives it one record.
 * @param record copied; its topic and partition are ignored.
 * @return 0, ESM_ERR_FULL (no room now: keep it and come back), ESM_ERR_INVALID_ARGUMENT (also an offset below the next
 * one: going back is remove and add), ESM_ERR_STATE (draining), ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_partition_push(esm_partition *partition, const esm_record *record);

/**
 * The next record, if any comes, has at least this offset: a gap at the end of the log.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (below the next offset), ESM_ERR_STATE (draining). Since 0.1.
 */
ESM_API int esm_partition_skip_to(esm_partition *partition, int64_t next_offset);

/** The lowest offset that is not settled: what is or will be committed. Since 0.1. */
ESM_API int64_t esm_partition_get_position(const esm_partition *partition);

ESM_API const char *esm_partition_get_topic(const esm_partition *partition); /**< Borrowed. Since 0.1. */
ESM_API int32_t esm_partition_get_number(const esm_partition *partition);    /**< Since 0.1. */

/**
 * Takes a partition away; returns at once. It drains, then `removed` is called and the handle is gone.
 * @param drain_ms 0: at once, nothing more is committed (a lost assignment); -1: drain_ms of the configuration. A later
 * call only brings the deadline forward and replaces nothing else.
 * @param removed may be NULL. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_partition_remove(esm_partition *partition, int64_t drain_ms, esm_removed_fn removed, void *user_data);

/* ---- for sources and transports ---- */

/** What the poller tells its source. Since 0.1. */
enum esm_source_event {
    ESM_SOURCE_START = 1, /**< begin to add partitions */
    ESM_SOURCE_STOP = 2,  /**< all is drained or given up: close, then esm_poller_source_closed() */
    ESM_SOURCE_EVENT_FORCE_I32 = 0x7fffffff
};

/** Told from dispatch. @return 0; an error from START stops the poller as esm_poller_fail() does. */
typedef int (*esm_source_fn)(void *user_data, enum esm_source_event event);

/**
 * Sets the source: what is started with the first dispatch (when Enabled) and closed at the end.
 * Otherwise as esm_poller_set_invoke(). Since 0.1.
 */
ESM_API int esm_poller_set_source(esm_poller *poller, esm_source_fn source, void *user_data, esm_destroy_fn destroy);

/** The source has closed; its partitions are taken away. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_poller_source_closed(esm_poller *poller);

/**
 * Ends the poller for a reason that will not go away: as a hard stop, but the state is ESM_POLLER_FAILED and run returns
 * `error`. @param error negative. @param reason copied, goes to the log. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_poller_fail(esm_poller *poller, int error, const char *reason);

/** Writes a log line through the poller's hook. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_poller_log(esm_poller *poller, enum esm_log_level level, const char *text);

/**
 * Sets bytes aside that a source or transport holds itself, such as a consumer's queues: they count against
 * memory.budget_bytes, up to half of it. @param bytes replaces the last value. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_poller_reserve_bytes(esm_poller *poller, size_t bytes);

/** Readiness of a descriptor, for esm_poller_add_watch(). The values are flags. Since 0.1. */
enum esm_watch_event {
    ESM_WATCH_READ = 1,
    ESM_WATCH_WRITE = 2,
    ESM_WATCH_ERROR = 4, /**< only ever told, never asked for */
    ESM_WATCH_EVENT_FORCE_I32 = 0x7fffffff
};

typedef void (*esm_watch_fn)(void *user_data, uint32_t events); /**< Level-triggered, from dispatch. */
typedef void (*esm_timer_fn)(void *user_data);                  /**< Once for each setting, from dispatch. */

/**
 * Watches a descriptor. All functions of watches and timers may be called from their own callbacks.
 * @param fd stays the caller's; free the watch before closing it. @param events flags of enum esm_watch_event.
 * @param ret owned by the caller. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM, ESM_ERR_SYSTEM. Since 0.1.
 */
ESM_API int esm_poller_add_watch(esm_poller *poller, int fd, uint32_t events, esm_watch_fn fn, void *user_data,
                                 esm_watch **ret);

/** Changes what is watched for. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_SYSTEM. Since 0.1. */
ESM_API int esm_watch_set_events(esm_watch *watch, uint32_t events);

/** Ends a watch; its callback is not called again. NULL is allowed. Before the poller is freed. Since 0.1. */
ESM_API void esm_watch_free(esm_watch *watch);

/** Makes a timer, not set. @param ret owned by the caller. @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1. */
ESM_API int esm_poller_add_timer(esm_poller *poller, esm_timer_fn fn, void *user_data, esm_timer **ret);

/** Sets or resets it. @param monotonic_ms by the poller's clock; ESM_NEVER: off. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1. */
ESM_API int esm_timer_set(esm_timer *timer, int64_t monotonic_ms);

/** Ends a timer. NULL is allowed. Before the poller is freed. Since 0.1. */
ESM_API void esm_timer_free(esm_timer *timer);

/* ---- invocations: any thread; records and event are borrowed until the last reference ---- */

/** Nobody waits for the answer any more: timeout, abandoned, hard stop. On the poller's thread, once, before it lets go. */
typedef void (*esm_cancel_fn)(void *user_data);

ESM_API esm_invocation *esm_invocation_ref(esm_invocation *invocation);   /**< @return its argument. Since 0.1. */
ESM_API esm_invocation *esm_invocation_unref(esm_invocation *invocation); /**< @return NULL. Since 0.1. */

ESM_API size_t esm_invocation_get_record_count(const esm_invocation *invocation); /**< Since 0.1. */

/** @param index below the count. @return borrowed; NULL past the end. Since 0.1. */
ESM_API const esm_record *esm_invocation_get_record(const esm_invocation *invocation, size_t index);

/** Which invocation of this set of records this is, from 1 on. Since 0.1. */
ESM_API uint32_t esm_invocation_get_attempt(const esm_invocation *invocation);

/**
 * The Lambda event of exactly these records, written when it is first asked for.
 * @param ret_size may be NULL. @return borrowed, NUL-terminated; NULL: no memory, nothing has changed.
 * Source: AWS "Using Lambda with Amazon MSK", event. Since 0.1.
 */
ESM_API const char *esm_invocation_get_event(esm_invocation *invocation, size_t *ret_size);

/** The length of that event, without writing it. Since 0.1. */
ESM_API size_t esm_invocation_get_event_size(const esm_invocation *invocation);

/**
 * Sets the cancel hook; only from inside the invoke callback. It is not called after an answer.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_invocation_set_cancel(esm_invocation *invocation, esm_cancel_fn cancel, void *user_data);

/*
 * What is known of the answer, for failure records. Before complete, from the completing thread. Texts are copied; what
 * is longer than 255 bytes is cut. @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_invocation_set_status(esm_invocation *invocation, int32_t http_status);
ESM_API int esm_invocation_set_request_id(esm_invocation *invocation, const char *request_id);
ESM_API int esm_invocation_set_executed_version(esm_invocation *invocation, const char *version);
ESM_API int esm_invocation_set_function_error(esm_invocation *invocation, const char *function_error);
ESM_API int esm_invocation_set_retry_after_ms(esm_invocation *invocation, int64_t retry_after_ms);

/**
 * Names a record that failed, for an answer of ESM_OUTCOME_PARTIAL. @param index of this invocation.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_invocation_fail_record(esm_invocation *invocation, size_t index);

/**
 * Answers.
 * @param response with SUCCESS: the function's answer, copied; where FunctionResponseTypes has ReportBatchItemFailures it
 * is read, and may turn out a partial response or a failure. May be NULL.
 * @return 0, ESM_ERR_INVALID_ARGUMENT (unknown outcome; PARTIAL without partial responses configured),
 * ESM_ERR_ALREADY_COMPLETED, ESM_ERR_STALE (nobody waits), ESM_ERR_NOMEM (still open: answer again). Since 0.1.
 */
ESM_API int esm_invocation_complete(esm_invocation *invocation, enum esm_outcome outcome, const void *response,
                                    size_t size);

/* ---- deliveries: as invocations ---- */

/** The forms of a failure record. Source: AWS "Capturing discarded batches", Kafka. Since 0.1. */
enum esm_document {
    ESM_DOCUMENT_BATCH = 1,  /**< metadata of all records: SQS, SNS */
    ESM_DOCUMENT_OBJECT = 2, /**< the same with the event as text: S3 */
    ESM_DOCUMENT_RECORD = 3, /**< one record with its event: the Kafka topic */
    ESM_DOCUMENT_FORCE_I32 = 0x7fffffff
};

ESM_API esm_delivery *esm_delivery_ref(esm_delivery *delivery);   /**< @return its argument. Since 0.1. */
ESM_API esm_delivery *esm_delivery_unref(esm_delivery *delivery); /**< @return NULL. Since 0.1. */
ESM_API size_t esm_delivery_get_record_count(const esm_delivery *delivery); /**< Since 0.1. */
ESM_API const esm_record *esm_delivery_get_record(const esm_delivery *delivery, size_t index); /**< Since 0.1. */
ESM_API enum esm_reason esm_delivery_get_reason(const esm_delivery *delivery); /**< Why they were given up. Since 0.1. */

/** How often the function was invoked with them; 0: never. Since 0.1. */
ESM_API uint32_t esm_delivery_get_attempts(const esm_delivery *delivery);

/**
 * Writes a failure record. Not from two threads at once.
 * @param form which. @param index ESM_DOCUMENT_RECORD: the record; else 0.
 * @param ret, ret_size borrowed until the next call with this delivery, or its last reference; NUL-terminated.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_NOMEM. Since 0.1.
 */
ESM_API int esm_delivery_write_document(esm_delivery *delivery, enum esm_document form, size_t index,
                                        const char **ret, size_t *ret_size);

/** As esm_invocation_set_cancel(). Since 0.1. */
ESM_API int esm_delivery_set_cancel(esm_delivery *delivery, esm_cancel_fn cancel, void *user_data);

/** Answers; anything but SUCCESS is tried again. @return as esm_invocation_complete(). Since 0.1. */
ESM_API int esm_delivery_complete(esm_delivery *delivery, enum esm_outcome outcome);

/* ---- commits: as invocations ---- */

ESM_API esm_commit *esm_commit_ref(esm_commit *commit);   /**< @return its argument. Since 0.1. */
ESM_API esm_commit *esm_commit_unref(esm_commit *commit); /**< @return NULL. Since 0.1. */
ESM_API size_t esm_commit_get_count(const esm_commit *commit); /**< How many partitions. Since 0.1. */

/**
 * One of them. @param ret_topic, ret_metadata borrowed as the token is; ret_metadata may become NULL: none.
 * @param ret_offset the next offset to read. Each pointer may be NULL. @return 0, ESM_ERR_NOT_FOUND. Since 0.1.
 */
ESM_API int esm_commit_get_offset(const esm_commit *commit, size_t index, const char **ret_topic,
                                  int32_t *ret_partition, int64_t *ret_offset, const char **ret_metadata);

/**
 * Answers for one partition, before esm_commit_complete(), where some succeeded and some did not.
 * @return 0, ESM_ERR_INVALID_ARGUMENT. Since 0.1.
 */
ESM_API int esm_commit_set_outcome(esm_commit *commit, size_t index, enum esm_outcome outcome);

/** Answers for the rest. Anything but SUCCESS: tried again, with the newest offsets. @return as esm_invocation_complete(). Since 0.1. */
ESM_API int esm_commit_complete(esm_commit *commit, enum esm_outcome outcome);

#ifdef __cplusplus
}
#endif
#endif
