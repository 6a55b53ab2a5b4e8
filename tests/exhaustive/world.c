/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

static void must(int error)
{
    if (error == 0)
        return;
    fprintf(stderr, "the engine refuses what is allowed: %s\n", esm_error_name(error));
    exit(EXIT_FAILURE);
}

/* ---- inputs ---- */

/* The n-th word of the inputs. */
static const char *find_word(const char *words, unsigned n)
{
    for (words += strspn(words, " |"); n > 0; n--) {
        words += strcspn(words, " |");
        words += strspn(words, " |");
    }
    return words;
}

static bool has_input(const struct world *world)
{
    return *find_word(world->scenario->inputs, world->seen.input) != '\0';
}

static unsigned open_batch(struct world *world)
{
    uint64_t batch;
    must(esm_policy_open_batch(world->policy, &batch));
    world->seen.batches = (uint8_t)batch;
    world->seen.is_open[batch] = 1;
    return (unsigned)batch;
}

static void add_record(struct world *world, unsigned batch, unsigned lane, bool tell)
{
    struct observer *seen = &world->seen;
    uint32_t index;
    if (seen->revoked[lane] || seen->draining[lane])
        return;
    uint8_t offset = seen->next_offset[lane]++;
    must(esm_policy_add_record(world->policy, batch, lane, offset, world->now_ms, &index));
    unsigned record = record_of(batch, index);
    seen->lane_of[record] = (uint8_t)lane;
    seen->offset_of[record] = offset;
    seen->born_ms[record] = world->now_ms;
    if (tell)
        printf(" %c%u", (int)('A' + lane - 1), offset);
}

static void close_batch(struct world *world, unsigned batch)
{
    must(esm_policy_close_batch(world->policy, batch));
    world->seen.is_open[batch] = 0;
}

static void give_input(struct world *world, bool tell)
{
    const char *word = find_word(world->scenario->inputs, world->seen.input++);
    bool is_step = *word == '(' || (*word >= '1' && *word <= '9');
    unsigned batch = is_step && *word != '(' ? (unsigned)(*word++ - '0') : open_batch(world);
    if (tell && is_step)
        printf(*word == '(' ? "open" : *word == ')' ? "close b%u" : "add b%u", batch);
    else if (tell)
        printf("records");
    for (; *word >= 'A'; word++)
        add_record(world, batch, (unsigned)(*word - 'A' + 1), tell);
    if (tell)
        printf("\n");
    if (!is_step || *word == ')')
        close_batch(world, batch);
}

/* ---- edges ---- */

static void add_edge(struct edge *edges, size_t *count, enum edge_kind kind, unsigned target,
                     unsigned argument)
{
    if (*count == EDGES_MAX)
        exit((fprintf(stderr, "too many edges\n"), EXIT_FAILURE));
    edges[(*count)++] = (struct edge){(uint8_t)kind, (uint8_t)target, (uint8_t)argument, 0};
}

static void add_answers(const struct world *world, struct edge *edges, size_t *count, unsigned batch)
{
    static const struct {
        unsigned choice;
        enum esm_outcome outcome;
    } outcomes[] = {{FAIL, ESM_OUTCOME_FAILURE},
                    {THROTTLE, ESM_OUTCOME_THROTTLED},
                    {TIMEOUT, ESM_OUTCOME_AMBIGUOUS},
                    {TOO_LARGE, ESM_OUTCOME_TOO_LARGE},
                    {HOLD, ESM_OUTCOME_HELD}};
    unsigned choices = world->scenario->choices, type = world->seen.out_type[batch];
    uint32_t records = world->seen.out[batch] >> record_of(batch, 0);
    add_edge(edges, count, ANSWER, batch, ESM_OUTCOME_SUCCESS);
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes) && type == ESM_ACTION_INVOKE; i++)
        if ((choices & outcomes[i].choice) != 0)
            add_edge(edges, count, ANSWER, batch, outcomes[i].outcome);
    for (unsigned named = 0; named < 1u << BATCH_SIZE && type == ESM_ACTION_INVOKE; named++)
        if ((choices & PARTIAL) != 0 && (named & ~records) == 0)
            add_edge(edges, count, NAME, batch, named);
    if (type == ESM_ACTION_DELIVER && (choices & DELIVERY_FAILS) != 0)
        add_edge(edges, count, ANSWER, batch, ESM_OUTCOME_FAILURE);
    if ((choices & HAND_BACK) != 0)
        add_edge(edges, count, BACK, batch, 0);
}

