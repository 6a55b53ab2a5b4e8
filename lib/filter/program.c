/* SPDX-License-Identifier: MIT */
#include "filter/program.h"

#include "filter/subject.h"

#include <string.h>

/* ---- the tree ---- */

/* Tells most names apart at a glance. */
static uint32_t tag_of(const char *name, size_t size)
{
    return size == 0 ? 0 : (uint32_t)size << 8 | (unsigned char)*name;
}

static struct esm__node *find_child(const struct esm__node *node, const char *name, size_t size)
{
    uint32_t tag = tag_of(name, size);
    for (struct esm__node *child = node->children; child != NULL; child = child->sibling)
        if (child->tag == tag && child->name.size == size && memcmp(child->name.data, name, size) == 0)
            return child;
    return NULL;
}

static struct esm__node *need_child(struct esm__arena *arena, struct esm__node *node, const char *name,
                                    size_t size)
{
    struct esm__node *child = find_child(node, name, size);
    if (child != NULL)
        return child;
    child = esm__arena_get(arena, 1, sizeof(*child));
    if (child == NULL)
        return NULL;
    child->name = (struct esm__text){name, size};
    child->tag = tag_of(name, size);
    child->field = (int)esm__record_field(name, size);
    child->sibling = node->children;
    node->children = child;
    return child;
}

/* The first name of a path; the rest begins behind its dot. */
static size_t first_name(const char *path, size_t size)
{
    const char *dot = size == 0 ? NULL : memchr(path, '.', size);
    return dot == NULL ? size : (size_t)(dot - path);
}

static int add_use(struct esm__arena *arena, const struct esm__use **uses, uint32_t branch, uint32_t bit)
{
    struct esm__use *use = esm__arena_get(arena, 1, sizeof(*use));
    if (use == NULL)
        return 0;
    *use = (struct esm__use){*uses, branch, bit};
    *uses = use;
    return 1;
}

/* A node learns that a branch has conditions at it or below it. */
static int tell(struct esm__arena *arena, struct esm__node *node, uint32_t branch)
{
    int is_known = node->within != NULL && node->within->branch == branch;
    return is_known || add_use(arena, &node->within, branch, 0);
}

/* The node at the end of a path of the branch that is being added. */
static struct esm__node *need_node(struct esm__arena *arena, struct esm__program *program,
                                   struct esm__text path)
{
    struct esm__node *node = &program->root;
    int is_told = tell(arena, node, program->branch_count);
    for (size_t at = 0; is_told && node != NULL && at <= path.size;) {
        size_t size = first_name(path.data + at, path.size - at);
        node = need_child(arena, node, path.data + at, size);
        is_told = node != NULL && tell(arena, node, program->branch_count);
        at += size + 1;
    }
    return is_told ? node : NULL;
}

/* A name without escapes. */
static const struct esm__node *find_plain(const struct esm__node *node, const char *name, size_t size)
{
    const struct esm__node *child = find_child(node, name, size);
    if (child != NULL)
        return child;
    for (size_t at = 0; node != NULL && at <= size;) {
        size_t part = first_name(name + at, size - at);
        if (at == 0 && part == size)
            return NULL;
        node = find_child(node, name + at, part);
        at += part + 1;
    }
    return node;
}

const struct esm__node *esm__node_find(const struct esm__node *node, const struct esm__json_token *name)
{
    char decoded[4096]; /* a longer name is in no pattern that a mapping takes */
    if (!name->has_escapes)
        return find_plain(node, name->text, name->size);
    size_t size = esm__text_copy(name, decoded, sizeof(decoded));
    if (size != SIZE_MAX)
        return find_plain(node, decoded, size);
    return NULL;
}

/* ---- branches ---- */

static uint32_t words_of(size_t conditions)
{
    return (uint32_t)(conditions + 63) / 64;
}

/* A count, a set, and so many pairs of sets: see match.c. */
static uint32_t frame_words_of(uint32_t words)
{
    return 1 + words + 2 * words * ESM__ALTERNATIVES;
}

