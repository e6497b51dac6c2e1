/* SPDX-License-Identifier: Apache-2.0
 * The directive's little language: see config.h. */
#include "check/config.h"

#include "base/limits.h"

static void add_names(struct rule_set *set, struct str list) {
    struct str name;
    list = str_trim(list);
    if (str_eqz(list, "all"))
        rule_set_add_all(set);
    for (size_t n = 0; n < LIMIT_RULE_NAMES && str_next(&list, ',', &name); n++)
        for (size_t t = 0; rule_tables[t]; t++)
            for (const struct rule *r = rule_tables[t]; r->id; r++)
                if (rule_is_called(r, str_trim(name)))
                    rule_set_add(set, r);
}

static bool parse_option(struct str option, struct check_config *config, struct err *e) {
    struct str key, value;
    bool has_value = str_cut(option, '=', &key, &value);
    key = str_trim(key);
    if (has_value && str_eqz(key, "skip")) {
        add_names(&config->skip, value);
        return true;
    }
    if (has_value && str_eqz(key, "experimental")) {
        add_names(&config->experimental, value);
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
    return r->experimental ? rule_set_has(&config->experimental, r) : !rule_set_has(&config->skip, r);
}
