/* SPDX-License-Identifier: MIT */
/* A whole poller, a server that its function runs in, and a destination that takes everything. */
#ifndef ESM_TESTS_HTTP_RIG_H
#define ESM_TESTS_HTTP_RIG_H

#include "../unit/unit.h"

#include <stdio.h>
#include <string.h>

#include <esm/aws.h>
#include "clock.h"
#include "server.h"

enum {
    PARTITIONS = 100
};

#define LAMBDA "lambda" /* as the url of a rig: the server is aws.endpoint_url, not function.url */

struct rig {
    struct server *server;
    esm_allocator *allocator; /* NULL: libc's */
    esm_poller *poller;
    esm_partition *partitions[PARTITIONS];
    int64_t longest_ms;  /* dispatch */
    char document[4096]; /* of the last delivery */
    int64_t delivered;   /* the offset of its first record */
    char log[8192];
};

/* path: behind the server's address, for function.url; or LAMBDA. Options as name, value, ..., NULL. */
void rig_start(struct rig *rig, server_fn answer, server_fn early, const char *path,
               const char *const *options);
void rig_stop(struct rig *rig);

/* Without a server, and without a function yet. 0, or what esm_poller_new() says. */
int rig_start_poller(struct rig *rig, const char *const *options);

void turn(struct rig *rig);
void run_for(struct rig *rig, int64_t ms);

/* Records of topic t, all with this value; adds the partition if it is not there. */
void push(struct rig *rig, int partition, int first, int last, const void *value, size_t size);
void run_to(struct rig *rig, int partition, int64_t position);
int64_t count_of(const struct rig *rig, enum esm_counter counter);

/* For servers. */
int has_offset(const struct exchange *exchange, int offset);
int succeed(struct exchange *exchange);

#endif
