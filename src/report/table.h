/* SPDX-License-Identifier: Apache-2.0
 *
 * Text in aligned columns, three blanks apart, as docker's lists look. Cells come row by row; the first row is the heading. */
#ifndef CROZE_REPORT_TABLE_H
#define CROZE_REPORT_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

struct table {
    struct arena arena;
    size_t columns, n, capacity;
    struct str *cells;
};

void table_init(struct table *t, size_t columns);
void table_fini(struct table *t);
void table_cell(struct table *t, struct str text); /* copied; control bytes are shown as '?' */
void table_write(const struct table *t, struct buf *out);

#endif
