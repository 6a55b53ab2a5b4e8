/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <check.h>
#include <stdlib.h>

static int fails(struct memory *memory)
{
    if (!memory->is_armed)
        return 0;
    memory->asked++;
    if (memory->asked != memory->nth && !(memory->and_after && memory->asked > memory->nth))
        return 0;
    memory->was_hit = 1;
    return 1;
}

static void *give(void *user_data, size_t size)
{
    struct memory *memory = user_data;
    if (fails(memory))
        return NULL;
    memory->live++;
    return malloc(size);
}

static void *resize(void *user_data, void *block, size_t size)
{
    return fails(user_data) ? NULL : realloc(block, size);
}

static void take_back(void *user_data, void *block)
{
    ((struct memory *)user_data)->live--;
    free(block);
}

void memory_make(struct memory *memory)
{
    *memory = (struct memory){.nth = memory->nth, .and_after = memory->and_after};
    ck_assert_int_eq(esm_allocator_new(&memory->allocator, give, resize, take_back, memory, NULL), 0);
}

void memory_free(struct memory *memory)
{
    memory_heal(memory);
    ck_assert_uint_eq(memory->live, 1);
    esm_allocator_unref(memory->allocator);
    ck_assert_uint_eq(memory->live, 0);
}

void memory_arm(struct memory *memory)
{
    memory->is_armed = 1;
}

void memory_heal(struct memory *memory)
{
    memory->is_armed = 0;
}

int memory_check(struct memory *memory, int error)
{
    ck_assert_int_eq(error, memory->was_hit ? ESM_ERR_NOMEM : 0);
    memory_heal(memory);
    return error != 0;
}

void memory_each(void (*scenario)(struct memory *memory))
{
    for (int and_after = 0; and_after < 2; and_after++) {
        struct memory memory = {.and_after = and_after};
        do {
            memory.nth++;
            memory_make(&memory);
            scenario(&memory);
            memory_free(&memory);
            ck_assert_uint_lt(memory.nth, 10000);
        } while (memory.was_hit);
        ck_assert_uint_gt(memory.nth, 1); /* one at least */
    }
}
