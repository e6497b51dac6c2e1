/* SPDX-License-Identifier: Apache-2.0
 * Values of templates (template_private.h): made of JSON as the Go type has it, shown as Go's fmt does, written as JSON again. */
#include <math.h>

#include "base/limits.h"
#include "report/template_private.h"

/* --- From JSON --- */

static void container(struct value *v, struct arena *a, enum value_kind kind, const struct template_type *type, size_t n) {
    v->kind = kind;
    v->type = type;
    v->n = n;
    v->items = arena_array(a, struct value, n);
    v->keys = kind == VALUE_LIST ? NULL : arena_array(a, struct str, n);
}

static struct str text_of(yyjson_val *v) {
    return str_n(yyjson_get_str(v), yyjson_get_len(v));
}

static void list_of(struct value *v, struct arena *a, const struct template_type *type, yyjson_val *json) {
    size_t i, max;
    yyjson_val *item;
    container(v, a, VALUE_LIST, type, yyjson_arr_size(json));
    yyjson_arr_foreach(json, i, max, item) v->items[i] = value_of(a, type ? type->element : NULL, item);
}

struct pair {
    struct str key;
    yyjson_val *json;
};

static int by_key(const void *a, const void *b) {
    return str_cmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static void map_of(struct value *v, struct arena *a, const struct template_type *type, yyjson_val *json) {
    size_t i, max, n = 0;
    yyjson_val *key, *item;
    struct pair *pairs = arena_array(a, struct pair, yyjson_obj_size(json));
    if (json) /* a list of labels that is not there: yyjson's loop would count from NULL */
        yyjson_obj_foreach(json, i, max, key, item) pairs[n++] = (struct pair){text_of(key), item};
    if (n)
        qsort(pairs, n, sizeof *pairs, by_key);
    container(v, a, VALUE_MAP, type, n);
    for (size_t k = 0; k < n; k++) {
        v->keys[k] = pairs[k].key;
        v->items[k] = value_of(a, type ? type->element : NULL, pairs[k].json);
    }
}

static void struct_of(struct value *v, struct arena *a, const struct template_type *type, yyjson_val *json) {
    size_t n = 0;
    while (type->fields[n].name)
        n++;
    container(v, a, VALUE_STRUCT, type, n);
    for (size_t i = 0; i < n; i++) {
        v->keys[i] = str_z(type->fields[i].name);
        v->items[i] = value_of(a, type->fields[i].type, yyjson_obj_get(json, type->fields[i].name));
    }
}

static void number_of(struct value *v, yyjson_val *json) {
    bool whole = yyjson_is_sint(json) || (yyjson_is_uint(json) && yyjson_get_uint(json) <= INT64_MAX);
    *v = whole ? value_int(yyjson_get_sint(json)) : (struct value){.kind = VALUE_FLOAT, .number = yyjson_get_num(json)};
}

static struct value any_of(struct arena *a, yyjson_val *json) {
    struct value v = {0};
    if (yyjson_is_bool(json))
        v = value_bool(yyjson_get_bool(json));
    else if (yyjson_is_num(json))
        number_of(&v, json);
    else if (yyjson_is_str(json))
        v = value_text(text_of(json));
    else if (yyjson_is_arr(json))
        list_of(&v, a, NULL, json);
    else if (yyjson_is_obj(json))
        map_of(&v, a, NULL, json);
    v.json = json;
    return v;
}

/* What is not as the type says is nothing to Go: its decoder would have failed; here it counts as absent. */
struct value value_of(struct arena *a, const struct template_type *type, yyjson_val *json) {
    struct value v = {0};
    switch (type ? type->kind : TEMPLATE_ANY) {
    case TEMPLATE_ANY:
        return any_of(a, json);
    case TEMPLATE_STRING:
        v = value_text(yyjson_is_str(json) ? text_of(json) : S(""));
        break;
    case TEMPLATE_INT:
        v = value_int(yyjson_get_sint(json));
        break;
    case TEMPLATE_BOOL:
        v = value_bool(yyjson_get_bool(json));
        break;
    case TEMPLATE_LIST:
        list_of(&v, a, type, json);
        break;
    case TEMPLATE_MAP:
        map_of(&v, a, type, json);
        break;
    case TEMPLATE_POINTER:
        v.is_pointer = true;
        v.kind = VALUE_NIL;
        if (!yyjson_is_obj(json))
            return v;
        struct_of(&v, a, type, json);
        break;
    case TEMPLATE_STRUCT:
        struct_of(&v, a, type, json);
        break;
    }
    v.json = json;
    return v;
}

/* --- Questions --- */

bool value_truth(const struct value *v) {
    switch (v->kind) {
    case VALUE_NONE:
    case VALUE_NIL:
        return false;
    case VALUE_BOOL:
        return v->boolean;
    case VALUE_INT:
        return v->integer != 0;
    case VALUE_FLOAT:
        return v->number < 0 || v->number > 0 || isnan(v->number);
    case VALUE_STRING:
        return v->text.n > 0;
    case VALUE_LIST:
    case VALUE_MAP:
        return v->n > 0;
    case VALUE_STRUCT:
        return true;
    }
    return false;
}

const char *value_kind_name(const struct value *v) {
    static const char *const names[] = {
        [VALUE_NONE] = "nil",      [VALUE_BOOL] = "bool", [VALUE_INT] = "number", [VALUE_FLOAT] = "number", [VALUE_STRING] = "string",
        [VALUE_LIST] = "list",     [VALUE_MAP] = "map",   [VALUE_STRUCT] = "struct", [VALUE_NIL] = "nil"};
    return names[v->kind];
}

const struct value *value_field(const struct value *v, struct str name) {
    bool has_keys = v->kind == VALUE_MAP || v->kind == VALUE_STRUCT;
    for (size_t i = 0; has_keys && i < v->n; i++)
        if (str_eq(v->keys[i], name))
            return &v->items[i];
    return NULL;
}

/* --- As text --- */

/* The shortest decimal that gives d again, in Go's %v: with an exponent from a million on and below 0.0001. */
void value_float(struct buf *out, double d) {
    char text[40];
    if (isnan(d) || isinf(d)) {
        buf_add_str(out, isnan(d) ? S("NaN") : d > 0 ? S("+Inf") : S("-Inf"));
        return;
    }
    int digits = 1;
    for (double back = d + 1; digits < 18; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, d);
        back = strtod(text, NULL);
        if (!(back < d) && !(back > d))
            break;
    }
    int64_t exponent = 0;
    struct str after = str_z(strchr(text, 'e') + 1);
    str_to_i64(str_from(after, after.p[0] == '+'), &exponent);
    if (exponent < -4 || exponent >= 6) {
        buf_add_str(out, str_z(text));
        return;
    }
    int decimals = digits - 1 - (int)exponent;
    buf_printf(out, "%.*f", decimals > 0 ? decimals : 0, d);
}

