/* SPDX-License-Identifier: MIT */
#ifndef ESM_AWS_KEYS_H
#define ESM_AWS_KEYS_H

#include "config/check.h"
#include <esm/base.h>

/* What requests are signed with. */
struct esm__keys {
    char *access_key_id; /* NULL: there are none */
    char *secret_access_key;
    char *session_token; /* NULL: none */
    int64_t expires_ms;  /* wall; ESM_NEVER: they do not */
    uint64_t serial;     /* no two keys of one esm__credentials have the same; above 0 */
};

/* Copies; what was there is wiped. token: may be empty. 0; ESM_ERR_CONFIG: a text is empty, too long or
 * cannot stand in a header; ESM_ERR_NOMEM. */
int esm__keys_set(struct esm__keys *keys, esm_allocator *allocator, struct esm__span id,
                  struct esm__span secret, struct esm__span token, int64_t expires_ms);

/*
 * From the JSON of a container, an instance or a process. token_name: the member with the session token.
 * 0; ESM_ERR_CONFIG: *ret_reason is a static text, such as "SecretAccessKey is missing"; ESM_ERR_NOMEM.
 */
int esm__keys_read_json(struct esm__keys *keys, esm_allocator *allocator, struct esm__span json,
                        const char *token_name, const char **ret_reason);

/* Wipes and frees; they are empty then. */
void esm__keys_free(struct esm__keys *keys, esm_allocator *allocator);

#endif
