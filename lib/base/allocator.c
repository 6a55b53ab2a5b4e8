/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/allocator.h"

int esm_allocator_new(esm_allocator **ret, esm_malloc_fn malloc_fn, esm_realloc_fn realloc_fn, esm_free_fn free_fn,
                      void *user_data, esm_destroy_fn destroy)
{
    if (ret == NULL || malloc_fn == NULL || realloc_fn == NULL || free_fn == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_allocator *allocator = malloc_fn(user_data, sizeof(*allocator));
    if (allocator == NULL)
        return ESM_ERR_NOMEM;
    atomic_init(&allocator->references, 1);
    allocator->malloc_fn = malloc_fn;
    allocator->realloc_fn = realloc_fn;
    allocator->free_fn = free_fn;
    allocator->user_data = user_data;
    allocator->destroy = destroy;
    *ret = allocator;
    return 0;
}

esm_allocator *esm_allocator_ref(esm_allocator *allocator)
{
    if (allocator != NULL)
        atomic_fetch_add_explicit(&allocator->references, 1, memory_order_relaxed);
    return allocator;
}

esm_allocator *esm_allocator_unref(esm_allocator *allocator)
{
    if (allocator == NULL || atomic_fetch_sub_explicit(&allocator->references, 1, memory_order_acq_rel) != 1)
        return NULL;
    esm_free_fn free_fn = allocator->free_fn;
    esm_destroy_fn destroy = allocator->destroy;
    void *user_data = allocator->user_data;
    free_fn(user_data, allocator);
    if (destroy != NULL)
        destroy(user_data);
    return NULL;
}

void esm_free(esm_allocator *allocator, void *memory)
{
    esm__free(allocator, memory);
}
