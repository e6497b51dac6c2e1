/* SPDX-License-Identifier: Apache-2.0
 * SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): one run, the rules that spoke, and their results with regions and fixes.
 */
#include "base/json.h"
#include "base/map.h"
#include "check/json_place.h"
#include "check/output.h"

static const char *const levels[] = {"note", "note", "warning", "error"};

static void add_message(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, struct str text) {
    json_add_str(d, yyjson_mut_obj_add_obj(d, o, key), "text", text);
}

static void add_rule(yyjson_mut_doc *d, yyjson_mut_val *list, const struct rule *r) {
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, list);
    json_add_str(d, o, "id", str_z(r->id));
    json_add_str(d, o, "name", str_z(r->id));
    add_message(d, o, "shortDescription", str_z(r->why));
    add_message(d, o, "help", str_z(r->fix));
    json_add_str_opt(d, o, "helpUri", str_z(r->url));
    json_add_str(d, yyjson_mut_obj_add_obj(d, o, "defaultConfiguration"), "level", str_z(levels[r->severity]));
    yyjson_mut_val *properties = yyjson_mut_obj_add_obj(d, o, "properties");
    json_add_ids(d, properties, r->also);
}

static void add_region(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, struct df_pos pos, struct df_pos end) {
    yyjson_mut_val *region = yyjson_mut_obj_add_obj(d, o, key);
    yyjson_mut_obj_add_uint(d, region, "startLine", pos.line);
    yyjson_mut_obj_add_uint(d, region, "startColumn", pos.column);
    yyjson_mut_obj_add_uint(d, region, "endLine", end.line);
    yyjson_mut_obj_add_uint(d, region, "endColumn", end.column);
}

/* A URI reference: what is no letter of one is escaped. */
static void add_artifact(yyjson_mut_doc *d, yyjson_mut_val *o, struct str name) {
    _cleanup_(buf_fini) struct buf uri = BUF_INIT(name.n * 3 + 1);
    for (size_t k = 0; k < name.n; k++) {
        unsigned char c = (unsigned char)name.p[k];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("-._~/", c)))
            buf_add_char(&uri, name.p[k]);
        else
            buf_printf(&uri, "%%%02X", c);
    }
    json_add_str(d, yyjson_mut_obj_add_obj(d, o, "artifactLocation"), "uri", buf_str(&uri));
}

static void add_location(yyjson_mut_doc *d, yyjson_mut_val *result, struct arena *a, const struct finding *f) {
    yyjson_mut_val *location = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, result, "locations"));
    yyjson_mut_val *physical = yyjson_mut_obj_add_obj(d, location, "physicalLocation");
    add_artifact(d, physical, f->path.n && !f->pos.line ? arena_join3(a, f->file, STR_NULL, f->path) : f->file);
    if (f->pos.line)
        add_region(d, physical, "region", f->pos, f->end);
}

static void add_fix(yyjson_mut_doc *d, yyjson_mut_val *result, const struct finding *f) {
    yyjson_mut_val *fix = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, result, "fixes"));
    add_message(d, fix, "description", str_z(f->rule->fix));
    yyjson_mut_val *change = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, fix, "artifactChanges"));
    add_artifact(d, change, f->file);
    yyjson_mut_val *replacements = yyjson_mut_obj_add_arr(d, change, "replacements");
    for (size_t k = 0; k < f->n_edits; k++) {
        yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, replacements);
        add_region(d, o, "deletedRegion", f->edits[k].pos, f->edits[k].end);
        add_message(d, o, "insertedContent", f->edits[k].text);
    }
}

static void add_result(yyjson_mut_doc *d, yyjson_mut_val *results, struct arena *a, const struct finding *f, size_t rule_index) {
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, results);
    json_add_str(d, o, "ruleId", str_z(f->rule->id));
    yyjson_mut_obj_add_uint(d, o, "ruleIndex", rule_index);
    json_add_str(d, o, "level", str_z(output_level(f, levels)));
    add_message(d, o, "message", f->message);
    add_location(d, o, a, f);
    json_add_str(d, yyjson_mut_obj_add_obj(d, o, "partialFingerprints"), "crozeFinding/v1", output_fingerprint(a, f));
    if (f->n_edits)
        add_fix(d, o, f);
    yyjson_mut_val *properties = yyjson_mut_obj_add_obj(d, o, "properties");
    json_add_ids(d, properties, f->also ? f->also : f->rule->also);
    json_add_str_opt(d, properties, "layer", f->layer);
    json_add_str_opt(d, properties, "step", f->step);
    if (f->bytes)
        yyjson_mut_obj_add_uint(d, properties, "bytes", f->bytes);
}

static void add_notification(yyjson_mut_doc *d, yyjson_mut_val *list, const struct output_part *part, struct str level, struct str text) {
    yyjson_mut_val *n = yyjson_mut_arr_add_obj(d, list);
    json_add_str(d, n, "level", level);
    add_message(d, n, "message", text);
    yyjson_mut_val *location = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, n, "locations"));
    add_artifact(d, yyjson_mut_obj_add_obj(d, location, "physicalLocation"), part->name);
}

/* What there is to say beside findings is of the run. */
static void add_notifications(yyjson_mut_doc *d, yyjson_mut_val *run, struct arena *a, const struct output *o) {
    yyjson_mut_val *invocation = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, run, "invocations"));
    yyjson_mut_val *list = NULL;
    bool good = true;
    for (size_t p = 0; p < o->parts.n; p++) {
        const struct output_part *part = &o->parts.p[p];
        struct str rest = output_remainder(a, part);
        good &= part->error.n == 0;
        if (rest.n == 0 && part->error.n == 0)
            continue;
        list = list ? list : yyjson_mut_obj_add_arr(d, invocation, "toolExecutionNotifications");
        if (rest.n)
            add_notification(d, list, part, part->n_dropped ? S("warning") : S("note"), rest);
        if (part->error.n)
            add_notification(d, list, part, S("error"), part->error);
    }
    yyjson_mut_obj_add_bool(d, invocation, "executionSuccessful", good);
}

void output_sarif(const struct output *o, struct buf *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    json_add_str(d, root, "$schema", S("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"));
    json_add_str(d, root, "version", S("2.1.0"));
    yyjson_mut_val *run = yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, root, "runs"));
    yyjson_mut_val *driver = yyjson_mut_obj_add_obj(d, yyjson_mut_obj_add_obj(d, run, "tool"), "driver");
    json_add_str(d, driver, "name", S("croze"));
    json_add_str(d, driver, "version", S(CROZE_VERSION));
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, driver, "rules");
    json_add_str(d, run, "columnKind", S("unicodeCodePoints"));
    add_notifications(d, run, &a, o);
    yyjson_mut_val *results = yyjson_mut_obj_add_arr(d, run, "results");
    const struct rule *spoke[RULES_MAX];
    size_t n = 0;
    for (size_t p = 0; p < o->parts.n; p++)
        for (size_t k = 0; k < o->parts.p[p].n_findings; k++) {
            const struct finding *f = &o->parts.p[p].findings[k];
            size_t at = 0;
            while (at < n && spoke[at] != f->rule)
                at++;
            if (at == n) {
                spoke[n++] = f->rule;
                add_rule(d, list, f->rule);
            }
            add_result(d, results, &a, f, at);
        }
    json_write(d, true, out);
    buf_add_char(out, '\n');
}
