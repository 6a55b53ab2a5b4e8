/* SPDX-License-Identifier: MIT */
/* The invoke callback over HTTP is esm_poller_use_lambda(); this is what its tests look into. */
#ifndef ESM_AWS_INVOKER_H
#define ESM_AWS_INVOKER_H

#include "base/bytes.h"

/* Appends path and query of the Invoke API for a function, as FunctionName spells it. 0, ESM_ERR_CONFIG (it is
 * no function name), ESM_ERR_NOMEM. */
int esm__invoker_write_path(struct esm__bytes *path, struct esm__bytes *query, const char *function_name);

#endif
