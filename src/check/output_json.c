/* SPDX-License-Identifier: Apache-2.0
 * Findings as JSON: croze's own lines, and GitLab's code quality report
 * (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format). */
#include "base/json.h"
#include "check/json_place.h"
#include "check/output.h"

static void add_edits(yyjson_mut_doc *d, yyjson_mut_val *o, const struct finding *f) {
    yyjson_mut_val *list = f->n_edits ? yyjson_mut_obj_add_arr(d, o, "edits") : NULL;
    for (size_t k = 0; k < f->n_edits; k++) {
        const struct edit *edit = &f->edits[k];
        yyjson_mut_val *e = yyjson_mut_arr_add_obj(d, list);
        yyjson_mut_obj_add_uint(d, e, "line", edit->pos.line);
        yyjson_mut_obj_add_uint(d, e, "column", edit->pos.column);
        yyjson_mut_obj_add_uint(d, e, "endLine", edit->end.line);
        yyjson_mut_obj_add_uint(d, e, "endColumn", edit->end.column);
        json_add_str(d, e, "text", edit->text);
    }
}

static void add_place(yyjson_mut_doc *d, yyjson_mut_val *o, const struct finding *f) {
    json_add_str(d, o, "file", f->file);
    if (f->pos.line) {
        yyjson_mut_obj_add_uint(d, o, "line", f->pos.line);
        yyjson_mut_obj_add_uint(d, o, "column", f->pos.column);
        yyjson_mut_obj_add_uint(d, o, "endLine", f->end.line);
        yyjson_mut_obj_add_uint(d, o, "endColumn", f->end.column);
    }
    json_add_str_opt(d, o, "layer", f->layer);
    json_add_str_opt(d, o, "path", f->path);
    if (f->bytes)
        yyjson_mut_obj_add_uint(d, o, "bytes", f->bytes);
    json_add_str_opt(d, o, "step", f->step);
}

static void json_line(const struct finding *f, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *o = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, o);
    json_add_str(d, o, "id", str_z(f->rule->id));
    json_add_ids(d, o, f->also ? f->also : f->rule->also);
    json_add_str(d, o, "severity", str_z(severity_name(f->severity)));
    add_place(d, o, f);
    json_add_str(d, o, "message", f->message);
    json_add_str(d, o, "why", str_z(f->rule->why));
    json_add_str(d, o, "fix", str_z(f->rule->fix));
    add_edits(d, o, f);
    json_add_str_opt(d, o, "url", str_z(f->url ? f->url : f->rule->url));
    json_write(d, false, out);
    buf_add_char(out, '\n');
}

static void json_remainder(const struct output_part *part, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *o = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, o);
    json_add_str(d, o, "file", part->name);
    if (part->n_dropped)
        yyjson_mut_obj_add_uint(d, o, "notShown", part->n_dropped);
    json_add_str_opt(d, o, "note", part->note);
    json_add_str_opt(d, o, "error", part->error);
    json_write(d, false, out);
    buf_add_char(out, '\n');
}

void output_json(const struct output *o, struct buf *out) {
    for (size_t p = 0; p < o->parts.n; p++)
        for (size_t k = 0; k < o->parts.p[p].n_findings; k++)
            json_line(&o->parts.p[p].findings[k], out);
    for (size_t p = 0; p < o->parts.n; p++)
        if (o->parts.p[p].n_dropped || o->parts.p[p].note.n || o->parts.p[p].error.n)
            json_remainder(&o->parts.p[p], out);
}

/* --- GitLab ------------------------------------------------------------------------------------------------------------------------ */

static void gitlab_issue(yyjson_mut_doc *d, yyjson_mut_val *root, struct arena *a, const struct finding *f) {
    static const char *const levels[] = {"info", "minor", "major", "critical"};
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, root);
    json_add_str(d, o, "description", f->message);
    json_add_str(d, o, "check_name", str_z(f->rule->id));
    json_add_str(d, o, "fingerprint", output_fingerprint(a, f));
    json_add_str(d, o, "severity", str_z(output_level(f, levels)));
    yyjson_mut_val *location = yyjson_mut_obj_add_obj(d, o, "location");
    json_add_str(d, location, "path", output_place(a, f));
    yyjson_mut_val *lines = yyjson_mut_obj_add_obj(d, location, "lines");
    yyjson_mut_obj_add_uint(d, lines, "begin", f->pos.line ? f->pos.line : 1);
}

void output_gitlab(const struct output *o, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    yyjson_mut_val *root = yyjson_mut_arr(d);
    yyjson_mut_doc_set_root(d, root);
    for (size_t p = 0; p < o->parts.n; p++)
        for (size_t k = 0; k < o->parts.p[p].n_findings; k++)
            gitlab_issue(d, root, &a, &o->parts.p[p].findings[k]);
    json_write(d, true, out);
    buf_add_char(out, '\n');
}
