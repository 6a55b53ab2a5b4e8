/* SPDX-License-Identifier: MIT */
/*
 * A loop of one's own: plain poll() over two pollers and whatever else the program waits for, here a clock
 * that ticks. Each tick pushes one record to each poller. The pollers run only inside esm_poller_dispatch(),
 * on this thread.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <esm/esm.h>

#define POLLERS 2
#define TICKS   20
#define TICK_MS 10

struct station {
    const char *name;
    esm_poller *poller;
    esm_partition *partition;
    size_t received;
};

static void must(int error)
{
    if (error) {
        fprintf(stderr, "foreign-loop: %s\n", esm_strerror(error));
        exit(EXIT_FAILURE);
    }
}

static int on_batch(void *user_data, esm_invocation *invocation)
{
    struct station *station = user_data;
    size_t count = esm_invocation_get_record_count(invocation);
    station->received += count;
    printf("%s: %zu ticks\n", station->name, count);
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

static void open_station(struct station *station, const char *name, const char *batch_size)
{
    esm_config *config;
    station->name = name;
    must(esm_config_new(NULL, &config));
    must(esm_config_set(config, "BatchSize", batch_size));
    must(esm_poller_new(NULL, &station->poller, config));
    must(esm_poller_set_invoke(station->poller, on_batch, station, NULL));
    must(esm_poller_add_partition(station->poller, name, 0, 0, 0, &station->partition));
    esm_config_free(config);
}

static int open_clock(void)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    const struct itimerspec ticks = {.it_interval = tick, .it_value = tick};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (fd < 0 || timerfd_settime(fd, 0, &ticks, NULL) < 0)
        must(ESM_ERR_SYSTEM);
    return fd;
}

static void push_tick(struct station *stations, esm_record *record, int64_t tick)
{
    must(esm_record_set_offset(record, tick));
    for (size_t i = 0; i < POLLERS; i++)
        must(esm_partition_push(stations[i].partition, record));
}

/* A poller is told to stop when all that it was given is committed. Returns whether it has stopped. */
static int dispatch(struct station *station)
{
    must(esm_poller_dispatch(station->poller, 0));
    if (esm_poller_get_counter(station->poller, ESM_COUNTER_COMMITTED) == TICKS)
        must(esm_poller_stop(station->poller, -1));
    return esm_poller_get_state(station->poller) == ESM_POLLER_STOPPED;
}

static void loop(struct station *stations, int clock, esm_record *record)
{
    struct pollfd fds[POLLERS + 1] = {[POLLERS] = {.fd = clock, .events = POLLIN}};
    int open = POLLERS;
    int64_t tick = 0;
    uint64_t passed;
    for (size_t i = 0; i < POLLERS; i++)
        fds[i] = (struct pollfd){.fd = esm_poller_get_fd(stations[i].poller), .events = POLLIN};
    while (open > 0) {
        if (poll(fds, POLLERS + 1, -1) < 0)
            must(ESM_ERR_SYSTEM);
        for (size_t i = 0; i < POLLERS; i++) {
            if (fds[i].revents && dispatch(&stations[i])) {
                fds[i].fd = -1; /* poll() passes over it */
                open--;
            }
        }
        if (fds[POLLERS].revents && read(clock, &passed, sizeof(passed)) > 0 && tick < TICKS)
            push_tick(stations, record, tick++);
    }
}

int main(void)
{
    struct station stations[POLLERS] = {{0}};
    esm_record *record;
    must(esm_record_new(NULL, &record));
    must(esm_record_set_value(record, "tick", 4));
    open_station(&stations[0], "fives", "5");
    open_station(&stations[1], "sevens", "7");
    int clock = open_clock();
    loop(stations, clock, record);
    close(clock);
    for (size_t i = 0; i < POLLERS; i++)
        esm_poller_unref(stations[i].poller);
    esm_record_free(record);
    return stations[0].received == TICKS && stations[1].received == TICKS ? EXIT_SUCCESS : EXIT_FAILURE;
}
