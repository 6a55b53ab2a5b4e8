/* SPDX-License-Identifier: MIT */
/* The operators on strings, and what is no pattern. The answers are those of EventBridge's engine. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "filter_rig.h"

START_TEST(anything_but_wants_a_value_that_is_another)
{
    static const char text[] = "{'a':[{'anything-but':'x'}]}";
    static const char list[] = "{'a':[{'anything-but':[1,2]}]}";
    static const char prefix[] = "{'a':[{'anything-but':{'prefix':'x'}}]}";
    static const char suffix[] = "{'a':[{'anything-but':{'suffix':['x','y']}}]}";
    static const char folded[] = "{'a':[{'anything-but':{'equals-ignore-case':['X','']}}]}";
    static const char like[] = "{'a':[{'anything-but':{'wildcard':'*x*'}}]}";
    static const struct row rows[] = {
        {text, "{'a':'y'}", YES},
        {text, "{'a':'x'}", NO},
        {text, "{'a':'\\u0078'}", NO},
        {text, "{'a':1}", YES},
        {text, "{'a':null}", YES},
        {text, "{'a':true}", YES},
        {text, "{'a':['x','y']}", YES},
        {text, "{'a':['x',['y']]}", YES},
        {text, "{'a':['x','x']}", NO},
        {text, "{}", NO},
        {text, "{'a':[]}", NO},
        {text, "{'a':{}}", NO},
        {text, "{'a':{'b':'y'}}", NO},
        {list, "{'a':3}", YES},
        {list, "{'a':2.0}", NO},
        {list, "{'a':'1'}", YES},
        {"{'a':[{'anything-but':['x','y']}]}", "{'a':'y'}", NO},
        {"{'a':[{'anything-but':'x'},{'anything-but':'y'}]}", "{'a':'x'}", YES},
        {"{'a':[{'anything-but':'x'},'x']}", "{'a':'x'}", YES},
        {prefix, "{'a':'xa'}", NO},
        {prefix, "{'a':'ax'}", YES},
        {prefix, "{'a':1}", YES},
        {suffix, "{'a':'ay'}", NO},
        {suffix, "{'a':'ax'}", NO},
        {suffix, "{'a':'xa'}", YES},
        {folded, "{'a':'x'}", NO},
        {folded, "{'a':''}", NO},
        {folded, "{'a':'xx'}", YES},
        {like, "{'a':'axb'}", NO},
        {like, "{'a':'ab'}", YES},
        {"{'a':[{'anything-but':{'wildcard':'*'}}]}", "{'a':''}", NO},
        {"{'a':[{'anything-but':{'wildcard':'*'}}]}", "{'a':1}", YES},
        {"{'a':[{'anything-but':[]}]}", "{}", BAD},
        {"{'a':[{'anything-but':['x',1]}]}", "{}", BAD},
        {"{'a':[{'anything-but':[['x']]}]}", "{}", BAD},
        {"{'a':[{'anything-but':null}]}", "{}", BAD},
        {"{'a':[{'anything-but':[true]}]}", "{}", BAD},
        {"{'a':[{'anything-but':{}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'prefix':''}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'suffix':['x','']}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'prefix':[]}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'prefix':1}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'prefix':{'equals-ignore-case':'x'}}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'exists':true}}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'prefix':'a','suffix':'b'}}]}", "{}", BAD},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(prefix_and_suffix_are_of_strings)
{
    static const struct row rows[] = {
        {"{'a':[{'prefix':'ab'}]}", "{'a':'abc'}", YES},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'ab'}", YES},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'a'}", NO},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'cab'}", NO},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'\\u0061bc'}", YES},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'\\u0061\\u0062'}", YES},
        {"{'a':[{'prefix':''}]}", "{'a':''}", YES},
        {"{'a':[{'prefix':''}]}", "{'a':1}", NO},
        {"{'a':[{'prefix':'1'}]}", "{'a':12}", NO},
        {"{'a':[{'prefix':'n'}]}", "{'a':null}", NO},
        {"{'a':[{'suffix':'bc'}]}", "{'a':'abc'}", YES},
        {"{'a':[{'suffix':'bc'}]}", "{'a':'bca'}", NO},
        {"{'a':[{'suffix':'bc'}]}", "{'a':'c'}", NO},
        {"{'a':[{'suffix':'bc'}]}", "{'a':'\\u00e9b\\u0063'}", YES},
        {"{'a':[{'suffix':''}]}", "{'a':'x'}", YES},
        {"{'a':[{'suffix':''}]}", "{'a':1}", NO},
        {"{'a':[{'prefix':{'equals-ignore-case':'aB'}}]}", "{'a':'AbC'}", YES},
        {"{'a':[{'prefix':{'equals-ignore-case':'aB'}}]}", "{'a':'AcB'}", NO},
        {"{'a':[{'suffix':{'equals-ignore-case':'\xc3\x9f"
         "a'}}]}",
         "{'a':'xSSA'}", YES},
        {"{'a':[{'suffix':{'equals-ignore-case':'aB'}}]}", "{'a':'Abx'}", NO},
        {"{'a':[{'suffix':{'equals-ignore-case':'\\u212a'}}]}", "{'a':'xk'}", YES},
        {"{'a':[{'suffix':{'equals-ignore-case':'\\u212a'}}]}", "{'a':'x\\u212a'}", YES},
        {"{'a':[{'suffix':{'equals-ignore-case':'\\u212a'}}]}", "{'a':'xK'}", NO},
        {"{'a':[{'suffix':{'equals-ignore-case':'\\u0149'}}]}", "{'a':'x\\u02bcN'}", YES},
        {"{'a':[{'prefix':{'equals-ignore-case':'\\u0149'}}]}", "{'a':'\\u02bcNx'}", YES},
        {"{'a':[{'prefix':1}]}", "{}", BAD},
        {"{'a':[{'suffix':['x']}]}", "{}", BAD},
        {"{'a':[{'prefix':{'prefix':'x'}}]}", "{}", BAD},
        {"{'a':[{'prefix':{'equals-ignore-case':['x']}}]}", "{}", BAD},
        {"{'a':[{'prefix':{}}]}", "{}", BAD},
    };
    EXPECT(rows);
}
END_TEST

#define FOLDED(text) "{'a':[{'equals-ignore-case':'" text "'}]}"
#define TEXT(text)   "{'a':'" text "'}"

START_TEST(equals_ignore_case_knows_both_cases_of_a_character)
{
    static const struct row rows[] = {
        {FOLDED("aBc"), TEXT("AbC"), YES},
        {FOLDED("aBc"), TEXT("AbCd"), NO},
        {FOLDED("aBc"), TEXT("Ab"), NO},
        {FOLDED("@[`{"), TEXT("`{@["), NO},
        {FOLDED("\\u00e9"), TEXT("\\u00c9"), YES},
        {FOLDED("\xc3\x89"), TEXT("\xc3\xa9"), YES},
        {FOLDED("\\u00e9"), TEXT("e\\u0301"), NO},
        {FOLDED("\\u03c3"), TEXT("\\u03a3"), YES},
        {FOLDED("\\u03c3"), TEXT("\\u03c2"), NO},
        {FOLDED("\\u03c2"), TEXT("\\u03a3"), YES},
        {FOLDED("\\u03c2"), TEXT("\\u03c3"), NO},
        {FOLDED("\\u00df"), TEXT("SS"), YES},
        {FOLDED("\\u00df"), TEXT("\\u00df"), YES},
        {FOLDED("\\u00df"), TEXT("ss"), NO},
        {FOLDED("\\u00df"), TEXT("Ss"), NO},
        {FOLDED("SS"), TEXT("\\u00df"), NO},
        {FOLDED("\\u1e9e"), TEXT("\\u00df"), YES},
        {FOLDED("\\u212a"), TEXT("k"), YES},
        {FOLDED("\\u212a"), TEXT("K"), NO},
        {FOLDED("\\u212a"), TEXT("\\u212a"), YES},
        {FOLDED("k"), TEXT("\\u212a"), NO},
        {FOLDED("\\u0130"), TEXT("i\\u0307"), YES},
        {FOLDED("\\u0130"), TEXT("i"), NO},
        {FOLDED("\\u0131"), TEXT("I"), YES},
        {FOLDED("I"), TEXT("\\u0131"), NO},
        {FOLDED("\\u01c5"), TEXT("\\u01c4"), YES},
        {FOLDED("\\u01c5"), TEXT("\\u01c6"), YES},
        {FOLDED("\\u01c5"), TEXT("\\u01c5"), NO},
        {FOLDED("\\ufb00"), TEXT("FF"), YES},
        {FOLDED("\\ud801\\udc00"), TEXT("\\ud801\\udc00"), YES},
        {FOLDED("\\ud801\\udc00"), TEXT("\\ud801\\udc28"), NO},
        {FOLDED(""), TEXT(""), YES},
        {FOLDED("1"), "{'a':1}", NO},
        {"{'a':[{'equals-ignore-case':['x']}]}", "{}", BAD},
        {"{'a':[{'equals-ignore-case':1}]}", "{}", BAD},
    };
    EXPECT(rows);
}
END_TEST

#define LIKE(text) "{'a':[{'wildcard':'" text "'}]}"

START_TEST(wildcard_has_stars_for_any_run)
{
    static const struct row rows[] = {
        {LIKE("a*c"), TEXT("abbc"), YES},
        {LIKE("a*c"), TEXT("ac"), YES},
        {LIKE("a*c"), TEXT("acb"), NO},
        {LIKE("a*c"), TEXT("bac"), NO},
        {LIKE("*"), TEXT(""), YES},
        {LIKE("*"), "{'a':1}", NO},
        {LIKE("*"), "{'a':null}", NO},
        {LIKE(""), TEXT(""), YES},
        {LIKE(""), TEXT("a"), NO},
        {LIKE("*b"), TEXT("abab"), YES},
        {LIKE("*ab*ab*"), TEXT("xabyabz"), YES},
        {LIKE("*ab*ab*"), TEXT("xabz"), NO},
        {LIKE("*aab"), TEXT("aaab"), YES},
        {LIKE("a*b*c"), TEXT("abxbxcxc"), YES},
        {LIKE("*\\u00e9"), TEXT("\\u00e9\\u00e9"), YES},
        {LIKE("a?c"), TEXT("abc"), NO},
        {LIKE("a?c"), TEXT("a?c"), YES},
        {LIKE("a\\\\*c"), TEXT("a*c"), YES},
        {LIKE("a\\\\*c"), TEXT("abc"), NO},
        {LIKE("a\\\\\\\\*"), TEXT("a\\\\bc"), YES},
        {LIKE("a\\\\\\\\*"), TEXT("abc"), NO},
        {LIKE("*\\\\*"), TEXT("ab*"), YES},
        {LIKE("*\\\\**"), TEXT("ab*c"), YES},
        {LIKE("a**c"), "{}", BAD},
        {LIKE("a\\\\"), "{}", BAD},
        {LIKE("a\\\\b"), "{}", BAD},
        {"{'a':[{'wildcard':1}]}", "{}", BAD},
        {"{'a':[{'wildcard':['x']}]}", "{}", BAD},
        {"{'a':[{'anything-but':{'wildcard':'a**'}}]}", "{}", BAD},
    };
    EXPECT(rows);
}
END_TEST

#define CIDR(text)  "{'a':[{'cidr':'" text "'}]}"
#define PLAIN(text) "{'a':['" text "']}"

START_TEST(addresses_are_compared_as_such)
{
    static const struct row rows[] = {
        {CIDR("10.1.2.3/8"), TEXT("10.255.0.1"), YES},
        {CIDR("10.1.2.3/8"), TEXT("11.1.2.3"), NO},
        {CIDR("10.1.0.0/15"), TEXT("10.0.9.9"), YES},
        {CIDR("10.1.0.0/15"), TEXT("10.2.0.0"), NO},
        {CIDR("10.0.0.0/31"), TEXT("10.0.0.1"), YES},
        {CIDR("10.0.0.0/31"), TEXT("10.0.0.2"), NO},
        {CIDR("0.0.0.0/0"), TEXT("255.1.2.3"), YES},
        {CIDR("0.0.0.0/0"), TEXT("::1"), NO},
        {CIDR("0.0.0.0/0"), TEXT("x"), NO},
        {CIDR("0.0.0.0/0"), "{'a':1}", NO},
        {CIDR("::/0"), TEXT("1.2.3.4"), NO},
        {CIDR("fe80::1/10"), TEXT("FEBF::"), YES},
        {CIDR("fe80::1/10"), TEXT("fec0::"), NO},
        {CIDR("::/127"), TEXT("::1"), YES},
        {CIDR("::/127"), TEXT("::2"), NO},
        {CIDR("10.0.0.0/32"), "{}", BAD},
        {CIDR("::/128"), "{}", BAD},
        {CIDR("10.0.0/8"), "{}", BAD},
        {CIDR("10.0.0.0"), "{}", BAD},
        {CIDR("10.0.0.0/"), "{}", BAD},
        {CIDR("10.0.0.0/-1"), "{}", BAD},
        {CIDR("10.0.0.0/ 8"), "{}", BAD},
        {CIDR("10.0.0.0/4294967304"), "{}", BAD},
        {CIDR("256.0.0.0/8"), "{}", BAD},
        {CIDR("::1.2.3.4/8"), "{}", BAD},
        {"{'a':[{'cidr':['10.0.0.0/8']}]}", "{}", BAD},
        {PLAIN("::1"), TEXT("0:0:0:0:0:0:0:1"), YES},
        {PLAIN("0:0:0:0:0:0:0:1"), TEXT("::0001"), YES},
        {PLAIN("FE80::1"), TEXT("fe80::1"), YES},
        {PLAIN("fe80::1"), TEXT("fe80::2"), NO},
        {PLAIN("1.2.3.4"), TEXT("001.02.3.4"), YES},
        {PLAIN("1.2.3.4"), TEXT("1.2.3.5"), NO},
        {PLAIN("1.2.3.4"), TEXT("1.2.3.4 "), NO},
        {PLAIN("1.2.3.4"), TEXT("\\u0031.2.3.4"), YES},
        {PLAIN("1.2.3.4"), TEXT("::ffff:102:304"), YES},
        {PLAIN("1.2.3"), TEXT("1.2.3"), YES},
        {PLAIN("300.2.3.4"), TEXT("300.2.3.4"), YES},
        {PLAIN("300.2.3.4"), TEXT("300.2.3.04"), NO},
        {PLAIN("a:b"), TEXT("A:B"), NO},
        {"{'a':[{'exactly':'::1'}]}", TEXT("0:0:0:0:0:0:0:1"), NO},
        {"{'a':[{'exactly':'::1'}]}", TEXT("::1"), YES},
        {"{'a':[{'anything-but':'::1'}]}", TEXT("0:0:0:0:0:0:0:1"), YES},
        {"{'a':[{'anything-but':'::1'}]}", TEXT("::1"), NO},
    };
    EXPECT(rows);
}
END_TEST

/* ---- what is no pattern ---- */

