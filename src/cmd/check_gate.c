/* SPDX-License-Identifier: Apache-2.0
 * The gate in front of a push: see check_gate.h. */
#include "cmd/check_gate.h"

#include <unistd.h>

#include "base/limits.h"
#include "check/image_check.h"
#include "check/output.h"
#include "cmd/check_policy.h"
#include "report/meter.h"
#include "sys/files.h"

static const char *severity;

const struct opt check_gate_rows[] = {
    OPT_OPTIONAL("require-checks", "SEVERITY", &severity,
                 "Push nothing of which `croze check --image` finds something that is at least so bad: error (--require-checks alone), "
                 "warning, info or style; exit code 10 then"),
    OPT_END,
};

static bool read_policy(struct arena *a, struct check_policy *p, struct err *e) {
    struct str word = severity[0] ? str_z(severity) : S("error");
    if (!check_policy_read(a, p, e))
        return false;
    p->no_fail = false;
    return policy_set_threshold(word, p, e) || err_wrap(e, "--require-checks");
}

static bool print(const struct output *o, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    output_write(o, OUTPUT_TEXT, &out);
    return file_write_all(STDERR_FILENO, out.p, out.n, "standard error", e);
}

/* How many findings are as bad as the threshold; they alone are printed. */
static bool look(struct store *s, const struct image *im, struct str name, const struct check_policy *p, size_t *bad, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(output_fini) struct output out = {0};
    struct image_check_options o = {.name = name, .policy = p};
    struct image_check_result r = {0};
    struct meter *meter = meter_start("checking", METER_READ, -1, 0);
    bool good = check_image(&a, s, im, &o, &r, e);
    meter_end(meter);
    *bad = 0;
    for (size_t k = 0; k < r.n_findings; k++)
        if (r.findings[k].severity >= p->threshold)
            r.findings[(*bad)++] = r.findings[k];
    output_add(&out, name, STR_NULL, r.findings, *bad, r.n_dropped);
    check_policy_report(p, &out);
    return good && print(&out, e);
}

bool check_gate(struct store *s, const struct image_name *name, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct check_policy policy = {0};
    struct store_ref ref;
    struct image im;
    size_t bad;
    if (!severity)
        return true;
    struct str text = name->digest.n ? arena_join3(&a, name->name, S("@"), name->digest) : image_name_text(&a, name);
    if (!read_policy(&a, &policy, e) || !image_find(s, text, &a, &ref, e) || !image_read(s, &ref.manifest, S("linux/" CROZE_ARCH), &im, e))
        return false;
    bool good = look(s, &im, text, &policy, &bad, e);
    image_fini(&im);
    return good && (bad == 0 || err_set(e, ERR_FINDINGS, "%.*s is not pushed: %zu finding%s of `croze check --image` %s in the way",
                                        STR_ARG(text), bad, bad == 1 ? "" : "s", bad == 1 ? "is" : "are"));
}
