/* SPDX-License-Identifier: Apache-2.0
 * Every recommendation on hosts that follow it and hosts that do not: tests/data/check/host.cases, in the words of host_fake.h. A case is
 * "=== NUMBER VERDICT [text that the evidence has]" and lines. */
#include "base/limits.h"
#include "check/check.h"
#include "check/cis.h"
#include "host_fake.h"
#include "sys/files.h"
#include "tap.h"

enum { RECOMMENDATIONS = 118 };

static const char defaults[] =
    "get /info {\"SecurityOptions\":[\"name=seccomp,profile=builtin\",\"name=apparmor\"],\"Driver\":\"overlay2\","
    "\"LoggingDriver\":\"json-file\",\"Swarm\":{\"LocalNodeState\":\"inactive\"},\"DockerRootDir\":\"/var/lib/docker\"}\n"
    "get /version {\"Version\":\"28.5.2\"}\n"
    "get /networks []\n";

static bool says(const struct cis_report *r, struct str want, struct str text) {
    return r->n_answers == 1 && str_eqz(want, cis_verdict_name(r->answers[0].verdict)) && str_find(r->answers[0].evidence, text) >= 0;
}

/* What fails is a finding, and nothing else is. */
static bool agrees(const struct cis_report *r) {
    bool failed = r->answers[0].verdict == CIS_FAIL;
    for (size_t k = 0; k < r->n_findings; k++)
        if (r->findings[k].severity != r->findings[k].rule->severity || r->findings[k].message.n == 0 || r->findings[k].file.n == 0)
            return false;
    return failed == (r->n_findings > 0) && (r->answers[0].evidence.n > 0);
}

static void lines(struct fake *f, struct str text) {
    struct str line;
    while (str_next(&text, '\n', &line))
        fake_line(f, line);
}

static struct str seen = STR_NULL;

static void run(struct arena *a, struct str heading, struct str text) {
    struct str number, want, evidence, rest;
    struct cis_report r;
    struct fake f;
    (void)str_cut(heading, ' ', &number, &rest);
    (void)str_cut(rest, ' ', &want, &evidence);
    fake_begin(&f);
    lines(&f, str_z(defaults));
    lines(&f, text);
    fake_finish(&f);
    const struct check_policy all = {0};
    struct cis_options o = {.only = &number, .n_only = 1, .policy = &all};
    cis_check(a, &f.source, &o, &r);
    if (!ok(says(&r, want, evidence) && agrees(&r), "%.*s", STR_ARG(heading)) && r.n_answers)
        printf("# %.*s: %s: %.*s (%zu findings)\n", STR_ARG(number), cis_verdict_name(r.answers[0].verdict), STR_ARG(r.answers[0].evidence),
               r.n_findings);
    seen = arena_printf(a, "%.*s%.*s %.*s;", STR_ARG(seen), STR_ARG(number), STR_ARG(want));
    fake_end(&f);
}

/* The lines up to the next "=== "; "#" begins a comment. */
static struct str take(struct arena *a, struct str *rest) {
    struct buf text = BUF_INIT(1 << 20);
    struct str line, before = *rest;
    while (str_next(rest, '\n', &line) && !str_starts(line, S("=== "))) {
        buf_add_str(&text, str_starts(line, S("#")) ? STR_NULL : line);
        buf_add_char(&text, '\n');
        before = *rest;
    }
    *rest = before;
    struct str all = arena_str(a, buf_str(&text));
    buf_fini(&text);
    return all;
}

/* What can fail has a case that fails and one that does not; what cannot has one all the same. Some never pass by an engine's word alone:
 * tests/cli/88-check-host.t has those. */
static void every_row_is_tested(struct arena *a) {
    const struct rule *r;
    size_t n = 0;
    for (size_t k = 0; (r = rule_at(k)); k++) {
        if (!cis_is_row(r))
            continue;
        struct str number = arena_str(a, cis_number(r));
        bool fails = str_find(seen, arena_printf(a, ";%s FAIL;", number.p)) >= 0;
        bool passes = str_find(seen, arena_printf(a, ";%s PASS;", number.p)) >= 0;
        bool asks = str_find(seen, arena_printf(a, ";%s MANUAL;", number.p)) >= 0;
        ok((fails && (passes || asks)) || (!fails && asks), "%s has cases of its verdicts", number.p);
        n++;
    }
    ok(n == RECOMMENDATIONS, "%zu recommendations", n);
}

int main(void) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct buf file = BUF_INIT(1 << 20);
    const char *source = getenv("CROZE_SOURCE");
    ok(file_read(arena_printf(&a, "%s/tests/data/check/host.cases", source ? source : ".").p, &file, &e), "the cases");
    struct str rest = buf_str(&file), line;
    seen = S(";");
    while (str_next(&rest, '\n', &line))
        if (str_starts(line, S("=== ")))
            run(&a, str_from(line, 4), take(&a, &rest));
    every_row_is_tested(&a);
    buf_fini(&file);
    err_clear(&e);
    arena_fini(&a);
    return tap_done();
}
