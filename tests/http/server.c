/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 512,
    HEAD_SIZE = 16384
};

struct connection {
    struct server *server;
    pthread_t thread;
    int fd; /* -1: closed; under the lock, against the end of the server */
};

struct server {
    server_fn answer, early;
    void *user_data;
    int fd;
    char url[64];
    pthread_t thread;
    struct connection connections[CONNECTIONS];
    atomic_int connection_count;
    atomic_int requests;
    pthread_mutex_t lock;
};

static void must(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

/* Reads the head into a buffer, with what came behind it. Returns the size of the head; 0: closed before. */
static size_t read_head(int fd, char *buffer, size_t *have)
{
    for (;;) {
        buffer[*have] = '\0';
        char *end = strstr(buffer, "\r\n\r\n");
        if (end != NULL)
            return (size_t)(end - buffer) + 4;
        ssize_t size = *have < HEAD_SIZE ? read(fd, buffer + *have, HEAD_SIZE - *have) : 0;
        if (size <= 0)
            return 0;
        *have += (size_t)size;
    }
}

static int read_body(struct exchange *exchange, const char *begun, size_t have)
{
    const char *length = strcasestr(exchange->head, "\r\nContent-Length:");
    size_t size = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
    exchange->body = malloc(size + 1);
    must(exchange->body != NULL && have <= size, "body");
    memcpy(exchange->body, begun, have);
    while (have < size) {
        ssize_t more = read(exchange->fd, exchange->body + have, size - have);
        if (more <= 0)
            return 0;
        have += (size_t)more;
    }
    exchange->body[size] = '\0';
    exchange->body_size = size;
    return 1;
}

static int serve_one(struct server *server, int fd, int on_connection)
{
    char *head = malloc(HEAD_SIZE + 1);
    must(head != NULL, "head");
    struct exchange exchange = {.server = server, .user_data = server->user_data, .fd = fd, .head = head};
    exchange.on_connection = on_connection;
    size_t have = 0;
    int goes_on = 0;
    size_t size = read_head(fd, head, &have);
    if (size > 0) {
        char first = head[size]; /* of the body */
        head[size] = '\0';
        exchange.number = atomic_load(&server->requests);
        goes_on = server->early == NULL || server->early(&exchange);
        head[size] = first;
        if (goes_on && (goes_on = read_body(&exchange, head + size, have - size)) != 0) {
            head[size] = '\0';
            exchange.number = atomic_fetch_add(&server->requests, 1);
            goes_on = server->answer(&exchange);
        }
    }
    free(exchange.body);
    free(head);
    return goes_on;
}

static void *serve(void *argument)
{
    struct connection *connection = argument;
    int fd = connection->fd;
    for (int i = 0; serve_one(connection->server, fd, i); i++)
        ;
    pthread_mutex_lock(&connection->server->lock);
    close(connection->fd);
    connection->fd = -1;
    pthread_mutex_unlock(&connection->server->lock);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct server *server = argument;
    int fd, yes = 1;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)); /* an answer is sent in pieces */
        int count = atomic_load(&server->connection_count);
        must(count < CONNECTIONS, "too many connections");
        struct connection *connection = &server->connections[count];
        *connection = (struct connection){.server = server, .fd = fd};
        atomic_store(&server->connection_count, count + 1); /* before it can answer */
        must(pthread_create(&connection->thread, NULL, serve, connection) == 0, "pthread_create");
    }
    return NULL;
}

static int open_port(struct sockaddr_in *ret_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
             getsockname(fd, (struct sockaddr *)&address, &size) == 0,
         "bind");
    *ret_address = address;
    return fd;
}

struct server *server_start(server_fn answer, server_fn early, void *user_data)
{
    struct server *server = calloc(1, sizeof(*server));
    must(server != NULL, "calloc");
    server->answer = answer;
    server->early = early;
    server->user_data = user_data;
    pthread_mutex_init(&server->lock, NULL);
    struct sockaddr_in address;
    server->fd = open_port(&address);
    must(listen(server->fd, CONNECTIONS) == 0, "listen");
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    must(pthread_create(&server->thread, NULL, accept_all, server) == 0, "pthread_create");
    return server;
}

void server_stop(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    for (int i = 0; i < atomic_load(&server->connection_count); i++) {
        struct connection *connection = &server->connections[i];
        pthread_mutex_lock(&server->lock);
        if (connection->fd >= 0)
            shutdown(connection->fd, SHUT_RDWR);
        pthread_mutex_unlock(&server->lock);
        pthread_join(connection->thread, NULL);
    }
    close(server->fd);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *server_url(const struct server *server)
{
    return server->url;
}

int server_connections(struct server *server)
{
    return atomic_load(&server->connection_count);
}

int server_requests(struct server *server)
{
    return atomic_load(&server->requests);
}

void server_send(struct exchange *exchange, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0) {
        ssize_t sent = send(exchange->fd, next, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        next += sent;
        size -= (size_t)sent;
    }
}

void server_say(struct exchange *exchange, const char *text)
{
    server_send(exchange, text, strlen(text));
}

int server_ok(struct exchange *exchange, const char *body)
{
    char head[64];
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    server_say(exchange, head);
    server_say(exchange, body);
    return 1;
}

int server_status(struct exchange *exchange, const char *status)
{
    char head[128];
    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status);
    server_say(exchange, head);
    return 1;
}

int server_reset(struct exchange *exchange)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(exchange->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    return 0;
}

int server_wait(struct exchange *exchange, int ms)
{
    struct pollfd socket = {.fd = exchange->fd, .events = POLLRDHUP};
    return poll(&socket, 1, ms) == 1;
}

void nobody_open(struct nobody *nobody, const char *scheme, int hangs)
{
    struct sockaddr_in address;
    nobody->fd = open_port(&address);
    snprintf(nobody->url, sizeof(nobody->url), "%s://127.0.0.1:%d/", scheme, ntohs(address.sin_port));
    if (hangs) /* with the queue of connections full, further ones wait for their handshake */
        must(listen(nobody->fd, 0) == 0, "listen");
    for (int i = 0; i < 4; i++) {
        nobody->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (hangs)
            (void)!connect(nobody->waiting[i], (struct sockaddr *)&address, sizeof(address));
    }
}

void nobody_close(struct nobody *nobody)
{
    for (int i = 0; i < 4; i++)
        close(nobody->waiting[i]);
    close(nobody->fd);
}
