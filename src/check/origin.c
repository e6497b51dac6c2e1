/* SPDX-License-Identifier: Apache-2.0
 * check_origin(): verdicts, sums, the list of the rest, findings (origin.h, origin_work.h). */
#include "check/origin.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check/image_rules.h"
#include "check/judge.h"
#include "check/origin_work.h"
#include "report/progress.h"

static const struct rule *changed_rule(void);
static const struct rule *unproven_rule(void);

/* --- Digests -------------------------------------------------------------------------------------------------------------------------- */

void origin_digests_add(struct origin_digests *s, const struct digest *d) {
    if (!map_get(&s->map, digest_key(d)))
        (void)map_put(&s->map, arena_str(&s->arena, digest_key(d)), s);
}

bool origin_digests_has(const struct origin_digests *s, const struct digest *d) {
    return s && map_get(&s->map, digest_key(d));
}

void origin_digests_fini(struct origin_digests *s) {
    map_fini(&s->map);
    arena_fini(&s->arena);
}

/* --- Verdicts ------------------------------------------------------------------------------------------------------------------------- */

void origin_note(struct origin_work *w, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    str_list_add(w->arena, &w->notes, arena_str(w->arena, str_z(text)));
}

bool origin_is_base(const struct origin_work *w, const struct origin_file *f) {
    return f->layer < w->options->base_layers;
}

bool origin_is_named(const struct origin_work *w, const struct origin_file *f) {
    return origin_digests_has(&w->named, &f->digest) || origin_digests_has(w->options->named, &f->digest);
}

bool origin_is_committed(const struct origin_work *w, const struct origin_file *f) {
    return origin_digests_has(w->options->committed, &f->digest);
}

/* Whether what a list says could be compared, and whether it was right. */
static bool compare(const struct origin_file *f, const struct origin_wanted *x, bool *same) {
    if (x->kind == CHECKSUM_SHA256)
        *same = memcmp(x->sum, f->digest.b, sizeof f->digest.b) == 0;
    else if (f->sums && f->sums->has[x->kind])
        *same = memcmp(x->sum, f->sums->of[x->kind], checksum_bytes(x->kind)) == 0;
    else
        return false;
    return true;
}

struct verdict {
    enum origin_class class;
    struct str changed; /* the package that has it otherwise; or "" */
};

/* ORIGIN_UNPROVEN: no list has it so. */
static struct verdict by_lists(const struct origin_work *w, const struct origin_file *f) {
    struct verdict v = {.class = ORIGIN_UNPROVEN};
    bool may_change = false, same = false;
    for (const struct origin_wanted *x = f->wanted; x && v.class != ORIGIN_PACKAGE; x = x->next) {
        if (!compare(f, x, &same))
            continue;
        if (same)
            v.class = x->is_signed && !w->steps[f->layer].unchecked ? ORIGIN_PACKAGE : ORIGIN_UNVERIFIED;
        may_change |= x->is_config;
        v.changed = x->package.n ? x->package : S("a package");
    }
    if (v.class != ORIGIN_UNPROVEN || may_change)
        v.changed = STR_NULL;
    return v;
}

static struct verdict judge_file(const struct origin_work *w, const struct origin_file *f) {
    if (origin_is_base(w, f))
        return (struct verdict){.class = ORIGIN_BASE};
    struct verdict v = by_lists(w, f);
    if (v.class == ORIGIN_PACKAGE)
        return v;
    if (origin_is_named(w, f))
        v.class = ORIGIN_DOWNLOAD;
    else if (origin_is_committed(w, f))
        v.class = ORIGIN_CONTEXT;
    else if (v.class == ORIGIN_UNPROVEN && !v.changed.n && origin_is_generated(w, f))
        v.class = ORIGIN_GENERATED;
    else if (v.class == ORIGIN_UNPROVEN && !v.changed.n && w->steps[f->layer].verifies)
        v.class = ORIGIN_STEP;
    return v;
}

/* The digests of what packages proved: a copy of such a file (/etc/profile is one, which a package's script makes) has the same bytes. */
static void find_packaged(const struct origin_work *w, struct origin_digests *out) {
    for (size_t k = 0; k < w->files.n; k++)
        if (w->files.p[k]->wanted && judge_file(w, w->files.p[k]).class == ORIGIN_PACKAGE)
            origin_digests_add(out, &w->files.p[k]->digest);
}

/* --- The report ----------------------------------------------------------------------------------------------------------------------- */

struct result {
    struct origin_work *work;
    struct origin_digests packaged;
    struct origin_report *report;
    VEC(struct origin_rest) rest;
    VEC(struct finding) findings;
};

static struct str layer_of(const struct result *x, size_t layer) {
    char digest[DIGEST_TEXT + 1];
    return arena_str(x->work->arena, str_z(digest_text(&x->work->view.layers[layer].diff_id, digest)));
}

static void add_finding(struct result *x, struct finding f) {
    f.file = x->work->options->name;
    if (!judge(x->work->options->policy, &f))
        return;
    if (x->findings.n == LIMIT_FINDINGS)
        x->report->n_dropped++;
    else
        vec_push(&x->findings, f);
}

static void tell_changed(struct result *x, const struct origin_file *f, struct str path, struct str package) {
    struct origin_work *w = x->work;
    add_finding(x,
                (struct finding){.rule = changed_rule(),
                                 .message = arena_printf(w->arena, "is not what %s installed: it was changed afterwards", SHOWN(package)),
                                 .layer = layer_of(x, f->layer),
                                 .step = w->steps[f->layer].text,
                                 .path = path,
                                 .bytes = f->bytes});
}

