/* SPDX-License-Identifier: Apache-2.0
 * Words of a shell's text: quotes, escapes, and where expansions end. See shell_lex.h. */
#include "base/buf.h"
#include "check/shell_lex.h"

bool shell_break(struct shell_lex *x, size_t at, const char *why) {
    if (!x->broken) {
        x->broken = why;
        x->broken_at = at;
    }
    return false;
}

bool shell_ends_word(char c) {
    return c && strchr(" \t\r\n;&|<>()", c);
}

bool shell_charge(struct shell_lex *x, size_t at, uint64_t cost) {
    if (cost > *x->work) {
        *x->work = 0;
        return shell_break(x, at, "too much text");
    }
    *x->work -= cost;
    return true;
}

static bool put_aside(struct shell_lex *x, size_t from, size_t to, bool arithmetic) {
    if (x->depth == LIMIT_SHELL_NESTED)
        return shell_break(x, from, "substitutions too deep");
    vec_push(&x->todo, ((struct shell_piece){from, to, x->nested + !arithmetic, x->depth + 1, arithmetic}));
    return shell_charge(x, from, LIMIT_SHELL_COMMAND_COST);
}

/* --- Where something closes ------------------------------------------------------------------------------------------------------- */

/* What is open while a close is looked for: ')' '}' '"' '`', the innermost last. */
struct opened {
    char what[LIMIT_SHELL_DEPTH];
    size_t n;
    size_t quotes;                /* how many are '"' */
};

static bool push(struct shell_lex *x, struct opened *o, char what, size_t at) {
    if (o->n == LIMIT_SHELL_DEPTH)
        return shell_break(x, at, "quotes and parentheses nested too deep");
    o->quotes += what == '"';
    o->what[o->n++] = what;
    return true;
}

static bool begins_comment(const struct shell_lex *x, size_t i, size_t from) {
    char before = i > from ? x->text.p[i - 1] : '\n';
    return x->text.p[i] == '#' && (before == ' ' || before == '\t' || before == '\n' || before == ';' || before == '(');
}

/* The first byte c in [i, to), or `to`. */
static size_t find_byte(const struct shell_lex *x, size_t i, size_t to, char c) {
    const char *p = i < to ? memchr(x->text.p + i, c, to - i) : NULL;
    return p ? (size_t)(p - x->text.p) : to;
}

/* Moves *i over what is no bracket there: an escape, single quotes, a comment. */
static bool passes(const struct shell_lex *x, const struct opened *o, size_t from, size_t to, size_t *i) {
    char top = o->what[o->n - 1], c = x->text.p[*i];
    if (c == '\\') {
        *i += 2;
        return true;
    }
    if (c == '\'' && (top == ')' || (top == '}' && o->quotes == 0))) {
        *i = find_byte(x, *i + 1, to, '\'') + 1;
        return true;
    }
    if (top == ')' && begins_comment(x, *i, from)) {
        *i = find_byte(x, *i, to, '\n');
        return true;
    }
    return top == '`' && c != '`' ? ++*i : false;
}

bool shell_find_close(struct shell_lex *x, size_t from, size_t to, char closer, size_t *close) {
    struct opened o = {{closer}, 1, closer == '"'};
    for (size_t i = from; i < to;) {
        if (passes(x, &o, from, to, &i))
            continue;
        char top = o.what[o.n - 1], c = x->text.p[i], behind = i + 1 < to ? x->text.p[i + 1] : '\0';
        if (c == top) {
            o.quotes -= c == '"';
            if (--o.n == 0) {
                *close = i;
                return shell_charge(x, from, i - from);
            }
        } else if (c == '"' || c == '`') {
            if (!push(x, &o, c, i))
                return false;
        } else if (c == '$' && (behind == '(' || behind == '{')) {
            if (!push(x, &o, behind == '(' ? ')' : '}', i))
                return false;
            i++;
        } else if (c == '(' && top == ')' && !push(x, &o, ')', i)) {
            return false;
        }
        i++;
    }
    return shell_break(x, from - 1, "something is not closed");
}

/* --- Expansions ------------------------------------------------------------------------------------------------------------------- */

/* Of "`" at i: *next lies behind the one that closes it, before `to`. */
static bool backquotes(struct shell_lex *x, size_t i, size_t to, size_t *next) {
    size_t close;
    if (!shell_find_close(x, i + 1, to, '`', &close))
        return false;
    *next = close + 1;
    return put_aside(x, i + 1, close, false);
}

/* Of "$(" at i. $((1 + $(x))) is arithmetic, in which commands may be substituted. */
static bool parentheses(struct shell_lex *x, size_t i, size_t to, size_t *next) {
    size_t close;
    if (!shell_find_close(x, i + 2, to, ')', &close))
        return false;
    *next = close + 1;
    bool arithmetic = shell_at(x, i + 2) == '(' && close > i + 3 && x->text.p[close - 1] == ')';
    return arithmetic ? put_aside(x, i + 3, close - 1, true) : put_aside(x, i + 2, close, false);
}

bool shell_expansions(struct shell_lex *x, size_t from, size_t to) {
    for (size_t i = from; i < to;) {
        char c = x->text.p[i];
        bool opens = c == '`' || (c == '$' && shell_at(x, i + 1) == '(');
        if (!opens)
            i += c == '\\' ? 2 : 1;
        else if (c == '`' ? !backquotes(x, i, to, &i) : !parentheses(x, i, to, &i))
            return false;
    }
    return true;
}

