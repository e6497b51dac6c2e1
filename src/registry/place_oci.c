/* SPDX-License-Identifier: Apache-2.0
 * An OCI image layout directory as a place (image-spec image-layout.md). Blobs and manifests lie under their digests; index.json is changed
 * once, at the end, under a lock on the directory: names that were put take the place of equal ones, and what nothing else names (the root
 * without a name, what is about another manifest) gets an entry without a name, so that other tools find it. */
#include <errno.h>
#include <pthread.h>

#include "base/json.h"
#include "base/limits.h"
#include "image/layout.h"
#include "image/media_types.h"
#include "registry/place_oci.h"

static struct place_oci *of(struct place *p) {
    return (struct place_oci *)p;
}

/* --- index.json --- */

static struct str name_of(yyjson_val *entry) {
    return json_get_str(json_get_object(entry, "annotations"), REF_NAME);
}

static bool entries_read(struct place_oci *p, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = oci_index_load(p->dir, e);
    if (!doc)
        return false;
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(json_get_array(yyjson_doc_get_root(doc), "manifests"), i, max, v) {
        struct layout_entry entry = {.name = arena_str(&p->place.arena, name_of(v))};
        int64_t size = json_get_int(v, "size", -1);
        if (!digest_parse(json_get_str(v, "digest"), &entry.descriptor.digest, e))
            return err_wrap(e, "index.json, manifests[%zu]", i);
        entry.descriptor.bytes = size < 0 ? 0 : (uint64_t)size;
        entry.descriptor.media_type = arena_str(&p->place.arena, json_get_str(v, "mediaType"));
        vec_push(&p->entries, entry);
    }
    return true;
}

/* --- Reading --- */

static const struct layout_entry *named(const entry_list *l, struct str tag) {
    for (size_t i = l->n; i-- > 0;)
        if (str_eq(l->p[i].name, tag))
            return &l->p[i];
    return NULL;
}

/* A full name that ends in ":<tag>", as docker and croze's own store have it; NULL if there are several. */
static const struct layout_entry *ending(const entry_list *l, struct str tag) {
    const struct layout_entry *found = NULL;
    for (size_t i = 0; i < l->n; i++) {
        ptrdiff_t colon = str_rindex(l->p[i].name, ':');
        if (colon < 0 || !str_eq(str_from(l->p[i].name, (size_t)colon + 1), tag))
            continue;
        if (found && !digest_eq(&found->descriptor.digest, &l->p[i].descriptor.digest))
            return NULL;
        found = &l->p[i];
    }
    return found;
}

/* Without a tag: "latest", else the only one. */
static bool find_entry(struct place_oci *p, struct str tag, struct layout_entry *out) {
    struct str wanted = tag.n ? tag : S("latest");
    pthread_mutex_lock(&p->lock); /* the list of what was put grows */
    const struct layout_entry *found = named(&p->put, wanted);
    if (!found)
        found = named(&p->entries, wanted);
    if (!found)
        found = ending(&p->entries, wanted);
    if (!found && !tag.n && p->entries.n == 1)
        found = &p->entries.p[0];
    if (found)
        *out = *found;
    pthread_mutex_unlock(&p->lock);
    return found != NULL;
}

static bool find_digest(struct place *p, struct str reference, struct digest *out, struct str *type, struct err *e) {
    *type = STR_NULL;
    if (reference_is_digest(reference))
        return digest_parse(reference, out, e) || err_wrap(e, "%.*s", STR_ARG(p->shown));
    struct layout_entry entry;
    if (!find_entry(of(p), reference, &entry))
        return reference.n ? place_absent(e, "%.*s: no image of it is named \"%.*s\"", STR_ARG(p->shown), STR_ARG(reference))
                           : place_absent(e, "%.*s: it holds %zu images and none is named latest; give a tag or a digest",
                                          STR_ARG(p->shown), of(p)->entries.n);
    *out = entry.descriptor.digest;
    *type = entry.descriptor.media_type;
    return true;
}

static bool oci_manifest(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out, struct err *e) {
    char hex[DIGEST_HEX + 1];
    struct str type;
    struct digest d;
    return find_digest(p, reference, &d, &type, e) &&
           (file_manifest(of(p)->blobs, digest_hex(&d, hex), &d, type, most, a, out, e) || err_wrap(e, "%.*s", STR_ARG(p->shown)));
}

