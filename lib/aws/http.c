/* SPDX-License-Identifier: MIT */
#include "aws/http.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/bytes.h"

/* Larger buffers for sending are slower: more is copied than the socket takes. */
#define UPLOAD_BUFFER 65536L
/* The memory of an answer that a call keeps for the next one. */
#define KEPT_ANSWER ((size_t)65536)
/* Long invocations are silent. Address translators forget a silent connection after a few minutes. */
#define KEEPALIVE_SECONDS 60L

struct esm__http_call {
    LIST_ENTRY(esm__http_call) link; /* in busy or idle */
    struct esm__http *http;
    CURL *easy;
    struct curl_slist no_expect; /* in front of the request's headers */
    esm__http_done_fn done;
    void *user_data;
    size_t body_size;
    size_t max_answer;
    size_t received;
    struct esm__bytes answer;
    int keep_answer;
    int is_overlong;
    int is_unwatched; /* there was no memory to watch its socket */
    char error[CURL_ERROR_SIZE];
};

LIST_HEAD(calls, esm__http_call);

struct esm__http {
    esm_allocator *allocator; /* referenced */
    esm_poller *poller;
    esm_timer *timer; /* libcurl has one for all its requests */
    CURLM *multi;
    struct calls busy;
    struct calls idle; /* handles are reused: they hold buffers and parsed options */
    int has_unwatched;
    char no_expect[sizeof("Expect:")];
    char user_agent[48];
};

struct socket {
    struct esm__http *http;
    esm_watch *watch;
    curl_socket_t fd;
};

/* ---- the end of a call ---- */

/* What no repetition mends. A handshake that broke off is not among it. */
static int is_refusal(CURLcode code)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return 1;
    default: return 0;
    }
}

/*
 * Whether the server may have the whole request. libcurl sends a request again, by itself, if a reused
 * connection ended without a byte of an answer, a POST too: the server may just have closed it for idleness.
 * Its counters then still hold what went over the first connection, which is right here: that request may
 * have been served.
 */
static int is_sent(const struct esm__http_call *call)
{
    long request_size = 0;
    curl_off_t uploaded = 0;
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request_size);
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    return request_size > 0 && (size_t)uploaded >= call->body_size;
}

static enum esm__http_end classify(const struct esm__http_call *call, CURLcode code, int32_t status)
{
    /* A refusal has been said with its status. It may come before all is sent, and be cut off because of
     * that. */
    if (code == CURLE_OK || status >= 300)
        return ESM__HTTP_ANSWERED;
    if (status == 0 && !is_sent(call))
        return is_refusal(code) ? ESM__HTTP_REFUSED : ESM__HTTP_UNSENT;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return ESM__HTTP_TIMED_OUT;
    case CURLE_WRITE_ERROR: return call->is_overlong ? ESM__HTTP_OVERLONG : ESM__HTTP_LOST;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_ABORTED_BY_CALLBACK: return status == 0 ? ESM__HTTP_LOST : ESM__HTTP_BROKEN;
    default: return ESM__HTTP_BROKEN;
    }
}

static struct esm__http_result make_result(const struct esm__http_call *call, CURLcode code)
{
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
    if (status < 200) /* "100 Continue" is no answer */
        status = 0;
    if (retry_after < 0) /* a date in the past */
        retry_after = 0;
    return (struct esm__http_result){
        .end = classify(call, code, (int32_t)status),
        .status = (int32_t)status,
        .error = call->error[0] != '\0' ? call->error : curl_easy_strerror(code),
        .body = call->answer.data,
        .body_size = call->answer.size,
        .retry_after_ms = (retry_after < INT32_MAX ? retry_after : INT32_MAX) * 1000,
        .easy = call->easy,
    };
}

static void call_free(struct esm__http_call *call)
{
    LIST_REMOVE(call, link);
    curl_easy_cleanup(call->easy);
    esm__bytes_free(&call->answer);
    esm__free(call->http->allocator, call);
}

static void call_recycle(struct esm__http_call *call)
{
    LIST_INSERT_HEAD(&call->http->idle, call, link);
    if (call->answer.capacity > KEPT_ANSWER)
        esm__bytes_free(&call->answer);
}

static void call_end(struct esm__http_call *call, CURLcode code)
{
    struct esm__http_result result = make_result(call, code);
    curl_multi_remove_handle(call->http->multi, call->easy);
    LIST_REMOVE(call, link);
    call->done(call->user_data, &result);
    call_recycle(call);
}

static struct esm__http_call *find_unwatched(const struct esm__http *http)
{
    struct esm__http_call *call;
    LIST_FOREACH(call, &http->busy, link)
    if (call->is_unwatched)
        break;
    return call;
}

