/* SPDX-License-Identifier: MIT */
/* Memory for every room. NULL as allocator means libc's. */
#ifndef ESM_BASE_ALLOC_H
#define ESM_BASE_ALLOC_H

#include <esm/base.h>

/* A size of 0 is taken as 1; NULL means that there is no memory. */
void *esm__malloc(esm_allocator *allocator, size_t size);
void *esm__calloc(esm_allocator *allocator, size_t count, size_t size); /* checked, zeroed */
void *esm__realloc(esm_allocator *allocator, void *memory, size_t size); /* memory may be NULL; on failure it stays */
void esm__free(esm_allocator *allocator, void *memory);                  /* memory may be NULL */
char *esm__strndup(esm_allocator *allocator, const char *text, size_t size);

#endif
