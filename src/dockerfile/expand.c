/* SPDX-License-Identifier: Apache-2.0
 * Expands variables and removes quotes, as BuildKit's shell lexer does: a word, or the words of a text, which are split after expansion.
 * ${...} may hold ${...}: the depth is bounded, and so are the result and the bytes that are moved to make it. */
#include "dockerfile/lex.h"

#include <assert.h>

#include "base/limits.h"
#include "base/mem.h"
#include "dockerfile/text.h"

/* The words of a text while they are collected. */
struct collector {
    struct arena *arena;
    struct buf word;
    bool in_word;
    bool heredocs_only;
    lex_words *list;
};

struct lex {
    struct str text;
    size_t at;
    struct lex_mode mode;
    struct df_vars vars;
    struct df_unset *unset;
    unsigned depth;
    size_t start;  /* of what the outermost level reads at the moment: a substitution, a quoted piece */
    struct lex_work work;
};

enum { AT_END = -1 };

static int peek(const struct lex *x) {
    return x->at < x->text.n ? (unsigned char)x->text.p[x->at] : AT_END;
}

/* --- Words ------------------------------------------------------------------------------------------------------------------- */

static void word_end(struct collector *c) {
    struct str word = buf_str(&c->word);
    if (word.n && (!c->heredocs_only || str_find(word, S("<<")) >= 0))
        vec_push(c->list, arena_str(c->arena, word));
    buf_reset(&c->word);
    c->in_word = false;
}

/* Text that was quoted or escaped: blanks in it split nothing. */
static void word_add_raw(struct collector *c, struct str s) {
    if (!c)
        return;
    buf_add_str(&c->word, s);
    c->in_word = true;
}

static void word_add(struct collector *c, struct str s) {
    for (size_t i = 0, from = 0; c && i <= s.n;) {
        size_t blank = i < s.n ? blank_at(s, i) : 0;
        if (blank || i == s.n) {
            if (i > from)
                word_add_raw(c, str_first(str_from(s, from), i - from));
            from = i + blank;
        }
        if (blank && c->in_word && c->word.n)
            word_end(c);
        i += blank ? blank : 1;
    }
}

/* --- Quotes ------------------------------------------------------------------------------------------------------------------ */

static bool dollar(struct lex *x, struct buf *out, struct err *e);

static bool single_quote(struct lex *x, struct buf *out, struct err *e) {
    struct str inside = str_from(x->text, x->at + 1);
    ptrdiff_t end = str_index(inside, '\'');
    if (end < 0)
        return err_set(e, ERR_USAGE, "unexpected end of statement while looking for matching single-quote");
    size_t keep = x->mode.keep_quotes ? 1 : 0;
    buf_add(out, inside.p - keep, (size_t)end + 2 * keep);
    x->at += (size_t)end + 2;
    return true;
}

/* Behind the escape character in double quotes only ", $ and itself are special; else it stays. */
static void escape_in_quotes(struct lex *x, bool keep_escapes, struct buf *out) {
    char escape = x->mode.escape;
    x->at++;
    int c = peek(x);
    bool special = c == '"' || c == '$' || c == (unsigned char)escape;
    if (keep_escapes)
        buf_add_char(out, escape);
    if (c == AT_END)
        return;
    buf_add_char(out, special ? (char)c : escape);
    x->at += special;
}

static bool double_quote(struct lex *x, bool keep_escapes, struct buf *out, struct err *e) {
    x->at++;
    if (x->mode.keep_quotes)
        buf_add_char(out, '"');
    for (int c; (c = peek(x)) != '"';) {
        if (c == AT_END)
            return err_set(e, ERR_USAGE, "unexpected end of statement while looking for matching double-quote");
        if (c == '$') {
            if (!dollar(x, out, e))
                return false;
        } else if (c == (unsigned char)x->mode.escape) {
            escape_in_quotes(x, keep_escapes, out);
        } else {
            buf_add_char(out, (char)c);
            x->at++;
        }
    }
    x->at++;
    if (x->mode.keep_quotes)
        buf_add_char(out, '"');
    return true;
}

