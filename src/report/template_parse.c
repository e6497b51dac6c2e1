/* SPDX-License-Identifier: Apache-2.0
 * Tokens to a tree (template_private.h). Go's grammar: blocks with {{else}}, {{else if}}, {{else with}} and {{end}}; pipelines of commands;
 * operands with fields behind them. Whether a function or a variable exists is known here, as in Go, before anything is printed. */
#include "report/template_private.h"

struct parser {
    struct lexer lexer;
    struct token token;      /* the next one */
    struct arena *arena;
    VEC(struct str) variables; /* in scope */
    int depth, ranges;
};

static bool advance(struct parser *p, struct err *e) {
    return template_token(&p->lexer, &p->token, e);
}

#define FAIL(p, ...) template_fail((p)->lexer.all, (p)->token.at, e, __VA_ARGS__)

/* The token at hand as people typed it, for errors. */
static struct str shown(const struct parser *p) {
    struct str rest = str_from(p->lexer.all, p->token.at);
    return str_first(rest, p->lexer.all.n - p->lexer.rest.n - p->token.at);
}

static bool unexpected(struct parser *p, const char *where, struct err *e) {
    struct str s = shown(p);
    if (p->token.kind == TOKEN_END_OF_TEXT)
        return FAIL(p, "the template ends in %s", where);
    return FAIL(p, "\"%.*s\" is not expected in %s", STR_ARG(str_first(s, 100)), where);
}

static bool enter(struct parser *p, struct err *e) {
    return ++p->depth <= TEMPLATE_DEPTH_MAX || FAIL(p, "nested deeper than %d", TEMPLATE_DEPTH_MAX);
}

/* --- Operands --- */

static bool parse_pipe(struct parser *p, enum token_kind end, struct pipe **out, struct err *e);

static bool knows_variable(const struct parser *p, struct str name) {
    for (size_t i = 0; i < p->variables.n; i++)
        if (str_eq(p->variables.p[i], name))
            return true;
    return false;
}

static bool parse_word(struct parser *p, struct term *t, struct err *e) {
    struct str w = p->token.text;
    if (str_eq(w, S("true")) || str_eq(w, S("false"))) {
        t->kind = TERM_VALUE;
        t->value = value_bool(w.n == 4);
    } else if (str_eq(w, S("nil"))) {
        t->kind = TERM_NIL;
    } else if (template_find_function(w)) {
        t->kind = TERM_CALL;
        t->name = w;
    } else {
        return FAIL(p, "function \"%.*s\" is not supported", STR_ARG(w));
    }
    return advance(p, e);
}

/* A term without the fields behind it. */
static bool parse_base(struct parser *p, struct term *t, struct err *e) {
    *t = (struct term){.at = p->token.at};
    switch (p->token.kind) {
    case TOKEN_DOT:
        t->kind = TERM_DOT;
        if (!advance(p, e))
            return false;
        return p->token.kind != TOKEN_FIELD || p->token.spaced || unexpected(p, "an operand", e);
    case TOKEN_FIELD:
        t->kind = TERM_DOT; /* the field itself is taken with those behind it */
        p->token.spaced = false;
        return true;
    case TOKEN_VARIABLE:
        t->kind = TERM_VARIABLE;
        t->name = p->token.text;
        return knows_variable(p, t->name) ? advance(p, e) : FAIL(p, "undefined variable \"$%.*s\"", STR_ARG(t->name));
    case TOKEN_VALUE:
        t->kind = TERM_VALUE;
        t->value = p->token.value;
        return advance(p, e);
    case TOKEN_WORD:
        return parse_word(p, t, e);
    case TOKEN_OPEN_PAREN:
        t->kind = TERM_PIPE;
        return enter(p, e) && advance(p, e) && parse_pipe(p, TOKEN_CLOSE_PAREN, &t->pipe, e) && (p->depth--, true);
    default:
        return unexpected(p, "an action", e);
    }
}

static bool parse_term(struct parser *p, struct term *t, struct err *e) {
    VEC(struct str) fields = {0};
    bool good = parse_base(p, t, e);
    while (good && p->token.kind == TOKEN_FIELD && !p->token.spaced) {
        if (t->kind == TERM_VALUE || t->kind == TERM_NIL)
            good = FAIL(p, "a constant has no fields");
        vec_push(&fields, p->token.text);
        good = good && advance(p, e);
    }
    t->n_fields = fields.n;
    t->fields = arena_array(p->arena, struct str, fields.n);
    if (fields.n)
        memcpy(t->fields, fields.p, fields.n * sizeof *fields.p);
    vec_fini(&fields);
    return good;
}

/* --- Commands and pipelines --- */

