/* SPDX-License-Identifier: MIT */
/* FilterCriteria.Filters: a list of {"Pattern": text}, kept as the JSON that it came as. */
#ifndef ESM_CONFIG_FILTERS_H
#define ESM_CONFIG_FILTERS_H

#include <esm/filter.h>
#include "base/bytes.h"
#include "config/check.h"

/*
 * Adds the patterns of a list to a filter. list: a well-formed array.
 * 0, ESM_ERR_NOMEM, or ESM_ERR_CONFIG: `reason` has what is wrong with each that is not good.
 */
int esm__filters_read(struct esm__span list, esm_filter *filter, struct esm__bytes *reason);

/* How many a good list holds. */
size_t esm__filters_count(struct esm__span list);

#endif
