/* SPDX-License-Identifier: MIT */
/*
 * A branch is met if each of its conditions holds of a value at its path, where no two of the values lie in
 * different elements of one array. So what an array has to say of a branch is a choice: for each element, the
 * set of conditions that hold within it. A frame has, for each branch, the choices that are open in one scope
 * (the record, an array, or one element): pairs of sets, "met" and "there". Of two choices the one with more
 * is enough, so few are kept.
 *
 * "There" is for exists: false. The conditions of a branch are taken in order, and this one holds if no value
 * is at its path, elements apart that an earlier condition has excluded. A choice of an element has excluded
 * the other elements for the conditions behind the first that it meets; for all others it counts what is
 * anywhere in the array, which a scope keeps besides.
 *
 * A list that is full forgets the choice that satisfies least. One that satisfies all there is within its
 * array is kept, so that nothing is lost where names are not repeated: there a choice that leaves something
 * out is of no use. Arrays in arrays are looked into as far as there are frames.
 */
#include "filter/match.h"

#include <string.h>

/* ---- sets, of a branch's words ---- */

static int is_within(const uint64_t *set, const uint64_t *whole, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if ((set[i] & ~whole[i]) != 0)
            return 0;
    return 1;
}

static void unite(uint64_t *set, const uint64_t *other, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        set[i] |= other[i];
}

/* ---- a branch's part of a frame ---- */

struct part {
    uint64_t *count;
    uint64_t *anywhere;
    uint64_t *choices; /* met, there, met, there, ... */
};

static struct part part_of(uint64_t *frame, const struct esm__program_branch *branch)
{
    uint64_t *at = frame + branch->offset;
    return (struct part){at, at + 1, at + 1 + branch->words};
}

/* Whether `a` is no better than `b`. */
static int is_no_better(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    return is_within(a, b, words) && is_within(b + words, a + words, words);
}

/* How much is lost with a choice: what it satisfies, and then how early its first condition comes, for that
 * excludes most. */
static int worth(const struct esm__program_branch *branch, const uint64_t *choice)
{
    int satisfied = 0, first = 0;
    for (uint32_t i = branch->words; i-- > 0;) {
        uint64_t absent = branch->absences[i] & ~choice[branch->words + i];
        satisfied += __builtin_popcountll(choice[i] | absent);
        if (choice[i] != 0)
            first = (int)(i * 64) + __builtin_ctzll(choice[i]);
    }
    return satisfied * (64 * 64) - first;
}

static void add_choice(struct part part, const uint64_t *choice, const struct esm__program_branch *branch)
{
    uint32_t words = branch->words;
    size_t size = 2 * words;
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *part.count; i++)
        if (is_no_better(choice, part.choices + i * size, words))
            return;
    for (uint64_t i = 0; i < *part.count; i++)
        if (!is_no_better(part.choices + i * size, choice, words))
            memmove(part.choices + kept++ * size, part.choices + i * size, size * sizeof(*choice));
    *part.count = kept;
    uint64_t *to = part.choices + kept * size;
    if (kept == ESM__ALTERNATIVES) {
        to = part.choices;
        for (uint64_t i = 1; i < kept; i++)
            if (worth(branch, part.choices + i * size) < worth(branch, to))
                to = part.choices + i * size;
        if (worth(branch, choice) <= worth(branch, to))
            return;
    } else {
        ++*part.count;
    }
    memcpy(to, choice, size * sizeof(*choice));
}

/* ---- frames ---- */

/* For the branches that have something within a node: one choice, of nothing, or none. */
static void start_frame(struct esm__match *match, const struct esm__node *node, uint64_t choices)
{
    for (const struct esm__use *use = node->within; use != NULL; use = use->next) {
        const struct esm__program_branch *branch = &match->program->branches[use->branch];
        struct part part = part_of(match->frame, branch);
        *part.count = choices;
        memset(part.anywhere, 0,
               3 * branch->words * sizeof(*part.anywhere)); /* and the first choice, behind it */
    }
}

static int push_frame(struct esm__match *match, const struct esm__node *node, uint64_t choices)
{
    uint32_t words = match->program->frame_words;
    if ((size_t)(match->frame - match->frames) / words + 1 == ESM__FRAMES)
        return 0;
    match->frame += words;
    start_frame(match, node, choices);
    return 1;
}