static bool ends_command(const struct parser *p) {
    return p->token.kind == TOKEN_BAR || p->token.kind == TOKEN_CLOSE || p->token.kind == TOKEN_CLOSE_PAREN;
}

static bool parse_command(struct parser *p, struct command *out, struct err *e) {
    VEC(struct term) terms = {0};
    bool good = true;
    do {
        struct term t;
        good = parse_term(p, &t, e);
        vec_push(&terms, t);
        if (good && !ends_command(p) && !p->token.spaced)
            good = unexpected(p, "an operand", e);
    } while (good && !ends_command(p));
    if (good && terms.n > 1 && terms.p[0].kind != TERM_CALL)
        good = template_fail(p->lexer.all, terms.p[0].at, e, "what is no function takes no arguments");
    out->n = terms.n;
    out->terms = arena_array(p->arena, struct term, terms.n);
    memcpy(out->terms, terms.p, terms.n * sizeof *terms.p);
    vec_fini(&terms);
    return good;
}

static bool may_follow_bar(const struct command *c) {
    return c->terms[0].kind == TERM_CALL && c->terms[0].n_fields == 0;
}

static bool parse_commands(struct parser *p, enum token_kind end, struct pipe *out, struct err *e) {
    VEC(struct command) list = {0};
    bool good = true, more = true;
    while (good && more) {
        struct command c;
        size_t at = p->token.at;
        good = parse_command(p, &c, e);
        if (good && list.n && !may_follow_bar(&c))
            good = template_fail(p->lexer.all, at, e, "what is no function cannot stand behind a |");
        if (good)
            vec_push(&list, c);
        more = good && p->token.kind == TOKEN_BAR;
        good = good && (!more || advance(p, e));
    }
    if (good && p->token.kind != end)
        good = unexpected(p, "a pipeline", e);
    out->n = list.n;
    out->commands = arena_array(p->arena, struct command, list.n);
    if (list.n)
        memcpy(out->commands, list.p, list.n * sizeof *list.p);
    vec_fini(&list);
    return good && advance(p, e);
}

/* "$x :=", "$k, $v :=" or "$x =" at the beginning of an action; anything else is left as it is. */
static bool parse_declaration(struct parser *p, bool two, struct pipe *out, struct err *e) {
    struct parser back = *p;
    while (p->token.kind == TOKEN_VARIABLE && out->n_names < (two ? 2 : 1)) {
        out->names[out->n_names++] = p->token.text;
        if (!advance(p, e))
            return false;
        if (p->token.kind != TOKEN_COMMA)
            break;
        if (!two || out->n_names == 2)
            return FAIL(p, "too many variables are declared");
        if (!advance(p, e))
            return false;
    }
    if (out->n_names && (p->token.kind == TOKEN_DECLARE || p->token.kind == TOKEN_ASSIGN)) {
        out->assigns = p->token.kind == TOKEN_ASSIGN;
        for (size_t i = 0; out->assigns && i < out->n_names; i++)
            if (!knows_variable(p, out->names[i]))
                return FAIL(p, "undefined variable \"$%.*s\"", STR_ARG(out->names[i]));
        return advance(p, e);
    }
    out->n_names = 0;
    *p = back;
    return true;
}

static void declare(struct parser *p, const struct pipe *pipe) {
    for (size_t i = 0; !pipe->assigns && i < pipe->n_names; i++)
        vec_push(&p->variables, pipe->names[i]);
}

static bool parse_pipe(struct parser *p, enum token_kind end, struct pipe **out, struct err *e) {
    *out = arena_new(p->arena, struct pipe);
    (*out)->at = p->token.at;
    return parse_commands(p, end, *out, e);
}

/* The pipeline of an action, up to its }}. */
static bool parse_action(struct parser *p, bool is_range, struct pipe **out, struct err *e) {
    *out = arena_new(p->arena, struct pipe);
    (*out)->at = p->token.at;
    if (!parse_declaration(p, is_range, *out, e) || !parse_commands(p, TOKEN_CLOSE, *out, e))
        return false;
    declare(p, *out);
    return true;
}

/* --- Blocks --- */

enum stop { STOP_END_OF_TEXT, STOP_END, STOP_ELSE };

static bool parse_list(struct parser *p, struct node **out, enum stop *stop, struct err *e);
static bool parse_block(struct parser *p, struct node *n, struct err *e);

static bool close_action(struct parser *p, struct err *e) {
    return p->token.kind == TOKEN_CLOSE ? advance(p, e) : unexpected(p, "an action", e);
}

