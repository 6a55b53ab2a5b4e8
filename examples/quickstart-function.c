/* SPDX-License-Identifier: MIT */
/*
 * The function of the quickstart, behind HTTP as Lambda's Invoke API has it. It fails whole batches that hold
 * a poisonous order, names some records as failed when it first sees them, and now and then has no capacity
 * left. All of it runs on the one thread of libmicrohttpd, so that nothing here needs a lock.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <microhttpd.h>

#include "quickstart.h"

#define INVOKE_PATH  "/2015-03-31/functions/" TOPIC "/invocations"
#define REFUSE_EVERY 9   /* calls */
#define FLAKY_EVERY  500 /* offsets of a partition: fails the first time */

struct function {
    struct MHD_Daemon *daemon;
    struct function_report report;
};

struct request {
    char *body;
    size_t size;
};

static int number(const cJSON *record, const char *name)
{
    return cJSON_GetObjectItem(record, name)->valueint;
}

static int order_of(const cJSON *record)
{
    return number(record, "offset") * PARTITIONS + number(record, "partition");
}

/* Notes that these orders have come; whether there is a poisonous one among them. */
static int see_records(struct function_report *report, const cJSON *records)
{
    const cJSON *partition, *record;
    int has_poison = 0;
    cJSON_ArrayForEach(partition, records)
    {
        cJSON_ArrayForEach(record, partition)
        {
            report->seen[order_of(record)]++;
            has_poison |= is_poison(order_of(record));
        }
    }
    return has_poison;
}

/* Adds a record to the answer as Lambda wants it named: {"itemIdentifier": {"partition": "orders-0",
 * "offset": 7}}. */
static void name_failed(cJSON *failures, const char *partition, int offset)
{
    cJSON *failure = cJSON_CreateObject();
    cJSON *identifier = cJSON_AddObjectToObject(failure, "itemIdentifier");
    cJSON_AddStringToObject(identifier, "partition", partition);
    cJSON_AddNumberToObject(identifier, "offset", offset);
    cJSON_AddItemToArray(failures, failure);
}

/* Does the orders and returns the answer, with those that did not go well. */
static char *do_records(struct function_report *report, const cJSON *records)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *failures = cJSON_AddArrayToObject(answer, "batchItemFailures");
    const cJSON *partition, *record;
    cJSON_ArrayForEach(partition, records)
    {
        cJSON_ArrayForEach(record, partition)
        {
            int offset = number(record, "offset"), order = order_of(record);
            if (offset % FLAKY_EVERY == FLAKY_EVERY / 2 && report->seen[order] == 1)
                name_failed(failures, partition->string, offset);
            else
                report->done[order]++;
        }
    }
    report->partial += cJSON_GetArraySize(failures) > 0;
    char *text = cJSON_PrintUnformatted(answer);
    cJSON_Delete(answer);
    return text;
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *body,
                             const char *header, const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (header)
        MHD_add_response_header(response, header, value);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result invoke(struct function *function, struct MHD_Connection *connection,
                              const struct request *request)
{
    struct function_report *report = &function->report;
    if (++report->calls % REFUSE_EVERY == 0) {
        report->refused++;
        return reply(connection, MHD_HTTP_TOO_MANY_REQUESTS, "{\"message\":\"Rate Exceeded.\"}",
                     "X-Amzn-ErrorType", "TooManyRequestsException");
    }
    cJSON *event = cJSON_ParseWithLength(request->body, request->size);
    const cJSON *records = cJSON_GetObjectItem(event, "records");
    enum MHD_Result result;
    if (see_records(report, records)) {
        report->failed++;
        result = reply(connection, MHD_HTTP_OK, "{\"errorMessage\":\"poison\",\"errorType\":\"OrderError\"}",
                       "X-Amz-Function-Error", "Unhandled");
    } else {
        char *body = do_records(report, records);
        result = reply(connection, MHD_HTTP_OK, body, NULL, NULL);
        free(body);
    }
    cJSON_Delete(event);
    return result;
}

/* libmicrohttpd calls this with the head of a request, with each piece of its body, and at the end. */
static enum MHD_Result on_request(void *user_data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
    struct request *request = *state;
    (void)method;
    (void)version;
    if (!request) {
        *state = calloc(1, sizeof(*request));
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size == 0)
        return strcmp(url, INVOKE_PATH) == 0 ? invoke(user_data, connection, request)
                                             : reply(connection, MHD_HTTP_NOT_FOUND, "{}", NULL, NULL);
    char *body = realloc(request->body, request->size + *size);
    if (!body)
        return MHD_NO;
    memcpy(body + request->size, data, *size);
    request->body = body;
    request->size += *size;
    *size = 0;
    return MHD_YES;
}

static void on_completed(void *user_data, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct request *request = *state;
    (void)user_data;
    (void)connection;
    (void)code;
    if (request)
        free(request->body);
    free(request);
}

struct function *function_start(uint16_t *ret_port)
{
    struct function *function = calloc(1, sizeof(*function));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!function)
        return NULL;
    function->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                                        on_request, function, MHD_OPTION_SOCK_ADDR, &address,
                                        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    if (!function->daemon) {
        free(function);
        return NULL;
    }
    *ret_port = MHD_get_daemon_info(function->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return function;
}

const struct function_report *function_stop(struct function *function)
{
    MHD_stop_daemon(function->daemon);
    return &function->report;
}

void function_free(struct function *function)
{
    free(function);
}
