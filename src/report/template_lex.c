/* SPDX-License-Identifier: Apache-2.0
 * Templates to tokens (template_private.h): text as it stands but for what {{- and -}} trim, and Go's words, strings and numbers inside
 * {{ }}. Comments vanish. */
#include <errno.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "report/template_private.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
/* Letters beyond ASCII are letters in Go too. */
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static size_t offset(const struct lexer *l) {
    return l->all.n - l->rest.n;
}

bool template_fail(struct str all, size_t at, struct err *e, const char *fmt, ...) {
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < all.n; i++, column++)
        if (all.p[i] == '\n') {
            line++;
            column = 0;
        }
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    return err_set(e, ERR_USAGE, "template: %zu:%zu: %s", line, column, text);
}

/* --- Text and the edges of actions --- */

static struct str trim_left(struct str s) {
    while (s.n && is_space(s.p[0]))
        s = str_from(s, 1);
    return s;
}

static struct str trim_right(struct str s) {
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

static bool opens_trimming(struct str s) {
    return str_starts(s, S("{{-")) && s.n > 3 && is_space(s.p[3]);
}

/* How much of `s`, the rest of an action, is its end; *trim: it takes blanks behind it. */
static size_t closing(struct str s, bool *trim) {
    *trim = s.n >= 4 && is_space(s.p[0]) && str_starts(str_from(s, 1), S("-}}"));
    if (*trim)
        return 4;
    return str_starts(s, S("}}")) ? 2 : 0;
}

/* A comment is all of its action. */
static bool skip_comment(struct lexer *l, struct err *e) {
    size_t at = offset(l);
    ptrdiff_t end = str_find(l->rest, S("*/"));
    bool trim;
    size_t n = end < 0 ? 0 : closing(str_from(l->rest, (size_t)end + 2), &trim);
    if (n == 0)
        return template_fail(l->all, at, e, "%s", end < 0 ? "a comment has no end" : "a comment must end with */}} at once");
    l->rest = str_from(l->rest, (size_t)end + 2 + n);
    l->trim = trim;
    return true;
}

/* The text before the next action. *found: there is some. */
static bool text_token(struct lexer *l, struct token *out, bool *found, struct err *e) {
    struct str rest = l->trim ? trim_left(l->rest) : l->rest;
    ptrdiff_t open = str_find(rest, S("{{"));
    struct str text = open < 0 ? rest : str_first(rest, (size_t)open);
    l->trim = false;
    l->rest = str_from(rest, text.n);
    if (open >= 0) {
        bool trims = opens_trimming(l->rest);
        if (trims)
            text = trim_right(text);
        l->rest = str_from(l->rest, trims ? 3 : 2);
        l->inside = !str_starts(trims ? trim_left(l->rest) : l->rest, S("/*"));
        if (!l->inside && !skip_comment(l, e))
            return false;
    }
    *found = text.n > 0;
    *out = (struct token){.kind = TOKEN_TEXT, .text = text, .at = offset(l)};
    return true;
}

/* --- Strings, characters, numbers --- */

/* \x41, \101, \u00e9, \U0001f600: `digits` of `base` from the front of *s. The value, or -1. */
static int64_t escape_number(struct str *s, size_t digits, unsigned base) {
    uint64_t value;
    if (s->n < digits || !str_to_u64(str_first(*s, digits), base, UINT32_MAX, &value))
        return -1;
    *s = str_from(*s, digits);
    return (int64_t)value;
}

static bool put_byte(struct buf *out, int64_t value) {
    if (value >= 0 && value <= 0xff)
        buf_add_char(out, (char)value);
    return value >= 0 && value <= 0xff;
}

static bool put_checked(struct buf *out, int64_t value) {
    if (value < 0 || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return false;
    utf8_add(out, (uint32_t)value);
    return true;
}

/* Takes what follows a backslash off *s. False: Go has no such escape. */
static bool unescape(struct str *s, char quote, struct buf *out) {
    static const char names[] = "abfnrtv\\", bytes[] = "\a\b\f\n\r\t\v\\";
    char c = s->n ? s->p[0] : '\0';
    const char *known = c ? strchr(names, c) : NULL;
    *s = str_from(*s, 1);
    if (known || c == quote) {
        buf_add_char(out, known ? bytes[known - names] : quote);
        return c != '\0';
    }
    if (c == 'x')
        return put_byte(out, escape_number(s, 2, 16));
    if (c == 'u' || c == 'U')
        return put_checked(out, escape_number(s, c == 'u' ? 4 : 8, 16));
    if (c < '0' || c > '7')
        return false;
    *s = (struct str){s->p - 1, s->n + 1};
    return put_byte(out, escape_number(s, 3, 8));
}

/* "..." and '...': l->rest is behind the opening quote, and then behind the closing one. */
static bool quoted(struct lexer *l, char quote, struct str *out, struct err *e) {
    size_t at = offset(l) - 1;
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    bool good = true, closed = false;
    while (good && !closed && l->rest.n && l->rest.p[0] != '\n') {
        char c = l->rest.p[0];
        l->rest = str_from(l->rest, 1);
        closed = c == quote;
        if (c == '\\')
            good = unescape(&l->rest, quote, &text);
        else if (!closed)
            buf_add_char(&text, c);
    }
    *out = arena_str(l->arena, buf_str(&text));
    buf_fini(&text);
    if (!good)
        return template_fail(l->all, at, e, "an escape that Go does not have");
    return closed || template_fail(l->all, at, e, "a quoted text has no end");
}

static bool string_token(struct lexer *l, struct token *out, struct err *e) {
    l->rest = str_from(l->rest, 1);
    out->value = value_text(STR_NULL);
    return quoted(l, '"', &out->value.text, e);
}

static bool raw_token(struct lexer *l, struct token *out, struct err *e) {
    ptrdiff_t end = str_index(str_from(l->rest, 1), '`');
    if (end < 0)
        return template_fail(l->all, offset(l), e, "a quoted text has no end");
    out->value = value_text(str_first(str_from(l->rest, 1), (size_t)end));
    l->rest = str_from(l->rest, (size_t)end + 2);
    return true;
}

static bool char_token(struct lexer *l, struct token *out, struct err *e) {
    size_t at = offset(l);
    struct str text;
    l->rest = str_from(l->rest, 1);
    if (!quoted(l, '\'', &text, e))
        return false;
    size_t end = 0;
    uint32_t rune = text.n ? utf8_next(text, &end) : UTF8_BAD;
    out->value = value_int(rune);
    return (rune < UTF8_BAD && end == text.n) || template_fail(l->all, at, e, "not one character between '...'");
}

/* The digits of a number in Go's notation, without underscores; *base is 0 for a decimal fraction. */
static bool number_digits(struct str text, char out[64], unsigned *base) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '_' && n < 63)
            out[n++] = text.p[i];
    out[n] = '\0';
    *base = 10;
    size_t at = out[0] == '-' || out[0] == '+';
    static const struct {
        char letter;
        unsigned base;
    } prefixes[] = {{'x', 16}, {'o', 8}, {'b', 2}};
    for (size_t i = 0; i < 3; i++)
        if (out[at] == '0' && (out[at + 1] | 0x20) == prefixes[i].letter) {
            *base = prefixes[i].base;
            memmove(out + at, out + at + 2, n - at - 1);
            return n < 63 && !strpbrk(out, ".pP");
        }
    if (strpbrk(out, ".eE"))
        *base = 0;
    else if (out[at] == '0' && out[at + 1])
        *base = 8;
    return n < 63;
}

