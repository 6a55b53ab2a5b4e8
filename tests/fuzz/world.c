/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <string.h>

/* ---- memory ---- */

static int is_out_of_memory(struct world *world)
{
    return world->is_out || (world->fails_in > 0 && --world->fails_in == 0);
}

static void *give(void *user_data, size_t size)
{
    struct world *world = user_data;
    if (is_out_of_memory(world))
        return NULL;
    world->live++;
    return malloc(size);
}

static void *resize(void *user_data, void *memory, size_t size)
{
    return is_out_of_memory(user_data) ? NULL : realloc(memory, size);
}

static void take_back(void *user_data, void *memory)
{
    ((struct world *)user_data)->live--;
    free(memory);
}

/* ---- what is known of records ---- */

struct assignment *world_assignment(struct world *world, unsigned choice)
{
    if (world->assignment_count == 0)
        return NULL;
    struct assignment *assignment = &world->assignments[choice % world->assignment_count];
    return assignment->partition == NULL ? NULL : assignment;
}

size_t world_count_open(const struct assignment *assignment, int64_t below)
{
    size_t count = 0;
    for (int64_t offset = 0; offset < below; offset++)
        count += assignment->records[offset] == PUSHED;
    return count;
}

/* The first byte of a value tells whose it is. */
static struct assignment *owner(struct world *world, const esm_record *record)
{
    size_t size;
    const uint8_t *value = esm_record_get_value(record, &size);
    MUST(value != NULL && size > 0 && value[0] < world->assignment_count);
    struct assignment *assignment = &world->assignments[value[0]];
    MUST(esm_record_get_partition(record) == assignment->number);
    MUST(strcmp(esm_record_get_topic(record), "t") == 0);
    return assignment;
}

/* Records of one assignment in the order of their offsets, none of them done. */
static struct assignment *check_records(struct world *world, const void *token, size_t count,
                                        const esm_record *(*get)(const void *, size_t))
{
    MUST(count > 0 && get(token, count) == NULL);
    struct assignment *assignment = owner(world, get(token, 0));
    for (size_t i = 0; i < count; i++) {
        const esm_record *record = get(token, i);
        MUST(owner(world, record) == assignment);
        MUST(assignment->records[esm_record_get_offset(record)] == PUSHED);
        MUST(i == 0 || esm_record_get_offset(record) > esm_record_get_offset(get(token, i - 1)));
    }
    return assignment;
}

static const esm_record *invocation_record(const void *token, size_t i)
{
    return esm_invocation_get_record(token, i);
}

static const esm_record *delivery_record(const void *token, size_t i)
{
    return esm_delivery_get_record(token, i);
}

/* ---- invocations ---- */

static void check_event(struct world *world, esm_invocation *invocation)
{
    size_t size;
    const char *event = esm_invocation_get_event(invocation, &size);
    MUST(event != NULL || world->is_out || world->fails_in == 0);
    if (event != NULL)
        MUST(strlen(event) == size && size == esm_invocation_get_event_size(invocation) &&
             is_json(event, size));
    MUST((int64_t)esm_invocation_get_event_size(invocation) < world->most_bytes);
}

/* Which records an answer leaves open: as many bits as there are records. */
static uint64_t name_failures(struct world *world, esm_invocation *invocation, enum esm_outcome outcome,
                              char response[512])
{
    size_t count = esm_invocation_get_record_count(invocation);
    uint64_t all = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    uint64_t named = input_number(&world->input, 2) & all;
    response[0] = '\0';
    if (outcome == ESM_OUTCOME_PARTIAL) {
        for (size_t i = 0; i < count; i++)
            if ((named >> i & 1) != 0)
                MUST(esm_invocation_fail_record(invocation, i) == 0);
        return named;
    }
    switch (input_byte(&world->input) % 4) {
    case 0: return 0;
    case 1: strcpy(response, "null"); return 0;
    case 2: strcpy(response, "{\"batchItemFailures\":[{\"itemIdentifier\":{}}]}"); return all;
    default: break;
    }
    const esm_record *record = esm_invocation_get_record(invocation, named % count);
    snprintf(response, 512,
             "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"t-%d\",\"offset\":%lld}}]}",
             (int)esm_record_get_partition(record), (long long)esm_record_get_offset(record));
    return UINT64_C(1) << named % count;
}

