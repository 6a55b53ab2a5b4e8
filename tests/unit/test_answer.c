/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "aws/answer.h"
#include "aws/keys.h"
#include "aws/xml.h"

/* ---- error codes ---- */

static const struct {
    const char *header;
    const char *body;
    const char *code;
} answers[] = {
    {NULL, "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"m\"}", "QueueDoesNotExist"},
    {NULL, "{\"message\":\"m\",\"__type\":\"ExpiredTokenException\"}", "ExpiredTokenException"},
    {NULL, "{\"code\":\"ThrottlingException\"}", "ThrottlingException"},
    {NULL, "{\"Code\":\"AccessDenied\"}", "AccessDenied"},
    {"ResourceNotFoundException", "{\"__type\":\"Other\"}", "ResourceNotFoundException"},
    {"TooManyRequestsException:http://internal.amazon.com/coral/com.amazon.coral.service/", "",
     "TooManyRequestsException"},
    {"aws.protocoltests#FooError:http://x/", NULL, "FooError"},
    {"bad code with spaces", "{\"__type\":\"Other\"}", "Other"},
    {NULL, "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchBucket</Code><Message>a &amp; b</Message></Error>",
     "NoSuchBucket"},
    {NULL,
     "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
     "<Code>InvalidIdentityToken</Code></Error><RequestId>r</RequestId></ErrorResponse>",
     "InvalidIdentityToken"},
    {NULL, "<Other><Code>NoSuchBucket</Code></Other>", ""},
    {NULL, "<html>", ""},
    {NULL, "{\"__type\":5}", ""},
    {NULL, "{\"__type\":\"<script>\"}", ""},
    {NULL, "{\"__type\":\"a\\nb\"}", ""},
    {NULL, "[\"__type\"]", ""},
    {NULL, "", ""},
    {"", NULL, ""},
    {"a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a12345", "",
     ""},
    {"a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a1234", "",
     "a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a1234"},
};

START_TEST(code_is_found)
{
    char code[ESM__ERROR_CODE_SIZE];
    const char *body = answers[_i].body;
    esm__answer_code(answers[_i].header, body, body == NULL ? 0 : strlen(body), code);
    ck_assert_str_eq(code, answers[_i].code);
}
END_TEST

START_TEST(codes_have_meanings)
{
    ck_assert(esm__code_is_expired("ExpiredToken"));
    ck_assert(esm__code_is_expired("ExpiredTokenException"));
    ck_assert(!esm__code_is_expired("AccessDenied"));
    ck_assert(!esm__code_is_expired(""));
    ck_assert(esm__code_is_skew("RequestTimeTooSkewed"));
    ck_assert(esm__code_is_skew("SignatureDoesNotMatch"));
    ck_assert(!esm__code_is_skew("ExpiredToken"));
    ck_assert(!esm__code_is_skew(""));
}
END_TEST

/* ---- XML ---- */

