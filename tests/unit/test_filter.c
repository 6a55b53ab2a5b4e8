/* SPDX-License-Identifier: MIT */
/* The language of patterns, rule by rule. The answers are those of EventBridge's engine. */
#include "unit.h"

#include "filter_rig.h"

START_TEST(a_field_matches_if_any_value_does)
{
    static const struct row rows[] = {
        {"{'a':['x']}", "{'a':'x'}", YES},
        {"{'a':['x']}", "{'a':'y'}", NO},
        {"{'a':['x']}", "{'b':'x'}", NO},
        {"{'a':['x',1,null,true]}", "{'a':1}", YES},
        {"{'a':['x',1,null,true]}", "{'a':null}", YES},
        {"{'a':['x',1,null,true]}", "{'a':true}", YES},
        {"{'a':['x',1,null,true]}", "{'a':false}", NO},
        {"{'a':[1]}", "{'a':[3,1]}", YES},
        {"{'a':[1]}", "{'a':[[3],[[2,1]]]}", YES},
        {"{'a':[1]}", "{'a':[[3],[[2]]]}", NO},
        {"{'a':[1]}", "{'a':[{'a':1}]}", NO},
        {"{'a':[1]}", "{'a':[]}", NO},
        {"{'a':{'b':[1]}}", "{'a':{'b':1}}", YES},
        {"{'a':{'b':[1]}}", "{'b':1}", NO},
        {"{'a':[1],'b':[2]}", "{'b':2,'a':1}", YES},
        {"{'a':[1],'b':[2]}", "{'b':2,'a':2}", NO},
        {"{'a':[1]}", "{}", NO},
        {"{'\\u0061':['\\u0078\\n']}", "{'a':'x\\u000a'}", YES},
        {"{'a':['x']}", "{'\\u0061':'\\u0078'}", YES},
        {"{'':['x']}", "{'':'x'}", YES},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(fields_in_an_array_match_in_one_element)
{
    static const char both[] = "{'a':{'b':[1],'c':[2]}}";
    static const char inner[] = "{'a':{'b':[1],'c':{'d':[2]}}}";
    static const char direct[] = "{'a':[1],'a.b':[2]}";
    static const struct row rows[] = {
        {both, "{'a':[{'b':1,'c':2}]}", YES},
        {both, "{'a':[{'b':1},{'c':2}]}", NO},
        {both, "{'a':[{'b':1},{'c':2},{'c':2,'b':1}]}", YES},
        {both, "{'a':[{'b':1,'c':3},{'b':2,'c':2}]}", NO},
        {both, "{'a':[{'b':1,'b':3,'c':2}]}", YES},
        {both, "{'a':[[{'b':1}],[{'c':2}]]}", NO},
        {both, "{'a':[[{'b':1},{'c':2}]]}", NO},
        {both, "{'a':[[{'b':1}],{'c':2}]}", NO},
        {both, "{'a':[[{'b':1,'c':2}]]}", YES},
        {both, "{'a':[{'b':[0,1],'c':[[2]]}]}", YES},
        {inner, "{'a':[{'b':1,'c':[{'d':3},{'d':2}]}]}", YES},
        {inner, "{'a':[{'b':1,'c':[{'d':3}]},{'c':[{'d':2}]}]}", NO},
        {"{'a':{'b':{'x':[1]},'c':{'x':[1]}}}", "{'a':[{'b':[{},{'x':1}],'c':[{'x':1},{}]}]}", YES},
        {direct, "{'a':[1,{'b':2}]}", YES},
        {direct, "{'a':[{'b':2},1]}", YES},
        {direct, "{'a':[[1],{'b':2}]}", NO},
        {direct, "{'a':[[1,{'b':2}]]}", YES},
        {"{'a':{'b':[1]},'c':{'b':[1]}}", "{'a':[{},{'b':1}],'c':[{'b':1},{}]}", YES},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(dots_in_names_are_objects_in_objects)
{
    static const struct row rows[] = {
        {"{'a.b':[1]}", "{'a':{'b':1}}", YES},
        {"{'a':{'b':[1]}}", "{'a.b':1}", YES},
        {"{'a':{'b.c':[1]}}", "{'a.b':{'c':1}}", YES},
        {"{'a.b.c':[1]}", "{'a':{'b':{'c':1}}}", YES},
        {"{'a.b.c':[1]}", "{'a':{'b.c':[1]}}", YES},
        {"{'a.b.c':[1]}", "{'a\\u002eb':{'c':1}}", YES},
        {"{'a.':[1]}", "{'a':{'':1}}", YES},
        {"{'':{'a':[1]}}", "{'.a':1}", YES},
        {"{'a.b':[1]}", "{'ab':1}", NO},
        {"{'a.b':[1]}", "{'a':1,'b':1}", NO},
        {"{'a.b':[1]}", "{'a.b.c':1}", NO},
        {"{'a.b':[1],'a':{'c':[2]}}", "{'a':[{'b':1},{'c':2}]}", NO},
        {"{'a.b':[1],'a':{'c':[2]}}", "{'a':[{'b':1}],'a.c':2}", YES},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(of_repeated_names_all_count_in_events_and_the_last_in_patterns)
{
    static const char both[] = "{'a':{'b':[1],'c':[2]}}";
    static const struct row rows[] = {
        {"{'a':[1]}", "{'a':1,'a':2}", YES},
        {"{'a':[2]}", "{'a':1,'a':2}", YES},
        {both, "{'a':{'b':1},'a':{'c':2}}", YES},
        {both, "{'a':[{'b':1}],'a':[{'c':2}]}", YES},
        {both, "{'a':[{'b':1}],'a':{'c':2}}", YES},
        {both, "{'a':[{'b':1}],'a':[{'c':3}]}", NO},
        {"{'a':[1],'a':[2]}", "{'a':1}", NO},
        {"{'a':[1],'a':[2]}", "{'a':2}", YES},
        {"{'a':{'b':[1]},'a.b':[2]}", "{'a':{'b':1}}", NO},
        {"{'a':{'b':[1]},'a.b':[2]}", "{'a':{'b':2}}", YES},
        {"{'a':{'b':[1]},'a':{'c':[2]}}", "{'a':{'b':1,'c':2}}", YES},
        {"{'a':{'b':[1]},'a':{'c':[2]}}", "{'a':{'c':2}}", NO},
        {"{'a':[1],'a':{'b':[2]}}", "{'a':1,'a':{'b':2}}", YES},
        {"{'a':[],'a':[2]}", "{'a':2}", BAD},
        {"{'a':[{'exists':1}],'a':[2]}", "{'a':2}", BAD},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(or_is_an_operator_if_it_has_the_form_of_one)
{
    static const char operator[] = "{'$or':[{'a':[1]},{'b':[2]}]}";
    static const struct row rows[] = {
        {operator, "{'a':1}", YES},
        {operator, "{'b':2}", YES},
        {operator, "{'a':2,'b':1}", NO},
        {operator, "{'$or':1}", NO},
        {"{'x':{'$or':[{'a':[1]},{'b':[2]}]}}", "{'x':{'b':2}}", YES},
        {"{'x':{'$or':[{'a':[1]},{'b':[2]}]}}", "{'b':2}", NO},
        {"{'c':[3],'$or':[{'a':[1]},{'b':[2]}]}", "{'a':1,'c':3}", YES},
        {"{'c':[3],'$or':[{'a':[1]},{'b':[2]}]}", "{'a':1}", NO},
        {"{'$or':[{'a':[1]},{'$or':[{'b':[2]},{'c':[3]}]}]}", "{'c':3}", YES},
        {"{'$or':[{'a':[1]},{'b':[2]},{'c':[3]}]}", "{'c':3}", YES},
        {"{'$or':[{'a':['x']},{'a':['x','y']}]}", "{'a':'y'}", YES},
        {"{'$or':['x']}", "{'$or':'x'}", YES},
        {"{'$or':['x',{'prefix':'y'}]}", "{'$or':'yes'}", YES},
        {"{'$or':{'a':[1]}}", "{'$or':{'a':1}}", YES},
        {"{'$or':[{'prefix':'a'},{'suffix':'b'}]}", "{'$or':'xb'}", YES},
        {"{'$or':[{'prefix':'a'},{'suffix':'b'}]}", "{'prefix':'a'}", NO},
        {"{'a':{'$or':['x']}}", "{'a.$or':'x'}", YES},
        {"{'a.$or':['x']}", "{'a':{'$or':'x'}}", YES},
        {"{'$or':[]}", "{}", BAD},
        {"{'$or':[{'a':[1]}]}", "{'a':1}", BAD},
        {"{'$or':[{'a':[1]},1]}", "{'a':1}", BAD},
        {"{'$or':[{'a':[1]},{}]}", "{'a':1}", BAD},
        {"{'$or':1}", "{'$or':1}", BAD},
        {"{'$or':[{'a':[1]},{'cidr':['x']}]}", "{'a':1}", BAD},
        {"{'$or':[{'a':[1]},{'b':{'=':[2]}}]}", "{'a':1}", BAD},
        {"{'a.$or':[{'a':[1]},{'b':[2]}]}", "{'a':1}", BAD},
        {"{'x':{'$or':['y']},'$or':[{'a':[1]},{'b':[2]}]}", "{'a':1}", BAD},
        {"{'$or':['x'],'a':[{'anything-but':['b']}]}", "{'$or':'x','a':'a'}", YES},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(or_overrides_what_stands_before_it)
{
    static const char behind[] = "{'a':[1],'$or':[{'a':[2]},{'b':[3]}]}";
    static const char before[] = "{'$or':[{'a':[2]},{'b':[3]}],'a':[1]}";
    static const char twice[] = "{'$or':[{'a':[2]},{'a':[3]}],'$or':[{'b':[1]},{'a':[7]}]}";
    static const char nested[] = "{'$or':[{'$or':[{'b':[1]},{'b':[2]}],'b':[9]},{'c':[1]}]}";
    static const struct row rows[] = {
        {behind, "{'a':2}", YES},       {behind, "{'a':1}", NO},       {behind, "{'a':1,'b':3}", YES},
        {behind, "{'a':2,'b':3}", YES}, {behind, "{'b':3}", NO},       {before, "{'a':1}", YES},
        {before, "{'a':2}", NO},        {before, "{'b':3}", NO},       {twice, "{'a':7}", YES},
        {twice, "{'a':2}", NO},         {twice, "{'a':2,'b':1}", YES}, {nested, "{'b':9}", YES},
        {nested, "{'b':1}", NO},        {nested, "{'c':1}", YES},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(numbers_compare_by_value_where_a_double_holds_them)
{
    static const struct row rows[] = {
        {"{'a':[300]}", "{'a':300.0}", YES},
        {"{'a':[3e2]}", "{'a':300}", YES},
        {"{'a':[0.003E+5]}", "{'a':300.000}", YES},
        {"{'a':[300]}", "{'a':301}", NO},
        {"{'a':[-0]}", "{'a':0}", YES},
        {"{'a':[0]}", "{'a':-0.0e-9}", YES},
        {"{'a':[0]}", "{'a':1e-400}", NO},
        {"{'a':[9007199254740992]}", "{'a':9007199254740992.0}", YES},
        {"{'a':[9007199254740993]}", "{'a':9007199254740993}", YES},
        {"{'a':[9007199254740993]}", "{'a':9007199254740993.0}", NO},
        {"{'a':[9007199254740992]}", "{'a':9007199254740993}", NO},
        {"{'a':[123456789012345678]}", "{'a':123456789012345678}", YES},
        {"{'a':[123456789012345678]}", "{'a':123456789012345679}", NO},
        {"{'a':[1e400]}", "{'a':1e400}", YES},
        {"{'a':[1e400]}", "{'a':10e399}", NO},
        {"{'a':[1e308]}", "{'a':10e307}", YES},
        {"{'a':[1e23]}", "{'a':1.0e23}", YES},
        {"{'a':[4.9e-324]}", "{'a':49e-325}", YES},
        {"{'a':[5e-324]}", "{'a':0.5e-323}", NO},
        {"{'a':[{'numeric':['=',9007199254740993]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>',1e400]}]}", "{}", BAD},
        {"{'a':[{'anything-but':9007199254740993}]}", "{}", BAD},
        {"{'a':[{'numeric':['>',0]}]}", "{'a':9007199254740993}", NO},
        {"{'a':[{'numeric':['>',0]}]}", "{'a':1e400}", NO},
        {"{'a':[{'anything-but':[1]}]}", "{'a':9007199254740993}", YES},
        {"{'a':[{'anything-but':[9007199254740992]}]}", "{'a':9007199254740993}", YES},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(strings_never_equal_other_types)
{
    static const struct row rows[] = {
        {"{'a':['1']}", "{'a':1}", NO},
        {"{'a':[1]}", "{'a':'1'}", NO},
        {"{'a':['true']}", "{'a':true}", NO},
        {"{'a':[true]}", "{'a':'true'}", NO},
        {"{'a':['null']}", "{'a':null}", NO},
        {"{'a':[null]}", "{'a':'null'}", NO},
        {"{'a':[{'numeric':['=',1]}]}", "{'a':'1'}", NO},
        {"{'a':[{'anything-but':[1]}]}", "{'a':'1'}", YES},
        {"{'a':['18446744073709551616']}", "{'a':18446744073709551616}", NO},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(numeric_is_equal_or_in_a_range)
{
    static const char range[] = "{'a':[{'numeric':['>',0,'<=',5]}]}";
    static const struct row rows[] = {
        {"{'a':[{'numeric':['=',5]}]}", "{'a':5.0}", YES},
        {"{'a':[{'numeric':['=',5]}]}", "{'a':5.1}", NO},
        {"{'a':[{'numeric':['<',5]}]}", "{'a':5}", NO},
        {"{'a':[{'numeric':['<',5]}]}", "{'a':4.999}", YES},
        {"{'a':[{'numeric':['<=',5]}]}", "{'a':5}", YES},
        {"{'a':[{'numeric':['<=',5]}]}", "{'a':6}", NO},
        {"{'a':[{'numeric':['>',-5]}]}", "{'a':-5}", NO},
        {"{'a':[{'numeric':['>',-5]}]}", "{'a':-4.9}", YES},
        {"{'a':[{'numeric':['>=',-5]}]}", "{'a':-50e-1}", YES},
        {"{'a':[{'numeric':['>=',-5]}]}", "{'a':-5.001}", NO},
        {"{'a':[{'numeric':['>',-0]}]}", "{'a':0}", NO},
        {"{'a':[{'numeric':['>',0]}]}", "{'a':4.9e-324}", YES},
        {"{'a':[{'numeric':['<',10]}]}", "{'a':9}", YES},
        {"{'a':[{'numeric':['<',1e10]}]}", "{'a':9e9}", YES},
        {range, "{'a':0}", NO},
        {range, "{'a':1e-300}", YES},
        {range, "{'a':5}", YES},
        {range, "{'a':5.5}", NO},
        {range, "{'a':[6,3]}", YES},
        {range, "{'a':true}", NO},
        {"{'a':[{'numeric':['>=',0,'<=',0]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>',1,'<',0]}]}", "{}", BAD},
        {"{'a':[{'numeric':['<',5,'>',1]}]}", "{}", BAD},
        {"{'a':[{'numeric':['=',1,'<',2]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>',1,'>',2]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>',1,'=',2]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>',1,'<',2,'<',3]}]}", "{}", BAD},
        {"{'a':[{'numeric':[]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>']}]}", "{}", BAD},
        {"{'a':[{'numeric':['!=',1]}]}", "{}", BAD},
        {"{'a':[{'numeric':['>','1']}]}", "{}", BAD},
        {"{'a':[{'numeric':[1]}]}", "{}", BAD},
        {"{'a':[{'numeric':'>'}]}", "{}", BAD},
    };
    EXPECT(rows);
}
END_TEST

START_TEST(exists_asks_for_a_leaf)
{
    static const char there[] = "{'a':[{'exists':true}]}";
    static const char absent[] = "{'a':{'b':[{'exists':false}]}}";
    static const char b_absent[] = "{'a':{'b':[{'exists':false}],'c':[1]}}";
    static const char c_absent[] = "{'a':{'b':[1],'c':[{'exists':false}]}}";
    static const char inner[] = "{'a':{'b':[1],'c':{'d':[{'exists':false}]}}}";
    static const char inner_fixed[] = "{'a':{'b':[1],'c':{'a':[1],'d':[{'exists':false}]}}}";
    static const struct row rows[] = {
        {there, "{'a':1}", YES},
        {there, "{'a':null}", YES},
        {there, "{'a':[0]}", YES},
        {there, "{'a':[]}", NO},
        {there, "{'a':{}}", NO},
        {there, "{'a':{'b':1}}", NO},
        {there, "{'b':1}", NO},
        {absent, "{}", YES},
        {absent, "{'a':1}", YES},
        {absent, "{'a':{'b':[]}}", YES},
        {absent, "{'a':{'b':{}}}", YES},
        {absent, "{'a':{'b':[{},[[]]]}}", YES},
        {absent, "{'a':[{},{'c':1}]}", YES},
        {absent, "{'a':{'b':null}}", NO},
        {absent, "{'a':{'b':[{'c':1},2]}}", NO},
        {absent, "{'a':[{},{'b':1}]}", NO},
        {absent, "{'a.b':1}", NO},
        {b_absent, "{'a':[{'c':1},{'b':2}]}", NO}, /* b comes first, and looks at all elements */
        {b_absent, "{'a':[{'c':1},{}]}", YES},
        {c_absent, "{'a':[{'b':1},{'c':2}]}", YES},
        {c_absent, "{'a':[{'b':1,'c':2},{'b':1}]}", YES},
        {c_absent, "{'a':[{'b':1,'c':2},{}]}", NO},
        {c_absent, "{'a':[{'b':1}],'a':[{'c':2}]}", NO},
        {c_absent, "{'a':[{'b':1}],'a.c':2}", NO},
        {inner, "{'a':[{'b':1,'c':[{'d':1},{}]}]}", NO},
        {inner, "{'a':[{'b':1,'c':[{},{}]},{'c':{'d':1}}]}", YES},
        {inner_fixed, "{'a':[{'b':1,'c':[{'d':1},{'a':1}]}]}", YES},
        {inner_fixed, "{'a':[{'b':1,'c':[{'d':1,'a':1}]}]}", NO},
        {"{'a':{'b':[1],'c':[{'exists':false},1]}}", "{'a':[{'b':1},{'c':5}]}", YES},
        {"{'a':{'b':[1],'c':[{'exists':false},1]}}", "{'a':[{'b':1,'c':1}]}", YES},
        {"{'a':{'b':[1],'c':[{'exists':false},1]}}", "{'a':[{'b':1,'c':5}]}", NO},
        {"{'a':{'b':[{'exists':false},1],'c':[1]}}", "{'a':[{'b':1},{'c':1}]}", NO},
        {"{'$or':[{'a':[{'exists':false}]},{'b':[1]}]}", "{'a':1,'b':1}", YES},
        /* by UTF-16, U+10000 comes before U+FFFF: it is looked for in all elements */
        {"{'a':{'\xf0\x90\x80\x80':[{'exists':false}],'\xef\xbf\xbf':[1]}}",
         "{'a':[{'\xef\xbf\xbf':1},{'\xf0\x90\x80\x80':1}]}", NO},
        {"{'a':{'\xf0\x90\x80\x80':[1],'\xef\xbf\xbf':[{'exists':false}]}}",
         "{'a':[{'\xef\xbf\xbf':1},{'\xf0\x90\x80\x80':1}]}", YES},
        {"{'a':[{'exists':1}]}", "{}", BAD},
        {"{'a':[{'exists':'true'}]}", "{}", BAD},
        {"{'a':[{'exists':true,'exists':false}]}", "{}", BAD},
    };
    EXPECT(rows);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        a_field_matches_if_any_value_does,
        fields_in_an_array_match_in_one_element,
        dots_in_names_are_objects_in_objects,
        of_repeated_names_all_count_in_events_and_the_last_in_patterns,
        or_is_an_operator_if_it_has_the_form_of_one,
        or_overrides_what_stands_before_it,
        numbers_compare_by_value_where_a_double_holds_them,
        strings_never_equal_other_types,
        numeric_is_equal_or_in_a_range,
        exists_asks_for_a_leaf,
    };
    Suite *all = suite_create("filter");
    TCase *tcase = tcase_create("all");
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
