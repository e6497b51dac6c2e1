/* SPDX-License-Identifier: Apache-2.0
 * Edits by their bytes: see fix.h. */
#include "check/fix.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "check/source.h"

struct change {
    size_t from, to; /* bytes of the text */
    struct str text;
};
typedef VEC(struct change) changes;

/* False: the place is not in the text. Behind its last line there is one, its end. */
static bool byte_at(const struct source *s, struct df_pos pos, size_t *out) {
    if (pos.line == s->n + 1 && pos.column == 1) {
        *out = s->text.n;
        return true;
    }
    if (pos.line == 0 || pos.line > s->n || pos.column == 0)
        return false;
    *out = s->starts[pos.line - 1] + pos.column - 1;
    return *out <= s->text.n;
}

static bool overlaps(const struct change *c, const struct change *other) {
    bool inserts = c->from == c->to || other->from == other->to; /* at the edge of another it may stand */
    return inserts
               ? (c->from > other->from && c->from < other->to) || (other->from > c->from && other->from < c->to) || c->from == other->from
               : c->from < other->to && other->from < c->to;
}

static bool fits(const changes *taken, const struct change *c) {
    for (size_t k = 0; k < taken->n; k++)
        if (overlaps(c, &taken->p[k]))
            return false;
    return true;
}

/* All edits of a finding, or none. */
static bool take(changes *taken, const struct source *s, const struct finding *f) {
    size_t before = taken->n;
    for (size_t k = 0; k < f->n_edits; k++) {
        struct change c = {.text = f->edits[k].text};
        if (byte_at(s, f->edits[k].pos, &c.from) && byte_at(s, f->edits[k].end, &c.to) && c.from <= c.to && fits(taken, &c)) {
            vec_push(taken, c);
            continue;
        }
        taken->n = before;
        return false;
    }
    return f->n_edits > 0;
}

static int by_place(const void *a, const void *b) {
    const struct change *x = a, *y = b;
    return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->to > y->to) - (x->to < y->to);
}

size_t fix_apply(struct arena *a, struct str text, const struct finding *findings, size_t n, struct str *out) {
    changes taken = {0};
    struct source source;
    size_t mended = 0, at = 0;
    source_init(&source, a, text);
    for (size_t k = 0; k < n && taken.n < LIMIT_EDITS_AT_ONCE; k++)
        mended += take(&taken, &source, &findings[k]);
    if (taken.n)
        qsort(taken.p, taken.n, sizeof *taken.p, by_place);
    struct buf b = BUF_INIT(LIMIT_DOCKERFILE_BYTES * 2);
    for (size_t k = 0; k < taken.n; k++) {
        buf_add_str(&b, str_n(text.p + at, taken.p[k].from - at));
        buf_add_str(&b, taken.p[k].text);
        at = taken.p[k].to;
    }
    buf_add_str(&b, str_from(text, at));
    bool whole = mended && buf_ok(&b);
    *out = whole ? arena_str(a, buf_str(&b)) : text;
    buf_fini(&b);
    vec_fini(&taken);
    return whole ? mended : 0;
}

/* --- Rounds ------------------------------------------------------------------------------------------------------------------------- */

enum { ROUNDS_MAX = 20, ALONE_MAX = 20 };

/* Takes the better text if it is a good one. */
static bool take_text(struct arena *a, struct str better, const struct check_options *o, struct check_result *r) {
    struct check_result after;
    check_dockerfile(a, better, r->file.name, o, &after);
    bool good = after.error.kind == ERR_NONE;
    if (good)
        *r = after;
    err_clear(&after.error);
    return good;
}

/* All findings at once; if that is no good, the first one that is. */
static bool round_of(struct arena *a, const struct check_options *o, struct check_result *r) {
    struct str better;
    if (fix_apply(a, r->text, r->findings, r->n_findings, &better) == 0)
        return false;
    if (take_text(a, better, o, r))
        return true;
    for (size_t k = 0, tried = 0; k < r->n_findings && tried < ALONE_MAX; k++) {
        tried += r->findings[k].n_edits > 0;
        if (fix_apply(a, r->text, &r->findings[k], 1, &better) && take_text(a, better, o, r))
            return true;
    }
    return false;
}

bool fix_all(struct arena *a, const struct check_options *o, struct check_result *r) {
    size_t rounds = 0;
    while (r->error.kind == ERR_NONE && rounds < ROUNDS_MAX && round_of(a, o, r))
        rounds++;
    return rounds > 0;
}
