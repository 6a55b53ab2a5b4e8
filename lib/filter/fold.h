/* SPDX-License-Identifier: MIT */
/*
 * equals-ignore-case: character by character, what the record has must be the lower or the upper case of the
 * pattern's character, each as a whole: SS is the upper case of the sharp s, but not the other way round.
 */
#ifndef ESM_FILTER_FOLD_H
#define ESM_FILTER_FOLD_H

#include "filter/text.h"

/* Both cases of a character, as UTF-8. They are the same or differ in their first character. */
struct esm__fold {
    char lower[7], upper[7];
    uint8_t lower_size, upper_size;
};

/* Characters of a pattern; `to` has room for text.size of them. Returns how many there are. */
size_t esm__fold_make(struct esm__text text, struct esm__fold *to);

/* Steps over them. 1 or 0. */
int esm__fold_take(struct esm__cursor *cursor, const struct esm__fold *folds, size_t count);
int esm__fold_ends(const struct esm__json_token *token, const struct esm__fold *folds, size_t count);

/* case_table.c */
struct esm__case_run {
    uint16_t first, last, step;
    int32_t delta;
};
struct esm__case_special {
    uint16_t code;
    char text[7];
};
extern const struct esm__case_run esm__lower_runs[], esm__upper_runs[];
extern const struct esm__case_special esm__lower_specials[], esm__upper_specials[];

#endif
