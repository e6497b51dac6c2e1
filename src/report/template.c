/* SPDX-License-Identifier: Apache-2.0
 * inspect's templates: see template.h. The text is walked once; blocks recurse, with a limit on their depth. */
#include "report/template.h"

#include "base/limits.h"

enum { BLOCK_DEPTH_MAX = 32, ARGS_MAX = 8 };

struct run {
    struct str rest;        /* not walked yet */
    yyjson_val *root;
    struct buf *out;
    struct err *e;
    int depth;
};

struct value {
    yyjson_val *json;       /* NULL: none, or `number` / `text` */
    bool is_number, is_text;
    int64_t number;
    struct str text;
};

/* --- values --- */

static void print_value(struct buf *out, const struct value *v);

/* Go prints lists as [a b] and maps as map[k:v k:v]. */
static void print_json_value(struct buf *out, yyjson_val *v) {
    size_t i, max;
    yyjson_val *key, *item;
    if (yyjson_is_str(v)) {
        buf_add_str(out, str_n(yyjson_get_str(v), yyjson_get_len(v)));
    } else if (yyjson_is_arr(v)) {
        buf_add_char(out, '[');
        yyjson_arr_foreach(v, i, max, item) {
            if (i)
                buf_add_char(out, ' ');
            print_value(out, &(struct value){.json = item});
        }
        buf_add_char(out, ']');
    } else if (yyjson_is_obj(v)) {
        buf_add_str(out, S("map["));
        yyjson_obj_foreach(v, i, max, key, item) {
            buf_printf(out, "%s%s:", i ? " " : "", yyjson_get_str(key));
            print_value(out, &(struct value){.json = item});
        }
        buf_add_char(out, ']');
    } else if (yyjson_is_null(v)) {
        buf_add_str(out, S("<nil>"));
    } else {
        char *text = yyjson_val_write(v, 0, NULL);
        buf_add_str(out, str_z(text));
        free(text);
    }
}

static void print_value(struct buf *out, const struct value *v) {
    if (v->is_text)
        buf_add_str(out, v->text);
    else if (v->is_number)
        buf_printf(out, "%lld", (long long)v->number);
    else if (v->json)
        print_json_value(out, v->json);
    else
        buf_add_str(out, S("<no value>"));
}

static bool truth(const struct value *v) {
    if (v->is_text)
        return v->text.n > 0;
    if (v->is_number)
        return v->number != 0;
    if (!v->json || yyjson_is_null(v->json))
        return false;
    if (yyjson_is_ctn(v->json))
        return yyjson_get_len(v->json) > 0;
    if (yyjson_is_str(v->json))
        return yyjson_get_len(v->json) > 0;
    return yyjson_is_bool(v->json) ? yyjson_get_bool(v->json) : yyjson_get_num(v->json) != 0;
}

/* --- expressions --- */

/* The next word of an expression; quoted words keep their blanks and lose their quotes (*quoted). */
static bool next_word(struct str *expr, struct str *word, bool *quoted) {
    *expr = str_trim_left(*expr);
    *quoted = expr->n && (expr->p[0] == '"' || expr->p[0] == '`');
    if (expr->n == 0)
        return false;
    ptrdiff_t end;
    if (*quoted) {
        end = str_index(str_from(*expr, 1), expr->p[0]);
        *word = end < 0 ? str_from(*expr, 1) : str_first(str_from(*expr, 1), (size_t)end);
        *expr = end < 0 ? str_from(*expr, expr->n) : str_from(*expr, (size_t)end + 2);
        return true;
    }
    end = str_index(*expr, ' ');
    *word = end < 0 ? *expr : str_first(*expr, (size_t)end);
    *expr = str_from(*expr, word->n);
    return true;
}

static bool field_path(struct run *r, struct str path, yyjson_val *dot, struct value *out) {
    struct str rest = str_from(path, 1), name;
    yyjson_val *at = dot;
    if (str_starts(path, S("$"))) {
        at = r->root;
        rest = str_from(path, 2);
    }
    while (rest.n && str_next(&rest, '.', &name)) {
        if (!yyjson_is_obj(at))
            return err_set(r->e, ERR_USAGE, "template: %.*s: there is no field \"%.*s\" in this value", STR_ARG(path), STR_ARG(name));
        yyjson_val *next = yyjson_obj_getn(at, name.p, name.n);
        if (!next)
            return err_set(r->e, ERR_USAGE, "template: %.*s: there is no field \"%.*s\"", STR_ARG(path), STR_ARG(name));
        at = next;
    }
    *out = (struct value){.json = at};
    return true;
}

