/* SPDX-License-Identifier: Apache-2.0
 * The tree of a template to its output (template_private.h): text, actions, if, with and range. */
#include "base/limits.h"
#include "report/template_private.h"

/* How a list of nodes ended. */
enum left { LEFT_END, LEFT_BREAK, LEFT_CONTINUE };

static bool walk_list(struct run *r, const struct node *n, enum left *left, struct err *e);

static bool walk_action(struct run *r, const struct node *n, struct err *e) {
    struct value v;
    if (!template_evaluate(r, n->pipe, &v, e))
        return false;
    if (n->pipe->n_names == 0)
        value_print(r->out, &v, true);
    return true;
}

static bool walk_condition(struct run *r, const struct node *n, enum left *left, struct err *e) {
    struct value v, before = r->dot;
    if (!template_evaluate(r, n->pipe, &v, e))
        return false;
    bool holds = value_truth(&v);
    if (holds && n->kind == NODE_WITH)
        r->dot = v;
    bool good = walk_list(r, holds ? n->body : n->otherwise, left, e);
    r->dot = before;
    return good;
}

/* Variables of one round: the last is the element, the one before it the key or number. */
static void set_round(struct run *r, const struct pipe *p, const struct value *key, const struct value *item) {
    for (size_t i = 0; i < p->n_names; i++) {
        const struct value *v = i + 1 == p->n_names ? item : key;
        if (p->assigns)
            template_variable(r, p->names[i])->value = *v;
        else
            vec_push(&r->variables, ((struct variable){p->names[i], *v}));
    }
}

static bool walk_round(struct run *r, const struct node *n, struct value key, const struct value *item, enum left *left, struct err *e) {
    size_t variables = r->variables.n;
    set_round(r, n->pipe, &key, item);
    r->dot = *item;
    bool good = template_step(r, n->pipe->at, e) && walk_list(r, n->body, left, e);
    r->variables.n = variables;
    return good;
}

/* How many rounds, if it is something to go through. */
static bool count_rounds(struct run *r, const struct node *n, const struct value *v, size_t *rounds, struct err *e) {
    *rounds = v->kind == VALUE_INT && v->integer > 0 ? (size_t)v->integer : v->n;
    switch (v->kind) {
    case VALUE_NONE:
        *rounds = 0;
        return true;
    case VALUE_LIST:
    case VALUE_MAP:
        return true;
    case VALUE_INT:
        return n->pipe->n_names < 2 || template_fail(r->all, n->pipe->at, e, "a range over a number has one variable");
    default:
        return template_fail(r->all, n->pipe->at, e, "range cannot go through a %s", value_kind_name(v));
    }
}

static bool walk_range(struct run *r, const struct node *n, struct err *e) {
    struct value v, before = r->dot;
    size_t rounds = 0;
    enum left left = LEFT_END;
    if (!template_evaluate(r, n->pipe, &v, e) || !count_rounds(r, n, &v, &rounds, e))
        return false;
    bool good = true;
    for (size_t i = 0; good && left != LEFT_BREAK && i < rounds; i++) {
        struct value number = value_int((int64_t)i), key = v.kind == VALUE_MAP ? value_text(v.keys[i]) : number;
        left = LEFT_END;
        good = walk_round(r, n, key, v.kind == VALUE_INT ? &number : &v.items[i], &left, e);
    }
    r->dot = before;
    left = LEFT_END;
    return good && (rounds > 0 || walk_list(r, n->otherwise, &left, e));
}

static bool walk_node(struct run *r, const struct node *n, enum left *left, struct err *e) {
    switch (n->kind) {
    case NODE_TEXT:
        buf_add_str(r->out, n->text);
        return true;
    case NODE_ACTION:
        return walk_action(r, n, e);
    case NODE_IF:
    case NODE_WITH:
        return walk_condition(r, n, left, e);
    case NODE_RANGE:
        return walk_range(r, n, e);
    case NODE_BREAK:
    case NODE_CONTINUE:
        *left = n->kind == NODE_BREAK ? LEFT_BREAK : LEFT_CONTINUE;
        return true;
    }
    return false;
}

static bool is_control(const struct node *n) {
    return n->kind == NODE_IF || n->kind == NODE_WITH || n->kind == NODE_RANGE;
}

static bool walk_list(struct run *r, const struct node *n, enum left *left, struct err *e) {
    size_t variables = r->variables.n;
    bool good = true;
    for (; good && n && *left == LEFT_END; n = n->next) {
        size_t before = r->variables.n;
        good = walk_node(r, n, left, e);
        if (is_control(n)) /* those of its own pipeline end with it */
            r->variables.n = before;
        if (good && !buf_ok(r->out))
            good = err_set(e, ERR_USAGE, "template: its output is larger than the limit of %zu bytes", r->out->max_bytes);
    }
    r->variables.n = variables;
    return good;
}

bool template_walk(struct run *r, const struct node *n, struct err *e) {
    enum left left = LEFT_END;
    return walk_list(r, n, &left, e);
}
