/* SPDX-License-Identifier: MIT */
/* From text and JSON into a configuration. Faults are gathered on the way, and the rest is taken. */
#include "config/inside.h"

#include <string.h>

#include "base/bytes.h"
#include "config/value.h"

#define JSON_MAX_SIZE (256 * 1024)
#define HINTS_MAX     100 /* hints cost time, and nobody reads more */

/* Buffers, and what has gone wrong so far. */
struct reader {
    esm_config *config;
    struct esm__bytes path;
    struct esm__bytes value;
    struct esm__bytes reason;
    struct esm__bytes bad; /* names of what had a bad value, each with a NUL behind it */
    uint64_t load;
    int faulty;
};

static void reader_init(struct reader *reader, esm_config *config)
{
    *reader = (struct reader){.config = config};
    esm__bytes_init(&reader->path, config->allocator);
    esm__bytes_init(&reader->value, config->allocator);
    esm__bytes_init(&reader->reason, config->allocator);
    esm__bytes_init(&reader->bad, config->allocator);
}

static int reader_end(struct reader *reader, int error)
{
    esm__bytes_free(&reader->path);
    esm__bytes_free(&reader->value);
    esm__bytes_free(&reader->reason);
    esm__bytes_free(&reader->bad);
    return error == 0 && reader->faulty ? ESM_ERR_CONFIG : error;
}

static struct esm__span path_of(const struct reader *reader)
{
    return (struct esm__span){reader->path.data, reader->path.size};
}

static int add_fault(struct reader *reader, struct esm__span name, const char *reason)
{
    reader->faulty = 1;
    return esm__faults_add(reader->config, &reader->config->given, name, reason);
}

