/* SPDX-License-Identifier: MIT */
/* Patterns from JSON. What the words of one value mean stands in operator.c. */
#include "filter/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "filter/operator.h"

/* ---- branches ---- */

/* As Java orders strings, by UTF-16: what lies beyond the basic plane comes before its last characters. */
static int compare_paths(struct esm__text a, struct esm__text b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    for (size_t i = 0; i < size; i++) {
        unsigned char x = (unsigned char)a.data[i], y = (unsigned char)b.data[i];
        if (x != y)
            return x >= 0xee && y >= 0xee && (x >= 0xf0) != (y >= 0xf0) ? y - x : x - y;
    }
    return (a.size > size) - (b.size > size);
}

static int compare_conditions(const void *a, const void *b)
{
    return compare_paths(((const struct esm__condition *)a)->path, ((const struct esm__condition *)b)->path);
}

static int reserve(struct esm__reader *reader, void **list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return 0;
    size_t more = *capacity == 0 ? 4 : *capacity * 2;
    void *copy = esm__arena_get(reader->arena, more, size);
    if (copy == NULL)
        return ESM_ERR_NOMEM;
    if (count > 0)
        memcpy(copy, *list, count * size);
    *list = copy;
    *capacity = more;
    return 0;
}

/* A later condition takes the place of an earlier one for the same path. */
static int put_condition(struct esm__reader *reader, struct esm__branch *branch,
                         struct esm__condition condition)
{
    for (size_t i = 0; i < branch->count; i++)
        if (compare_conditions(&branch->conditions[i], &condition) == 0) {
            branch->conditions[i] = condition;
            return 0;
        }
    void *list = branch->conditions;
    int error = reserve(reader, &list, branch->count, &branch->capacity, sizeof(condition));
    branch->conditions = list;
    if (error == 0)
        branch->conditions[branch->count++] = condition;
    return error;
}

static int add_branch(struct esm__reader *reader, struct esm__branches *branches,
                      const struct esm__branch *branch)
{
    struct esm__branch copy = {.count = branch->count, .capacity = branch->count};
    copy.conditions = esm__arena_get(reader->arena, branch->count, sizeof(*copy.conditions));
    if (copy.conditions == NULL)
        return ESM_ERR_NOMEM;
    if (branches->count == ESM__BRANCHES_MAX)
        return esm__reader_fail(reader, "$or makes more than 1000 combinations");
    if (copy.count > 0)
        memcpy(copy.conditions, branch->conditions, copy.count * sizeof(*copy.conditions));
    void *list = branches->list;
    int error = reserve(reader, &list, branches->count, &branches->capacity, sizeof(copy));
    branches->list = list;
    if (error == 0)
        branches->list[branches->count++] = copy;
    return error;
}

static int add_branches(struct esm__reader *reader, struct esm__branches *to,
                        const struct esm__branches *from)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < from->count; i++)
        error = add_branch(reader, to, &from->list[i]);
    return error;
}

/* ---- objects ---- */

static int read_object(struct esm__reader *reader, struct esm__branches *branches, unsigned depth);

/* Each member goes on from the branches that there are, on its own. */
static int read_or(struct esm__reader *reader, struct esm__branches *branches, unsigned depth)
{
    struct esm__json_token token;
    struct esm__branches all = {0};
    size_t members = 0;
    enum esm__json_type type = esm__json_next(&reader->json, &token);
    if (type != ESM__JSON_ARRAY)
        return esm__reader_fail(reader, "$or wants a list of objects");
    reader->or_depth++;
    int error = 0;
    while (error == 0 && (type = esm__json_next(&reader->json, &token)) == ESM__JSON_OBJECT) {
        struct esm__branches own = {0};
        error = add_branches(reader, &own, branches);
        if (error == 0)
            error = read_object(reader, &own, depth);
        if (error == 0)
            error = add_branches(reader, &all, &own);
        members++;
    }
    reader->or_depth--;
    if (error != 0)
        return error;
    if (type != ESM__JSON_ARRAY_END)
        return esm__reader_fail(reader, "$or wants a list of objects");
    if (members < 2)
        return esm__reader_fail(reader, "$or wants two objects or more");
    *branches = all;
    return 0;
}