static void mark(struct world *world, esm_invocation *invocation, uint64_t open)
{
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++) {
        if (world->is_checkpoint && i > 0)
            open |= (open & UINT64_C(1) << (i - 1)) << 1;
        const esm_record *record = esm_invocation_get_record(invocation, i);
        if ((open >> i & 1) == 0)
            owner(world, record)->records[esm_record_get_offset(record)] = DONE;
    }
}

static int answer_invocation(struct world *world, esm_invocation *invocation)
{
    unsigned choice = world->is_calm ? 0 : input_byte(&world->input);
    enum esm_outcome outcome = 1 + choice % 8;
    char response[512] = "";
    uint64_t open = outcome == ESM_OUTCOME_SUCCESS ? 0 : UINT64_MAX;
    if (!world->reads_responses && outcome == ESM_OUTCOME_PARTIAL)
        outcome = ESM_OUTCOME_FAILURE;
    if (world->reads_responses && !world->is_calm &&
        (outcome == ESM_OUTCOME_PARTIAL || outcome == ESM_OUTCOME_SUCCESS))
        open = name_failures(world, invocation, outcome, response);
    if (choice >= 128) {
        esm_invocation_set_status(invocation, 200);
        esm_invocation_set_request_id(invocation, "r");
        esm_invocation_set_retry_after_ms(invocation, 300);
    }
    int error = esm_invocation_complete(invocation, outcome, response, strlen(response));
    MUST(error == 0 || error == ESM_ERR_STALE || error == ESM_ERR_NOMEM);
    MUST(error != ESM_ERR_NOMEM || !world->is_calm);
    if (error == 0) {
        MUST(esm_invocation_complete(invocation, outcome, NULL, 0) == ESM_ERR_ALREADY_COMPLETED);
        mark(world, invocation, open);
    }
    return error;
}

static void count_cancel(void *user_data)
{
    MUST(!((struct world *)user_data)->is_freed);
}

static int invoke(void *user_data, esm_invocation *invocation)
{
    struct world *world = user_data;
    struct assignment *assignment =
        check_records(world, invocation, esm_invocation_get_record_count(invocation), invocation_record);
    MUST(!assignment->is_removing);
    MUST(esm_poller_get_counter(world->poller, ESM_COUNTER_IN_FLIGHT) <= world->most_in_flight);
    check_event(world, invocation);
    if (world->is_calm)
        return answer_invocation(world, invocation);
    unsigned choice = input_byte(&world->input);
    switch (choice % 8) {
    case 3: answer_invocation(world, invocation); return 0;
    case 4: return -1;
    case 5: return 0;
    case 6: world_push(world, choice / 8); break;
    case 7: world_remove(world, choice / 8); break;
    default: break;
    }
    if (world->invocation_count == HELD_MAX)
        return -1;
    esm_invocation_set_cancel(invocation, count_cancel, world);
    world->invocations[world->invocation_count++] = esm_invocation_ref(invocation);
    return 0;
}

void world_answer_invocation(struct world *world, size_t i)
{
    esm_invocation *invocation = world->invocations[i];
    if (answer_invocation(world, invocation) == ESM_ERR_NOMEM)
        return;
    world->invocations[i] = world->invocations[--world->invocation_count];
    esm_invocation_unref(invocation);
}

/* ---- deliveries ---- */

static void check_documents(struct world *world, esm_delivery *delivery)
{
    const char *text;
    size_t size;
    for (enum esm_document form = ESM_DOCUMENT_BATCH; form <= ESM_DOCUMENT_RECORD; form++) {
        int error = esm_delivery_write_document(delivery, form, 0, &text, &size);
        MUST(error == 0 || (error == ESM_ERR_NOMEM && !world->is_calm));
        MUST(error != 0 || (strlen(text) == size && is_json(text, size)));
    }
}

static void answer_delivery(struct world *world, esm_delivery *delivery)
{
    unsigned choice = world->is_calm ? 0 : input_byte(&world->input);
    enum esm_outcome outcome = choice % 2 == 0 ? ESM_OUTCOME_SUCCESS : ESM_OUTCOME_UNAVAILABLE;
    int error = esm_delivery_complete(delivery, outcome);
    MUST(error == 0 || error == ESM_ERR_STALE);
    for (size_t i = 0;
         error == 0 && outcome == ESM_OUTCOME_SUCCESS && i < esm_delivery_get_record_count(delivery); i++) {
        const esm_record *record = esm_delivery_get_record(delivery, i);
        owner(world, record)->records[esm_record_get_offset(record)] = DONE;
    }
}

