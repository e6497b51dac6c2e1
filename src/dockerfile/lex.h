/* SPDX-License-Identifier: Apache-2.0
 * The word lexer behind df_expand(): what the parser needs of it to find here-documents. Private to dockerfile/. */
#ifndef CROZE_DOCKERFILE_LEX_H
#define CROZE_DOCKERFILE_LEX_H

#include "base/buf.h"
#include "base/vec.h"
#include "dockerfile/dockerfile.h"

struct lex_mode {
    char escape;
    bool keep_quotes;     /* quotes stay in the result (they still quote) */
    bool keep_escapes;    /* escape characters stay, at the outermost level */
    bool quotes_are_text; /* quotes do not quote: the text of a here-document */
    bool keep_unset;      /* $x without a value stays "$x" */
    bool heredocs_only;   /* drops words without "<<" */
    size_t max_bytes;     /* of the result */
    size_t *fault;        /* gets the place in the text of what an error is about; or NULL */
};

typedef VEC(struct str) lex_words;

/* Expands `text`; *out gets the whole, *words (if not NULL) its words, all in the arena. The caller frees the vector. */
MUST_CHECK bool lex_run(struct arena *a, struct str text, struct lex_mode mode, struct df_vars vars, struct df_unset *unset,
                        struct str *out, lex_words *words, struct err *e);

/* What substitutions may still cost: bytes copied and steps of the matcher. */
struct lex_work {
    uint64_t word;        /* left of LIMIT_EXPANSION_WORK */
    uint64_t *file;       /* of all words together (df_vars.work); may be NULL */
};
/* Takes a cost off; it is an error if nothing of it is left. */
MUST_CHECK bool lex_spend(struct lex_work *w, uint64_t cost, struct err *e);

/* ${v#p} ${v##p} (suffix: ${v%p} ${v%%p}); appends to out. */
MUST_CHECK bool subst_trim(struct str value, struct str pattern, bool suffix, struct lex_work *work, struct buf *out, struct err *e);
/* ${v/p/r}, all: ${v//p/r}. */
MUST_CHECK bool subst_replace(struct str value, struct str pattern, struct str replacement, bool all, struct lex_work *work,
                              struct buf *out, struct err *e);

#endif
