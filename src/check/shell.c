/* SPDX-License-Identifier: Apache-2.0
 * A shell's text by its commands: operators, keywords, redirections, here-documents. See shell.h and shell_lex.h. */
#include "check/shell.h"

#include <stdlib.h>

#include "check/shell_lex.h"

/* --- The command under way -------------------------------------------------------------------------------------------------------- */

static bool is_empty(const struct shell_lex *x) {
    return x->words.n + x->assigns.n + x->redirects.n == 0;
}

#define to_arena(a, vec, T) ((const T *)copy_array((a), (vec)->p, (vec)->n, sizeof(T)))
static const void *copy_array(struct arena *a, const void *from, size_t n, size_t size) {
    if (n == 0)
        return NULL;
    return memcpy(arena_alloc(a, n, size), from, n * size);
}

static void forget(struct shell_lex *x) {
    x->words.n = x->assigns.n = x->redirects.n = 0;
    x->header = '\0';
    x->test = false;
}

static bool open_block(struct shell_lex *x, char what) {
    if (x->n_open == LIMIT_SHELL_DEPTH)
        return shell_break(x, x->at, "blocks nested too deep");
    x->open[x->n_open++] = what;
    return true;
}

static bool is_open(const struct shell_lex *x, char what) {
    return x->n_open && x->open[x->n_open - 1] == what;
}

static bool close_block(struct shell_lex *x, char what) {
    if (!is_open(x, what))
        return shell_break(x, x->at, "something closes that is not open");
    x->n_open--;
    return true;
}

/* Ends the command under way; `behind` is what stands there. A header ends where its loop begins. */
static bool finish(struct shell_lex *x, enum shell_join behind) {
    if (x->header == 'f') {
        forget(x);
        x->join = SHELL_SEQUENCE;
        return open_block(x, 'l');
    }
    if (x->header)
        return behind == SHELL_SEQUENCE || shell_break(x, x->at, "a case without its word");
    if (is_empty(x)) {
        x->join = behind == SHELL_SEQUENCE ? x->join : behind;
        return true;
    }
    if (!shell_charge(x, x->start, LIMIT_SHELL_COMMAND_COST))
        return false;
    struct shell_command c = {
        .words = to_arena(x->arena, &x->words, struct shell_word),
        .n_words = x->words.n,
        .assigns = to_arena(x->arena, &x->assigns, struct shell_word),
        .n_assigns = x->assigns.n,
        .redirects = to_arena(x->arena, &x->redirects, struct shell_redirect),
        .n_redirects = x->redirects.n,
        .before = x->join,
        .behind = behind,
        .depth = (unsigned)x->n_open,
        .nested = x->nested,
        .text = shell_part(x, x->start, x->last),
    };
    vec_push(&x->commands, c);
    forget(x);
    x->join = behind;
    return true;
}

static bool add_word(struct shell_lex *x, const struct shell_word *w, bool assigns) {
    if (!shell_charge(x, x->at, LIMIT_SHELL_WORD_COST))
        return false;
    if (is_empty(x))
        x->start = (size_t)(w->raw.p - x->text.p);
    x->last = x->at;
    if (assigns)
        vec_push(&x->assigns, *w);
    else
        vec_push(&x->words, *w);
    return true;
}

/* --- Blanks, lines, here-documents ------------------------------------------------------------------------------------------------ */

static void skip_blanks(struct shell_lex *x) {
    for (;;) {
        char c = shell_at(x, x->at);
        if (c == ' ' || c == '\t' || c == '\r' || (c == '\0' && x->at < x->end))
            x->at++;
        else if (c == '\\' && shell_at(x, x->at + 1) == '\n')
            x->at += 2;
        else
            return;
    }
}

static void skip_line(struct shell_lex *x) {
    const char *p = memchr(x->text.p + x->at, '\n', x->end - x->at);
    x->at = p ? (size_t)(p - x->text.p) : x->end;
}

/* Takes the body off the lines from x->at on; the text's end ends it too. */
static bool read_body(struct shell_lex *x, const struct shell_pending *h) {
    size_t from = x->at, to = x->end;
    while (x->at < x->end) {
        size_t line = x->at, begin = line;
        skip_line(x);
        while (h->strip && shell_at(x, line) == '\t')
            line++;
        bool ends = str_eq(shell_part(x, line, x->at), h->word);
        to = ends ? begin : x->at;
        x->at += x->at < x->end;
        if (ends)
            break;
    }
    *h->body = shell_part(x, from, to);
    return h->quoted || shell_expansions(x, from, to);
}

static bool new_line(struct shell_lex *x) {
    bool good = finish(x, SHELL_SEQUENCE);
    x->at++;
    for (size_t k = 0; good && k < x->pending.n; k++)
        good = read_body(x, &x->pending.p[k]);
    x->pending.n = 0;
    return good;
}

/* --- Redirections ----------------------------------------------------------------------------------------------------------------- */

static size_t operator_length(const struct shell_lex *x) {
    static const char *const ops[] = {"<<<", "<<-", "&>>", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "<", ">"};
    for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
        if (str_starts(shell_part(x, x->at, x->end), str_z(ops[k])))
            return strlen(ops[k]);
    return 0;
}

