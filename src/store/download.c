/* SPDX-License-Identifier: Apache-2.0
 * Downloads: downloads/sha256/<hex> holds what URLs gave, named by its digest; downloads/urls/<key> remembers of one URL what it gave last
 * and what its server needs to say whether it is still so. Both bear the time of their last use as mtime, by which gc keeps them. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/store_private.h"

enum { FORMAT = 1 };

/* --- Content --- */

static void mark_used(int dir, const char *name) {
    if (utimensat(dir, name, NULL, 0) < 0)
        log_debug("downloads: the time of use of %s cannot be set", name);
}

bool store_has_download(struct store *s, const struct digest *d, uint64_t *size, bool *found, struct err *e) {
    struct stat st;
    char hex[DIGEST_HEX + 1];
    *found = false;
    if (!store_lease(s, d, e))
        return false;
    if (fstatat(s->downloads_fd, digest_hex(d, hex), &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return true;
    mark_used(s->downloads_fd, hex);
    *size = (uint64_t)st.st_size;
    *found = true;
    return true;
}

bool store_download_draft(struct store *s, struct file_draft *draft, struct err *e) {
    return file_draft_open(s->downloads_fd, 0644, draft, e) || err_wrap(e, "downloads of %s", s->root);
}

bool store_publish_download(struct store *s, struct file_draft *draft, const struct digest *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    return store_lease(s, d, e) &&
           /* replaced: what lies there may have rotted, and these bytes were hashed just now */
           (file_publish(draft, digest_hex(d, hex), FILE_REPLACE, s->sync, e) || err_wrap(e, "downloads of %s", s->root));
}

/* --- Records --- */

static bool read_record(yyjson_val *root, struct arena *a, struct download_record *out) {
    struct str digest = json_get_str(root, "digest");
    int64_t size = json_get_int(root, "size", -1);
    if (json_get_int(root, "version", 0) != FORMAT || !str_starts(digest, S("sha256:")) ||
        !digest_parse_hex(str_from(digest, 7), &out->digest) || size < 0)
        return false;
    out->bytes = (uint64_t)size;
    out->url = arena_str(a, json_get_str(root, "url"));
    out->effective_url = arena_str(a, json_get_str(root, "effectiveURL"));
    out->etag = arena_str(a, json_get_str(root, "etag"));
    out->last_modified = arena_str(a, json_get_str(root, "lastModified"));
    out->name = arena_str(a, json_get_str(root, "name"));
    return true;
}

bool download_read(struct store *s, const char *name, struct arena *a, struct download_record *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_DOWNLOAD_RECORD_BYTES);
    *out = (struct download_record){0};
    bool ok = file_readat(s->urls_fd, name, &text, e);
    _cleanup_(json_doc_freep) yyjson_doc *doc = ok ? json_parse(buf_str(&text), LIMIT_DOWNLOAD_RECORD_BYTES, name, e) : NULL;
    if (doc && !read_record(yyjson_doc_get_root(doc), a, out))
        ok = err_set(e, ERR_FAILED, "%s: not a record of a URL of format %d", name, FORMAT);
    buf_fini(&text);
    return (ok && doc) || err_wrap(e, "downloads/urls");
}

bool store_download_get(struct store *s, const struct digest *key, struct arena *a, struct download_record *out, bool *found,
                        struct err *e) {
    char name[DIGEST_HEX + 1];
    struct err why = ERR_INIT;
    uint64_t bytes = 0;
    *found = download_read(s, digest_hex(key, name), a, out, &why);
    if (!*found && why.sys != ENOENT)
        log_debug("%s; the URL is asked anew", why.msg);
    err_clear(&why);
    if (!*found)
        return true;
    mark_used(s->urls_fd, name);
    if (!store_has_download(s, &out->digest, &bytes, found, e))
        return false;
    *found = *found && bytes == out->bytes;
    return true;
}

bool store_download_put(struct store *s, const struct digest *key, const struct download_record *r, struct err *e) {
    char name[DIGEST_HEX + 1], digest[DIGEST_TEXT + 1];
    struct buf out = BUF_INIT(LIMIT_DOWNLOAD_RECORD_BYTES);
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "version", FORMAT);
    json_add_str(d, root, "url", r->url);
    json_add_str_opt(d, root, "effectiveURL", r->effective_url);
    json_add_str_opt(d, root, "etag", r->etag);
    json_add_str_opt(d, root, "lastModified", r->last_modified);
    json_add_str(d, root, "name", r->name);
    json_add_str(d, root, "digest", str_z(digest_text(&r->digest, digest)));
    yyjson_mut_obj_add_uint(d, root, "size", r->bytes);
    json_write(d, false, &out);
    bool ok = buf_ok(&out) || err_set(e, ERR_FAILED, "a record over the limit of %zu bytes", LIMIT_DOWNLOAD_RECORD_BYTES);
    ok = ok && file_replace(s->urls_fd, digest_hex(key, name), out.p, out.n, false, e);
    buf_fini(&out);
    return ok || err_wrap(e, "record of %.*s", STR_ARG(r->url));
}
