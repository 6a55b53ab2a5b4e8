/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/file.h"
#include "aws/profile.h"

static struct esm__profiles *profiles;
static struct esm__bytes reason;

static void setup(void)
{
    esm__bytes_init(&reason, NULL);
    ck_assert_int_eq(esm__profiles_new(NULL, &profiles), 0);
}

static void teardown(void)
{
    esm__profiles_free(profiles);
    esm__bytes_free(&reason);
}

static void add(const char *text, int is_credentials)
{
    ck_assert_int_eq(esm__profiles_add(profiles, esm__span(text), is_credentials, "f", &reason), 0);
}

static const char *get(const char *profile, const char *key)
{
    const char *value = esm__profiles_get(profiles, ESM__SECTION_PROFILE, profile, key);
    return value == NULL ? "" : value;
}

START_TEST(values_are_read_as_aws_reads_them)
{
    add("# comment\n"
        "; another\r\n"
        "\n"
        "[default] # why\n"
        "region=eu-west-1\r\n"
        "Role_ARN =  arn:aws:iam::111122223333:role/a \t\n"
        "secret = a#b;c=d # a comment\n"
        "other = x ; a comment\n"
        "empty =\n"
        "\t# a comment in between\n"
        "empty2 = # nothing\n"
        "last = no newline",
        0);
    ck_assert_str_eq(get("default", "region"), "eu-west-1");
    ck_assert_str_eq(get("default", "role_arn"), "arn:aws:iam::111122223333:role/a");
    ck_assert_str_eq(get("default", "secret"), "a#b;c=d");
    ck_assert_str_eq(get("default", "other"), "x");
    ck_assert_str_eq(get("default", "empty"), "");
    ck_assert_str_eq(get("default", "empty2"), "");
    ck_assert_str_eq(get("default", "last"), "no newline");
    ck_assert_ptr_null(esm__profiles_get(profiles, ESM__SECTION_PROFILE, "default", "empty"));
    ck_assert_ptr_null(esm__profiles_get(NULL, ESM__SECTION_PROFILE, "default", "region"));
}
END_TEST

START_TEST(indented_lines_belong_to_the_key_above)
{
    add("[services x]\n"
        "lambda =\n"
        "  endpoint_url = http://l\n"
        "\tOther=1\n"
        "sqs = \n"
        "  endpoint_url = http://q\n"
        "[profile x]\n"
        "  region = eu-west-1\n" /* the first key of a section may be indented */
        "process = a \\\n"
        "  region = us-east-1\n",
        0);
    ck_assert_str_eq(esm__profiles_get(profiles, ESM__SECTION_SERVICES, "x", "lambda.endpoint_url"),
                     "http://l");
    ck_assert_str_eq(esm__profiles_get(profiles, ESM__SECTION_SERVICES, "x", "lambda.other"), "1");
    ck_assert_str_eq(esm__profiles_get(profiles, ESM__SECTION_SERVICES, "x", "sqs.endpoint_url"), "http://q");
    ck_assert_str_eq(get("x", "region"), "eu-west-1");
    ck_assert_str_eq(get("x", "lambda.endpoint_url"), "");
}
END_TEST

START_TEST(heads_differ_between_the_files)
{
    add("[profile a]\nk=1\n[b]\nk=2\n[profile default]\nk=3\n[ profile\tc d ]\nk=4\n[sso-session a]\nk=5\n"
        "[profilex]\nk=6\n",
        0);
    ck_assert_str_eq(get("a", "k"), "1");
    ck_assert(!esm__profiles_has(profiles, ESM__SECTION_PROFILE, "b"));
    ck_assert_str_eq(get("default", "k"), "3");
    ck_assert_str_eq(get("c d", "k"), "4");
    ck_assert(!esm__profiles_has(profiles, ESM__SECTION_PROFILE, "profilex"));
    add("[b]\nk=2\n[profile e]\nk=3\n[a]\nk=7\n", 1);
    ck_assert_str_eq(get("b", "k"), "2");
    ck_assert(!esm__profiles_has(profiles, ESM__SECTION_PROFILE, "e"));
    ck_assert(!esm__profiles_has(profiles, ESM__SECTION_PROFILE, "profile e"));
    ck_assert_str_eq(get("a", "k"), "7");
}
END_TEST

START_TEST(of_two_values_the_later_counts)
{
    add("[profile a]\nk=1\nj=1\nk=2\n[profile b]\n[profile a]\nj=3\n", 0);
    ck_assert_str_eq(get("a", "k"), "2");
    ck_assert_str_eq(get("a", "j"), "3");
    ck_assert(esm__profiles_has(profiles, ESM__SECTION_PROFILE, "b"));
    ck_assert_str_eq(get("b", "k"), "");
}
END_TEST

static const struct {
    const char *text;
    const char *reason;
} faults[] = {
    {"k = 1\n", "f, line 1: the line stands in no section"},
    {"[default]\nregion eu-west-1-SECRET\n", "f, line 2: the line is not key = value"},
    {"[default]\n= SECRET\n", "f, line 2: the line is not key = value"},
    {"\n[default\n", "f, line 2: the head of a section has no ]"},
    {"[]\n", "f, line 1: the head of a section is not [name]"},
    {"[default] SECRET\n", "f, line 1: the head of a section is not [name]"},
    {"[services s]\nsqs =\n  SECRET\n", "f, line 3: an indented line is not key = value"},
};

