/* SPDX-License-Identifier: Apache-2.0
 *
 * ShellCheck, asked about the scripts of a Dockerfile: each RUN becomes a script that says which shell it is for and which variables are
 * set; what ShellCheck has to say is found in the Dockerfile again. Private to check/. */
#ifndef CROZE_CHECK_SHELLCHECK_H
#define CROZE_CHECK_SHELLCHECK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "check/finding.h"
#include "check/lint.h"
#include "check/source.h"

/* A part of the file's text, and where it begins in the script. */
struct sc_part {
    size_t at;
    struct str text;
};

struct sc_script {
    const struct lint_step *step;
    struct str text;
    struct source source;         /* of the text, once a comment wants a place */
    VEC(struct sc_part) parts;
};

/* One comment of ShellCheck's; lines and columns count from 1, columns in characters; the end is behind the last one. */
struct sc_comment {
    size_t script; /* of those asked about */
    size_t line, column, end_line, end_column;
    enum severity severity;
    unsigned code;
    struct str message;
};
typedef VEC(struct sc_comment) sc_comments;

/* The piece of the file's text that a comment is about; "": none, as of the lines that were put above it. */
struct str sc_place(struct arena *a, struct sc_script *s, const struct sc_comment *c);

/* Runs the program over these scripts, at most LIMIT_SHELLCHECK_BATCH: what it says is added to `out`, with texts in the arena. */
MUST_CHECK bool sc_ask(struct arena *a, const char *program, const struct sc_script *scripts, size_t n, sc_comments *out, struct err *e);
/* What it printed (--format=json1); `names` are those that the scripts had. */
MUST_CHECK bool sc_read(struct arena *a, struct str json, const struct str *names, size_t n, sc_comments *out, struct err *e);

#endif
