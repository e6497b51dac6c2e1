/* SPDX-License-Identifier: Apache-2.0
 * Step records: steps/<key>, what a build step gave when it was carried out. One small JSON file a key, replaced by rename; its mtime is
 * when it was last used. They are not synced: one that a power cut tore is no JSON and counts as absent, which costs that step's time
 * again. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/store_private.h"
#include "sys/clock.h"

enum { TITLE_MAX_BYTES = 1024, FORMAT = 1 };

static bool read_layer(yyjson_val *layer, struct arena *a, struct step_record *out) {
    struct str diff_id = json_get_str(layer, "diffID"), blob = json_get_str(layer, "digest");
    int64_t blob_bytes = json_get_int(layer, "size", -1), tar_bytes = json_get_int(layer, "tarSize", -1);
    if (!str_starts(diff_id, S("sha256:")) || !digest_parse_hex(str_from(diff_id, 7), &out->diff_id) || !str_starts(blob, S("sha256:")) ||
        !digest_parse_hex(str_from(blob, 7), &out->blob) || blob_bytes < 0 || tar_bytes < 0)
        return false;
    out->blob_bytes = (uint64_t)blob_bytes;
    out->tar_bytes = (uint64_t)tar_bytes;
    out->compression = arena_str(a, json_get_str(layer, "compression"));
    out->encoder_id = arena_str(a, json_get_str(layer, "encoder"));
    out->has_layer = true;
    return true;
}

static bool read_record(yyjson_val *root, struct arena *a, struct step_record *out) {
    struct timespec created;
    *out = (struct step_record){.took_ms = json_get_int(root, "tookMs", 0), .title = arena_str(a, json_get_str(root, "title"))};
    if (json_get_int(root, "version", 0) != FORMAT || !clock_parse_rfc3339(json_get_str(root, "created"), &created))
        return false;
    out->created_s = created.tv_sec;
    out->created_ns = (uint32_t)created.tv_nsec;
    yyjson_val *layer = json_get_object(root, "layer");
    return !layer || read_layer(layer, a, out);
}

bool step_read(struct store *s, const char *name, struct arena *a, struct step_record *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_STEP_BYTES);
    bool ok = file_readat(s->steps_fd, name, &text, e);
    _cleanup_(json_doc_freep) yyjson_doc *doc = ok ? json_parse(buf_str(&text), LIMIT_STEP_BYTES, name, e) : NULL;
    if (doc && !read_record(yyjson_doc_get_root(doc), a, out))
        ok = err_set(e, ERR_FAILED, "%s: not a step record of format %d", name, FORMAT);
    buf_fini(&text);
    return (ok && doc) || err_wrap(e, "steps");
}

/* Reads, marks as used and leases without a gc in between. *found false: no use. */
static bool take_record(struct store *s, const char *name, struct arena *a, struct step_record *out, bool *found, struct err *e) {
    struct err why = ERR_INIT;
    *found = step_read(s, name, a, out, &why);
    if (!*found && why.sys != ENOENT)
        log_debug("%s; the step is carried out again", why.msg);
    err_clear(&why);
    if (!*found)
        return true;
    if (utimensat(s->steps_fd, name, NULL, 0) < 0)
        log_debug("steps/%s: its time of use cannot be set", name);
    return !out->has_layer || (lease_add(s, &out->blob, e) && lease_add(s, &out->diff_id, e));
}

bool store_step_get(struct store *s, const struct digest *key, struct arena *a, struct step_record *out, bool *found, struct err *e) {
    char name[DIGEST_HEX + 1];
    uint64_t size;
    if (!lease_begin(s, e))
        return false;
    bool ok = take_record(s, digest_hex(key, name), a, out, found, e);
    lease_end(s);
    if (ok && *found && out->has_layer)
        *found = store_has_blob(s, &out->blob, &size) && size == out->blob_bytes;
    return ok;
}

enum step_state store_step_look(struct store *s, const struct digest *key, struct arena *a, struct step_record *out) {
    char name[DIGEST_HEX + 1];
    uint64_t size;
    struct err why = ERR_INIT;
    bool there = step_read(s, digest_hex(key, name), a, out, &why);
    err_clear(&why);
    if (!there)
        return STEP_ABSENT;
    return !out->has_layer || (store_has_blob(s, &out->blob, &size) && size == out->blob_bytes) ? STEP_USABLE : STEP_BLOB_GONE;
}

static struct str short_title(struct str title) {
    return str_first_chars(title, TITLE_MAX_BYTES);
}

static void add_layer(yyjson_mut_doc *d, yyjson_mut_val *root, const struct step_record *r) {
    char text[DIGEST_TEXT + 1];
    yyjson_mut_val *layer = yyjson_mut_obj_add_obj(d, root, "layer");
    json_add_str(d, layer, "diffID", str_z(digest_text(&r->diff_id, text)));
    json_add_str(d, layer, "digest", str_z(digest_text(&r->blob, text)));
    yyjson_mut_obj_add_uint(d, layer, "size", r->blob_bytes);
    yyjson_mut_obj_add_uint(d, layer, "tarSize", r->tar_bytes);
    json_add_str_opt(d, layer, "compression", r->compression);
    json_add_str_opt(d, layer, "encoder", r->encoder_id);
}

bool store_step_put(struct store *s, const struct digest *key, const struct step_record *r, struct err *e) {
    char name[DIGEST_HEX + 1], created[CLOCK_TEXT];
    struct buf out = BUF_INIT(LIMIT_STEP_BYTES);
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "version", FORMAT);
    json_add_str_opt(d, root, "title", short_title(r->title));
    json_add_str(d, root, "created", str_z(clock_rfc3339((struct timespec){r->created_s, r->created_ns}, created)));
    yyjson_mut_obj_add_int(d, root, "tookMs", r->took_ms);
    if (r->has_layer)
        add_layer(d, root, r);
    json_write(d, false, &out);
    bool ok = buf_ok(&out) || err_set(e, ERR_FAILED, "a record over the limit of %zu bytes", LIMIT_STEP_BYTES);
    ok = ok && file_replace(s->steps_fd, digest_hex(key, name), out.p, out.n, false, e);
    buf_fini(&out);
    return ok || err_wrap(e, "record of step \"%.*s\"", STR_ARG(short_title(r->title)));
}