static int deliver(void *user_data, esm_delivery *delivery)
{
    struct world *world = user_data;
    check_records(world, delivery, esm_delivery_get_record_count(delivery), delivery_record);
    MUST(esm_delivery_get_reason(delivery) != ESM_REASON_NONE);
    check_documents(world, delivery);
    unsigned choice = world->is_calm ? 1 : input_byte(&world->input);
    switch (choice % 4) {
    case 1: answer_delivery(world, delivery); return 0;
    case 2: return -1;
    case 3: return 0;
    default: break;
    }
    if (world->delivery_count == HELD_MAX)
        return -1;
    world->deliveries[world->delivery_count++] = esm_delivery_ref(delivery);
    return 0;
}

void world_answer_delivery(struct world *world, size_t i)
{
    esm_delivery *delivery = world->deliveries[i];
    answer_delivery(world, delivery);
    world->deliveries[i] = world->deliveries[--world->delivery_count];
    esm_delivery_unref(delivery);
}

/* ---- commits ---- */

static struct assignment *committed_assignment(struct world *world, const esm_commit *commit, size_t i,
                                               int64_t *ret_offset)
{
    const char *topic;
    const char *metadata;
    int32_t number;
    MUST(esm_commit_get_offset(commit, i, &topic, &number, ret_offset, &metadata) == 0);
    MUST(strcmp(topic, "t") == 0 && metadata != NULL && (size_t)atoi(metadata) < world->assignment_count);
    struct assignment *assignment = &world->assignments[atoi(metadata)];
    MUST(assignment->number == number);
    return assignment;
}

static void answer_commit(struct world *world, esm_commit *commit)
{
    unsigned choice = world->is_calm ? 0 : input_byte(&world->input);
    enum esm_outcome whole = choice % 2 == 0 ? ESM_OUTCOME_SUCCESS : ESM_OUTCOME_FAILURE;
    enum esm_outcome first = choice % 4 == 3 ? ESM_OUTCOME_SUCCESS : whole;
    if (first != whole)
        MUST(esm_commit_set_outcome(commit, 0, first) == 0);
    int error = esm_commit_complete(commit, whole);
    MUST(error == 0 || error == ESM_ERR_STALE);
    for (size_t i = 0; error == 0 && i < esm_commit_get_count(commit); i++) {
        int64_t offset;
        struct assignment *assignment = committed_assignment(world, commit, i, &offset);
        if ((i == 0 ? first : whole) == ESM_OUTCOME_SUCCESS)
            assignment->committed = offset;
    }
}

static int commit_offsets(void *user_data, esm_commit *commit)
{
    struct world *world = user_data;
    MUST(world->commit == NULL && esm_commit_get_count(commit) > 0);
    for (size_t i = 0; i < esm_commit_get_count(commit); i++) {
        int64_t offset;
        const struct assignment *assignment = committed_assignment(world, commit, i, &offset);
        MUST(!assignment->is_lost && offset > assignment->committed && offset <= assignment->next);
        MUST((int64_t)world_count_open(assignment, offset) <=
             esm_poller_get_counter(world->poller, ESM_COUNTER_DROPPED));
    }
    unsigned choice = world->is_calm ? 0 : input_byte(&world->input);
    switch (choice % 4) {
    case 0: answer_commit(world, commit); return 0;
    case 1: return -1;
    case 2: return 0;
    default: world->commit = esm_commit_ref(commit); return 0;
    }
}

void world_answer_commit(struct world *world)
{
    esm_commit *commit = world->commit;
    world->commit = NULL;
    if (commit == NULL)
        return;
    answer_commit(world, commit);
    esm_commit_unref(commit);
}

void world_forget(struct world *world, unsigned choice)
{
    if (choice % 4 == 0) {
        world->commit = esm_commit_unref(world->commit);
    } else if (choice % 4 == 1 && world->delivery_count > 0) {
        esm_delivery_unref(world->deliveries[--world->delivery_count]);
    } else if (world->invocation_count > 0) {
        esm_invocation_unref(world->invocations[--world->invocation_count]);
    }
}

/* ---- partitions ---- */

static void want(void *user_data, esm_partition *partition)
{
    struct assignment *assignment = user_data;
    struct world *world = assignment->world;
    MUST(assignment->partition == partition && esm_partition_get_wanted(partition, NULL) > 0);
    unsigned choice = world->is_calm ? 0 : input_byte(&world->input);
    if (choice % 8 == 1)
        world_push(world, choice / 8);
    struct assignment *other = world_assignment(world, choice / 8);
    if (choice % 8 == 2 && other != NULL)
        MUST(esm_partition_set_want(other->partition, NULL, NULL, NULL) == 0);
    if (choice % 8 == 3)
        world_remove(world, choice / 8);
}

