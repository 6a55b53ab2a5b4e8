/* SPDX-License-Identifier: MIT */
#include "aws/profile.h"

#include "aws/file.h"
#include "base/alloc.h"
#include "base/checked.h"

#define FILE_MAX ((size_t)1024 * 1024)

/* key NULL: a section's head. */
struct entry {
    enum esm__section_kind kind;
    char *section;
    char *key;
    char *value;
};

struct esm__profiles {
    esm_allocator *allocator;
    struct entry *entries; /* as they come: of two with one key the later one counts */
    size_t count;
    size_t capacity;
};

/* Where the reader of one file stands. Sizes are cut from `rest` line by line. */
struct reader {
    struct esm__profiles *profiles;
    struct esm__span rest;
    int is_credentials;
    int line;
    enum esm__section_kind kind;
    struct esm__span section; /* data NULL: none yet */
    struct esm__span parent;  /* the key that the indented lines below it belong to; data NULL: none */
    int is_nested;            /* the parent had no value */
    const char *fault;
};

/* ---- the list ---- */

static void entry_free(esm_allocator *allocator, struct entry *entry)
{
    if (entry->value != NULL)
        explicit_bzero(entry->value, strlen(entry->value));
    esm__free(allocator, entry->section);
    esm__free(allocator, entry->key);
    esm__free(allocator, entry->value);
}

static struct entry *append_entry(struct esm__profiles *profiles)
{
    if (profiles->count == profiles->capacity) {
        size_t capacity = profiles->capacity * 2 + 16;
        size_t size;
        struct entry *entries = NULL;
        if (esm__mul(capacity, sizeof(*entries), &size))
            entries = esm__realloc(profiles->allocator, profiles->entries, size);
        if (entries == NULL)
            return NULL;
        profiles->entries = entries;
        profiles->capacity = capacity;
    }
    struct entry *entry = &profiles->entries[profiles->count++];
    *entry = (struct entry){0};
    return entry;
}

static char *copy(esm_allocator *allocator, struct esm__span text)
{
    return esm__strndup(allocator, text.data, text.size);
}