static bool redirect(struct shell_lex *x, struct str fd) {
    size_t n = operator_length(x), from = fd.n ? (size_t)(fd.p - x->text.p) : x->at;
    struct shell_redirect r = {.op = shell_part(x, x->at, x->at + n), .fd = fd};
    x->at += n;
    skip_blanks(x);
    if (!shell_read_word(x, &r.target))
        return false;
    if (r.target.raw.n == 0)
        return shell_break(x, from, "a redirection to nothing");
    if (str_eqz(r.op, "<<") || str_eqz(r.op, "<<-")) {
        struct str *body = arena_new(x->arena, struct str);
        r.body = body;
        vec_push(&x->pending, ((struct shell_pending){r.target.text, body, r.target.quoted, r.op.n == 3}));
    }
    if (!shell_charge(x, from, LIMIT_SHELL_WORD_COST))
        return false;
    if (is_empty(x))
        x->start = from;
    x->last = x->at;
    vec_push(&x->redirects, r);
    return true;
}

/* --- Operators -------------------------------------------------------------------------------------------------------------------- */

static bool opens(struct shell_lex *x) {
    if (x->words.n == 1 && x->assigns.n == 0) { /* name() { ... } */
        x->at++;
        skip_blanks(x);
        if (shell_at(x, x->at) != ')')
            return shell_break(x, x->at, "a parenthesis behind a word");
        forget(x);
        x->at++;
        return true;
    }
    bool arithmetic = shell_at(x, x->at + 1) == '(';
    if (x->header == 'f' || (is_empty(x) && arithmetic)) { /* for ((;;)), ((i++)) */
        size_t close;
        if (!shell_find_close(x, x->at + 1, x->end, ')', &close))
            return false;
        x->at = close + 1;
        return true;
    }
    if (!is_empty(x))
        return shell_break(x, x->at, "a parenthesis behind a word");
    x->at++;
    return open_block(x, '(');
}

static bool semicolon(struct shell_lex *x) {
    char next = shell_at(x, x->at + 1);
    if (!finish(x, SHELL_SEQUENCE))
        return false;
    x->join = SHELL_SEQUENCE;
    x->at++;
    if (next != ';' && next != '&')
        return true;
    if (!is_open(x, 'c'))
        return shell_break(x, x->at, "two semicolons outside of case");
    x->pattern = true;
    x->at++;
    x->at += next == ';' && shell_at(x, x->at) == '&';
    return true;
}

static bool operator(struct shell_lex *x) {
    char c = x->text.p[x->at], next = shell_at(x, x->at + 1);
    switch (c) {
    case '\n':
        return new_line(x);
    case ';':
        return semicolon(x);
    case '(':
        return opens(x);
    case ')':
        if (!finish(x, SHELL_EDGE) || !close_block(x, '('))
            return false;
        x->at++;
        x->join = SHELL_SEQUENCE;
        return true;
    case '&':
        if (next == '>')
            return redirect(x, STR_NULL);
        x->at += next == '&' ? 2 : 1;
        return finish(x, next == '&' ? SHELL_AND : SHELL_BACKGROUND);
    case '|':
        x->at += next == '|' || next == '&' ? 2 : 1;
        return finish(x, next == '|' ? SHELL_OR : SHELL_PIPE);
    default:
        return redirect(x, STR_NULL);
    }
}

/* --- Keywords --------------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    char opens, closes, header;   /* a block, or '\0' */
    bool separates;               /* what follows is a command of its own */
} keywords[] = {
    {"if", 'i', 0, 0, false},    {"then", 0, 0, 0, true},     {"elif", 0, 0, 0, true},     {"else", 0, 0, 0, true},
    {"fi", 0, 'i', 0, true},     {"while", 'l', 0, 0, false}, {"until", 'l', 0, 0, false}, {"do", 0, 0, 0, true},
    {"done", 0, 'l', 0, true},   {"{", '{', 0, 0, false},     {"}", 0, '{', 0, true},      {"esac", 0, 'c', 0, true},
    {"for", 0, 0, 'f', false},   {"select", 0, 0, 'f', false}, {"case", 0, 0, 'c', false}, {"!", 0, 0, 0, false},
    {"time", 0, 0, 0, false},    {"function", 0, 0, 'n', false},
};

/* *is: the word at the beginning of a command is a keyword, which was dealt with. */
static bool keyword(struct shell_lex *x, const struct shell_word *w, bool *is) {
    for (size_t k = 0; k < sizeof keywords / sizeof keywords[0]; k++) {
        if (!str_eqz(w->raw, keywords[k].word))
            continue;
        *is = true;
        if (keywords[k].closes && !close_block(x, keywords[k].closes))
            return false;
        x->header = keywords[k].header;
        x->join = keywords[k].separates ? SHELL_SEQUENCE : x->join;
        return !keywords[k].opens || open_block(x, keywords[k].opens);
    }
    return true;
}

