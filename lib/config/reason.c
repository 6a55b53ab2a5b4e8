/* SPDX-License-Identifier: MIT */
#include "config/reason.h"

#include <inttypes.h>

#include "json/writer.h"

#define SHOWN_MAX 80

int esm__quote(struct esm__span text, struct esm__bytes *to)
{
    size_t shown = text.size < SHOWN_MAX ? text.size : SHOWN_MAX;
    while (shown > 0 && shown < text.size && ((unsigned char)text.data[shown] & 0xc0) == 0x80)
        shown--;
    int error = esm__json_append_string(to, text.data, shown);
    if (error == 0 && shown < text.size)
        error = esm__bytes_append_text(to, "...");
    return error != 0 ? error : esm__bytes_terminate(to);
}

/* ---- what is good ---- */

int esm__describe_choices(const struct esm__option *option, struct esm__bytes *to)
{
    int error = 0;
    for (const char *choice = option->choices; error == 0 && choice != NULL;) {
        size_t size = strcspn(choice, "|");
        error = esm__bytes_append(to, choice, size);
        choice = choice[size] == '|' ? choice + size + 1 : NULL;
        if (error == 0 && choice != NULL)
            error = esm__bytes_append_text(to, strchr(choice, '|') == NULL ? " or " : ", ");
    }
    return error;
}

/* One text, or one item of a list. No check lets a lone newline pass. */
static int describe_text(const struct esm__option *option, struct esm__bytes *to)
{
    if (option->choices != NULL)
        return esm__describe_choices(option, to);
    return esm__bytes_append_text(to, option->check == NULL ? "a text" : option->check(esm__span("\n")));
}

int esm__describe_count(const struct esm__option *option, struct esm__bytes *to)
{
    if (option->min == option->max)
        return esm__bytes_format(to, "a list of exactly %" PRId64, option->max);
    return esm__bytes_format(to, "a list of %" PRId64 " to %" PRId64, option->min, option->max);
}

int esm__describe(const struct esm__option *option, struct esm__bytes *to)
{
    int error = 0;
    switch (option->type) {
    case ESM__OPTION_INT:
        error = esm__bytes_format(to, "a whole number from %" PRId64 " to %" PRId64 "%s", option->min,
                                  option->max, (option->flags & ESM__MINUS_ONE) != 0 ? ", or -1" : "");
        break;
    case ESM__OPTION_BOOL: error = esm__bytes_append_text(to, "true or false"); break;
    case ESM__OPTION_LIST:
        error = esm__describe_count(option, to);
        if (error == 0)
            error = esm__bytes_append_text(to, ", each ");
        if (error == 0)
            error = describe_text(option, to);
        break;
    case ESM__OPTION_TIME:
        error = esm__bytes_append_text(to, "a time in seconds since 1970 or in ISO 8601, not in the future");
        break;
    case ESM__OPTION_TAGS:
        error = esm__bytes_append_text(
            to, "an object of texts, keys of 1 to 128 and values of at most 256 characters");
        break;
    case ESM__OPTION_FILTERS:
        error = esm__bytes_append_text(to, "a list of objects with a Pattern each");
        break;
    case ESM__OPTION_CHOICE:
    case ESM__OPTION_TEXT: error = describe_text(option, to); break;
    case ESM__OPTION_JSON: error = esm__bytes_append_text(to, "empty"); break;
    case ESM__OPTION_IGNORED: error = esm__bytes_append_text(to, "anything"); break;
    }
    return error != 0 ? error : esm__bytes_terminate(to);
}

/* ---- why not: all of these return ESM_ERR_CONFIG once the reason is written ---- */

int esm__reason_show(unsigned flags, struct esm__span shown, struct esm__bytes *reason)
{
    int has_user = (flags & ESM__MAY_NAME_USER) != 0 && memchr(shown.data, '@', shown.size) != NULL;
    if ((flags & ESM__SECRET) != 0 || has_user)
        return esm__bytes_append_text(reason, "the value");
    return esm__quote(shown, reason);
}

static int end_reason(int error, const char *text, struct esm__bytes *reason)
{
    if (error == 0)
        error = esm__bytes_append_text(reason, text);
    if (error == 0)
        error = esm__bytes_terminate(reason);
    return error != 0 ? error : ESM_ERR_CONFIG;
}

int esm__reason_say(const struct esm__option *option, struct esm__span shown, const char *middle,
                    const char *end, struct esm__bytes *reason)
{
    int error = esm__reason_show(option->flags, shown, reason);
    if (error == 0)
        error = esm__bytes_append_text(reason, middle);
    return end_reason(error, end, reason);
}

int esm__reason_not(const struct esm__option *option, struct esm__span shown, esm__describe_fn describe,
                    struct esm__bytes *reason)
{
    int error = esm__reason_show(option->flags, shown, reason);
    if (error == 0)
        error = esm__bytes_append_text(reason, " is not ");
    if (error == 0)
        error = describe(option, reason);
    return end_reason(error, "", reason);
}

int esm__reason_not_good(const struct esm__option *option, struct esm__span shown, struct esm__bytes *reason)
{
    return esm__reason_not(option, shown, esm__describe, reason);
}
