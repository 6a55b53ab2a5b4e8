/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4, in headers or in the query. Pure functions: the time comes in, nothing is logged.
 * Nothing else knows how to sign.
 */
#ifndef ESM_AWS_SIGN_H
#define ESM_AWS_SIGN_H

#include "aws/keys.h"
#include "base/bytes.h"
#include "config/check.h"

#define ESM__SHA256_HEX_SIZE  65 /* with its NUL */
#define ESM__SIGN_DATE_SIZE   17 /* 20150830T123600Z and a NUL */
#define ESM__UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

struct esm__header {
    struct esm__span name;
    struct esm__span value;
};

enum esm__sign_flag {
    ESM__SIGN_S3 = 1,           /* the path is escaped once and not normalised; others: twice, and it is */
    ESM__SIGN_PAYLOAD = 2,      /* the payload's hash is a signed header too, as S3 wants it */
    ESM__SIGN_AS_IT_STANDS = 4, /* the path is not normalised */
    ESM__SIGN_TOKEN_AFTER = 8,  /* the session token is sent, but not signed */
};

/* All is borrowed for the call. */
struct esm__sign {
    const struct esm__keys *keys;
    const char *region;
    const char *service; /* its name in signatures, such as "kafka-cluster" */
    int64_t wall_ms;
    const char *method;
    struct esm__span path;  /* as in the request line, thus escaped once; empty: "/" */
    struct esm__span query; /* as in the request line without "?", in any order; may be empty */
    const struct esm__header
        *headers; /* all that is to be signed, Host too, but what esm__signature is for */
    size_t header_count;
    const char *payload_hash; /* of esm__sha256_hex(), or ESM__UNSIGNED_PAYLOAD; NULL: there is no payload */
    unsigned flags;
};

/*
 * What has to be added to the request: X-Amz-Date; X-Amz-Content-Sha256 with ESM__SIGN_PAYLOAD;
 * X-Amz-Security-Token where the keys have one; and Authorization.
 */
struct esm__signature {
    char date[ESM__SIGN_DATE_SIZE];
    char payload_hash[ESM__SHA256_HEX_SIZE];
};

/* Appends the value of Authorization, and terminates it. 0, ESM_ERR_NOMEM, ESM_ERR_SYSTEM (libcrypto). */
int esm__sign_headers(const struct esm__sign *sign, struct esm__signature *ret,
                      struct esm__bytes *authorization);

/* Appends the query of a presigned URL, without "?", and terminates it. As esm__sign_headers(). */
int esm__sign_query(const struct esm__sign *sign, uint32_t expires_s, struct esm__bytes *query);

/* In lower case, of all pieces behind each other, in one pass. 0, ESM_ERR_SYSTEM. */
int esm__sha256_hex(const struct esm__span *pieces, size_t count, char ret[ESM__SHA256_HEX_SIZE]);

/* Appends text with everything escaped but what RFC 3986 calls unreserved, and the bytes in `also`. */
int esm__escape(struct esm__bytes *to, struct esm__span text, const char *also);

/* Frees bytes after having overwritten what they held. */
void esm__bytes_wipe(struct esm__bytes *bytes);

#endif
