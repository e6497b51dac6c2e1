/* SPDX-License-Identifier: Apache-2.0
 * What check_origin() found, for people and for programs. */
#include "base/json.h"
#include "base/limits.h"
#include "check/origin.h"
#include "report/progress.h"
#include "report/table.h"

enum { SHOWN_FILES = 20 };

const char *origin_class_name(enum origin_class c) {
    static const char *const names[ORIGIN_CLASSES] = {"package",   "download", "context", "step", "base", "package, unverified",
                                                      "generated", "unproven"};
    return names[c];
}

/* Thousandths, rounded down: what is not all does not look like it. */
static unsigned permille(uint64_t bytes, uint64_t all) {
    return all ? (unsigned)((unsigned __int128)bytes * 1000 / all) : 0;
}

static void add_row(struct table *t, const char *name, const struct origin_sum *sum, uint64_t all) {
    char size[32];
    struct arena *a = &t->arena;
    unsigned share = permille(sum->bytes, all);
    table_cell(t, str_z(name));
    table_cell(t, str_z(human_size(sum->bytes, size)));
    table_cell(t, arena_printf(a, "%zu", sum->files));
    table_cell(t, arena_printf(a, "%u.%u %%", share / 10, share % 10));
}

static void print_classes(const struct origin_report *r, struct buf *out) {
    struct table t;
    table_init(&t, 4);
    table_cell(&t, S("ORIGIN"));
    table_cell(&t, S("SIZE"));
    table_cell(&t, S("FILES"));
    table_cell(&t, S("SHARE"));
    for (size_t k = 0; k < ORIGIN_CLASSES; k++)
        if (r->sums[k].files)
            add_row(&t, origin_class_name((enum origin_class)k), &r->sums[k], r->all.bytes);
    table_write(&t, out);
    table_fini(&t);
}

static void print_rest(const struct origin_report *r, struct buf *out) {
    struct table t;
    char size[32];
    if (r->n_rest == 0)
        return;
    table_init(&t, 3);
    table_cell(&t, S("UNPROVEN"));
    table_cell(&t, S("SIZE"));
    table_cell(&t, S("BY"));
    for (size_t k = 0; k < r->n_rest && k < SHOWN_FILES; k++) {
        table_cell(&t, r->rest[k].path);
        table_cell(&t, str_z(human_size(r->rest[k].bytes, size)));
        table_cell(&t, r->rest[k].step.n > STR_SHOWN ? str_z(SHOWN(r->rest[k].step)) : r->rest[k].step);
    }
    buf_add_char(out, '\n');
    table_write(&t, out);
    table_fini(&t);
    if (r->n_rest > SHOWN_FILES)
        buf_printf(out, "… and %zu more (--format json has all)\n", r->n_rest - SHOWN_FILES);
}

void origin_print(const struct origin_report *r, struct buf *out) {
    char all[32];
    unsigned share = origin_permille(r);
    buf_add_shown(out, r->name);
    buf_printf(out, ": %u.%u %% of %s in %zu file%s are of proven origin\n\n", share / 10, share % 10, human_size(r->all.bytes, all),
               r->all.files, r->all.files == 1 ? "" : "s");
    print_classes(r, out);
    print_rest(r, out);
    for (size_t k = 0; k < r->notes.n; k++) {
        buf_add_str(out, k ? S("") : S("\n"));
        buf_add_shown(out, r->notes.p[k]);
        buf_add_char(out, '\n');
    }
}

/* --- JSON ----------------------------------------------------------------------------------------------------------------------------- */

static void add_classes(yyjson_mut_doc *d, yyjson_mut_val *o, const struct origin_report *r) {
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "classes");
    for (size_t k = 0; k < ORIGIN_CLASSES; k++) {
        yyjson_mut_val *c = yyjson_mut_arr_add_obj(d, list);
        yyjson_mut_obj_add_str(d, c, "class", origin_class_name((enum origin_class)k));
        yyjson_mut_obj_add_bool(d, c, "proven", k < ORIGIN_PROVEN);
        yyjson_mut_obj_add_uint(d, c, "bytes", r->sums[k].bytes);
        yyjson_mut_obj_add_uint(d, c, "files", r->sums[k].files);
        yyjson_mut_obj_add_real(d, c, "percent", permille(r->sums[k].bytes, r->all.bytes) / 10.0);
    }
}

static void add_rest(yyjson_mut_doc *d, yyjson_mut_val *o, const struct origin_report *r) {
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, o, "unproven");
    for (size_t k = 0; k < r->n_rest; k++) {
        yyjson_mut_val *f = yyjson_mut_arr_add_obj(d, list);
        json_add_str(d, f, "path", r->rest[k].path);
        yyjson_mut_obj_add_uint(d, f, "bytes", r->rest[k].bytes);
        json_add_str(d, f, "layer", r->rest[k].layer);
        json_add_str_opt(d, f, "step", r->rest[k].step);
        json_add_str_opt(d, f, "package", r->rest[k].package);
    }
}

void origin_json_line(const struct origin_report *r, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "image", r->name);
    yyjson_mut_val *o = yyjson_mut_obj_add_obj(d, root, "origin");
    yyjson_mut_obj_add_real(d, o, "provenPercent", origin_permille(r) / 10.0);
    yyjson_mut_obj_add_uint(d, o, "bytes", r->all.bytes);
    yyjson_mut_obj_add_uint(d, o, "files", r->all.files);
    add_classes(d, o, r);
    add_rest(d, o, r);
    yyjson_mut_val *notes = yyjson_mut_obj_add_arr(d, o, "notes");
    for (size_t k = 0; k < r->notes.n; k++)
        json_push_str(d, notes, r->notes.p[k]);
    json_write(d, false, out);
    buf_add_char(out, '\n');
}
