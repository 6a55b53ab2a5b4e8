/* SPDX-License-Identifier: MIT */
#include "rig.h"

static void on_log(void *user_data, enum esm_log_level level, const char *text)
{
    struct rig *rig = user_data;
    size_t used = strlen(rig->log);
    snprintf(rig->log + used, sizeof(rig->log) - used, "%d %s\n", (int)level, text);
}

static int on_deliver(void *user_data, esm_delivery *delivery)
{
    struct rig *rig = user_data;
    const char *document;
    size_t size;
    ck_assert_int_eq(esm_delivery_write_document(delivery, ESM_DOCUMENT_BATCH, 0, &document, &size), 0);
    snprintf(rig->document, sizeof(rig->document), "%s", document);
    rig->delivered = esm_record_get_offset(esm_delivery_get_record(delivery, 0));
    return esm_delivery_complete(delivery, ESM_OUTCOME_SUCCESS);
}

int rig_start_poller(struct rig *rig, const char *const *options)
{
    esm_config *config;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    for (size_t i = 0; options != NULL && options[i] != NULL; i += 2)
        ck_assert_int_eq(esm_config_set(config, options[i], options[i + 1]), 0);
    int error = esm_poller_new(rig->allocator, &rig->poller, config);
    esm_config_free(config);
    if (error != 0)
        return error;
    ck_assert_int_eq(esm_poller_set_log(rig->poller, ESM_LOG_WARNING, on_log, rig, NULL), 0);
    ck_assert_int_eq(esm_poller_set_destination(rig->poller, on_deliver, rig, NULL), 0);
    return 0;
}

void rig_start(struct rig *rig, server_fn answer, server_fn early, const char *path,
               const char *const *options)
{
    char url[128];
    int is_lambda = strcmp(path, LAMBDA) == 0;
    *rig = (struct rig){.delivered = -1, .server = server_start(answer, early, rig)};
    snprintf(url, sizeof(url), "%s%s", server_url(rig->server), is_lambda ? "" : path);
    const char *all[64] = {"FunctionName",
                           "fn:live",
                           is_lambda ? "aws.endpoint_url" : "function.url",
                           url,
                           "aws.region",
                           "eu-west-1",
                           "aws.access_key_id",
                           "AKIDEXAMPLE",
                           "aws.secret_access_key",
                           "secret",
                           "BatchSize",
                           "10",
                           "batch.window_ms",
                           "0",
                           "backoff.function_ms",
                           "20",
                           "backoff.service_ms",
                           "20",
                           "backoff.hold_ms",
                           "20"};
    for (size_t i = 0; options != NULL && options[i] != NULL; i++)
        all[20 + i] = options[i];
    ck_assert_int_eq(rig_start_poller(rig, all), 0);
    ck_assert_int_eq(esm_poller_use_lambda(rig->poller), 0);
}

void rig_stop(struct rig *rig)
{
    esm_poller_unref(rig->poller);
    server_stop(rig->server);
}

void turn(struct rig *rig)
{
    int64_t before = now_ms();
    ck_assert_int_eq(esm_poller_dispatch(rig->poller, 10), 0);
    int64_t took = now_ms() - before - 10;
    rig->longest_ms = took > rig->longest_ms ? took : rig->longest_ms;
}

void run_for(struct rig *rig, int64_t ms)
{
    for (int64_t end = now_ms() + ms; now_ms() < end;)
        turn(rig);
}

void push(struct rig *rig, int partition, int first, int last, const void *value, size_t size)
{
    if (rig->partitions[partition] == NULL)
        ck_assert_int_eq(esm_poller_add_partition(rig->poller, "t", partition, first, first,
                                                  &rig->partitions[partition]),
                         0);
    esm_record *record;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    for (int offset = first; offset <= last; offset++) {
        esm_record_set_offset(record, offset);
        esm_record_set_timestamp_ms(record, 1700000000000, ESM_TIMESTAMP_CREATE_TIME);
        esm_record_set_value(record, value, size);
        int error;
        while ((error = esm_partition_push(rig->partitions[partition], record)) == ESM_ERR_FULL)
            turn(rig);
        ck_assert_int_eq(error, 0);
    }
    esm_record_free(record);
}

void run_to(struct rig *rig, int partition, int64_t position)
{
    int64_t end = now_ms() + 15000;
    while (esm_partition_get_position(rig->partitions[partition]) < position) {
        ck_assert_msg(now_ms() < end, "at offset %lld, log:\n%s",
                      (long long)esm_partition_get_position(rig->partitions[partition]), rig->log);
        turn(rig);
    }
}

int64_t count_of(const struct rig *rig, enum esm_counter counter)
{
    return esm_poller_get_counter(rig->poller, counter);
}

int has_offset(const struct exchange *exchange, int offset)
{
    char text[32];
    snprintf(text, sizeof(text), "\"offset\":%d,", offset);
    return strstr(exchange->body, text) != NULL;
}

int succeed(struct exchange *exchange)
{
    return server_ok(exchange, "null");
}
