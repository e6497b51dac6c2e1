/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases of other linters: {"id", "rule", "dockerfile", "expect": "fail" or "pass", "count"?, "config"?}. A case says whether the rule that
 * it names speaks; others may. What fails is printed. */
#ifndef CROZE_TESTS_ORACLE_H
#define CROZE_TESTS_ORACLE_H

#include <stdlib.h>

#include "../dockerfile/shared.h"
#include "base/json.h"
#include "base/vec.h"
#include "check/check.h"
#include "tap.h"

struct oracle_rule {
    struct str id;
    size_t good, all;
};
struct oracle {
    struct arena arena;
    enum check_compat compat;
    const char *only;             /* this rule's cases alone; NULL: all */
    struct shellcheck *shellcheck; /* asked too; or NULL */
    VEC(struct oracle_rule) rules;
    size_t good, all;
};

static struct oracle_rule *oracle_rule(struct oracle *o, struct str id) {
    for (size_t k = 0; k < o->rules.n; k++)
        if (str_eq(o->rules.p[k].id, id))
            return &o->rules.p[k];
    vec_push(&o->rules, ((struct oracle_rule){arena_str(&o->arena, id), 0, 0}));
    return &o->rules.p[o->rules.n - 1];
}

/* "DL3008" as an id of the finding; "SC*" any of ShellCheck's; "*" any at all. */
static bool oracle_is_meant(const struct finding *f, struct str rule) {
    struct str rest = str_z(f->also ? f->also : f->rule->also), id;
    if (str_eqz(rule, "*"))
        return true;
    while (str_next(&rest, ' ', &id))
        if (str_eq(id, rule) || (str_eqz(rule, "SC*") && str_starts(id, S("SC"))))
            return true;
    return false;
}

static enum label_kind oracle_label(struct str name) {
    static const char *const names[] = {"RawText", "Url", "Rfc3339", "Spdx", "GitHash", "SemVer", "Email"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (str_eqz(name, names[k]))
            return (enum label_kind)k;
    ok(false, "a kind of label that nobody knows");
    return LABEL_TEXT;
}

static void oracle_config(struct arena *a, yyjson_val *config, struct check_policy *p) {
    size_t i, n;
    yyjson_val *key, *value, *schema = json_get_object(config, "labelSchema");
    yyjson_arr_foreach(json_get_array(config, "allowedRegistries"), i, n, value)
        str_list_add(a, &p->registries, str_z(yyjson_get_str(value)));
    yyjson_arr_foreach(json_get_array(config, "ignoreRules"), i, n, value) str_list_add(a, &p->ignored, str_z(yyjson_get_str(value)));
    struct label_rule *labels = arena_array(a, struct label_rule, yyjson_obj_size(schema) + 1);
    json_obj_foreach(schema, i, n, key, value) labels[p->n_labels++] =
        (struct label_rule){str_z(yyjson_get_str(key)), oracle_label(str_z(yyjson_get_str(value)))};
    p->labels = labels;
    p->strict_labels = json_get_bool(config, "strictLabels", false);
}

static void oracle_case(struct oracle *o, yyjson_val *c) {
    struct arena a = ARENA_INIT;
    struct str rule = json_get_str(c, "rule"), text = json_get_str(c, "dockerfile");
    struct check_options options = {.policy.compat = o->compat, .plan.platform = S("linux/amd64"), .all_stages = true};
    struct check_result r;
    if (o->only && !str_eqz(rule, o->only))
        return;
    options.shellcheck = o->shellcheck;
    if (json_get_object(c, "config"))
        oracle_config(&a, json_get_object(c, "config"), &options.policy);
    str_list_add(&a, &options.policy.asked, rule);
    check_dockerfile(&a, text, S("Dockerfile"), &options, &r);
    int64_t found = 0, want = json_get_int(c, "count", -1);
    for (size_t k = 0; k < r.n_findings; k++)
        found += oracle_is_meant(&r.findings[k], rule);
    bool good = want >= 0 ? found == want : (found > 0) == str_eqz(json_get_str(c, "expect"), "fail");
    struct oracle_rule *counts = oracle_rule(o, rule);
    counts->all++;
    counts->good += good;
    o->all++;
    o->good += good;
    if (!good) {
        struct buf b = BUF_INIT(1 << 20);
        buf_add_shown(&b, json_get_str(c, "dockerfile"));
        printf("# %s %s: %s, %lld found: %s\n", rule.p, json_get_str(c, "id").p, json_get_str(c, "expect").p, (long long)found, b.p);
        for (size_t k = 0; k < r.n_findings; k++)
            if (oracle_is_meant(&r.findings[k], rule))
                printf("#   %u: %.*s\n", r.findings[k].line, STR_ARG(r.findings[k].message));
        buf_fini(&b);
    }
    err_clear(&r.error);
    arena_fini(&a);
}

/* False: the cases are not there. */
static bool oracle_run(struct oracle *o, const char *file, const char *whose) {
    _cleanup_fd_ int dir = shared_dir(&o->arena, "cases");
    if (dir < 0) {
        printf("# *** %s cases are not there (CROZE_SHARED): this oracle is NOT checked ***\n", whose);
        tap_skip("no shared cases");
        return false;
    }
    struct str rest = read_at(&o->arena, dir, file), line;
    while (str_next(&rest, '\n', &line)) {
        struct err e = ERR_INIT;
        if (line.n == 0)
            continue;
        _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(line, 1 << 20, "case", &e);
        if (!doc)
            no_err(&e, "a case can be read");
        else
            oracle_case(o, yyjson_doc_get_root(doc));
    }
    return true;
}

static void oracle_fini(struct oracle *o) {
    vec_fini(&o->rules);
    arena_fini(&o->arena);
}

#endif