static struct esm__check *need_check(struct esm__arena *arena, struct esm__node *node,
                                     const struct esm__tests *tests)
{
    struct esm__check *check = node->checks;
    while (check != NULL && check->tests != tests)
        check = (struct esm__check *)(uintptr_t)check->next;
    if (check != NULL || (check = esm__arena_get(arena, 1, sizeof(*check))) == NULL)
        return check;
    *check = (struct esm__check){node->checks, tests, NULL};
    node->checks = check;
    return check;
}

static int has_absence(const struct esm__tests *tests)
{
    for (size_t i = 0; i < tests->count; i++)
        if (tests->list[i].kind == ESM__TEST_ABSENT)
            return 1;
    return 0;
}

static int add_condition(struct esm__arena *arena, struct esm__program *program,
                         const struct esm__condition *condition, uint32_t number, uint32_t bit)
{
    struct esm__node *node = need_node(arena, program, condition->path);
    struct esm__program_branch *branch = &program->branches[number];
    if (node == NULL)
        return 0;
    if (node->checks == NULL) {
        node->path = condition->path;
        node->next = program->checked;
        program->checked = node;
    }
    struct esm__check *check = need_check(arena, node, condition->tests);
    if (check == NULL || !add_use(arena, &check->uses, number, bit))
        return 0;
    branch->all[bit / 64] |= (uint64_t)1 << bit % 64;
    if (!has_absence(condition->tests))
        return 1;
    const struct esm__use *absences = node->absences;
    if (!add_use(arena, &absences, number, bit))
        return 0;
    node->absences = (struct esm__use *)(uintptr_t)absences;
    branch->absences[bit / 64] |= (uint64_t)1 << bit % 64;
    branch->has_absences = 1;
    return 1;
}

static int add_branch(struct esm__arena *arena, struct esm__program *program, const struct esm__branch *from)
{
    struct esm__program_branch *branch = &program->branches[program->branch_count];
    uint32_t words = words_of(from->count);
    *branch = (struct esm__program_branch){.words = words, .offset = program->frame_words};
    branch->all = esm__arena_get(arena, words, sizeof(*branch->all));
    branch->absences = esm__arena_get(arena, words, sizeof(*branch->absences));
    if (branch->all == NULL || branch->absences == NULL)
        return 0;
    for (uint32_t bit = 0; bit < from->count; bit++)
        if (!add_condition(arena, program, &from->conditions[bit], program->branch_count, bit))
            return 0;
    program->frame_words += frame_words_of(words);
    program->branch_count++;
    return 1;
}

static struct esm__program *start_program(struct esm__arena *arena, struct esm__program *next)
{
    struct esm__program *program = esm__arena_get(arena, 1, sizeof(*program));
    if (program == NULL)
        return NULL;
    program->next = next;
    /* No frame has room for more. */
    program->branches = esm__arena_get(arena, ESM__SCRATCH_WORDS / ESM__FRAMES / frame_words_of(1),
                                       sizeof(*program->branches));
    return program->branches == NULL ? NULL : program;
}

struct esm__program *esm__program_make(struct esm__arena *arena, const struct esm__pattern *patterns,
                                       int *ret_fits)
{
    struct esm__program *program = start_program(arena, NULL);
    const uint32_t most = ESM__SCRATCH_WORDS / ESM__FRAMES;
    *ret_fits = 1;
    for (; patterns != NULL; patterns = patterns->next)
        for (size_t i = 0; program != NULL && i < patterns->branches.count; i++) {
            const struct esm__branch *branch = &patterns->branches.list[i];
            uint32_t words = branch->count > 64 * 64 ? most + 1 : frame_words_of(words_of(branch->count));
            if (words > most) {
                *ret_fits = 0;
                return program;
            }
            if (program->frame_words + words > most)
                program = start_program(arena, program);
            if (program != NULL && !add_branch(arena, program, branch))
                program = NULL;
        }
    return program;
}
