/* SPDX-License-Identifier: MIT */
/* What comes from AWS and its files: error codes, XML, keys, profiles. A text written as XML is found again.
 */
#include "fuzz.h"

#include <string.h>

#include "aws/answer.h"
#include "aws/keys.h"
#include "aws/profile.h"
#include "aws/xml.h"
#include "json/utf8.h"

static int is_utf8(const char *text, size_t size)
{
    size_t step = 1;
    for (size_t i = 0; i < size && step > 0; i += step)
        step = esm__utf8_sequence(text + i, size - i);
    return step > 0;
}

static void check_code(const char *header, struct esm__span body)
{
    char code[ESM__ERROR_CODE_SIZE];
    memset(code, '!', sizeof(code));
    esm__answer_code(header, body.data, body.size, code);
    MUST(memchr(code, '\0', sizeof(code)) != NULL);
    for (const char *at = code; *at != '\0'; at++)
        MUST(*at > ' ' && *at < 0x7f && strchr("<>&\"':#/", *at) == NULL);
    MUST(!(esm__code_is_expired(code) && esm__code_is_skew(code)));
}

/* Found or not, what was there before stays, and nothing is made longer. */
static void check_xml(struct esm__span xml)
{
    static const char *const paths[] = {"Error/Code", "Code", "Credentials/SessionToken", "a", "a/a", "a/b"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct esm__bytes to;
        esm__bytes_init(&to, NULL);
        MUST(esm__bytes_append_text(&to, "kept") == 0);
        int found = esm__xml_find(xml, paths[i], &to);
        MUST(found == 0 || found == 1 || found == ESM_ERR_CONFIG);
        MUST(memcmp(to.data, "kept", 4) == 0 && to.size <= xml.size + 4);
        MUST(found == 1 ? is_utf8(to.data, to.size) : to.size == 4);
        esm__bytes_free(&to);
    }
}

static void write_escaped(struct esm__bytes *xml, const char *text, size_t size, unsigned style)
{
    for (size_t i = 0, step; i < size; i += step) {
        step = esm__utf8_sequence(text + i, size - i);
        if (step == 1 && (style % 2 == 0 || strchr("<&\t\n\r", text[i]) != NULL))
            MUST(esm__bytes_format(xml, style % 4 < 2 ? "&#%d;" : "&#x%X;", text[i]) == 0);
        else
            MUST(esm__bytes_append(xml, text + i, step) == 0);
    }
}

/* Text that XML can hold comes back as it was. */
static void check_written(struct esm__span text, unsigned style)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < ' ' && strchr("\t\n\r", text.data[i]) == NULL)
            return;
    if (!is_utf8(text.data, text.size) || memchr(text.data, '\0', text.size) != NULL)
        return;
    struct esm__bytes xml;
    struct esm__bytes found;
    esm__bytes_init(&xml, NULL);
    esm__bytes_init(&found, NULL);
    MUST(esm__bytes_append_text(&xml, "<?xml version=\"1.0\"?><r xmlns='n'><a><c>no</c></a><a><b >") == 0);
    write_escaped(&xml, text.data, text.size, style);
    MUST(esm__bytes_append_text(&xml, "</b></a></r>") == 0);
    MUST(esm__xml_find((struct esm__span){xml.data, xml.size}, "a/b", &found) == 1);
    MUST(found.size == text.size && (text.size == 0 || memcmp(found.data, text.data, text.size) == 0));
    esm__bytes_free(&xml);
    esm__bytes_free(&found);
}

static void check_keys(struct esm__span json)
{
    struct esm__keys keys = {0};
    const char *reason = NULL;
    int error = esm__keys_read_json(&keys, NULL, json, "Token", &reason);
    MUST((error == 0) == (keys.access_key_id != NULL) && (error == ESM_ERR_CONFIG) == (reason != NULL));
    if (error == 0) {
        MUST(keys.access_key_id[0] != '\0' && keys.secret_access_key[0] != '\0' && keys.expires_ms >= 0);
        MUST(keys.session_token == NULL || strpbrk(keys.session_token, " \r\n\t") == NULL);
    }
    esm__keys_free(&keys, NULL);
}

static void check_profiles(struct esm__span text, int is_credentials)
{
    struct esm__profiles *profiles;
    struct esm__bytes reason;
    esm__bytes_init(&reason, NULL);
    MUST(esm__profiles_new(NULL, &profiles) == 0);
    int error = esm__profiles_add(profiles, text, is_credentials, "file", &reason);
    MUST(error == 0 || (error == ESM_ERR_CONFIG && strncmp(reason.data, "file, line ", 11) == 0));
    const char *value = esm__profiles_get(profiles, ESM__SECTION_PROFILE, "default", "a");
    MUST(value == NULL ||
         (value[0] != '\0' && strchr(" \t\r\n", value[0]) == NULL && strchr(value, '\n') == NULL));
    MUST(value == NULL || esm__profiles_has(profiles, ESM__SECTION_PROFILE, "default"));
    esm__profiles_free(profiles);
    esm__bytes_free(&reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    unsigned style = input_byte(&input);
    struct esm__span text = {(const char *)input.at, input_left(&input)};
    check_code(NULL, text);
    check_xml(text);
    check_written(text, style);
    check_keys(text);
    check_profiles(text, style % 2 != 0);
    char *header = input_text(&input, '\n');
    check_code(header, (struct esm__span){"", 0});
    free(header);
    return 0;
}
