/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "aws/endpoint.h"
#include "aws/region.h"

/* ---- regions ---- */

static const struct {
    const char *region;
    const char *cloud;
    const char *lambda;
} regions[] = {
    {"us-east-1", "aws", "https://lambda.us-east-1.amazonaws.com"},
    {"eu-central-2", "aws", "https://lambda.eu-central-2.amazonaws.com"},
    {"mx-central-1", "aws", "https://lambda.mx-central-1.amazonaws.com"},
    {"cn-north-1", "aws-cn", "https://lambda.cn-north-1.amazonaws.com.cn"},
    {"us-gov-west-1", "aws-us-gov", "https://lambda.us-gov-west-1.amazonaws.com"},
    {"eusc-de-east-1", "aws-eusc", "https://lambda.eusc-de-east-1.amazonaws.eu"},
    {"us-iso-east-1", "aws-iso", "https://lambda.us-iso-east-1.c2s.ic.gov"},
    {"us-isob-east-1", "aws-iso-b", "https://lambda.us-isob-east-1.sc2s.sgov.gov"},
    {"eu-isoe-west-1", "aws-iso-e", "https://lambda.eu-isoe-west-1.cloud.adc-e.uk"},
    {"us-isof-south-1", "aws-iso-f", "https://lambda.us-isof-south-1.csp.hci.ic.gov"},
};

static struct esm__environment none;

static const char *write(enum esm__service service, const char *region,
                         const struct esm__environment *environment, const struct esm__profiles *profiles,
                         const char *profile)
{
    static char text[256];
    struct esm__bytes url;
    esm__bytes_init(&url, NULL);
    ck_assert_int_eq(esm__endpoint_write(&url, service, region, environment, profiles, profile), 0);
    strncpy(text, url.data, sizeof(text) - 1);
    esm__bytes_free(&url);
    return text;
}

START_TEST(region_has_its_cloud)
{
    const struct esm__cloud *cloud = esm__region_cloud(esm__span(regions[_i].region));
    ck_assert_str_eq(cloud->name, regions[_i].cloud);
    ck_assert_ptr_eq(esm__cloud_find(esm__span(regions[_i].cloud)), cloud);
    ck_assert_str_eq(write(ESM__SERVICE_LAMBDA, regions[_i].region, &none, NULL, NULL), regions[_i].lambda);
}
END_TEST

START_TEST(cloud_is_known_by_its_whole_name)
{
    ck_assert_ptr_null(esm__cloud_find(esm__span("aws-c")));
    ck_assert_ptr_null(esm__cloud_find(esm__span("")));
    ck_assert_ptr_null(esm__cloud_find(esm__span("aws-cnx")));
}
END_TEST

START_TEST(services_have_their_hosts)
{
    static const char *const urls[ESM__SERVICE_COUNT] = {
        [ESM__SERVICE_LAMBDA] = "https://lambda.eu-west-1.amazonaws.com",
        [ESM__SERVICE_SQS] = "https://sqs.eu-west-1.amazonaws.com",
        [ESM__SERVICE_SNS] = "https://sns.eu-west-1.amazonaws.com",
        [ESM__SERVICE_S3] = "https://s3.eu-west-1.amazonaws.com",
        [ESM__SERVICE_STS] = "https://sts.eu-west-1.amazonaws.com",
        [ESM__SERVICE_SECRETS_MANAGER] = "https://secretsmanager.eu-west-1.amazonaws.com",
        [ESM__SERVICE_KAFKA] = "https://kafka.eu-west-1.amazonaws.com",
        [ESM__SERVICE_GLUE] = "https://glue.eu-west-1.amazonaws.com",
    };
    for (int i = 0; i < ESM__SERVICE_COUNT; i++)
        ck_assert_str_eq(write((enum esm__service)i, "eu-west-1", &none, NULL, NULL), urls[i]);
}
END_TEST

