/* SPDX-License-Identifier: MIT */
/* A TLS server whose certificate nobody has reason to trust: it takes one connection and its handshake. */
#ifndef ESM_TESTS_TLS_H
#define ESM_TESTS_TLS_H

#include <pthread.h>

struct tls_server {
    int fd;
    pthread_t thread;
};

void tls_start(struct tls_server *server, int fd); /* listens on a bound socket, which stays the caller's */
void tls_stop(struct tls_server *server);

#endif
