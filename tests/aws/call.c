/* SPDX-License-Identifier: MIT */
/*
 * call [OPTION=VALUE]...: makes the calls of AWS's APIs that standard input asks for, a JSON object a line,
 * and writes how each ended, one after the other. {"advance_ms": N} moves the clock on, {"together": [...]}
 * makes several calls at once. The wall clock is CALL_SKEW_MS away from the right one. The log goes to
 * standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cjson/cJSON.h>

#include <esm/esm.h>
#include "aws/request.h"
#include "json/writer.h"

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static int64_t moved_ms; /* the clock */
static int64_t skew_ms;
static esm_poller *poller;
static struct esm__aws *aws;
static int open_calls;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + moved_ms;
}

static void on_clock(void *user_data, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    (void)user_data;
    *ret_monotonic_ms = read_clock(CLOCK_MONOTONIC);
    *ret_wall_ms = read_clock(CLOCK_REALTIME) + skew_ms;
}

static void on_log(void *user_data, enum esm_log_level level, const char *text)
{
    (void)user_data;
    fprintf(stderr, "%d %s\n", (int)level, text);
}

static int on_invoke(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    (void)invocation;
    return -1;
}

/* ---- one call ---- */

static const char *text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void print_string(const char *name, const char *value, size_t size)
{
    struct esm__bytes quoted;
    esm__bytes_init(&quoted, NULL);
    CHECK(esm__json_append_string(&quoted, value, size) == 0 && esm__bytes_terminate(&quoted) == 0);
    printf(", \"%s\": %s", name, quoted.data);
    esm__bytes_free(&quoted);
}

static void on_done(void *user_data, const struct esm__answer *answer)
{
    const struct esm__http_result *http = answer->http;
    printf("{\"call\": %d, \"end\": %d, \"status\": %d", *(int *)user_data, (int)http->end,
           (int)http->status);
    print_string("code", answer->code, strlen(answer->code));
    print_string("error", http->error, strlen(http->error));
    print_string("body", http->body_size == 0 ? "" : http->body, http->body_size);
    printf("}\n");
    fflush(stdout);
    free(user_data);
    open_calls--;
}

static enum esm__service service_of(const char *name)
{
    int service = 0;
    while (service < ESM__SERVICE_COUNT && strcmp(esm__service_name((enum esm__service)service), name) != 0)
        service++;
    CHECK(service < ESM__SERVICE_COUNT);
    return (enum esm__service)service;
}

static void start(const cJSON *object, int number)
{
    struct esm__header headers[8];
    size_t count = 0;
    const cJSON *header;
    cJSON_ArrayForEach(header, cJSON_GetObjectItemCaseSensitive(object, "headers"))
    {
        CHECK(count < 8);
        headers[count++] = (struct esm__header){esm__span(header->string), esm__span(header->valuestring)};
    }
    const char *body = text(object, "body");
    const struct esm__request_options options = {
        .service = service_of(text(object, "service")),
        .region = text(object, "region"),
        .endpoint = text(object, "endpoint"),
        .host_label = text(object, "host_label"),
        .method = body == NULL                     ? "GET"
                  : text(object, "method") != NULL ? text(object, "method")
                                                   : "POST",
        .path = text(object, "path") == NULL ? "/" : text(object, "path"),
        .query = text(object, "query"),
        .headers = headers,
        .header_count = count,
        .body = esm__span(body == NULL ? "" : body),
        .is_payload_unsigned = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "unsigned")),
        .connect_timeout_ms = 5000,
        .timeout_ms = 10000,
        .max_answer = 1000000,
        .keep_answer = 1,
    };
    int *id = malloc(sizeof(*id));
    struct esm__request *request;
    CHECK(id != NULL);
    *id = number;
    int error = esm__request_start(aws, &options, on_done, id, &request);
    if (error == 0) {
        open_calls++;
        return;
    }
    printf("{\"call\": %d, \"refused\": %d}\n", number, error);
    fflush(stdout);
    free(id);
}

static void turn_until_done(void)
{
    while (open_calls > 0)
        CHECK(esm_poller_dispatch(poller, 5) == 0);
}

static void obey(const cJSON *object)
{
    const cJSON *together = cJSON_GetObjectItemCaseSensitive(object, "together");
    const cJSON *advance = cJSON_GetObjectItemCaseSensitive(object, "advance_ms");
    const cJSON *item;
    int number = 0;
    if (advance != NULL) {
        moved_ms += (int64_t)advance->valuedouble;
        for (int i = 0; i < 40; i++) /* what is due now has time to be done */
            CHECK(esm_poller_dispatch(poller, 5) == 0);
    } else if (together != NULL) {
        cJSON_ArrayForEach(item, together) start(item, number++);
    } else {
        start(object, 0);
    }
    turn_until_done();
}

/* ---- */

static void set_up(int count, char **arguments)
{
    esm_config *config;
    struct esm__settings settings;
    CHECK(esm_config_new(NULL, &config) == 0);
    for (int i = 0; i < count; i++) {
        char *equals = strchr(arguments[i], '=');
        CHECK(equals != NULL);
        *equals = '\0';
        CHECK(esm_config_set(config, arguments[i], equals + 1) == 0);
    }
    CHECK(esm_poller_new(NULL, &poller, config) == 0);
    esm_config_free(config);
    CHECK(esm_poller_set_clock(poller, on_clock, NULL, NULL) == 0);
    CHECK(esm_poller_set_log(poller, ESM_LOG_DEBUG, on_log, NULL, NULL) == 0);
    CHECK(esm_poller_set_invoke(poller, on_invoke, NULL, NULL) == 0);
    CHECK(esm__config_get_settings(esm_poller_get_config(poller), &settings) == 0);
    CHECK(esm__aws_new(NULL, &aws, poller, &settings, 4) == 0);
}

int main(int count, char **arguments)
{
    static char line[1 << 20];
    skew_ms = getenv("CALL_SKEW_MS") == NULL ? 0 : atoll(getenv("CALL_SKEW_MS"));
    set_up(count - 1, arguments + 1);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        cJSON *object = cJSON_Parse(line);
        CHECK(object != NULL);
        obey(object);
        cJSON_Delete(object);
    }
    esm__aws_unref(aws);
    esm_poller_unref(poller);
    return 0;
}