static void look_if_met(struct esm__match *match, uint32_t number)
{
    const struct esm__program_branch *branch = &match->program->branches[number];
    if (match->frame != match->frames || branch->has_absences)
        return;
    struct part part = part_of(match->frame, branch);
    for (uint64_t i = 0; i < *part.count; i++)
        match->is_met |= is_within(branch->all, part.choices + i * 2 * branch->words, branch->words);
}

/* An element ends: it is one choice more for its array. */
static void end_element(struct esm__match *match, const struct esm__node *node)
{
    uint64_t *element = match->frame;
    match->frame -= match->program->frame_words;
    for (const struct esm__use *use = node->within; use != NULL; use = use->next) {
        const struct esm__program_branch *branch = &match->program->branches[use->branch];
        struct part from = part_of(element, branch), to = part_of(match->frame, branch);
        unite(to.anywhere, from.anywhere, branch->words);
        for (uint64_t j = 0; j < *from.count; j++)
            add_choice(to, from.choices + j * 2 * branch->words, branch);
    }
}

/* For conditions up to the first that an element meets, what is anywhere in the array is there. */
static void widen(uint64_t *choice, const uint64_t *anywhere, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        uint64_t first = choice[i] & (~choice[i] + 1);
        choice[words + i] |= anywhere[i] & (first == 0 ? ~(uint64_t)0 : first | (first - 1));
        if (first != 0)
            return;
    }
}

static void multiply(struct part part, struct part array, const struct esm__program_branch *branch)
{
    uint32_t words = branch->words;
    size_t size = 2 * words;
    uint64_t before[ESM__SCRATCH_WORDS / ESM__FRAMES], choice[ESM__SCRATCH_WORDS / ESM__FRAMES];
    uint64_t count = *part.count;
    memcpy(before, part.choices, count * size * sizeof(*before));
    *part.count = 0;
    for (uint64_t j = 0; j < *array.count; j++) {
        uint64_t *chosen = array.choices + j * size;
        widen(chosen, array.anywhere, words);
        for (uint64_t i = 0; i < count; i++) {
            memcpy(choice, before + i * size, size * sizeof(*choice));
            unite(choice, chosen, (uint32_t)size);
            add_choice(part, choice, branch);
        }
    }
}

static void end_array(struct esm__match *match, const struct esm__node *node)
{
    uint64_t *array = match->frame;
    match->frame -= match->program->frame_words;
    for (const struct esm__use *use = node->within; use != NULL; use = use->next) {
        const struct esm__program_branch *branch = &match->program->branches[use->branch];
        struct part from = part_of(array, branch), to = part_of(match->frame, branch);
        unite(to.anywhere, from.anywhere, branch->words);
        if (*from.count > 0)
            multiply(to, from, branch);
        look_if_met(match, use->branch);
    }
}

/* ---- values ---- */

static void meet(struct esm__match *match, const struct esm__use *use)
{
    const struct esm__program_branch *branch = &match->program->branches[use->branch];
    struct part part = part_of(match->frame, branch);
    for (uint64_t i = 0; i < *part.count; i++)
        part.choices[i * 2 * branch->words + use->bit / 64] |= (uint64_t)1 << use->bit % 64;
    look_if_met(match, use->branch);
}

static void be_there(struct esm__match *match, const struct esm__use *use)
{
    const struct esm__program_branch *branch = &match->program->branches[use->branch];
    struct part part = part_of(match->frame, branch);
    uint64_t bit = (uint64_t)1 << use->bit % 64;
    part.anywhere[use->bit / 64] |= bit;
    for (uint64_t i = 0; i < *part.count; i++)
        part.choices[(i * 2 + 1) * branch->words + use->bit / 64] |= bit;
}

void esm__match_scalar(struct esm__match *match, const struct esm__node *node, enum esm__json_type type,
                       const struct esm__json_token *token)
{
    if (node == NULL || node == match->mute)
        return;
    for (const struct esm__use *use = node->absences; use != NULL; use = use->next)
        be_there(match, use);
    for (const struct esm__check *check = node->checks; check != NULL; check = check->next)
        if (esm__tests_match(*check->tests, type, token))
            for (const struct esm__use *use = check->uses; use != NULL; use = use->next)
                meet(match, use);
}

/* ---- JSON ---- */

static int match_value(struct esm__match *match, const struct esm__node *node);

static int is_done(const struct esm__match *match)
{
    return match->is_met && match->may_stop;
}

