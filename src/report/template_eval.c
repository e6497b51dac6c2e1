/* SPDX-License-Identifier: Apache-2.0
 * Pipelines to values (template_private.h): operands, fields, calls; `and` and `or` stop at the first operand that settles them, as in
 * Go. */
#include "base/limits.h"
#include "report/template_private.h"

struct variable *template_variable(struct run *r, struct str name) {
    for (size_t i = r->variables.n; i > 0; i--)
        if (str_eq(r->variables.p[i - 1].name, name))
            return &r->variables.p[i - 1];
    return NULL;
}

bool template_step(struct run *r, size_t at, struct err *e) {
    if (++r->steps > TEMPLATE_STEPS_MAX)
        return template_fail(r->all, at, e, "more than %d steps", TEMPLATE_STEPS_MAX);
    return r->arena->total_bytes <= LIMIT_INDEX_BYTES || template_fail(r->all, at, e, "values of more than %zu bytes", LIMIT_INDEX_BYTES);
}

/* --- Fields --- */

static bool take_field(struct run *r, const struct term *t, struct str name, struct value *v, struct err *e) {
    const struct value *field = value_field(v, name);
    if (field) {
        *v = *field;
        return true;
    }
    if (v->kind == VALUE_MAP || (v->kind == VALUE_NONE && !v->json)) { /* Go prints "<no value>" */
        *v = (struct value){0};
        return true;
    }
    if (v->kind == VALUE_NIL || v->kind == VALUE_NONE)
        return template_fail(r->all, t->at, e, "there is nothing here to have a field \"%.*s\"", STR_ARG(name));
    return template_fail(r->all, t->at, e, "there is no field \"%.*s\" in a %s", STR_ARG(name), value_kind_name(v));
}

static bool take_fields(struct run *r, const struct term *t, struct value *v, struct err *e) {
    for (size_t i = 0; i < t->n_fields; i++)
        if (!take_field(r, t, t->fields[i], v, e))
            return false;
    return true;
}

/* --- Calls --- */

static bool evaluate_term(struct run *r, const struct term *t, struct value *out, struct err *e);

static bool is_lazy(struct str name) {
    return str_eq(name, S("and")) || str_eq(name, S("or"));
}

/* `and` gives the first operand that is not true, `or` the first that is; else the last. */
static bool call_lazy(struct run *r, const struct term *f, const struct term *args, size_t n, const struct value *last, struct value *out,
                      struct err *e) {
    bool stops_at = str_eq(f->name, S("or"));
    for (size_t i = 0; i < n; i++) {
        if (!evaluate_term(r, &args[i], out, e))
            return false;
        if (value_truth(out) == stops_at)
            return true;
    }
    if (last)
        *out = *last;
    return n > 0 || last || template_fail(r->all, f->at, e, "%.*s wants an argument", STR_ARG(f->name));
}

/* `last`: what came through the pipe, or NULL. */
static bool call(struct run *r, const struct term *f, const struct term *args, size_t n, const struct value *last, struct value *out,
                 struct err *e) {
    if (is_lazy(f->name))
        return call_lazy(r, f, args, n, last, out, e);
    struct call c = {.arena = r->arena, .name = f->name, .args = arena_array(r->arena, struct value, n + 1)};
    for (size_t i = 0; i < n; i++)
        if (!evaluate_term(r, &args[i], &c.args[c.n++], e))
            return false;
    if (last)
        c.args[c.n++] = *last;
    struct err why = ERR_INIT;
    if (template_find_function(f->name)(&c, out, &why))
        return true;
    template_fail(r->all, f->at, e, "%.*s: %s", STR_ARG(f->name), why.msg);
    err_clear(&why);
    return false;
}

/* --- Operands --- */

static bool evaluate_base(struct run *r, const struct term *t, struct value *out, struct err *e) {
    switch (t->kind) {
    case TERM_DOT:
        *out = r->dot;
        return true;
    case TERM_VARIABLE:
        *out = template_variable(r, t->name)->value; /* the parser knows that it is there */
        return true;
    case TERM_VALUE:
        *out = t->value;
        return true;
    case TERM_NIL:
        *out = (struct value){0};
        return true;
    case TERM_CALL:
        return call(r, t, NULL, 0, NULL, out, e);
    case TERM_PIPE:
        return template_evaluate(r, t->pipe, out, e);
    }
    return false;
}

static bool evaluate_term(struct run *r, const struct term *t, struct value *out, struct err *e) {
    return template_step(r, t->at, e) && evaluate_base(r, t, out, e) && take_fields(r, t, out, e);
}

static bool evaluate_command(struct run *r, const struct command *c, const struct value *last, struct value *out, struct err *e) {
    const struct term *first = &c->terms[0];
    if (first->kind == TERM_CALL && first->n_fields == 0)
        return template_step(r, first->at, e) && call(r, first, c->terms + 1, c->n - 1, last, out, e);
    if (first->kind == TERM_NIL)
        return template_fail(r->all, first->at, e, "nil is no command");
    return evaluate_term(r, first, out, e);
}

static void set_variables(struct run *r, const struct pipe *p, const struct value *v) {
    struct variable set = {STR_NULL, *v};
    for (size_t i = 0; i < p->n_names; i++) {
        set.name = p->names[i];
        if (p->assigns)
            template_variable(r, set.name)->value = *v;
        else
            vec_push(&r->variables, set);
    }
}

bool template_evaluate(struct run *r, const struct pipe *p, struct value *out, struct err *e) {
    struct value v = {0};
    for (size_t i = 0; i < p->n; i++) {
        struct value next;
        if (!evaluate_command(r, &p->commands[i], i ? &v : NULL, &next, e))
            return false;
        v = next;
    }
    *out = v;
    set_variables(r, p, &v); /* each round of a range has others then */
    return true;
}