/* Behind {{else: either the body up to {{end}}, or "if" or "with" and so a block of its own that ends with it. */
static bool parse_else(struct parser *p, struct node *n, struct err *e) {
    enum stop stop;
    bool chained = p->token.kind == TOKEN_WORD && n->kind != NODE_RANGE &&
                   str_eq(p->token.text, n->kind == NODE_IF ? S("if") : S("with"));
    if (chained) {
        n->otherwise = arena_new(p->arena, struct node);
        n->otherwise->kind = n->kind;
        return enter(p, e) && advance(p, e) && parse_block(p, n->otherwise, e) && (p->depth--, true);
    }
    if (!close_action(p, e) || !parse_list(p, &n->otherwise, &stop, e))
        return false;
    if (stop == STOP_ELSE)
        return FAIL(p, "a second {{else}}");
    return stop == STOP_END ? close_action(p, e) : FAIL(p, "a block has no {{end}}");
}

/* Behind {{if, {{with or {{range. */
static bool parse_block(struct parser *p, struct node *n, struct err *e) {
    size_t variables = p->variables.n;
    enum stop stop;
    if (!parse_action(p, n->kind == NODE_RANGE, &n->pipe, e))
        return false;
    size_t declared = p->variables.n;
    p->ranges += n->kind == NODE_RANGE;
    if (!parse_list(p, &n->body, &stop, e))
        return false;
    p->ranges -= n->kind == NODE_RANGE;
    p->variables.n = declared;
    bool good = stop == STOP_ELSE ? parse_else(p, n, e) : stop == STOP_END ? close_action(p, e) : FAIL(p, "a block has no {{end}}");
    p->variables.n = variables;
    return good;
}

static bool parse_keyword(struct parser *p, struct node *n, struct err *e) {
    struct str w = p->token.text;
    if (str_eq(w, S("break")) || str_eq(w, S("continue"))) {
        n->kind = w.p[0] == 'b' ? NODE_BREAK : NODE_CONTINUE;
        if (p->ranges == 0)
            return FAIL(p, "{{%.*s}} outside {{range}}", STR_ARG(w));
        return advance(p, e) && close_action(p, e);
    }
    n->kind = str_eq(w, S("if")) ? NODE_IF : str_eq(w, S("with")) ? NODE_WITH : NODE_RANGE;
    return enter(p, e) && advance(p, e) && parse_block(p, n, e) && (p->depth--, true);
}

static bool one_of(const struct token *t, const char *const *words) {
    for (size_t i = 0; t->kind == TOKEN_WORD && words[i]; i++)
        if (str_eqz(t->text, words[i]))
            return true;
    return false;
}

static bool parse_node(struct parser *p, struct node *n, struct err *e) {
    static const char *const keywords[] = {"if", "with", "range", "break", "continue", NULL};
    static const char *const foreign[] = {"define", "template", "block", NULL};
    if (p->token.kind == TOKEN_TEXT) {
        n->kind = NODE_TEXT;
        n->text = p->token.text;
        return advance(p, e);
    }
    if (p->token.kind == TOKEN_CLOSE)
        return FAIL(p, "an empty {{}}");
    if (one_of(&p->token, foreign))
        return FAIL(p, "{{%.*s}} is not supported", STR_ARG(p->token.text));
    if (one_of(&p->token, keywords))
        return parse_keyword(p, n, e);
    n->kind = NODE_ACTION;
    return parse_action(p, false, &n->pipe, e);
}

/* Nodes up to {{end}} or {{else}}, behind whose word the parser is then. */
static bool parse_list(struct parser *p, struct node **out, enum stop *stop, struct err *e) {
    static const char *const ends[] = {"end", "else", NULL};
    while (p->token.kind != TOKEN_END_OF_TEXT) {
        if (one_of(&p->token, ends)) {
            *stop = p->token.text.n == 3 ? STOP_END : STOP_ELSE;
            return advance(p, e);
        }
        *out = arena_new(p->arena, struct node);
        if (!parse_node(p, *out, e))
            return false;
        out = &(*out)->next;
    }
    *stop = STOP_END_OF_TEXT;
    return true;
}

bool template_parse(struct str text, struct arena *a, struct node **out, struct err *e) {
    struct parser p = {.lexer = {.arena = a, .all = text, .rest = text}, .arena = a};
    enum stop stop = STOP_END_OF_TEXT;
    vec_push(&p.variables, S(""));
    *out = NULL;
    bool good = advance(&p, e) && parse_list(&p, out, &stop, e);
    vec_fini(&p.variables);
    if (good && stop != STOP_END_OF_TEXT)
        return template_fail(text, p.token.at, e, "{{%s}} without a block", stop == STOP_END ? "end" : "else");
    return good;
}
