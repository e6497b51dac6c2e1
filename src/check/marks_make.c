/* SPDX-License-Identifier: Apache-2.0
 * Making marks: shows the files of a layer that passes to the rules that read bytes (marks.h). */
#include "check/marks_make.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "layer/read.h"

struct marker {
    struct store *store;
    const struct rule *rules[MARKING_RULES_MAX];
    size_t n_rules;
    pthread_mutex_t lock; /* of the rest */
    struct arena arena;
    size_t used[MARKING_RULES_MAX]; /* bytes of the file of marks, by each rule */
    struct marks marks;
};

static void init(struct marker *m, struct store *s) {
    *m = (struct marker){.store = s, .arena = ARENA_INIT};
    m->n_rules = marking_rules(m->rules);
    pthread_mutex_init(&m->lock, NULL);
}

static void fini(struct marker *m) {
    marks_fini(&m->marks);
    arena_fini(&m->arena);
    pthread_mutex_destroy(&m->lock);
}

/* --- Noting -------------------------------------------------------------------------------------------------------------------------- */

/* A rule's marks take no room of another's: a hundred thousand scripts hide no token. */
static bool has_room(struct marker *m, const struct rule *r, size_t bytes) {
    size_t k = 0;
    while (k < m->n_rules && m->rules[k] != r)
        k++;
    if (k == m->n_rules || m->used[k] + bytes > LIMIT_MARKS_BYTES / 2 / m->n_rules)
        return false;
    m->used[k] += bytes;
    return true;
}

static void add(struct marker *m, const struct rule *r, struct str path, struct str text) {
    if (!has_room(m, r, mark_bytes(r, path, text))) {
        m->marks.n_dropped++;
        return;
    }
    struct mark mark = {r, arena_str(&m->arena, path), arena_str(&m->arena, text)};
    vec_push(&m->marks.list, mark);
}

void marker_note(struct marker *m, const struct rule *r, const struct watched_file *f, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&m->lock);
    add(m, r, f->path, str_first(str_z(text), LIMIT_MARK_BYTES));
    pthread_mutex_unlock(&m->lock);
}

static void look(void *of, const struct watched_file *f) {
    struct marker *m = of;
    for (size_t k = 0; k < m->n_rules; k++)
        m->rules[k]->mark(m, m->rules[k], f);
}

/* --- A layer ------------------------------------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b) {
    const struct mark *x = a, *y = b;
    int order = str_cmp(x->path, y->path);
    if (order == 0)
        order = strcmp(x->rule->id, y->rule->id);
    return order ? order : str_cmp(x->text, y->text);
}

/* Threads have made them in any order. */
static void sort(struct marks *m) {
    if (m->list.n)
        qsort(m->list.p, m->list.n, sizeof *m->list.p, by_place);
}

static void *begin(struct store *s) {
    struct marker *m = mem_alloc(sizeof *m);
    init(m, s);
    return m;
}

static bool commit(void *of, const struct digest *diff_id, struct err *e) {
    struct marker *m = of;
    sort(&m->marks);
    return m->store->read_only || marks_publish(m->store, diff_id, &m->marks, e);
}

static void end(void *of) {
    fini(of);
    free(of);
}

const struct layer_watch marks_watch = {begin, look, commit, end};

/* --- A layer that is here ------------------------------------------------------------------------------------------------------------ */

static bool read_head(const struct entry *en, const struct content *c, char *room, struct str *head, struct err *e) {
    size_t n = 0;
    ptrdiff_t got = 1;
    while (c->kind == CONTENT_STREAM && n < WATCH_HEAD_BYTES && got > 0) {
        got = c->pull(c->pull_ctx, room + n, WATCH_HEAD_BYTES - n, e);
        n += got > 0 ? (size_t)got : 0;
    }
    *head = str_n(room, n);
    return got >= 0 || err_wrap(e, "%s", SHOWN(en->path));
}

struct reading {
    struct marker *marker;
    char *room;
};

static bool take_entry(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct reading *r = ctx;
    struct watched_file f = {en->path, en->mode, en->size, STR_NULL};
    if (en->type != ENTRY_FILE || en->size == 0)
        return true;
    if (!read_head(en, c, r->room, &f.head, e))
        return false;
    look(r->marker, &f);
    return true;
}

/* The marks outlive their marker: their texts go into bytes of their own. */
static bool hand_over(struct marker *m, struct marks *out, struct err *e) {
    out->bytes = (struct buf)BUF_INIT(LIMIT_MARKS_BYTES);
    marks_write(&m->marks, &out->bytes);
    return (buf_ok(&out->bytes) && marks_parse(buf_str(&out->bytes), out)) || err_set(e, ERR_BUG, "marks cannot be read again");
}

bool marks_make(struct store *s, struct layer *l, struct marks *out, struct err *e) {
    struct marker m;
    _cleanup_(mem_freep) char *room = mem_alloc(WATCH_HEAD_BYTES);
    *out = (struct marks){0};
    init(&m, s);
    bool good = layer_read(s, l, (struct entry_sink){take_entry, &(struct reading){&m, room}}, e) && commit(&m, &l->diff_id, e) &&
                hand_over(&m, out, e);
    fini(&m);
    return good;
}
