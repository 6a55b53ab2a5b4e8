/* SPDX-License-Identifier: MIT */
#ifndef ESM_AWS_FILE_H
#define ESM_AWS_FILE_H

#include "base/bytes.h"

/*
 * Appends what a small file holds. Only a regular file is read: others could block. 0; ESM_ERR_NOT_FOUND
 * (there is none of that name), ESM_ERR_CONFIG: *ret_reason is a static text, such as "it is larger than it
 * may be"; ESM_ERR_NOMEM.
 */
int esm__file_read(const char *path, size_t most, struct esm__bytes *to, const char **ret_reason);

#endif