static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Of "$" at i: *next lies behind the expansion; behind the "$" alone if it is none. */
static bool dollar(struct shell_lex *x, size_t i, size_t *next) {
    char c = shell_at(x, i + 1);
    if (c == '(')
        return parentheses(x, i, x->end, next);
    *next = i + 1;
    if (c == '{') {
        size_t close;
        if (!shell_find_close(x, i + 2, x->end, '}', &close))
            return false;
        *next = close + 1;
        return shell_expansions(x, i + 2, close);
    }
    if (c && strchr("@*#?-$!0123456789", c)) {
        *next = i + 2;
        return true;
    }
    while (is_name(shell_at(x, *next)))
        ++*next;
    return true;
}

/* --- Words ------------------------------------------------------------------------------------------------------------------------ */

/* Text of the word; only a word with quotes or escapes needs a copy. */
struct text {
    struct buf copy;
    size_t from;                  /* what is behind the copy so far */
};

static void take(struct shell_lex *x, struct text *t, size_t to) {
    buf_add(&t->copy, x->text.p + t->from, to - t->from);
    t->from = to;
}

static bool expansion(struct shell_lex *x, struct shell_word *w) {
    size_t at = x->at;
    w->expands |= x->text.p[at] == '`' || shell_at(x, at + 1) == '(' || shell_at(x, at + 1) == '{' || is_name(shell_at(x, at + 1)) ||
                  strchr("@*#?-$!", shell_at(x, at + 1) ? shell_at(x, at + 1) : ' ');
    return x->text.p[at] == '`' ? backquotes(x, at, x->end, &x->at) : dollar(x, at, &x->at);
}

static bool double_quotes(struct shell_lex *x, struct shell_word *w, struct text *t) {
    size_t open = x->at;
    take(x, t, x->at);
    t->from = ++x->at;
    for (char c; (c = shell_at(x, x->at)) != '"';) {
        if (x->at >= x->end)
            return shell_break(x, open, "a double quote is not closed");
        char behind = shell_at(x, x->at + 1);
        if (c == '\\' && behind && strchr("$`\"\\\n", behind)) {
            take(x, t, x->at);
            t->from += behind == '\n' ? 2 : 1;
            x->at += 2;
        } else if (c == '$' || c == '`') {
            if (!expansion(x, w))
                return false;
        } else {
            x->at++;
        }
    }
    take(x, t, x->at);
    t->from = ++x->at;
    return true;
}

static bool single_quotes(struct shell_lex *x, struct text *t, bool escapes) {
    size_t open = x->at, close = x->at + 1;
    take(x, t, x->at);
    while (close < x->end && x->text.p[close] != '\'')
        close += escapes && x->text.p[close] == '\\' ? 2 : 1;
    if (close >= x->end)
        return shell_break(x, open, "a single quote is not closed");
    t->from = open + 1;
    take(x, t, close);
    t->from = x->at = close + 1;
    return true;
}

static void escape(struct shell_lex *x, struct text *t) {
    take(x, t, x->at);
    bool joins = shell_at(x, x->at + 1) == '\n';
    size_t left = x->end - x->at;
    t->from += left < 2 ? 0 : joins ? 2 : 1;
    x->at += left < 2 ? 1 : 2;
}

/* "<(...)" as a word, or the list of "name=(...)". */
static bool in_parentheses(struct shell_lex *x, struct shell_word *w, bool commands) {
    size_t close, open = x->at;
    if (!shell_find_close(x, open + 1, x->end, ')', &close))
        return false;
    x->at = close + 1;
    w->expands |= commands;
    return commands ? put_aside(x, open + 1, close, false) : shell_expansions(x, open + 1, close);
}

static bool one_byte(struct shell_lex *x, struct shell_word *w, struct text *t) {
    char c = x->text.p[x->at];
    if (c == '\\') {
        w->quoted |= shell_at(x, x->at + 1) != '\n';
        escape(x, t);
    } else if (c == '\'' || (c == '$' && shell_at(x, x->at + 1) == '\'')) {
        w->quoted = true;
        take(x, t, x->at);
        x->at += c == '$';
        t->from = x->at;
        return single_quotes(x, t, c == '$');
    } else if (c == '"') {
        w->quoted = true;
        return double_quotes(x, w, t);
    } else if (c == '$' || c == '`') {
        return expansion(x, w);
    } else {
        w->globs |= c == '*' || c == '?' || c == '[';
        x->at++;
    }
    return true;
}

bool shell_read_word(struct shell_lex *x, struct shell_word *word) {
    size_t start = x->at;
    struct text t = {BUF_INIT(LIMIT_DOCKERFILE_BYTES), start};
    bool good = true;
    *word = (struct shell_word){0};
    if ((shell_at(x, start) == '<' || shell_at(x, start) == '>') && shell_at(x, start + 1) == '(') {
        x->at++;
        good = in_parentheses(x, word, true);
    }
    while (good && x->at < x->end) {
        char c = x->text.p[x->at];
        bool list = c == '(' && x->at > start && x->text.p[x->at - 1] == '=';
        if (!list && shell_ends_word(c))
            break;
        good = list ? in_parentheses(x, word, false) : one_byte(x, word, &t);
    }
    if (good) {
        word->raw = shell_part(x, start, x->at);
        if (t.copy.n || t.from != start) {
            take(x, &t, x->at);
            word->text = arena_str(x->arena, buf_str(&t.copy));
        } else {
            word->text = word->raw;
        }
    }
    buf_fini(&t.copy);
    return good;
}
