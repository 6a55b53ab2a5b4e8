/* SPDX-License-Identifier: MIT */
/* The one table of options. Setters, JSON, validation, docs/configuration.md and the tests all read it. */
#ifndef ESM_CONFIG_TABLE_H
#define ESM_CONFIG_TABLE_H

#include "config/check.h"

enum esm__option_type {
    ESM__OPTION_INT,    /* min..max */
    ESM__OPTION_BOOL,   /* true or false */
    ESM__OPTION_CHOICE, /* one of `choices` */
    ESM__OPTION_TEXT,   /* what `check` lets pass */
    ESM__OPTION_LIST,   /* min..max texts, each one of `choices` or as `check` wants it; kept joined by commas
                         */
    ESM__OPTION_TIME, /* seconds since 1970, or ISO 8601; kept as seconds, with a fraction of three digits if
                         any */
    ESM__OPTION_TAGS, /* an object of texts; kept as JSON */
    ESM__OPTION_FILTERS, /* FilterCriteria.Filters; kept as JSON */
    ESM__OPTION_JSON, /* AWS has it and libesm does not: nothing that has content is taken */
    ESM__OPTION_IGNORED, /* only AWS's answers have it: understood and forgotten */
};

enum esm__option_flag {
    ESM__MINUS_ONE = 1,     /* INT: -1 is allowed beside the range: without limit */
    ESM__MAY_BE_EMPTY = 2,  /* TEXT: an empty one is the same as none */
    ESM__SECRET = 4,        /* the value stays out of faults and JSON */
    ESM__MAY_NAME_USER = 8, /* TEXT: an @ in it may come after a password, which stays out of faults */
};

struct esm__option {
    const char *name; /* a capital letter first: AWS's, with dots into objects; a small one: libesm's own */
    const char *alias;
    enum esm__option_type type;
    unsigned flags;
    int64_t min;
    int64_t max;
    const char *choices;  /* separated by | */
    esm__check_fn check;  /* NULL: any */
    const char *fallback; /* the default; NULL: none */
    const char *refusal;  /* why every value but the default is refused; NULL: the option is served */
    const char *text;
};

/* `option` with `value` (NULL: any) wants `other` with `other_value` (NULL: any), or excludes it. */
struct esm__rule {
    const char *option;
    const char *value;
    int excludes;
    const char *other;
    const char *other_value;
};

/* What librdkafka takes and libesm keeps for itself. A * at the end stands for any rest. */
struct esm__kafka_refusal {
    const char *name;
    const char *reason;
};

extern const struct esm__option esm__options[];
extern const size_t esm__option_count;
extern const struct esm__rule esm__rules[];
extern const size_t esm__rule_count;
extern const struct esm__kafka_refusal esm__kafka_refusals[];
extern const size_t esm__kafka_refusal_count;

static inline int esm__option_is_aws(const struct esm__option *option)
{
    return option->name[0] < 'a';
}

/* By name or alias; NULL: there is none. */
const struct esm__option *esm__option_find(struct esm__span name);

/* Whether a name is that of an object which holds options. */
int esm__option_is_object(struct esm__span name);

/* The known name that was perhaps meant; NULL: none is near. */
const char *esm__option_suggest(struct esm__span name);

/* Whether the item is one of the choices. */
int esm__option_allows(const struct esm__option *option, struct esm__span item);

/* The property of librdkafka behind "kafka."; 0 if the name does not begin so. */
int esm__kafka_property(struct esm__span name, struct esm__span *ret_property);
int esm__kafka_is_secret(struct esm__span property);

/* Why a property is refused; NULL: it is not. */
const char *esm__kafka_refusal(struct esm__span property);

#endif
