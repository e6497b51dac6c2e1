/* SPDX-License-Identifier: Apache-2.0
 * Differences of two texts: see diff.h. Where lines differ, the nearest place is looked for at which both go on alike. */
#include "report/diff.h"

#include "base/vec.h"

enum { CONTEXT = 3, ALIKE = 2, WINDOW = 200 }; /* lines: around a change, that must be alike behind it, that are looked through for it */
enum { TELLING = 8 };                          /* bytes: a line of so many is enough by itself */

struct lines {
    VEC(struct str) list; /* with their line ends */
};
/* Lines [a_from, a_to) became [b_from, b_to). */
struct region {
    size_t a_from, a_to, b_from, b_to;
};
typedef VEC(struct region) regions;

static void split(struct str text, struct lines *out) {
    while (text.n) {
        ptrdiff_t end = str_index(text, '\n');
        struct str line = end < 0 ? text : str_first(text, (size_t)end + 1);
        vec_push(&out->list, line);
        text = str_from(text, line.n);
    }
}

/* Whether both texts go on alike from these lines, or end. */
static bool alike(const struct lines *a, size_t i, const struct lines *b, size_t j) {
    for (size_t k = 0; k < ALIKE; k++) {
        bool a_ends = i + k >= a->list.n, b_ends = j + k >= b->list.n;
        if (a_ends || b_ends)
            return a_ends && b_ends;
        if (!str_eq(a->list.p[i + k], b->list.p[j + k]))
            return false;
        if (a->list.p[i + k].n >= TELLING)
            return true;
    }
    return true;
}

/* The end of a region that begins at r->a_from, r->b_from: the one with the fewest lines in it. */
static void find_end(const struct lines *a, const struct lines *b, struct region *r) {
    for (size_t sum = 1; sum <= WINDOW; sum++)
        for (size_t n = 0; n <= sum; n++) {
            r->a_to = r->a_from + n;
            r->b_to = r->b_from + sum - n;
            if (r->a_to <= a->list.n && r->b_to <= b->list.n && alike(a, r->a_to, b, r->b_to))
                return;
        }
    r->a_to = a->list.n;
    r->b_to = b->list.n;
}

static void compare(const struct lines *a, const struct lines *b, regions *out) {
    for (size_t i = 0, j = 0; i < a->list.n || j < b->list.n;) {
        if (i < a->list.n && j < b->list.n && str_eq(a->list.p[i], b->list.p[j])) {
            i++;
            j++;
            continue;
        }
        struct region r = {.a_from = i, .b_from = j};
        find_end(a, b, &r);
        vec_push(out, r);
        i = r.a_to;
        j = r.b_to;
    }
}

static void show(char mark, struct str line, struct buf *out) {
    bool ends = str_ends(line, S("\n"));
    buf_add_char(out, mark);
    buf_add_shown(out, str_first(line, line.n - ends));
    buf_add_str(out, ends ? S("\n") : S("\n\\ No newline at end of file\n"));
}

static void show_range(char mark, const struct lines *l, size_t from, size_t to, struct buf *out) {
    for (size_t k = from; k < to; k++)
        show(mark, l->list.p[k], out);
}

/* Regions [first, last], which stand so close that their surroundings meet. */
static void hunk(const struct lines *a, const struct lines *b, const struct region *first, const struct region *last, struct buf *out) {
    size_t before = first->a_from < CONTEXT ? first->a_from : CONTEXT;
    size_t behind = a->list.n - last->a_to < CONTEXT ? a->list.n - last->a_to : CONTEXT;
    size_t a_from = first->a_from - before, b_from = first->b_from - before;
    size_t a_lines = last->a_to + behind - a_from, b_lines = last->b_to + behind - b_from;
    buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", a_from + (a_lines > 0), a_lines, b_from + (b_lines > 0), b_lines);
    size_t at = a_from;
    for (const struct region *r = first; r <= last; r++) {
        show_range(' ', a, at, r->a_from, out);
        show_range('-', a, r->a_from, r->a_to, out);
        show_range('+', b, r->b_from, r->b_to, out);
        at = r->a_to;
    }
    show_range(' ', a, at, last->a_to + behind, out);
}

void diff_unified(struct str before, struct str after, struct str name, struct buf *out) {
    struct lines a = {0}, b = {0};
    regions all = {0};
    split(before, &a);
    split(after, &b);
    compare(&a, &b, &all);
    if (all.n) {
        buf_add_str(out, S("--- "));
        buf_add_shown(out, name);
        buf_add_str(out, S("\n+++ "));
        buf_add_shown(out, name);
        buf_add_char(out, '\n');
    }
    for (size_t k = 0; k < all.n;) {
        size_t last = k;
        while (last + 1 < all.n && all.p[last + 1].a_from - all.p[last].a_to <= 2 * CONTEXT)
            last++;
        hunk(&a, &b, &all.p[k], &all.p[last], out);
        k = last + 1;
    }
    vec_fini(&a.list);
    vec_fini(&b.list);
    vec_fini(&all);
}