static int read_tests_of(struct esm__reader *reader, struct esm__branches *branches)
{
    struct esm__condition condition = {.path.size = reader->path.size};
    struct esm__tests *tests = esm__arena_get(reader->arena, 1, sizeof(*tests));
    condition.path.data = esm__arena_copy(reader->arena, reader->path.data, reader->path.size);
    if (tests == NULL || condition.path.data == NULL)
        return ESM_ERR_NOMEM;
    condition.tests = tests;
    int error = esm__operator_read_tests(reader, tests);
    for (size_t i = 0; error == 0 && i < branches->count; i++)
        error = put_condition(reader, &branches->list[i], condition);
    return error;
}

static int read_member(struct esm__reader *reader, struct esm__branches *branches,
                       const struct esm__json_token *key, unsigned depth)
{
    struct esm__json_token token;
    if (esm__json_equals(key, "$or", 3)) {
        reader->has_or = 1;
        if (reader->or_is_operator)
            return read_or(reader, branches, depth);
    }
    if (reader->or_depth > 0 && esm__operator_is_reserved(key))
        return esm__reader_fail(reader, "the name of an operator is no field inside $or");
    int error = depth == 0 ? 0 : esm__bytes_append(&reader->path, ".", 1);
    if (error == 0)
        error = esm__bytes_reserve(&reader->path, key->size + 1);
    if (error != 0)
        return error;
    reader->path.size += esm__json_decode(key, reader->path.data + reader->path.size);
    switch (esm__json_next(&reader->json, &token)) {
    case ESM__JSON_OBJECT: return read_object(reader, branches, depth + 1);
    case ESM__JSON_ARRAY: return read_tests_of(reader, branches);
    default: return esm__reader_fail(reader, "a field wants a list of values or an object");
    }
}

/* Behind its beginning. depth: of the path. */
static int read_object(struct esm__reader *reader, struct esm__branches *branches, unsigned depth)
{
    struct esm__json_token key;
    enum esm__json_type type;
    size_t members = 0, size = reader->path.size;
    int error = 0;
    for (; error == 0 && (type = esm__json_next(&reader->json, &key)) == ESM__JSON_KEY; members++) {
        error = read_member(reader, branches, &key, depth);
        reader->path.size = size;
    }
    if (error != 0)
        return error;
    if (type != ESM__JSON_OBJECT_END)
        return esm__reader_fail(reader, "");
    return members > 0 ? 0 : esm__reader_fail(reader, "an object is empty");
}

static int read_pattern(struct esm__reader *reader, struct esm__branches *branches)
{
    struct esm__json_token token;
    const struct esm__branch empty = {0};
    if (esm__json_next(&reader->json, &token) != ESM__JSON_OBJECT)
        return esm__reader_fail(reader, "a pattern is a JSON object");
    *branches = (struct esm__branches){0};
    int error = add_branch(reader, branches, &empty);
    return error != 0 ? error : read_object(reader, branches, 0);
}

/* What is no pattern with $or as the operator is read again with every $or as a field, as the engine does. */
int esm__pattern_read(struct esm__pattern *pattern, struct esm__text text, const char **ret_why,
                      size_t *ret_where)
{
    struct esm__reader reader = {.arena = &pattern->arena, .or_is_operator = 1};
    int error;
    esm__bytes_init(&reader.path, pattern->arena.allocator);
    esm__json_init(&reader.json, text.data, text.size);
    error = read_pattern(&reader, &pattern->branches);
    if (error == ESM_ERR_CONFIG) {
        *ret_why = reader.why;
        *ret_where = reader.where;
    }
    if (error == ESM_ERR_CONFIG && reader.has_or) {
        reader.or_is_operator = 0;
        reader.or_depth = 0;
        reader.path.size = 0;
        esm__json_init(&reader.json, text.data, text.size);
        error = read_pattern(&reader, &pattern->branches);
    }
    esm__bytes_free(&reader.path);
    for (size_t i = 0; error == 0 && i < pattern->branches.count; i++)
        qsort(pattern->branches.list[i].conditions, pattern->branches.list[i].count,
              sizeof(struct esm__condition), compare_conditions);
    return error;
}
