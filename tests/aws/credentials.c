/* SPDX-License-Identifier: MIT */
/*
 * credentials [OPTION=VALUE]...: looks for keys as standard input says, a command a line, and writes what it
 * got, a line each, with tabs between the parts. The clocks run, and can be moved on. The log goes to
 * standard error.
 *
 *   get          waits for keys                      keys ID SECRET TOKEN SERIAL | error TEXT
 *   now          takes what is there                 the same | none
 *   crowd        100 wait at once; the first that is told cancels half of them     told COUNT
 *   advance MS   moves the clocks on, and goes on for a moment                          advanced
 *   run MS       goes on for so long by the real clock                                  ran LONGEST-TURN-MS
 *   invalidate SERIAL, date TEXT, region, endpoint SERVICE, begin (a search, and goes on with the next
 * command)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <esm/esm.h>
#include "aws/credentials.h"

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static int64_t moved_ms;
static esm_poller *poller;
static struct esm__credentials *credentials;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_clock(void *user_data, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    (void)user_data;
    *ret_monotonic_ms = read_clock(CLOCK_MONOTONIC) + moved_ms;
    *ret_wall_ms = read_clock(CLOCK_REALTIME) + moved_ms;
}

static void on_log(void *user_data, enum esm_log_level level, const char *text)
{
    (void)user_data;
    fprintf(stderr, "%d %s\n", (int)level, text);
}

static int on_invoke(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    (void)invocation;
    return -1;
}

static void turn(void)
{
    CHECK(esm_poller_dispatch(poller, 2) == 0);
}

static int64_t run_for(int64_t ms)
{
    int64_t longest_ms = 0;
    for (int64_t end = read_clock(CLOCK_MONOTONIC) + ms; read_clock(CLOCK_MONOTONIC) < end;) {
        int64_t before = read_clock(CLOCK_MONOTONIC);
        turn();
        int64_t took = read_clock(CLOCK_MONOTONIC) - before;
        longest_ms = took > longest_ms ? took : longest_ms;
    }
    return longest_ms;
}

/* ---- commands ---- */

static void print_keys(const struct esm__keys *keys)
{
    printf("keys\t%s\t%s\t%s\t%d\n", keys->access_key_id, keys->secret_access_key,
           keys->session_token == NULL ? "-" : keys->session_token, (int)keys->serial);
}

static int told;

static void on_told(void *user_data, const struct esm__keys *keys, const char *error)
{
    (void)user_data;
    CHECK((keys == NULL) != (error == NULL));
    told++;
    if (keys != NULL)
        print_keys(keys);
    else
        printf("error\t%s\n", error);
}

static struct esm__credentials_waiter waiter = {.done = on_told};

static void get(void)
{
    told = 0;
    const struct esm__keys *keys = esm__credentials_get(credentials, &waiter);
    CHECK(told == 0);
    if (keys != NULL)
        print_keys(keys);
    while (keys == NULL && told == 0)
        turn();
}

static void now(void)
{
    struct esm__credentials_waiter nobody = {.done = on_told};
    const struct esm__keys *keys = esm__credentials_get(credentials, &nobody);
    if (keys != NULL)
        print_keys(keys);
    else
        printf("none\n");
    esm__credentials_cancel(credentials, &nobody);
}

#define CROWD_MAX 100
static struct esm__credentials_waiter crowd[CROWD_MAX];
static int crowd_told;

/* Cancels half of the others, and some of them come again at once, which is another search if there are no
 * keys. */
static void on_crowd_told(void *user_data, const struct esm__keys *keys, const char *error)
{
    CHECK((keys == NULL) != (error == NULL));
    crowd_told++;
    if (user_data == &crowd[0])
        for (int i = CROWD_MAX / 2; i < CROWD_MAX; i++)
            esm__credentials_cancel(credentials, &crowd[i]);
}

