/* SPDX-License-Identifier: Apache-2.0
 * A host of any bytes, in the words of host_fake.h: an engine's answers, bundles of runtimes, daemon.json, units, command lines, audit
 * rules, tables of the kernel, users and groups. Every recommendation has an answer with evidence, what fails has findings, everything that
 * is shown can be shown; and who may read nothing of that host is told of nothing that it is good. */
#include <assert.h>

#include "../unit/check/host_fake.h"
#include "base/json.h"
#include "check/check.h"
#include "check/cis.h"
#include "check/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { OUT_BYTES = 64 << 20, LINES_MAX = 200, RECOMMENDATIONS = 118 };

static void shown(const struct buf *out) {
    for (size_t k = 0; k < out->n; k++)
        assert((unsigned char)out->p[k] >= ' ' || out->p[k] == '\n' || out->p[k] == '\t');
}

static void parses(const struct buf *out) {
    struct err e = ERR_INIT;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(buf_str(out), OUT_BYTES, "result", &e);
    assert(doc || !buf_ok(out));
    err_clear(&e);
}

/* The table, the document, and one format of findings. */
static void write_some(const struct cis_report *r, enum output_format format) {
    struct output o = {0};
    struct buf out = BUF_INIT(OUT_BYTES);
    cis_print(r, &out);
    shown(&out);
    buf_reset(&out);
    cis_json(r, &out);
    parses(&out);
    for (size_t k = 0; k < r->n_findings; k++)
        output_add(&o, r->findings[k].file, STR_NULL, &r->findings[k], 1, 0);
    buf_reset(&out);
    output_write(&o, format, &out);
    if (format == OUTPUT_SARIF || format == OUTPUT_GITLAB)
        parses(&out);
    else if (format != OUTPUT_JSON)
        shown(&out);
    output_fini(&o);
    buf_fini(&out);
}

static bool has_finding(const struct cis_report *r, const struct rule *rule) {
    for (size_t k = 0; k < r->n_findings; k++)
        if (r->findings[k].rule == rule)
            return true;
    return r->n_dropped > 0;
}

static void look(struct fake *f, bool blind) {
    struct arena a = ARENA_INIT;
    const struct check_policy all = {.registries = {.p = (struct str[]){S("r.example.org"), S("*.example.com")}, .n = 2}};
    struct cis_options o = {.policy = &all};
    struct cis_report r;
    f->is_blind = blind;
    cis_check(&a, &f->source, &o, &r);
    assert(r.n_answers == RECOMMENDATIONS && r.about.n);
    for (size_t k = 0; k < r.n_answers; k++) {
        const struct cis_answer *x = &r.answers[k];
        assert(x->evidence.n && (x->verdict == CIS_FAIL) == has_finding(&r, x->rule));
        assert(!blind || x->verdict != CIS_PASS);
    }
    if (!blind)
        write_some(&r, (enum output_format)(r.n_findings % (OUTPUT_GITHUB + 1)));
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct fake f;
    struct str text = str_n((const char *)data, n), line;
    size_t lines = 0;
    fake_begin(&f);
    while (lines++ < LINES_MAX && str_next(&text, '\n', &line))
        fake_line(&f, line);
    fake_finish(&f);
    look(&f, false);
    fake_line(&f, S("engine denied"));
    look(&f, true);
    fake_end(&f);
    return 0;
}
