/* SPDX-License-Identifier: MIT */
#include <esm/backoff.h>

/* The finalizer of splitmix64: every bit of the input moves every bit of the output. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Both as fixed point with as many fraction bits as `limit` leaves free, so that 1 ms grows by 50 % too. */
static uint64_t grow(uint64_t ceiling, uint64_t limit, uint32_t factor_percent)
{
    uint64_t grown;
    if (__builtin_mul_overflow(ceiling / 100, factor_percent, &grown) || grown >= limit)
        return limit;
    grown += ceiling % 100 * factor_percent / 100;
    return grown < limit ? grown : limit;
}

int64_t esm_backoff_ms(int64_t first_ms, int64_t max_ms, uint32_t factor_percent, uint32_t attempt,
                       uint64_t seed, uint64_t key)
{
    if (first_ms < 0 || max_ms < first_ms || factor_percent < 100)
        return ESM_ERR_INVALID_ARGUMENT;
    if (attempt == 0)
        attempt = 1;
    int shift = __builtin_clzll((uint64_t)max_ms | 1) - 1;
    uint64_t limit = (uint64_t)max_ms << shift;
    uint64_t ceiling = (uint64_t)first_ms << shift;
    uint64_t before = limit;
    for (uint32_t n = 1; n < attempt && ceiling != before; n++) {
        before = ceiling;
        ceiling = grow(ceiling, limit, factor_percent);
    }
    uint64_t span = (ceiling >> shift) + 1;
    return (int64_t)(mix(seed ^ mix(key ^ mix(attempt))) % span);
}