/* Keys are compared in small letters. */
static char *copy_key(esm_allocator *allocator, struct esm__span parent, struct esm__span key)
{
    struct esm__bytes bytes;
    esm__bytes_init(&bytes, allocator);
    int error = esm__bytes_append(&bytes, parent.data, parent.size);
    if (error == 0 && parent.size > 0)
        error = esm__bytes_append(&bytes, ".", 1);
    if (error == 0)
        error = esm__bytes_append(&bytes, key.data, key.size);
    if (error == 0)
        error = esm__bytes_terminate(&bytes);
    if (error != 0) {
        esm__bytes_free(&bytes);
        return NULL;
    }
    for (char *at = bytes.data; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return bytes.data;
}

/* Below the section that the reader is in. key: data NULL for the head of the section itself. */
static int add(struct reader *reader, struct esm__span parent, struct esm__span key, struct esm__span value)
{
    esm_allocator *allocator = reader->profiles->allocator;
    struct entry *entry = append_entry(reader->profiles);
    if (entry == NULL)
        return ESM_ERR_NOMEM;
    entry->kind = reader->kind;
    entry->section = copy(allocator, reader->section);
    if (entry->section == NULL)
        return ESM_ERR_NOMEM;
    if (key.data == NULL)
        return 0;
    entry->key = copy_key(allocator, parent, key);
    entry->value = copy(allocator, value);
    return entry->key == NULL || entry->value == NULL ? ESM_ERR_NOMEM : 0;
}

/* ---- lines ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct esm__span trim(struct esm__span text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = (struct esm__span){text.data + 1, text.size - 1};
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

static struct esm__span cut_line(struct esm__span *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    struct esm__span line = {rest->data, end == NULL ? rest->size : (size_t)(end - rest->data)};
    size_t step = end == NULL ? line.size : line.size + 1;
    *rest = (struct esm__span){rest->data + step, rest->size - step};
    return line;
}

/* A comment behind a value begins with a blank, else a value may have # and ; in it. */
static struct esm__span without_comment(struct esm__span text)
{
    for (size_t i = 1; i < text.size; i++)
        if ((text.data[i] == '#' || text.data[i] == ';') && is_blank(text.data[i - 1]))
            text.size = i;
    return trim(text);
}

static int fail(struct reader *reader, const char *fault)
{
    reader->fault = fault;
    return ESM_ERR_CONFIG;
}

/* "profile x": the word in front of the name, which the config file has and the credentials file has not. */
static struct esm__span cut_word(struct esm__span *name, const char *word)
{
    size_t size = strlen(word);
    struct esm__span none = {NULL, 0};
    if (name->size <= size || memcmp(name->data, word, size) != 0 || !is_blank(name->data[size]))
        return none;
    return trim((struct esm__span){name->data + size, name->size - size});
}

/* As AWS has it: in the config file [default] may stand alone, every other profile needs its word. */
static int read_head(struct reader *reader, struct esm__span line)
{
    const char *end = memchr(line.data, ']', line.size);
    if (end == NULL)
        return fail(reader, "the head of a section has no ]");
    struct esm__span name = trim((struct esm__span){line.data + 1, (size_t)(end - line.data) - 1});
    struct esm__span after = trim((struct esm__span){end + 1, line.size - (size_t)(end + 1 - line.data)});
    if (name.size == 0 || (after.size > 0 && after.data[0] != '#' && after.data[0] != ';'))
        return fail(reader, "the head of a section is not [name]");
    struct esm__span profile = cut_word(&name, "profile");
    struct esm__span services = cut_word(&name, "services");
    reader->kind = ESM__SECTION_OTHER;
    reader->section = name;
    reader->parent = (struct esm__span){NULL, 0};
    if (reader->is_credentials || esm__span_is(name, "default")) {
        reader->kind = profile.size > 0 ? ESM__SECTION_OTHER : ESM__SECTION_PROFILE;
    } else if (profile.size > 0 || services.size > 0) {
        reader->kind = profile.size > 0 ? ESM__SECTION_PROFILE : ESM__SECTION_SERVICES;
        reader->section = profile.size > 0 ? profile : services;
    }
    return add(reader, (struct esm__span){NULL, 0}, (struct esm__span){NULL, 0}, reader->section);
}

/* 1, or 0: it is not key = value. */
static int split(struct esm__span line, struct esm__span *ret_key, struct esm__span *ret_value)
{
    const char *equals = memchr(line.data, '=', line.size);
    if (equals == NULL || equals == line.data)
        return 0;
    /* With the =, so that a comment may follow it at once. */
    struct esm__span rest =
        without_comment((struct esm__span){equals, line.size - (size_t)(equals - line.data)});
    *ret_key = trim((struct esm__span){line.data, (size_t)(equals - line.data)});
    *ret_value = trim((struct esm__span){rest.data + 1, rest.size - 1});
    return 1;
}

/* An indented line sets something below a key without value, or goes on with a value. Of the values that
 * matter here none has a second line, hence it is left out. */
static int read_indented(struct reader *reader, struct esm__span line)
{
    struct esm__span key;
    struct esm__span value;
    if (!reader->is_nested)
        return 0;
    if (!split(line, &key, &value))
        return fail(reader, "an indented line is not key = value");
    return add(reader, reader->parent, key, value);
}

static int read_value(struct reader *reader, struct esm__span line)
{
    struct esm__span value;
    if (!split(line, &reader->parent, &value))
        return fail(reader, "the line is not key = value");
    if (reader->section.data == NULL)
        return fail(reader, "the line stands in no section");
    reader->is_nested = value.size == 0;
    return add(reader, (struct esm__span){NULL, 0}, reader->parent, value);
}

static int read_line(struct reader *reader)
{
    struct esm__span whole = cut_line(&reader->rest);
    struct esm__span line = trim(whole);
    reader->line++;
    if (line.size == 0 || line.data[0] == '#' || line.data[0] == ';')
        return 0;
    if (is_blank(whole.data[0]) && reader->parent.data != NULL)
        return read_indented(reader, line);
    return line.data[0] == '[' ? read_head(reader, line) : read_value(reader, line);
}

/* ---- files ---- */

int esm__profiles_new(esm_allocator *allocator, struct esm__profiles **ret)
{
    struct esm__profiles *profiles = esm__calloc(allocator, 1, sizeof(*profiles));
    if (profiles == NULL)
        return ESM_ERR_NOMEM;
    profiles->allocator = allocator;
    *ret = profiles;
    return 0;
}

void esm__profiles_free(struct esm__profiles *profiles)
{
    if (profiles == NULL)
        return;
    for (size_t i = 0; i < profiles->count; i++)
        entry_free(profiles->allocator, &profiles->entries[i]);
    esm__free(profiles->allocator, profiles->entries);
    esm__free(profiles->allocator, profiles);
}

int esm__profiles_add(struct esm__profiles *profiles, struct esm__span text, int is_credentials,
                      const char *name, struct esm__bytes *reason)
{
    struct reader reader = {.profiles = profiles, .rest = text, .is_credentials = is_credentials};
    int error = 0;
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        error = fail(&reader, "it has a NUL in it");
    while (error == 0 && reader.rest.size > 0)
        error = read_line(&reader);
    if (error == ESM_ERR_CONFIG) {
        int failed = esm__bytes_format(reason, "%s, line %d: %s", name, reader.line, reader.fault);
        return failed != 0 ? failed : error;
    }
    return error;
}

/* The path of a file, from its variable or below the home directory, with ~ resolved. */
static int write_path(const struct esm__environment *environment, enum esm__variable variable,
                      const char *standard, struct esm__bytes *path)
{
    const char *given = environment->values[variable] != NULL ? environment->values[variable] : standard;
    const char *home = environment->values[ESM__ENV_HOME];
    if (strncmp(given, "~/", 2) != 0)
        return esm__bytes_format(path, "%s", given);
    return home == NULL ? ESM_ERR_NOT_FOUND : esm__bytes_format(path, "%s%s", home, given + 1);
}

static int add_file(struct esm__profiles *profiles, const struct esm__environment *environment,
                    int is_credentials, struct esm__bytes *reason)
{
    struct esm__bytes path;
    struct esm__bytes text;
    const char *fault = NULL;
    esm__bytes_init(&path, profiles->allocator);
    esm__bytes_init(&text, profiles->allocator);
    int error = is_credentials
                    ? write_path(environment, ESM__ENV_SHARED_CREDENTIALS_FILE, "~/.aws/credentials", &path)
                    : write_path(environment, ESM__ENV_CONFIG_FILE, "~/.aws/config", &path);
    if (error == 0)
        error = esm__file_read(path.data, FILE_MAX, &text, &fault);
    if (error == 0) {
        error = esm__profiles_add(profiles, (struct esm__span){text.data, text.size}, is_credentials,
                                  path.data, reason);
    } else if (error == ESM_ERR_CONFIG) {
        int failed = esm__bytes_format(reason, "%s: %s", path.data, fault);
        error = failed != 0 ? failed : error;
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.size);
    esm__bytes_free(&text);
    esm__bytes_free(&path);
    return error == ESM_ERR_NOT_FOUND ? 0 : error;
}

int esm__profiles_read(esm_allocator *allocator, struct esm__profiles **ret,
                       const struct esm__environment *environment, struct esm__bytes *reason)
{
    struct esm__profiles *profiles;
    int error = esm__profiles_new(allocator, &profiles);
    if (error != 0)
        return error;
    error = add_file(profiles, environment, 0, reason);
    if (error == 0) /* the later one: it wins */
        error = add_file(profiles, environment, 1, reason);
    if (error == 0)
        *ret = profiles;
    else
        esm__profiles_free(profiles);
    return error;
}

/* ---- questions ---- */

int esm__profiles_has(const struct esm__profiles *profiles, enum esm__section_kind kind, const char *section)
{
    for (size_t i = 0; profiles != NULL && i < profiles->count; i++)
        if (profiles->entries[i].kind == kind && strcmp(profiles->entries[i].section, section) == 0)
            return 1;
    return 0;
}

const char *esm__profiles_get(const struct esm__profiles *profiles, enum esm__section_kind kind,
                              const char *section, const char *key)
{
    for (size_t i = profiles == NULL ? 0 : profiles->count; i-- > 0;) {
        const struct entry *entry = &profiles->entries[i];
        if (entry->kind == kind && entry->key != NULL && strcmp(entry->section, section) == 0 &&
            strcmp(entry->key, key) == 0)
            return entry->value[0] == '\0' ? NULL : entry->value;
    }
    return NULL;
}

const char *esm__profile_name(const char *option, const struct esm__environment *environment)
{
    if (option != NULL)
        return option;
    const char *name = environment->values[ESM__ENV_PROFILE];
    return name != NULL ? name : "default";
}
