/* SPDX-License-Identifier: MIT */
/* Tables of patterns, events and answers. In all texts ' stands for ", so that they can be read. */
#ifndef ESM_TESTS_UNIT_FILTER_RIG_H
#define ESM_TESTS_UNIT_FILTER_RIG_H

#include <esm/filter.h>

enum answer {
    NO,
    YES,
    NONE, /* the event is no JSON object */
    BAD   /* the pattern is refused */
};

struct row {
    const char *pattern, *event;
    enum answer expected;
};

/* A new text with " for '. */
char *rig_quote(const char *text);

esm_filter *rig_filter(const char *pattern);
enum answer rig_answer(const char *pattern, const char *event);
void rig_expect(const struct row *rows, size_t count);
#define EXPECT(rows) rig_expect(rows, sizeof(rows) / sizeof((rows)[0]))

/* Whether a record passes. value: NULL: a tombstone. */
int rig_passes(const esm_filter *filter, const char *value);

#endif
