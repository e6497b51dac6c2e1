/* SPDX-License-Identifier: Apache-2.0
 * eq, ne, lt, le, gt, ge of templates (template_private.h), as Go's text/template has them: eq may have several others, of which one must
 * be equal; what is of two kinds is an error, but nothing is equal to nothing alone. */
#include "report/template_private.h"

static bool is_basic(const struct value *v) {
    return v->kind == VALUE_BOOL || v->kind == VALUE_INT || v->kind == VALUE_FLOAT || v->kind == VALUE_STRING;
}

static bool is_nothing(const struct value *v) {
    return v->kind == VALUE_NONE || v->kind == VALUE_NIL;
}

/* Of one basic kind. */
static int order(const struct value *a, const struct value *b) {
    switch (a->kind) {
    case VALUE_BOOL:
        return a->boolean - b->boolean;
    case VALUE_INT:
        return (a->integer > b->integer) - (a->integer < b->integer);
    case VALUE_FLOAT:
        return (a->number > b->number) - (a->number < b->number);
    default:
        return str_cmp(a->text, b->text);
    }
}

static bool unlike(const struct value *a, const struct value *b, struct err *e) {
    return err_set(e, ERR_USAGE, "a %s and a %s cannot be compared", value_kind_name(a), value_kind_name(b));
}

static bool equal(const struct value *a, const struct value *b, bool *out, struct err *e) {
    if (is_nothing(a) || is_nothing(b)) {
        *out = is_nothing(a) && is_nothing(b);
        return true;
    }
    if (a->kind != b->kind || !is_basic(a))
        return unlike(a, b, e);
    *out = order(a, b) == 0;
    return true;
}

static bool equals_one(struct call *c, bool *out, struct err *e) {
    *out = false;
    for (size_t i = 1; i < c->n && !*out; i++)
        if (!equal(&c->args[0], &c->args[i], out, e))
            return false;
    return true;
}

static bool compare_two(struct call *c, struct value *out, struct err *e) {
    const struct value *a = &c->args[0], *b = &c->args[1];
    bool ordered = is_basic(a) && a->kind != VALUE_BOOL;
    if (a->kind != b->kind || !ordered)
        return unlike(a, b, e);
    int d = order(a, b);
    bool is_less = c->name.p[0] == 'l', or_equal = c->name.p[1] == 'e';
    *out = value_bool((is_less ? d < 0 : d > 0) || (or_equal && d == 0));
    return true;
}

bool template_compare(struct call *c, struct value *out, struct err *e) {
    bool is_eq = str_eq(c->name, S("eq")), truth;
    if (c->n < 2 || (!is_eq && c->n > 2))
        return err_set(e, ERR_USAGE, "it wants two %s, not %zu", is_eq ? "arguments or more" : "arguments", c->n);
    if (!is_eq && !str_eq(c->name, S("ne")))
        return compare_two(c, out, e);
    if (!equals_one(c, &truth, e))
        return false;
    *out = value_bool(truth == is_eq);
    return true;
}
