/* SPDX-License-Identifier: MIT */
/* One program against one record. */
#ifndef ESM_FILTER_MATCH_H
#define ESM_FILTER_MATCH_H

#include "filter/program.h"

struct esm__match {
    const struct esm__program *program;
    struct esm__json json;
    uint64_t *frame;              /* the innermost one */
    const struct esm__node *mute; /* whose values count for nothing */
    int may_stop;                 /* as soon as a branch is met; what follows does not matter */
    int is_met;
    uint64_t frames[ESM__SCRATCH_WORDS];
};

void esm__match_begin(struct esm__match *match, const struct esm__program *program, int may_stop);

/* A scalar at a node. NULL: no pattern asks for it. */
void esm__match_scalar(struct esm__match *match, const struct esm__node *node, enum esm__json_type type,
                       const struct esm__json_token *token);

/* The object or array that match->json stands before. 0; -1: it is no JSON, and what was found out is of no
 * use. */
int esm__match_document(struct esm__match *match, const struct esm__node *node);

/* Takes the conditions of a node, or of those below it, for met. */
void esm__match_leave_out(struct esm__match *match, const struct esm__node *node, int itself, int below);

/* Whether a branch is met. 1 or 0. */
int esm__match_end(const struct esm__match *match);

#endif