/* --- The text up to `stop` ---------------------------------------------------------------------------------------------------- */

/* "<<" and the blanks behind it stay with the word that names a here-document. */
static void angle(struct lex *x, struct buf *out) {
    size_t from = x->at++;
    if (peek(x) == '<') {
        x->at++;
        while (peek(x) == ' ' || peek(x) == '\t' || peek(x) == '\r')
            x->at++;
    }
    buf_add(out, x->text.p + from, x->at - from);
}

/* An escaped character outside of quotes: itself, whatever it is. At the end of the text the escape character stands for nothing. */
static void escaped(struct lex *x, bool keep_escapes, struct buf *out) {
    if (keep_escapes)
        buf_add_char(out, x->mode.escape);
    x->at++;
    size_t from = x->at;
    if (x->at < x->text.n)
        utf8_next(x->text, &x->at);
    buf_add(out, x->text.p + from, x->at - from);
}

/* Characters without a meaning of their own, up to the next one that may have one. */
static void ordinary(struct lex *x, int stop, struct buf *out) {
    size_t from = x->at++;
    int escape = (unsigned char)x->mode.escape;
    for (int c; (c = peek(x)) != AT_END && c != stop && c != escape && !one_of(c, "$<'\"");)
        x->at++;
    buf_add(out, x->text.p + from, x->at - from);
}

static bool process_one(struct lex *x, int stop, bool keep_escapes, struct buf *out, struct collector *words, struct err *e) {
    int c = peek(x);
    size_t before = out->n;
    x->start = x->depth == 1 ? x->at : x->start;
    bool ok = true, quoted = true, quotes = !x->mode.quotes_are_text;
    if (c == '$') {
        ok = dollar(x, out, e);
        quoted = false;
    } else if (c == '<') {
        angle(x, out);
    } else if (c == '\'' && quotes) {
        ok = single_quote(x, out, e);
    } else if (c == '"' && quotes) {
        ok = double_quote(x, keep_escapes, out, e);
    } else if (c == (unsigned char)x->mode.escape) {
        escaped(x, keep_escapes, out);
    } else {
        ordinary(x, stop, out);
        quoted = false;
    }
    if (!ok)
        return false;
    if (!buf_ok(out))
        return err_set(e, ERR_USAGE, "it expands to more than %zu bytes", out->max_bytes);
    struct str added = str_from(buf_str(out), before);
    if (quoted)
        word_add_raw(words, added);
    else
        word_add(words, added);
    return true;
}

/* Appends the expansion of what stands before `stop`, and moves behind it. */
static bool process(struct lex *x, int stop, bool keep_escapes, struct buf *out, struct collector *words, struct err *e) {
    if (x->depth == LIMIT_EXPANSION_DEPTH)
        return err_set(e, ERR_USAGE, "${...} nested deeper than %d levels", LIMIT_EXPANSION_DEPTH);
    x->depth++;
    while (peek(x) != stop) {
        if (peek(x) == AT_END)
            return err_set(e, ERR_USAGE, "syntax error: missing '%c'", stop);
        if (!process_one(x, stop, keep_escapes, out, words, e))
            return false;
    }
    x->at += stop != AT_END;
    x->depth--;
    return true;
}

/* --- Variables ---------------------------------------------------------------------------------------------------------------- */

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

