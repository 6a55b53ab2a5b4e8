/* SPDX-License-Identifier: MIT */
/* The token by which MSK's IAM authentication knows a client over SASL OAUTHBEARER. A pure function. */
#ifndef ESM_AWS_MSK_TOKEN_H
#define ESM_AWS_MSK_TOKEN_H

#include "aws/sign.h"

#define ESM__MSK_TOKEN_LIFE_MS ((int64_t)900000)

/*
 * Appends the token, and terminates it. It ends ESM__MSK_TOKEN_LIFE_MS after wall_ms, without its part of a
 * second. user_agent: as in HTTP; it is not signed. 0, ESM_ERR_NOMEM, ESM_ERR_SYSTEM.
 */
int esm__msk_token_write(struct esm__bytes *token, const struct esm__keys *keys, const char *region,
                         int64_t wall_ms, const char *user_agent, int64_t *ret_expires_ms);

#endif
