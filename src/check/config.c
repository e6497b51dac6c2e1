/* SPDX-License-Identifier: Apache-2.0
 * The directive's little language: see config.h. */
#include "check/config.h"

static void add_names(struct arena *a, struct str names, bool *all, struct str_list *list) {
    struct str name;
    names = str_trim(names);
    if (str_eqz(names, "all")) {
        *all = true;
        return;
    }
    while (str_next(&names, ',', &name))
        str_list_add(a, list, str_trim(name));
}

static bool parse_bool(struct str s, bool *out) {
    *out = str_eq_nocase(s, S("true")) || str_eq_nocase(s, S("t")) || str_eqz(s, "1");
    return *out || str_eq_nocase(s, S("false")) || str_eq_nocase(s, S("f")) || str_eqz(s, "0");
}

static bool parse_option(struct arena *a, struct str option, struct check_config *config, struct err *e) {
    struct str key, value;
    bool has_value = str_cut(option, '=', &key, &value);
    key = str_trim(key);
    if (has_value && str_eqz(key, "skip")) {
        add_names(a, value, &config->skip_all, &config->skip);
        return true;
    }
    if (has_value && str_eqz(key, "experimental")) {
        add_names(a, value, &config->experimental_all, &config->experimental);
        return true;
    }
    if (has_value && str_eqz(key, "error"))
        return parse_bool(str_trim(value), &config->error) ||
               err_set(e, ERR_USAGE, "failed to parse check option \"%s\": error is true or false", SHOWN(option));
    return err_set(e, ERR_USAGE, "invalid check option \"%s\": there are skip=RULE,..., error=true and experimental=RULE,...",
                   SHOWN(has_value ? key : option));
}

bool check_config_parse(struct arena *a, struct str text, struct check_config *config, struct err *e) {
    struct str rest = str_trim(text), option;
    if (rest.n == 0)
        return true;
    while (str_next(&rest, ';', &option))
        if (!parse_option(a, option, config, e))
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

void check_config_comments(struct arena *a, struct str comments, struct check_config *config) {
    struct str comment, value;
    while (comment_next(&comments, &comment)) {
        if (!comment_check(comment, &value))
            continue;
        struct err e = ERR_INIT;
        struct check_config own = {0};
        if (check_config_parse(a, value, &own, &e)) {
            config->skip_all |= own.skip_all;
            config->experimental_all |= own.experimental_all;
            for (size_t k = 0; k < own.skip.n; k++)
                str_list_add(a, &config->skip, own.skip.p[k]);
            for (size_t k = 0; k < own.experimental.n; k++)
                str_list_add(a, &config->experimental, own.experimental.p[k]);
        }
        err_clear(&e);
        return;
    }
}

bool check_config_allows(const struct check_config *config, const struct rule *r) {
    struct str id = str_z(r->id);
    if (r->experimental)
        return config->experimental_all || str_list_has(&config->experimental, id);
    return !config->skip_all && !str_list_has(&config->skip, id);
}
