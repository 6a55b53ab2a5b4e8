/* SPDX-License-Identifier: MIT */
/* Filters on Kafka records. */
#include "unit.h"

#include "filter_rig.h"

struct format {
    const char *pattern, *value;
    int if_pass, if_drop; /* on_mismatch */
};

static const struct format formats[] = {
    /* plain on plain, JSON on JSON */
    {"{'value':['hello']}", "hello", 1, 1},
    {"{'value':['hello']}", "other", 0, 0},
    {"{'value':['5']}", "5", 1, 1},
    {"{'value':[5]}", "5", 0, 0},
    {"{'value':['null']}", "null", 1, 1},
    {"{'value':['']}", "", 1, 1},
    {"{'value':['a\\\\b']}", "a\\b", 1, 1},
    {"{'value':[{'anything-but':['error']}]}", "error", 0, 0},
    {"{'value':[{'prefix':'1.2'},'1.2.3.4']}", "1.2.3.4", 1, 1},
    {"{'value':{'a':[1]}}", "{'a':1}", 1, 1},
    {"{'value':{'a':[1]}}", "{'a':2}", 0, 0},
    {"{'value':{'a':[1]}}", " \t\r\n{'a':1} \n", 1, 1},
    {"{'value':{'a':[1]}}", "[{'a':2},{'a':1}]", 1, 1},
    {"{'value':{'a':[1]}}", "[{'a':2}]", 0, 0},
    {"{'value':{'a':[1],'b':[2]}}", "[{'a':1},{'b':2}]", 0, 0},
    {"{'value':{'a':[1],'b':[2]}}", "[{'a':1,'b':2}]", 1, 1},
    {"{'value.a':[1]}", "{'a':1}", 1, 1},
    /* one on the other */
    {"{'value':['hello']}", "{'a':1}", 1, 0},
    {"{'value':['hello']}", "['hello']", 1, 0},
    {"{'value':[1]}", "[1]", 1, 0},
    {"{'value':{'a':[1]}}", "hello", 1, 0},
    {"{'value':{'a':[1]}}", "5", 1, 0},
    {"{'value':{'a':[1]}}", "", 1, 0},
    {"{'value':{'a':[1]}}", "'x'", 1, 0},
    /* not UTF-8 */
    {"{'value':['hello']}", "\xff\xfe", 1, 0},
    {"{'value':['\\ufffd']}", "\xff", 1, 0},
    {"{'value':[{'anything-but':['x']}]}", "\xff\xfe", 1, 0},
    {"{'value':{'a':[1]}}", "\xff\xfe", 1, 0},
    {"{'value':{'a':[1]}}", "{'a':2,'b':'\xff'}", 1, 0},
    {"{'value':['hello']}", "12345678\xc3", 1, 0},
    {"{'value':['12345678\xc3\xa9']}", "12345678\xc3\xa9", 1, 1},
    /* both, and absence */
    {"{'$or':[{'value':['x']},{'value':{'a':[1]}}]}", "{'a':2}", 1, 0},
    {"{'value':['x'],'value.a':[1]}", "{'a':1}", 1, 0},
    {"{'value':['x'],'value.a':[1]}", "{'a':2}", 0, 0},
    {"{'value':['x'],'value.a':[1]}", "x", 1, 0},
    {"{'value':['x'],'value.a':[1]}", "y", 0, 0},
    {"{'value':{'a':[{'exists':false}]}}", "{'b':1}", 1, 1},
    {"{'value':{'a':[{'exists':false}]}}", "{'a':1}", 0, 0},
    {"{'value':{'a':[{'exists':false}]}}", "hello", 1, 1},
    {"{'value':[{'exists':true}]}", "x", 1, 1},
    {"{'value':[{'exists':false}]}", "x", 0, 0},
    /* a member that no record has */
    {"{'other':[1]}", "x", 0, 0},
    {"{'other':[{'exists':false}]}", "x", 1, 1},
};

static void expect_format(const struct format *format)
{
    esm_filter *filter = rig_filter(format->pattern);
    for (int drop = 0; drop <= 1; drop++) {
        int expected = drop ? format->if_drop : format->if_pass;
        if (drop)
            ck_assert_int_eq(esm_filter_set_on_mismatch(filter, ESM_FILTER_DROP), 0);
        ck_assert_msg(rig_passes(filter, format->value) == expected, "%s on %s: not %d", format->pattern,
                      format->value, expected);
    }
    ck_assert_int_eq(esm_filter_set_on_mismatch(filter, ESM_FILTER_PASS), 0);
    ck_assert_int_eq(rig_passes(filter, format->value), format->if_pass);
    esm_filter_free(filter);
}

START_TEST(value_is_text_or_json_and_a_mismatch_passes_or_is_dropped)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        expect_format(&formats[i]);
}
END_TEST

