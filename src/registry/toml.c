/* SPDX-License-Identifier: Apache-2.0
 * Reading a part of TOML: see toml.h. One pass, no recursion: arrays hold strings only. */
#include "registry/toml.h"

#include "base/buf.h"
#include "base/vec.h"

enum { KEY_MAX_BYTES = 4096 };

struct cursor {
    struct arena *arena;
    struct str rest;
    size_t line;
};

static char peek(const struct cursor *c) {
    return c->rest.n ? c->rest.p[0] : '\0';
}

static void step(struct cursor *c) {
    c->line += peek(c) == '\n';
    c->rest = str_from(c->rest, 1);
}

static void skip_blanks(struct cursor *c) {
    while (c->rest.n && (peek(c) == ' ' || peek(c) == '\t'))
        step(c);
}

static void skip_comment(struct cursor *c) {
    if (peek(c) != '#')
        return;
    while (c->rest.n && peek(c) != '\n')
        step(c);
}

/* Blanks, comments and line ends. */
static void skip_lines(struct cursor *c) {
    for (;;) {
        skip_blanks(c);
        skip_comment(c);
        if (!c->rest.n || !strchr("\r\n", peek(c)) || peek(c) == '\0')
            return;
        step(c);
    }
}

static bool end_line(struct cursor *c, struct err *e) {
    skip_blanks(c);
    skip_comment(c);
    if (peek(c) == '\r')
        step(c);
    if (c->rest.n && peek(c) != '\n')
        return err_set(e, ERR_USAGE, "a line goes on where it should end");
    return true;
}

/* --- Strings --- */

static void add_utf8(struct buf *out, uint32_t c) {
    if (c < 0x80) {
        buf_add_char(out, (char)c);
    } else if (c < 0x800) {
        buf_add_char(out, (char)(0xc0 | c >> 6));
        buf_add_char(out, (char)(0x80 | (c & 63)));
    } else {
        buf_add_char(out, c < 0x10000 ? (char)(0xe0 | c >> 12) : (char)(0xf0 | c >> 18));
        if (c >= 0x10000)
            buf_add_char(out, (char)(0x80 | (c >> 12 & 63)));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 63)));
        buf_add_char(out, (char)(0x80 | (c & 63)));
    }
}

static bool take_escape(struct cursor *c, struct buf *out, struct err *e) {
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    char kind = peek(c);
    const char *at = kind ? strchr(from, kind) : NULL;
    step(c);
    if (at) {
        buf_add_char(out, to[at - from]);
        return true;
    }
    size_t digits = kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    uint64_t code;
    if (!digits || c->rest.n < digits || !str_to_u64(str_first(c->rest, digits), 16, 0x10ffff, &code) ||
        (code >= 0xd800 && code < 0xe000) || code == 0)
        return err_set(e, ERR_USAGE, "an unknown escape in a string");
    c->rest = str_from(c->rest, digits);
    add_utf8(out, (uint32_t)code);
    return true;
}

static bool take_string(struct cursor *c, struct str *out, struct err *e) {
    char quote = peek(c);
    if (c->rest.n >= 3 && c->rest.p[1] == quote && c->rest.p[2] == quote)
        return err_set(e, ERR_USAGE, "strings of several lines are not read");
    struct buf text = BUF_INIT(c->rest.n + 1);
    bool ok = true;
    step(c);
    while (ok && c->rest.n && peek(c) != quote) {
        char ch = peek(c);
        if (((unsigned char)ch < ' ' && ch != '\t') || ch == 0x7f) {
            ok = err_set(e, ERR_USAGE, "a string that does not end, or holds a control character");
        } else if (ch == '\\' && quote == '"') {
            step(c);
            ok = take_escape(c, &text, e);
        } else {
            buf_add_char(&text, ch);
            step(c);
        }
    }
    if (ok && !c->rest.n)
        ok = err_set(e, ERR_USAGE, "a string that does not end");
    step(c);
    *out = arena_str(c->arena, buf_str(&text));
    buf_fini(&text);
    return ok;
}

/* --- Keys --- */

static bool is_bare(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_';
}

