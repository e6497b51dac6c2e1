/* SPDX-License-Identifier: Apache-2.0
 * Exceptions: see exceptions.h. */
#include "check/exceptions.h"

#include "base/limits.h"
#include "base/yaml.h"
#include "check/judge.h"
#include "check/policy.h"
#include "dockerfile/dockerfile.h"

const struct rule rules_exceptions[] = {
    {.id = "ExceptionExpired",
     .reads = READS_OTHER,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "It was let pass for a time, and that is over.",
     .fix = "Mend what it is about, or give it another day and a reason.",
     .url = ""},
    {0},
};

/* --- Reading ------------------------------------------------------------------------------------------------------------------------ */

static struct str text_of(yyjson_val *v) {
    return str_n(yyjson_get_str(v), yyjson_is_str(v) ? yyjson_get_len(v) : 0);
}

/* Four figures, two, two: so days compare as texts do. */
static bool is_day(struct str s) {
    static const unsigned most[] = {0, 12, 31};
    struct str rest = s, part;
    uint64_t n;
    for (size_t k = 0; k < 3; k++)
        if (!str_next(&rest, '-', &part) || part.n != (k ? 2 : 4) || !str_to_u64(part, 10, k ? most[k] : 9999, &n) || n == 0)
            return false;
    return rest.n == 0 && s.n == 10;
}

static bool read_paths(struct arena *a, yyjson_val *v, struct check_exception *x, struct err *e) {
    struct str *paths = arena_array(a, struct str, yyjson_is_arr(v) ? yyjson_arr_size(v) : 1);
    size_t i, max, n = 0;
    yyjson_val *item;
    if (yyjson_is_str(v))
        paths[n++] = arena_str(a, text_of(v));
    yyjson_arr_foreach(v, i, max, item) paths[n++] = arena_str(a, text_of(item));
    for (size_t k = 0; k < n; k++)
        if (paths[k].n == 0)
            return err_set(e, ERR_USAGE, "path: a pattern is wanted");
    if (n == 0)
        return err_set(e, ERR_USAGE, "path: a pattern, or a list of them, is wanted");
    return ignore_of(a, paths, n, &x->paths, e) || err_wrap(e, "path");
}

static bool read_member(struct arena *a, struct str key, yyjson_val *v, struct check_exception *x, struct err *e) {
    struct str text = arena_str(a, text_of(v));
    if (str_eqz(key, "path"))
        return read_paths(a, v, x, e);
    if (str_eqz(key, "rule"))
        x->rule = text;
    else if (str_eqz(key, "reason"))
        x->reason = text;
    else if (str_eqz(key, "until"))
        x->until = text;
    else
        return err_set(e, ERR_USAGE, "\"%s\" is none of rule, path, reason and until", SHOWN(key));
    return text.n > 0 || err_set(e, ERR_USAGE, "%.*s: a text is wanted", STR_ARG(key));
}

static bool read_entry(struct arena *a, yyjson_val *v, struct str today, struct check_exception *x, struct err *e) {
    size_t i, n;
    yyjson_val *key, *value;
    if (!yyjson_is_obj(v))
        return err_set(e, ERR_USAGE, "rule:, reason: and perhaps path: and until: are wanted");
    yyjson_obj_foreach(v, i, n, key, value) if (!read_member(a, text_of(key), value, x, e)) return false;
    if (x->rule.n == 0 || x->reason.n == 0)
        return err_set(e, ERR_USAGE, "%s is missing", x->rule.n == 0 ? "rule" : "reason");
    if (!policy_knows_rule(x->rule))
        return err_set(e, ERR_USAGE, "no rule is called \"%s\"; `croze check --rules` lists them", SHOWN(x->rule));
    if (x->until.n && !is_day(x->until))
        return err_set(e, ERR_USAGE, "until: \"%s\" is no day; write 2027-03-31", SHOWN(x->until));
    x->expired = x->until.n && str_cmp(x->until, today) < 0;
    return true;
}

bool exceptions_read(struct arena *a, struct str yaml, const char *name, struct str today, struct check_policy *p, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = yaml_parse(yaml, name, e);
    yyjson_val *root = yyjson_doc_get_root(doc), *v;
    size_t i, n;
    if (!doc)
        return false;
    if (!yyjson_is_arr(root) && !yyjson_is_null(root))
        return err_set(e, ERR_USAGE, "%s: a list of exceptions is wanted", name);
    if (p->n_exceptions + yyjson_arr_size(root) > LIMIT_EXCEPTIONS)
        return err_set(e, ERR_USAGE, "%s: more than %d exceptions", name, LIMIT_EXCEPTIONS);
    struct check_exception *all = arena_array(a, struct check_exception, p->n_exceptions + yyjson_arr_size(root));
    if (p->n_exceptions)
        memcpy(all, p->exceptions, p->n_exceptions * sizeof *all);
    yyjson_arr_foreach(root, i, n, v) {
        if (!read_entry(a, v, today, &all[p->n_exceptions + i], e))
            return err_wrap(e, "%s: exception %zu", name, i + 1);
    }
    p->n_exceptions += n;
    p->exceptions = all;
    return true;
}

/* --- Using them --------------------------------------------------------------------------------------------------------------------- */

static bool is_there(const struct check_exception *x, const struct finding *f) {
    struct str path = f->path.n ? f->path : f->file;
    if (x->paths.n == 0)
        return true;
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    return ignore_match(&x->paths, path_clean(&a, path, true), NULL);
}

bool exceptions_allow(const struct check_policy *p, const struct finding *f) {
    for (size_t k = 0; k < p->n_exceptions; k++) {
        struct check_exception x = p->exceptions[k];
        if (!x.expired && finding_is_listed(f, &(struct str_list){.p = &x.rule, .n = 1}) && is_there(&x, f))
            return true;
    }
    return false;
}

void exceptions_expired(struct arena *a, const struct check_policy *p, struct str name, struct finding **out, size_t *n) {
    *out = arena_array(a, struct finding, p->n_exceptions);
    *n = 0;
    for (size_t k = 0; k < p->n_exceptions; k++) {
        const struct check_exception *x = &p->exceptions[k];
        struct finding f = {.rule = rules_exceptions, .severity = rules_exceptions->severity, .file = name};
        f.message = arena_printf(a, "The exception for %.*s ended on %.*s: %s", STR_ARG(x->rule), STR_ARG(x->until), SHOWN(x->reason));
        if (x->expired)
            (*out)[(*n)++] = f;
    }
}