static bool oci_resolve(struct place *p, struct str reference, struct digest *out, struct err *e) {
    char hex[DIGEST_HEX + 1];
    struct str type;
    struct stat st;
    if (!find_digest(p, reference, out, &type, e))
        return false;
    return (fstatat(of(p)->blobs, digest_hex(out, hex), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) ||
           place_absent(e, "%.*s: manifest sha256:%s is not there", STR_ARG(p->shown), hex);
}

static int oci_open(struct place *p, const struct descriptor *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    int fd = file_blob(of(p)->blobs, digest_hex(&d->digest, hex), d, e);
    if (fd < 0)
        err_wrap(e, "%.*s", STR_ARG(p->shown));
    return fd;
}

static bool oci_blob(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e) {
    _cleanup_fd_ int fd = oci_open(p, d, e);
    return fd >= 0 && file_pass(fd, d, sink, p->shown, e);
}

static bool oci_tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    (void)e;
    const entry_list *l = &of(p)->entries;
    *out = arena_array(a, struct str, l->n);
    *n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->p[i].name.n)
            (*out)[(*n)++] = arena_str(a, l->p[i].name);
    return true;
}

/* Finds out once what each entry of index.json is about. */
static void look_at_entries(struct place_oci *o) {
    char hex[DIGEST_HEX + 1];
    for (size_t i = 0; i < o->entries.n && !o->looked; i++) {
        struct layout_entry *x = &o->entries.p[i];
        const struct descriptor *d = &x->descriptor;
        x->about = file_subject(o->blobs, digest_hex(&d->digest, hex), &d->digest, d->media_type, &o->subjects, &x->subject, &x->own);
    }
    o->looked = true;
}

/* What index.json lists and is about it. What cannot be read is about nothing. */
static bool oci_referrers(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                          struct err *e) {
    (void)e;
    const entry_list *l = &of(p)->entries;
    pthread_mutex_lock(&of(p)->looking);
    look_at_entries(of(p));
    pthread_mutex_unlock(&of(p)->looking);
    *n = 0;
    for (size_t i = 0; i < l->n; i++)
        *n += l->p[i].about && digest_eq(&l->p[i].subject, subject);
    *out = arena_array(a, struct descriptor, *n);
    *n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->p[i].about && digest_eq(&l->p[i].subject, subject))
            (*out)[(*n)++] = descriptor_copy(&l->p[i].own, a);
    return true;
}

/* --- Writing --- */

static bool oci_has(struct place *p, const struct descriptor *d, bool *has, struct err *e) {
    (void)e;
    struct place_oci *o = of(p);
    char hex[DIGEST_HEX + 1];
    pthread_mutex_lock(&o->lock);
    bool written = map_get(&o->written, digest_key(&d->digest)) != NULL;
    pthread_mutex_unlock(&o->lock);
    digest_hex(&d->digest, hex);
    *has = written ? file_has_size(o->blobs, hex, d) : file_is_blob(o->blobs, hex, d);
    return true;
}

static bool oci_put(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e) {
    struct place_oci *o = of(p);
    char hex[DIGEST_HEX + 1];
    if (!file_put_blob(o->blobs, digest_hex(&d->digest, hex), d, from, progress, e))
        return false;
    pthread_mutex_lock(&o->lock);
    struct digest *written = arena_new(&o->place.arena, struct digest);
    *written = d->digest;
    map_put(&o->written, digest_key(written), written);
    pthread_mutex_unlock(&o->lock);
    return true;
}

static bool note_children(struct place_oci *p, const struct manifest_blob *m, struct err *e) {
    struct arena scratch = ARENA_INIT;
    struct document d;
    bool good = document_read(m->bytes, &scratch, &d, e);
    for (size_t i = 0; good && i < d.n_children; i++) {
        struct digest *child = arena_new(&p->place.arena, struct digest);
        *child = d.children[i].descriptor.digest;
        map_put(&p->children, digest_key(child), p);
    }
    arena_fini(&scratch);
    return good;
}

static bool oci_put_manifest(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e) {
    struct place_oci *o = of(p);
    char hex[DIGEST_HEX + 1];
    if (!file_replace(o->blobs, digest_hex(&m->digest, hex), m->bytes.p, m->bytes.n, false, e))
        return err_wrap(e, "%.*s", STR_ARG(p->shown));
    pthread_mutex_lock(&o->lock);
    struct layout_entry entry = {.descriptor = {.digest = m->digest, .bytes = m->bytes.n}};
    entry.descriptor.media_type = arena_str(&o->place.arena, m->media_type);
    if (!reference_is_digest(reference))
        entry.name = arena_str(&o->place.arena, reference);
    vec_push(&o->put, entry);
    bool good = note_children(o, m, e);
    pthread_mutex_unlock(&o->lock);
    return good;
}

