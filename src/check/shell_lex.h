/* SPDX-License-Identifier: Apache-2.0
 *
 * A shell's text under way: shell.c finds the commands, shell_word.c the words in them. Private to both. There is no recursion: what stands
 * in a substitution is put aside as a piece and read later; what opens and closes is kept on a small stack. */
#ifndef CROZE_CHECK_SHELL_LEX_H
#define CROZE_CHECK_SHELL_LEX_H

#include "base/limits.h"
#include "base/vec.h"
#include "check/shell.h"

/* Bytes [from, to) of the text, to be read later. */
struct shell_piece {
    size_t from, to;
    unsigned nested;              /* of substitutions around it */
    unsigned depth;               /* of pieces around it */
    bool arithmetic;              /* it is no commands of its own, but they may be substituted in it */
};

/* A here-document whose body follows at the end of the line. */
struct shell_pending {
    struct str word;
    struct str *body;
    bool quoted, strip;
};

struct shell_lex {
    struct arena *arena;
    struct str text;
    size_t at, end;               /* of the piece that is being read */
    unsigned nested, depth;       /* of the piece that is being read */
    uint64_t *work;
    VEC(struct shell_piece) todo;
    VEC(struct shell_command) commands;
    VEC(struct shell_pending) pending;
    const char *broken;
    size_t broken_at;

    /* The command under way. */
    VEC(struct shell_word) words, assigns;
    VEC(struct shell_redirect) redirects;
    size_t start, last;           /* its first byte, and behind its last */
    enum shell_join join;         /* in front of it */
    char header;                  /* it is none, but what follows "for" ('f') or "case" ('c') */
    bool test;                    /* it is [[ ... ]] */

    /* What is open around it: '(' '{' 'i'f, 'l'oop, 'c'ase. */
    char open[LIMIT_SHELL_DEPTH];
    size_t n_open;
    bool pattern;                 /* a pattern of the innermost case comes */
};

/* Ends the reading. Returns false. */
bool shell_break(struct shell_lex *x, size_t at, const char *why);
static inline char shell_at(const struct shell_lex *x, size_t at) {
    return at < x->end ? x->text.p[at] : '\0';
}
static inline struct str shell_part(const struct shell_lex *x, size_t from, size_t to) {
    return str_n(x->text.p + from, to - from);
}
/* Whether a byte ends a word. */
bool shell_ends_word(char c);
/* Reads the word that begins at x->at. */
bool shell_read_word(struct shell_lex *x, struct shell_word *word);
/* Puts the substitutions in [from, to), which is read as in double quotes, aside. */
bool shell_expansions(struct shell_lex *x, size_t from, size_t to);
/* *close is where what is opened before `from` closes, before `to`: "(" by ")", "{" by "}". */
bool shell_find_close(struct shell_lex *x, size_t from, size_t to, char closer, size_t *close);
/* Takes what was looked at, or made, off the work that splitting may cost; false, and the reading ends: there is none left. */
bool shell_charge(struct shell_lex *x, size_t at, uint64_t cost);

#endif