static bool number_value(struct str text, struct value *out) {
    char digits[64];
    unsigned base;
    if (!number_digits(text, digits, &base))
        return false;
    if (base == 0) {
        char *end;
        errno = 0;
        *out = (struct value){.kind = VALUE_FLOAT, .number = strtod(digits, &end)};
        return errno == 0 && end != digits && *end == '\0';
    }
    bool negative = digits[0] == '-';
    uint64_t n;
    struct str bare = str_z(digits + (negative || digits[0] == '+'));
    if (!str_to_u64(bare, base, (uint64_t)INT64_MAX + negative, &n))
        return false;
    *out = value_int((int64_t)(negative ? 0 - n : n));
    return true;
}

static bool number_token(struct lexer *l, struct token *out, struct err *e) {
    size_t n = 1;
    bool is_hex = str_find(str_first(l->rest, 3), S("0x")) >= 0 || str_find(str_first(l->rest, 3), S("0X")) >= 0;
    while (n < l->rest.n) {
        char c = l->rest.p[n];
        bool sign = (c == '+' || c == '-') && (l->rest.p[n - 1] | 0x20) == 'e' && !is_hex;
        if (!is_letter(c) && !is_digit(c) && c != '.' && !sign)
            break;
        n++;
    }
    struct str text = str_first(l->rest, n);
    if (!number_value(text, &out->value))
        return template_fail(l->all, offset(l), e, "%.*s: not a number that is supported", STR_ARG(text));
    l->rest = str_from(l->rest, n);
    return true;
}