static void add_of_lane(const struct world *world, struct edge *edges, size_t *count, unsigned lane)
{
    unsigned choices = world->scenario->choices;
    if (world->seen.revoked[lane])
        return;
    if (world->seen.commit_out[lane]) {
        add_edge(edges, count, ANSWER_COMMIT, lane, ESM_OUTCOME_SUCCESS);
        if ((choices & COMMIT_FAILS) != 0)
            add_edge(edges, count, ANSWER_COMMIT, lane, ESM_OUTCOME_FAILURE);
        if ((choices & HAND_BACK) != 0)
            add_edge(edges, count, BACK_COMMIT, lane, 0);
    }
    if ((choices & DRAIN) != 0 && !world->seen.draining[lane])
        add_edge(edges, count, GO_DRAIN, lane, 0);
    if ((choices & REVOKE) != 0)
        add_edge(edges, count, GO_REVOKE, lane, 0);
}

size_t world_edges(const struct world *world, struct edge *edges)
{
    size_t count = 0;
    unsigned choices = world->scenario->choices;
    for (unsigned type = 1; type < ESM_ACTION_COMMIT && (choices & EACH_TYPE) != 0; type *= 2)
        add_edge(edges, &count, TAKE, 0, type);
    add_edge(edges, &count, TAKE, 0, SETS);
    add_edge(edges, &count, TAKE, 0, ESM_ACTION_COMMIT);
    if (has_input(world))
        add_edge(edges, &count, INPUT, 0, 0);
    if ((choices & TICK) != 0)
        add_edge(edges, &count, GO_TICK, 0, 0);
    for (unsigned batch = 1; batch <= world->seen.batches; batch++)
        if (world->seen.out_type[batch] != 0)
            add_answers(world, edges, &count, batch);
    for (unsigned lane = 1; lane <= world->seen.lanes; lane++)
        add_of_lane(world, edges, &count, lane);
    return count;
}

/* ---- actions, and what a fault makes of them ---- */

/* Only where it makes a difference, so that the fault is met at its first chance. */
static void distort(struct world *world, esm_action *action, uint32_t *indexes)
{
    const struct observer *seen = &world->seen;
    unsigned batch = (unsigned)action->batch;
    if (action->type == ESM_ACTION_COMMIT) {
        action->offset += world->fault == COMMIT_AHEAD ? 1 : 0;
        if (world->fault == COMMIT_FALLS && seen->carried[action->lane] > 0)
            action->offset = seen->carried[action->lane] - 1;
        return;
    }
    memcpy(indexes, action->indexes, action->count * sizeof(*indexes));
    action->indexes = indexes;
    if (world->fault == WRONG_REASON && action->reason != ESM_REASON_NONE)
        action->reason = ESM_REASON_AGE;
    if (world->fault == BACKWARDS && action->count > 1) {
        indexes[0] = action->indexes[action->count - 1];
        indexes[action->count - 1] = 0;
    }
    for (uint32_t i = 0; i < BATCH_SIZE && world->fault == ENDED_AGAIN && batch != 0; i++)
        if ((seen->ended >> record_of(batch, i) & 1) != 0 && i < indexes[0])
            indexes[0] = i;
}

static void take(struct world *world, unsigned allowed, bool tell)
{
    char text[256];
    uint32_t indexes[BATCH_SIZE];
    for (unsigned i = 1; i <= world->seen.batches && world->fault == TWO_OUT; i++)
        esm_policy_hand_back(world->policy, world->of_batch[i]);
    const esm_action *taken =
        world->fault == NO_ACTION ? NULL : esm_policy_next_action(world->policy, allowed);
    esm_action action = taken == NULL ? (esm_action){.id = 0} : *taken;
    if (taken != NULL) {
        distort(world, &action, indexes);
        uint64_t *of =
            action.type == ESM_ACTION_COMMIT ? &world->of_lane[action.lane] : &world->of_batch[action.batch];
        if (action.id != 0)
            *of = action.id;
    }
    script_print_action(text, sizeof(text), taken == NULL ? NULL : &action);
    if (tell)
        printf("> %s\n", text);
    observe_action(world, taken == NULL ? NULL : &action, allowed);
}

static void outdate(struct world *world, uint64_t id)
{
    memmove(&world->old[1], &world->old[0], sizeof(world->old) - sizeof(world->old[0]));
    world->old[0] = id;
}

/* ---- answers ---- */

static void answer_batch(struct world *world, unsigned batch, enum esm_outcome outcome, unsigned named,
                         bool tell)
{
    uint32_t failed[BATCH_SIZE];
    size_t count = 0;
    uint64_t id = world->of_batch[batch];
    enum esm_outcome heard = outcome;
    if (tell)
        printf("b%u: %s", batch, script_outcome_word(outcome));
    for (uint32_t i = 0; i < BATCH_SIZE; i++)
        if ((named >> i & 1) != 0) {
            failed[count++] = i;
            if (tell)
                printf(" %u", i);
        }
    if (tell)
        printf("\n");
    if (world->fault == FORGOTTEN && outcome == ESM_OUTCOME_FAILURE)
        heard = ESM_OUTCOME_SUCCESS;
    if (world->fault == UNCOUNTED && outcome == ESM_OUTCOME_FAILURE)
        heard = ESM_OUTCOME_THROTTLED;
    if (world->seen.out_type[batch] == ESM_ACTION_INVOKE)
        must(esm_policy_answer_invoke(world->policy, id, heard, 0, count > 0 ? failed : NULL, count));
    else
        must(esm_policy_answer_deliver(world->policy, id, heard));
    observe_answer(world, batch, outcome, named << record_of(batch, 0));
    outdate(world, id);
}

