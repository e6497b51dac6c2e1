/* SPDX-License-Identifier: Apache-2.0
 * Edits carried out: see fix.h. Findings are taken whole or not at all. */
#include "check/fix.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "check/source.h"

/* An edit by its bytes in the text. */
struct change {
    size_t from, to, number; /* the number keeps those of one place in order */
    struct str text;
};
typedef VEC(struct change) changes;

static size_t offset(const struct source *s, struct df_pos pos) {
    if (pos.line > s->n)
        return s->text.n;
    size_t at = s->starts[pos.line - 1] + pos.column - 1;
    return at < s->text.n ? at : s->text.n;
}

static int by_place(const void *a, const void *b) {
    const struct change *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Two may touch, not overlap; nor may two write at one place. */
static bool meets(const struct change *a, const struct change *b) {
    return a->from == b->from || (a->from < b->to && b->from < a->to);
}

static bool is_free(const changes *all, const struct change *one) {
    for (size_t k = 0; k < all->n; k++)
        if (meets(&all->p[k], one))
            return false;
    return true;
}

static bool take(const struct source *s, const struct finding *f, changes *all) {
    size_t before = all->n;
    if (all->n + f->n_edits > LIMIT_CHANGES)
        return false;
    for (size_t k = 0; k < f->n_edits; k++) {
        struct change one = {offset(s, f->edits[k].pos), offset(s, f->edits[k].end), all->n, f->edits[k].text};
        if (one.to < one.from || !is_free(all, &one)) {
            all->n = before;
            return false;
        }
        vec_push(all, one);
    }
    return f->n_edits > 0;
}

size_t check_fix(const struct check_result *r, struct buf *out) {
    struct arena a = ARENA_INIT;
    struct source s;
    changes all = {0};
    size_t mended = 0, at = 0;
    source_init(&s, &a, r->text);
    for (size_t k = 0; k < r->n_findings; k++)
        mended += take(&s, &r->findings[k], &all);
    if (all.n)
        qsort(all.p, all.n, sizeof *all.p, by_place);
    for (size_t k = 0; k < all.n; k++) {
        buf_add_str(out, str_first(str_from(s.text, at), all.p[k].from - at));
        buf_add_str(out, all.p[k].text);
        at = all.p[k].to;
    }
    buf_add_str(out, str_from(s.text, at));
    vec_fini(&all);
    arena_fini(&a);
    return mended;
}

/* What is mended may need another change; of one line several may come in turn. */
enum { ROUNDS = 20 };

size_t check_fix_all(struct arena *a, struct str text, struct str name, const struct check_options *o, struct check_result *r) {
    size_t all = 0, now = 1;
    check_dockerfile(a, text, name, o, r);
    for (size_t n = 0; r->error.kind == ERR_NONE && now && n < ROUNDS; n++) {
        struct buf out = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
        now = check_fix(r, &out);
        if (now && buf_ok(&out)) {
            all += now;
            check_dockerfile(a, arena_str(a, buf_str(&out)), name, o, r);
        }
        now = buf_ok(&out) ? now : 0;
        buf_fini(&out);
    }
    return all;
}
