/* SPDX-License-Identifier: MIT */
/* Memory runs out while something is signed. */
#include "../unit/unit.h"

#include <string.h>

#include "aws/msk_token.h"
#include "memory.h"

static struct esm__keys keys = {.access_key_id = (char[]){"AKID"},
                                .secret_access_key = (char[]){"secret"},
                                .session_token = (char[]){"token"}};

/* What stands in front is left alone, and the second time it is as if nothing had happened. */
static void sign(struct memory *memory, int (*write)(struct esm__bytes *to))
{
    struct esm__bytes calm;
    struct esm__bytes text;
    esm__bytes_init(&calm, NULL);
    esm__bytes_init(&text, memory->allocator);
    ck_assert_int_eq(write(&calm), 0);
    ck_assert_int_eq(esm__bytes_append_text(&text, "in front:"), 0);
    memory_arm(memory);
    if (memory_check(memory, write(&text))) {
        ck_assert_uint_eq(text.size, strlen("in front:"));
        ck_assert_int_eq(write(&text), 0);
    }
    ck_assert_str_eq(text.data + strlen("in front:"), calm.data);
    esm__bytes_free(&calm);
    esm__bytes_free(&text);
}

static const struct esm__header headers[] = {{{"Host", 4}, {"h", 1}}, {{"X", 1}, {"a  b", 4}}};

static struct esm__sign what(void)
{
    return (struct esm__sign){.keys = &keys,
                              .region = "eu-west-1",
                              .service = "sqs",
                              .method = "GET",
                              .path = esm__span("/a/../b"),
                              .query = esm__span("b=1&a=2"),
                              .headers = headers,
                              .header_count = 2};
}

static int write_headers(struct esm__bytes *to)
{
    struct esm__signature signature;
    struct esm__sign sign = what();
    return esm__sign_headers(&sign, &signature, to);
}

static int write_query(struct esm__bytes *to)
{
    struct esm__sign sign = what();
    return esm__sign_query(&sign, 60, to);
}

static int write_token(struct esm__bytes *to)
{
    int64_t expires_ms;
    return esm__msk_token_write(to, &keys, "eu-west-1", 0, "libesm", &expires_ms);
}

static void sign_headers(struct memory *memory)
{
    sign(memory, write_headers);
}

static void sign_query(struct memory *memory)
{
    sign(memory, write_query);
}

static void sign_token(struct memory *memory)
{
    sign(memory, write_token);
}

static void (*const scenarios[])(struct memory *memory) = {sign_headers, sign_query, sign_token};

START_TEST(memory_runs_out)
{
    memory_each(scenarios[_i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fault-aws");
    TCase *tests = tcase_create("fault-aws");
    tcase_add_loop_test(tests, memory_runs_out, 0, (int)(sizeof(scenarios) / sizeof(scenarios[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
