/* SPDX-License-Identifier: Apache-2.0
 * A parse under way, shared by the files that parse.c calls. Private to dockerfile/. */
#ifndef CROZE_DOCKERFILE_PARSE_H
#define CROZE_DOCKERFILE_PARSE_H

#include "base/vec.h"
#include "dockerfile/dockerfile.h"
#include "dockerfile/lines.h"

struct parse {
    struct arena *arena;
    struct str name;
    struct lines lines;
    struct logical_line line;  /* the one that is being parsed */
    size_t words;              /* counted so far, against LIMIT_DOCKERFILE_WORDS */
    bool syntax_only;          /* arity and flags are not checked */
    bool lenient;              /* errors end their instruction, not the file */
    struct err first;          /* lenient: the first one */
    struct err order;          /* lenient: the first instruction before a FROM, should one come */
    const struct df_line *kept; /* of the instruction that is being parsed */
    VEC(struct df_warning) warnings;
};

/* Size and encoding of a file (whole.c). */
MUST_CHECK bool whole_check(struct str text, struct str name, struct err *e);
/* Behind an error: lines that end with CR alone, as old editors wrote them, make one line of the file. Returns false. */
bool whole_hint(struct str text, struct err *e);

/* Counts arguments, flags, pairs and here-documents against the file's limit. */
MUST_CHECK bool count_words(struct parse *p, size_t n, struct df_pos pos, struct err *e);
/* Where a piece of the logical line stands in the file. */
struct df_pos pos_of(const struct parse *p, struct str piece);
void warn_at(struct parse *p, struct df_pos pos, const char *rule, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The exec form. *found: `text` is an array of strings, which are in *args. Text that starts with "[" and is no JSON is no error: it is
 * the shell form, with a warning if it looks like a slip of the pen. */
MUST_CHECK bool json_form(struct parse *p, struct str text, bool *found, struct df_instruction *in, struct err *e);

/* Whether a word names a here-document. */
bool heredoc_parse(struct arena *a, struct str text, struct df_heredoc *h);
/* Finds the here-documents of an instruction and reads their bodies from the lines that follow. */
MUST_CHECK bool heredocs_read(struct parse *p, struct df_instruction *in, struct err *e);

/* What an instruction must have besides its syntax: known flags, enough arguments, legal names. */
MUST_CHECK bool instruction_check(struct parse *p, struct df_instruction *in, struct err *e);

#endif
