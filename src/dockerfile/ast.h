/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Dockerfile becomes: a list of instructions with their flags, words and positions. Nothing is expanded or resolved here; that is
 * plan/'s work. All memory lies in the arena given to dockerfile_parse(); texts may point into the source text. */
#ifndef CROZE_DOCKERFILE_AST_H
#define CROZE_DOCKERFILE_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A place in the source file; both count from 1, columns in bytes. */
struct df_pos {
    unsigned line, column;
};

enum df_op {
    DF_ADD, DF_ARG, DF_CMD, DF_COPY, DF_ENTRYPOINT, DF_ENV, DF_EXPOSE, DF_FROM, DF_HEALTHCHECK, DF_LABEL, DF_MAINTAINER,
    DF_ONBUILD, DF_RUN, DF_SHELL, DF_STOPSIGNAL, DF_USER, DF_VOLUME, DF_WORKDIR,
};

/* "--name=value" or "--name" between the keyword and the first argument. */
struct df_flag {
    struct str name;      /* without the dashes */
    struct str value;
    bool has_value;
    struct df_pos pos;
};

/* ENV, LABEL: key and value as written (quotes kept). ARG: the value may be absent. */
struct df_pair {
    struct str key, value;
    bool has_value;
    struct df_pos pos;
};

/* A here-document of RUN, COPY or ADD, in the order in which the words named them. */
struct df_heredoc {
    struct str name;      /* the terminating word */
    struct str body;      /* with the final newline; tabs already stripped for <<- */
    struct str raw;       /* the body as it stands in the source */
    struct df_pos pos;    /* of the word that names it */
    unsigned line;        /* of the body's first */
    bool expand;          /* the word was not quoted */
    bool strip_tabs;
    unsigned fd;
};

/* Bytes of a logical line that stand together in the source. 32 bits hold LIMIT_DOCKERFILE_BYTES. */
struct line_piece {
    uint32_t at;          /* in the logical line */
    uint32_t source_at;
    uint32_t line, column;
};
/* A logical line and where its pieces came from. */
struct df_line {
    struct str text;
    const struct line_piece *pieces;
    size_t n;
};

struct df_instruction {
    enum df_op op;
    struct str keyword;   /* as written: "run", "RUN" */
    struct str original;  /* the logical line: continuations joined, comments dropped, with keyword and flags; one line for history */
    struct str rest;      /* the logical line behind keyword and flags, trimmed */
    struct str comments;  /* the comment lines above it (with blank lines between them), as they stand in the source */
    struct df_pos pos;    /* of the keyword */
    unsigned line_end;    /* last physical line that belongs to it, here-documents included */
    const struct df_line *line; /* of which `original`, `rest` and words as written are parts (df_text_pos) */
    size_t number;        /* of an ONBUILD trigger that a base brought, from 1; its positions are those in its text. 0: the file's own */

    struct df_flag *flags;
    size_t n_flags;

    /* By instruction:
     *   RUN CMD ENTRYPOINT SHELL VOLUME: `json` tells the exec form; then args are its strings. In shell form RUN, CMD and ENTRYPOINT
     *       have one argument, the text (CMD and ENTRYPOINT none if it is empty); VOLUME has its words.
     *   HEALTHCHECK: args[0] is "NONE" or "CMD", then as CMD (json, or one text).
     *   ADD COPY: sources, then the destination (json form too); the words that name here-documents are not among them.
     *   EXPOSE: words. FROM: words as written (image, "AS", name).
     *   MAINTAINER STOPSIGNAL USER WORKDIR: one text.
     *   ENV LABEL ARG: `pairs`; args is empty. ONBUILD: `trigger`. */
    struct str *args;
    struct df_pos *arg_pos; /* where each of them stands */
    size_t n_args;
    bool json;
    struct df_pair *pairs;
    size_t n_pairs;
    bool legacy_pair;     /* "ENV key rest of line" */
    struct df_heredoc *heredocs;
    size_t n_heredocs;
    struct df_instruction *trigger;
};

/* Something legal that deserves a word: an empty continuation line, JSON-looking text that is not JSON. check/ has a row for each rule. */
struct df_warning {
    struct df_pos pos;
    const char *rule;     /* BuildKit's name where it has one: "NoEmptyContinuation" */
    struct str message;
    struct str subject;   /* UndefinedVar: the variable */
    struct str meant;     /* the name that was probably meant, or "" */
};

struct dockerfile {
    struct str name;               /* for messages */
    char escape;                   /* '\\' or '`' */
    struct str syntax, check;      /* the directives' values, or empty */
    struct df_instruction *instructions;
    size_t n_instructions;
    struct df_warning *warnings;
    size_t n_warnings;
};

#endif
