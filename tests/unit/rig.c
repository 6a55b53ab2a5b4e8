/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void note(struct rig *rig, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(rig->text + rig->text_size, sizeof(rig->text) - rig->text_size, format, arguments);
    va_end(arguments);
    ck_assert_int_ge(size, 0);
    rig->text_size += (size_t)size;
    ck_assert_uint_lt(rig->text_size, sizeof(rig->text));
}

static void read_clock(void *user_data, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    struct rig *rig = user_data;
    *ret_monotonic_ms = rig->monotonic_ms;
    *ret_wall_ms = rig->wall_ms;
}

/* "orders-0 [4-7 9]" */
static void note_records(struct rig *rig, size_t count, const esm_record *(*get)(const void *, size_t),
                         const void *token)
{
    const esm_record *first = get(token, 0);
    note(rig, "%s-%d [", esm_record_get_topic(first), (int)esm_record_get_partition(first));
    for (size_t i = 0; i < count;) {
        int64_t from = esm_record_get_offset(get(token, i));
        int64_t to = from;
        for (i++; i < count && esm_record_get_offset(get(token, i)) == to + 1; i++)
            to++;
        note(rig, to == from ? "%s%lld" : "%s%lld-%lld", from == esm_record_get_offset(first) ? "" : " ",
             (long long)from, (long long)to);
    }
    note(rig, "]");
}

static const esm_record *invocation_record(const void *token, size_t i)
{
    return esm_invocation_get_record(token, i);
}

static const esm_record *delivery_record(const void *token, size_t i)
{
    return esm_delivery_get_record(token, i);
}

static void count_cancel(void *user_data)
{
    ((struct rig *)user_data)->cancels++;
}

static int invoke(void *user_data, esm_invocation *invocation)
{
    struct rig *rig = user_data;
    note(rig, "invoke ");
    note_records(rig, esm_invocation_get_record_count(invocation), invocation_record, invocation);
    note(rig, " #%u\n", esm_invocation_get_attempt(invocation));
    enum esm_outcome outcome = rig->answer == NULL ? 0 : rig->answer(rig, invocation);
    if (outcome == 0) {
        esm_invocation_set_cancel(invocation, count_cancel, rig);
        rig->held[rig->held_count++] = esm_invocation_ref(invocation);
        return 0;
    }
    const char *response = rig->response;
    return esm_invocation_complete(invocation, outcome, response, response == NULL ? 0 : strlen(response));
}

static int deliver(void *user_data, esm_delivery *delivery)
{
    static const char *const reasons[] = {"?", "RETRIES", "AGE", "TOO_LARGE"};
    struct rig *rig = user_data;
    note(rig, "deliver ");
    note_records(rig, esm_delivery_get_record_count(delivery), delivery_record, delivery);
    note(rig, " %s #%u\n", reasons[esm_delivery_get_reason(delivery)], esm_delivery_get_attempts(delivery));
    if (rig->delivery == 0) {
        rig->delivery_held = esm_delivery_ref(delivery);
        return 0;
    }
    return esm_delivery_complete(delivery, rig->delivery);
}

static int commit(void *user_data, esm_commit *commit)
{
    struct rig *rig = user_data;
    for (size_t i = 0; i < esm_commit_get_count(commit); i++) {
        const char *topic;
        const char *metadata;
        int32_t partition;
        int64_t offset;
        ck_assert_int_eq(esm_commit_get_offset(commit, i, &topic, &partition, &offset, &metadata), 0);
        if (rig->commit == ESM_OUTCOME_SUCCESS)
            rig->committed[partition] = offset;
        if (!rig->quiet_commits)
            note(rig, "commit %s-%d %lld%s%s\n", topic, (int)partition, (long long)offset, metadata == NULL ? "" : " ",
                 metadata == NULL ? "" : metadata);
    }
    if (rig->commit == 0) {
        rig->commit_held = esm_commit_ref(commit);
        return 0;
    }
    return esm_commit_complete(commit, rig->commit);
}

