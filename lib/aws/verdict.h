/* SPDX-License-Identifier: MIT */
/* What the end of a request means for the records that were in it. A pure function. */
#ifndef ESM_AWS_VERDICT_H
#define ESM_AWS_VERDICT_H

#include <esm/outcome.h>
#include "aws/http.h"

enum esm__target {
    ESM__TARGET_LAMBDA = 1, /* the Invoke API: its status is the service's, the function speaks by a header */
    ESM__TARGET_HTTP = 2,   /* any server: the status is the function's */
};

/* has_function_error: whether the answer has X-Amz-Function-Error. Of a plain server's it says nothing. */
enum esm_outcome esm__outcome_of(enum esm__target target, enum esm__http_end end, int32_t status,
                                 int has_function_error);

#endif