/* In two lines, so that lines and columns show. The place is behind what was read last. */
static const struct {
    const char *pattern;
    int line, column;
    const char *words;
} faults[] = {
    {"", 1, 1, "the text ends too early"},
    {"{", 1, 2, "the text ends too early"},
    {"[1]", 1, 2, "a pattern is a JSON object"},
    {"1", 1, 2, "a pattern is a JSON object"},
    {"{}", 1, 3, "an object is empty"},
    {"{'a':\n{}}", 2, 3, "an object is empty"},
    {"{'a':\n1}", 2, 2, "a field wants a list of values or an object"},
    {"{'a':'x'}", 1, 9, "a field wants a list of values or an object"},
    {"{'a':\n[]}", 2, 3, "a list of values is empty"},
    {"{'a':['x',\n['y']]}", 2, 2, "a list stands inside a list of values"},
    {"{'a':[{}]}", 1, 9, "an operator is missing"},
    {"{'a':[{\n'like':'x'}]}", 2, 7, "there is no such operator"},
    {"{'a':[{'PREFIX':'x'}]}", 1, 16, "there is no such operator"},
    {"{'a':[{'prefix':'x',\n'suffix':'y'}]}", 2, 9, "two operators stand in one object"},
    {"{'a':[{'prefix':1}]}", 1, 18, "prefix and suffix want a text"},
    {"{'a':[{'exactly':1}]}", 1, 19, "exactly wants a text"},
    {"{'a':[{'equals-ignore-case':1}]}", 1, 30, "equals-ignore-case wants a text"},
    {"{'a':[{'exists':\n'yes'}]}", 2, 6, "exists wants true or false"},
    {"{'a':[{'wildcard':1}]}", 1, 20, "wildcard wants a text"},
    {"{'a':[{'wildcard':'a**'}]}", 1, 24, "wildcard has two stars in a row"},
    {"{'a':[{'cidr':1}]}", 1, 16, "cidr wants a text"},
    {"{'a':[{'cidr':'10.0.0.1'}]}", 1, 25, "cidr wants an address, a slash"},
    {"{'a':[{'numeric':['<']}]}", 1, 23, "numeric wants a number behind each comparison"},
    {"{'a':[{'numeric':['~',1]}]}", 1, 22, "numeric wants ="},
    {"{'a':[{'numeric':['>',\n5,'<',5]}]}", 2, 9, "numeric wants the low end below the high end"},
    {"{'a':[{'numeric':['=',9007199254740993]}]}", 1, 39, "numeric has a number that a double does not hold"},
    {"{'a':[{'anything-but':['x',1]}]}", 1, 29, "anything-but wants a text, a number"},
    {"{'a':[{'anything-but':[9007199254740993]}]}", 1, 40,
     "anything-but has a number that a double does not hold"},
    {"{'a':[{'anything-but':{'prefix':''}}]}", 1, 35, "anything-but has an empty prefix"},
    {"{'a':[{'anything-but':{'prefix':1}}]}", 1, 34, "an operator in anything-but wants a text"},
    {"{'a':[{'anything-but':{'cidr':'x'}}]}", 1, 30, "anything-but takes prefix, suffix"},
    {"{'$or':[{'a':[1]}]}", 1, 19, "$or wants two objects or more"},
    {"{'$or':[{'a':[1]},\n1]}", 2, 2, "$or wants a list of objects"},
    {"{'$or':\n1}", 2, 2, "$or wants a list of objects"},
    {"{'$or':[{'a':[1]},{'cidr':[1]}]}", 1, 26, "the name of an operator is no field inside $or"},
    {"{'a':['x',]}", 1, 11, "a value is missing"},
    {"{'a':['x'],}", 1, 12, "a key is missing"},
    {"{'a':['\n']}", 1, 8, "a control character in a string"},
    {"{'a':['x']", 1, 11, "the text ends too early"},
};

