/* SPDX-License-Identifier: MIT */
/* Time, what will happen, and the account of what happened. */
#include "world.h"

#include <stdarg.h>
#include <stdlib.h>

const char *const invariant_names[INVARIANTS] = {
    [NOTHING] = "nothing",   [FATE] = "fate",         [END] = "end",
    [PAST] = "past",         [REWIND] = "rewind",     [GHOST] = "ghost",
    [DRAINED] = "drained",   [ORDER] = "order",       [ASCENDING] = "ascending",
    [REPEAT] = "repeat",     [ATTEMPTS] = "attempts", [GIVEN_UP] = "given-up",
    [PARALLEL] = "parallel", [BATCH] = "batch",       [BEFORE_NEXT] = "before-next",
    [TIMEOUT] = "timeout",   [LATE] = "late",         [DRAIN] = "drain",
    [STOP] = "stop",         [MEMORY] = "memory",     [SPIN] = "spin",
    [SETTLE] = "settle",     [REFUSED] = "refused",   [LEAK] = "leak",
};

static void tell(struct world *world, const char *format, va_list arguments)
{
    char line[400];
    vsnprintf(line, sizeof(line), format, arguments);
    for (const char *c = line; *c != '\0'; c++)
        world->digest = (world->digest ^ (unsigned char)*c) * 0x100000001b3u;
    world->digest = (world->digest ^ (uint64_t)world->now_ms) * 0x100000001b3u;
    if (world->is_verbose)
        printf("%9lld.%03d  %s\n", (long long)world->now_ms / 1000, (int)(world->now_ms % 1000), line);
}

void say(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(world, format, arguments);
    va_end(arguments);
}

/* Only the first one counts: what follows may come from it. */
void violate(struct world *world, enum invariant what, const char *format, ...)
{
    if (world->broken != NOTHING)
        return;
    world->broken = what;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->what, sizeof(world->what), format, arguments);
    va_end(arguments);
    say(world, "BROKEN: %s: %s", invariant_names[what], world->what);
}

void *must(void *memory)
{
    if (memory == NULL) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    return memory;
}

/* ---- what will happen: a heap by time, then by number ---- */

static int is_before(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->number < b->number;
}

void happen(struct world *world, int64_t in_ms, void (*fn)(struct world *, void *), void *subject)
{
    if (world->event_count == world->event_capacity) {
        world->event_capacity = world->event_capacity * 2 + 64;
        world->events = must(realloc(world->events, world->event_capacity * sizeof(*world->events)));
    }
    struct event event = {world->now_ms + in_ms, ++world->event_number, fn, subject};
    size_t place = world->event_count++;
    for (; place > 0 && is_before(&event, &world->events[(place - 1) / 2]); place = (place - 1) / 2)
        world->events[place] = world->events[(place - 1) / 2];
    world->events[place] = event;
}

int64_t next_event_ms(const struct world *world)
{
    return world->event_count == 0 ? ESM_NEVER : world->events[0].at_ms;
}

static struct event take_event(struct world *world)
{
    struct event first = world->events[0];
    struct event last = world->events[--world->event_count];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < world->event_count; place = child) {
        if (child + 1 < world->event_count && is_before(&world->events[child + 1], &world->events[child]))
            child++;
        if (!is_before(&world->events[child], &last))
            break;
        world->events[place] = world->events[child];
    }
    world->events[place] = last;
    return first;
}

void happen_now(struct world *world)
{
    while (world->broken == NOTHING && next_event_ms(world) <= world->now_ms) {
        struct event event = take_event(world);
        event.fn(world, event.subject);
    }
}

/* ---- memory that is counted ---- */

void *counting_malloc(void *world, size_t size)
{
    ((struct world *)world)->blocks++;
    return must(malloc(size));
}

void *counting_realloc(void *world, void *memory, size_t size)
{
    (void)world;
    return must(realloc(memory, size));
}

void counting_free(void *world, void *memory)
{
    ((struct world *)world)->blocks--;
    free(memory);
}
