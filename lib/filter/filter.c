/* SPDX-License-Identifier: MIT */
/* The public object: patterns, and the programs that they make together. */
#include <esm/filter.h>

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "filter/match.h"
#include "filter/subject.h"

struct esm_filter {
    esm_allocator *allocator; /* owned */
    struct esm__pattern *patterns;
    struct esm__arena arena; /* of the programs */
    struct esm__program *programs;
    struct esm__leniency leniency;
};

int esm_filter_new(esm_allocator *allocator, esm_filter **ret)
{
    if (ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_filter *filter = esm__calloc(allocator, 1, sizeof(*filter));
    if (filter == NULL)
        return ESM_ERR_NOMEM;
    filter->allocator = esm_allocator_ref(allocator);
    filter->arena.allocator = allocator;
    filter->leniency = (struct esm__leniency){1, 1};
    *ret = filter;
    return 0;
}

static void free_pattern(esm_allocator *allocator, struct esm__pattern *pattern)
{
    esm__arena_free(&pattern->arena);
    esm__free(allocator, pattern);
}

void esm_filter_free(esm_filter *filter)
{
    if (filter == NULL)
        return;
    esm_allocator *allocator = filter->allocator;
    while (filter->patterns != NULL) {
        struct esm__pattern *next = filter->patterns->next;
        free_pattern(allocator, filter->patterns);
        filter->patterns = next;
    }
    esm__arena_free(&filter->arena);
    esm__free(allocator, filter);
    esm_allocator_unref(allocator);
}

/* Lines and columns count from 1, columns in bytes. */
static void say(char *ret_reason, size_t size, const char *why, const char *pattern, size_t where)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < where; i++) {
        column = pattern[i] == '\n' ? 1 : column + 1;
        line += pattern[i] == '\n';
    }
    if (size > 0)
        esm__format(ret_reason, size, "line %zu, column %zu: %s", line, column, why);
}

/* Programs of all patterns, the new one among them. */
static int renew(esm_filter *filter, struct esm__pattern *pattern)
{
    struct esm__arena arena = {.allocator = filter->allocator};
    int fits;
    pattern->next = filter->patterns;
    struct esm__program *programs = esm__program_make(&arena, pattern, &fits);
    if (programs == NULL || !fits) {
        esm__arena_free(&arena);
        return programs == NULL ? ESM_ERR_NOMEM : ESM_ERR_CONFIG;
    }
    esm__arena_free(&filter->arena);
    filter->arena = arena;
    filter->programs = programs;
    filter->patterns = pattern;
    return 0;
}

int esm_filter_add_pattern(esm_filter *filter, const char *pattern, size_t size, char *ret_reason,
                           size_t reason_size)
{
    const char *why = "a combination has more than 896 fields";
    size_t where = 0;
    if (filter == NULL || pattern == NULL || (ret_reason == NULL && reason_size > 0))
        return ESM_ERR_INVALID_ARGUMENT;
    struct esm__pattern *read = esm__calloc(filter->allocator, 1, sizeof(*read));
    if (read == NULL)
        return ESM_ERR_NOMEM;
    read->arena.allocator = filter->allocator;
    int error = esm__pattern_read(read, (struct esm__text){pattern, size}, &why, &where);
    if (error == 0)
        error = renew(filter, read);
    if (error != 0)
        free_pattern(filter->allocator, read);
    if (error == ESM_ERR_CONFIG)
        say(ret_reason, reason_size, why, pattern, where);
    return error;
}

static int is_choice(enum esm_filter_choice choice)
{
    return choice == ESM_FILTER_PASS || choice == ESM_FILTER_DROP;
}

int esm_filter_set_on_mismatch(esm_filter *filter, enum esm_filter_choice choice)
{
    if (filter == NULL || !is_choice(choice))
        return ESM_ERR_INVALID_ARGUMENT;
    filter->leniency.passes_mismatches = choice == ESM_FILTER_PASS;
    return 0;
}

int esm_filter_set_on_tombstone(esm_filter *filter, enum esm_filter_choice choice)
{
    if (filter == NULL || !is_choice(choice))
        return ESM_ERR_INVALID_ARGUMENT;
    filter->leniency.passes_tombstones = choice == ESM_FILTER_PASS;
    return 0;
}

int esm_filter_match(const esm_filter *filter, const esm_record *record, int *ret_matches)
{
    if (filter == NULL || record == NULL || ret_matches == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    int matches = filter->programs == NULL;
    for (const struct esm__program *program = filter->programs; program != NULL && !matches;
         program = program->next)
        matches = esm__record_match(program, record, filter->leniency);
    *ret_matches = matches;
    return 0;
}

const char *esm__filter_stranger(const esm_filter *filter, size_t *ret_size)
{
    for (const struct esm__program *program = filter->programs; program != NULL; program = program->next)
        for (const struct esm__node *node = program->root.children; node != NULL; node = node->sibling)
            if (node->field == ESM__FIELD_NONE) {
                *ret_size = node->name.size;
                return node->name.data;
            }
    return NULL;
}

static int is_object(const char *text, size_t size)
{
    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, text, size);
    return esm__json_next(&json, &token) == ESM__JSON_OBJECT && esm__json_leave(&json, 0) == 0;
}

int esm_filter_match_json(const esm_filter *filter, const char *text, size_t size, int *ret_matches)
{
    struct esm__match match;
    if (filter == NULL || text == NULL || ret_matches == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (!is_object(text, size))
        return ESM_ERR_NOT_FOUND;
    int matches = filter->programs == NULL;
    for (const struct esm__program *program = filter->programs; program != NULL && !matches;
         program = program->next) {
        esm__match_begin(&match, program, 1);
        esm__json_init(&match.json, text, size);
        esm__match_document(&match, &program->root);
        matches = esm__match_end(&match);
    }
    *ret_matches = matches;
    return 0;
}