START_TEST(fault_has_a_reason_and_a_place)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        char reason[300] = "", place[40];
        char *pattern = rig_quote(faults[i].pattern);
        esm_filter *filter;
        ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
        int error = esm_filter_add_pattern(filter, pattern, strlen(pattern), reason, sizeof(reason));
        ck_assert_msg(error == ESM_ERR_CONFIG, "%s: %d", pattern, error);
        snprintf(place, sizeof(place), "line %d, column %d: ", faults[i].line, faults[i].column);
        ck_assert_msg(strncmp(reason, place, strlen(place)) == 0, "%s: %s", pattern, reason);
        ck_assert_msg(strncmp(reason + strlen(place), faults[i].words, strlen(faults[i].words)) == 0,
                      "%s: %s", pattern, reason);
        ck_assert_msg(rig_passes(filter, "x"), "%s was added", pattern);
        esm_filter_free(filter);
        free(pattern);
    }
}
END_TEST

static int error_of(const char *pattern, size_t size)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    int error = esm_filter_add_pattern(filter, pattern, size, NULL, 0);
    esm_filter_free(filter);
    return error;
}

START_TEST(pattern_is_json_and_nothing_else)
{
    ck_assert_int_eq(error_of("{\"a\":[\"x\"]}", 11), 0);
    ck_assert_int_eq(error_of("{'a':['x']}", 11), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("{\"a\":[\"x\",]}", 12), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("{\"a\":[\"x\"],}", 12), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("{\"a\":[\"x\"]/**/}", 15), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("\xef\xbb\xbf{\"a\":[\"x\"]}", 14), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("{\"a\":[\"\xff\"]}", 11), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("{\"a\":[\"x\"]}", 10), ESM_ERR_CONFIG);
    ck_assert_int_eq(error_of("", 0), ESM_ERR_CONFIG);
}
END_TEST

