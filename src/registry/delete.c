/* SPDX-License-Identifier: Apache-2.0
 * See delete.h. Where a tag cannot be deleted, it is moved to a manifest that nothing else names, and that is deleted: its digest takes no
 * other tag along. Before the tag is moved the registry is asked for the deletion of something that it does not have, which tells
 * whether it deletes at all; and if it then does not, the tag is put back. */
#include "registry/delete.h"

#include <errno.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/limits.h"
#include "image/media_types.h"
#include "registry/hub.h"
#include "registry/parallel.h"
#include "registry/repository.h"

#define MEDIA_EMPTY "application/vnd.oci.empty.v1+json"

/* --- Asking for a deletion --- */

/* *status 0 with an error: no answer came. */
static bool ask_delete(struct place_repository *p, struct str reference, long *status, struct err *e) {
    static const int expect[] = {400, 404, 405, 501, 0};
    struct arena a = ARENA_INIT;
    struct registry_request q = repository_request(p, "DELETE", arena_join3(&a, S("manifests/"), reference, STR_NULL), "pull,push,delete");
    struct registry_answer answer;
    bool good = registry_ask(p->registries, &q, expect, &a, &answer, e);
    *status = answer.status;
    arena_fini(&a);
    return good;
}

static bool is_gone(struct place_repository *p, struct str reference) {
    struct digest d;
    struct err look = ERR_INIT;
    bool gone = !p->place.ops->resolve(&p->place, reference, &d, &look) && look.sys == ENOENT;
    err_clear(&look);
    return gone;
}

/* Of something that was there. An answer that was lost may have said that it is done, and who asks again is told 404 (libcurl does so by
 * itself when a connection that it had kept was closed): so what is gone then has been deleted. */
static bool delete_known(struct place_repository *p, struct str reference, long *status, struct err *e) {
    bool answered = ask_delete(p, reference, status, e);
    if ((answered ? *status != 404 : *status != 0) || !is_gone(p, reference))
        return answered;
    err_clear(e);
    *status = 202;
    return true;
}

static bool delete_at_hub(struct place_repository *p, struct str tag, struct err *e) {
    if (hub_delete_tag(p->registries, &p->repository, tag, e))
        return true;
    if (e->sys == EACCES || !is_gone(p, tag))
        return false;
    err_clear(e);
    return true;
}

static bool refused(const struct place_repository *p, long status, struct err *e) {
    return err_set(e, ERR_FAILED, "%.*s: the registry does not delete (HTTP %ld); its owner may allow it (REGISTRY_STORAGE_DELETE_ENABLED)",
                   STR_ARG(p->place.shown), status);
}

/* --- By a manifest of its own --- */

static void random_digest(struct digest *out) {
    uint8_t bytes[32];
    size_t got = 0;
    while (got < sizeof bytes) {
        ssize_t n = getrandom(bytes + got, sizeof bytes - got, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    *out = sha256_of(bytes, sizeof bytes);
}

static bool deletes_at_all(struct place_repository *p, struct err *e) {
    struct digest nothing;
    char text[DIGEST_TEXT + 1];
    long status;
    random_digest(&nothing);
    return ask_delete(p, str_z(digest_text(&nothing, text)), &status, e) && (status == 404 || refused(p, status, e));
}

static yyjson_mut_val *descriptor(yyjson_mut_doc *d, const struct digest *digest) {
    char text[DIGEST_TEXT + 1];
    yyjson_mut_val *o = yyjson_mut_obj(d);
    json_add_str(d, o, "mediaType", S(MEDIA_EMPTY));
    json_add_str(d, o, "digest", str_z(digest_text(digest, text)));
    yyjson_mut_obj_add_uint(d, o, "size", 2);
    return o;
}

/* No other manifest has these bytes. */
static void make_dummy(struct arena *a, const struct digest *empty, struct manifest_blob *out) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
    struct digest unique;
    char hex[DIGEST_HEX + 1];
    random_digest(&unique);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "schemaVersion", 2);
    json_add_str(d, root, "mediaType", S(MEDIA_MANIFEST));
    yyjson_mut_obj_add_val(d, root, "config", descriptor(d, empty));
    yyjson_mut_arr_append(yyjson_mut_obj_add_arr(d, root, "layers"), descriptor(d, empty));
    yyjson_mut_val *annotations = yyjson_mut_obj_add_obj(d, root, "annotations");
    json_add_str(d, annotations, "dev.croze.deleted", str_z(digest_hex(&unique, hex)));
    json_write(d, false, &text);
    *out = (struct manifest_blob){sha256_of(text.p, text.n), S(MEDIA_MANIFEST), arena_str(a, buf_str(&text))};
    buf_fini(&text);
}

