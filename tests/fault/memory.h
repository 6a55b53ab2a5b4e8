/* SPDX-License-Identifier: MIT */
/* Memory that runs out when a test says so, and is counted. */
#ifndef ESM_TESTS_FAULT_MEMORY_H
#define ESM_TESTS_FAULT_MEMORY_H

#include <esm/base.h>

struct memory {
    esm_allocator *allocator;
    size_t live;   /* pieces that are not freed, the allocator's own among them */
    size_t asked;  /* how often since memory_arm() */
    size_t nth;    /* that one fails, */
    int and_after; /* and all behind it */
    int is_armed;
    int was_hit;
};

/*
 * Runs a scenario with the first request for memory failing, then with the second, and so on until none is
 * hit any more; then the same with all behind the failing one failing too. The scenario sets up, arms, and
 * heals where it wants memory to be back. Whatever it leaves behind fails the test.
 */
void memory_each(void (*scenario)(struct memory *memory));

void memory_make(struct memory *memory);
void memory_free(struct memory *memory);
void memory_arm(struct memory *memory);
void memory_heal(struct memory *memory);

/*
 * For one call: its result has to be ESM_ERR_NOMEM if it was hit, and 0 if not. Then memory is back, and 1
 * says that the call is to be made again.
 */
int memory_check(struct memory *memory, int error);

#endif
