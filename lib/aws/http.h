/* SPDX-License-Identifier: MIT */
/*
 * HTTP over libcurl inside a poller's loop: many requests at once, none of which blocks. It knows no service;
 * what an answer means is its caller's business. The poller's thread only.
 *
 * libcurl is asked for memory by its own malloc. Its only global state is what curl_global_init() counts: an
 * engine counts one up, and down when it is freed. Proxies are taken from the environment, as everywhere with
 * libcurl.
 */
#ifndef ESM_AWS_HTTP_H
#define ESM_AWS_HTTP_H

#include <esm/poller.h>
#include <curl/curl.h>

struct esm__http;      /* an engine: its requests share their connections, which are kept open */
struct esm__http_call; /* a request under way */

/* How a request ended, as far as that says something about what the server may have done. */
enum esm__http_end {
    ESM__HTTP_ANSWERED = 1,  /* the status counts; below 300 the whole answer is there */
    ESM__HTTP_REFUSED = 2,   /* not sent: the address or a certificate is wrong, and will be tomorrow */
    ESM__HTTP_UNSENT = 3,    /* the server cannot have the whole request */
    ESM__HTTP_LOST = 4,      /* sent, then the connection broke with no byte of an answer */
    ESM__HTTP_TIMED_OUT = 5, /* sent, and no whole answer in time */
    ESM__HTTP_BROKEN = 6,    /* what came is not HTTP, or less than an answer */
    ESM__HTTP_OVERLONG = 7,  /* the answer is longer than max_answer */
};

struct esm__http_request {
    const char *method;         /* GET without a body; POST or PUT with one */
    const char *url;            /* copied */
    struct curl_slist *headers; /* borrowed until the end */
    const void *body;           /* borrowed until the end */
    size_t body_size;
    int64_t connect_timeout_ms; /* name, connection and TLS */
    int64_t timeout_ms;         /* all of it */
    size_t max_answer;          /* bytes of the body */
    int keep_answer;            /* 0: the body is counted and thrown away, but for the beginning of an error's */
    int is_direct;              /* through no proxy, whatever the environment says */
};

struct esm__http_result {
    enum esm__http_end end;
    int32_t status;    /* 0: none came */
    const char *error; /* libcurl's words; with ANSWERED "No error" or what happened behind the status */
    const char *body;
    size_t body_size;
    int64_t retry_after_ms; /* of Retry-After, seconds or date; 0: none, or now */
    CURL *easy;             /* for esm__http_get_header(); NULL: nothing was sent */
};

/* The result is gone with the return. May start and cancel other requests. */
typedef void (*esm__http_done_fn)(void *user_data, const struct esm__http_result *result);

/* connections: how many are kept open. 0, ESM_ERR_NOMEM, ESM_ERR_SYSTEM, ESM_ERR_TRANSPORT. */
int esm__http_new(esm_allocator *allocator, struct esm__http **ret, esm_poller *poller, uint32_t connections);

/* What is under way ends first, LOST or UNSENT. NULL is allowed. Not from inside `done`. */
void esm__http_free(struct esm__http *http);

/*
 * `done` is called once, from a later dispatch, unless the call is cancelled.
 * ret: borrowed until `done` returns. 0, ESM_ERR_NOMEM, ESM_ERR_TRANSPORT.
 */
int esm__http_start(struct esm__http *http, const struct esm__http_request *request, esm__http_done_fn done,
                    void *user_data, struct esm__http_call **ret);

/* Ends a call at once and closes its connection; `done` is not called. */
void esm__http_cancel(struct esm__http_call *call);

/* The value of a header of the answer, borrowed as the result is; NULL: it has none of that name. */
const char *esm__http_get_header(const struct esm__http_result *result, const char *name);

#endif