static void print_items(struct buf *out, const struct value *v) {
    bool named = v->kind == VALUE_MAP;
    buf_add_str(out, named ? S("map[") : v->kind == VALUE_LIST ? S("[") : S("{"));
    for (size_t i = 0; i < v->n; i++) {
        if (i)
            buf_add_char(out, ' ');
        if (named) {
            buf_add_str(out, v->keys[i]);
            buf_add_char(out, ':');
        }
        value_print(out, &v->items[i], false);
    }
    buf_add_char(out, v->kind == VALUE_STRUCT ? '}' : ']');
}

void value_print(struct buf *out, const struct value *v, bool top) {
    switch (v->kind) {
    case VALUE_NONE:
        buf_add_str(out, top ? S("<no value>") : S("<nil>"));
        return;
    case VALUE_NIL:
        buf_add_str(out, S("<nil>"));
        return;
    case VALUE_BOOL:
        buf_add_str(out, v->boolean ? S("true") : S("false"));
        return;
    case VALUE_INT:
        buf_printf(out, "%lld", (long long)v->integer);
        return;
    case VALUE_FLOAT:
        value_float(out, v->number);
        return;
    case VALUE_STRING:
        buf_add_str(out, v->text);
        return;
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_STRUCT:
        print_items(out, v);
    }
}

/* --- As JSON --- */

static yyjson_mut_val *json_of(yyjson_mut_doc *d, const struct value *v) {
    yyjson_mut_val *list, *map;
    switch (v->kind) {
    case VALUE_BOOL:
        return yyjson_mut_bool(d, v->boolean);
    case VALUE_INT:
        return yyjson_mut_sint(d, v->integer);
    case VALUE_FLOAT:
        return yyjson_mut_real(d, v->number);
    case VALUE_STRING:
        return json_text(d, v->text);
    case VALUE_LIST:
        if (v->json || !v->type) {
            list = yyjson_mut_arr(d);
            for (size_t i = 0; i < v->n; i++)
                yyjson_mut_arr_append(list, json_of(d, &v->items[i]));
            return list;
        }
        return yyjson_mut_null(d);
    case VALUE_MAP:
        if (!v->json)
            return yyjson_mut_null(d);
        map = yyjson_mut_obj(d);
        for (size_t i = 0; i < v->n; i++)
            yyjson_mut_obj_add(map, json_text(d, v->keys[i]), json_of(d, &v->items[i]));
        return map;
    case VALUE_STRUCT:
        return v->json ? yyjson_val_mut_copy(d, v->json) : yyjson_mut_null(d);
    case VALUE_NONE:
    case VALUE_NIL:
        break;
    }
    return yyjson_mut_null(d);
}

void value_json(struct buf *out, const struct value *v) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(d, json_of(d, v));
    json_write(d, false, out);
}
