/* SPDX-License-Identifier: Apache-2.0
 * print, println and printf of templates (template_private.h), after Go's fmt: verbs v s q d c x X o b t e f g, flags - + # 0 and blank,
 * width and precision. Another verb, or one that does not fit its argument, is an error where Go would print "%!...". */
#include "base/limits.h"
#include "base/utf8.h"
#include "report/template_private.h"

/* --- print, println --- */

bool template_print(struct call *c, struct value *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    (void)e;
    for (size_t i = 0; i < c->n; i++) {
        if (i && c->args[i].kind != VALUE_STRING && c->args[i - 1].kind != VALUE_STRING)
            buf_add_char(&text, ' ');
        value_print(&text, &c->args[i], false);
    }
    *out = template_text(c, &text);
    return true;
}

bool template_println(struct call *c, struct value *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    (void)e;
    for (size_t i = 0; i < c->n; i++) {
        if (i)
            buf_add_char(&text, ' ');
        value_print(&text, &c->args[i], false);
    }
    buf_add_char(&text, '\n');
    *out = template_text(c, &text);
    return true;
}

/* --- printf --- */

struct verb {
    bool minus, plus, sharp, zero, blank, has_width, has_precision;
    int64_t width, precision;
    char letter;
};
enum { WIDTH_MAX = 65536, PRECISION_MAX = 300 };

static void add_times(struct buf *out, char c, size_t n) {
    for (size_t i = 0; i < n; i++)
        buf_add_char(out, c);
}

/* Zeros go behind the sign of a number; texts are filled with zeros too, as Go does. */
static void pad(struct buf *out, const struct verb *v, struct str text, bool is_number) {
    size_t width = v->has_width ? (size_t)v->width : 0, have = utf8_count(text), missing = width > have ? width - have : 0;
    bool zeros = v->zero && !v->minus;
    if (zeros && is_number && text.n && (text.p[0] == '-' || text.p[0] == '+' || text.p[0] == ' ')) {
        buf_add_char(out, text.p[0]);
        text = str_from(text, 1);
    }
    if (!v->minus)
        add_times(out, zeros ? '0' : ' ', missing);
    buf_add_str(out, text);
    if (v->minus)
        add_times(out, ' ', missing);
}

void value_quote(struct buf *out, struct str text) {
    static const char names[] = "abfnrtv\\\"", bytes[] = "\a\b\f\n\r\t\v\\\"";
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        const char *known = text.p[i] ? strchr(bytes, text.p[i]) : NULL;
        unsigned char c = (unsigned char)text.p[i];
        if (known)
            buf_printf(out, "\\%c", names[known - bytes]);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '"');
}

static bool misfit(const struct verb *v, const struct value *arg, struct err *e) {
    return err_set(e, ERR_USAGE, "%%%c of a %s is not supported", v->letter, value_kind_name(arg));
}

static bool format_text(struct buf *out, const struct verb *v, const struct value *arg, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    struct str s = v->has_precision ? utf8_first(arg->text, (size_t)v->precision) : arg->text;
    bool good = !v->sharp && !v->plus && strchr("vsqxX", v->letter);
    if (v->letter == 'q')
        value_quote(&text, s);
    else if (v->letter == 'x' || v->letter == 'X')
        for (size_t i = 0; i < s.n; i++)
            buf_printf(&text, v->letter == 'x' ? "%02x" : "%02X", (unsigned char)s.p[i]);
    else
        buf_add_str(&text, s);
    pad(out, v, buf_str(&text), false);
    buf_fini(&text);
    return good || misfit(v, arg, e);
}