/* Behind its beginning. */
static int match_members(struct esm__match *match, const struct esm__node *node)
{
    struct esm__json_token key;
    int error = 0;
    while (error == 0 && !is_done(match)) {
        int members = esm__json_member(&match->json, &key);
        if (members <= 0)
            return members;
        const struct esm__node *child = esm__node_find(node, &key);
        error = child == NULL ? esm__json_skip(&match->json) : match_value(match, child);
    }
    return error;
}

/* An object or an array in an array, behind its beginning. Without a frame for it, it is as if it were empty.
 */
static int match_element(struct esm__match *match, const struct esm__node *node, enum esm__json_type type);

/* Behind its beginning. It has a frame from its first object or array on. */
static int match_elements(struct esm__match *match, const struct esm__node *node)
{
    struct esm__json_token token;
    enum esm__json_type type;
    int is_open = 0, error = 0;
    while (error == 0 && !is_done(match) &&
           (type = esm__json_next(&match->json, &token)) != ESM__JSON_ARRAY_END) {
        if (type == ESM__JSON_ERROR)
            return -1;
        if (type == ESM__JSON_OBJECT || type == ESM__JSON_ARRAY) {
            is_open = is_open || (node->children != NULL && push_frame(match, node, 0));
            error = is_open || node->children == NULL ? match_element(match, node, type)
                                                      : esm__json_leave(&match->json, match->json.depth - 1);
        } else {
            match->frame -= is_open ? match->program->frame_words : 0; /* it lies in no element */
            esm__match_scalar(match, node, type, &token);
            match->frame += is_open ? match->program->frame_words : 0;
        }
    }
    if (is_open && error == 0 && !is_done(match))
        end_array(match, node);
    return error;
}

static int match_element(struct esm__match *match, const struct esm__node *node, enum esm__json_type type)
{
    if (node->children == NULL) /* there is nothing to choose */
        return type == ESM__JSON_ARRAY ? match_elements(match, node)
                                       : esm__json_leave(&match->json, match->json.depth - 1);
    if (!push_frame(match, node, 1))
        return esm__json_leave(&match->json, match->json.depth - 1);
    int error = type == ESM__JSON_ARRAY ? match_elements(match, node) : match_members(match, node);
    if (error == 0 && !is_done(match))
        end_element(match, node);
    return error;
}

static int match_value(struct esm__match *match, const struct esm__node *node)
{
    struct esm__json_token token;
    enum esm__json_type type = esm__json_next(&match->json, &token);
    switch (type) {
    case ESM__JSON_ERROR: return -1;
    case ESM__JSON_OBJECT:
        return node->children != NULL ? match_members(match, node)
                                      : esm__json_leave(&match->json, match->json.depth - 1);
    case ESM__JSON_ARRAY: return match_elements(match, node);
    default: esm__match_scalar(match, node, type, &token); return 0;
    }
}

/* ---- the whole ---- */

void esm__match_begin(struct esm__match *match, const struct esm__program *program, int may_stop)
{
    match->program = program;
    match->frame = match->frames;
    match->mute = NULL;
    match->may_stop = may_stop;
    match->is_met = 0;
    start_frame(match, &program->root, 1);
}

int esm__match_document(struct esm__match *match, const struct esm__node *node)
{
    return match_value(match, node);
}

void esm__match_leave_out(struct esm__match *match, const struct esm__node *node, int itself, int below)
{
    for (const struct esm__node *other = match->program->checked; other != NULL; other = other->next) {
        int is_below = other->path.size > node->name.size && other->path.data[node->name.size] == '.' &&
                       memcmp(other->path.data, node->name.data, node->name.size) == 0;
        if ((other == node && itself) || (is_below && below))
            for (const struct esm__check *check = other->checks; check != NULL; check = check->next)
                for (const struct esm__use *use = check->uses; use != NULL; use = use->next)
                    meet(match, use);
    }
}

int esm__match_end(const struct esm__match *match)
{
    const struct esm__program *program = match->program;
    if (match->is_met)
        return 1;
    for (uint32_t i = 0; i < program->branch_count; i++) {
        const struct esm__program_branch *branch = &program->branches[i];
        const uint64_t *count = match->frames + branch->offset, *choice = count + 1 + branch->words;
        for (uint64_t j = 0; j < *count; j++, choice += 2 * branch->words) {
            uint32_t word = 0;
            while (word < branch->words &&
                   (branch->all[word] &
                    ~(choice[word] | (branch->absences[word] & ~choice[branch->words + word]))) == 0)
                word++;
            if (word == branch->words)
                return 1;
        }
    }
    return 0;
}
