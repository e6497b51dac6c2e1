/* SPDX-License-Identifier: Apache-2.0
 * The engine of the rules over images: the image as a whole, then each entry of each layer, then what the bytes of
 * files told. */
#include "check/image_check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "check/image_rules.h"
#include "check/judge.h"
#include "check/marks.h"
#include "check/tokens.h"
#include "report/progress.h"

/* --- For the rules ---------------------------------------------------------------------------------------------------------------- */

/* Whether a finding of the rule there is wanted, and there is room for it: asked before anything is made for it. */
static bool is_wanted(struct image_check *c, const struct rule *r, struct str path) {
    struct finding f = {.rule = r, .file = c->options->name, .path = path};
    if (!judge(c->options->policy, &f))
        return false;
    return finding_has_room(&c->findings, f.severity);
}

static void report(struct image_check *c, struct finding f) {
    if (judge(c->options->policy, &f))
        finding_keep(&c->findings, &f);
}

__attribute__((format(printf, 2, 0))) static struct str message(struct image_check *c, const char *fmt, va_list ap) {
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    return arena_str(c->arena, str_z(text));
}

/* Findings about what a line of the Dockerfile left stand at that line. */
static void place(const struct image_check *c, const struct history *h, struct finding *f) {
    f->file = c->options->name;
    if (!h || !h->line || !c->options->dockerfile.n)
        return;
    f->file = c->options->dockerfile;
    f->line = h->line;
    f->pos = (struct df_pos){.line = h->line, .column = 1};
    f->end = (struct df_pos){.line = h->line_end, .column = 1};
}

void image_report(struct image_check *c, const struct rule *r, const char *fmt, ...) {
    va_list ap;
    if (!is_wanted(c, r, STR_NULL))
        return;
    va_start(ap, fmt);
    struct finding f = {.rule = r, .message = message(c, fmt, ap)};
    va_end(ap);
    place(c, NULL, &f);
    report(c, f);
}

void image_report_at(struct image_check *c, const struct rule *r, size_t layer, struct str path, uint64_t bytes, const char *fmt, ...) {
    char digest[DIGEST_TEXT + 1];
    va_list ap;
    if (!is_wanted(c, r, path))
        return;
    va_start(ap, fmt);
    struct finding f = {.rule = r, .message = message(c, fmt, ap), .bytes = bytes, .step = c->steps[layer]};
    va_end(ap);
    f.layer = arena_str(c->arena, str_z(digest_text(&c->view.layers[layer].diff_id, digest)));
    f.path = path.n ? arena_join3(c->arena, S("/"), path, STR_NULL) : STR_NULL;
    place(c, c->made[layer], &f);
    report(c, f);
}

void image_report_step(struct image_check *c, const struct rule *r, size_t layer, size_t step, const char *also, struct str text) {
    char digest[DIGEST_TEXT + 1];
    if (!is_wanted(c, r, STR_NULL))
        return;
    struct finding f = {.rule = r, .message = arena_str(c->arena, tokens_masked(&c->scratch, text)), .also = also};
    f.step = image_step(c->arena, c->image->history[step].created_by);
    if (layer < c->view.n)
        f.layer = arena_str(c->arena, str_z(digest_text(&c->view.layers[layer].diff_id, digest)));
    place(c, &c->image->history[step], &f);
    report(c, f);
}

const char *image_size(struct image_check *c, uint64_t bytes) {
    char text[32];
    return arena_strz(&c->scratch, str_z(human_size(bytes, text)));
}

/* --- Passes ------------------------------------------------------------------------------------------------------------------------- */

static void run_rules(struct image_check *c, enum rule_reads reads, const struct image_entry *en) {
    for (size_t t = 0; rule_tables[t]; t++)
        for (const struct rule *r = rule_tables[t]; r->id; r++)
            if (r->reads == reads)
                r->image(c, r, en);
    arena_fini(&c->scratch);
}

static void look_at_entries(struct image_check *c, size_t layer) {
    const struct toc *t = c->view.tocs[layer];
    for (size_t i = 0; i < toc_count(t); i++) {
        struct entry en;
        toc_entry(t, i, &c->scratch, &en);
        run_rules(c, READS_ENTRY, &(struct image_entry){.entry = &en, .layer = layer, .number = i});
    }
}

