/* SPDX-License-Identifier: MIT */
/* One search for keys, source by source. A source is asked once; what it asks the network or a process comes
 * later. */
#ifndef ESM_AWS_CREDENTIALS_LOOKUP_H
#define ESM_AWS_CREDENTIALS_LOOKUP_H

#include "aws/credentials.h"

#define ESM__ROLES_MAX 8
#define ESM__KEYS_MARGIN_MS                                                                                  \
    10000 /* a request takes its time: so long before they expire keys are not used any more */

struct esm__lookup;

/* How a source goes on. */
enum esm__step {
    ESM__STEP_KEYS = 1, /* lookup->keys has them */
    ESM__STEP_ABSENT,   /* it is not configured: reason */
    ESM__STEP_FAILED,   /* it is, and gives none: reason */
    ESM__STEP_FINAL,    /* the same, and it was asked for by name: nothing else is tried */
    ESM__STEP_WAIT,     /* it will call esm__lookup_resume() */
};

struct esm__source {
    const char *name;
    enum esm__step (*begin)(struct esm__lookup *lookup);
};

extern const struct esm__source esm__source_options;
extern const struct esm__source esm__source_environment;
extern const struct esm__source esm__source_web_identity;
extern const struct esm__source esm__source_profile;
extern const struct esm__source esm__source_container;
extern const struct esm__source esm__source_instance;

typedef enum esm__step (*esm__next_fn)(struct esm__lookup *lookup, const struct esm__http_result *result);

struct esm__lookup {
    /* what it searches with */
    esm_allocator *allocator;
    esm_poller *poller;
    struct esm__http *http;
    struct esm__credentials *credentials;
    const struct esm__environment *environment;
    struct {
        const char *access_key_id, *secret_access_key, *session_token, *profile, *region; /* NULL: not set */
    } options;
    void (*done)(void *user_data, int is_found);
    void *user_data;

    /* where it stands */
    int is_running;
    size_t source;
    struct esm__profiles *profiles;    /* as read last; NULL: never */
    const char *roles[ESM__ROLES_MAX]; /* profiles whose role is assumed with the keys, the last one first */
    size_t role_count;
    struct esm__keys keys;
    struct esm__bytes reason; /* of the source that is asked */
    struct esm__bytes report; /* of all so far */
    esm_timer *timer;
    void (*on_timer)(struct esm__lookup *lookup);

    /* a request */
    struct esm__http_request request;
    struct esm__bytes url;
    struct esm__bytes body; /* also what a process writes */
    struct esm__http_call *call;
    esm__next_fn next;
    int attempt, attempts;
    const char *role; /* the profile whose role is being assumed */
    int is_repeated;  /* with the server's clock */
    struct esm__bytes token;

    /* a process */
    int pid; /* 0: none */
    int fd;
    esm_watch *watch;
    int64_t deadline_ms; /* monotonic */
};

/* All of the first part is set. 0, ESM_ERR_NOMEM. */
int esm__lookup_init(struct esm__lookup *lookup);
void esm__lookup_free(struct esm__lookup *lookup);

/* Ends in `done`, which may be called before this returns; the keys or the report are there then. */
void esm__lookup_start(struct esm__lookup *lookup);

/* ---- for sources ---- */

void esm__lookup_resume(struct esm__lookup *lookup, enum esm__step step);

/* Says why, without a secret, and returns `step`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
enum esm__step
esm__lookup_fail(struct esm__lookup *lookup, enum esm__step step, const char *format, ...);
enum esm__step esm__lookup_fail_memory(struct esm__lookup *lookup);

/* Takes copies for keys, which do not expire. token may be NULL. */
enum esm__step esm__lookup_take(struct esm__lookup *lookup, const char *id, const char *secret,
                                const char *token);

void esm__lookup_wait(struct esm__lookup *lookup, int64_t ms, void (*on_timer)(struct esm__lookup *lookup));

/* A request: emptied; then url, body and headers are written; then it is sent, to be tried `attempts` times
 * in all while it gets no answer or one like 503. With its end `next` is asked how the source goes on. */
void esm__lookup_clear(struct esm__lookup *lookup, const char *method, int64_t timeout_ms);
int esm__lookup_add_header(struct esm__lookup *lookup, const char *name, const char *value);
enum esm__step esm__lookup_send(struct esm__lookup *lookup, int attempts, esm__next_fn next);

/* Says that it was of no use, and why; reason NULL: because it did not come, or by its status. */
enum esm__step esm__lookup_fail_answer(struct esm__lookup *lookup, const struct esm__http_result *result,
                                       const char *reason);

/* The secrets of a buffer are gone, and what it holds with them. */
void esm__lookup_wipe(struct esm__bytes *bytes);

const char *esm__lookup_region(const struct esm__lookup *lookup);
const char *esm__lookup_profile(const struct esm__lookup *lookup);

/* ---- what several sources make use of ---- */

enum esm__step esm__take_environment(struct esm__lookup *lookup);

/* The role of a profile, with lookup->keys. */
enum esm__step esm__assume_role(struct esm__lookup *lookup, const char *profile);

/* session: NULL is a name made up. */
enum esm__step esm__assume_role_with_token(struct esm__lookup *lookup, const char *role, const char *session,
                                           const char *token_file);

enum esm__step esm__run_process(struct esm__lookup *lookup, const char *command);
void esm__stop_process(struct esm__lookup *lookup);

/* Writes the address of a container's credentials, one of whose variables is set. NULL, or a static text: why
 * there is none. */
const char *esm__container_url(const struct esm__environment *environment, struct esm__bytes *url);

#endif
