/* SPDX-License-Identifier: Apache-2.0
 *
 * Physical lines of a Dockerfile -> logical lines: parser directives, comments, continuations, and the lines of here-documents.
 * Private to dockerfile/. A logical line that was written on one physical line points into the source; others are joined in the arena. */
#ifndef CROZE_DOCKERFILE_LINES_H
#define CROZE_DOCKERFILE_LINES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "dockerfile/ast.h"

struct logical_line {
    struct str text;
    unsigned line_end;        /* last physical line */
    bool empty_continuation;  /* a blank line stood among the continuations */
    struct str comments;      /* the comment lines above it, as they stand in the source */
};

struct directives {
    bool done;                /* the zone at the head of the file has ended */
    bool shebang;
    char escape;
    struct str syntax, check;
    unsigned syntax_line;
    unsigned seen;            /* bit set of enum directive */
};

struct lines {
    struct arena *arena;
    struct str name, source;
    size_t at;
    unsigned line;            /* number of the physical line read last */
    struct directives directives;
    VEC(struct line_piece) pieces; /* of the logical line read last */
};

void lines_init(struct lines *r, struct arena *a, struct str name, struct str source);
void lines_fini(struct lines *r);

/* 1: a logical line; 0: the end; -1: error. What it gives is valid until the next call, its text as long as arena and source. */
MUST_CHECK int lines_next(struct lines *r, struct logical_line *out, struct err *e);
/* The next physical line with its line ending, untouched; false at the end. */
bool lines_raw(struct lines *r, struct str *raw);
/* Where the byte `offset` of the logical line read last stands. */
struct df_pos lines_pos(const struct lines *r, size_t offset);
/* The same of one that was kept. */
struct df_pos pieces_pos(const struct line_piece *pieces, size_t n, size_t offset);
struct str trim_newline(struct str raw);

/* Looks for "# key=value" in a line without leading blanks while the zone lasts. *is: the line is a directive. */
MUST_CHECK bool directive_read(struct directives *d, struct str line, bool *is, struct err *e);

#endif
