/* SPDX-License-Identifier: Apache-2.0
 * The directive's little language: see config.h. */
#include "check/config.h"

#include <assert.h>

static uint64_t bit(const struct rule *r) {
    assert(r - rules < 64);
    return (uint64_t)1 << (r - rules);
}

static uint64_t names(struct str list) {
    struct str name;
    uint64_t bits = 0;
    list = str_trim(list);
    if (str_eqz(list, "all"))
        return UINT64_MAX;
    while (str_next(&list, ',', &name))
        for (const struct rule *r = rules; r->id; r++)
            if (str_eqz(str_trim(name), r->id))
                bits |= bit(r);
    return bits;
}

static bool parse_option(struct str option, struct check_config *config, struct err *e) {
    struct str key, value;
    bool has_value = str_cut(option, '=', &key, &value);
    key = str_trim(key);
    if (has_value && str_eqz(key, "skip")) {
        config->skip |= names(value);
        return true;
    }
    if (has_value && str_eqz(key, "experimental")) {
        config->experimental |= names(value);
        return true;
    }
    if (has_value && str_eqz(key, "error"))
        return str_to_bool(str_trim(value), &config->error) ||
               err_set(e, ERR_USAGE, "failed to parse check option \"%s\": error is true or false", SHOWN(option));
    return err_set(e, ERR_USAGE, "invalid check option \"%s\": there are skip=RULE,..., error=true and experimental=RULE,...",
                   SHOWN(has_value ? key : option));
}

bool check_config_parse(struct str text, struct check_config *config, struct err *e) {
    struct str rest = str_trim(text), option;
    if (rest.n == 0)
        return true;
    while (str_next(&rest, ';', &option))
        if (!parse_option(option, config, e))
            return false;
    return true;
}

/* --- Comments -------------------------------------------------------------------------------------------------------------------- */

bool comment_next(struct str *comments, struct str *comment) {
    struct str line;
    while (str_next(comments, '\n', &line)) {
        line = str_trim(line);
        if (line.n == 0)
            continue;
        *comment = str_trim(str_from(line, 1));
        return true;
    }
    return false;
}

bool comment_check(struct str comment, struct str *value) {
    struct str key, rest;
    if (!str_cut(comment, '=', &key, &rest) || !str_eq_nocase(str_trim_right(key), S("check")))
        return false;
    (void)str_cut(str_trim(rest), ' ', value, &rest);
    return value->n > 0;
}

struct check_config check_config_comments(struct str comments) {
    struct str comment, value;
    while (comment_next(&comments, &comment)) {
        if (!comment_check(comment, &value))
            continue;
        struct err e = ERR_INIT;
        struct check_config own = {0};
        bool good = check_config_parse(value, &own, &e);
        err_clear(&e);
        return good ? own : (struct check_config){0};
    }
    return (struct check_config){0};
}

bool check_config_allows(const struct check_config *config, const struct rule *r) {
    return r->experimental ? config->experimental & bit(r) : !(config->skip & bit(r));
}
