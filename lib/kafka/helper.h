/* SPDX-License-Identifier: MIT */
/* One thread for librdkafka's calls that have no asynchronous form. Jobs run one after another, in order. */
#ifndef ESM_KAFKA_HELPER_H
#define ESM_KAFKA_HELPER_H

#include <pthread.h>

struct esm__job {
    struct esm__job *next;
    void (*run)(struct esm__job *job);  /* on the helper's thread */
    void (*done)(struct esm__job *job); /* on the thread that collects; may free the job */
};

struct esm__jobs { /* first in, first out */
    struct esm__job *first, **end;
};

struct esm__helper {
    pthread_t thread;
    int is_started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct esm__jobs waiting, finished;
    int is_quitting;
    int wake_fd; /* an eventfd, written when a job has finished */
};

int esm__helper_start(struct esm__helper *helper, int wake_fd); /* 0, ESM_ERR_SYSTEM */
void esm__helper_submit(struct esm__helper *helper, struct esm__job *job);
void esm__helper_collect(struct esm__helper *helper);
void esm__helper_join(struct esm__helper *helper); /* what was submitted still runs, and is collected */

void esm__wake(int wake_fd);

#endif