static void add_file(struct result *x, const struct origin_file *f) {
    struct origin_work *w = x->work;
    struct verdict v = judge_file(w, f);
    struct origin_report *r = x->report;
    if (v.class == ORIGIN_UNPROVEN && !v.changed.n && origin_digests_has(&x->packaged, &f->digest))
        v.class = ORIGIN_PACKAGE;
    bool is_listed = v.class == ORIGIN_UNPROVEN || v.changed.n;
    struct str path = is_listed ? arena_join3(w->arena, S("/"), f->path, STR_NULL) : STR_NULL;
    r->sums[v.class].bytes += f->bytes;
    r->sums[v.class].files++;
    r->all.bytes += f->bytes;
    r->all.files++;
    if (v.changed.n)
        tell_changed(x, f, path, v.changed);
    if (v.class == ORIGIN_UNPROVEN)
        vec_push(&x->rest, ((struct origin_rest){path, layer_of(x, f->layer), w->steps[f->layer].text, v.changed, f->bytes}));
}

static int by_size(const void *a, const void *b) {
    const struct origin_rest *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return str_cmp(x->path, y->path);
}

static int by_path(const void *a, const void *b) {
    const struct finding *x = a, *y = b;
    return str_cmp(x->path, y->path);
}

unsigned origin_permille(const struct origin_report *r) {
    uint64_t proven = 0;
    for (size_t k = 0; k < ORIGIN_PROVEN; k++)
        proven += r->sums[k].bytes;
    if (r->all.bytes == 0)
        return 1000;
    return (unsigned)((unsigned __int128)proven * 1000 / r->all.bytes);
}

static void tell_unproven(struct result *x) {
    const struct origin_report *r = x->report;
    char rest[32], all[32];
    if (r->n_rest == 0)
        return;
    const struct origin_rest *largest = &r->rest[0];
    struct str text = arena_printf(x->work->arena, "%s in %zu file%s of its %s are of unproven origin; the largest is %s",
                                   human_size(r->sums[ORIGIN_UNPROVEN].bytes, rest), r->n_rest, r->n_rest == 1 ? "" : "s",
                                   human_size(r->all.bytes, all), SHOWN(largest->path));
    add_finding(x, (struct finding){.rule = unproven_rule(), .message = text, .bytes = r->sums[ORIGIN_UNPROVEN].bytes});
}

static void report(struct origin_work *w, struct origin_report *r) {
    struct result x = {.work = w, .report = r};
    find_packaged(w, &x.packaged);
    for (size_t k = 0; k < w->files.n; k++)
        add_file(&x, w->files.p[k]);
    if (x.rest.n)
        qsort(x.rest.p, x.rest.n, sizeof *x.rest.p, by_size);
    if (x.findings.n)
        qsort(x.findings.p, x.findings.n, sizeof *x.findings.p, by_path);
    r->n_rest = x.rest.n;
    r->rest = arena_array(w->arena, struct origin_rest, x.rest.n);
    if (x.rest.n)
        memcpy(r->rest, x.rest.p, x.rest.n * sizeof *x.rest.p);
    tell_unproven(&x);
    r->n_findings = x.findings.n;
    r->findings = arena_array(w->arena, struct finding, x.findings.n);
    if (x.findings.n)
        memcpy(r->findings, x.findings.p, x.findings.n * sizeof *x.findings.p);
    r->notes = w->notes;
    origin_digests_fini(&x.packaged);
    vec_fini(&x.rest);
    vec_fini(&x.findings);
}

bool check_origin(struct arena *a, struct store *s, const struct image *im, const struct origin_options *o, struct origin_report *r,
                  struct err *e) {
    struct origin_work w = {.arena = a, .store = s, .image = im, .options = o};
    *r = (struct origin_report){.name = o->name};
    if (!view_open(&w.view, s, im->layers, im->n_layers, e))
        return err_wrap(e, "check %.*s", STR_ARG(o->name));
    origin_look_at_steps(&w);
    bool good = origin_find_files(&w, e) && origin_read_databases(&w, e);
    if (good)
        origin_take_lists(&w);
    good = good && origin_read_wanted(&w, e);
    if (good)
        report(&w, r);
    origin_forget_files(&w);
    origin_digests_fini(&w.named);
    view_close(&w.view);
    arena_fini(&w.own);
    return good || err_wrap(e, "check %.*s", STR_ARG(o->name));
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------- */

const struct rule rules_image_origin[] = {
    {.id = "ImagePackageFileChanged",
     .reads = READS_OTHER,
     .severity = SEVERITY_WARNING,
     .also = "4.11",
     .why = "What a package's signature vouches for is not what runs.",
     .fix = "Leave packages' files as they are: configure beside them, or divert them (dpkg-divert).",
     .url = ""},
    {.id = "ImageOriginUnproven",
     .reads = READS_OTHER,
     .severity = SEVERITY_INFO,
     .also = "4.11",
     .why = "Nobody can tell whether it is what was meant.",
     .fix = "Install it from signed packages, check what you download, give the commit it comes from (--source).",
     .url = ""},
    {0},
};

static const struct rule *changed_rule(void) {
    return &rules_image_origin[0];
}

static const struct rule *unproven_rule(void) {
    return &rules_image_origin[1];
}