static bool take_key(struct cursor *c, struct str *out, struct err *e) {
    *out = S("");
    for (bool first = true;; first = false) {
        struct str part;
        skip_blanks(c);
        if (peek(c) == '"' || peek(c) == '\'') {
            if (!take_string(c, &part, e))
                return false;
        } else {
            size_t n = 0;
            while (n < c->rest.n && is_bare(c->rest.p[n]))
                n++;
            part = str_first(c->rest, n);
            c->rest = str_from(c->rest, n);
            if (n == 0)
                return err_set(e, ERR_USAGE, "a name is missing");
        }
        if (out->n + part.n > KEY_MAX_BYTES)
            return err_set(e, ERR_USAGE, "a name of more than %d bytes", KEY_MAX_BYTES);
        *out = arena_join3(c->arena, *out, first ? S("") : S("."), part);
        skip_blanks(c);
        if (peek(c) != '.')
            return true;
        step(c);
    }
}

/* --- Values --- */

static bool take_word(struct cursor *c, struct toml_value *v, struct err *e) {
    size_t n = 0;
    while (n < c->rest.n && (is_bare(c->rest.p[n]) || c->rest.p[n] == '+'))
        n++;
    struct str word = str_first(c->rest, n);
    c->rest = str_from(c->rest, n);
    v->yes = str_eqz(word, "true");
    v->kind = v->yes || str_eqz(word, "false") ? TOML_BOOL : TOML_INT;
    return v->kind == TOML_BOOL || str_to_i64(word, &v->number) || err_set(e, ERR_USAGE, "a value of a kind that is not read here");
}

static bool take_array(struct cursor *c, struct toml_value *v, struct err *e) {
    VEC(struct str) items = {0};
    bool ok = true;
    step(c);
    for (;;) {
        struct str item;
        skip_lines(c);
        if (peek(c) == ']')
            break;
        if (peek(c) != '"' && peek(c) != '\'')
            ok = err_set(e, ERR_USAGE, "an array of something else than strings is not read");
        ok = ok && take_string(c, &item, e);
        if (!ok)
            break;
        vec_push(&items, item);
        skip_lines(c);
        if (peek(c) == ',')
            step(c);
        else if (peek(c) != ']')
            ok = err_set(e, ERR_USAGE, "an array that does not end");
        if (!ok)
            break;
    }
    step(c);
    v->kind = TOML_ARRAY;
    v->n = items.n;
    v->items = arena_array(c->arena, struct str, items.n + 1);
    if (items.n)
        memcpy(v->items, items.p, items.n * sizeof *items.p);
    vec_fini(&items);
    return ok;
}

static bool take_value(struct cursor *c, struct toml_value *v, struct err *e) {
    *v = (struct toml_value){0};
    skip_blanks(c);
    if (peek(c) == '"' || peek(c) == '\'')
        return take_string(c, &v->text, e);
    return peek(c) == '[' ? take_array(c, v, e) : take_word(c, v, e);
}

/* --- Lines --- */

static bool take_header(struct cursor *c, const struct toml_reader *r, struct err *e) {
    struct str name;
    step(c);
    bool element = peek(c) == '[';
    if (element)
        step(c);
    if (!take_key(c, &name, e))
        return false;
    for (int i = 0; i < 1 + element; i++, step(c))
        if (peek(c) != ']')
            return err_set(e, ERR_USAGE, "a table's name is not closed");
    return end_line(c, e) && r->table(r->ctx, name, element, e);
}

static bool take_pair(struct cursor *c, const struct toml_reader *r, struct err *e) {
    struct str key;
    struct toml_value v;
    if (!take_key(c, &key, e))
        return false;
    if (peek(c) != '=')
        return err_set(e, ERR_USAGE, "\"=\" is missing behind %.*s", STR_ARG(str_first(key, 100)));
    step(c);
    return take_value(c, &v, e) && end_line(c, e) && r->pair(r->ctx, key, &v, e);
}

bool toml_read(struct arena *a, struct str text, const char *what, const struct toml_reader *r, struct err *e) {
    struct cursor c = {a, text, 1};
    if (str_starts(text, S("\xef\xbb\xbf")))
        c.rest = str_from(text, 3);
    for (;;) {
        skip_lines(&c);
        if (!c.rest.n)
            return true;
        size_t line = c.line;
        if (!(peek(&c) == '[' ? take_header(&c, r, e) : take_pair(&c, r, e)))
            return err_wrap(e, "%s:%zu", what, line);
    }
}
