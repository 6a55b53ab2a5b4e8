/* SPDX-License-Identifier: MIT */
/* splitmix64: all that is random in a run comes out of its seed. */
#ifndef ESM_TESTS_SIMULATION_RANDOM_H
#define ESM_TESTS_SIMULATION_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Both ends are among them. */
static inline int64_t random_between(struct random *random, int64_t least, int64_t most)
{
    return least + (int64_t)(random_next(random) % (uint64_t)(most - least + 1));
}

static inline int random_chance(struct random *random, int percent)
{
    return random_between(random, 0, 99) < percent;
}

#define RANDOM_OF(random, ...)                                                                               \
    (((const int64_t[]){__VA_ARGS__})[random_between(                                                        \
        random, 0, (int64_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)) - 1)])

#endif
