/* SPDX-License-Identifier: Apache-2.0
 * The outline and the list of targets as BuildKit prints them, and as its JSON. */
#include "base/limits.h"
#include "check/json_place.h"
#include "check/outline.h"
#include "report/table.h"

/* --- Text -------------------------------------------------------------------------------------------------------------------------- */

/* Two columns, one blank apart. */
static void row(struct buf *out, size_t width, struct str left, struct str right) {
    buf_add_shown(out, left);
    buf_printf(out, "%*s", (int)(width - left.n + 1), "");
    buf_add_shown(out, right);
    buf_add_char(out, '\n');
}

static void print_head(const struct outline *o, struct buf *out) {
    struct str target = S("TARGET:"), description = S("DESCRIPTION:");
    if (o->name.n == 0 && o->description.n == 0)
        return;
    row(out, o->description.n ? description.n : target.n, target, o->name.n ? o->name : S("(default)"));
    if (o->description.n)
        row(out, description.n, description, o->description);
    buf_add_char(out, '\n');
}

static void print_args(const struct outline_list *args, struct buf *out) {
    struct table t;
    if (args->n == 0)
        return;
    table_init(&t, 3);
    table_cell(&t, S("BUILD ARG"));
    table_cell(&t, S("VALUE"));
    table_cell(&t, S("DESCRIPTION"));
    for (size_t k = 0; k < args->n; k++) {
        table_cell(&t, args->p[k].name);
        table_cell(&t, args->p[k].value);
        table_cell(&t, args->p[k].description);
    }
    table_write(&t, out);
    table_fini(&t);
    buf_add_char(out, '\n');
}

static void print_mounts(const struct outline_list *list, const char *heading, bool with_required, struct buf *out) {
    struct table t;
    if (list->n == 0)
        return;
    table_init(&t, with_required ? 2 : 1);
    table_cell(&t, str_z(heading));
    if (with_required)
        table_cell(&t, S("REQUIRED"));
    for (size_t k = 0; k < list->n; k++) {
        table_cell(&t, list->p[k].name);
        if (with_required)
            table_cell(&t, list->p[k].required ? S("true") : STR_NULL);
    }
    table_write(&t, out);
    table_fini(&t);
    buf_add_char(out, '\n');
}

void outline_print(const struct outline *o, struct buf *out) {
    print_head(o, out);
    print_args(&o->args, out);
    print_mounts(&o->secrets, "SECRET", true, out);
    print_mounts(&o->ssh, "SSH", true, out);
    print_mounts(&o->caches, "CACHE", false, out);
}

static struct str shown_name(struct arena *a, const struct targets *t, size_t k) {
    bool last = k + 1 == t->n;
    if (t->p[k].name.n == 0)
        return last ? S("(default)") : STR_NULL;
    return last ? arena_join3(a, t->p[k].name, S(" (default)"), STR_NULL) : t->p[k].name;
}

void targets_print(const struct targets *t, struct buf *out) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct str heading = S("TARGET");
    size_t width = heading.n;
    for (size_t k = 0; k < t->n; k++) {
        size_t n = shown_name(&a, t, k).n;
        width = n > width ? n : width;
    }
    row(out, width, heading, S("DESCRIPTION"));
    for (size_t k = 0; k < t->n; k++)
        row(out, width, shown_name(&a, t, k), t->p[k].description);
}

/* --- JSON -------------------------------------------------------------------------------------------------------------------------- */

static void add_sources(yyjson_mut_doc *d, yyjson_mut_val *root, struct str text) {
    yyjson_mut_val *sources = yyjson_mut_obj_add_arr(d, root, "sources");
    yyjson_mut_arr_append(sources, json_base64(d, text));
}

static void add_items(yyjson_mut_doc *d, yyjson_mut_val *root, const char *key, const char *name_key, const struct outline_list *list) {
    if (list->n == 0)
        return;
    yyjson_mut_val *array = yyjson_mut_obj_add_arr(d, root, key);
    for (size_t k = 0; k < list->n; k++) {
        const struct outline_item *i = &list->p[k];
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, array);
        json_add_str(d, o, name_key, i->name);
        json_add_str_opt(d, o, "description", i->description);
        json_add_str_opt(d, o, "value", i->value);
        if (i->required)
            yyjson_mut_obj_add_bool(d, o, "required", true);
        json_add_location(d, o, i->line, i->line_end);
    }
}

static void write_document(yyjson_mut_doc *d, yyjson_mut_val *root, struct buf *out) {
    yyjson_mut_doc_set_root(d, root);
    json_write(d, true, out);
    buf_add_char(out, '\n');
}

void outline_json(const struct outline *o, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    json_add_str_opt(d, root, "name", o->name);
    json_add_str_opt(d, root, "description", o->description);
    add_items(d, root, "args", "name", &o->args);
    add_items(d, root, "secrets", "name", &o->secrets);
    add_items(d, root, "ssh", "name", &o->ssh);
    add_items(d, root, "cache", "ID", &o->caches);
    add_sources(d, root, o->text);
    write_document(d, root, out);
}

void targets_json(const struct targets *t, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d), *array = yyjson_mut_obj_add_arr(d, root, "targets");
    for (size_t k = 0; k < t->n; k++) {
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, array);
        json_add_str_opt(d, o, "name", t->p[k].name);
        if (k + 1 == t->n)
            yyjson_mut_obj_add_bool(d, o, "default", true);
        json_add_str_opt(d, o, "description", t->p[k].description);
        json_add_str_opt(d, o, "base", t->p[k].base);
        json_add_str_opt(d, o, "platform", t->p[k].platform);
        json_add_location(d, o, t->p[k].line, t->p[k].line_end);
    }
    add_sources(d, root, t->text);
    write_document(d, root, out);
}
