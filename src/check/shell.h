/* SPDX-License-Identifier: Apache-2.0
 *
 * Splits a POSIX shell's text into what it would start: simple commands with their words, assignments and redirections, and how they are
 * joined. Pure: bytes and an arena in, structures out. Nothing is expanded; commands inside $(...), `...` and <(...) are commands too, one
 * level deeper. What cannot be read (an unclosed quote, a parenthesis too many, a limit of base/limits.h) ends the list: what came before
 * is given. All texts are parts of the text given or lie in the arena. */
#ifndef CROZE_CHECK_SHELL_H
#define CROZE_CHECK_SHELL_H

#include "base/arena.h"

struct shell_word {
    struct str raw;               /* as written: a part of the text */
    struct str text;              /* without quotes and escapes; expansions as they are written: $x, ${x:-y}, $(...) */
    bool quoted;                  /* some of it */
    bool expands;                 /* a $ or ` counts in it */
    bool globs;                   /* an unquoted * ? or [ */
};

/* "2>&1", ">>file", "<<EOF". */
struct shell_redirect {
    struct str op;                /* "<", ">>", "<<-", "&>", ... */
    struct str fd;                /* "2", or "" */
    struct shell_word target;
    const struct str *body;       /* of a here-document, as it stands in the text; else NULL */
};

/* What stands between two commands. */
enum shell_join {
    SHELL_EDGE,                   /* nothing: the text begins or ends */
    SHELL_SEQUENCE,               /* ; or a new line, or a keyword like "then" */
    SHELL_AND, SHELL_OR, SHELL_PIPE,
    SHELL_BACKGROUND,             /* & */
};

struct shell_command {
    const struct shell_word *words; /* the first is what is started; none: assignments or redirections alone */
    size_t n_words;
    const struct shell_word *assigns; /* "A=b" in front of the words */
    size_t n_assigns;
    const struct shell_redirect *redirects;
    size_t n_redirects;
    enum shell_join before, behind;
    unsigned depth;               /* of parentheses, braces, if, loops, case around it */
    unsigned nested;              /* of substitutions around it */
    struct str text;              /* from its first byte to its last */
    bool wrapped;                 /* the same command without its "sudo" or "env" (lint.h) */
};

struct shell {
    struct str text;
    const struct shell_command *commands; /* in the order in which they begin */
    size_t n;
    const char *broken;           /* why the list ends before the text does, or NULL */
    size_t broken_at;             /* the byte */
};

/* *work is what splitting may cost, in bytes looked at, counted down; commands and words cost as much as base/limits.h says. It may be
 * shared by many texts. */
void shell_split(struct arena *a, struct str text, uint64_t *work, struct shell *out);

#endif
