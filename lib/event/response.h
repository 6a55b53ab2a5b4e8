/* SPDX-License-Identifier: MIT */
/* What a function answered, where ReportBatchItemFailures is on. */
#ifndef ESM_EVENT_RESPONSE_H
#define ESM_EVENT_RESPONSE_H

#include "record/view.h"

enum esm__verdict {
    ESM__VERDICT_SUCCESS = 1,   /* every record is done */
    ESM__VERDICT_PARTIAL = 2,   /* the records named have failed, the others are done */
    ESM__VERDICT_MALFORMED = 3, /* not an answer, or it names a record that was not sent: all have failed */
};

/*
 * Reads the body of an answer to the invocation of `slice`.
 * failed: room for slice->count; for PARTIAL it then holds the indexes of the batch that were named, each
 * once and in the order of the slice, and ret_count says how many. For the other verdicts ret_count is 0.
 */
enum esm__verdict esm__response_read(const char *body, size_t size, const struct esm__slice *slice,
                                     uint32_t *failed, size_t *ret_count);

#endif