/* --- Words and signs --- */

static struct str take_word(struct lexer *l) {
    size_t n = 0;
    while (n < l->rest.n && (is_letter(l->rest.p[n]) || is_digit(l->rest.p[n])))
        n++;
    struct str word = str_first(l->rest, n);
    l->rest = str_from(l->rest, n);
    return word;
}

static bool sign_token(struct lexer *l, struct token *out, struct err *e) {
    static const struct {
        const char *text;
        enum token_kind kind;
    } signs[] = {{":=", TOKEN_DECLARE}, {"=", TOKEN_ASSIGN},     {"|", TOKEN_BAR},
                 {",", TOKEN_COMMA},    {"(", TOKEN_OPEN_PAREN}, {")", TOKEN_CLOSE_PAREN}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_starts(l->rest, str_z(signs[i].text))) {
            out->kind = signs[i].kind;
            l->rest = str_from(l->rest, strlen(signs[i].text));
            return true;
        }
    return template_fail(l->all, offset(l), e, "\"%.*s\" is not expected here", STR_ARG(str_first(l->rest, 1)));
}

static bool begins_number(struct str s) {
    bool sign = s.n > 1 && (s.p[0] == '-' || s.p[0] == '+');
    struct str rest = str_from(s, sign);
    return rest.n && (is_digit(rest.p[0]) || (rest.p[0] == '.' && rest.n > 1 && is_digit(rest.p[1])));
}

static bool inside_token(struct lexer *l, struct token *out, struct err *e) {
    char c = l->rest.p[0];
    if (begins_number(l->rest)) {
        out->kind = TOKEN_VALUE;
        return number_token(l, out, e);
    }
    if (c == '"' || c == '`' || c == '\'') {
        out->kind = TOKEN_VALUE;
        return c == '"' ? string_token(l, out, e) : c == '`' ? raw_token(l, out, e) : char_token(l, out, e);
    }
    if (c == '.' || c == '$') {
        l->rest = str_from(l->rest, 1);
        out->text = take_word(l);
        out->kind = c == '$' ? TOKEN_VARIABLE : out->text.n ? TOKEN_FIELD : TOKEN_DOT;
        return true;
    }
    if (is_letter(c)) {
        out->kind = TOKEN_WORD;
        out->text = take_word(l);
        return true;
    }
    return sign_token(l, out, e);
}

static bool action_token(struct lexer *l, struct token *out, struct err *e) {
    bool trim;
    size_t before = l->rest.n, end = closing(l->rest, &trim);
    while (end == 0 && l->rest.n && is_space(l->rest.p[0])) {
        l->rest = str_from(l->rest, 1);
        end = closing(l->rest, &trim);
    }
    *out = (struct token){.spaced = before != l->rest.n, .at = offset(l)};
    if (l->rest.n == 0)
        return template_fail(l->all, l->all.n, e, "{{ without }}");
    if (end == 0)
        return inside_token(l, out, e);
    out->kind = TOKEN_CLOSE;
    l->rest = str_from(l->rest, end);
    l->trim = trim;
    l->inside = false;
    return true;
}

bool template_token(struct lexer *l, struct token *out, struct err *e) {
    bool found = false;
    while (!l->inside && l->rest.n && !found)
        if (!text_token(l, out, &found, e))
            return false;
    if (found)
        return true;
    if (l->inside)
        return action_token(l, out, e);
    *out = (struct token){.kind = TOKEN_END_OF_TEXT, .at = l->all.n};
    return true;
}
