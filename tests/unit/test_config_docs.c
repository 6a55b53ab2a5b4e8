/* SPDX-License-Identifier: MIT */
/*
 * docs/configuration.md is what this program makes of the table of options. ESM_WRITE_DOCS=1 in the
 * environment writes the page; else it is compared. The mappings that pages show are loaded.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include <esm/config.h>

#include "config/reason.h"
#include "config/table.h"

static const char head[] =
    "# Configuration\n"
    "\n"
    "<!-- Made by tests/unit/test_config_docs.c from lib/config/table.c: ESM_WRITE_DOCS=1 meson test "
    "config_docs -->\n"
    "\n"
    "A mapping is the JSON that `create-event-source-mapping` takes or `get-event-source-mapping` prints, "
    "with libesm's\n"
    "own options beside AWS's:\n"
    "\n"
    "```json\n"
    "{\n"
    "    \"FunctionName\": \"orders\",\n"
    "    \"SelfManagedEventSource\": {\"Endpoints\": {\"KAFKA_BOOTSTRAP_SERVERS\": [\"localhost:9092\"]}},\n"
    "    \"Topics\": [\"orders\"],\n"
    "    \"StartingPosition\": \"TRIM_HORIZON\",\n"
    "    \"MaximumRetryAttempts\": 3,\n"
    "    \"aws.endpoint_url\": \"http://localhost:4566\",\n"
    "    \"kafka.client.id\": \"orders-1\"\n"
    "}\n"
    "```\n"
    "\n"
    "The same names are those of `esm_config_set()`; dots lead into objects, and a list is a JSON array or "
    "separated by\n"
    "commas: `esm_config_set(config, \"DestinationConfig.OnFailure.Destination\", \"kafka://failed\")`. An "
    "empty value takes\n"
    "an option back to its default.\n"
    "\n"
    "Nothing is ignored in silence. An unknown name, a bad value, a member given twice, options that exclude "
    "each other,\n"
    "and what this version does not serve are faults; `esm_config_get_fault()` gives them all at once. Only "
    "what the\n"
    "tables call \"without effect\" or \"ignored\" is.\n"
    "\n"
    "In JSON a value of AWS's has AWS's type. libesm's own may also be written as texts.\n"
    "\n";

static const char kafka_head[] =
    "\n## Options of librdkafka\n"
    "\n"
    "`kafka.` and the name of a property goes to librdkafka as it is: `kafka.security.protocol`, "
    "`kafka.sasl.password`.\n"
    "Properties that hold passwords, keys or other secrets never appear in faults, nor in what "
    "`esm_config_to_json()`\n"
    "prints. These are refused, as libesm keeps them for itself:\n"
    "\n"
    "| Property | Why |\n"
    "|---|---|\n";

static const char rules_head[] =
    "\n## Options that go together\n"
    "\n"
    "| Option | | Other option |\n"
    "|---|---|---|\n";

static const char tail[] =
    "\n"
    "A back-off that is set is not above `backoff.max_ms`; `MinimumPollers` is not above `MaximumPollers`; "
    "the destination\n"
    "is not the source topic.\n"
    "\n"
    "`function.url` beside `FunctionName` sends the events to the URL; the name then only stands in failure "
    "records and in\n"
    "the consumer group.\n"
    "\n"
    "## The consumer group\n"
    "\n"
    "The first of these that is given: `ConsumerGroupId` (or `kafka.group.id`), `UUID`, and else\n"
    "`esm-<function>-<topic>`. There `<function>` is the bare name, with `-` and the qualifier if one is "
    "named, or host and\n"
    "path of `function.url`. Two mappings of one function and one topic thus share their partitions, unless "
    "they name\n"
    "different groups.\n"
    "\n"
    "## What the built-in parts need\n"
    "\n"
    "| Part | Needs |\n"
    "|---|---|\n"
    "| Kafka source | `Topics`, `StartingPosition`, and brokers: `SelfManagedEventSource` or "
    "`kafka.bootstrap.servers`; a consumer group, where no function is named |\n"
    "| Invoker | `FunctionName`, `FunctionArn` or `function.url` |\n"
    "| Destination | none, or a `kafka://` topic |\n"
    "\n"
    "A program that brings its own source, function or destination needs none of that part; "
    "`esm_config_validate()` takes\n"
    "the parts that are wanted.\n";

static void put(struct esm__bytes *page, const char *text)
{
    ck_assert_int_eq(esm__bytes_append_text(page, text), 0);
}

/* A table's cell: a bar is escaped. */
static void put_cell(struct esm__bytes *page, const char *text)
{
    for (; *text != '\0'; text++)
        ck_assert_int_eq(esm__bytes_format(page, *text == '|' ? "\\%c" : "%c", *text), 0);
}

static void put_option(struct esm__bytes *page, const struct esm__option *option)
{
    struct esm__bytes values;
    esm__bytes_init(&values, NULL);
    ck_assert_int_eq(esm__describe(option, &values), 0);
    ck_assert_int_eq(esm__bytes_format(page, "| `%s` | ", option->name), 0);
    put_cell(page, values.data);
    put(page, " | ");
    if (option->fallback != NULL)
        ck_assert_int_eq(esm__bytes_format(page, "`%s`", option->fallback), 0);
    put(page, " | ");
    put_cell(page, option->text);
    put(page, " |\n");
    esm__bytes_free(&values);
}

