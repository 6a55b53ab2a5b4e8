/* SPDX-License-Identifier: MIT */
/*
 * One turn after another. One epoll set holds the watches, the wake-up and, for foreign loops, a timer; a turn does a
 * bounded part of everything that is due, in the order in which a record goes through a poller.
 */
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "poller/inside.h"

enum { EVENTS_A_TURN = 64, MAIL_A_TURN = 256, TIMERS_A_TURN = 256 };

/* A foreign loop that sleeps has to learn of what was asked for outside of dispatch. */
static void touched(esm_poller *poller)
{
    if (poller->is_foreign && !atomic_load(&poller->is_dispatching))
        esm__shared_wake(poller->shared);
}

/* ---- queues of partitions ---- */

void esm__queue_add(esm_poller *poller, enum esm__queue_kind kind, esm_partition *partition)
{
    struct esm__queue *queue = &poller->queues[kind];
    struct esm__link *link = &partition->links[kind];
    if (link->is_in)
        return;
    link->is_in = 1;
    link->next = NULL;
    *queue->end = partition;
    queue->end = &link->next;
    if (queue->count++ == 0 && kind == ESM__QUEUE_READY)
        touched(poller);
}

esm_partition *esm__queue_take(esm_poller *poller, enum esm__queue_kind kind)
{
    esm_partition *partition = poller->queues[kind].first;
    if (partition != NULL)
        esm__queue_remove(poller, kind, partition);
    return partition;
}

void esm__queue_remove(esm_poller *poller, enum esm__queue_kind kind, esm_partition *partition)
{
    struct esm__queue *queue = &poller->queues[kind];
    struct esm__link *link = &partition->links[kind];
    if (!link->is_in)
        return;
    esm_partition **place = &queue->first;
    while (*place != partition)
        place = &(*place)->links[kind].next;
    *place = link->next;
    if (queue->end == &link->next)
        queue->end = place;
    link->is_in = 0;
    queue->count--;
}

/*
 * A few at a time, so that a release costs the same however many wait: every answer is another one. With nothing in
 * flight there may be no other, so all of them.
 */
void esm__queue_wake(esm_poller *poller)
{
    enum { A_FEW = 8 };
    size_t most = poller->in_flight > 0 ? A_FEW : SIZE_MAX;
    esm_partition *partition;
    while (most-- > 0 && (partition = esm__queue_take(poller, ESM__QUEUE_WAITING)) != NULL)
        esm__queue_add(poller, ESM__QUEUE_READY, partition);
}

/* ---- watches and timers of others ---- */

