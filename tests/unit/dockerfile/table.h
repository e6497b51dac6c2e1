/* SPDX-License-Identifier: Apache-2.0
 * Test tables under tests/data/: a row a line, columns between tabs, "#" comments and empty lines are skipped. */
#ifndef CROZE_TESTS_TABLE_H
#define CROZE_TESTS_TABLE_H

#include "shared.h"

enum { TABLE_COLUMNS = 12 };
struct row {
    struct str column[TABLE_COLUMNS];
    size_t n;
    unsigned line;
};

/* Reads a table whole; STR_NULL and a failing test if it cannot. */
__attribute__((unused)) static struct str table_open(struct arena *a, const char *name) {
    const char *source = getenv("CROZE_SOURCE");
    struct err e = ERR_INIT;
    struct str path = arena_printf(a, "%s/tests/data/dockerfile", source ? source : ".");
    _cleanup_fd_ int dir = file_open(path.p, O_RDONLY | O_DIRECTORY, 0, &e);
    err_clear(&e);
    return dir < 0 ? STR_NULL : read_at(a, dir, name);
}

__attribute__((unused)) static bool table_next(struct str *rest, struct row *r) {
    struct str line;
    unsigned number = r->line;
    while (str_next(rest, '\n', &line)) {
        number++;
        if (line.n == 0 || str_starts(line, S("# ")))
            continue;
        *r = (struct row){.line = number};
        while (r->n < TABLE_COLUMNS && str_next(&line, '\t', &r->column[r->n]))
            r->n++;
        return true;
    }
    return false;
}

#endif
