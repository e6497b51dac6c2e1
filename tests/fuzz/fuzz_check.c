/* SPDX-License-Identifier: Apache-2.0
 * A Dockerfile through every rule, with an ignore file and a base image that has triggers, then the outline and the targets; all of it
 * shown as text and as JSON. The first byte says which of the options are in force. */
#include <assert.h>
#include <stddef.h>

#include "base/json.h"
#include "check/outline.h"
#include "check/output.h"
#include "check/variants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ALL_STAGES = 1, KNOWN_BASE = 2, IGNORE = 4, BUILD_ARGS = 8, ALL_RULES = 16, OUT_BYTES = 64 << 20 };

static bool base(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform) {
    *platform = S("linux/amd64");
    (void)ctx;
    pair_list_set(a, &out->env, S("PATH"), S("/bin"));
    str_list_add(a, &out->onbuild, S("COPY $A /$A"));
    str_list_add(a, &out->onbuild, S("CMD x"));
    return stage->base_ref.n % 2 == 0;
}

/* What is shown steers no terminal. */
static void shown(const struct buf *out) {
    for (size_t k = 0; k < out->n; k++)
        assert((unsigned char)out->p[k] >= ' ' || out->p[k] == '\n' || out->p[k] == '\t');
}

static void parses(const struct buf *out) {
    struct err e = ERR_INIT;
    struct str text = {out->p, out->n};
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, OUT_BYTES, "result", &e);
    assert(doc || !buf_ok(out));
    err_clear(&e);
}

/* Every format: text steers no terminal, documents can be read. */
static void write_all(struct arena *a, const struct check_result *r, struct str text, struct buf *out) {
    struct output o = {0};
    output_add(&o, r->file.name, text, r->findings, r->n_findings, r->n_dropped);
    output_note(&o, check_doubt(a, r));
    for (int f = OUTPUT_TEXT; f <= OUTPUT_GITHUB; f++) {
        output_write(&o, (enum output_format)f, out);
        if (f == OUTPUT_SARIF || f == OUTPUT_GITLAB)
            parses(out);
        else if (f != OUTPUT_JSON)
            shown(out);
        buf_reset(out);
    }
    output_fini(&o);
}

static void check(struct arena *a, struct str text, const struct check_options *o) {
    struct check_result r;
    struct buf out = BUF_INIT(OUT_BYTES);
    unsigned line;
    check_dockerfile(a, text, S("f"), o, &r);
    assert(r.error.kind == ERR_NONE || r.error.msg);
    assert(r.error.kind == ERR_NONE || !check_error_line(&r, &line) || line > 0);
    for (size_t k = 0; k < r.n_findings; k++) {
        const struct finding *f = &r.findings[k];
        assert(f->line > 0 && f->end.line >= f->line && f->pos.line >= f->line && f->pos.line <= f->end.line && f->pos.column > 0);
        bool by_line = o->policy.compat == COMPAT_BUILDKIT;
        assert(k == 0 || (by_line ? r.findings[k - 1].line <= f->line : r.findings[k - 1].pos.line <= f->pos.line));
    }
    check_print(&r, &out);
    shown(&out);
    buf_reset(&out);
    write_all(a, &r, text, &out);
    check_json_buildkit(&r, &out);
    parses(&out);
    buf_reset(&out);
    err_clear(&r.error);
    buf_fini(&out);
}

/* Beside its own second half, which may be a file too; what is remarked is found. */
static void compare(struct arena *a, struct str text, const struct check_options *o) {
    struct variant_file files[] = {{.name = S("f"), .text = text}, {.name = S("g"), .text = str_from(text, text.n / 2)}};
    struct check_options with = *o;
    variants_compare(a, files, 2, &o->plan);
    for (size_t k = 0; k < 2; k++)
        for (size_t j = 0; j < files[k].n_remarks; j++)
            assert(files[k].remarks[j].pos.line > 0 && files[k].remarks[j].message.n);
    with.remarks = files[0].remarks;
    with.n_remarks = files[0].n_remarks;
    check(a, text, &with);
}

static void tell(struct arena *a, struct str text, const struct check_options *o) {
    struct outline outline;
    struct targets targets;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(OUT_BYTES);
    if (targets_make(a, text, S("f"), &targets, &e)) {
        targets_print(&targets, &out);
        shown(&out);
        buf_reset(&out);
        targets_json(&targets, &out);
        parses(&out);
    }
    err_clear(&e);
    buf_reset(&out);
    if (outline_make(a, text, S("f"), o, &outline, &e)) {
        outline_print(&outline, &out);
        shown(&out);
        buf_reset(&out);
        outline_json(&outline, &out);
        parses(&out);
    }
    err_clear(&e);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct ignore ignore = {0};
    unsigned flags = n ? data[0] : 0;
    struct str text = str_from(str_n((const char *)data, n), 1);
    struct check_options o = {.plan.platform = S("linux/amd64"), .all_stages = flags & ALL_STAGES};
    o.base = flags & KNOWN_BASE ? base : NULL;
    if (flags & IGNORE && ignore_parse(&a, S("x\n*.log\n**/y\n"), S("i"), &ignore, &e))
        o.ignore = &ignore;
    if (flags & BUILD_ARGS)
        pair_list_set(&a, &o.plan.build_args, S("A"), S("a b"));
    if (flags & ALL_RULES)
        pair_list_set(&a, &o.plan.build_args, S("BUILDKIT_DOCKERFILE_CHECK"), S("experimental=all"));
    check(&a, text, &o);
    compare(&a, text, &o);
    tell(&a, text, &o);
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
