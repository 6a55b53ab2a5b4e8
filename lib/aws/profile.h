/* SPDX-License-Identifier: MIT */
/* The files `config` and `credentials` that AWS's clients share. */
#ifndef ESM_AWS_PROFILE_H
#define ESM_AWS_PROFILE_H

#include "aws/environment.h"
#include "base/bytes.h"
#include "config/check.h"

struct esm__profiles;

enum esm__section_kind {
    ESM__SECTION_PROFILE = 1, /* [default], [profile x]; in the file credentials [x] */
    ESM__SECTION_SERVICES,    /* [services x] */
    ESM__SECTION_OTHER,       /* read and forgotten */
};

/*
 * Reads both files; one that does not exist is empty. A file is text without NUL, of 1 MiB at most.
 * 0; ESM_ERR_CONFIG: `reason` has file, line and fault, never a value; ESM_ERR_NOMEM.
 */
int esm__profiles_read(esm_allocator *allocator, struct esm__profiles **ret,
                       const struct esm__environment *environment, struct esm__bytes *reason);
void esm__profiles_free(struct esm__profiles *profiles);

/* One text as a file: what it sets wins over what is there. Otherwise as esm__profiles_read(). */
int esm__profiles_new(esm_allocator *allocator, struct esm__profiles **ret);
int esm__profiles_add(struct esm__profiles *profiles, struct esm__span text, int is_credentials,
                      const char *name, struct esm__bytes *reason);

/* Whether there is a section, if only its head. */
int esm__profiles_has(const struct esm__profiles *profiles, enum esm__section_kind kind, const char *section);

/* A value, borrowed; NULL: not set, or empty. key: small letters; "lambda.endpoint_url" is what stands
 * indented below "lambda =". profiles may be NULL. */
const char *esm__profiles_get(const struct esm__profiles *profiles, enum esm__section_kind kind,
                              const char *section, const char *key);

/* The name of the profile in force: that of the option, else AWS_PROFILE, else "default". */
const char *esm__profile_name(const char *option, const struct esm__environment *environment);

#endif
