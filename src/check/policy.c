/* SPDX-License-Identifier: Apache-2.0
 * Wishes about rules, read: see policy.h. */
#include "check/policy.h"

#include "base/limits.h"
#include "base/near.h"
#include "base/yaml.h"
#include "check/words.h"

/* --- Words -------------------------------------------------------------------------------------------------------------------------- */

bool policy_knows_rule(struct str name) {
    uint64_t number;
    if (word_starts_in("DL SC", name) && str_to_u64(str_from(name, 2), 10, UINT32_MAX, &number))
        return true;
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++)
        if (rule_is_called(r, name))
            return true;
    return false;
}

struct str policy_rule_name(struct arena *a, struct str name) {
    uint64_t number;
    if (str_eq_nocase(str_first(name, 4), S("AVD-")))
        return str_from(name, 4);
    bool old = name.n == 5 && str_eq_nocase(str_first(name, 2), S("DS")) && str_to_u64(str_from(name, 2), 10, 999, &number);
    return old ? arena_printf(a, "DS-%04u", (unsigned)number) : name;
}

/* A name that was written in another case, as rules are called; else as it is. */
static struct str proper_name(struct arena *a, struct str given) {
    const struct rule *r;
    struct str name = policy_rule_name(a, given);
    if (policy_knows_rule(name))
        return name;
    for (size_t k = 0; (r = rule_at(k)); k++) {
        struct str rest = str_z(r->also), id = str_z(r->id);
        do
            if (str_eq_nocase(id, name))
                return id;
        while (str_next(&rest, ' ', &id));
    }
    const char *tool = str_eq_nocase(str_first(name, 2), S("DL")) ? "DL" : "SC"; /* whose rules are not all here */
    struct str upper = arena_join3(a, str_z(tool), str_from(name, name.n < 2 ? name.n : 2), STR_NULL);
    return str_eq_nocase(upper, name) && policy_knows_rule(upper) ? upper : name;
}

static bool unknown_rule(struct str name, struct err *e) {
    struct near n = {.word = name, .fold_case = true};
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++)
        near_try(&n, str_z(r->id));
    const char *before = n.name.n ? " (did you mean " : "", *behind = n.name.n ? "?)" : "";
    return err_set(e, ERR_USAGE, "no rule is called \"%s\"%s%.*s%s; `croze check --rules` lists them", SHOWN(name), before, STR_ARG(n.name),
                   behind);
}

bool policy_add_rules(struct arena *a, struct str names, struct str_list *list, struct err *e) {
    struct str name;
    while (str_next(&names, ',', &name)) {
        name = proper_name(a, str_trim(name));
        if (!policy_knows_rule(name))
            return unknown_rule(name, e);
        if (list->n == LIMIT_RULE_NAMES)
            return err_set(e, ERR_USAGE, "more than %d rules in one list", LIMIT_RULE_NAMES);
        str_list_add(a, list, arena_str(a, name));
    }
    return true;
}

static bool add_label(struct arena *a, struct str key, struct str kind, struct check_policy *p, struct err *e) {
    static const struct {
        const char *name;
        enum label_kind kind;
    } kinds[] = {{"text", LABEL_TEXT},        {"rawtext", LABEL_TEXT},   {"url", LABEL_URL},
                 {"rfc3339", LABEL_TIME},     {"spdx", LABEL_LICENSE},   {"hash", LABEL_GIT_HASH},
                 {"githash", LABEL_GIT_HASH}, {"semver", LABEL_VERSION}, {"email", LABEL_EMAIL}};
    size_t k = 0;
    while (k < sizeof kinds / sizeof kinds[0] && !str_eq_nocase(kind, str_z(kinds[k].name)))
        k++;
    if (key.n == 0 || k == sizeof kinds / sizeof kinds[0])
        return err_set(e, ERR_USAGE, "label \"%s\": no kind \"%s\"; there are text, url, rfc3339, spdx, hash, semver, email", SHOWN(key),
                       SHOWN(kind));
    if (p->n_labels == LIMIT_RULE_NAMES)
        return err_set(e, ERR_USAGE, "more than %d labels", LIMIT_RULE_NAMES);
    struct label_rule *labels = arena_array(a, struct label_rule, p->n_labels + 1);
    for (size_t n = 0; n < p->n_labels; n++)
        labels[n] = p->labels[n];
    labels[p->n_labels++] = (struct label_rule){arena_str(a, key), kinds[k].kind};
    p->labels = labels;
    return true;
}

bool policy_add_label(struct arena *a, struct str label, struct check_policy *p, struct err *e) {
    struct str key, kind;
    (void)str_cut(label, ':', &key, &kind);
    return add_label(a, key, kind, p, e);
}

bool policy_set_threshold(struct str word, struct check_policy *p, struct err *e) {
    for (enum severity s = SEVERITY_STYLE; s <= SEVERITY_ERROR; s++)
        if (str_eqz(word, severity_name(s))) {
            p->threshold = s;
            return true;
        }
    if (str_eqz(word, "none"))
        p->no_fail = true;
    return word_in("ignore none", word) ||
           err_set(e, ERR_USAGE, "no severity is called \"%s\"; there are error, warning, info, style, ignore, none", SHOWN(word));
}

