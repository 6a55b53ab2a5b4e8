/* SPDX-License-Identifier: MIT */
/* An HTTP server that misbehaves as a test says: raw sockets, one thread for each connection. */
#ifndef ESM_TESTS_SERVER_H
#define ESM_TESTS_SERVER_H

#include <stdatomic.h>
#include <stddef.h>

struct server;

struct exchange {
    struct server *server;
    void *user_data;
    int fd;
    int number;        /* of all requests, from 0 on */
    int on_connection; /* of those on this connection, from 0 on */
    char *head;        /* NUL-terminated, with the empty line */
    char *body;        /* NUL-terminated; NULL in `early` */
    size_t body_size;
};

/* Answers a request. 1: the connection is kept for the next one; 0: it is closed. */
typedef int (*server_fn)(struct exchange *exchange);

/* early: called when the head is there and the body not yet read; may be NULL. Ends the program if it does
 * not start. */
struct server *server_start(server_fn answer, server_fn early, void *user_data);
void server_stop(struct server *server);

const char *server_url(const struct server *server); /* http://127.0.0.1:port */
int server_connections(struct server *server);       /* accepted until now */
int server_requests(struct server *server);          /* read as a whole until now */

void server_say(struct exchange *exchange, const char *text);
void server_send(struct exchange *exchange, const void *data, size_t size);
int server_ok(struct exchange *exchange, const char *body);       /* 200 with this body; 1 */
int server_status(struct exchange *exchange, const char *status); /* such as "404 Not Found", empty; 1 */
int server_reset(struct exchange *exchange);                      /* the close will be a reset; 0 */

/* Waits until the peer closes, at most so long. 1: it has; 0: it has not. */
int server_wait(struct exchange *exchange, int ms);

/* An address where nobody answers: a connection is refused, or hangs in its handshake. */
struct nobody {
    int fd;
    int waiting[4];
    char url[64];
};

void nobody_open(struct nobody *nobody, const char *scheme, int hangs);
void nobody_close(struct nobody *nobody);

#endif
