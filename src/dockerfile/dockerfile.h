/* SPDX-License-Identifier: Apache-2.0
 *
 * dockerfile/ takes the bytes of a Dockerfile or an ignore file and gives structures: instructions (ast.h), expanded words, a matcher for
 * paths. It is pure: bytes and an arena in, structures out, no system call. The language is that of BuildKit's Dockerfile frontend 1.26;
 * where a limit of base/limits.h is passed or the text is wrong, the error says "NAME:LINE:COLUMN: ..." (ERR_USAGE). */
#ifndef CROZE_DOCKERFILE_DOCKERFILE_H
#define CROZE_DOCKERFILE_DOCKERFILE_H

#include "base/arena.h"
#include "base/err.h"
#include "dockerfile/ast.h"

/* Parses a whole file. `name` is used in messages and kept. After an error `out` holds what was read before it: checks speak of that. */
MUST_CHECK bool dockerfile_parse(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e);
/* As dockerfile_parse, but goes on behind what is wrong: checks want to see the rest. An instruction that cannot be read is left out; one
 * that may not stand where it does (before the first FROM, in an ONBUILD) stays. False: something was wrong, and the error is the first.
 * That there is no FROM is none: then the file is a piece of one. */
MUST_CHECK bool dockerfile_parse_lenient(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e);
/* Parses one instruction without its file: an ONBUILD trigger from a base image's configuration. */
MUST_CHECK bool dockerfile_parse_one(struct arena *a, struct str text, struct str name, char escape, struct df_instruction *out,
                                     struct err *e);
/* After a read that failed: that it met LIMIT_DOCKERFILE_BYTES (EFBIG) becomes an error of the file, with its place; others stay. Returns
 * false. */
bool dockerfile_unread(struct str name, struct err *e);
const char *df_op_name(enum df_op op); /* "RUN" */
/* Where a part of the instruction's text stands in the file, and the place behind its last byte. False: it is no part of that text, but was
 * made from it. */
bool df_text_pos(const struct df_instruction *i, struct str part, struct df_pos *pos, struct df_pos *end);
/* Whether a "# syntax=" value asks for the language that is read here: docker/dockerfile and its like, of any version. */
bool df_is_own_syntax(struct str syntax);

/* --- Words -------------------------------------------------------------------------------------------------------------------- */

/* Gives the value of a variable; false: it is not set. The value must live as long as the arena. */
struct df_vars {
    bool (*get)(void *ctx, struct str name, struct str *value);
    void *ctx;
    uint64_t *work; /* what the words of a file may still cost together (LIMIT_FILE_WORK), counted down; NULL: each has its own bound */
};
/* Names that were used without being set, for warnings. */
struct df_unset {
    struct str *names;
    size_t n, capacity; /* capacity of names; more are dropped */
};

/* Expands $v, ${v}, ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?m} ${v?m} ${v#p} ${v##p} ${v%p} ${v%%p} ${v/p/r} ${v//p/r} and removes quotes, to
 * one word. Errors carry no position: callers wrap them. `unset` may be NULL. */
MUST_CHECK bool df_expand(struct arena *a, struct str text, char escape, struct df_vars vars, struct df_unset *unset, struct str *out,
                          struct err *e);
/* The text of a here-document whose word was not quoted (df_heredoc.expand): variables as above, quotes stay, an escape character
 * (always "\") goes and what it stands before stays. After an error *fault is the byte at which the piece begins that is wrong. */
MUST_CHECK bool df_expand_text(struct arena *a, struct str text, struct df_vars vars, struct df_unset *unset, struct str *out,
                               size_t *fault, struct err *e);
/* The place in the file of a byte of the body. */
struct df_pos df_heredoc_pos(const struct df_heredoc *h, size_t at);
/* As df_expand, then split at unquoted blanks. */
MUST_CHECK bool df_expand_words(struct arena *a, struct str text, char escape, struct df_vars vars, struct df_unset *unset,
                                struct str **out, size_t *n, struct err *e);

/* --- Ignore files (.dockerignore) and the patterns of --exclude ---------------------------------------------------------------- */

struct glob; /* a compiled pattern */
struct ignore_pattern {
    const struct glob *glob;
    struct str text;      /* cleaned: no "!", no leading or trailing "/" */
    bool negated;
    unsigned line;        /* in the file, from 1 */
};
struct ignore {
    struct str name;      /* the file's, for messages */
    struct ignore_pattern *patterns;
    size_t n;
    bool any_negated;
};

MUST_CHECK bool ignore_parse(struct arena *a, struct str text, struct str name, struct ignore *out, struct err *e);
/* The same of patterns that stand in flags (--exclude), one each: there are no comments. Errors name the pattern, without a position. */
MUST_CHECK bool ignore_of(struct arena *a, const struct str *texts, size_t n, struct ignore *out, struct err *e);
/* Excludes all but what this one clean pattern matches, and what lies below that (COPY --parents). */
MUST_CHECK bool ignore_all_but(struct arena *a, struct str pattern, struct ignore *out, struct err *e);
/* Whether `path` (clean, relative, "/" separated) is excluded: the last pattern wins that matches it or one of its parents.
 * *which (may be NULL) gets the index of the deciding pattern, or -1. */
bool ignore_match(const struct ignore *ig, struct str path, ptrdiff_t *which);
/* Whether something below the excluded directory `path` could be included again by a "!" pattern: if not, a walk need not enter it. */
bool ignore_may_reinclude_below(const struct ignore *ig, struct str path);
/* One pattern in Go's filepath.Match language (no "/" is matched by * or ?). Malformed patterns: error. */
MUST_CHECK bool pattern_match(struct str pattern, struct str name, bool *matched, struct err *e);

#endif