static bool operand(struct run *r, struct str word, bool quoted, yyjson_val *dot, struct value *out) {
    if (quoted) {
        *out = (struct value){.is_text = true, .text = word};
        return true;
    }
    if (word.p[0] == '.' || word.p[0] == '$')
        return field_path(r, word, dot, out);
    int64_t number;
    if (str_to_i64(word, &number)) {
        *out = (struct value){.is_number = true, .number = number};
        return true;
    }
    return err_set(r->e, ERR_USAGE, "template: \"%.*s\" is not supported", STR_ARG(word));
}

static bool call_index(struct run *r, struct value *args, size_t n, struct value *out) {
    *out = args[0];
    for (size_t i = 1; i < n; i++) {
        if (yyjson_is_arr(out->json) && args[i].is_number)
            out->json = yyjson_arr_get(out->json, (size_t)args[i].number);
        else if (yyjson_is_obj(out->json) && args[i].is_text)
            out->json = yyjson_obj_getn(out->json, args[i].text.p, args[i].text.n);
        else
            return err_set(r->e, ERR_USAGE, "template: index wants a list and a number, or a map and a \"key\"");
        if (!out->json && i + 1 < n)
            return err_set(r->e, ERR_USAGE, "template: index out of range");
    }
    return true;
}

static bool call_join(struct run *r, struct value *args, struct arena *a, struct value *out) {
    size_t i, max;
    yyjson_val *item;
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    if (!yyjson_is_arr(args[0].json) || !args[1].is_text)
        return err_set(r->e, ERR_USAGE, "template: join wants a list and a \"separator\"");
    yyjson_arr_foreach(args[0].json, i, max, item) {
        if (i)
            buf_add_str(&text, args[1].text);
        print_json_value(&text, item);
    }
    *out = (struct value){.is_text = true, .text = arena_str(a, buf_str(&text))};
    buf_fini(&text);
    return true;
}

static bool call(struct run *r, struct str name, struct value *args, size_t n, struct arena *a, struct value *out) {
    if (str_eq(name, S("json")) && n == 1) {
        char *text = args[0].json ? yyjson_val_write(args[0].json, 0, NULL) : NULL;
        *out = (struct value){.is_text = true, .text = arena_str(a, text ? str_z(text) : S("null"))};
        free(text);
        return true;
    }
    if (str_eq(name, S("len")) && n == 1) {
        bool sized = args[0].json && (yyjson_is_ctn(args[0].json) || yyjson_is_str(args[0].json));
        *out = (struct value){.is_number = true, .number = sized ? (int64_t)yyjson_get_len(args[0].json) : 0};
        return true;
    }
    if (str_eq(name, S("index")) && n >= 2)
        return call_index(r, args, n, out);
    if (str_eq(name, S("join")) && n == 2)
        return call_join(r, args, a, out);
    if (str_eq(name, S("println")) && n == 1) {
        struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
        print_value(&text, &args[0]);
        buf_add_char(&text, '\n');
        *out = (struct value){.is_text = true, .text = arena_str(a, buf_str(&text))};
        buf_fini(&text);
        return true;
    }
    return err_set(r->e, ERR_USAGE, "template: function \"%.*s\" with %zu arguments is not supported (json, len, index, join, println are)",
                   STR_ARG(name), n);
}

static bool evaluate(struct run *r, struct str expr, yyjson_val *dot, struct arena *a, struct value *out) {
    struct str first, word, rest = expr;
    bool quoted;
    if (!next_word(&rest, &first, &quoted))
        return err_set(r->e, ERR_USAGE, "template: empty {{}}");
    bool is_function = !quoted && ((first.p[0] >= 'a' && first.p[0] <= 'z') || (first.p[0] >= 'A' && first.p[0] <= 'Z'));
    if (!is_function)
        return str_trim(rest).n == 0 ? operand(r, first, quoted, dot, out)
                                     : err_set(r->e, ERR_USAGE, "template: \"%.*s\" is not supported", STR_ARG(expr));
    struct value args[ARGS_MAX];
    size_t n = 0;
    while (next_word(&rest, &word, &quoted)) {
        if (n == ARGS_MAX)
            return err_set(r->e, ERR_USAGE, "template: too many arguments in \"%.*s\"", STR_ARG(expr));
        if (!operand(r, word, quoted, dot, &args[n++]))
            return false;
    }
    return call(r, first, args, n, a, out);
}

/* --- blocks --- */

enum stop { STOP_END_OF_TEXT, STOP_ELSE, STOP_END };

static bool walk(struct run *r, yyjson_val *dot, bool emit, enum stop *stop);