/* After every entry into libcurl: it says nothing again. */
static void finish(struct esm__http *http)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        struct esm__http_call *call = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        call_end(call, message->data.result);
    }
    while (http->has_unwatched) {
        struct esm__http_call *call = find_unwatched(http);
        if (call == NULL)
            http->has_unwatched = 0;
        else
            call_end(call, CURLE_OUT_OF_MEMORY);
    }
}

/* ---- libcurl in the poller's loop ---- */

static void on_ready(void *user_data, uint32_t events)
{
    struct socket *socket = user_data; /* may be gone after the call */
    struct esm__http *http = socket->http;
    int running;
    int bits = ((events & ESM_WATCH_READ) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & ESM_WATCH_WRITE) != 0 ? CURL_CSELECT_OUT : 0) |
               ((events & ESM_WATCH_ERROR) != 0 ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(http->multi, socket->fd, bits, &running);
    finish(http);
}

static void on_due(void *user_data)
{
    struct esm__http *http = user_data;
    int running;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish(http);
}

/* From inside libcurl, which must not be entered again: also a wait of 0 only sets the timer. */
static int on_timer(CURLM *multi, long timeout_ms, void *user_data)
{
    struct esm__http *http = user_data;
    int64_t now_ms = 0;
    (void)multi;
    esm_poller_get_time(http->poller, &now_ms, NULL);
    esm_timer_set(http->timer, timeout_ms < 0 ? ESM_NEVER : now_ms + timeout_ms);
    return 0;
}

static void socket_free(struct socket *socket)
{
    if (socket == NULL)
        return;
    esm_watch_free(socket->watch);
    esm__free(socket->http->allocator, socket);
}

static struct socket *socket_new(struct esm__http *http, curl_socket_t fd, uint32_t events)
{
    struct socket *socket = esm__calloc(http->allocator, 1, sizeof(*socket));
    if (socket == NULL)
        return NULL;
    socket->http = http;
    socket->fd = fd;
    if (esm_poller_add_watch(http->poller, fd, events, on_ready, socket, &socket->watch) != 0) {
        esm__free(http->allocator, socket);
        return NULL;
    }
    return socket;
}

/* An error returned from here would end libcurl's whole multi handle; so only the call ends, with finish().
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user_data, void *known)
{
    struct esm__http *http = user_data;
    struct socket *socket = known;
    uint32_t events = ((what & CURL_POLL_IN) != 0 ? (uint32_t)ESM_WATCH_READ : 0) |
                      ((what & CURL_POLL_OUT) != 0 ? (uint32_t)ESM_WATCH_WRITE : 0);
    if (what ==
        CURL_POLL_REMOVE) { /* the last chance: the descriptor may be closed next, or even be closed */
        socket_free(socket);
        return 0;
    }
    if (socket != NULL && esm_watch_set_events(socket->watch, events) == 0)
        return 0;
    socket_free(socket);
    socket = socket_new(http, fd, events);
    curl_multi_assign(http->multi, fd, socket);
    if (socket == NULL) {
        struct esm__http_call *call = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
        if (call != NULL)
            call->is_unwatched = http->has_unwatched = 1;
    }
    return 0;
}

/* ---- the engine ---- */

/* curl_global_init() counts, and is safe from several threads, in every libcurl that this library can be
 * built with, unless that was configured without threads. */
static int open_multi(struct esm__http *http, uint32_t connections)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ESM_ERR_TRANSPORT;
    http->multi = curl_multi_init();
    if (http->multi == NULL) {
        curl_global_cleanup();
        return ESM_ERR_NOMEM;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    return 0;
}

int esm__http_new(esm_allocator *allocator, struct esm__http **ret, esm_poller *poller, uint32_t connections)
{
    struct esm__http *http = esm__calloc(allocator, 1, sizeof(*http));
    if (http == NULL)
        return ESM_ERR_NOMEM;
    http->allocator = esm_allocator_ref(allocator);
    http->poller = poller;
    memcpy(http->no_expect, "Expect:", sizeof(http->no_expect));
    uint32_t version = esm_version();
    snprintf(http->user_agent, sizeof(http->user_agent), "libesm/%u.%u.%u", (unsigned)(version / 1000000),
             (unsigned)(version / 1000 % 1000), (unsigned)(version % 1000));
    int error = esm_poller_add_timer(poller, on_due, http, &http->timer);
    if (error == 0)
        error = open_multi(http, connections);
    if (error != 0) {
        esm__http_free(http);
        return error;
    }
    *ret = http;
    return 0;
}

void esm__http_free(struct esm__http *http)
{
    if (http == NULL)
        return;
    while (!LIST_EMPTY(&http->busy))
        call_end(LIST_FIRST(&http->busy), CURLE_ABORTED_BY_CALLBACK);
    while (!LIST_EMPTY(&http->idle))
        call_free(LIST_FIRST(&http->idle));
    if (http->multi != NULL) {
        curl_multi_cleanup(http->multi);
        curl_global_cleanup();
    }
    esm_timer_free(http->timer);
    esm_allocator *allocator = http->allocator;
    esm__free(allocator, http);
    esm_allocator_unref(allocator);
}

