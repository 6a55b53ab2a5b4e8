/* SPDX-License-Identifier: MIT */
/* Memory runs out while keys are looked for. */
#include "../unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/answer.h"
#include "aws/credentials.h"
#include "aws/xml.h"
#include "memory.h"

/* ---- the parts ---- */

static const char config[] =
    "[default]\n"
    "credential_process = echo '{\"Version\":1,\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S\"}'\n"
    "[services s]\n"
    "sqs =\n"
    "  endpoint_url = http://q\n";

static void read_profiles(struct memory *memory)
{
    struct esm__profiles *profiles = NULL;
    struct esm__bytes reason;
    esm__bytes_init(&reason, memory->allocator);
    memory_arm(memory);
    int error = esm__profiles_new(memory->allocator, &profiles);
    if (error == 0)
        error = esm__profiles_add(profiles, esm__span(config), 0, "config", &reason);
    if (!memory_check(memory, error))
        ck_assert_str_eq(esm__profiles_get(profiles, ESM__SECTION_SERVICES, "s", "sqs.endpoint_url"),
                         "http://q");
    esm__profiles_free(profiles);
    esm__bytes_free(&reason);
}

static void read_keys(struct memory *memory)
{
    static const char json[] =
        "{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"2026-11-24T10:00:"
        "00Z\"}";
    struct esm__keys keys = {0};
    const char *reason = NULL;
    memory_arm(memory);
    if (memory_check(memory,
                     esm__keys_read_json(&keys, memory->allocator, esm__span(json), "Token", &reason))) {
        ck_assert_ptr_null(keys.access_key_id);
        ck_assert_int_eq(esm__keys_read_json(&keys, memory->allocator, esm__span(json), "Token", &reason), 0);
    }
    ck_assert_str_eq(keys.session_token, "T");
    esm__keys_free(&keys, memory->allocator);
}

static void find_xml(struct memory *memory)
{
    static const char xml[] =
        "<r><a>&lt;0123456789012345678901234567890123456789012345678901234567890123456789</a></r>";
    struct esm__bytes to;
    esm__bytes_init(&to, memory->allocator);
    memory_arm(memory);
    int found = esm__xml_find(esm__span(xml), "a", &to);
    if (memory_check(memory, found == 1 ? 0 : found)) {
        ck_assert_uint_eq(to.size, 0);
        ck_assert_int_eq(esm__xml_find(esm__span(xml), "a", &to), 1);
    }
    ck_assert_uint_eq(to.size, 71);
    esm__bytes_free(&to);
}

static void read_environment(struct memory *memory)
{
    struct esm__environment environment;
    ck_assert_int_eq(setenv("AWS_REGION", "eu-west-1", 1), 0);
    memory_arm(memory);
    if (memory_check(memory, esm__environment_read(memory->allocator, &environment)))
        return;
    ck_assert_str_eq(environment.values[ESM__ENV_REGION], "eu-west-1");
    esm__environment_free(&environment);
}

/* ---- a search ---- */

static int64_t clock_ms;
static int told;
static int found;

static void on_clock(void *user_data, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    (void)user_data;
    *ret_monotonic_ms = *ret_wall_ms = clock_ms += 20;
}

static int on_invoke(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    (void)invocation;
    return -1;
}

static void on_told(void *user_data, const struct esm__keys *keys, const char *error)
{
    (void)user_data;
    ck_assert((keys == NULL) != (error == NULL));
    told++;
    found = keys != NULL;
}

static void search_once(esm_poller *poller, struct esm__credentials *credentials)
{
    struct esm__credentials_waiter waiter = {.done = on_told};
    told = found = 0;
    ck_assert_ptr_null(esm__credentials_get(credentials, &waiter));
    while (told == 0)
        ck_assert_int_eq(esm_poller_dispatch(poller, 1), 0);
}

static void search(struct memory *memory)
{
    char path[] = "/tmp/esm-fault-XXXXXX";
    char truth[] = "true";
    struct esm__environment environment = {
        .values = {[ESM__ENV_CONFIG_FILE] = path, [ESM__ENV_METADATA_DISABLED] = truth}};
    struct esm__settings settings = {0};
    esm_config *empty;
    esm_poller *poller;
    struct esm__http *http;
    struct esm__credentials *credentials = NULL;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, config, sizeof(config) - 1), sizeof(config) - 1);
    close(fd);
    ck_assert_int_eq(esm_config_new(NULL, &empty), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, empty), 0);
    ck_assert_int_eq(esm_poller_set_invoke(poller, on_invoke, NULL, NULL), 0);
    ck_assert_int_eq(esm_poller_set_clock(poller, on_clock, NULL, NULL), 0);
    ck_assert_int_eq(esm__http_new(NULL, &http, poller, 1), 0);
    memory_arm(memory);
    int error = esm__credentials_new(memory->allocator, &credentials, poller, http, &settings, &environment);
    if (error == 0) {
        search_once(poller, credentials);
        ck_assert(found || memory->was_hit);
        memory_heal(memory);
        if (!found)
            search_once(poller, credentials);
        ck_assert(found);
    } else {
        ck_assert(memory->was_hit && error == ESM_ERR_NOMEM);
        memory_heal(memory);
    }
    esm__credentials_free(credentials);
    esm__http_free(http);
    esm_poller_unref(poller);
    esm_config_free(empty);
    unlink(path);
}

static void (*const scenarios[])(struct memory *memory) = {read_profiles, read_keys, find_xml,
                                                           read_environment, search};

START_TEST(memory_runs_out)
{
    memory_each(scenarios[_i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fault-credentials");
    TCase *tests = tcase_create("fault-credentials");
    tcase_add_loop_test(tests, memory_runs_out, 0, (int)(sizeof(scenarios) / sizeof(scenarios[0])));
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