/* Takes the next {{action}} off; the text before it is printed. False at the end of the text (no error) or on an error. */
static bool next_action(struct run *r, bool emit, struct str *action) {
    ptrdiff_t open = str_find(r->rest, S("{{"));
    struct str before = open < 0 ? r->rest : str_first(r->rest, (size_t)open);
    struct str after = open < 0 ? STR_NULL : str_from(r->rest, (size_t)open + 2);
    if (str_starts(after, S("- ")))
        before = str_trim_right(before);
    if (emit)
        buf_add_str(r->out, before);
    r->rest = after;
    if (open < 0)
        return false;
    ptrdiff_t close = str_find(after, S("}}"));
    if (close < 0)
        return err_set(r->e, ERR_USAGE, "template: {{ without }}");
    *action = str_first(after, (size_t)close);
    r->rest = str_from(after, (size_t)close + 2);
    if (str_ends(*action, S(" -"))) {
        *action = str_first(*action, action->n - 2);
        r->rest = str_trim_left(r->rest);
    }
    if (str_starts(*action, S("- ")))
        *action = str_from(*action, 2);
    *action = str_trim(*action);
    return true;
}

/* One pass over a block's body from `body`; leaves r->rest behind it. */
static bool pass(struct run *r, struct str body, yyjson_val *dot, bool emit, enum stop *stop) {
    r->rest = body;
    if (!walk(r, dot, emit, stop))
        return false;
    return *stop != STOP_END_OF_TEXT || err_set(r->e, ERR_USAGE, "template: a block has no {{end}}");
}

/* The passes of a block whose condition holds: one for if, one an element for range. *any: there was one. */
static bool passes(struct run *r, const struct value *v, bool is_range, struct str body, yyjson_val *dot, bool *any, enum stop *stop) {
    size_t i, max;
    yyjson_val *key, *item;
    bool good = true;
    *any = truth(v) && (!is_range || yyjson_is_ctn(v->json));
    if (!*any)
        return true;
    if (!is_range)
        return pass(r, body, dot, true, stop);
    if (yyjson_is_arr(v->json)) {
        yyjson_arr_foreach(v->json, i, max, item) good = good && pass(r, body, item, true, stop);
    } else {
        yyjson_obj_foreach(v->json, i, max, key, item) good = good && pass(r, body, item, true, stop);
    }
    return good;
}

static bool block(struct run *r, struct str expr, bool is_range, yyjson_val *dot, bool emit) {
    struct arena a = ARENA_INIT;
    struct value v = {0};
    enum stop stop = STOP_END;
    struct str body = r->rest;
    bool any = false;
    bool good = !emit || (evaluate(r, expr, dot, &a, &v) && passes(r, &v, is_range, body, dot, &any, &stop));
    if (good && !any)
        good = pass(r, body, dot, false, &stop);
    if (good && stop == STOP_ELSE)
        good = pass(r, r->rest, dot, emit && !any, &stop);
    arena_fini(&a);
    return good;
}

static bool act(struct run *r, struct str action, yyjson_val *dot, bool emit) {
    bool is_range = str_starts(action, S("range "));
    if (is_range || str_starts(action, S("if "))) {
        if (++r->depth > BLOCK_DEPTH_MAX)
            return err_set(r->e, ERR_USAGE, "template: blocks nested deeper than %d", BLOCK_DEPTH_MAX);
        bool good = block(r, str_from(action, is_range ? 6 : 3), is_range, dot, emit);
        r->depth--;
        return good;
    }
    if (!emit || str_starts(action, S("/*")))
        return true;
    struct arena a = ARENA_INIT;
    struct value v;
    bool good = evaluate(r, action, dot, &a, &v);
    if (good)
        print_value(r->out, &v);
    arena_fini(&a);
    return good;
}

static bool walk(struct run *r, yyjson_val *dot, bool emit, enum stop *stop) {
    struct str action;
    while (next_action(r, emit, &action)) {
        if (str_eq(action, S("end")) || str_eq(action, S("else"))) {
            *stop = action.n == 3 ? STOP_END : STOP_ELSE;
            return true;
        }
        if (!act(r, action, dot, emit))
            return false;
    }
    *stop = STOP_END_OF_TEXT;
    return r->e->kind == ERR_NONE;
}

bool template_run(struct str text, yyjson_val *data, struct buf *out, struct err *e) {
    struct run r = {text, data, out, e, 0};
    enum stop stop;
    if (!walk(&r, data, true, &stop))
        return false;
    return stop == STOP_END_OF_TEXT || err_set(e, ERR_USAGE, "template: {{%s}} without a block", stop == STOP_END ? "end" : "else");
}
