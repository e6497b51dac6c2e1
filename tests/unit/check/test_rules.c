/* SPDX-License-Identifier: Apache-2.0
 * Every rule on its bad and good files: tests/data/check/rules.cases. */
#include "../dockerfile/shared.h"
#include "check/check.h"
#include "tap.h"

struct one {
    struct str rule, text, want;
    bool bad;
    struct check_options options;
    struct ignore ignore;
};

static bool base(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform) {
    *platform = str_eqz(stage->base_ref, "arm") ? S("linux/arm64/v8") : S("linux/amd64");
    (void)ctx;
    pair_list_set(a, &out->env, S("PATH"), S("/bin"));
    out->user = str_starts(stage->base_ref, S("user-")) ? str_from(stage->base_ref, 5) : STR_NULL;
    return !str_eqz(stage->base_ref, "unknown");
}

static void set_ignore(struct arena *a, struct one *c, struct str patterns) {
    struct err e = ERR_INIT;
    char *lines = arena_strz(a, patterns);
    for (char *p = lines; *p; p++)
        *p = *p == ',' ? '\n' : *p;
    ok(ignore_parse(a, str_z(lines), S(".dockerignore"), &c->ignore, &e), "ignore patterns");
    c->options.ignore = &c->ignore;
    err_clear(&e);
}

