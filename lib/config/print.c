/* SPDX-License-Identifier: MIT */
/* A configuration as JSON, in AWS's shape: dots in AWS's names become objects, libesm's own names stay flat.
 */
#include "config/inside.h"

#include "base/bytes.h"
#include "json/writer.h"

/* A JSON number that other readers take for a double keeps 15 digits. */
#define EXACT_DIGITS 15

struct printer {
    struct esm__bytes text;
    struct esm__span
        open; /* the objects that are open, as the front of a name: "DestinationConfig.OnFailure." */
    size_t depth;
    int has_member; /* of the innermost object */
};

static int print_line(struct printer *printer)
{
    int error = printer->has_member ? esm__bytes_append(&printer->text, ",", 1) : 0;
    if (error == 0)
        error = esm__bytes_append(&printer->text, "\n", 1);
    for (size_t i = 0; error == 0 && i < printer->depth; i++)
        error = esm__bytes_append(&printer->text, "    ", 4);
    return error;
}

static int open_object(struct printer *printer)
{
    printer->depth++;
    printer->has_member = 0;
    return esm__bytes_append(&printer->text, "{", 1);
}

static int close_object(struct printer *printer)
{
    printer->depth--;
    printer->has_member = 0;
    int error = print_line(printer);
    printer->has_member = 1;
    return error != 0 ? error : esm__bytes_append(&printer->text, "}", 1);
}

static int print_key(struct printer *printer, const char *name, size_t size)
{
    int error = print_line(printer);
    if (error == 0)
        error = esm__json_append_string(&printer->text, name, size);
    printer->has_member = 1;
    return error != 0 ? error : esm__bytes_append(&printer->text, ": ", 2);
}

/* Closes what `name` is not inside of. */
static int leave(struct printer *printer, const char *name)
{
    int error = 0;
    while (error == 0 && printer->open.size > 0 &&
           strncmp(printer->open.data, name, printer->open.size) != 0) {
        error = close_object(printer);
        do
            printer->open.size--;
        while (printer->open.size > 0 && printer->open.data[printer->open.size - 1] != '.');
    }
    return error;
}

/* The key of an option, within its objects. */
static int print_name(struct printer *printer, const char *name, int nested)
{
    int error = leave(printer, name);
    while (error == 0 && nested) {
        const char *start = name + printer->open.size;
        const char *dot = strchr(start, '.');
        if (dot == NULL)
            return print_key(printer, start, strlen(start));
        error = print_key(printer, start, (size_t)(dot - start));
        if (error == 0)
            error = open_object(printer);
        printer->open = (struct esm__span){name, (size_t)(dot - name) + 1};
    }
    return error != 0 ? error : print_key(printer, name, strlen(name));
}

static int print_list(struct printer *printer, const char *value)
{
    int error = esm__bytes_append(&printer->text, "[", 1);
    for (const char *item = value; error == 0 && item != NULL;) {
        size_t size = strcspn(item, ",");
        error = esm__json_append_string(&printer->text, item, size);
        item = item[size] == ',' ? item + size + 1 : NULL;
        if (error == 0 && item != NULL)
            error = esm__bytes_append(&printer->text, ", ", 2);
    }
    return error != 0 ? error : esm__bytes_append(&printer->text, "]", 1);
}

static int print_value(struct printer *printer, enum esm__option_type type, const char *value)
{
    switch (type) {
    case ESM__OPTION_LIST: return print_list(printer, value);
    case ESM__OPTION_INT:
        if (strlen(value) > EXACT_DIGITS)
            break;
        return esm__bytes_append_text(&printer->text, value);
    case ESM__OPTION_BOOL:
    case ESM__OPTION_TIME:
    case ESM__OPTION_TAGS:
    case ESM__OPTION_FILTERS:
    case ESM__OPTION_JSON: return esm__bytes_append_text(&printer->text, value);
    case ESM__OPTION_CHOICE:
    case ESM__OPTION_TEXT:
    case ESM__OPTION_IGNORED: break;
    }
    return esm__json_append_string(&printer->text, value, strlen(value));
}

/* AWS prints defaults too. Without them among libesm's own, what is read again excludes nothing that it did
 * not before. */
static int print_option(struct printer *printer, const esm_config *config, const struct esm__option *option)
{
    int is_aws = esm__option_is_aws(option);
    const char *value =
        is_aws || esm__config_is_set(config, option->name) ? esm__config_value(config, option->name) : NULL;
    if (value == NULL || (is_aws && option->refusal != NULL) || (option->flags & ESM__SECRET) != 0)
        return 0;
    int error = print_name(printer, option->name, is_aws);
    return error != 0 ? error : print_value(printer, option->type, value);
}

static int print_kafka(struct printer *printer, const struct esm__entry *entry)
{
    struct esm__span property;
    if (entry->option != NULL || !esm__kafka_property(esm__span(entry->name), &property) ||
        esm__kafka_is_secret(property))
        return 0;
    int error = print_name(printer, entry->name, 0);
    return error != 0 ? error : print_value(printer, ESM__OPTION_TEXT, entry->value);
}

static int print_all(struct printer *printer, const esm_config *config)
{
    int error = open_object(printer);
    for (size_t i = 0; error == 0 && i < esm__option_count; i++)
        error = print_option(printer, config, &esm__options[i]);
    if (error == 0)
        error = leave(printer, "");
    for (size_t i = 0; error == 0 && i < config->entry_count; i++)
        error = print_kafka(printer, &config->entries[i]);
    if (error == 0)
        error = close_object(printer);
    return error != 0 ? error : esm__bytes_append(&printer->text, "\n\0", 2);
}

int esm_config_to_json(const esm_config *config, char **ret_json)
{
    if (config == NULL || ret_json == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    struct printer printer = {0};
    esm__bytes_init(&printer.text, config->allocator);
    int error = print_all(&printer, config);
    if (error != 0) {
        esm__bytes_free(&printer.text);
        return error;
    }
    *ret_json = printer.text.data;
    return 0;
}
