/* SPDX-License-Identifier: Apache-2.0
 * A plain directory with one image, as skopeo's dir: transport has it: manifest.json, the manifests below it as <hex>.manifest.json, blobs
 * by their hex digits, and a file "version". What skopeo has no place for, it passes over: a tag of cosign's lies in
 * <tag>.manifest.json, and what is about another manifest is found by looking at all of them. */
#include <errno.h>

#include "base/limits.h"
#include "registry/place_kinds.h"

#define DIR_VERSION "Directory Transport Version: 1.1\n"
#define ROOT "manifest.json"
#define SUFFIX ".manifest.json"

struct place_dir {
    struct place place;
    int dir;
};

static struct place_dir *of(struct place *p) {
    return (struct place_dir *)p;
}

/* The file that a reference is in. The root has the reference "manifest". */
static struct str file_of(struct arena *a, struct str reference) {
    if (!reference.n || str_eq(reference, S("manifest")))
        return S(ROOT);
    return arena_join3(a, reference_is_digest(reference) ? str_from(reference, 7) : reference, S(SUFFIX), STR_NULL);
}

/* --- Reading --- */

/* A tag's file; a digest's own, or the root if it has that digest. */
static bool read_reference(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out, struct err *e) {
    struct digest wanted;
    bool by_digest = reference_is_digest(reference);
    if (by_digest && !digest_parse(reference, &wanted, e))
        return false;
    if (!by_digest && str_index(reference, '/') >= 0)
        return place_absent(e, "no file can be called %s", SHOWN(reference));
    if (file_manifest(of(p)->dir, file_of(a, reference).p, by_digest ? &wanted : NULL, STR_NULL, most, a, out, e))
        return true;
    if (!by_digest || e->sys != ENOENT)
        return false;
    err_clear(e);
    if (!file_manifest(of(p)->dir, ROOT, NULL, STR_NULL, most, a, out, e))
        return false;
    return digest_eq(&out->digest, &wanted) || place_absent(e, "no manifest of it is %s", SHOWN(reference));
}

static bool dir_manifest(struct place *p, struct str reference, size_t most, struct arena *a, struct manifest_blob *out, struct err *e) {
    return read_reference(p, reference, most, a, out, e) || err_wrap(e, "%.*s", STR_ARG(p->shown));
}

static bool dir_resolve(struct place *p, struct str reference, struct digest *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct manifest_blob m;
    bool good = dir_manifest(p, reference, LIMIT_MANIFEST_BYTES, &a, &m, e);
    if (good)
        *out = m.digest;
    arena_fini(&a);
    return good;
}

static int dir_open(struct place *p, const struct descriptor *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    int fd = file_blob(of(p)->dir, digest_hex(&d->digest, hex), d, e);
    if (fd < 0)
        err_wrap(e, "%.*s", STR_ARG(p->shown));
    return fd;
}

static bool dir_blob(struct place *p, const struct descriptor *d, struct blob_sink sink, struct err *e) {
    _cleanup_fd_ int fd = dir_open(p, d, e);
    return fd >= 0 && file_pass(fd, d, sink, p->shown, e);
}

static bool is_tag_file(struct str name) {
    return str_ends(name, S(SUFFIX)) && name.n != DIGEST_HEX + S(SUFFIX).n;
}

static bool list_files(struct place *p, struct arena *a, struct dir_names *out, struct err *e) {
    return file_list(of(p)->dir, a, out, e) || err_wrap(e, "%.*s", STR_ARG(p->shown));
}

static bool dir_tags(struct place *p, struct arena *a, struct str **out, size_t *n, struct err *e) {
    struct dir_names files;
    if (!list_files(p, a, &files, e))
        return false;
    *out = arena_array(a, struct str, files.n);
    *n = 0;
    for (size_t i = 0; i < files.n; i++)
        if (is_tag_file(files.names[i]))
            (*out)[(*n)++] = str_first(files.names[i], files.names[i].n - S(SUFFIX).n);
    return true;
}