START_TEST(fault_is_told_with_its_line_and_no_value)
{
    ck_assert_int_eq(esm__profiles_add(profiles, esm__span(faults[_i].text), 0, "f", &reason),
                     ESM_ERR_CONFIG);
    ck_assert_str_eq(reason.data, faults[_i].reason);
}
END_TEST

START_TEST(nul_is_refused)
{
    static const char text[] = "[default]\nk = a\0b\n";
    ck_assert_int_eq(esm__profiles_add(profiles, (struct esm__span){text, sizeof(text) - 1}, 0, "f", &reason),
                     ESM_ERR_CONFIG);
    ck_assert_str_eq(reason.data, "f, line 0: it has a NUL in it");
}
END_TEST

/* ---- files ---- */

static char directory[] = "/tmp/esm-profile-XXXXXX";
static char config[96], credentials[96], pipe_path[96];
static char home[64];

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup_files(void)
{
    char path[80];
    setup();
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(home, sizeof(home), "%s", directory);
    snprintf(path, sizeof(path), "%s/.aws", directory);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(config, sizeof(config), "%s/config", path);
    snprintf(credentials, sizeof(credentials), "%s/credentials", path);
    snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", path);
}

static void teardown_files(void)
{
    char path[80];
    unlink(config);
    unlink(credentials);
    unlink(pipe_path);
    snprintf(path, sizeof(path), "%s/.aws", directory);
    rmdir(path);
    rmdir(directory);
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    teardown();
}

static int read_files(const struct esm__environment *environment)
{
    struct esm__profiles *read;
    int error = esm__profiles_read(NULL, &read, environment, &reason);
    if (error == 0) {
        esm__profiles_free(profiles);
        profiles = read;
    }
    return error;
}

START_TEST(files_are_found_at_home_or_where_the_environment_says)
{
    struct esm__environment environment = {.values = {[ESM__ENV_HOME] = home}};
    char path[] = "~/.aws/config";
    ck_assert_int_eq(read_files(&environment), 0); /* none is there */
    write_file(config, "[default]\na=config\nb=config\n");
    write_file(credentials, "[default]\na=credentials\n");
    ck_assert_int_eq(read_files(&environment), 0);
    ck_assert_str_eq(get("default", "a"), "credentials");
    ck_assert_str_eq(get("default", "b"), "config");
    environment.values[ESM__ENV_SHARED_CREDENTIALS_FILE] = path;
    environment.values[ESM__ENV_CONFIG_FILE] = credentials;
    ck_assert_int_eq(read_files(&environment), 0);
    ck_assert_str_eq(get("default", "a"), "config");
    environment.values[ESM__ENV_HOME] = NULL;
    ck_assert_int_eq(read_files(&environment), 0);
    ck_assert_str_eq(get("default", "a"), "credentials");
}
END_TEST

START_TEST(file_that_is_too_large_or_no_file_is_refused)
{
    struct esm__environment environment = {.values = {[ESM__ENV_CONFIG_FILE] = config}};
    FILE *file = fopen(config, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 1024; i++) {
        char lines[1024];
        memset(lines, '\n', sizeof(lines));
        ck_assert_uint_eq(fwrite(lines, 1, sizeof(lines), file), sizeof(lines));
    }
    ck_assert_int_eq(fflush(file), 0);
    ck_assert_int_eq(read_files(&environment), 0);
    ck_assert_int_eq(fputc('\n', file), '\n');
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(read_files(&environment), ESM_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(reason.data, "config: it is larger than it may be"));
    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    environment.values[ESM__ENV_CONFIG_FILE] = pipe_path;
    reason.size = 0;
    ck_assert_int_eq(read_files(&environment), ESM_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(reason.data, "pipe: it is not a regular file"));
}
END_TEST

START_TEST(file_stays_within_its_limit)
{
    struct esm__bytes bytes;
    const char *fault = NULL;
    esm__bytes_init(&bytes, NULL);
    write_file(config, "12345");
    ck_assert_int_eq(esm__bytes_append_text(&bytes, "0"), 0);
    ck_assert_int_eq(esm__file_read(config, 4, &bytes, &fault), ESM_ERR_CONFIG);
    ck_assert_uint_eq(bytes.size, 1);
    ck_assert_int_eq(esm__file_read(config, 5, &bytes, &fault), 0);
    ck_assert_uint_eq(bytes.size, 6);
    ck_assert_int_eq(memcmp(bytes.data, "012345", 6), 0);
    ck_assert_int_eq(esm__file_read("/nowhere/at/all", 5, &bytes, &fault), ESM_ERR_NOT_FOUND);
    esm__bytes_free(&bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("profile");
    TCase *texts = tcase_create("texts");
    tcase_add_checked_fixture(texts, setup, teardown);
    tcase_add_test(texts, values_are_read_as_aws_reads_them);
    tcase_add_test(texts, indented_lines_belong_to_the_key_above);
    tcase_add_test(texts, heads_differ_between_the_files);
    tcase_add_test(texts, of_two_values_the_later_counts);
    tcase_add_loop_test(texts, fault_is_told_with_its_line_and_no_value, 0,
                        (int)(sizeof(faults) / sizeof(faults[0])));
    tcase_add_test(texts, nul_is_refused);
    suite_add_tcase(suite, texts);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, setup_files, teardown_files);
    tcase_add_test(files, files_are_found_at_home_or_where_the_environment_says);
    tcase_add_test(files, file_that_is_too_large_or_no_file_is_refused);
    tcase_add_test(files, file_stays_within_its_limit);
    suite_add_tcase(suite, files);
    return suite;
}

UNIT_MAIN
