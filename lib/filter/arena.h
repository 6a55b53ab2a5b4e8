/* SPDX-License-Identifier: MIT */
/* Memory that is given back all at once. */
#ifndef ESM_FILTER_ARENA_H
#define ESM_FILTER_ARENA_H

#include <esm/base.h>

struct esm__arena {
    esm_allocator *allocator; /* borrowed */
    struct esm__arena_block *blocks;
    char *at;
    size_t left;
};

/* Zeroed and aligned to 8; NULL: there is no memory. */
void *esm__arena_get(struct esm__arena *arena, size_t count, size_t size);
char *esm__arena_copy(struct esm__arena *arena, const char *text, size_t size);
void esm__arena_free(struct esm__arena *arena);

#endif