static void put_refused(struct esm__bytes *page, const struct esm__option *option)
{
    ck_assert_int_eq(esm__bytes_format(page, "| `%s` | ", option->name), 0);
    put_cell(page, option->text);
    put(page, " | ");
    put_cell(page, option->refusal);
    put(page, " |\n");
}

static void put_options(struct esm__bytes *page, int aws)
{
    put(page, aws ? "## AWS's options\n\n" : "\n## libesm's own options\n\n");
    put(page, "| Option | Values | Default | |\n|---|---|---|---|\n");
    for (size_t i = 0; i < esm__option_count; i++)
        if (esm__option_is_aws(&esm__options[i]) == aws && esm__options[i].type != ESM__OPTION_IGNORED &&
            (!aws || esm__options[i].refusal == NULL))
            put_option(page, &esm__options[i]);
}

static void put_others(struct esm__bytes *page)
{
    put(page,
        "\n## What is refused\n\nEvery value but an empty one, or the default, is a fault.\n\n"
        "| Option | | Why |\n|---|---|---|\n");
    for (size_t i = 0; i < esm__option_count; i++)
        if (esm__options[i].refusal != NULL)
            put_refused(page, &esm__options[i]);
    put(page, "\n## What is ignored\n\nMembers that only AWS's answers have:");
    for (size_t i = 0, count = 0; i < esm__option_count; i++)
        if (esm__options[i].type == ESM__OPTION_IGNORED)
            ck_assert_int_eq(
                esm__bytes_format(page, "%s`%s`", count++ == 0 ? "\n" : ",\n", esm__options[i].name), 0);
    put(page, ".\n");
}

static void put_rules(struct esm__bytes *page)
{
    put(page, rules_head);
    for (size_t i = 0; i < esm__rule_count; i++) {
        const struct esm__rule *rule = &esm__rules[i];
        ck_assert_int_eq(esm__bytes_format(page, "| `%s%s%s` | %s | `%s%s%s` |\n", rule->option,
                                           rule->value == NULL ? "" : " = ",
                                           rule->value == NULL ? "" : rule->value,
                                           rule->excludes ? "not beside" : "needs", rule->other,
                                           rule->other_value == NULL ? "" : " = ",
                                           rule->other_value == NULL ? "" : rule->other_value),
                         0);
    }
}

static void make_page(struct esm__bytes *page)
{
    put(page, head);
    put_options(page, 1);
    put_options(page, 0);
    put(page, kafka_head);
    for (size_t i = 0; i < esm__kafka_refusal_count; i++)
        ck_assert_int_eq(esm__bytes_format(page, "| `%s` | %s |\n", esm__kafka_refusals[i].name,
                                           esm__kafka_refusals[i].reason),
                         0);
    put_others(page);
    put_rules(page);
    put(page, tail);
}

static FILE *open_page(const char *name, const char *mode)
{
    char path[4096];
    const char *data = getenv("ESM_TEST_DATA");
    ck_assert_msg(data != NULL, "ESM_TEST_DATA is the directory tests/unit/data");
    snprintf(path, sizeof(path), "%s/../../../docs/%s", data, name);
    FILE *file = fopen(path, mode);
    ck_assert_msg(file != NULL, "cannot open %s", path);
    return file;
}

START_TEST(page_is_made_of_the_table)
{
    struct esm__bytes page;
    esm__bytes_init(&page, NULL);
    make_page(&page);
    if (getenv("ESM_WRITE_DOCS") != NULL) {
        FILE *file = open_page("configuration.md", "w");
        ck_assert_uint_eq(fwrite(page.data, 1, page.size, file), page.size);
        ck_assert_int_eq(fclose(file), 0);
    }
    FILE *file = open_page("configuration.md", "r");
    char *written = calloc(1, page.size + 2);
    size_t size = fread(written, 1, page.size + 1, file);
    ck_assert_msg(size == page.size && memcmp(written, page.data, size) == 0,
                  "docs/configuration.md is not what the table says: run this test with ESM_WRITE_DOCS=1");
    fclose(file);
    free(written);
    esm__bytes_free(&page);
}
END_TEST

/* The first one of a page. */
static void expect_good_mapping(const char *name, const char *needed)
{
    char page[65536], *mapping, *end;
    const char *value, *option = "", *reason = "";
    esm_config *config;
    FILE *file = open_page(name, "r");
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    fclose(file);
    ck_assert_ptr_nonnull(mapping = strstr(page, "```json\n"));
    mapping += strlen("```json\n");
    ck_assert_ptr_nonnull(end = strstr(mapping, "\n```"));
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    int error = esm_config_load_json(config, mapping, (size_t)(end - mapping));
    if (error == 0)
        error = esm_config_validate(config, ESM_CONFIG_KAFKA);
    if (esm_config_get_fault_count(config) > 0)
        esm_config_get_fault(config, 0, &option, &reason);
    ck_assert_msg(error == 0, "%s: %s: %s: %s", name, esm_strerror(error), option, reason);
    ck_assert_int_eq(esm_config_get(config, needed, &value), 0);
    ck_assert_ptr_nonnull(value);
    esm_config_free(config);
}

START_TEST(mappings_that_are_shown_have_no_fault)
{
    expect_good_mapping("configuration.md", "aws.endpoint_url");
    expect_good_mapping("filters.md", "FilterCriteria.Filters");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("config_docs");
    TCase *tests = tcase_create("config_docs");
    tcase_add_test(tests, page_is_made_of_the_table);
    tcase_add_test(tests, mappings_that_are_shown_have_no_fault);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