/* --- The file ----------------------------------------------------------------------------------------------------------------------- */

static struct str text_of(yyjson_val *v) {
    return str_n(yyjson_get_str(v), yyjson_is_str(v) ? yyjson_get_len(v) : 0);
}

static bool read_rules(struct arena *a, yyjson_val *list, struct str_list *to, struct err *e) {
    size_t i, n;
    yyjson_val *v;
    if (!yyjson_is_arr(list) && !yyjson_is_null(list))
        return err_set(e, ERR_USAGE, "a list of rules is wanted");
    yyjson_arr_foreach(list, i, n, v) if (!policy_add_rules(a, text_of(v), to, e)) return false;
    return true;
}

static bool read_override(struct arena *a, yyjson_val *map, struct check_policy *p, struct err *e) {
    size_t i, n;
    yyjson_val *key, *value;
    if (!yyjson_is_obj(map))
        return err_set(e, ERR_USAGE, "error:, warning:, info: and style: with lists of rules are wanted");
    yyjson_obj_foreach(map, i, n, key, value) {
        struct str name = text_of(key);
        struct str_list *to = str_eqz(name, "error")     ? &p->errors
                              : str_eqz(name, "warning") ? &p->warnings
                              : str_eqz(name, "info")    ? &p->infos
                              : str_eqz(name, "style")   ? &p->styles
                                                         : NULL;
        if (!to)
            return err_set(e, ERR_USAGE, "no severity is called \"%s\"", SHOWN(name));
        if (!read_rules(a, value, to, e) || !read_rules(a, value, &p->asked, e)) /* who says how bad it is wants to hear of it */
            return err_wrap(e, "%.*s", STR_ARG(name));
    }
    return true;
}

static bool read_registries(struct arena *a, yyjson_val *list, struct check_policy *p, struct err *e) {
    size_t i, n;
    yyjson_val *v;
    if (yyjson_is_str(list))
        str_list_add(a, &p->registries, arena_str(a, text_of(list)));
    else if (!yyjson_is_arr(list))
        return err_set(e, ERR_USAGE, "a list of registries is wanted");
    yyjson_arr_foreach(list, i, n, v) str_list_add(a, &p->registries, arena_str(a, text_of(v)));
    return true;
}

static bool read_labels(struct arena *a, yyjson_val *map, struct check_policy *p, struct err *e) {
    size_t i, n;
    yyjson_val *key, *value;
    if (!yyjson_is_obj(map))
        return err_set(e, ERR_USAGE, "labels and their kinds are wanted");
    yyjson_obj_foreach(map, i, n, key, value) if (!add_label(a, text_of(key), text_of(value), p, e)) return false;
    return true;
}

static bool read_flag(yyjson_val *v, bool *to, struct err *e) {
    if (!yyjson_is_bool(v))
        return err_set(e, ERR_USAGE, "true or false is wanted");
    *to = yyjson_get_bool(v);
    return true;
}

static bool read_member(struct arena *a, struct str key, yyjson_val *v, struct check_policy *p, struct err *e) {
    bool ignored;
    if (str_eqz(key, "ignored"))
        return read_rules(a, v, &p->ignored, e);
    if (str_eqz(key, "override"))
        return read_override(a, v, p, e);
    if (str_eqz(key, "trustedRegistries"))
        return read_registries(a, v, p, e);
    if (str_eqz(key, "label-schema"))
        return read_labels(a, v, p, e);
    if (str_eqz(key, "strict-labels"))
        return read_flag(v, &p->strict_labels, e);
    if (str_eqz(key, "disable-ignore-pragma"))
        return read_flag(v, &p->no_pragmas, e);
    if (str_eqz(key, "no-fail"))
        return read_flag(v, &p->no_fail, e);
    if (str_eqz(key, "failure-threshold"))
        return policy_set_threshold(text_of(v), p, e);
    if (str_eqz(key, "format") && yyjson_is_str(v)) {
        p->format = arena_str(a, text_of(v));
        return true;
    }
    if (str_eqz(key, "no-color")) /* there is none */
        return read_flag(v, &ignored, e);
    return err_set(e, ERR_USAGE,
                   "not understood; there are ignored, override, trustedRegistries, label-schema, strict-labels, "
                   "disable-ignore-pragma, no-fail, failure-threshold, format, no-color");
}

bool policy_read(struct arena *a, struct str yaml, const char *name, struct check_policy *p, struct err *e) {
    size_t i, n;
    yyjson_val *key, *value;
    _cleanup_(json_doc_freep) yyjson_doc *doc = yaml_parse(yaml, name, e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!doc)
        return false;
    if (!yyjson_is_obj(root) && !yyjson_is_null(root))
        return err_set(e, ERR_USAGE, "%s: keys and values are wanted", name);
    yyjson_obj_foreach(root, i, n, key, value) {
        struct err found = ERR_INIT;
        if (read_member(a, text_of(key), value, p, &found))
            continue;
        err_move(e, &found);
        return err_wrap(e, "%s: %s", name, SHOWN(text_of(key)));
    }
    return true;
}