START_TEST(nothing_behind_the_closing_brace_is_looked_at)
{
    static const char zeros[] = "{'a':['x\\u0000y']}";
    static const struct row rows[] = {
        {" \t\r\n{'a':[1]} x", "{'a':1}", YES},
        {"{'a':[1]}}", "{'a':1}", YES},
        {"{'a':[1]}", " \n{'a':1} {", YES},
        {"{'a':[1]}", "{'a':1}\xff", YES},
        {"{'a':[1]}", "{'a':1", NONE},
        {"{'a':[1]}", "{'a':1,'b':nul}", NONE},
        {"{'a':[1]}", "{'a':1,'b':[{'c':}]}", NONE},
        {"{'a':[1]}", "[{'a':1}]", NONE},
        {"{'a':[1]}", "1", NONE},
        {"{'a':[1]}", "", NONE},
        {"{'a':[1]}", "\xef\xbb\xbf{'a':1}", NONE},
        {"{'a':[{'exists':false}]}", "{'b':}", NONE},
        {zeros, "{'a':'x\\u0000y'}", YES},
        {zeros, "{'a':'x'}", NO},
        {zeros, "{'a':'x\\u0000z'}", NO},
        {"{'a':['x']}", "{'a':'x\\u0000'}", NO},
    };
    EXPECT(rows);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        anything_but_wants_a_value_that_is_another,
        prefix_and_suffix_are_of_strings,
        equals_ignore_case_knows_both_cases_of_a_character,
        wildcard_has_stars_for_any_run,
        addresses_are_compared_as_such,
        fault_has_a_reason_and_a_place,
        pattern_is_json_and_nothing_else,
        nothing_behind_the_closing_brace_is_looked_at,
    };
    Suite *all = suite_create("filter_operator");
    TCase *tcase = tcase_create("all");
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