static void removed(void *user_data, int drained)
{
    struct assignment *assignment = user_data;
    struct world *world = assignment->world;
    MUST(assignment->partition != NULL && assignment->is_removing);
    assignment->partition = NULL;
    if (drained)
        MUST((int64_t)world_count_open(assignment, assignment->committed) <=
             esm_poller_get_counter(world->poller, ESM_COUNTER_DROPPED));
    if (!world->is_calm && input_byte(&world->input) % 4 == 1)
        world_add(world, (unsigned)assignment->number);
}

void world_add(struct world *world, unsigned choice)
{
    if (world->assignment_count == ASSIGNMENTS_MAX)
        return;
    struct assignment *assignment = &world->assignments[world->assignment_count];
    *assignment = (struct assignment){.world = world, .number = (int32_t)(choice % 6)};
    assignment->next = choice / 6 % 4;
    assignment->committed = choice / 24 % 3 == 0 ? -1 : choice / 24 % 3 == 1 ? assignment->next : 0;
    int64_t before = esm_poller_get_counter(world->poller, ESM_COUNTER_PARTITIONS);
    int error = esm_poller_add_partition(world->poller, "t", assignment->number, assignment->next,
                                         assignment->committed, &assignment->partition);
    MUST(error == 0 || error == ESM_ERR_CONFLICT || error == ESM_ERR_STATE || error == ESM_ERR_NOMEM);
    MUST(esm_poller_get_counter(world->poller, ESM_COUNTER_PARTITIONS) == before + (error == 0));
    if (error != 0)
        return;
    world->is_out = 0; /* its commits are known by their metadata */
    world->fails_in = 0;
    char metadata[16];
    snprintf(metadata, sizeof(metadata), "%zu", world->assignment_count++);
    MUST(esm_partition_set_metadata(assignment->partition, metadata) == 0);
    MUST(esm_partition_set_want(assignment->partition, want, assignment, NULL) == 0);
}

void world_remove(struct world *world, unsigned choice)
{
    static const int64_t drains[] = {-1, 0, 500, 60000};
    struct assignment *assignment = world_assignment(world, choice);
    if (assignment == NULL)
        return;
    int64_t drain_ms = drains[choice / 8 % 4];
    MUST(esm_partition_remove(assignment->partition, drain_ms, removed, assignment) == 0);
    assignment->is_removing = 1;
    assignment->is_lost |= drain_ms == 0;
}

void world_push(struct world *world, unsigned choice)
{
    struct assignment *assignment = world_assignment(world, choice);
    unsigned shape = input_byte(&world->input);
    int64_t offset = assignment == NULL ? 0 : assignment->next + (shape % 8 == 0);
    if (assignment == NULL || offset >= OFFSETS_MAX)
        return;
    static uint8_t value[2048];
    size_t size = shape >= 192 ? 1 + (shape - 192) * 32 : 1 + shape % 16;
    value[0] = (uint8_t)(assignment - world->assignments);
    esm_record *record;
    MUST(esm_record_new(NULL, &record) == 0 && esm_record_set_offset(record, offset) == 0);
    MUST(esm_record_set_value(record, value, size) == 0);
    if (shape % 4 > 0)
        MUST(esm_record_set_timestamp_ms(record, world->wall_ms - (shape % 4 == 1 ? 59000 : 0),
                                         ESM_TIMESTAMP_CREATE_TIME) == 0);
    size_t wanted = esm_partition_get_wanted(assignment->partition, NULL);
    int error = esm_partition_push(assignment->partition, record);
    MUST(error == 0 || error == ESM_ERR_FULL || error == ESM_ERR_STATE || error == ESM_ERR_NOMEM);
    MUST((wanted == 0) == (error == ESM_ERR_FULL || error == ESM_ERR_STATE));
    esm_record_free(record);
    if (error != 0)
        return;
    assignment->records[offset] = PUSHED;
    assignment->next = offset + 1;
}

/* ---- beginning and end ---- */

static void read_clock(void *user_data, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    const struct world *world = user_data;
    *ret_monotonic_ms = world->monotonic_ms;
    *ret_wall_ms = world->wall_ms;
}

static void count_destroy(void *user_data)
{
    ((struct world *)user_data)->destroyed++;
}

