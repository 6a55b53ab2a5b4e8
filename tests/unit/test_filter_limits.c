/* SPDX-License-Identifier: MIT */
/* Filters as objects, and at their limits. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "filter_rig.h"

/* ---- a text that grows ---- */

static char text[2000000];
static size_t text_size;

#define APPEND(...) (text_size += (size_t)snprintf(text + text_size, sizeof(text) - text_size, __VA_ARGS__))

static void empty(void)
{
    text_size = 0;
    text[0] = '\0';
}

static enum answer ask(const esm_filter *filter, const char *event)
{
    int matches = -1;
    ck_assert_int_eq(esm_filter_match_json(filter, event, strlen(event), &matches), 0);
    return matches ? YES : NO;
}

static int refuse(esm_filter *filter, const char *pattern, char *reason, size_t size)
{
    char *copy = rig_quote(pattern);
    int error = esm_filter_add_pattern(filter, copy, strlen(copy), reason, size);
    free(copy);
    return error;
}

/* ---- the object ---- */

START_TEST(arguments_are_checked)
{
    esm_filter *filter = rig_filter("{'value':['x']}");
    esm_record *record;
    char reason[8] = "as was";
    int matches = 7;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_filter_new(NULL, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_add_pattern(NULL, "{}", 2, reason, 8), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_add_pattern(filter, NULL, 0, reason, 8), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_add_pattern(filter, "{}", 2, NULL, 8), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match(NULL, record, &matches), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match(filter, NULL, &matches), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match(filter, record, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match_json(NULL, "{}", 2, &matches), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match_json(filter, NULL, 0, &matches), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match_json(filter, "{}", 2, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_match_json(filter, "[]", 2, &matches), ESM_ERR_NOT_FOUND);
    for (int choice = 0; choice <= 3; choice += 3) {
        ck_assert_int_eq(esm_filter_set_on_mismatch(filter, (enum esm_filter_choice)choice),
                         ESM_ERR_INVALID_ARGUMENT);
        ck_assert_int_eq(esm_filter_set_on_tombstone(filter, (enum esm_filter_choice)choice),
                         ESM_ERR_INVALID_ARGUMENT);
    }
    ck_assert_int_eq(esm_filter_set_on_mismatch(NULL, ESM_FILTER_PASS), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_filter_set_on_tombstone(NULL, ESM_FILTER_PASS), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(matches, 7);
    ck_assert_str_eq(reason, "as was");
    esm_record_free(record);
    esm_filter_free(filter);
    esm_filter_free(NULL);
}
END_TEST

START_TEST(reason_is_cut_to_its_room)
{
    esm_filter *filter;
    char reason[] = "as was and is";
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    ck_assert_int_eq(refuse(filter, "[]", NULL, 0), ESM_ERR_CONFIG);
    ck_assert_int_eq(refuse(filter, "[]", reason, 0), ESM_ERR_CONFIG);
    ck_assert_str_eq(reason, "as was and is");
    ck_assert_int_eq(refuse(filter, "[]", reason, 7), ESM_ERR_CONFIG);
    ck_assert_str_eq(reason, "line 1");
    ck_assert_str_eq(reason + 7, "and is");
    ck_assert_int_eq(refuse(filter, "[]", reason, 1), ESM_ERR_CONFIG);
    ck_assert_str_eq(reason, "");
    esm_filter_free(filter);
}
END_TEST

START_TEST(without_patterns_everything_passes)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    ck_assert_int_eq(esm_filter_set_on_tombstone(filter, ESM_FILTER_DROP), 0);
    ck_assert_int_eq(esm_filter_set_on_mismatch(filter, ESM_FILTER_DROP), 0);
    ck_assert_int_eq(ask(filter, "{}"), YES);
    ck_assert_int_eq(rig_passes(filter, NULL), 1);
    ck_assert_int_eq(rig_passes(filter, "\xff"), 1);
    esm_filter_free(filter);
}
END_TEST

START_TEST(refused_pattern_changes_nothing)
{
    esm_filter *filter = rig_filter("{'value':['a']}");
    ck_assert_int_eq(refuse(filter, "{'value':['b'],'key':[]}", NULL, 0), ESM_ERR_CONFIG);
    ck_assert_int_eq(refuse(filter, "{'$or':[{'value':['b']},{'key':[]}]}", NULL, 0), ESM_ERR_CONFIG);
    ck_assert_int_eq(rig_passes(filter, "a"), 1);
    ck_assert_int_eq(rig_passes(filter, "b"), 0);
    ck_assert_int_eq(refuse(filter, "{'value':['c']}", NULL, 0), 0);
    ck_assert_int_eq(rig_passes(filter, "a"), 1);
    ck_assert_int_eq(rig_passes(filter, "b"), 0);
    ck_assert_int_eq(rig_passes(filter, "c"), 1);
    esm_filter_free(filter);
}
END_TEST

static void *match_often(void *user_data)
{
    const esm_filter *filter = user_data;
    for (int i = 0; i < 300; i++)
        if (ask(filter, "{\"a\":[{\"b\":1},{\"c\":2}]}") == YES ||
            ask(filter, "{\"a\":[{\"b\":0},{\"b\":1,\"c\":2}]}") == NO)
            return NULL;
    return user_data;
}

START_TEST(threads_match_at_once)
{
    esm_filter *filter = rig_filter("{'a':{'b':[1],'c':[2]}}");
    pthread_t threads[2];
    void *result;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, match_often, filter), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_eq(result, filter);
    }
    esm_filter_free(filter);
}
END_TEST

