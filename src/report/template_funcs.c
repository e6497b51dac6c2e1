/* SPDX-License-Identifier: Apache-2.0
 * Functions of templates (template_private.h): Go's len, index, slice, not, and those that docker adds: json, join, split, lower, upper,
 * title, pad, truncate. */
#include "base/limits.h"
#include "base/utf8.h"
#include "report/template_private.h"

struct value template_text(struct call *c, struct buf *text) {
    struct str kept = arena_str(c->arena, buf_str(text));
    buf_fini(text);
    return value_text(kept);
}

/* Whether the arguments are of these kinds, a letter each: s(tring) i(nteger) l(ist) or anything (?). */
static bool wants(const struct call *c, const char *kinds, struct err *e) {
    if (c->n != strlen(kinds))
        return err_set(e, ERR_USAGE, "it wants %zu argument%s, not %zu", strlen(kinds), kinds[1] ? "s" : "", c->n);
    for (size_t i = 0; i < c->n; i++) {
        const struct value *v = &c->args[i];
        enum value_kind kind = kinds[i] == 's' ? VALUE_STRING : kinds[i] == 'i' ? VALUE_INT : kinds[i] == 'l' ? VALUE_LIST : v->kind;
        if (v->kind != kind)
            return err_set(e, ERR_USAGE, "its argument %zu must be a %s, not a %s", i + 1, value_kind_name(&(struct value){.kind = kind}),
                           value_kind_name(v));
    }
    return true;
}

static bool fn_not(struct call *c, struct value *out, struct err *e) {
    if (!wants(c, "?", e))
        return false;
    *out = value_bool(!value_truth(&c->args[0]));
    return true;
}

static bool fn_len(struct call *c, struct value *out, struct err *e) {
    if (!wants(c, "?", e))
        return false;
    const struct value *v = &c->args[0];
    if (v->kind != VALUE_STRING && v->kind != VALUE_LIST && v->kind != VALUE_MAP)
        return err_set(e, ERR_USAGE, "a %s has no length", value_kind_name(v));
    *out = value_int((int64_t)(v->kind == VALUE_STRING ? v->text.n : v->n));
    return true;
}

/* --- index, slice --- */

static bool index_list(const struct value *at, const struct value *key, struct value *out, struct err *e) {
    size_t n = at->kind == VALUE_STRING ? at->text.n : at->n;
    if (key->kind != VALUE_INT)
        return err_set(e, ERR_USAGE, "a %s is indexed by a number, not a %s", value_kind_name(at), value_kind_name(key));
    if (key->integer < 0 || (uint64_t)key->integer >= n)
        return err_set(e, ERR_USAGE, "%lld is out of range: there are %zu", (long long)key->integer, n);
    *out = at->kind == VALUE_STRING ? value_int((unsigned char)at->text.p[key->integer]) : at->items[key->integer];
    return true;
}

/* A key that is not there gives the zero value of what the map holds. */
static bool index_map(struct call *c, const struct value *at, const struct value *key, struct value *out, struct err *e) {
    if (key->kind != VALUE_STRING)
        return err_set(e, ERR_USAGE, "a map is indexed by a string, not a %s", value_kind_name(key));
    const struct value *found = value_field(at, key->text);
    *out = found ? *found : at->type ? value_of(c->arena, at->type->element, NULL) : (struct value){0};
    return true;
}

static bool fn_index(struct call *c, struct value *out, struct err *e) {
    if (c->n == 0)
        return err_set(e, ERR_USAGE, "it wants an argument");
    struct value at = c->args[0];
    if (at.kind == VALUE_NONE || at.kind == VALUE_NIL)
        return err_set(e, ERR_USAGE, "nil cannot be indexed");
    for (size_t i = 1; i < c->n; i++) {
        struct value next;
        bool is_row = at.kind == VALUE_LIST || at.kind == VALUE_STRING;
        if (!is_row && at.kind != VALUE_MAP)
            return err_set(e, ERR_USAGE, "a %s cannot be indexed", value_kind_name(&at));
        if (!(is_row ? index_list(&at, &c->args[i], &next, e) : index_map(c, &at, &c->args[i], &next, e)))
            return false;
        at = next;
    }
    *out = at;
    return true;
}

static bool slice_end(const struct call *c, size_t i, size_t low, size_t high, size_t *out, struct err *e) {
    const struct value *v = &c->args[i];
    if (v->kind != VALUE_INT)
        return err_set(e, ERR_USAGE, "its argument %zu must be a number, not a %s", i + 1, value_kind_name(v));
    if (v->integer < 0 || (uint64_t)v->integer < low || (uint64_t)v->integer > high)
        return err_set(e, ERR_USAGE, "%lld is out of range: %zu to %zu", (long long)v->integer, low, high);
    *out = (size_t)v->integer;
    return true;
}