/* The tag names the dummy now: it goes, or the tag gets back what it had. */
static bool drop_dummy(struct place_repository *p, struct str tag, const struct manifest_blob *dummy, const struct manifest_blob *old,
                       struct err *e) {
    char text[DIGEST_TEXT + 1];
    long status = 0;
    struct err back = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct registry_answer answer;
    bool asked = delete_known(p, str_z(digest_text(&dummy->digest, text)), &status, e);
    if (asked && status < 300)
        return true;
    if (asked)
        refused(p, status, e);
    if (!repository_put_bytes(p, tag, old, &a, &answer, &back))
        err_append(e, "; and the tag could not be put back to %s: %s", digest_text(&old->digest, text), back.msg);
    err_clear(&back);
    arena_fini(&a);
    return false;
}

static bool delete_by_dummy(struct place_repository *p, struct str tag, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob old, dummy;
    struct digest empty;
    bool good =
        deletes_at_all(p, e) && repository_raw(p, tag, LIMIT_MANIFEST_BYTES, &a, &old, e) && repository_put_text(p, S("{}"), &empty, e);
    if (good) {
        make_dummy(&a, &empty, &dummy);
        good = repository_put_manifest(&p->place, tag, &dummy, e) && drop_dummy(p, tag, &dummy, &old, e);
    }
    arena_fini(&a);
    return good;
}

bool delete_tag(struct place *repository, struct str tag, struct err *e) {
    struct place_repository *p = repository_place(repository);
    struct digest d;
    long status;
    if (!repository->ops->resolve(repository, tag, &d, e) || !delete_known(p, tag, &status, e))
        return false;
    if (status < 300)
        return true;
    return hub_is(&p->repository) ? delete_at_hub(p, tag, e) : delete_by_dummy(p, tag, e);
}

/* --- A manifest --- */

/* What is about another manifest, and is listed under its fallback tag: the entry goes before it, since one that leads nowhere is in the
 * way of who copies; and comes back if the registry does not delete. */
static bool delete_referrer(struct place_repository *p, const struct digest *subject, const struct manifest_blob *m, long *status,
                            struct err *e) {
    char text[DIGEST_TEXT + 1];
    bool dropped;
    struct err back = ERR_INIT;
    if (!fallback_drop(p, subject, m, &dropped, e))
        return false;
    if (delete_known(p, str_z(digest_text(&m->digest, text)), status, e) && *status < 300)
        return fallback_settle(&p->place, e);
    if (dropped && !fallback_add(p, subject, m, &back)) {
        if (e->kind == ERR_NONE)
            refused(p, *status, e);
        err_append(e, "; and it could not be listed again: %s", back.msg);
        err_clear(&back);
    }
    return e->kind == ERR_NONE;
}

bool delete_manifest(struct place *repository, const struct digest *d, struct err *e) {
    struct place_repository *p = repository_place(repository);
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    struct document doc;
    struct err unread = ERR_INIT;
    struct str needed;
    char text[DIGEST_TEXT + 1], tag[REFERENCE_TAG_BYTES];
    long status = 0;
    digest_text(d, text);
    bool good = repository_raw(p, str_z(text), LIMIT_MANIFEST_BYTES, &a, &m, e);
    bool about = good && document_read(m.bytes, &a, &doc, &unread) && doc.has_subject;
    err_clear(&unread);
    struct str listed = about ? str_z(reference_tag(&doc.subject.digest, "", tag)) : STR_NULL;
    good = good && needed_by(p, d, listed, &a, &needed, e);
    if (good && needed.n)
        good = err_set(e, ERR_FAILED, "%.*s: %s is needed by %.*s; delete those tags first", STR_ARG(repository->shown), text,
                       STR_ARG(needed));
    good = good && (about ? delete_referrer(p, &doc.subject.digest, &m, &status, e) : delete_known(p, str_z(text), &status, e));
    good = good && (status < 300 || refused(p, status, e));
    arena_fini(&a);
    return good;
}