/* A name (letters, digits, _), a number, or one of the shell's special parameters; empty if none stands here. ASCII, as in sh(1). */
static struct str read_name(struct lex *x) {
    size_t from = x->at;
    int c = peek(x);
    if (is_digit(c)) {
        while (is_digit(peek(x)))
            x->at++;
    } else if (one_of(c, "@*#?-$!")) {
        x->at++;
    } else {
        while ((c = peek(x)) == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            x->at++;
    }
    return str_first(str_from(x->text, from), x->at - from);
}

static void note_unset(struct df_unset *unset, struct str name) {
    if (!unset || unset->n == unset->capacity)
        return;
    for (size_t i = 0; i < unset->n; i++)
        if (str_eq(unset->names[i], name))
            return;
    unset->names[unset->n++] = name;
}

bool lex_spend(struct lex_work *w, uint64_t cost, struct err *e) {
    if (cost > w->word)
        return err_set(e, ERR_USAGE, "its substitutions copy and match too much");
    if (w->file && cost > *w->file)
        return err_set(e, ERR_USAGE, "the substitutions of the whole file copy and match too much");
    w->word -= cost;
    if (w->file)
        *w->file -= cost;
    return true;
}

static bool lookup(struct lex *x, struct str name, bool *set, struct str *value, struct err *e) {
    *value = STR_NULL;
    *set = x->vars.get && x->vars.get(x->vars.ctx, name, value);
    if (!*set)
        note_unset(x->unset, name);
    return lex_spend(&x->work, 1, e);
}

/* Every copy of a value is paid for: ${x:-$long} a million times gives nothing and would take hours. */
static bool add_value(struct lex *x, struct str value, struct buf *out, struct err *e) {
    if (!lex_spend(&x->work, value.n, e))
        return false;
    buf_add_str(out, value);
    return true;
}

/* The text as it was written: from byte `from` to here. */
static bool add_source(struct lex *x, size_t from, struct buf *out) {
    buf_add(out, x->text.p + from, x->at - from);
    return true;
}

static bool unsupported(struct lex *x, size_t from, struct err *e) {
    if (x->at < x->text.n)
        utf8_next(x->text, &x->at);
    return err_set(e, ERR_USAGE, "unsupported modifier (%s) in substitution",
                   SHOWN(str_first(str_from(x->text, from), x->at - from)));
}

/* ${name/pattern/replacement}, ${name//pattern/replacement}; x stands behind the first "/". */
static bool replacement(struct lex *x, size_t from, struct str name, struct buf *out, struct err *e) {
    _cleanup_(buf_fini) struct buf pattern = BUF_INIT(x->mode.max_bytes), with = BUF_INIT(x->mode.max_bytes);
    bool all = peek(x) == '/';
    x->at += all;
    if (!process(x, '/', true, &pattern, NULL, e) || !process(x, '}', true, &with, NULL, e))
        return false;
    struct str value;
    bool set;
    if (!lookup(x, name, &set, &value, e))
        return false;
    if (!set && x->mode.keep_unset)
        return add_source(x, from, out);
    return subst_replace(value, buf_str(&pattern), buf_str(&with), all, &x->work, out, e);
}

static bool must_be_set(struct str name, bool set, struct str word, struct err *e) {
    const char *why = word.n ? SHOWN(word) : set ? "is not allowed to be empty" : "is not allowed to be unset";
    return err_set(e, ERR_USAGE, "%s: %s", SHOWN(name), why);
}

/* ${name-word} and its like; x stands at the ":" or the operator, `from` at the "$". */
static bool modifier(struct lex *x, size_t from, struct str name, struct buf *out, struct err *e) {
    size_t operator_at = x->at;
    bool null_is_unset = peek(x) == ':';
    x->at += null_is_unset;
    int operator = peek(x);
    if (operator == AT_END)
        return err_set(e, ERR_USAGE, "syntax error: missing '}'");
    bool trims = operator == '#' || operator == '%';
    if (!one_of(operator, "+-?#%") || (trims && null_is_unset))
        return unsupported(x, operator_at, e);
    x->at++;
    _cleanup_(buf_fini) struct buf word_buf = BUF_INIT(x->mode.max_bytes);
    if (!process(x, '}', trims, &word_buf, NULL, e))
        return false;
    struct str value, word = buf_str(&word_buf);
    bool set;
    if (!lookup(x, name, &set, &value, e))
        return false;
    if (!set && x->mode.keep_unset)
        return add_source(x, from, out);
    if (trims)
        return subst_trim(value, word, operator == '%', &x->work, out, e);
    bool has_value = set && !(null_is_unset && value.n == 0);
    if (operator == '?')
        return has_value ? add_value(x, value, out, e) : must_be_set(name, set, word, e);
    if (operator == '+')
        return add_value(x, has_value ? word : STR_NULL, out, e);
    return add_value(x, has_value ? value : word, out, e);
}

static bool variable(struct lex *x, size_t from, struct str name, struct buf *out, struct err *e) {
    struct str value;
    bool set;
    if (!lookup(x, name, &set, &value, e))
        return false;
    if (!set && x->mode.keep_unset)
        return add_source(x, from, out);
    return add_value(x, value, out, e);
}

static bool dollar(struct lex *x, struct buf *out, struct err *e) {
    size_t from = x->at++;
    if (peek(x) != '{') {
        struct str name = read_name(x);
        return name.n ? variable(x, from, name, out, e) : add_source(x, from, out);
    }
    x->at++;
    int c = peek(x);
    if (c == AT_END)
        return err_set(e, ERR_USAGE, "syntax error: missing '}'");
    if (c == '{' || c == '}' || c == ':')
        return err_set(e, ERR_USAGE, "syntax error: bad substitution");
    struct str name = read_name(x);
    size_t behind = x->at;
    switch (peek(x)) {
    case AT_END:
        return err_set(e, ERR_USAGE, "syntax error: missing '}'");
    case '}':
        x->at++;
        return variable(x, from, name, out, e);
    case '/':
        x->at++;
        return replacement(x, from, name, out, e);
    case ':': case '+': case '-': case '?': case '#': case '%':
        return modifier(x, from, name, out, e);
    default:
        return unsupported(x, behind, e);
    }
}

/* --- The ways in -------------------------------------------------------------------------------------------------------------- */

static void collector_fini(struct collector *c) {
    buf_fini(&c->word);
}

bool lex_run(struct arena *a, struct str text, struct lex_mode mode, struct df_vars vars, struct df_unset *unset, struct str *out,
             lex_words *words, struct err *e) {
    assert(mode.max_bytes > 0);
    struct lex x = {.text = text, .mode = mode, .vars = vars, .unset = unset, .work = {LIMIT_EXPANSION_WORK, vars.work}};
    _cleanup_(buf_fini) struct buf result = BUF_INIT(mode.max_bytes);
    _cleanup_(collector_fini) struct collector c = {
        .arena = a, .word = BUF_INIT(mode.max_bytes), .heredocs_only = mode.heredocs_only, .list = words};
    if (!process(&x, AT_END, mode.keep_escapes, &result, words ? &c : NULL, e)) {
        if (mode.fault)
            *mode.fault = x.start;
        return err_wrap(e, "failed to process \"%s\"", SHOWN(text));
    }
    if (words)
        word_end(&c);
    if (out)
        *out = arena_str(a, buf_str(&result));
    return true;
}

bool df_expand(struct arena *a, struct str text, char escape, struct df_vars vars, struct df_unset *unset, struct str *out, struct err *e) {
    struct lex_mode mode = {.escape = escape, .max_bytes = LIMIT_EXPANDED_WORD_BYTES};
    return lex_run(a, text, mode, vars, unset, out, NULL, e);
}

bool df_expand_text(struct arena *a, struct str text, struct df_vars vars, struct df_unset *unset, struct str *out, size_t *fault,
                    struct err *e) {
    struct lex_mode mode = {.escape = '\\', .quotes_are_text = true, .max_bytes = LIMIT_DOCKERFILE_BYTES, .fault = fault};
    return lex_run(a, text, mode, vars, unset, out, NULL, e);
}

bool df_expand_words(struct arena *a, struct str text, char escape, struct df_vars vars, struct df_unset *unset, struct str **out,
                     size_t *n, struct err *e) {
    lex_words words = {0};
    struct lex_mode mode = {.escape = escape, .max_bytes = LIMIT_EXPANDED_WORD_BYTES};
    bool ok = lex_run(a, text, mode, vars, unset, NULL, &words, e);
    if (ok) {
        *n = words.n;
        *out = arena_array(a, struct str, words.n);
        if (words.n)
            memcpy(*out, words.p, words.n * sizeof **out);
    }
    vec_fini(&words);
    return ok;
}
