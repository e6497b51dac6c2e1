/* SPDX-License-Identifier: Apache-2.0
 * Lines of a text, and an excerpt of it for people: see source.h. */
#include "check/source.h"

enum { SHOWN_BYTES = 1000, CONTEXT_LINES = 4 };

void source_init(struct source *s, struct arena *a, struct str text) {
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    size_t *starts = arena_array(a, size_t, n);
    for (size_t i = 0, line = 1; i < text.n; i++)
        if (text.p[i] == '\n')
            starts[line++] = i + 1;
    *s = (struct source){text, starts, (unsigned)n};
}

struct str source_line(const struct source *s, unsigned line) {
    if (line == 0 || line > s->n)
        return STR_NULL;
    size_t from = s->starts[line - 1], to = line < s->n ? s->starts[line] - 1 : s->text.n;
    struct str text = str_first(str_from(s->text, from), to - from);
    while (text.n && text.p[text.n - 1] == '\r')
        text.n--;
    return text;
}

/* One marked line has four around it, several have two; where the file ends, the other side has more. */
static void widen(const struct source *s, unsigned *first, unsigned *last) {
    unsigned around = *first == *last ? CONTEXT_LINES : CONTEXT_LINES / 2;
    for (unsigned n = 0; n < around; n++) {
        if (*first > 1) {
            --*first;
            n++;
        }
        if (*last != s->n) {
            ++*last;
            n++;
        }
    }
}

void source_excerpt(const struct source *s, struct str name, unsigned first, unsigned last, struct buf *out) {
    if (first == 0 || first > s->n)
        return;
    last = last < first ? first : last > s->n ? s->n : last;
    unsigned from = first, to = last;
    widen(s, &from, &to);
    buf_add_shown(out, name);
    buf_printf(out, ":%u\n--------------------\n", first);
    for (unsigned line = from; line <= to; line++) {
        struct str text = source_line(s, line);
        buf_printf(out, " %3u | %s ", line, line >= first && line <= last ? ">>>" : "   ");
        buf_add_shown(out, str_first(text, SHOWN_BYTES));
        buf_add_str(out, text.n > SHOWN_BYTES ? S("...\n") : S("\n"));
    }
    buf_add_str(out, S("--------------------\n"));
}