/* What the layer itself replaced (a directory by a link, behind the file in it) is in no table of contents, and ships all the same. */
static void look_at_mark(struct image_check *c, size_t layer, const struct mark *m) {
    struct entry en = {.path = m->path, .type = ENTRY_FILE};
    size_t i;
    bool is_listed = toc_find(c->view.tocs[layer], m->path, &i);
    if (is_listed)
        toc_entry(c->view.tocs[layer], i, NULL, &en);
    struct image_entry at = {.entry = &en, .layer = layer, .number = is_listed ? i : NOT_LISTED, .mark = m->text};
    m->rule->image(c, m->rule, &at);
    arena_fini(&c->scratch);
}

static bool look_at_marks(struct image_check *c, size_t layer, struct err *e) {
    struct layer *l = &c->view.layers[layer];
    struct marks m;
    bool found;
    if (!marks_open(c->store, &l->diff_id, &m, &found, e) || (!found && !marks_make(c->store, l, &m, e)))
        return false;
    for (size_t k = 0; k < m.list.n; k++)
        look_at_mark(c, layer, &m.list.p[k]);
    c->findings.n_dropped += m.n_dropped;
    marks_fini(&m);
    return true;
}

static bool look_at_contents(struct image_check *c, struct err *e) {
    for (size_t k = c->options->base_layers; k < c->view.n; k++)
        if (!look_at_marks(c, k, e))
            return false;
    return true;
}

/* --- The whole ---------------------------------------------------------------------------------------------------------------------- */

/* History has a line for each layer, and others between them; where it does not, nothing is said. */
static void find_steps(struct image_check *c) {
    size_t layer = 0;
    c->steps = arena_array(c->arena, struct str, c->view.n);
    c->made = arena_array(c->arena, const struct history *, c->view.n);
    for (size_t k = 0; k < c->image->n_history; k++) {
        const struct history *h = &c->image->history[k];
        if (h->empty_layer)
            continue;
        if (layer < c->view.n) {
            c->steps[layer] = image_step(c->arena, h->created_by);
            c->made[layer] = h;
        }
        layer++;
    }
    if (layer == c->view.n)
        return;
    memset(c->steps, 0, c->view.n * sizeof *c->steps);
    memset(c->made, 0, c->view.n * sizeof *c->made);
}

/* By path within a layer, those about the image first; of one place as they were found, which is their order in memory. */
static int by_place(const void *a, const void *b) {
    const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;
    int order = str_cmp(x->path, y->path);
    return order ? order : x < y ? -1 : x > y;
}

static void sort(struct image_check *c, struct image_check_result *r) {
    size_t n = c->findings.n;
    const struct finding **order = arena_array(c->arena, const struct finding *, n);
    *r = (struct image_check_result){arena_array(c->arena, struct finding, n), n, c->findings.n_dropped};
    for (size_t k = 0; k < n; k++)
        order[k] = &c->findings.p[k];
    if (n)
        qsort(order, n, sizeof *order, by_place);
    for (size_t k = 0; k < n; k++)
        r->findings[k] = *order[k];
}

/* A layer without a table of contents is read now: once for both. */
static bool open_view(struct image_check *c, struct err *e) {
    const struct layer_watch *before = c->store->watch;
    if (!c->options->no_contents)
        c->store->watch = &marks_watch;
    bool good = view_open(&c->view, c->store, c->image->layers, c->image->n_layers, e);
    c->store->watch = before;
    return good;
}

bool check_image(struct arena *a, struct store *s, const struct image *im, const struct image_check_options *o,
                 struct image_check_result *r, struct err *e) {
    struct image_check c = {.arena = a, .store = s, .image = im, .options = o};
    *r = (struct image_check_result){0};
    if (!open_view(&c, e))
        return err_wrap(e, "check %.*s", STR_ARG(o->name));
    find_steps(&c);
    run_rules(&c, READS_IMAGE, NULL);
    image_look_at_history(&c);
    for (size_t k = o->base_layers; k < c.view.n; k++)
        look_at_entries(&c, k);
    bool good = o->no_contents || look_at_contents(&c, e) || err_wrap(e, "check %.*s", STR_ARG(o->name));
    sort(&c, r);
    vec_fini(&c.findings);
    free(c.directory.layers);
    view_close(&c.view);
    arena_fini(&c.scratch);
    return good;
}

size_t check_base_layers(const struct image *im, const struct image *base) {
    if (base->n_layers > im->n_layers)
        return 0;
    for (size_t k = 0; k < base->n_layers; k++)
        if (!digest_eq(&im->layers[k].diff_id, &base->layers[k].diff_id))
            return 0;
    return base->n_layers;
}
