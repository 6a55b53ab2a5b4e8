/* SPDX-License-Identifier: MIT */
#include "filter/arena.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"

#define BLOCK_SIZE 4096

struct esm__arena_block {
    struct esm__arena_block *next;
    uint64_t memory[];
};

static int add_block(struct esm__arena *arena, size_t size)
{
    struct esm__arena_block *block = esm__calloc(arena->allocator, 1, sizeof(*block) + size);
    if (block == NULL)
        return 0;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = (char *)block->memory;
    arena->left = size;
    return 1;
}

void *esm__arena_get(struct esm__arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!esm__mul(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = bytes == 0 ? 8 : (bytes + 7) & ~(size_t)7;
    if (bytes > arena->left && !add_block(arena, bytes > BLOCK_SIZE ? bytes : BLOCK_SIZE))
        return NULL;
    void *memory = arena->at;
    arena->at += bytes;
    arena->left -= bytes;
    return memory;
}

char *esm__arena_copy(struct esm__arena *arena, const char *text, size_t size)
{
    char *copy = esm__arena_get(arena, size + 1, 1);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

void esm__arena_free(struct esm__arena *arena)
{
    while (arena->blocks != NULL) {
        struct esm__arena_block *next = arena->blocks->next;
        esm__free(arena->allocator, arena->blocks);
        arena->blocks = next;
    }
    *arena = (struct esm__arena){.allocator = arena->allocator};
}