static bool oci_finish(struct place *p, struct err *e) {
    struct place_oci *o = of(p);
    bool got;
    _cleanup_fd_ int locked = file_openat(o->dir, ".", O_RDONLY | O_DIRECTORY, 0, e); /* its own: a lock belongs to an open file */
    bool good = locked >= 0 && file_lock(locked, true, true, &got, "the layout", e) && oci_index_write(o, e);
    o->entries.n = 0;
    o->looked = false;
    if (!good || !entries_read(o, e)) /* what is asked from now on is what is there now */
        return err_wrap(e, "%.*s", STR_ARG(p->shown));
    return !o->hooks.finished || o->hooks.finished(o->hooks.ctx, e);
}

/* --- Opening and closing --- */

static void oci_close(struct place *p) {
    struct place_oci *o = of(p);
    fd_closep(&o->blobs);
    fd_closep(&o->dir);
    if (o->hooks.closed)
        o->hooks.closed(o->hooks.ctx);
    vec_fini(&o->entries);
    vec_fini(&o->put);
    map_fini(&o->children);
    map_fini(&o->written);
    pthread_mutex_destroy(&o->lock);
    pthread_mutex_destroy(&o->looking);
    arena_fini(&o->subjects);
    arena_fini(&o->place.arena);
    free(o);
}

static const struct place_ops oci_ops = {
    .manifest = oci_manifest,
    .resolve = oci_resolve,
    .blob = oci_blob,
    .open_blob = oci_open,
    .tags = oci_tags,
    .referrers = oci_referrers,
    .has_blob = oci_has,
    .put_blob = oci_put,
    .put_manifest = oci_put_manifest,
    .finish = oci_finish,
    .close = oci_close,
};

/* A directory that is empty, or not there, becomes a layout without images; one that holds something else is left alone. */
static bool make_layout(int dir, struct err *e) {
    static const char index[] = "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_INDEX "\",\"manifests\":[]}";
    struct arena a = ARENA_INIT;
    struct dir_names names;
    struct stat st;
    if (fstatat(dir, "index.json", &st, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    bool good = file_list(dir, &a, &names, e) &&
                (names.n == 0 || err_set(e, ERR_FAILED, "it is neither empty nor an OCI layout; give another directory")) &&
                ((mkdirat(dir, "blobs", 0755) == 0 && mkdirat(dir, "blobs/sha256", 0755) == 0) || err_sys(e, errno, "make blobs/")) &&
                file_replace(dir, "oci-layout", S(LAYOUT_FILE).p, S(LAYOUT_FILE).n, false, e) &&
                file_replace(dir, "index.json", index, sizeof index - 1, false, e);
    arena_fini(&a);
    return good;
}

static bool open_layout(struct place_oci *o, const char *path, enum place_use use, struct err *e) {
    if (use == PLACE_WRITE && !file_mkdirs(path, 0755, e))
        return false;
    if ((o->dir = file_open(path, O_RDONLY | O_DIRECTORY, 0, e)) < 0 || (use == PLACE_WRITE && !make_layout(o->dir, e)))
        return false;
    if ((o->blobs = file_openat_nolinks(o->dir, "blobs/sha256", O_RDONLY | O_DIRECTORY, 0)) < 0)
        return err_sys(e, errno, "blobs/sha256 (is this an OCI layout?)");
    return entries_read(o, e);
}

struct place *place_oci(const char *path, struct str tag, enum place_use use, const struct place_hooks *hooks, struct err *e) {
    struct place_oci *o = mem_zalloc(1, sizeof *o);
    *o = (struct place_oci){.place = {.ops = &oci_ops}, .dir = -1, .blobs = -1};
    pthread_mutex_init(&o->lock, NULL);
    pthread_mutex_init(&o->looking, NULL);
    o->place.shown = arena_printf(&o->place.arena, "oci:%s", path);
    o->place.reference = arena_str(&o->place.arena, tag);
    if (!open_layout(o, path, use, e)) {
        err_wrap(e, "%s", path);
        oci_close(&o->place);
        return NULL;
    }
    if (hooks)
        o->hooks = *hooks;
    return &o->place;
}