/* ---- calls ---- */

/* What an error says is short, and worth reading. */
static int is_kept(const struct esm__http_call *call, size_t more)
{
    long status = 0;
    if (call->keep_answer)
        return 1;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 300 && more <= KEPT_ANSWER - call->answer.size;
}

static size_t on_answer(char *data, size_t size, size_t count, void *user_data)
{
    struct esm__http_call *call = user_data;
    size_t more = size * count; /* libcurl's size is always 1 */
    if (more > call->max_answer - call->received) {
        call->is_overlong = 1;
        return CURL_WRITEFUNC_ERROR;
    }
    call->received += more;
    if (is_kept(call, more) && esm__bytes_append(&call->answer, data, more) != 0)
        return CURL_WRITEFUNC_ERROR;
    return more;
}

/* What is the same for all requests. */
static int prepare(struct esm__http_call *call)
{
    CURL *easy = call->easy;
    int failed = curl_easy_setopt(easy, CURLOPT_PRIVATE, call) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT, call->http->user_agent) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK; /* as it was signed */
    failed |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_SECONDS) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_SECONDS) != CURLE_OK;
    /* Else a call that ends while its name is looked up would wait for the thread that does it. */
    failed |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK;
    return failed ? ESM_ERR_TRANSPORT : 0;
}

static int call_new(struct esm__http *http, struct esm__http_call **ret)
{
    struct esm__http_call *call = LIST_FIRST(&http->idle);
    if (call != NULL) {
        *ret = call;
        return 0;
    }
    call = esm__calloc(http->allocator, 1, sizeof(*call));
    if (call == NULL)
        return ESM_ERR_NOMEM;
    call->http = http;
    esm__bytes_init(&call->answer, http->allocator);
    LIST_INSERT_HEAD(&http->idle, call, link);
    call->easy = curl_easy_init();
    int error = call->easy == NULL ? ESM_ERR_NOMEM : prepare(call);
    if (error == 0)
        *ret = call;
    else
        call_free(call);
    return error;
}

static long clamp_ms(int64_t ms)
{
    return (long)(ms < INT32_MAX ? ms : INT32_MAX);
}

static int set_request(struct esm__http_call *call, const struct esm__http_request *request)
{
    CURL *easy = call->easy;
    int has_body = strcmp(request->method, "GET") != 0;
    const char *method = strcmp(request->method, "PUT") == 0 ? "PUT" : NULL;
    call->no_expect = (struct curl_slist){.data = call->http->no_expect, .next = request->headers};
    int failed = curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, &call->no_expect) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size) != CURLE_OK;
    failed |=
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body_size == 0 ? "" : request->body) != CURLE_OK;
    /* After the body, which makes a POST of every request. */
    failed |= curl_easy_setopt(easy, has_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) != CURLE_OK;
    failed |=
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, clamp_ms(request->connect_timeout_ms)) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, clamp_ms(request->timeout_ms)) != CURLE_OK;
    failed |= curl_easy_setopt(easy, CURLOPT_NOPROXY, request->is_direct ? "*" : NULL) != CURLE_OK;
    return failed ? ESM_ERR_TRANSPORT : 0;
}

int esm__http_start(struct esm__http *http, const struct esm__http_request *request, esm__http_done_fn done,
                    void *user_data, struct esm__http_call **ret)
{
    struct esm__http_call *call;
    int error = call_new(http, &call);
    if (error == 0)
        error = set_request(call, request);
    if (error != 0)
        return error;
    call->done = done;
    call->user_data = user_data;
    call->body_size = request->body_size;
    call->max_answer = request->max_answer;
    call->keep_answer = request->keep_answer;
    call->received = call->answer.size = 0;
    call->is_overlong = call->is_unwatched = 0;
    call->error[0] = '\0';
    if (curl_multi_add_handle(http->multi, call->easy) != CURLM_OK)
        return ESM_ERR_TRANSPORT;
    LIST_REMOVE(call, link);
    LIST_INSERT_HEAD(&http->busy, call, link);
    *ret = call;
    return 0;
}

void esm__http_cancel(struct esm__http_call *call)
{
    curl_multi_remove_handle(call->http->multi, call->easy);
    LIST_REMOVE(call, link);
    call_recycle(call);
}

const char *esm__http_get_header(const struct esm__http_result *result, const char *name)
{
    struct curl_header *header;
    if (result->easy == NULL)
        return NULL;
    return curl_easy_header(result->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value
                                                                                           : NULL;
}
