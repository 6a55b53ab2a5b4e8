/* SPDX-License-Identifier: MIT */
/*
 * A function that answers every POST with 200 and null, at once or after --delay-ms. A GET tells what it has
 * seen and what that cost. It prints its port as soon as it serves, and serves until it is killed.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <time.h>

#include <microhttpd.h>

/* Cleared after each request: 512 KiB cost as much as all the rest, 32 KiB nothing. */
#define CONNECTION_MEMORY ((size_t)32 * 1024)

struct request {
    STAILQ_ENTRY(request) next;
    struct MHD_Connection *connection;
    int64_t answer_at_ms;
    bool has_waited;
};

struct function {
    STAILQ_HEAD(, request) waiting; /* the delay is the same for all: the first is due first */
    struct MHD_Response *answer;
    int64_t delay_ms;
    bool check;
    int64_t invocations;
    int64_t bytes;
    int64_t pieces; /* in which the bodies came */
    int64_t braces;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t count_braces(const char *data, size_t size)
{
    int64_t count = 0;
    const char *end = data + size;
    while ((data = memchr(data, '{', (size_t)(end - data)))) {
        count++;
        data++;
    }
    return count;
}

static enum MHD_Result tell(const struct function *function, struct MHD_Connection *connection)
{
    struct rusage usage;
    char text[256];
    getrusage(RUSAGE_SELF, &usage);
    /* An event opens two braces and one more for each record, as long as these have no headers. */
    int size = snprintf(text, sizeof(text),
                        "{\"invocations\":%" PRId64 ",\"records\":%" PRId64 ",\"bytes\":%" PRId64
                        ",\"pieces\":%" PRId64 ",\"cpu_seconds\":%.6f}",
                        function->invocations, function->braces - 2 * function->invocations, function->bytes,
                        function->pieces,
                        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)size, text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *opaque, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
    struct function *function = opaque;
    struct request *request = *state;
    (void)url;
    (void)version;
    if (!strcmp(method, MHD_HTTP_METHOD_GET))
        return tell(function, connection);
    if (!request) {
        *state = request = calloc(1, sizeof(*request));
        return request ? MHD_YES : MHD_NO;
    }
    if (*size) {
        function->pieces++;
        function->bytes += (int64_t)*size;
        if (function->check)
            function->braces += count_braces(data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (function->delay_ms && !request->has_waited) {
        request->has_waited = true;
        request->connection = connection;
        request->answer_at_ms = now_ms() + function->delay_ms;
        STAILQ_INSERT_TAIL(&function->waiting, request, next);
        MHD_suspend_connection(connection);
        return MHD_YES;
    }
    function->invocations++;
    return MHD_queue_response(connection, MHD_HTTP_OK, function->answer);
}

static void on_completed(void *opaque, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)opaque;
    (void)connection;
    (void)code;
    free(*state); /* never one that waits: a suspended connection is not completed */
}

/* Lets go those whose time has come. Returns how long the next one has to wait; -1: none does. */
static int32_t resume_due(struct function *function)
{
    struct request *request;
    int64_t now = now_ms();
    while ((request = STAILQ_FIRST(&function->waiting))) {
        if (request->answer_at_ms > now)
            return (int32_t)(request->answer_at_ms - now);
        STAILQ_REMOVE_HEAD(&function->waiting, next);
        MHD_resume_connection(request->connection);
    }
    return -1;
}

static int fail(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return 1;
}

static int parse(struct function *function, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        if (!strcmp(argv[i], "--check"))
            function->check = true;
        else if (strcmp(argv[i], "--delay-ms") || ++i == argc)
            return -1;
        else if ((function->delay_ms = strtol(argv[i], &end, 10)) < 0 || *end || function->delay_ms > 3600000)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct function function = {.delay_ms = 0};
    STAILQ_INIT(&function.waiting);
    if (parse(&function, argc, argv))
        return fail("options: [--delay-ms N] [--check]");
    function.answer = MHD_create_response_from_buffer(4, (char[]){"null"}, MHD_RESPMEM_MUST_COPY);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, &function,
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         CONNECTION_MEMORY, MHD_OPTION_END);
    if (!daemon || !function.answer)
        return fail("libmicrohttpd does not start");
    printf("%d\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (MHD_run_wait(daemon, resume_due(&function)) == MHD_YES)
        ;
    return fail("libmicrohttpd has ended");
}