static bool fn_slice(struct call *c, struct value *out, struct err *e) {
    if (c->n < 1 || c->n > 3)
        return err_set(e, ERR_USAGE, "it wants one to three arguments, not %zu", c->n);
    struct value v = c->args[0];
    if (v.kind != VALUE_STRING && v.kind != VALUE_LIST)
        return err_set(e, ERR_USAGE, "a %s cannot be sliced", value_kind_name(&v));
    size_t from = 0, to = v.kind == VALUE_STRING ? v.text.n : v.n;
    if ((c->n > 2 && !slice_end(c, 2, 0, to, &to, e)) || (c->n > 1 && !slice_end(c, 1, 0, to, &from, e)))
        return false;
    v.text = str_first(str_from(v.text, from), to - from);
    v.items = v.kind == VALUE_LIST ? v.items + from : NULL;
    v.n = v.kind == VALUE_LIST ? to - from : 0;
    *out = v;
    return true;
}

/* --- docker's --- */

static bool fn_json(struct call *c, struct value *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    if (!wants(c, "?", e))
        return false;
    value_json(&text, &c->args[0]);
    *out = template_text(c, &text);
    return true;
}

static bool fn_join(struct call *c, struct value *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    if (!wants(c, "ls", e))
        return false;
    for (size_t i = 0; i < c->args[0].n; i++) {
        if (i)
            buf_add_str(&text, c->args[1].text);
        value_print(&text, &c->args[0].items[i], false);
    }
    *out = template_text(c, &text);
    return true;
}

/* Go's strings.Split: without a separator, into its characters. */
static size_t piece_bytes(struct str rest, struct str separator) {
    if (separator.n) {
        ptrdiff_t at = str_find(rest, separator);
        return at < 0 ? rest.n : (size_t)at;
    }
    return utf8_first(rest, 1).n;
}

static bool fn_split(struct call *c, struct value *out, struct err *e) {
    VEC(struct value) pieces = {0};
    if (!wants(c, "ss", e))
        return false;
    struct str rest = c->args[0].text, separator = c->args[1].text;
    bool more = rest.n || separator.n;
    while (more) {
        size_t n = piece_bytes(rest, separator);
        vec_push(&pieces, value_text(str_first(rest, n)));
        more = n < rest.n;
        rest = str_from(rest, n + separator.n);
    }
    *out = (struct value){.kind = VALUE_LIST, .n = pieces.n, .items = arena_array(c->arena, struct value, pieces.n)};
    if (pieces.n)
        memcpy(out->items, pieces.p, pieces.n * sizeof *pieces.p);
    vec_fini(&pieces);
    return true;
}

/* Letters of ASCII; others stay as they are. */
static bool change_case(struct call *c, struct value *out, struct err *e) {
    if (!wants(c, "s", e))
        return false;
    struct str text = arena_str(c->arena, c->args[0].text);
    char *p = (char *)text.p;
    bool start = true;
    for (size_t i = 0; i < text.n; i++) {
        bool lower = p[i] >= 'a' && p[i] <= 'z', upper = p[i] >= 'A' && p[i] <= 'Z', digit = p[i] >= '0' && p[i] <= '9';
        if ((unsigned char)p[i] >= 0x80)
            return err_set(e, ERR_USAGE, "letters beyond ASCII are not supported");
        if (c->name.p[0] == 'l' ? upper : lower && (c->name.p[0] == 'u' || start))
            p[i] ^= 0x20;
        start = !lower && !upper && !digit && p[i] != '_';
    }
    *out = value_text(text);
    return true;
}

static bool fn_pad(struct call *c, struct value *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    if (!wants(c, "sii", e))
        return false;
    int64_t before = c->args[1].integer, after = c->args[2].integer, limit = 65536;
    if (before < 0 || after < 0 || before > limit || after > limit)
        return err_set(e, ERR_USAGE, "%lld and %lld must be 0 to %lld", (long long)before, (long long)after, (long long)limit);
    for (int64_t i = 0; c->args[0].text.n && i < before; i++)
        buf_add_char(&text, ' ');
    buf_add_str(&text, c->args[0].text);
    for (int64_t i = 0; c->args[0].text.n && i < after; i++)
        buf_add_char(&text, ' ');
    *out = template_text(c, &text);
    return true;
}

static bool fn_truncate(struct call *c, struct value *out, struct err *e) {
    if (!wants(c, "si", e))
        return false;
    if (c->args[1].integer < 0)
        return err_set(e, ERR_USAGE, "%lld is less than 0", (long long)c->args[1].integer);
    *out = value_text(str_first(c->args[0].text, (size_t)c->args[1].integer));
    return true;
}

/* `and` and `or` have no function: template_eval.c stops at the operand that settles them. */
static bool fn_lazy(struct call *c, struct value *out, struct err *e) {
    (void)out;
    return err_set(e, ERR_BUG, "%.*s is called", STR_ARG(c->name));
}

template_function template_find_function(struct str name) {
    static const struct {
        const char *name;
        template_function run;
    } all[] = {
        {"and", fn_lazy},        {"eq", template_compare},   {"ge", template_compare}, {"gt", template_compare}, {"index", fn_index},
        {"join", fn_join},       {"json", fn_json},          {"le", template_compare}, {"len", fn_len},          {"lower", change_case},
        {"lt", template_compare}, {"ne", template_compare},  {"not", fn_not},          {"or", fn_lazy},          {"pad", fn_pad},
        {"print", template_print}, {"printf", template_printf}, {"println", template_println}, {"slice", fn_slice}, {"split", fn_split},
        {"title", change_case},  {"truncate", fn_truncate},  {"upper", change_case},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eqz(name, all[i].name))
            return all[i].run;
    return NULL;
}
