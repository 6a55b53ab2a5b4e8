/* SPDX-License-Identifier: MIT */
/*
 * A pattern, read: the branches that $or opens, of which a record must meet one. A branch has one condition
 * for each path; a path is the names on the way joined by dots, for dots inside names are the same as objects
 * in objects.
 */
#ifndef ESM_FILTER_PATTERN_H
#define ESM_FILTER_PATTERN_H

#include "filter/arena.h"
#include "filter/test.h"

struct esm__condition {
    struct esm__text path;
    const struct esm__tests *tests; /* which branches may share */
};

struct esm__branch {
    struct esm__condition *conditions; /* by path, as Java orders strings */
    size_t count;
    size_t capacity;
};

struct esm__branches {
    struct esm__branch *list;
    size_t count;
    size_t capacity;
};

struct esm__pattern {
    struct esm__arena arena; /* of all that it has */
    struct esm__branches branches;
    struct esm__pattern *next;
};

enum {
    ESM__BRANCHES_MAX = 1000 /* as EventBridge has it */
};

/*
 * Reads into a pattern whose arena is empty. 0, ESM_ERR_NOMEM, or ESM_ERR_CONFIG: *ret_why says why,
 * *ret_where is how many bytes were good.
 */
int esm__pattern_read(struct esm__pattern *pattern, struct esm__text text, const char **ret_why,
                      size_t *ret_where);

#endif
