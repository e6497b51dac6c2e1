/* SPDX-License-Identifier: Apache-2.0
 * The gate in front of an image: see check_gate.h. */
#include "cmd/check_gate.h"

#include <unistd.h>

#include "base/limits.h"
#include "check/image_check.h"
#include "check/marks.h"
#include "check/output.h"
#include "cmd/check_policy.h"
#include "report/meter.h"
#include "sys/files.h"

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

static bool read_policy(struct arena *a, struct check_policy *p, struct err *e) {
    struct str word = severity[0] ? str_z(severity) : S("error");
    if (!check_policy_read(a, p, e))
        return false;
    p->no_fail = false;
    return policy_set_threshold(word, p, e) || err_wrap(e, "--require-checks");
}

bool check_gate_fits(struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct check_policy policy = {0};
    return !severity || read_policy(&a, &policy, e);
}

static bool print(const struct output *o, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    output_write(o, OUTPUT_TEXT, &out);
    return file_write_all(STDERR_FILENO, out.p, out.n, "standard error", e);
}

/* How many findings are as bad as the threshold; they alone are printed. */
static bool look(struct store *s, const struct image *im, const struct image_check_options *o, size_t *bad, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(output_fini) struct output out = {0};
    struct image_check_result r = {0};
    struct meter *meter = meter_start("checking", METER_READ, -1, 0);
    bool good = check_image(&a, s, im, o, &r, e);
    meter_end(meter);
    *bad = 0;
    for (size_t k = 0; k < r.n_findings; k++)
        if (r.findings[k].severity >= o->policy->threshold)
            r.findings[(*bad)++] = r.findings[k];
    output_add(&out, o->name, STR_NULL, r.findings, *bad, r.n_dropped);
    check_policy_report(o->policy, &out);
    return good && print(&out, e);
}

/* What does not become of an image that does not pass. */
static const char *verb;

static bool passes(void *ctx, struct store *s, const struct image *im, struct str name, struct str dockerfile, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct check_policy policy = {0};
    struct image_check_options o = {.name = name, .dockerfile = dockerfile, .policy = &policy};
    size_t bad;
    (void)ctx;
    if (!read_policy(&a, &policy, e) || !look(s, im, &o, &bad, e))
        return false;
    return bad == 0 || err_set(e, ERR_FINDINGS, "%.*s is not %s: %zu finding%s of `croze check --image` %s in the way", STR_ARG(name), verb,
                               bad, bad == 1 ? "" : "s", bad == 1 ? "is" : "are");
}

const struct image_gate *check_gate(struct store *s, const char *its_verb) {
    static const struct image_gate gate = {passes, NULL};
    if (!severity)
        return NULL;
    verb = its_verb;
    s->watch = &marks_watch;
    return &gate;
}

bool check_gate_image(struct store *s, struct str text, const struct image_gate *gate, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct store_ref ref;
    struct image im;
    if (!gate)
        return true;
    if (!image_find(s, text, &a, &ref, e) || !image_read(s, &ref.manifest, S("linux/" CROZE_ARCH), &im, e))
        return false;
    bool good = gate->passes(gate->ctx, s, &im, text, STR_NULL, e);
    image_fini(&im);
    return good;
}

bool check_gate_named(struct store *s, const struct image_name *name, const struct image_gate *gate, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct str text = name->digest.n ? arena_join3(&a, name->name, S("@"), name->digest) : image_name_text(&a, name);
    return check_gate_image(s, text, gate, e);
}