START_TEST(what_is_no_region_goes_into_no_host)
{
    static const char *const bad[] = {"", "eu", "eu-west-1.evil.example", "EU-WEST-1", "eu-west-1/"};
    struct esm__bytes url;
    esm__bytes_init(&url, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(esm__endpoint_write(&url, ESM__SERVICE_SQS, bad[i], &none, NULL, NULL),
                         ESM_ERR_CONFIG);
    ck_assert_uint_eq(url.size, 0);
    esm__bytes_free(&url);
}
END_TEST

/* ---- what is set instead ---- */

static const char config[] =
    "[profile p]\n"
    "services = s\n"
    "endpoint_url = http://profile\n"
    "[services s]\n"
    "sqs =\n"
    "  endpoint_url = http://services-sqs/\n"
    "secrets_manager =\n"
    "  endpoint_url = http://services-sm\n"
    "[profile q]\n"
    "endpoint_url = http://q\n"
    "ignore_configured_endpoint_urls = true\n";

static char all[] = "http://all:1/base//";
static char sqs[] = "http://sqs:2";
static char truth[] = "True";
static char no_url[] = "sqs:2";
static struct esm__profiles *profiles;

static void setup(void)
{
    struct esm__bytes reason;
    esm__bytes_init(&reason, NULL);
    ck_assert_int_eq(esm__profiles_new(NULL, &profiles), 0);
    ck_assert_int_eq(esm__profiles_add(profiles, esm__span(config), 0, "config", &reason), 0);
    esm__bytes_free(&reason);
}

static void teardown(void)
{
    esm__profiles_free(profiles);
}

START_TEST(service_wins_over_all_over_profile)
{
    struct esm__environment environment = none;
    ck_assert_str_eq(write(ESM__SERVICE_SQS, "", &environment, profiles, "p"), "http://services-sqs");
    ck_assert_str_eq(write(ESM__SERVICE_SECRETS_MANAGER, "", &environment, profiles, "p"),
                     "http://services-sm");
    ck_assert_str_eq(write(ESM__SERVICE_SNS, "", &environment, profiles, "p"), "http://profile");
    environment.values[ESM__ENV_ENDPOINT_URL] = all;
    ck_assert_str_eq(write(ESM__SERVICE_SQS, "", &environment, profiles, "p"), "http://all:1/base");
    ck_assert_str_eq(write(ESM__SERVICE_SNS, "", &environment, profiles, "p"), "http://all:1/base");
    environment.values[ESM__ENV_ENDPOINT_URL_SQS] = sqs;
    ck_assert_str_eq(write(ESM__SERVICE_SQS, "", &environment, profiles, "p"), "http://sqs:2");
    ck_assert_str_eq(write(ESM__SERVICE_SNS, "", &environment, profiles, "p"), "http://all:1/base");
}
END_TEST

START_TEST(what_is_set_can_be_ignored)
{
    struct esm__environment environment = none;
    const char *aws = "https://sns.eu-west-1.amazonaws.com";
    ck_assert_str_eq(write(ESM__SERVICE_SNS, "eu-west-1", &environment, profiles, "q"), aws);
    environment.values[ESM__ENV_ENDPOINT_URL] = all;
    ck_assert_str_eq(write(ESM__SERVICE_SNS, "eu-west-1", &environment, profiles, "q"), aws);
    environment.values[ESM__ENV_IGNORE_ENDPOINT_URLS] = truth;
    ck_assert_str_eq(write(ESM__SERVICE_SNS, "eu-west-1", &environment, profiles, "p"), aws);
}
END_TEST

START_TEST(what_is_set_has_to_be_a_url)
{
    struct esm__environment environment = none;
    struct esm__bytes url;
    esm__bytes_init(&url, NULL);
    environment.values[ESM__ENV_ENDPOINT_URL_SQS] = no_url;
    ck_assert_int_eq(esm__endpoint_write(&url, ESM__SERVICE_SQS, "eu-west-1", &environment, NULL, NULL),
                     ESM_ERR_CONFIG);
    ck_assert_ptr_eq(esm__endpoint_override(ESM__SERVICE_SQS, &environment, NULL, NULL), no_url);
    esm__bytes_free(&url);
}
END_TEST

/* ---- the environment ---- */

START_TEST(environment_is_copied_and_empty_is_not_set)
{
    struct esm__environment environment;
    for (int i = 0; i < ESM__ENV_COUNT; i++)
        ck_assert_int_eq(setenv(esm__variable_name((enum esm__variable)i),
                                esm__variable_name((enum esm__variable)i), 1),
                         0);
    ck_assert_int_eq(setenv("AWS_PROFILE", "", 1), 0);
    ck_assert_int_eq(unsetenv("AWS_REGION"), 0);
    ck_assert_int_eq(esm__environment_read(NULL, &environment), 0);
    ck_assert_int_eq(setenv("AWS_ROLE_ARN", "other", 1), 0);
    for (int i = 0; i < ESM__ENV_COUNT; i++) {
        if (i == ESM__ENV_PROFILE || i == ESM__ENV_REGION)
            ck_assert_ptr_null(environment.values[i]);
        else
            ck_assert_str_eq(environment.values[i], esm__variable_name((enum esm__variable)i));
    }
    ck_assert_str_eq(esm__profile_name(NULL, &environment), "default");
    ck_assert_str_eq(esm__profile_name("x", &environment), "x");
    esm__environment_free(&environment);
    ck_assert_ptr_null(environment.values[ESM__ENV_ROLE_ARN]);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("endpoint");
    TCase *own = tcase_create("aws");
    tcase_add_loop_test(own, region_has_its_cloud, 0, (int)(sizeof(regions) / sizeof(regions[0])));
    tcase_add_test(own, cloud_is_known_by_its_whole_name);
    tcase_add_test(own, services_have_their_hosts);
    tcase_add_test(own, what_is_no_region_goes_into_no_host);
    tcase_add_test(own, environment_is_copied_and_empty_is_not_set);
    suite_add_tcase(suite, own);
    TCase *set = tcase_create("set");
    tcase_add_checked_fixture(set, setup, teardown);
    tcase_add_test(set, service_wins_over_all_over_profile);
    tcase_add_test(set, what_is_set_can_be_ignored);
    tcase_add_test(set, what_is_set_has_to_be_a_url);
    suite_add_tcase(suite, set);
    return suite;
}

UNIT_MAIN