static void gather(void)
{
    crowd_told = 0;
    for (int i = 0; i < CROWD_MAX; i++) {
        crowd[i] = (struct esm__credentials_waiter){.done = on_crowd_told, .user_data = &crowd[i]};
        CHECK(esm__credentials_get(credentials, &crowd[i]) == NULL);
    }
    while (crowd_told == 0)
        turn();
    for (int i = 0; i < CROWD_MAX; i++)
        CHECK(!crowd[i].is_waiting);
    printf("told\t%d\n", crowd_told);
}

static void print_endpoint(const char *service)
{
    struct esm__bytes url;
    esm__bytes_init(&url, NULL);
    const char *region = esm__credentials_get_region(credentials);
    for (int i = 0; i < ESM__SERVICE_COUNT; i++)
        if (strcmp(service, esm__service_name((enum esm__service)i)) == 0)
            CHECK(esm__credentials_write_endpoint(credentials, &url, (enum esm__service)i,
                                                  region == NULL ? "" : region) == 0);
    printf("endpoint\t%s\n", url.data);
    esm__bytes_free(&url);
}

static void obey(const char *command, const char *rest)
{
    if (strcmp(command, "get") == 0) {
        get();
    } else if (strcmp(command, "now") == 0) {
        now();
    } else if (strcmp(command, "begin") == 0) {
        CHECK(esm__credentials_get(credentials, &waiter) == NULL);
        run_for(100);
        printf("begun\n");
    } else if (strcmp(command, "crowd") == 0) {
        gather();
    } else if (strcmp(command, "advance") == 0) {
        moved_ms += atoll(rest);
        run_for(50);
        printf("advanced\n");
    } else if (strcmp(command, "run") == 0) {
        printf("ran\t%d\n", (int)run_for(atoll(rest)));
    } else if (strcmp(command, "invalidate") == 0) {
        esm__credentials_invalidate(credentials, (uint64_t)atoll(rest));
        printf("invalidated\n");
    } else if (strcmp(command, "date") == 0) {
        printf("date\t%d\n", esm__credentials_note_date(credentials, rest));
    } else if (strcmp(command, "region") == 0) {
        const char *region = esm__credentials_get_region(credentials);
        printf("region\t%s\n", region == NULL ? "-" : region);
    } else if (strcmp(command, "endpoint") == 0) {
        print_endpoint(rest);
    } else {
        CHECK(command == NULL); /* there is no such command */
    }
    fflush(stdout);
}

int main(int count, char **arguments)
{
    esm_config *config;
    struct esm__settings settings;
    struct esm__environment environment;
    struct esm__http *http;
    char line[1024];
    CHECK(esm_config_new(NULL, &config) == 0);
    for (int i = 1; i < count; i++) {
        char *equals = strchr(arguments[i], '=');
        CHECK(equals != NULL);
        *equals = '\0';
        CHECK(esm_config_set(config, arguments[i], equals + 1) == 0);
    }
    CHECK(esm_config_validate(config, 0) == 0);
    CHECK(esm_poller_new(NULL, &poller, config) == 0);
    CHECK(esm_poller_set_invoke(poller, on_invoke, NULL, NULL) == 0);
    CHECK(esm_poller_set_clock(poller, on_clock, NULL, NULL) == 0);
    CHECK(esm_poller_set_log(poller, ESM_LOG_DEBUG, on_log, NULL, NULL) == 0);
    CHECK(esm__config_get_settings(config, &settings) == 0);
    CHECK(esm__environment_read(NULL, &environment) == 0);
    CHECK(esm__http_new(NULL, &http, poller, 4) == 0);
    CHECK(esm__credentials_new(NULL, &credentials, poller, http, &settings, &environment) == 0);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *space = strchr(line, ' ');
        if (space != NULL)
            *space = '\0';
        obey(line, space == NULL ? "" : space + 1);
    }
    esm__credentials_free(credentials);
    esm__http_free(http);
    esm__environment_free(&environment);
    esm_poller_unref(poller);
    esm_config_free(config);
    return 0;
}
