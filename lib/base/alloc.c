/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"
#include "base/checked.h"

void *esm__malloc(esm_allocator *allocator, size_t size)
{
    if (size == 0)
        size = 1;
    return allocator == NULL ? malloc(size) : allocator->malloc_fn(allocator->user_data, size);
}

void *esm__calloc(esm_allocator *allocator, size_t count, size_t size)
{
    size_t bytes;
    if (!esm__mul(count, size, &bytes))
        return NULL;
    void *memory = esm__malloc(allocator, bytes);
    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

void *esm__realloc(esm_allocator *allocator, void *memory, size_t size)
{
    if (memory == NULL)
        return esm__malloc(allocator, size);
    if (size == 0)
        size = 1;
    return allocator == NULL ? realloc(memory, size) : allocator->realloc_fn(allocator->user_data, memory, size);
}

void esm__free(esm_allocator *allocator, void *memory)
{
    if (memory == NULL)
        return;
    if (allocator == NULL)
        free(memory);
    else
        allocator->free_fn(allocator->user_data, memory);
}

char *esm__strndup(esm_allocator *allocator, const char *text, size_t size)
{
    size_t bytes;
    if (!esm__add(size, 1, &bytes))
        return NULL;
    char *copy = esm__malloc(allocator, bytes);
    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}
