/* SPDX-License-Identifier: MIT */
/*
 * One signed call of an AWS API: credentials are found, the request is signed, sent, and signed and sent once
 * more where the answer says that the clock was wrong or that the keys have expired. What any other answer
 * means is the caller's business; nothing else is repeated. The poller's thread only.
 */
#ifndef ESM_AWS_REQUEST_H
#define ESM_AWS_REQUEST_H

#include "aws/answer.h"
#include "aws/common.h"
#include "aws/sign.h"

struct esm__request; /* a call under way */

/* Copied by esm__request_start(), but for the body. */
struct esm__request_options {
    enum esm__service service;
    const char *region;     /* NULL: that of the configuration, the environment or the profile */
    const char *endpoint;   /* base URL in place of the service's in the region; NULL: none */
    const char *host_label; /* goes in front of the endpoint's host, with a dot: a bucket; NULL: none */
    const char *method;     /* GET, POST or PUT; a static text */
    const char *path;       /* escaped once, with esm__escape(), and with "/" in front */
    const char *query;      /* escaped, in any order, without "?"; NULL: none */
    const struct esm__header *headers; /* without Host and what belongs to the signature; at most 12 */
    size_t header_count;
    struct esm__span body;      /* borrowed until the end */
    int is_payload_unsigned;    /* S3 over TLS may leave the body's hash out; others must not */
    int64_t connect_timeout_ms; /* as in struct esm__http_request, of each time it is sent */
    int64_t timeout_ms;
    size_t max_answer;
    int keep_answer; /* 0: only the beginning of an error's body is kept */
};

struct esm__answer {
    /* As HTTP tells it. end is UNSENT and error says why, without a secret in it, where there were no
     * credentials or no address: nothing was sent then. */
    const struct esm__http_result *http;
    const char *code; /* what AWS calls the error, such as "NoSuchBucket"; empty: none */
};

/* The answer is gone with the return. May start and cancel other requests, not free the esm__aws. */
typedef void (*esm__request_fn)(void *user_data, const struct esm__answer *answer);

/*
 * `done` is called once, from a later dispatch, unless the request is cancelled. ret: borrowed until `done`
 * returns. 0; ESM_ERR_CONFIG: there is no region or it is none, or the endpoint is no URL; ESM_ERR_STATE:
 * esm__aws_unref() is ending all; ESM_ERR_INVALID_ARGUMENT: too many headers; ESM_ERR_NOMEM, ESM_ERR_SYSTEM,
 * ESM_ERR_TRANSPORT.
 */
int esm__request_start(struct esm__aws *aws, const struct esm__request_options *options, esm__request_fn done,
                       void *user_data, struct esm__request **ret);

/* Ends it at once; `done` is not called. */
void esm__request_cancel(struct esm__request *request);

/* Ends all that are under way: LOST or UNSENT. For esm__aws_unref(). */
void esm__request_end_all(struct esm__aws *aws);

#endif
