/* SPDX-License-Identifier: MIT */
/*
 * Branches of patterns, arranged for matching in one pass over a record: a tree of the names in their paths,
 * and at the end of a path the tests of all branches that have it. Each branch has a bit for each of its
 * conditions, in their order.
 */
#ifndef ESM_FILTER_PROGRAM_H
#define ESM_FILTER_PROGRAM_H

#include "filter/pattern.h"

/* Whose condition it is. */
struct esm__use {
    const struct esm__use *next;
    uint32_t branch, bit;
};

struct esm__check {
    const struct esm__check *next;
    const struct esm__tests *tests;
    const struct esm__use *uses;
};

struct esm__node {
    struct esm__text name;
    int field;             /* of a record, at the top: see subject.h */
    struct esm__text path; /* of a node with checks */
    uint32_t tag;
    struct esm__node *children, *sibling;
    struct esm__node *next; /* with checks */
    struct esm__check *checks;
    const struct esm__use *within; /* branches with conditions at it or below it */
    struct esm__use *absences;     /* conditions that exists: false can meet too */
};

struct esm__program_branch {
    uint32_t words;  /* of a set of its bits */
    uint32_t offset; /* of its part of a frame: see match.c */
    uint64_t *all;
    uint64_t *absences;
    int has_absences;
};

struct esm__program {
    struct esm__node root;
    struct esm__node *checked; /* all nodes with checks */
    struct esm__program_branch *branches;
    uint32_t branch_count;
    uint32_t frame_words;
    struct esm__program *next; /* the branches that this one has no room for */
};

enum {
    ESM__ALTERNATIVES = 8, /* see match.c */
    ESM__FRAMES = 17,
    ESM__SCRATCH_WORDS = 4096
};

/* From all patterns of a list. NULL: there is no memory. ret_fits: 0: a branch has too many conditions. */
struct esm__program *esm__program_make(struct esm__arena *arena, const struct esm__pattern *patterns,
                                       int *ret_fits);

/* The node of a name that a record has below a node, dots and all; NULL: no pattern asks for it. */
const struct esm__node *esm__node_find(const struct esm__node *node, const struct esm__json_token *name);

#endif
