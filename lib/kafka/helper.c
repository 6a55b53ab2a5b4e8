/* SPDX-License-Identifier: MIT */
#include "kafka/helper.h"

#include <signal.h>
#include <unistd.h>

#include <esm/base.h>

static void jobs_init(struct esm__jobs *jobs)
{
    jobs->first = NULL;
    jobs->end = &jobs->first;
}

static void jobs_add(struct esm__jobs *jobs, struct esm__job *job)
{
    job->next = NULL;
    *jobs->end = job;
    jobs->end = &job->next;
}

static struct esm__job *jobs_take(struct esm__jobs *jobs)
{
    struct esm__job *job = jobs->first;
    if (job) {
        jobs->first = job->next;
        if (!jobs->first)
            jobs->end = &jobs->first;
    }
    return job;
}

void esm__wake(int wake_fd)
{
    const uint64_t one = 1;
    ssize_t written = write(wake_fd, &one, sizeof(one)); /* fails only when it is readable already */
    (void)written;
}

static void *work(void *data)
{
    struct esm__helper *helper = data;
    pthread_mutex_lock(&helper->lock);
    for (;;) {
        struct esm__job *job = jobs_take(&helper->waiting);
        if (!job && helper->is_quitting)
            break;
        if (!job) {
            pthread_cond_wait(&helper->changed, &helper->lock);
            continue;
        }
        pthread_mutex_unlock(&helper->lock);
        job->run(job);
        pthread_mutex_lock(&helper->lock);
        jobs_add(&helper->finished, job);
        esm__wake(helper->wake_fd);
    }
    pthread_mutex_unlock(&helper->lock);
    return NULL;
}

int esm__helper_start(struct esm__helper *helper, int wake_fd)
{
    jobs_init(&helper->waiting);
    jobs_init(&helper->finished);
    helper->wake_fd = wake_fd;
    helper->is_quitting = 0;
    pthread_mutex_init(&helper->lock, NULL);
    pthread_cond_init(&helper->changed, NULL);
    /* The program's signals are not for this thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    helper->is_started = pthread_create(&helper->thread, NULL, work, helper) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return helper->is_started ? 0 : ESM_ERR_SYSTEM;
}

void esm__helper_submit(struct esm__helper *helper, struct esm__job *job)
{
    pthread_mutex_lock(&helper->lock);
    jobs_add(&helper->waiting, job);
    pthread_cond_signal(&helper->changed);
    pthread_mutex_unlock(&helper->lock);
}

void esm__helper_collect(struct esm__helper *helper)
{
    for (;;) {
        pthread_mutex_lock(&helper->lock);
        struct esm__job *job = jobs_take(&helper->finished);
        pthread_mutex_unlock(&helper->lock);
        if (!job)
            return;
        job->done(job);
    }
}

void esm__helper_join(struct esm__helper *helper)
{
    if (!helper->is_started)
        return;
    pthread_mutex_lock(&helper->lock);
    helper->is_quitting = 1;
    pthread_cond_signal(&helper->changed);
    pthread_mutex_unlock(&helper->lock);
    pthread_join(helper->thread, NULL);
    helper->is_started = 0;
    esm__helper_collect(helper);
    pthread_cond_destroy(&helper->changed);
    pthread_mutex_destroy(&helper->lock);
}