static void answer_lane(struct world *world, unsigned lane, enum esm_outcome outcome, bool tell)
{
    if (tell)
        printf("%c: %s\n", (int)('A' + lane - 1), script_outcome_word(outcome));
    must(esm_policy_answer_commit(world->policy, world->of_lane[lane], outcome));
    world->seen.commit_out[lane] = 0;
    outdate(world, world->of_lane[lane]);
}

static void hand_back(struct world *world, unsigned batch, unsigned lane, bool tell)
{
    uint64_t id = batch != 0 ? world->of_batch[batch] : world->of_lane[lane];
    if (tell)
        batch != 0 ? printf("b%u: handback\n", batch) : printf("%c: handback\n", (int)('A' + lane - 1));
    must(esm_policy_hand_back(world->policy, id));
    world->seen.out[batch] = world->seen.out_type[batch] = 0;
    if (lane != 0)
        world->seen.commit_out[lane] = 0;
    outdate(world, id);
}

/* What was out and is taken away becomes stale. */
static void end_lane(struct world *world, unsigned lane, bool is_revoked, bool tell)
{
    const struct observer before = world->seen;
    if (tell)
        printf("%s %c\n", is_revoked ? "revoke" : "drain", (int)('A' + lane - 1));
    if (is_revoked && world->fault != DEAF_TO_REVOKE)
        must(esm_policy_revoke(world->policy, lane));
    if (!is_revoked && world->fault != DEAF_TO_DRAIN)
        must(esm_policy_drain(world->policy, lane));
    *(is_revoked ? &world->seen.revoked[lane] : &world->seen.draining[lane]) = 1;
    observe_lane_end(world, lane);
    if (before.commit_out[lane] && !world->seen.commit_out[lane])
        outdate(world, world->of_lane[lane]);
    for (unsigned i = 1; i <= world->seen.batches; i++)
        if (before.out_type[i] != 0 && world->seen.out_type[i] == 0)
            outdate(world, world->of_batch[i]);
}

static void tick(struct world *world, bool tell)
{
    world->now_ms++;
    if (tell)
        printf("time %" PRId64 "\n", world->now_ms);
    must(esm_policy_set_time(world->policy, world->now_ms, world->now_ms));
    if (world->fault == OLD_DEADLINE)
        world->policy->state->batches_due_ms = world->now_ms + 1;
}

void world_go(struct world *world, struct edge edge, bool tell)
{
    switch ((enum edge_kind)edge.kind) {
    case TAKE: take(world, edge.argument, tell); break;
    case INPUT: give_input(world, tell); break;
    case GO_TICK: tick(world, tell); break;
    case ANSWER: answer_batch(world, edge.target, (enum esm_outcome)edge.argument, 0, tell); break;
    case NAME: answer_batch(world, edge.target, ESM_OUTCOME_PARTIAL, edge.argument, tell); break;
    case ANSWER_COMMIT: answer_lane(world, edge.target, (enum esm_outcome)edge.argument, tell); break;
    case BACK: hand_back(world, edge.target, 0, tell); break;
    case BACK_COMMIT: hand_back(world, 0, edge.target, tell); break;
    case GO_DRAIN: end_lane(world, edge.target, false, tell); break;
    case GO_REVOKE: end_lane(world, edge.target, true, tell); break;
    }
}

/* ---- the beginning ---- */

void world_start(struct world *world, const struct scenario *scenario, bool tell)
{
    esm_policy_options *options;
    uint32_t lane;
    const char *bar = strchr(scenario->inputs, '|');
    *world = (struct world){.scenario = scenario};
    must(script_make_options(NULL, scenario->options, &options));
    must(esm_policy_new(NULL, &world->policy, options));
    esm_policy_options_free(options);
    world->rules = world->policy->state->rules;
    for (unsigned i = 0; i < LANES; i++)
        if (strchr(scenario->inputs, (int)('A' + i)) != NULL)
            world->seen.lanes = (uint8_t)(i + 1);
    for (unsigned i = 1; i <= world->seen.lanes; i++)
        must(esm_policy_add_lane(world->policy, 0, 0, &lane));
    for (unsigned i = 1; i <= world->seen.lanes && tell; i++)
        printf("lane 0\n");
    while (has_input(world) && (bar == NULL || find_word(scenario->inputs, world->seen.input) < bar))
        give_input(world, tell);
}

void world_end(struct world *world)
{
    esm_policy_free(world->policy);
}