static uint32_t to_epoll(uint32_t events)
{
    return ((events & ESM_WATCH_READ) != 0 ? (uint32_t)EPOLLIN : 0) |
           ((events & ESM_WATCH_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0);
}

static uint32_t from_epoll(uint32_t events)
{
    return ((events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) != 0 ? (uint32_t)ESM_WATCH_READ : 0) |
           ((events & EPOLLOUT) != 0 ? (uint32_t)ESM_WATCH_WRITE : 0) |
           ((events & (EPOLLERR | EPOLLHUP)) != 0 ? (uint32_t)ESM_WATCH_ERROR : 0);
}

static int are_events(uint32_t events)
{
    return (events & ~(uint32_t)(ESM_WATCH_READ | ESM_WATCH_WRITE)) == 0;
}

static int control(esm_poller *poller, int operation, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    return epoll_ctl(poller->epoll_fd, operation, fd, &event) == 0 ? 0 : ESM_ERR_SYSTEM;
}

int esm_poller_add_watch(esm_poller *poller, int fd, uint32_t events, esm_watch_fn fn, void *user_data,
                         esm_watch **ret)
{
    if (poller == NULL || fd < 0 || !are_events(events) || fn == NULL || ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_watch *watch = esm__malloc(poller->allocator, sizeof(*watch));
    if (watch == NULL)
        return ESM_ERR_NOMEM;
    *watch = (esm_watch){.poller = poller, .fd = fd, .events = events, .fn = fn, .user_data = user_data};
    if (control(poller, EPOLL_CTL_ADD, fd, to_epoll(events), watch) != 0) {
        esm__free(poller->allocator, watch);
        return ESM_ERR_SYSTEM;
    }
    *ret = watch;
    return 0;
}

int esm_watch_set_events(esm_watch *watch, uint32_t events)
{
    if (watch == NULL || !are_events(events))
        return ESM_ERR_INVALID_ARGUMENT;
    if (events == watch->events)
        return 0;
    if (control(watch->poller, EPOLL_CTL_MOD, watch->fd, to_epoll(events), watch) != 0)
        return ESM_ERR_SYSTEM;
    watch->events = events;
    return 0;
}

void esm_watch_free(esm_watch *watch)
{
    if (watch == NULL)
        return;
    esm_poller *poller = watch->poller;
    epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL); /* the descriptor may be closed already */
    watch->is_dead = 1;
    watch->next_dead = poller->dead_watches;
    poller->dead_watches = watch;
}

static void free_dead_watches(esm_poller *poller)
{
    while (poller->dead_watches != NULL) {
        esm_watch *watch = poller->dead_watches;
        poller->dead_watches = watch->next_dead;
        esm__free(poller->allocator, watch);
    }
}

static void fire_timer(struct esm__timer *timer)
{
    esm_timer *own = (esm_timer *)timer;
    own->fn(own->user_data);
}

int esm_poller_add_timer(esm_poller *poller, esm_timer_fn fn, void *user_data, esm_timer **ret)
{
    if (poller == NULL || fn == NULL || ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_timer *timer = esm__malloc(poller->allocator, sizeof(*timer));
    if (timer == NULL || esm__timer_make(&poller->timers, &timer->timer, fire_timer) != 0) {
        esm__free(poller->allocator, timer);
        return ESM_ERR_NOMEM;
    }
    timer->poller = poller;
    timer->fn = fn;
    timer->user_data = user_data;
    *ret = timer;
    return 0;
}

int esm_timer_set(esm_timer *timer, int64_t monotonic_ms)
{
    if (timer == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm__timer_set(&timer->poller->timers, &timer->timer, monotonic_ms);
    touched(timer->poller);
    return 0;
}

void esm_timer_free(esm_timer *timer)
{
    if (timer == NULL)
        return;
    esm__timer_unmake(&timer->poller->timers, &timer->timer);
    esm__free(timer->poller->allocator, timer);
}

/* ---- turns ---- */

int esm__loop_open(esm_poller *poller)
{
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    poller->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    poller->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    poller->armed_ms = ESM_NEVER;
    for (int kind = 0; kind < ESM__QUEUES; kind++)
        poller->queues[kind].end = &poller->queues[kind].first;
    if (poller->epoll_fd < 0 || poller->wake_fd < 0 || poller->timer_fd < 0 ||
        control(poller, EPOLL_CTL_ADD, poller->wake_fd, EPOLLIN, &poller->wake_fd) != 0 ||
        control(poller, EPOLL_CTL_ADD, poller->timer_fd, EPOLLIN, &poller->timer_fd) != 0)
        return ESM_ERR_SYSTEM;
    return 0;
}

void esm__loop_close(esm_poller *poller)
{
    free_dead_watches(poller);
    int descriptors[] = {poller->epoll_fd, poller->wake_fd, poller->timer_fd};
    for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
}

static int has_leftovers(esm_poller *poller)
{
    return poller->queues[ESM__QUEUE_READY].count > 0 || poller->queues[ESM__QUEUE_WANTED].count > 0 ||
           atomic_load(&poller->stop_asked) != ESM__STOP_NOT_ASKED || !esm__shared_sleep(poller->shared);
}

static int wait_for_events(esm_poller *poller, int64_t timeout_ms, struct epoll_event *events)
{
    int64_t wait = timeout_ms;
    if (has_leftovers(poller))
        wait = 0;
    int64_t next = esm__timers_next(&poller->timers);
    if (poller->clock.fn == NULL && next != ESM_NEVER) {
        int64_t until = next > poller->monotonic_ms ? next - poller->monotonic_ms : 0;
        if (wait < 0 || until < wait)
            wait = until;
    }
    if (wait > INT_MAX)
        wait = INT_MAX;
    int count = epoll_wait(poller->epoll_fd, events, EVENTS_A_TURN, (int)wait);
    esm__shared_awake(poller->shared);
    return count;
}

static void handle_events(esm_poller *poller, const struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        void *source = events[i].data.ptr;
        if (source == &poller->wake_fd || source == &poller->timer_fd) {
            uint64_t ignored;
            ssize_t size = read(*(int *)source, &ignored, sizeof(ignored));
            (void)size;
            continue;
        }
        esm_watch *watch = source;
        if (!watch->is_dead)
            watch->fn(watch->user_data, from_epoll(events[i].events));
    }
    free_dead_watches(poller);
}

static void run_posts(esm_poller *poller)
{
    struct esm__post *post = esm__shared_take_posts(poller->shared);
    while (post != NULL) {
        struct esm__post *next = post->next;
        post->fn(post->user_data);
        esm__free(poller->allocator, post);
        post = next;
    }
}

static void read_mail(esm_poller *poller)
{
    struct esm__token *token;
    unsigned flags;
    for (int i = 0; i < MAIL_A_TURN && (token = esm__shared_take_mail(poller->shared, &flags)) != NULL; i++)
        esm__drive_mail(token, flags);
}

static void tell_room(esm_poller *poller)
{
    for (size_t left = poller->queues[ESM__QUEUE_WANTED].count; left > 0; left--) {
        esm_partition *partition = esm__queue_take(poller, ESM__QUEUE_WANTED);
        if (partition == NULL)
            return;
        if (partition->want.fn == NULL || esm_partition_get_wanted(partition, NULL) == 0)
            continue; /* one that was told before it has changed that */
        partition->is_told = 1;
        ((esm_want_fn)partition->want.fn)(partition->want.user_data, partition);
    }
}

static int turn(esm_poller *poller, int64_t timeout_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    esm__poller_read_clock(poller);
    esm__stop_check(poller);
    int count = wait_for_events(poller, timeout_ms, events);
    if (count < 0 && errno != EINTR)
        return ESM_ERR_SYSTEM;
    esm__poller_read_clock(poller);
    handle_events(poller, events, count);
    run_posts(poller);
    read_mail(poller);
    esm__timers_fire(&poller->timers, poller->monotonic_ms, TIMERS_A_TURN);
    for (size_t left = poller->queues[ESM__QUEUE_READY].count; left > 0; left--) {
        esm_partition *partition = esm__queue_take(poller, ESM__QUEUE_READY);
        if (partition != NULL)
            esm__partition_work(partition);
    }
    tell_room(poller);
    esm__stop_check(poller);
    return 0;
}

/* A foreign loop sleeps on the descriptor: it has to become readable for what is left and for what falls due. */
static void tell_foreign_loop(esm_poller *poller)
{
    int64_t next = esm__timers_next(&poller->timers);
    if (has_leftovers(poller) || next <= poller->monotonic_ms)
        esm__shared_wake(poller->shared);
    if (poller->clock.fn != NULL || next == poller->armed_ms)
        return;
    struct itimerspec when = {{0, 0}, {0, 0}};
    if (next != ESM_NEVER) {
        when.it_value.tv_sec = (time_t)(next / 1000);
        when.it_value.tv_nsec = (long)(next % 1000) * 1000000 + 1; /* never zero, which would disarm it */
    }
    if (timerfd_settime(poller->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0)
        poller->armed_ms = next;
}

static int enter(esm_poller *poller)
{
    int idle = 0;
    if (!atomic_compare_exchange_strong(&poller->is_dispatching, &idle, 1))
        return pthread_equal(atomic_load(&poller->thread), pthread_self()) ? ESM_ERR_RECURSIVE : ESM_ERR_CONFLICT;
    atomic_store(&poller->thread, pthread_self());
    return 0;
}

static int start(esm_poller *poller)
{
    if (poller->invoke.fn == NULL) {
        esm__poller_log(poller, ESM_LOG_ERROR, "nobody invokes the function: esm_poller_set_invoke() is missing");
        return ESM_ERR_STATE;
    }
    if (poller->deliver.fn == NULL && poller->settings.destination != NULL) {
        esm__poller_log(poller, ESM_LOG_ERROR, "DestinationConfig.OnFailure.Destination is %s, and nobody serves it",
                        poller->settings.destination);
        return ESM_ERR_STATE;
    }
    int error = esm__poller_freeze(poller);
    if (error != 0)
        return error;
    atomic_store(&poller->state, ESM_POLLER_RUNNING);
    esm__poller_read_clock(poller);
    esm__source_start(poller);
    return 0;
}

static int has_stopped(const esm_poller *poller)
{
    return atomic_load(&poller->state) >= ESM_POLLER_STOPPED;
}

static int dispatch(esm_poller *poller, int64_t timeout_ms)
{
    int error = atomic_load(&poller->state) == ESM_POLLER_NEW ? start(poller) : 0;
    if (error == 0)
        error = turn(poller, timeout_ms);
    if (error == 0 && has_stopped(poller))
        error = poller->failure;
    return error;
}

int esm_poller_dispatch(esm_poller *poller, int64_t timeout_ms)
{
    if (poller == NULL || timeout_ms < -1)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = enter(poller);
    if (error != 0)
        return error;
    error = has_stopped(poller) ? ESM_ERR_STATE : dispatch(poller, timeout_ms);
    if (poller->is_foreign)
        tell_foreign_loop(poller);
    atomic_store(&poller->is_dispatching, 0);
    return error;
}

int esm_poller_run(esm_poller *poller)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = enter(poller);
    if (error != 0)
        return error;
    while (error == 0 && !has_stopped(poller))
        error = dispatch(poller, -1);
    atomic_store(&poller->is_dispatching, 0);
    return error;
}

int esm_poller_get_fd(esm_poller *poller)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    poller->is_foreign = 1;
    tell_foreign_loop(poller);
    return poller->epoll_fd;
}

int64_t esm_poller_get_deadline_ms(esm_poller *poller)
{
    if (poller == NULL || has_stopped(poller))
        return ESM_NEVER;
    if (atomic_load(&poller->state) == ESM_POLLER_NEW || has_leftovers(poller))
        return poller->monotonic_ms;
    return esm__timers_next(&poller->timers);
}