/* The words of "for NAME in ..." and "case WORD in": none of them is started. */
static bool in_header(struct shell_lex *x, const struct shell_word *w) {
    if (x->header == 'n') {
        forget(x);
        return true;
    }
    if (x->header == 'c' && x->words.n == 1 && str_eqz(w->raw, "in")) {
        forget(x);
        x->join = SHELL_SEQUENCE;
        x->pattern = true;
        return open_block(x, 'c');
    }
    if (x->header == 'f' && x->words.n == 1 && str_eqz(w->raw, "do"))
        return finish(x, SHELL_SEQUENCE);
    return add_word(x, w, false);
}

/* "pattern | pattern )", or "esac". */
static bool patterns(struct shell_lex *x) {
    struct shell_word w;
    x->at += shell_at(x, x->at) == '(';
    for (bool first = true;; first = false) {
        skip_blanks(x);
        if (!shell_read_word(x, &w))
            return false;
        if (first && str_eqz(w.raw, "esac")) {
            x->pattern = false;
            return close_block(x, 'c');
        }
        skip_blanks(x);
        char c = shell_at(x, x->at);
        if (w.raw.n == 0 || (c != '|' && c != ')'))
            return shell_break(x, x->at, "a pattern of case is not closed");
        x->at++;
        if (c == ')')
            break;
    }
    x->pattern = false;
    x->join = SHELL_SEQUENCE;
    return true;
}

/* --- Words ------------------------------------------------------------------------------------------------------------------------ */

static bool is_assignment(const struct shell_word *w) {
    ptrdiff_t n = str_index(w->raw, '=');
    for (ptrdiff_t k = 0; k < n; k++) {
        char c = w->raw.p[k];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool sum = c == '+' && k == n - 1 && k > 0; /* A+=b */
        if (!letter && !sum && !(k > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return n > 0;
}

static bool is_number(struct str s) {
    uint64_t n;
    return str_to_u64(s, 10, 9999, &n);
}

/* In [[ ... ]] operators are arguments. */
static bool in_test(struct shell_lex *x) {
    struct shell_word w;
    size_t from = x->at;
    if (!shell_read_word(x, &w))
        return false;
    if (w.raw.n == 0) {
        x->at = from + 1;
        w.raw = w.text = shell_part(x, from, x->at);
    }
    x->test = !str_eqz(w.raw, "]]");
    return add_word(x, &w, false);
}

static bool word(struct shell_lex *x) {
    struct shell_word w;
    if (x->test)
        return in_test(x);
    if (!shell_read_word(x, &w))
        return false;
    char next = shell_at(x, x->at);
    if ((next == '<' || next == '>') && is_number(w.raw))
        return redirect(x, w.raw);
    if (x->header)
        return in_header(x, &w);
    bool is = false;
    if (is_empty(x) && !w.quoted && !keyword(x, &w, &is))
        return false;
    if (is)
        return true;
    x->test = x->words.n == 0 && str_eqz(w.raw, "[[");
    return add_word(x, &w, x->words.n == 0 && is_assignment(&w));
}

/* --- A piece, and all of them ----------------------------------------------------------------------------------------------------- */

static bool next(struct shell_lex *x) {
    char c = shell_at(x, x->at);
    bool process = (c == '<' || c == '>') && shell_at(x, x->at + 1) == '(';
    if (c == '#') {
        skip_line(x);
        return true;
    }
    if (x->pattern && c != '\n')
        return patterns(x);
    if (x->test && c != '\n')
        return word(x);
    return !process && shell_ends_word(c) ? operator(x) : word(x);
}

static bool read_piece(struct shell_lex *x, struct shell_piece piece) {
    if (!shell_charge(x, piece.from, piece.to - piece.from))
        return false;
    x->at = piece.from;
    x->end = piece.to;
    x->nested = piece.nested;
    x->depth = piece.depth;
    if (piece.arithmetic)
        return shell_expansions(x, piece.from, piece.to);
    x->n_open = 0;
    x->join = SHELL_EDGE;
    x->pattern = false;
    forget(x);
    for (skip_blanks(x); x->at < x->end; skip_blanks(x))
        if (!next(x))
            return false;
    x->pending.n = 0;
    return finish(x, SHELL_EDGE);
}

static int by_place(const void *a, const void *b) {
    const struct shell_command *x = a, *y = b;
    return x->text.p < y->text.p ? -1 : x->text.p > y->text.p;
}

void shell_split(struct arena *a, struct str text, uint64_t *work, struct shell *out) {
    struct shell_lex x = {.arena = a, .text = text, .work = work};
    vec_push(&x.todo, ((struct shell_piece){.to = text.n}));
    for (size_t k = 0; k < x.todo.n && !x.broken; k++)
        (void)read_piece(&x, x.todo.p[k]);
    if (x.commands.n)
        qsort(x.commands.p, x.commands.n, sizeof *x.commands.p, by_place);
    *out = (struct shell){text, to_arena(a, &x.commands, struct shell_command), x.commands.n, x.broken, x.broken_at};
    vec_fini(&x.todo);
    vec_fini(&x.commands);
    vec_fini(&x.pending);
    vec_fini(&x.words);
    vec_fini(&x.assigns);
    vec_fini(&x.redirects);
}
