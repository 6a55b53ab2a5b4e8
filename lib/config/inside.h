/* SPDX-License-Identifier: MIT */
/* A configuration inside: what was set, by name, and what was wrong. */
#ifndef ESM_CONFIG_INSIDE_H
#define ESM_CONFIG_INSIDE_H

#include <esm/config.h>
#include "config/table.h"

struct esm__entry {
    const struct esm__option *option; /* NULL: "kafka.*" */
    char *name;
    char *value;
    uint64_t load; /* the JSON that it came from; 0: none */
};

struct esm__fault {
    char *option;
    char *reason;
};

struct esm__faults {
    struct esm__fault *list;
    size_t count;
    size_t capacity;
};

struct esm_config {
    esm_allocator *allocator;
    struct esm__entry *entries; /* by name */
    size_t entry_count;
    size_t entry_capacity;
    struct esm__faults given; /* by loading and setting: each stays until its option is set anew */
    struct esm__faults found; /* by the last validation */
    uint64_t load;            /* counts the JSON read */
    char *group_id;           /* what follows from the entries; NULL: nothing to derive it from */
    char *region;
};

/* NULL: it was not set. */
const struct esm__entry *esm__config_find(const esm_config *config, struct esm__span name);

/* The value that counts, default included; NULL: none. The name is one of the table's, or "kafka.*". */
const char *esm__config_value(const esm_config *config, const char *name);
int esm__config_is_set(const esm_config *config, const char *name);

/* Sets what is known to be good; an empty value takes the option back to its default. */
int esm__config_put(esm_config *config, const struct esm__option *option, struct esm__span name,
                    struct esm__span value, uint64_t load);

int esm__faults_add(esm_config *config, struct esm__faults *faults, struct esm__span option,
                    const char *reason);
void esm__faults_forget(esm_config *config, struct esm__faults *faults, struct esm__span option);
void esm__faults_free(esm_config *config, struct esm__faults *faults);

/*
 * Sets one option from text, or the members of an object from the JSON that comes with its name; "" is the
 * mapping. 0, ESM_ERR_CONFIG: there is a fault more; ESM_ERR_NOMEM: half done.
 */
int esm__config_read_text(esm_config *config, struct esm__span name, struct esm__span value);
int esm__config_read_json(esm_config *config, struct esm__span name, struct esm__span json);

/* Why there is no such option. 0, ESM_ERR_NOMEM. */
int esm__config_add_unknown(esm_config *config, struct esm__span name);

/* group_id and region anew. 0, ESM_ERR_NOMEM. */
int esm__config_derive(esm_config *config);

#endif
