/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The back-off of libesm: exponential, with full jitter that can be replayed. It belongs to libesm-policy.
 */
#ifndef ESM_BACKOFF_H
#define ESM_BACKOFF_H

#include <esm/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How long to wait before a retry: evenly spread over 0 .. min(max_ms, first_ms * (factor_percent / 100)^(attempt - 1)).
 * A pure function: the same arguments give the same wait. There is no other state.
 * @param first_ms the ceiling of the first wait; 0 or more. @param max_ms the greatest ceiling; at least first_ms.
 * @param factor_percent 200 doubles; 100 or more. @param attempt 1 for the first retry; 0 is taken as 1.
 * @param seed any number. @param key what is retried, such as its first offset: two keys wait differently.
 * @return milliseconds; ESM_ERR_INVALID_ARGUMENT (negative) for arguments out of range. Any thread. Since 0.1.
 */
ESM_API int64_t esm_backoff_ms(int64_t first_ms, int64_t max_ms, uint32_t factor_percent, uint32_t attempt,
                               uint64_t seed, uint64_t key);

#ifdef __cplusplus
}
#endif
#endif