void rig_start(struct rig *rig, int with_destination, const char *const *options)
{
    rig->monotonic_ms = 1000;
    rig->wall_ms = 1700000000000;
    if (rig->commit == 0)
        rig->commit = ESM_OUTCOME_SUCCESS;
    if (rig->delivery == 0)
        rig->delivery = ESM_OUTCOME_SUCCESS;
    ck_assert_int_eq(esm_config_new(rig->allocator, &rig->config), 0);
    ck_assert_int_eq(esm_config_set(rig->config, "backoff.seed", "7"), 0);
    for (size_t i = 0; options != NULL && options[i] != NULL; i += 2)
        ck_assert_int_eq(esm_config_set(rig->config, options[i], options[i + 1]), 0);
    ck_assert_int_eq(esm_poller_new(rig->allocator, &rig->poller, rig->config), 0);
    ck_assert_int_eq(esm_poller_set_clock(rig->poller, read_clock, rig, NULL), 0);
    ck_assert_int_eq(esm_poller_set_invoke(rig->poller, invoke, rig, NULL), 0);
    ck_assert_int_eq(esm_poller_set_commit(rig->poller, commit, rig, NULL), 0);
    if (with_destination)
        ck_assert_int_eq(esm_poller_set_destination(rig->poller, deliver, rig, NULL), 0);
}

void rig_stop(struct rig *rig)
{
    for (size_t i = 0; i < rig->held_count; i++)
        esm_invocation_unref(rig->held[i]);
    esm_delivery_unref(rig->delivery_held);
    esm_commit_unref(rig->commit_held);
    ck_assert_ptr_null(esm_poller_unref(rig->poller));
    esm_config_free(rig->config);
}

esm_partition *rig_partition(struct rig *rig, int32_t number, int64_t start)
{
    esm_partition *partition = NULL;
    ck_assert_int_eq(esm_poller_add_partition(rig->poller, "t", number, start, start, &partition), 0);
    return partition;
}

int rig_push(esm_partition *partition, int64_t offset, const char *value)
{
    esm_record *record = NULL;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_record_set_offset(record, offset), 0);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, 1700000000000, ESM_TIMESTAMP_CREATE_TIME), 0);
    ck_assert_int_eq(esm_record_set_value(record, value, value == NULL ? 0 : strlen(value)), 0);
    int error = esm_partition_push(partition, record);
    esm_record_free(record);
    return error;
}

void rig_push_many(esm_partition *partition, int64_t first, int64_t last)
{
    for (int64_t offset = first; offset <= last; offset++)
        ck_assert_int_eq(rig_push(partition, offset, "value"), 0);
}

void rig_turn(struct rig *rig)
{
    int error = 0;
    do
        error = esm_poller_dispatch(rig->poller, 0);
    while (error == 0 && esm_poller_get_deadline_ms(rig->poller) <= rig->monotonic_ms);
    if (esm_poller_get_state(rig->poller) < ESM_POLLER_STOPPED)
        ck_assert_int_eq(error, 0);
}

void rig_advance(struct rig *rig, int64_t ms)
{
    int64_t end = rig->monotonic_ms + ms;
    rig_turn(rig);
    while (rig->monotonic_ms < end) {
        int64_t next = esm_poller_get_deadline_ms(rig->poller);
        if (next > end)
            next = end;
        rig->wall_ms += next - rig->monotonic_ms;
        rig->monotonic_ms = next;
        rig_turn(rig);
    }
}

void rig_expect(struct rig *rig, const char *text)
{
    ck_assert_str_eq(rig->text, text);
    rig->text_size = 0;
    rig->text[0] = '\0';
}

void rig_answer(struct rig *rig, size_t held, enum esm_outcome outcome)
{
    const char *response = rig->response;
    ck_assert_uint_lt(held, rig->held_count);
    ck_assert_int_eq(esm_invocation_complete(rig->held[held], outcome, response,
                                             response == NULL ? 0 : strlen(response)),
                     0);
    esm_invocation_unref(rig->held[held]);
    rig->held_count--;
    for (size_t i = held; i < rig->held_count; i++)
        rig->held[i] = rig->held[i + 1];
}

enum esm_outcome rig_succeed(struct rig *rig, esm_invocation *invocation)
{
    (void)rig;
    (void)invocation;
    return ESM_OUTCOME_SUCCESS;
}

enum esm_outcome rig_fail(struct rig *rig, esm_invocation *invocation)
{
    (void)rig;
    (void)invocation;
    return ESM_OUTCOME_FAILURE;
}

enum esm_outcome rig_poison(struct rig *rig, esm_invocation *invocation)
{
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++)
        if (esm_record_get_offset(esm_invocation_get_record(invocation, i)) == rig->poison)
            return ESM_OUTCOME_FAILURE;
    return ESM_OUTCOME_SUCCESS;
}