static void digits_of(struct buf *out, uint64_t n, unsigned base, bool upper) {
    char text[65];
    size_t at = sizeof text;
    do {
        text[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[n % base];
        n /= base;
    } while (n);
    buf_add(out, text + at, sizeof text - at);
}

static bool format_int(struct buf *out, const struct verb *v, const struct value *arg, struct err *e) {
    static const char letters[] = "vdxXobc";
    static const unsigned bases[] = {10, 10, 16, 16, 8, 2, 0};
    const char *known = strchr(letters, v->letter);
    if (!known || v->sharp || v->has_precision)
        return misfit(v, arg, e);
    unsigned base = bases[known - letters];
    struct buf text = BUF_INIT(256);
    uint64_t n = arg->integer < 0 ? 0 - (uint64_t)arg->integer : (uint64_t)arg->integer;
    if (base == 0) {
        utf8_add(&text, arg->integer < 0 || arg->integer > UINT32_MAX ? UTF8_BAD : (uint32_t)arg->integer);
    } else {
        if (arg->integer < 0 || v->plus || v->blank)
            buf_add_char(&text, arg->integer < 0 ? '-' : v->plus ? '+' : ' ');
        digits_of(&text, n, base, v->letter == 'X');
    }
    pad(out, v, buf_str(&text), true);
    buf_fini(&text);
    return true;
}

static bool format_float(struct buf *out, const struct verb *v, const struct value *arg, struct err *e) {
    if (!strchr("vefg", v->letter) || v->sharp || v->blank)
        return misfit(v, arg, e);
    struct buf text = BUF_INIT(1024);
    if (v->plus && arg->number >= 0)
        buf_add_char(&text, '+');
    if ((v->letter == 'v' || v->letter == 'g') && !v->has_precision) {
        value_float(&text, arg->number);
    } else {
        int precision = !v->has_precision ? 6 : v->precision < PRECISION_MAX ? (int)v->precision : PRECISION_MAX;
        if (v->letter == 'e')
            buf_printf(&text, "%.*e", precision, arg->number);
        else if (v->letter == 'f')
            buf_printf(&text, "%.*f", precision, arg->number);
        else
            buf_printf(&text, "%.*g", precision, arg->number);
    }
    pad(out, v, buf_str(&text), true);
    buf_fini(&text);
    return true;
}

static bool format_other(struct buf *out, const struct verb *v, const struct value *arg, struct err *e) {
    bool fits = v->letter == 'v' || (v->letter == 't' && arg->kind == VALUE_BOOL) || (v->letter == 's' && arg->kind == VALUE_LIST);
    if (!fits || v->plus || v->sharp || v->has_precision)
        return misfit(v, arg, e);
    for (size_t i = 0; v->letter == 's' && i < arg->n; i++)
        if (arg->items[i].kind != VALUE_STRING)
            return misfit(v, &arg->items[i], e);
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    value_print(&text, arg, false);
    pad(out, v, buf_str(&text), false);
    buf_fini(&text);
    return true;
}

static bool format_one(struct buf *out, const struct verb *v, const struct value *arg, struct err *e) {
    switch (arg->kind) {
    case VALUE_STRING:
        return format_text(out, v, arg, e);
    case VALUE_INT:
        return format_int(out, v, arg, e);
    case VALUE_FLOAT:
        return format_float(out, v, arg, e);
    default:
        return format_other(out, v, arg, e);
    }
}

/* Digits at the front of *s; *has tells. */
static bool take_number(struct str *s, bool *has, int64_t *out, struct err *e) {
    size_t n = 0;
    uint64_t value = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    *has = n > 0;
    bool good = n == 0 || str_to_u64(str_first(*s, n), 10, WIDTH_MAX, &value);
    *out = (int64_t)value;
    *s = str_from(*s, n);
    return good || err_set(e, ERR_USAGE, "a width or precision above %d", WIDTH_MAX);
}

/* Behind the % sign. */
static bool take_verb(struct str *s, struct verb *v, struct err *e) {
    *v = (struct verb){0};
    static const char letters[] = "-+#0 ";
    bool *const flags[] = {&v->minus, &v->plus, &v->sharp, &v->zero, &v->blank};
    const char *known;
    while (s->n && s->p[0] && (known = strchr(letters, s->p[0])) != NULL) {
        *flags[known - letters] = true;
        *s = str_from(*s, 1);
    }
    if (!take_number(s, &v->has_width, &v->width, e))
        return false;
    if (s->n && s->p[0] == '.') {
        *s = str_from(*s, 1);
        if (!take_number(s, &v->has_precision, &v->precision, e))
            return false;
        v->has_precision = true;
    }
    v->letter = s->n ? s->p[0] : '\0';
    *s = str_from(*s, 1);
    return (v->letter && strchr("vsqdcxXobtefg%", v->letter)) ||
           err_set(e, ERR_USAGE, "%%%c is not supported", v->letter > ' ' ? v->letter : '?');
}

static bool format_all(struct call *c, struct buf *out, struct err *e) {
    struct str rest = c->args[0].text;
    size_t next = 1;
    for (ptrdiff_t at; (at = str_index(rest, '%')) >= 0;) {
        struct verb v;
        buf_add_str(out, str_first(rest, (size_t)at));
        rest = str_from(rest, (size_t)at + 1);
        if (!take_verb(&rest, &v, e))
            return false;
        if (v.letter == '%') {
            buf_add_char(out, '%');
            continue;
        }
        if (next == c->n)
            return err_set(e, ERR_USAGE, "no argument is left for %%%c", v.letter);
        if (!format_one(out, &v, &c->args[next++], e))
            return false;
    }
    buf_add_str(out, rest);
    return next == c->n || err_set(e, ERR_USAGE, "%zu arguments more than its text wants", c->n - next);
}

bool template_printf(struct call *c, struct value *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    if (c->n == 0 || c->args[0].kind != VALUE_STRING)
        return err_set(e, ERR_USAGE, "its first argument must be a string");
    bool good = format_all(c, &text, e);
    *out = template_text(c, &text);
    return good;
}