int esm__config_add_unknown(esm_config *config, struct esm__span name)
{
    struct esm__bytes reason;
    const char *nearest = config->given.count < HINTS_MAX ? esm__option_suggest(name) : NULL;
    esm__bytes_init(&reason, config->allocator);
    int error =
        esm__bytes_format(&reason, "there is no such option%s%s%s", nearest == NULL ? "" : "; did you mean ",
                          nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    if (error == 0)
        error = esm__faults_add(config, &config->given, name, reason.data);
    esm__bytes_free(&reason);
    return error;
}

static int unknown(struct reader *reader, struct esm__span name)
{
    reader->faulty = 1;
    esm__faults_forget(reader->config, &reader->config->given, name);
    return esm__config_add_unknown(reader->config, name);
}

/* Puts in what a reading of a value has given: the value, or its fault. */
static int take(struct reader *reader, const struct esm__option *option, struct esm__span name, int error)
{
    if (error == ESM_ERR_CONFIG) {
        error = esm__bytes_append(&reader->bad, name.data, name.size);
        if (error == 0)
            error = esm__bytes_append(&reader->bad, "", 1);
        return error != 0 ? error : add_fault(reader, name, reader->reason.data);
    }
    if (error != 0)
        return error;
    return esm__config_put(reader->config, option, name,
                           (struct esm__span){reader->value.data, reader->value.size}, reader->load);
}

/* Buffers are emptied, and faults of earlier values are forgotten. */
static void begin_value(struct reader *reader, struct esm__span name)
{
    reader->value.size = 0;
    reader->reason.size = 0;
    esm__faults_forget(reader->config, &reader->config->given, name);
}

static const char *check_property(struct esm__span property)
{
    if (property.size == 0 || property.size > 120)
        return "kafka. is followed by the name of a property of librdkafka";
    for (size_t i = 0; i < property.size; i++) {
        char c = property.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return "properties of librdkafka have small letters, digits, dots and underscores in their names";
    }
    return NULL;
}

/* Whether "kafka.*" may be set at all. */
static int check_kafka(struct reader *reader, struct esm__span name, struct esm__span property, int *ret_good)
{
    const char *reason = check_property(property);
    *ret_good = 0;
    if (reason != NULL)
        return add_fault(reader, name, reason);
    reason = esm__kafka_refusal(property);
    *ret_good = reason == NULL;
    if (reason == NULL)
        return 0;
    int error = esm__bytes_format(&reader->reason, "is refused: %s", reason);
    return error != 0 ? error : add_fault(reader, name, reader->reason.data);
}

/* ---- text ---- */

static int read_text(struct reader *reader, struct esm__span name, struct esm__span value)
{
    struct esm__span property;
    const struct esm__option *option = esm__option_find(name);
    if (option != NULL) {
        struct esm__span full = esm__span(option->name);
        begin_value(reader, full);
        /* An empty text is no value, whatever the type: back to the default. */
        return take(reader, option, full,
                    value.size == 0 ? 0
                                    : esm__value_read_text(option, value, &reader->value, &reader->reason));
    }
    if (!esm__kafka_property(name, &property))
        return unknown(reader, name);
    int good;
    begin_value(reader, name);
    int error = check_kafka(reader, name, property, &good);
    return error != 0 || !good ? error : esm__config_put(reader->config, NULL, name, value, 0);
}

int esm__config_read_text(esm_config *config, struct esm__span name, struct esm__span value)
{
    struct reader reader;
    if (value.size > 0 && value.data[0] == '{' && esm__option_is_object(name))
        return esm__config_read_json(config, name, value);
    reader_init(&reader, config);
    int error = 0;
    if (esm__value_is_text(name) && esm__value_is_text(value))
        error = read_text(&reader, name, value);
    else
        error = add_fault(&reader, esm__value_is_text(name) ? name : esm__span(""),
                          "a name or a value is not UTF-8");
    return reader_end(&reader, error);
}

/* ---- JSON ---- */

/* AWS's answers have no Enabled. */
static int read_state(struct reader *reader, struct esm__json json)
{
    static const char enabled[] = "Enabled";
    struct esm__json_token token;
    if (esm__json_next(&json, &token) != ESM__JSON_STRING ||
        (!esm__json_equals(&token, "Disabled", 8) && !esm__json_equals(&token, "Disabling", 9)) ||
        esm__config_is_set(reader->config, enabled))
        return 0;
    return esm__config_put(reader->config, esm__option_find(esm__span(enabled)), esm__span(enabled),
                           esm__span("false"), 0);
}

/* Whether this JSON has given it already, be it a bad value. */
static int is_repeated(const struct reader *reader, struct esm__span name)
{
    const struct esm__entry *entry = esm__config_find(reader->config, name);
    for (size_t at = 0; at < reader->bad.size; at += strlen(reader->bad.data + at) + 1)
        if (esm__span_is(name, reader->bad.data + at))
            return 1;
    return entry != NULL && entry->load == reader->load;
}

static int read_option(struct reader *reader, const struct esm__option *option, struct esm__json *json)
{
    struct esm__span name = esm__span(option->name);
    if (is_repeated(reader, name)) {
        esm__json_skip(json);
        return add_fault(reader, name, "is given more than once");
    }
    if (esm__span_is(name, "State")) {
        int error = read_state(reader, *json);
        if (error != 0)
            return error;
    }
    begin_value(reader, name);
    return take(reader, option, name, esm__value_read_json(option, json, &reader->value, &reader->reason));
}

static int read_kafka(struct reader *reader, struct esm__span name, struct esm__span property,
                      struct esm__json *json)
{
    int good;
    if (is_repeated(reader, name)) {
        esm__json_skip(json);
        return add_fault(reader, name, "is given more than once");
    }
    begin_value(reader, name);
    int error = check_kafka(reader, name, property, &good);
    if (error != 0 || !good) {
        esm__json_skip(json);
        return error;
    }
    return take(reader, NULL, name,
                esm__value_read_scalar(json, esm__kafka_is_secret(property), &reader->value,
                                       &reader->reason));
}

static int read_members(struct reader *reader, struct esm__json *json);

/* The value that comes next belongs to the path. Only objects that the table knows are entered. */
static int read_value(struct reader *reader, struct esm__json *json)
{
    struct esm__span path = path_of(reader);
    struct esm__span property;
    struct esm__json look = *json;
    struct esm__json_token token;
    enum esm__json_type type = esm__json_next(&look, &token);
    int is_object = esm__option_is_object(path);
    if (is_object && type == ESM__JSON_OBJECT)
        return read_members(reader, json);
    const struct esm__option *option = esm__option_find(path);
    if (option != NULL)
        return read_option(reader, option, json);
    if (esm__kafka_property(path, &property))
        return read_kafka(reader, path, property, json);
    esm__json_skip(json);
    if (!is_object)
        return unknown(reader, path);
    esm__faults_forget(reader->config, &reader->config->given, path);
    return type == ESM__JSON_NULL ? 0 : add_fault(reader, path, "is not an object");
}

/* Makes the name of a member the end of the path. */
static int enter(struct reader *reader, const struct esm__json_token *key)
{
    int error = reader->path.size == 0 ? 0 : esm__bytes_append(&reader->path, ".", 1);
    if (error == 0)
        error = esm__bytes_reserve(&reader->path, key->size + 1);
    if (error != 0)
        return error;
    reader->path.size += esm__json_decode(key, reader->path.data + reader->path.size);
    return esm__bytes_terminate(&reader->path);
}

static int read_members(struct reader *reader, struct esm__json *json)
{
    struct esm__json_token key;
    size_t size = reader->path.size;
    int error = 0;
    esm__json_next(json, &key);
    while (error == 0 && esm__json_next(json, &key) == ESM__JSON_KEY) {
        error = enter(reader, &key);
        if (error == 0 && memchr(reader->path.data, '\0', reader->path.size) != NULL) {
            esm__json_skip(json);
            error = add_fault(reader, esm__span(reader->path.data), "has a NUL in its name");
        } else if (error == 0) {
            error = read_value(reader, json);
        }
        reader->path.size = size;
    }
    return error;
}

/* Lines and columns count from 1, columns in bytes. */
static int say_broken(struct reader *reader, struct esm__span text, const struct esm__json *json)
{
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < esm__json_position(json) && i < text.size; i++) {
        column = text.data[i] == '\n' ? 1 : column + 1;
        line += text.data[i] == '\n';
    }
    int error = esm__bytes_format(&reader->reason, "line %zu, column %zu: %s", line, column, json->error);
    return error != 0 ? error : add_fault(reader, path_of(reader), reader->reason.data);
}

/* The whole is looked at first: of broken JSON nothing is taken. */
static int read_json(struct reader *reader, struct esm__span text)
{
    struct esm__json json;
    struct esm__json_token token;
    if (text.size > JSON_MAX_SIZE)
        return add_fault(reader, path_of(reader), "the JSON is longer than 256 KiB");
    esm__json_init(&json, text.data, text.size);
    struct esm__json look = json;
    if (esm__json_skip(&look) != 0 || esm__json_next(&look, &token) != ESM__JSON_END)
        return say_broken(reader, text, &look);
    look = json;
    if (esm__json_next(&look, &token) != ESM__JSON_OBJECT)
        return add_fault(reader, path_of(reader), "the JSON is not an object");
    return read_members(reader, &json);
}

int esm__config_read_json(esm_config *config, struct esm__span name, struct esm__span json)
{
    struct reader reader;
    reader_init(&reader, config);
    reader.load = ++config->load;
    int error = esm__bytes_append(&reader.path, name.data, name.size);
    if (error == 0)
        error = esm__bytes_terminate(&reader.path);
    if (error == 0) {
        esm__faults_forget(config, &config->given, name);
        error = read_json(&reader, json);
    }
    return reader_end(&reader, error);
}