START_TEST(what_begins_as_json_and_is_none_is_a_text)
{
    static const struct format broken[] = {
        {"{'value':{'a':[1]}}", "{'a':1", 1, 0},
        {"{'value':{'a':[1]}}", "{'a':2", 1, 0},
        {"{'value':{'a':[1]}}", "{'a':2,'b':[1,2,{'c':nul}]}", 1, 0},
        {"{'value':{'a':[1]}}", "{'a':2} trailing", 1, 0},
        {"{'value':{'a':[1]}}", "{'a':1}{'a':1}", 1, 0},
        {"{'value':{'a':[1]}}", "\xef\xbb\xbf{'a':1}", 1, 0},
        {"{'value':[{'prefix':'{'}]}", "{'a':1} trailing", 1, 1},
        {"{'value':[{'prefix':'x'}]}", "{'a':1} trailing", 0, 0},
        {"{'value':['x'],'value.a':[1]}", "{'a':1} trailing", 0, 0},
        {"{'value':['x']}", "{x", 0, 0},
        {"{'value':[{'prefix':'{'}]}", "{'a':1,'b':[{'c':nul}]}", 1, 1},
        {"{'value':[{'prefix':'x'}]}", "{'a':1,'b':[{'c':nul}]}", 0, 0},
    };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        expect_format(&broken[i]);
}
END_TEST

START_TEST(tombstone_passes_or_is_dropped)
{
    static const struct {
        const char *pattern;
        int if_pass, if_drop;
    } cases[] = {
        {"{'value':['x']}", 1, 0},
        {"{'value':{'a':[1]}}", 1, 0},
        {"{'value':{'a':[{'exists':false}]}}", 1, 1},
        {"{'value':[{'exists':false}]}", 1, 1},
        {"{'value':[{'exists':true}]}", 1, 0},
        {"{'value':[null]}", 1, 0},
        {"{'value':['x'],'partition':[7]}", 0, 0},
        {"{'value':['x'],'partition':[0]}", 1, 0},
        {"{'value':['x'],'key':[{'exists':false}]}", 1, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        esm_filter *filter = rig_filter(cases[i].pattern);
        ck_assert_int_eq(esm_filter_set_on_mismatch(filter, ESM_FILTER_DROP), 0); /* another matter */
        ck_assert_msg(rig_passes(filter, NULL) == cases[i].if_pass, "%s", cases[i].pattern);
        ck_assert_int_eq(esm_filter_set_on_mismatch(filter, ESM_FILTER_PASS), 0);
        ck_assert_int_eq(esm_filter_set_on_tombstone(filter, ESM_FILTER_DROP), 0);
        ck_assert_msg(rig_passes(filter, NULL) == cases[i].if_drop, "%s, dropped", cases[i].pattern);
        ck_assert_int_eq(esm_filter_set_on_tombstone(filter, ESM_FILTER_PASS), 0);
        ck_assert_int_eq(rig_passes(filter, NULL), cases[i].if_pass);
        esm_filter_free(filter);
    }
}
END_TEST

static esm_record *new_record(enum esm_timestamp_type type)
{
    esm_record *record;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_record_set_topic(record, "orders", 3), 0);
    ck_assert_int_eq(esm_record_set_offset(record, 9007199254740992), 0);
    ck_assert_int_eq(esm_record_set_timestamp_ms(record, 1700000000000, type), 0);
    ck_assert_int_eq(esm_record_set_key(record, "{\"id\":7}", 8), 0);
    ck_assert_int_eq(esm_record_set_value(record, "plain", 5), 0);
    ck_assert_int_eq(esm_record_add_header(record, "kind", "new", 3), 0);
    ck_assert_int_eq(esm_record_add_header(record, "kind", "urgent", 6), 0);
    ck_assert_int_eq(esm_record_add_header(record, "none", NULL, 0), 0);
    ck_assert_int_eq(esm_record_add_header(record, "empty", "", 0), 0);
    ck_assert_int_eq(esm_record_add_header(record, "a.b", "{\"c\":1}", 7), 0);
    ck_assert_int_eq(esm_record_add_header(record, "raw", "\xff", 1), 0);
    return record;
}

static void expect_passes(const esm_record *record, enum esm_filter_choice on_mismatch, const char *pattern,
                          int expected)
{
    esm_filter *filter = rig_filter(pattern);
    int matches = -1;
    ck_assert_int_eq(esm_filter_set_on_mismatch(filter, on_mismatch), 0);
    ck_assert_int_eq(esm_filter_match(filter, record, &matches), 0);
    ck_assert_msg(matches == expected, "%s: %d", pattern, matches);
    esm_filter_free(filter);
}