static bool dir_referrers(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                          struct err *e) {
    struct dir_names files;
    if (!list_files(p, a, &files, e))
        return false;
    *out = arena_array(a, struct descriptor, files.n);
    *n = 0;
    for (size_t i = 0; i < files.n; i++) {
        struct arena scratch = ARENA_INIT;
        struct descriptor d;
        struct digest about;
        if (str_ends(files.names[i], S(SUFFIX)) && file_subject(of(p)->dir, files.names[i].p, NULL, STR_NULL, &scratch, &about, &d) &&
            digest_eq(&about, subject))
            (*out)[(*n)++] = descriptor_copy(&d, a);
        arena_fini(&scratch);
    }
    return true;
}

/* --- Writing --- */

static bool dir_has(struct place *p, const struct descriptor *d, bool *has, struct err *e) {
    (void)e;
    char hex[DIGEST_HEX + 1];
    *has = file_is_blob(of(p)->dir, digest_hex(&d->digest, hex), d);
    return true;
}

static bool dir_put(struct place *p, const struct descriptor *d, struct place *from, struct progress_step *progress, struct err *e) {
    char hex[DIGEST_HEX + 1];
    return file_put_blob(of(p)->dir, digest_hex(&d->digest, hex), d, from, progress, e);
}

static bool dir_put_manifest(struct place *p, struct str reference, const struct manifest_blob *m, struct err *e) {
    struct arena a = ARENA_INIT;
    char text[DIGEST_TEXT + 1];
    struct str name = file_of(&a, reference.n ? reference : str_z(digest_text(&m->digest, text)));
    bool good = file_replace(of(p)->dir, name.p, m->bytes.p, m->bytes.n, false, e) || err_wrap(e, "%.*s", STR_ARG(p->shown));
    arena_fini(&a);
    return good;
}

/* --- Opening and closing --- */

static void dir_close(struct place *p) {
    fd_closep(&of(p)->dir);
    arena_fini(&p->arena);
    free(p);
}

static const struct place_ops dir_ops = {
    .manifest = dir_manifest,
    .resolve = dir_resolve,
    .blob = dir_blob,
    .open_blob = dir_open,
    .tags = dir_tags,
    .referrers = dir_referrers,
    .has_blob = dir_has,
    .put_blob = dir_put,
    .put_manifest = dir_put_manifest,
    .close = dir_close,
};

/* Nothing of another directory's is to be overwritten. The file "version" says whose it is, from the first on: what a copy that was broken
 * off has left is gone on with. */
static bool begin_write(struct place_dir *d, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names files;
    struct stat st;
    bool good = list_files(&d->place, &a, &files, e);
    if (good && files.n > 0 && fstatat(d->dir, "version", &st, AT_SYMLINK_NOFOLLOW) < 0)
        good = err_set(e, ERR_FAILED, "it is neither empty nor a directory of this kind (it has no file \"version\"); give another one");
    arena_fini(&a);
    return good && file_replace(d->dir, "version", DIR_VERSION, sizeof DIR_VERSION - 1, false, e);
}

struct place *place_dir(const char *path, enum place_use use, struct err *e) {
    struct place_dir *d = mem_zalloc(1, sizeof *d);
    *d = (struct place_dir){.place = {.ops = &dir_ops, .reference = S("manifest")}, .dir = -1};
    d->place.shown = arena_printf(&d->place.arena, "dir:%s", path);
    bool good = use != PLACE_WRITE || file_mkdirs(path, 0755, e);
    good = good && (d->dir = file_open(path, O_RDONLY | O_DIRECTORY, 0, e)) >= 0;
    if (good && (use != PLACE_WRITE || begin_write(d, e)))
        return &d->place;
    err_wrap(e, "dir:%s", path);
    dir_close(&d->place);
    return NULL;
}
