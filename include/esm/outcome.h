/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The words in which the outside world answers the policy engine, and in which the engine says why it gave up.
 */
#ifndef ESM_OUTCOME_H
#define ESM_OUTCOME_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How an invocation, a delivery or a commit ended. 0 is never an outcome, so that a forgotten value is an error.
 * For a delivery and for a commit everything but SUCCESS means that it is to be tried again; PARTIAL is refused there.
 * Source: decision table of docs/policy.md, after "How Lambda processes records" and the Kafka retry page of AWS.
 * Since 0.1.
 */
enum esm_outcome {
    ESM_OUTCOME_SUCCESS = 1,   /**< done: the records are complete */
    ESM_OUTCOME_FAILURE = 2,   /**< the function ran and failed: counts as an attempt */
    ESM_OUTCOME_PARTIAL = 3,   /**< the function ran and named the records that failed */
    ESM_OUTCOME_THROTTLED = 4, /**< refused for load (429): does not count, retried with back-off, Retry-After honoured */
    ESM_OUTCOME_UNAVAILABLE = 5, /**< did not reach the function (5xx, no connection): does not count, back-off */
    ESM_OUTCOME_AMBIGUOUS = 6, /**< sent, and no answer says whether the function ran: counts if count_timeouts is on */
    ESM_OUTCOME_TOO_LARGE = 7, /**< the body was refused for its size (413): split without a retry; one record: given up */
    ESM_OUTCOME_HELD = 8,      /**< refused for its address or rights (403, 404): waits with a long back-off, visibly */
    ESM_OUTCOME_FORCE_I32 = 0x7fffffff
};

/** Why records left a batch without success. Since 0.1. */
enum esm_reason {
    ESM_REASON_NONE = 0,
    ESM_REASON_RETRIES = 1,   /**< MaximumRetryAttempts is used up: "RetryAttemptsExhausted" */
    ESM_REASON_AGE = 2,       /**< older than MaximumRecordAgeInSeconds: "RecordAgeExceeded" */
    ESM_REASON_TOO_LARGE = 3, /**< one record alone is too large: "MaximumPayloadSizeExceeded" */
    ESM_REASON_FORCE_I32 = 0x7fffffff
};

#ifdef __cplusplus
}
#endif
#endif