static const struct {
    const char *xml;
    const char *path;
    int result;
    const char *text;
} documents[] = {
    {"<a>x</a>", "a", 1, "x"},
    {"<a><b>x</b></a>", "b", 1, "x"},
    {"<a><b>x</b></a>", "a/b", 1, "x"},
    {"<a><b>x</b></a>", "c/b", 0, ""},
    {"<a><b>x</b><b>y</b></a>", "a/b", 1, "x"},
    {"<r><a><b>x</b></a><c><b>y</b></c></r>", "c/b", 1, "y"},
    {"<r><b>x</b><bb>y</bb></r>", "bb", 1, "y"},
    {"<a><b/></a>", "b", 1, ""},
    {"<a><b></b></a>", "b", 1, ""},
    {"<a><b c='1' d = \"2\" >x</b ></a>", "b", 1, "x"},
    {"<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x20AC;&#x1F600;</a>", "a", 1, "<&>\"'A\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"\xef\xbb\xbf<?xml version='1.0'?><!-- c --><a>x<!-- <b> -->y</a>\n", "a", 1, "xy"},
    {"<a>\xc3\xbc</a>", "a", 1, "\xc3\xbc"},
    {"", "a", ESM_ERR_CONFIG, ""},
    {" ", "a", ESM_ERR_CONFIG, ""},
    {"x<a/>", "a", ESM_ERR_CONFIG, ""},
    {"<a/>x", "a", ESM_ERR_CONFIG, ""},
    {"<a/><a/>", "a", ESM_ERR_CONFIG, ""},
    {"<a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>x</b>", "a", ESM_ERR_CONFIG, ""},
    {"<a><b>x</a></b>", "b", ESM_ERR_CONFIG, ""},
    {"<a>x<b/></a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>&nbsp;</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>&#0;</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>&#xD800;</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>&#x110000;</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>&#;</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>&amp</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>\xff</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a>\x01</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a><![CDATA[x]]></a>", "a", ESM_ERR_CONFIG, ""},
    {"<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a><!-- x </a>", "a", ESM_ERR_CONFIG, ""},
    {"<a><!--></a>", "a", ESM_ERR_CONFIG, ""},
    {"<a b='1'c='2'>x</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a b=1>x</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a b='1>x</a>", "a", ESM_ERR_CONFIG, ""},
    {"<a b>x</a>", "a", ESM_ERR_CONFIG, ""},
    {"< a>x</a>", "a", ESM_ERR_CONFIG, ""},
    {"<1><2><3><4><5><6><7><8><9><a><b><c><d><e><f><g>x</g></f></e></d></c></b></a></9></8></7></6></5></4></"
     "3></2></1>",
     "f/g", 1, "x"},
    {"<0><1><2><3><4><5><6><7><8><9><a><b><c><d><e><f><g>x</g></f></e></d></c></b></a></9></8></7></6></5></"
     "4></3></2>"
     "</1></0>",
     "f/g", ESM_ERR_CONFIG, ""},
};

START_TEST(text_is_found)
{
    struct esm__bytes to;
    esm__bytes_init(&to, NULL);
    ck_assert_int_eq(esm__bytes_append_text(&to, "="), 0);
    ck_assert_int_eq(esm__xml_find(esm__span(documents[_i].xml), documents[_i].path, &to),
                     documents[_i].result);
    ck_assert_int_eq(esm__bytes_terminate(&to), 0);
    ck_assert_str_eq(to.data + 1, documents[_i].text);
    esm__bytes_free(&to);
}
END_TEST

/* ---- keys ---- */

static const struct {
    const char *json;
    const char *reason; /* NULL: it is read */
    int64_t expires_ms;
} texts[] = {
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S/"
     "\\u002b\",\"Token\":\"T\",\"Expiration\":\"2026-11-24T10:00:00Z\"}",
     NULL, 1795514400000},
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S/"
     "+\",\"Token\":\"T\",\"Expiration\":\"2026-11-24T11:00:00.5+01:00\"}",
     NULL, 1795514400500},
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S/+\",\"Token\":\"T\"}", NULL, ESM_NEVER},
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S/+\",\"Token\":\"T\",\"Expiration\":\"soon\"}",
     "Expiration is no time", 0},
    {"{\"SecretAccessKey\":\"S\"}", "AccessKeyId is missing", 0},
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":null}", "SecretAccessKey is missing", 0},
    {"{\"AccessKeyId\":\"I\\r\\nX: y\",\"SecretAccessKey\":\"S\"}",
     "a key or the token has characters that no key has", 0},
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S\"} x", "it is no JSON object", 0},
    {"{\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"S\"", "it is no JSON object", 0},
    {"[]", "it is no JSON object", 0},
    {"", "it is no JSON object", 0},
};

START_TEST(keys_are_read_from_json)
{
    struct esm__keys keys = {.serial = 7};
    const char *reason = NULL;
    int error = esm__keys_read_json(&keys, NULL, esm__span(texts[_i].json), "Token", &reason);
    if (texts[_i].reason != NULL) {
        ck_assert_int_eq(error, ESM_ERR_CONFIG);
        ck_assert_str_eq(reason, texts[_i].reason);
        ck_assert_ptr_null(keys.access_key_id);
        ck_assert_uint_eq(keys.serial, 7);
        return;
    }
    ck_assert_int_eq(error, 0);
    ck_assert_str_eq(keys.access_key_id, "I");
    ck_assert_str_eq(keys.secret_access_key, "S/+");
    ck_assert_str_eq(keys.session_token, "T");
    ck_assert_int_eq(keys.expires_ms, texts[_i].expires_ms);
    esm__keys_free(&keys, NULL);
    ck_assert_ptr_null(keys.secret_access_key);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("answer");
    TCase *tests = tcase_create("answer");
    tcase_add_loop_test(tests, code_is_found, 0, (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tests, codes_have_meanings);
    tcase_add_loop_test(tests, text_is_found, 0, (int)(sizeof(documents) / sizeof(documents[0])));
    tcase_add_loop_test(tests, keys_are_read_from_json, 0, (int)(sizeof(texts) / sizeof(texts[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
