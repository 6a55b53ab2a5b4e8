/* SPDX-License-Identifier: MIT */
/* An engine in a poller that does nothing but turn. */
#ifndef ESM_TESTS_ENGINE_H
#define ESM_TESTS_ENGINE_H

#include "../unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "aws/http.h"
#include "clock.h"
#include "server.h"

enum {
    BIG = 8 * 1024 * 1024
};

struct outcome {
    int calls; /* of done */
    enum esm__http_end end;
    int32_t status;
    char body[4096];
    char header[64];
    int64_t retry_after_ms;
};

extern const struct esm__http_request get;
struct esm__http_request post(const void *body, size_t size);

extern struct server *server;
extern esm_poller *poller;
extern struct esm__http *http;
extern int64_t longest_ms; /* that a dispatch took */
extern char big[BIG];

void engine_start(esm_allocator *allocator);
void serve(server_fn answer, server_fn early); /* and starts the engine */
void engine_stop(void);                        /* and the server, if there is one */

void turn(int64_t wait_ms);
void on_done(void *user_data, const struct esm__http_result *result);

/* url: NULL is the server's. */
struct esm__http_call *begin(struct outcome *outcome, struct esm__http_request request, const char *url);
struct outcome finish(struct esm__http_request request, const char *url);

#endif
