/* SPDX-License-Identifier: MIT */
/* What the calls of one poller to AWS share: connections, credentials, region, endpoints, clock. */
#ifndef ESM_AWS_COMMON_H
#define ESM_AWS_COMMON_H

#include <sys/queue.h>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/http.h"
#include "config/settings.h"

struct esm__aws {
    size_t references;
    esm_allocator *allocator; /* referenced */
    esm_poller *poller;
    struct esm__http *http;
    struct esm__environment environment;
    struct esm__credentials *credentials;
    LIST_HEAD(, esm__request) requests; /* under way */
    int is_ending;
};

/*
 * Reads the environment and the profiles; opens and asks for nothing yet. The texts of settings are borrowed.
 * connections: how many are kept open. 0, ESM_ERR_NOMEM, ESM_ERR_SYSTEM, ESM_ERR_TRANSPORT.
 */
int esm__aws_new(esm_allocator *allocator, struct esm__aws **ret, esm_poller *poller,
                 const struct esm__settings *settings, uint32_t connections);

struct esm__aws *esm__aws_ref(struct esm__aws *aws);

/* The last one ends what is under way; before the poller is freed, and not from a request's `done`. NULL is
 * allowed. */
void esm__aws_unref(struct esm__aws *aws);

#endif
