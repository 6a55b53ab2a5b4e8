/* SPDX-License-Identifier: MIT */
/* The layout is shared by both libraries, which may be of different releases: members are only ever appended. */
#ifndef ESM_BASE_ALLOCATOR_H
#define ESM_BASE_ALLOCATOR_H

#include <stdatomic.h>
#include <esm/base.h>

struct esm_allocator {
    atomic_size_t references;
    esm_malloc_fn malloc_fn;
    esm_realloc_fn realloc_fn;
    esm_free_fn free_fn;
    void *user_data;
    esm_destroy_fn destroy;
};

#endif