START_TEST(patterns_see_every_field_of_a_record)
{
    static const struct {
        const char *pattern;
        int expected;
    } cases[] = {
        {"{'topic':['orders']}", 1},
        {"{'topic':['order']}", 0},
        {"{'partition':[3]}", 1},
        {"{'partition':['3']}", 0},
        {"{'partition':[4]}", 0},
        {"{'offset':[9007199254740992]}", 1},
        {"{'offset':[9007199254740991]}", 0},
        {"{'offset':[{'numeric':['>=',9e15]}]}", 1},
        {"{'timestamp':[1700000000000]}", 1},
        {"{'timestamp':[{'numeric':['<',1700000000000]}]}", 0},
        {"{'timestampType':['CREATE_TIME']}", 1},
        {"{'timestampType':['LOG_APPEND_TIME']}", 0},
        {"{'key':{'id':[7]}}", 1},
        {"{'key':{'id':[8]}}", 0},
        {"{'key':['x']}", 0},
        {"{'value':['plain'],'key':{'id':[7]},'topic':['orders']}", 1},
        {"{'value':['plain'],'key':{'id':[7]},'topic':['other']}", 0},
        {"{'headers':{'kind':['new']}}", 1},
        {"{'headers':{'kind':['urgent']}}", 1},
        {"{'headers':{'kind':['old']}}", 0},
        {"{'headers.kind':['new']}", 1},
        {"{'headers':{'none':[null]}}", 1},
        {"{'headers':{'none':['']}}", 0},
        {"{'headers':{'empty':['']}}", 1},
        {"{'headers':{'a.b':[{'prefix':'{'}]}}", 1},
        {"{'headers':{'a':{'b':[{'prefix':'{'}]}}}", 1},
        {"{'headers':{'a.b':{'c':[1]}}}", 0}, /* a header is a text, always */
        {"{'headers':{'absent':[{'exists':false}]}}", 1},
        {"{'headers':{'kind':[{'exists':false}]}}", 0},
        {"{'headers':{'raw':['x']}}", 0},
        {"{'headers':[{'exists':true}]}", 0},
        {"{'Topic':['orders']}", 0},
        {"{'other':[{'exists':false}],'topic':['orders']}", 1},
        {"{'$or':[{'topic':['other']},{'key':{'id':[7]}}]}", 1},
    };
    esm_record *record = new_record(ESM_TIMESTAMP_CREATE_TIME);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_passes(record, ESM_FILTER_DROP, cases[i].pattern, cases[i].expected);
    expect_passes(record, ESM_FILTER_PASS, "{'key':['x']}", 1);
    expect_passes(record, ESM_FILTER_PASS, "{'key':['x'],'value':['other']}", 0);
    expect_passes(record, ESM_FILTER_PASS, "{'key':{'id':[8]},'value':{'a':[1]}}", 0);
    expect_passes(record, ESM_FILTER_PASS, "{'headers':{'raw':['x']}}", 1);
    expect_passes(record, ESM_FILTER_PASS, "{'headers':{'raw':['x'],'kind':['old']}}", 0);
    esm_record_free(record);
}
END_TEST

START_TEST(time_has_a_type_and_is_zero_if_there_is_none)
{
    esm_record *record = new_record(ESM_TIMESTAMP_LOG_APPEND_TIME);
    expect_passes(record, ESM_FILTER_PASS, "{'timestampType':['LOG_APPEND_TIME'],'timestamp':[17e11]}", 1);
    expect_passes(record, ESM_FILTER_PASS, "{'timestampType':['CREATE_TIME']}", 0);
    esm_record_free(record);
    record = new_record(ESM_TIMESTAMP_NOT_AVAILABLE); /* as in events */
    expect_passes(record, ESM_FILTER_PASS, "{'timestampType':['CREATE_TIME'],'timestamp':[0]}", 1);
    esm_record_free(record);
}
END_TEST

START_TEST(record_without_key_has_none)
{
    esm_record *record;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    expect_passes(record, ESM_FILTER_PASS, "{'key':[{'exists':false}]}", 1);
    expect_passes(record, ESM_FILTER_PASS, "{'key':['x']}", 0);
    expect_passes(record, ESM_FILTER_PASS, "{'key':{'a':[1]}}", 0);
    expect_passes(record, ESM_FILTER_PASS, "{'topic':[{'exists':false}]}", 1);
    ck_assert_int_eq(esm_record_set_key(record, "", 0), 0);
    expect_passes(record, ESM_FILTER_PASS, "{'key':['']}", 1);
    expect_passes(record, ESM_FILTER_PASS, "{'key':[{'exists':false}]}", 0);
    esm_record_free(record);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        value_is_text_or_json_and_a_mismatch_passes_or_is_dropped,
        what_begins_as_json_and_is_none_is_a_text,
        tombstone_passes_or_is_dropped,
        patterns_see_every_field_of_a_record,
        time_has_a_type_and_is_zero_if_there_is_none,
        record_without_key_has_none,
    };
    Suite *all = suite_create("filter_record");
    TCase *tcase = tcase_create("all");
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
