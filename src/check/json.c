/* SPDX-License-Identifier: Apache-2.0
 * BuildKit's result of a check as JSON, for what reads docker's; and the rules. */
#include "base/json.h"

#include "check/check.h"
#include "check/json_place.h"

/* --- BuildKit's ------------------------------------------------------------------------------------------------------------------- */

static yyjson_mut_val *position(yyjson_mut_doc *d, unsigned line) {
    yyjson_mut_val *o = yyjson_mut_obj(d);
    yyjson_mut_obj_add_uint(d, o, "line", line);
    return o;
}

void json_add_location(yyjson_mut_doc *d, yyjson_mut_val *object, unsigned first, unsigned last) {
    yyjson_mut_val *location = yyjson_mut_obj_add_obj(d, object, "location"), *ranges = yyjson_mut_obj_add_arr(d, location, "ranges");
    yyjson_mut_val *range = yyjson_mut_arr_add_obj(d, ranges);
    yyjson_mut_obj_add_val(d, range, "start", position(d, first));
    yyjson_mut_obj_add_val(d, range, "end", position(d, last));
}

static void add_warning(yyjson_mut_doc *d, yyjson_mut_val *warnings, const struct finding *f) {
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, warnings);
    json_add_str(d, o, "ruleName", str_z(f->rule->id));
    json_add_str(d, o, "description", str_z(f->rule->why));
    json_add_str_opt(d, o, "url", str_z(f->rule->url));
    json_add_str(d, o, "detail", f->message);
    json_add_location(d, o, f->line, f->end.line);
}

static void add_source(yyjson_mut_doc *d, yyjson_mut_val *root, const struct check_result *r) {
    yyjson_mut_val *source = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, root, "sources"));
    json_add_str(d, source, "filename", r->file.name);
    json_add_str(d, source, "language", S("Dockerfile"));
    yyjson_mut_obj_add_val(d, source, "data", json_base64(d, r->text));
}

static void add_error(yyjson_mut_doc *d, yyjson_mut_val *root, struct str message, const struct check_result *r) {
    yyjson_mut_val *error = yyjson_mut_obj_add_obj(d, root, "buildError");
    unsigned line;
    json_add_str(d, error, "message", message);
    if (r->error.kind != ERR_NONE && check_error_line(r, &line))
        json_add_location(d, error, line, line);
    else
        (void)yyjson_mut_obj_add_obj(d, error, "location");
}

void check_json_buildkit(const struct check_result *r, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    yyjson_mut_val *root = yyjson_mut_obj(d), *warnings = yyjson_mut_obj_add_arr(d, root, "warnings");
    yyjson_mut_doc_set_root(d, root);
    for (size_t k = 0; k < r->n_findings; k++)
        add_warning(d, warnings, &r->findings[k]);
    add_source(d, root, r);
    if (r->error.kind != ERR_NONE)
        add_error(d, root, str_z(r->error.msg), r);
    else if (r->fails)
        add_error(d, root, check_failure(&a, r), r);
    json_write(d, true, out);
    buf_add_char(out, '\n');
}

/* --- The rules ------------------------------------------------------------------------------------------------------------------ */

void json_add_ids(yyjson_mut_doc *d, yyjson_mut_val *o, const char *also) {
    yyjson_mut_val *ids = yyjson_mut_obj_add_arr(d, o, "also");
    struct str rest = str_z(also), id;
    while (str_next(&rest, ' ', &id))
        if (id.n)
            json_push_str(d, ids, id);
}

static void write_line(yyjson_mut_doc *d, yyjson_mut_val *root, struct buf *out) {
    yyjson_mut_doc_set_root(d, root);
    json_write(d, false, out);
    buf_add_char(out, '\n');
}

void rules_json_lines(const struct str_list *names, struct buf *out) {
    const struct rule *r;
    for (size_t k = 0; (r = rule_at(k)); k++) {
        if (names->n && !rule_is_called_one(r, names))
            continue;
        _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *o = yyjson_mut_obj(d);
        json_add_str(d, o, "id", str_z(r->id));
        json_add_ids(d, o, r->also);
        json_add_str(d, o, "severity", str_z(severity_name(r->severity)));
        yyjson_mut_obj_add_bool(d, o, "experimental", r->experimental);
        json_add_str(d, o, "why", str_z(r->why));
        json_add_str(d, o, "fix", str_z(r->fix));
        json_add_str_opt(d, o, "url", str_z(r->url));
        write_line(d, o, out);
    }
}
