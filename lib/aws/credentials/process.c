/* SPDX-License-Identifier: MIT */
/*
 * Keys that a program writes: credential_process. A child in a process group of its own, its output watched
 * by the loop. When the output ends, the child is waited for, without SIGCHLD, which is the program's that we
 * live in.
 */
#include "aws/credentials/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json/scanner.h"

#define TIMEOUT_MS 60000
#define REAP_MS    10
#define OUTPUT_MAX ((size_t)65536)

extern char **environ;

/* ---- the child ---- */

static int set_actions(posix_spawn_file_actions_t *actions, int output)
{
    int error = posix_spawn_file_actions_init(actions);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, output, 1);
    if (error != 0)
        posix_spawn_file_actions_destroy(actions);
    return error;
}

/* The child is not to inherit what this thread blocks and what the program ignores. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t defaults;
    int error = posix_spawnattr_init(attributes);
    if (error != 0)
        return error;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    error = posix_spawnattr_setflags(attributes,
                                     POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (error != 0)
        posix_spawnattr_destroy(attributes);
    return error;
}

/* What it says on standard error goes where the program's own goes. 0, or an errno. */
static int spawn(const char *command, int output, int *ret_pid)
{
    char shell[] = "sh";
    char option[] = "-c";
    char *arguments[] = {shell, option, NULL, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    memcpy(&arguments[2], &command, sizeof(command)); /* exec takes it without const and leaves it alone */
    int error = set_actions(&actions, output);
    if (error != 0)
        return error;
    error = set_attributes(&attributes);
    if (error == 0) {
        error = posix_spawn(ret_pid, "/bin/sh", &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void close_output(struct esm__lookup *lookup)
{
    if (lookup->watch == NULL)
        return;
    esm_watch_free(lookup->watch);
    lookup->watch = NULL;
    close(lookup->fd);
}

void esm__stop_process(struct esm__lookup *lookup)
{
    close_output(lookup);
    if (lookup->pid == 0)
        return;
    killpg(lookup->pid, SIGKILL);
    while (waitpid(lookup->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    lookup->pid = 0;
}

/* ---- its answer ---- */

static int is_version_1(const struct esm__bytes *text)
{
    struct esm__json json;
    struct esm__json value;
    struct esm__json_token token;
    int64_t version = 0;
    esm__json_init(&json, text->data == NULL ? "" : text->data, text->size);
    return esm__json_next(&json, &token) == ESM__JSON_OBJECT &&
           esm__json_find(&json, "Version", &value) == 1 &&
           esm__json_next(&value, &token) == ESM__JSON_NUMBER && esm__json_to_int64(&token, &version) == 0 &&
           version == 1;
}

static enum esm__step read_answer(struct esm__lookup *lookup, int status)
{
    const char *reason = "its Version is not 1";
    if (WIFSIGNALED(status))
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "credential_process ended by signal %d",
                                WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "credential_process ended with status %d",
                                WEXITSTATUS(status));
    int error = ESM_ERR_CONFIG;
    if (is_version_1(&lookup->body))
        error = esm__keys_read_json(&lookup->keys, lookup->allocator,
                                    (struct esm__span){lookup->body.data, lookup->body.size}, "SessionToken",
                                    &reason);
    if (error == ESM_ERR_NOMEM)
        return esm__lookup_fail_memory(lookup);
    return error == 0
               ? ESM__STEP_KEYS
               : esm__lookup_fail(lookup, ESM__STEP_FAILED, "what credential_process wrote: %s", reason);
}

static void give_up(struct esm__lookup *lookup, const char *reason)
{
    esm__stop_process(lookup);
    esm__lookup_resume(lookup, esm__lookup_fail(lookup, ESM__STEP_FAILED, "credential_process %s", reason));
}

static void on_timeout(struct esm__lookup *lookup)
{
    give_up(lookup, "took longer than a minute");
}

/* Its output has ended; so will it, most often at once. Somebody else may have waited for it (ECHILD): then
 * what it wrote has to speak for it. */
static void reap(struct esm__lookup *lookup)
{
    int status = 0;
    int64_t now_ms = 0;
    int pid = waitpid(lookup->pid, &status, WNOHANG);
    if (pid != 0) {
        lookup->pid = 0;
        esm__lookup_resume(lookup, read_answer(lookup, pid < 0 ? 0 : status));
        return;
    }
    esm_poller_get_time(lookup->poller, &now_ms, NULL);
    if (now_ms >= lookup->deadline_ms)
        on_timeout(lookup);
    else
        esm__lookup_wait(lookup, REAP_MS, reap);
}

static void on_output(void *user_data, uint32_t events)
{
    struct esm__lookup *lookup = user_data;
    char part[4096];
    (void)events;
    ssize_t size = read(lookup->fd, part, sizeof(part));
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        close_output(lookup);
        reap(lookup);
    } else if (lookup->body.size + (size_t)size > OUTPUT_MAX) {
        give_up(lookup, "writes too much");
    } else if (esm__bytes_append(&lookup->body, part, (size_t)size) != 0) {
        give_up(lookup, "writes more than there is memory for");
    }
    explicit_bzero(part, sizeof(part));
}

enum esm__step esm__run_process(struct esm__lookup *lookup, const char *command)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "there is no file descriptor for credential_process");
    lookup->fd = fds[0];
    lookup->pid = 0;
    esm__lookup_wipe(&lookup->body);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    int error =
        esm_poller_add_watch(lookup->poller, fds[0], ESM_WATCH_READ, on_output, lookup, &lookup->watch);
    if (error != 0)
        close(fds[0]);
    else
        error = spawn(command, fds[1], &lookup->pid);
    close(fds[1]);
    if (error != 0) {
        lookup->pid = 0;
        close_output(lookup);
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "credential_process cannot be started");
    }
    esm_poller_get_time(lookup->poller, &lookup->deadline_ms, NULL);
    lookup->deadline_ms += TIMEOUT_MS;
    esm__lookup_wait(lookup, TIMEOUT_MS, on_timeout);
    return ESM__STEP_WAIT;
}
