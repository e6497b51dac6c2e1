/* SPDX-License-Identifier: Apache-2.0
 * Making marks: shows the files of a layer that passes to the rules that read bytes (marks.h). */
#include "check/marks_make.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "layer/read.h"

/* Of a layer: with their list, no more than LIMIT_MARKS_BYTES while they are made, and less as a file. */
#define MARKS_KEPT_BYTES (LIMIT_MARKS_BYTES / 2)

struct marker {
    struct store *store;
    const struct rule *rules[MARKING_RULES_MAX];
    size_t n_rules;
    pthread_mutex_t lock; /* of the rest */
    struct arena arena; /* of the texts */
    size_t used;        /* bytes, of all marks */
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

/* --- Order --------------------------------------------------------------------------------------------------------------------------- */

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

/* More than it takes in the file: its place in the list counts, too. */
static size_t bytes_of(const struct mark *m) {
    return mark_bytes(m->rule, m->path, m->text) + sizeof *m;
}

static size_t number_of(const struct marker *m, const struct rule *r) {
    size_t k = 0;
    while (k < m->n_rules && m->rules[k] != r)
        k++;
    assert(k < m->n_rules);
    return k;
}

/* Keeps of each rule the first ones by their order, as many as fit into its share. So it does not matter in which order they came, a layer
 * has one set of marks, whoever made them; and a rule's marks take no room of another's: a hundred thousand scripts hide no token. */
static void keep_what_fits(struct marker *m) {
    struct marks *all = &m->marks;
    struct arena kept = ARENA_INIT;
    size_t n = 0, share[MARKING_RULES_MAX] = {0};
    sort(all);
    m->used = 0;
    for (size_t k = 0; k < all->list.n; k++) {
        struct mark one = all->list.p[k];
        size_t *used = &share[number_of(m, one.rule)], bytes = bytes_of(&one);
        *used += bytes; /* what does not fit ends its rule's */
        if (*used > MARKS_KEPT_BYTES / m->n_rules)
            continue;
        m->used += bytes;
        one.path = arena_str(&kept, one.path);
        one.text = arena_str(&kept, one.text);
        all->list.p[n++] = one;
    }
    all->n_dropped += all->list.n - n;
    all->list.n = n;
    arena_fini(&m->arena);
    m->arena = kept;
}

/* --- Noting -------------------------------------------------------------------------------------------------------------------------- */

static void add(struct marker *m, const struct rule *r, struct str path, struct str text) {
    struct mark mark = {r, arena_str(&m->arena, path), arena_str(&m->arena, text)};
    vec_push(&m->marks.list, mark);
    m->used += bytes_of(&mark);
    if (m->used > 2 * MARKS_KEPT_BYTES)
        keep_what_fits(m);
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

static void *begin(struct store *s) {
    struct marker *m = mem_alloc(sizeof *m);
    init(m, s);
    return m;
}

static bool commit(void *of, const struct digest *diff_id, struct err *e) {
    struct marker *m = of;
    keep_what_fits(m);
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
    if (!good)
        marks_fini(out);
    return good;
}
