/* SPDX-License-Identifier: Apache-2.0
 * The gate in front of an image: see check_gate.h. */
#include "cmd/check_gate.h"

#include "base/limits.h"
#include "check/image_check.h"
#include "check/marks.h"
#include "check/output.h"
#include "cmd/check_policy.h"

static const char *severity;

const struct opt check_gate_rows[] = {
    OPT_OPTIONAL("require-checks", "SEVERITY", &severity,
                 "No image gets a name, is written or sent of which `croze check --image` finds something that is at least so bad: error "
                 "(--require-checks alone), warning, info or style; exit code 10 then"),
    OPT_END,
};

bool check_gate_asked(void) {
    return severity != NULL;
}

static bool read_policy(struct check_gate *g, struct err *e) {
    struct str word = severity[0] ? str_z(severity) : S("error");
    if (!check_policy_read(&g->arena, &g->policy, e))
        return false;
    g->policy.no_fail = false;
    return policy_set_threshold(word, &g->policy, e) || err_wrap(e, "--require-checks");
}

/* --- Looking ------------------------------------------------------------------------------------------------------------------------- */

/* Of a part's findings those that are as bad as the threshold, in front; how many. */
static size_t keep_bad(const struct check_policy *p, struct finding *findings, size_t n) {
    size_t bad = 0;
    for (size_t k = 0; k < n; k++)
        if (findings[k].severity >= p->threshold)
            findings[bad++] = findings[k];
    return bad;
}

static void tell(struct progress *p, const struct output *o) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct str rest, line;
    output_write(o, OUTPUT_TEXT, &out);
    rest = buf_str(&out);
    while (str_next(&rest, '\n', &line))
        if (line.n)
            progress_note(p, "%.*s", STR_ARG(line));
}

/* How many findings are as bad as the threshold; they alone are told. */
static bool look(struct check_gate *g, struct store *s, const struct image *im, const struct image_check_options *o, size_t *bad,
                 struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(output_fini) struct output out = {0};
    struct image_check_result r = {0};
    bool good = check_image(&a, s, im, o, &r, e);
    output_add(&out, o->name, STR_NULL, r.findings, keep_bad(&g->policy, r.findings, r.n_findings), r.n_dropped);
    check_policy_report(&g->policy, &out);
    *bad = 0;
    for (size_t k = 0; k < out.parts.n; k++) {
        struct output_part *part = &out.parts.p[k];
        part->n_findings = keep_bad(&g->policy, part->findings, part->n_findings);
        *bad += part->n_findings;
    }
    tell(g->progress, &out);
    return good;
}

static bool passes(void *ctx, struct store *s, const struct image *im, struct str name, struct str dockerfile, struct err *e) {
    struct check_gate *g = ctx;
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct image_check_options o = {.name = name, .dockerfile = dockerfile, .policy = &g->policy};
    struct progress_step *step = progress_start(g->progress, arena_printf(&a, "check %.*s", STR_ARG(name)));
    size_t bad;
    bool good = look(g, s, im, &o, &bad, e);
    progress_end(step, good ? PROGRESS_DONE : PROGRESS_FAILED, STR_NULL);
    if (!good || bad == 0)
        return good;
    return err_set(e, ERR_FINDINGS, "%.*s is not %s: %zu finding%s of `croze check --image` %s in the way", STR_ARG(name), g->verb, bad,
                   bad == 1 ? "" : "s", bad == 1 ? "is" : "are");
}

/* --- Opening ------------------------------------------------------------------------------------------------------------------------- */

bool check_gate_open(struct check_gate *g, struct store *s, const char *verb, struct progress *p, const struct image_gate **out,
                     struct err *e) {
    *g = (struct check_gate){.gate = {passes, g}, .arena = ARENA_INIT, .progress = p, .verb = verb};
    *out = NULL;
    if (!severity)
        return true;
    if (!read_policy(g, e))
        return false;
    s->watch = &marks_watch;
    *out = &g->gate;
    return true;
}

void check_gate_close(struct check_gate *g) {
    arena_fini(&g->arena);
}