static void take_log(void *user_data, enum esm_log_level level, const char *text)
{
    MUST(((struct world *)user_data)->is_freed == 0 && level <= ESM_LOG_DEBUG && text[0] != '\0');
}

static const struct {
    const char *name;
    const char *values[4];
} options[] = {
    {"BatchSize", {"3", "1", "2", "10"}},
    {"batch.window_ms", {"500", "0", "100", "10000"}},
    {"batch.max_bytes", {"6291456", "1024", "1500", "3000"}},
    {"MaximumRetryAttempts", {"-1", "0", "1", "3"}},
    {"MaximumRecordAgeInSeconds", {"-1", "60", "-1", "61"}},
    {"BisectBatchOnFunctionError", {"false", "true", "true", "false"}},
    {"FunctionResponseTypes", {"", "ReportBatchItemFailures", "ReportBatchItemFailures", ""}},
    {"partial_response", {"", "", "checkpoint", ""}}, /* goes with the one above */
    {"max_in_flight", {"100", "1", "2", "3"}},
    {"memory.budget_bytes", {"134217728", "8388608", "8388608", "8388608"}},
    {"commit.interval_ms", {"100", "0", "10", "1000"}},
    {"commit.before_next", {"false", "true", "false", "false"}},
    {"backoff.function_ms", {"1000", "0", "10", "100"}},
    {"invoke.timeout_ms", {"930000", "5000", "1", "100"}},
    {"delivery.timeout_ms", {"60000", "500", "1", "100"}},
    {"on_delivery_failure", {"hold", "hold", "drop", "drop"}},
};

static void set_options(struct world *world)
{
    unsigned choice = 0;
    MUST(esm_config_set(world->config, "backoff.seed", "7") == 0);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *name = options[i].name;
        if (strcmp(name, "partial_response") != 0)
            choice = input_byte(&world->input) % 4;
        const char *value = options[i].values[choice];
        const char *now;
        MUST(esm_config_get(world->config, name, &now) == 0);
        if (value[0] != '\0' && (now == NULL || strcmp(now, value) != 0)) /* setting is slow */
            MUST(esm_config_set(world->config, name, value) == 0);
        if (strcmp(name, "max_in_flight") == 0)
            world->most_in_flight = atoi(value);
        else if (strcmp(name, "batch.max_bytes") == 0)
            world->most_bytes = atoi(value);
        else if (strcmp(name, "FunctionResponseTypes") == 0)
            world->reads_responses = value[0] != '\0';
        else if (strcmp(name, "partial_response") == 0)
            world->is_checkpoint = value[0] != '\0';
    }
}

void world_make(struct world *world, const uint8_t *data, size_t size)
{
    *world = (struct world){
        .input = {data, data + size}, .monotonic_ms = 1000, .wall_ms = 1700000000000, .hooks = 5};
    MUST(esm_allocator_new(&world->allocator, give, resize, take_back, world, NULL) == 0);
    MUST(esm_config_new(world->allocator, &world->config) == 0);
    set_options(world);
    MUST(esm_poller_new(world->allocator, &world->poller, world->config) == 0);
    MUST(esm_poller_set_clock(world->poller, read_clock, world, count_destroy) == 0);
    MUST(esm_poller_set_log(world->poller, ESM_LOG_DEBUG, take_log, world, count_destroy) == 0);
    MUST(esm_poller_set_invoke(world->poller, invoke, world, count_destroy) == 0);
    MUST(esm_poller_set_commit(world->poller, commit_offsets, world, count_destroy) == 0);
    if (input_byte(&world->input) % 2 == 0)
        MUST(esm_poller_set_destination(world->poller, deliver, world, count_destroy) == 0);
    else
        world->hooks--;
}

void world_free(struct world *world)
{
    world->is_out = 0;
    world->fails_in = 0;
    MUST(esm_poller_unref(world->poller) == NULL);
    MUST(world->destroyed == world->hooks);
    world->is_freed = 1;
    world->is_calm = 1;
    while (world->invocation_count > 0) { /* they outlive the poller */
        check_event(world, world->invocations[0]);
        MUST(answer_invocation(world, world->invocations[0]) == ESM_ERR_STALE);
        world_forget(world, 2);
    }
    while (world->delivery_count > 0) {
        check_documents(world, world->deliveries[0]);
        world_forget(world, 1);
    }
    world_forget(world, 0);
    esm_config_free(world->config);
    esm_allocator_unref(world->allocator);
    MUST(world->live == 0);
}