/* ---- limits ---- */

/* Branches fill several programs. */
START_TEST(each_of_many_patterns_counts)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    for (int i = 0; i < 100; i++) {
        empty();
        APPEND("{'value':{'a':{'m':[%d],'n':[{'exists':false},%d]}}}", i, i);
        ck_assert_int_eq(refuse(filter, text, NULL, 0), 0);
    }
    for (int i = 0; i <= 100; i++) {
        empty();
        APPEND("{'a':[{'m':%d},{'n':%d}]}", i, i + 1);
        ck_assert_int_eq(rig_passes(filter, text), i < 100);
        empty();
        APPEND("{'a':[{'m':%d,'n':%d}]}", i, i + 1);
        ck_assert_int_eq(rig_passes(filter, text), 0);
    }
    esm_filter_free(filter);
}
END_TEST

static int add_combinations(esm_filter *filter, int count)
{
    char reason[100] = "";
    empty();
    APPEND("{'b':['x'],'$or':[");
    for (int i = 0; i < count; i++)
        APPEND("%s{'a':[%d]}", i == 0 ? "" : ",", i);
    APPEND("]}");
    int error = refuse(filter, text, reason, sizeof(reason));
    ck_assert_int_eq(strstr(reason, "more than 1000 combinations") != NULL, error != 0);
    return error;
}

START_TEST(a_thousand_combinations_are_taken_and_no_more)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    ck_assert_int_eq(add_combinations(filter, 1001), ESM_ERR_CONFIG);
    ck_assert_int_eq(add_combinations(filter, 1000), 0);
    ck_assert_int_eq(ask(filter, "{\"a\":0,\"b\":\"x\"}"), YES);
    ck_assert_int_eq(ask(filter, "{\"a\":999,\"b\":\"x\"}"), YES);
    ck_assert_int_eq(ask(filter, "{\"a\":1000,\"b\":\"x\"}"), NO);
    ck_assert_int_eq(ask(filter, "{\"a\":999}"), NO);
    esm_filter_free(filter);
    /* As products of several lists: 10 * 10 * 10, and once more. */
    empty();
    APPEND("{");
    for (int list = 0; list < 3; list++) {
        APPEND("%s'%c':{'$or':[", list == 0 ? "" : ",", 'p' + list);
        for (int i = 0; i < 10; i++)
            APPEND("%s{'a%d':[1]}", i == 0 ? "" : ",", i);
        APPEND("]}");
    }
    size_t size = text_size;
    APPEND("}");
    ck_assert_int_eq(rig_answer(text, "{'p':{'a9':1},'q':{'a0':1},'r':{'a5':1}}"), YES);
    ck_assert_int_eq(rig_answer(text, "{'p':{'a9':1},'q':{'a0':1},'r':{'b5':1}}"), NO);
    text_size = size;
    APPEND(",'$or':[{'a':[1]},{'b':[1]}]}");
    ck_assert_int_eq(rig_answer(text, "{}"), BAD);
}
END_TEST

