/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside templates (template.h). The text becomes a tree, which is walked with the data as dot.
 *
 *   template.c           both steps in order
 *   template_lex.c       text and {{actions}} -> tokens
 *   template_parse.c     tokens -> tree
 *   template_eval.c      pipelines -> values
 *   template_walk.c      the tree -> output: if, with, range, variables
 *   template_value.c     values: from JSON by type, as text, as JSON, whether they are true
 *   template_compare.c   eq, ne, lt, le, gt, ge
 *   template_funcs.c     the other functions
 *   template_printf.c    print, printf, println */
#ifndef CROZE_REPORT_TEMPLATE_PRIVATE_H
#define CROZE_REPORT_TEMPLATE_PRIVATE_H

#include "base/vec.h"
#include "report/template.h"

enum {
    TEMPLATE_DEPTH_MAX = 64,       /* blocks and parentheses inside each other */
    TEMPLATE_STEPS_MAX = 10000000, /* pipelines worked on: ranges inside ranges */
};

/* --- Values --- */

enum value_kind {
    VALUE_NONE,     /* nothing: a missing key, null of any type */
    VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STRING, VALUE_LIST, VALUE_MAP, VALUE_STRUCT,
    VALUE_NIL,      /* a pointer to no struct */
};
struct value {
    enum value_kind kind;
    bool boolean;
    bool is_pointer;                /* STRUCT: it was reached through a pointer, which shows where it is inside another value */
    int64_t integer;
    double number;
    struct str text;
    const struct template_type *type; /* of containers; NULL: any */
    yyjson_val *json;               /* what it was made of; NULL: computed, or absent */
    struct value *items;            /* LIST, MAP (sorted by key), STRUCT (in the order of its fields; NONE without a type) */
    struct str *keys;               /* MAP, STRUCT */
    size_t n;
};

static inline struct value value_text(struct str text) {
    return (struct value){.kind = VALUE_STRING, .text = text};
}
static inline struct value value_int(int64_t i) {
    return (struct value){.kind = VALUE_INT, .integer = i};
}
static inline struct value value_bool(bool b) {
    return (struct value){.kind = VALUE_BOOL, .boolean = b};
}
/* json NULL: the zero value of the type. */
struct value value_of(struct arena *a, const struct template_type *type, yyjson_val *json);
bool value_truth(const struct value *v);
/* As fmt.Fprint does. `top`: not inside another value. */
void value_print(struct buf *out, const struct value *v, bool top);
void value_json(struct buf *out, const struct value *v);
void value_quote(struct buf *out, struct str text); /* Go's %q */
void value_float(struct buf *out, double d);        /* Go's %v */
const char *value_kind_name(const struct value *v); /* for errors: "string", "list", ... */
const struct value *value_field(const struct value *v, struct str name); /* a key's or field's; NULL: there is none */

/* --- Tokens --- */

enum token_kind {
    TOKEN_END_OF_TEXT,
    TOKEN_TEXT,      /* between actions; `text` */
    TOKEN_CLOSE,     /* }} */
    TOKEN_WORD,      /* if, range, a function, true, nil */
    TOKEN_FIELD,     /* .Name; `text` without the dot */
    TOKEN_DOT,
    TOKEN_VARIABLE,  /* $ or $name; `text` without the dollar */
    TOKEN_VALUE,     /* a string, a number, a character */
    TOKEN_OPEN_PAREN, TOKEN_CLOSE_PAREN, TOKEN_BAR, TOKEN_DECLARE, TOKEN_ASSIGN, TOKEN_COMMA,
};
struct token {
    enum token_kind kind;
    struct str text;
    struct value value;
    bool spaced;             /* blanks before it */
    size_t at;               /* in the template */
};
struct lexer {
    struct arena *arena;
    struct str all, rest;
    bool inside;             /* an action */
    bool trim;               /* the last action ended with -}} */
};
MUST_CHECK bool template_token(struct lexer *l, struct token *out, struct err *e);
/* An error about the byte at `at`: "template: LINE:COLUMN: ...". */
bool template_fail(struct str all, size_t at, struct err *e, const char *fmt, ...) ERR_PRINTF(4, 5);

/* --- The tree --- */

struct pipe;
struct term {
    enum { TERM_DOT, TERM_VARIABLE, TERM_VALUE, TERM_NIL, TERM_CALL, TERM_PIPE } kind;
    struct str name;         /* VARIABLE, CALL: of the function */
    struct value value;
    struct pipe *pipe;       /* in parentheses */
    struct str *fields;      /* what is taken of it then */
    size_t n_fields;
    size_t at;
};
struct command {             /* a function and its arguments, or one value */
    struct term *terms;
    size_t n;
};
struct pipe {
    struct str names[2];     /* variables that it sets */
    size_t n_names;
    bool assigns;            /* "=": they exist already */
    struct command *commands;
    size_t n;
    size_t at;
};
struct node {
    enum { NODE_TEXT, NODE_ACTION, NODE_IF, NODE_WITH, NODE_RANGE, NODE_BREAK, NODE_CONTINUE } kind;
    struct str text;
    struct pipe *pipe;
    struct node *body, *otherwise, *next;
};
MUST_CHECK bool template_parse(struct str text, struct arena *a, struct node **out, struct err *e);

/* --- Running --- */

struct variable {
    struct str name;
    struct value value;
};
struct run {
    struct str all;
    struct arena *arena;
    struct buf *out;
    VEC(struct variable) variables;
    struct value dot;
    unsigned steps;
};
MUST_CHECK bool template_walk(struct run *r, const struct node *n, struct err *e);
MUST_CHECK bool template_evaluate(struct run *r, const struct pipe *p, struct value *out, struct err *e);
/* Counts one, up to a limit. */
MUST_CHECK bool template_step(struct run *r, size_t at, struct err *e);
struct variable *template_variable(struct run *r, struct str name);

/* A call. Errors name no place: the caller puts it in front. */
struct call {
    struct arena *arena;
    struct str name;
    struct value *args;
    size_t n;
};
typedef bool (*template_function)(struct call *c, struct value *out, struct err *e);
/* NULL: there is none of this name. */
template_function template_find_function(struct str name);
bool template_compare(struct call *c, struct value *out, struct err *e);
bool template_print(struct call *c, struct value *out, struct err *e);
bool template_println(struct call *c, struct value *out, struct err *e);
bool template_printf(struct call *c, struct value *out, struct err *e);
/* Moves the text into the arena. */
struct value template_text(struct call *c, struct buf *text);

#endif
