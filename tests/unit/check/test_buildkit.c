/* SPDX-License-Identifier: Apache-2.0
 * BuildKit's own cases for its checks: each Dockerfile gives the expected rules, words and lines, no fewer and no more, with all stages
 * (`--check`) and with those of the target alone (a build). Every FROM but scratch is an image that sets PATH. */
#include <stdlib.h>

#include "../dockerfile/shared.h"
#include "base/json.h"
#include "check/check.h"
#include "tap.h"

enum { CASES = 87 };

static bool base(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform) {
    (void)ctx;
    (void)stage;
    *platform = S("linux/amd64");
    pair_list_set(a, &out->env, S("PATH"), S("/bin"));
    return true;
}

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* "LINE RULE: DETAIL" lines, sorted. */
static struct str joined(struct arena *a, struct str *lines, size_t n) {
    struct buf b = BUF_INIT(1 << 20);
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t k = 0; k < n; k++)
        buf_printf(&b, "%.*s; ", STR_ARG(lines[k]));
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

static struct str expected(struct arena *a, yyjson_val *warnings, bool with_lines) {
    size_t i, n;
    yyjson_val *w;
    struct str *lines = arena_array(a, struct str, yyjson_arr_size(warnings) + 1);
    yyjson_arr_foreach(warnings, i, n, w) {
        long long line = with_lines ? (long long)json_get_int(w, "line", 0) : 0;
        lines[i] = arena_printf(a, "%03lld %s: %s", line, json_get_str(w, "rule").p, json_get_str(w, "detail").p);
    }
    return joined(a, lines, yyjson_arr_size(warnings));
}

static struct str found(struct arena *a, const struct check_result *r, bool with_lines) {
    struct str *lines = arena_array(a, struct str, r->n_findings + 1);
    for (size_t k = 0; k < r->n_findings; k++)
        lines[k] = arena_printf(a, "%03u %s: %.*s", with_lines ? r->findings[k].line : 0, r->findings[k].rule->id,
                                STR_ARG(r->findings[k].message));
    return joined(a, lines, r->n_findings);
}

/* Where the error stands: of rules that fail the build BuildKit's test names the line of the first finding. */
static bool error_as_expected(struct arena *a, yyjson_val *c, const struct check_result *r) {
    struct str message = json_get_str(c, "build_error");
    unsigned line = 0;
    if (message.n == 0)
        return r->error.kind == ERR_NONE && !r->fails;
    if (str_starts(message, S("lint violation")))
        return r->error.kind == ERR_NONE && str_eq(check_failure(a, r), message);
    return r->error.kind != ERR_NONE && check_error_line(r, &line) && line == (unsigned)json_get_int(c, "build_error_line", 0);
}

/* {"build-arg:NAME": "VALUE"} */
static void set_build_args(struct arena *a, yyjson_val *attrs, struct pair_list *args) {
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(attrs, i, n, key, value) {
        struct str name = str_z(yyjson_get_str(key)), prefix = S("build-arg:");
        pair_list_set(a, args, str_from(name, prefix.n), str_z(yyjson_get_str(value)));
    }
}

static void run_case(yyjson_val *c, bool all_stages) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ignore = {0};
    struct check_options o = {.policy.compat = COMPAT_BUILDKIT, .plan.platform = S("linux/amd64"), .all_stages = all_stages, .base = base};
    struct check_result r;
    yyjson_val *attrs = json_get_object(c, "attrs"), *lint = json_get_array(c, "lint_warnings");
    struct str file = json_get_str(c, "dockerignore"), id = json_get_str(c, "id");
    if (file.n && ignore_parse(&a, file, S(".dockerignore"), &ignore, &e))
        o.ignore = &ignore;
    if (attrs)
        set_build_args(&a, attrs, &o.plan.build_args);
    check_dockerfile(&a, json_get_str(c, "dockerfile"), S("Dockerfile"), &o, &r);
    const char *how = all_stages ? "all stages" : "target";
    /* where the two differ, BuildKit's test does not look at the lines of the former, and one of them is wrong */
    bool differs = all_stages && lint;
    is_str(found(&a, &r, !differs), expected(&a, differs ? lint : json_get_array(c, "warnings"), !differs),
           arena_printf(&a, "%.*s, %s", STR_ARG(id), how).p);
    if (!ok(error_as_expected(&a, c, &r), "%.*s, %s: the error", STR_ARG(id), how))
        printf("#   %s\n", r.error.msg ? r.error.msg : "none");
    err_clear(&r.error);
    err_clear(&e);
    arena_fini(&a);
}

int main(void) {
    struct arena a = ARENA_INIT;
    _cleanup_fd_ int dir = shared_dir(&a, "cases");
    if (dir < 0) {
        puts("# *** BuildKit's check cases are not there (CROZE_SHARED): this oracle is NOT checked ***");
        tap_skip("no shared cases");
        arena_fini(&a);
        return tap_done();
    }
    struct str rest = read_at(&a, dir, "buildkit-cases.jsonl"), line;
    size_t n = 0;
    while (str_next(&rest, '\n', &line)) {
        struct err e = ERR_INIT;
        if (line.n == 0)
            continue;
        _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(line, 1 << 20, "case", &e);
        no_err(&e, "a case can be read");
        run_case(yyjson_doc_get_root(doc), true);
        run_case(yyjson_doc_get_root(doc), false);
        n++;
    }
    ok(n >= CASES, "%zu cases", n);
    arena_fini(&a);
    return tap_done();
}