static enum label_kind label_kind(struct str name) {
    static const char *const names[] = {"text", "url", "time", "license", "git", "version", "email"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (str_eqz(name, names[k]))
            return (enum label_kind)k;
    ok(false, "a kind of label: %.*s", STR_ARG(name));
    return LABEL_TEXT;
}

/* "registry=NAME", "label=KEY:KIND", "strict", "compat=TOOL" */
static bool set_policy(struct arena *a, struct check_policy *p, struct str word) {
    struct str key, value, name, kind;
    bool has_value = str_cut(word, '=', &key, &value);
    if (str_eqz(key, "registry")) {
        str_list_add(a, &p->registries, value);
    } else if (str_eqz(key, "label") && str_cut(value, ':', &name, &kind)) {
        struct label_rule *labels = arena_array(a, struct label_rule, p->n_labels + 1);
        for (size_t k = 0; k < p->n_labels; k++)
            labels[k] = p->labels[k];
        labels[p->n_labels++] = (struct label_rule){name, label_kind(kind)};
        p->labels = labels;
    } else if (str_eqz(key, "compat")) {
        p->compat = str_eqz(value, "hadolint") ? COMPAT_HADOLINT : str_eqz(value, "trivy") ? COMPAT_TRIVY : COMPAT_BUILDKIT;
    } else {
        p->strict_labels |= str_eqz(key, "strict");
        return !has_value && p->strict_labels;
    }
    return true;
}

/* "RULE bad experimental arg=A=B". */
static void heading(struct arena *a, struct one *c, struct str line, struct str *directive) {
    struct str word, key, value;
    *directive = STR_NULL;
    (void)str_next(&line, ' ', &c->rule);
    while (str_next(&line, ' ', &word)) {
        if (str_eqz(word, "bad"))
            c->bad = true;
        else if (str_eqz(word, "experimental"))
            pair_list_set(a, &c->options.plan.build_args, S("BUILDKIT_DOCKERFILE_CHECK"), S("experimental=all"));
        else if (str_starts(word, S("ignore=")))
            set_ignore(a, c, str_from(word, 7));
        else if (!set_policy(a, &c->options.policy, word) && str_starts(word, S("arg=")) && str_cut(str_from(word, 4), '=', &key, &value))
            pair_list_set(a, &c->options.plan.build_args, key, value);
    }
}

static struct str found(struct arena *a, const struct check_result *r, struct str rule) {
    struct buf b = BUF_INIT(1 << 20);
    for (size_t k = 0; k < r->n_findings; k++)
        if (str_eqz(rule, r->findings[k].rule->id))
            buf_printf(&b, "%u %.*s\n", r->findings[k].line, STR_ARG(r->findings[k].message));
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* The order of findings on one line is not promised: both sides are compared line by line. */
static bool same_lines(struct str got, struct str want) {
    struct str rest = want, line;
    size_t n = 0, m = 0;
    while (str_next(&rest, '\n', &line))
        if (line.n && ++n && str_find(got, line) < 0)
            return false;
    rest = got;
    while (str_next(&rest, '\n', &line))
        m += line.n > 0;
    return n == m;
}

static void run(struct arena *a, struct one *c, size_t number) {
    struct check_result r;
    c->options.plan.platform = S("linux/amd64");
    c->options.all_stages = true;
    c->options.base = base;
    check_dockerfile(a, c->text, S("Dockerfile"), &c->options, &r);
    struct str got = found(a, &r, c->rule);
    bool right = rule_find(c->rule) && same_lines(got, c->want) && c->bad == (c->want.n > 0);
    if (!ok(right, "%.*s %s, case %zu", STR_ARG(c->rule), c->bad ? "speaks" : "is silent", number))
        printf("# got:\n%.*s# want:\n%.*s# error: %s\n", STR_ARG(got), STR_ARG(c->want), r.error.msg ? r.error.msg : "none");
    err_clear(&r.error);
}

/* One case: the lines up to the next "===". */
static void take(struct arena *a, struct str *rest, struct one *c) {
    struct buf text = BUF_INIT(1 << 16), want = BUF_INIT(1 << 16);
    struct str line, before = *rest;
    while (str_next(rest, '\n', &line) && !str_starts(line, S("=== "))) {
        bool expected = str_starts(line, S("--> "));
        buf_add_str(expected ? &want : &text, expected ? str_from(line, 4) : line);
        buf_add_char(expected ? &want : &text, '\n');
        before = *rest;
    }
    *rest = before;
    c->text = arena_str(a, buf_str(&text));
    c->want = arena_str(a, buf_str(&want));
    buf_fini(&text);
    buf_fini(&want);
}

int main(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct buf file = BUF_INIT(1 << 20);
    const char *source = getenv("CROZE_SOURCE");
    ok(file_read(arena_printf(&a, "%s/tests/data/check/rules.cases", source ? source : ".").p, &file, &e), "the cases");
    struct str rest = buf_str(&file), line, directive, seen = STR_NULL;
    size_t n = 0;
    while (str_next(&rest, '\n', &line)) {
        struct one c = {0};
        if (!str_starts(line, S("=== ")))
            continue;
        heading(&a, &c, str_from(line, 4), &directive);
        take(&a, &rest, &c);
        run(&a, &c, ++n);
        seen = arena_printf(&a, "%.*s%.*s %s;", STR_ARG(seen), STR_ARG(c.rule), c.bad ? "bad" : "good");
    }
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++) {
        if (r->reads >= READS_HOST) { /* test_host.c has their cases */
            ok(r->why[0] && r->fix[0] && r->title && (r->host || r->container || r->host_image), "%s has a whole row", r->id);
            continue;
        }
        if (r->reads >= READS_OTHER) { /* tests/cli/87-check-image.t and 88-check-deploy.t have twins for these */
            ok(r->why[0] && r->fix[0] && (r->image != NULL) == (r->reads >= READS_IMAGE), "%s has a whole row", r->id);
            continue;
        }
        struct str bad = arena_printf(&a, "%s bad;", r->id), good = arena_printf(&a, "%s good;", r->id);
        ok(str_find(seen, bad) >= 0 && str_find(seen, good) >= 0, "%s has both kinds of case", r->id);
        ok(r->why[0] && r->fix[0] && (r->run != NULL) == (r->reads != READS_NOTHING), "%s has a whole row", r->id);
    }
    buf_fini(&file);
    err_clear(&e);
    arena_fini(&a);
    return tap_done();
}
