/* SPDX-License-Identifier: Apache-2.0
 * Aligned columns: see table.h. */
#include "report/table.h"

#include <assert.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "report/display.h"

enum { GAP = 3 };

void table_init(struct table *t, size_t columns) {
    *t = (struct table){.columns = columns};
}

void table_fini(struct table *t) {
    free(t->cells);
    arena_fini(&t->arena);
    t->cells = NULL;
}

void table_cell(struct table *t, struct str text) {
    struct buf safe = BUF_INIT(text.n + 1);
    buf_add_shown(&safe, text);
    if (t->n == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 64;
        t->cells = mem_realloc(t->cells, t->capacity, sizeof *t->cells);
    }
    t->cells[t->n++] = arena_str(&t->arena, buf_str(&safe));
    buf_fini(&safe);
}

static size_t widest(const struct table *t, size_t column) {
    size_t most = 0;
    for (size_t i = column; i < t->n; i += t->columns)
        if (utf8_count(t->cells[i]) > most)
            most = utf8_count(t->cells[i]);
    return most;
}

void table_write(const struct table *t, struct buf *out) {
    assert(t->n % t->columns == 0);
    _cleanup_(mem_freep) size_t *widths = mem_zalloc(t->columns, sizeof *widths);
    for (size_t c = 0; c < t->columns; c++)
        widths[c] = widest(t, c);
    for (size_t i = 0; i < t->n; i++) {
        size_t column = i % t->columns;
        buf_add_str(out, t->cells[i]);
        if (column + 1 == t->columns)
            buf_add_char(out, '\n');
        else
            buf_printf(out, "%*s", (int)(widths[column] - utf8_count(t->cells[i]) + GAP), "");
    }
}