/* With one value missing in turn. */
START_TEST(each_of_many_fields_counts)
{
    enum {
        FIELDS = 200
    };
    empty();
    APPEND("{'a':{");
    for (int i = 0; i < FIELDS; i++)
        APPEND("'f%d':[%d],", i, i);
    APPEND("'g':[{'exists':false}]}}");
    esm_filter *filter = rig_filter(text);
    for (int missing = -1; missing <= FIELDS; missing++) {
        empty();
        APPEND("{\"a\":[{\"f1\":0},{");
        for (int i = 0; i < FIELDS; i++)
            APPEND("\"f%d\":%d,", i, i == missing ? -1 : i);
        APPEND("\"%s\":1},{\"g\":1}]}", missing == FIELDS ? "g" : "h");
        ck_assert_msg(ask(filter, text) == (missing < 0), "without field %d", missing);
    }
    esm_filter_free(filter);
}
END_TEST

START_TEST(a_combination_has_896_fields_and_no_more)
{
    for (int fields = 896; fields <= 897; fields++) {
        empty();
        APPEND("{");
        for (int i = 0; i < fields; i++)
            APPEND("%s'f%d':[{'exists':false}]", i == 0 ? "" : ",", i);
        APPEND("}");
        ck_assert_int_eq(rig_answer(text, "{}"), fields == 896 ? YES : BAD);
    }
}
END_TEST

/* b and c in the innermost element of so many arrays. */
static void nest(int depth, const char *inside)
{
    empty();
    for (int i = 0; i < depth; i++)
        APPEND("{\"a\":[{\"x\":1},");
    APPEND("%s", inside);
    for (int i = 0; i < depth; i++)
        APPEND("]}");
}

START_TEST(arrays_are_looked_into_eight_deep)
{
    for (int depth = 1; depth <= 10; depth++) {
        empty();
        APPEND("{'");
        for (int i = 0; i < depth; i++)
            APPEND("a%s", i + 1 < depth ? "." : "");
        APPEND("':{'b':[1],'c':[2]}}");
        esm_filter *filter = rig_filter(text);
        nest(depth, "{\"b\":1,\"c\":2}");
        ck_assert_msg(ask(filter, text) == (depth <= 8), "%d deep", depth);
        nest(depth, "{\"b\":1},{\"c\":2}");
        ck_assert_msg(ask(filter, text) == NO, "%d deep", depth);
        esm_filter_free(filter);
    }
}
END_TEST

/* What fits stands last, behind many elements that fit in part. */
START_TEST(every_element_of_a_long_array_counts)
{
    esm_filter *filter = rig_filter("{'value':{'a':{'b':[1],'c':[2],'d':[{'exists':false}]}}}");
    for (int fits = 0; fits <= 1; fits++) {
        empty();
        APPEND("{'a':[");
        for (int i = 0; i < 10000; i++)
            APPEND("{'%s':%d,'d':%d},", i % 2 == 0 ? "b" : "c", 1 + i % 2, i);
        APPEND("{'b':1,'c':%d}]}", 1 + fits);
        ck_assert_int_eq(rig_passes(filter, text), fits);
    }
    esm_filter_free(filter);
}
END_TEST

/* Elements of which none is better than another before the one that is whole. */
START_TEST(elements_that_fit_in_part_hide_none_that_fits)
{
    static const char pattern[] =
        "{'a':{'p':[1],'w':[{'exists':false},1],'x':[{'exists':false},1],'y':[{'exists':false},1],"
        "'z':[{'exists':false},1]}}";
    static const struct row rows[] = {
        {pattern,
         "{'a':[{},{'w':1},{'x':1},{'y':1},{'z':1},{'w':1,'x':1},{'w':1,'y':1},{'w':1,'z':1},{'x':1,'z':1},"
         "{'p':1,'x':1,'y':1}]}",
         YES},
        {pattern,
         "{'a':[{},{'w':1},{'x':1},{'y':1},{'z':1},{'w':1,'x':1},{'w':1,'y':1},{'w':1,'z':1},{'x':1,'z':1},"
         "{'p':1,'x':1,'y':2}]}",
         NO},
    };
    EXPECT(rows);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        arguments_are_checked,
        reason_is_cut_to_its_room,
        without_patterns_everything_passes,
        refused_pattern_changes_nothing,
        threads_match_at_once,
        each_of_many_patterns_counts,
        a_thousand_combinations_are_taken_and_no_more,
        each_of_many_fields_counts,
        a_combination_has_896_fields_and_no_more,
        arrays_are_looked_into_eight_deep,
        every_element_of_a_long_array_counts,
        elements_that_fit_in_part_hide_none_that_fits,
    };
    Suite *all = suite_create("filter_limits");
    TCase *tcase = tcase_create("all");
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
