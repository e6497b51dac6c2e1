/* SPDX-License-Identifier: Apache-2.0
 * TRANSPORT:TEXT -> a place (place.h), with skopeo's transports. */
#include <errno.h>

#include "base/near.h"
#include "registry/place_kinds.h"

struct opening {
    struct registries *registries;
    struct store *store;
    struct arena arena;
    struct str text, rest;   /* as it was typed; behind the transport */
    enum place_use use;
    struct progress *progress;
    struct str must_be;      /* of place.h */
};

/* A list is of a place, and not of one image of it. */
static bool names_none(const struct opening *o, bool names, struct err *e) {
    return o->use != PLACE_LIST || !names ||
           err_set(e, ERR_USAGE, "%s names an image: tags are listed of what stands before it", SHOWN(o->text));
}

/* NAME[:TAG][@DIGEST] of a registry; a bare NAME means its latest. */
static struct place *open_repository(struct opening *o, struct err *e) {
    struct image_name name;
    struct repository repository;
    struct str text = str_starts(o->rest, S("//")) ? str_from(o->rest, 2) : o->rest;
    if (!image_name_parse(&o->arena, text, &name, e) || !names_none(o, str_index(path_base(text), ':') >= 0 || name.digest.n, e))
        return NULL;
    repository_of(&o->arena, &name, &repository);
    struct place *p = place_repository(o->registries, o->store, &repository, o->use);
    p->reference = arena_str(&p->arena, name.digest.n && o->use == PLACE_READ ? name.digest : name.tag);
    o->must_be = name.digest;
    return p;
}

/* PATH[:REST], cut at the first colon as skopeo does. */
static const char *cut_path(struct opening *o, struct str *rest) {
    struct str path;
    str_cut(o->rest, ':', &path, rest);
    return arena_strz(&o->arena, path);
}

/* "TAG", "@sha256:..." or "TAG@sha256:...": the digest is meant where one is read, and checked where one is written. */
static bool layout_reference(struct opening *o, struct str text, struct str *out, struct err *e) {
    struct str tag, digest;
    struct digest parsed;
    bool has_digest = str_cut(text, '@', &tag, &digest);
    *out = has_digest && o->use == PLACE_READ ? digest : tag;
    o->must_be = digest;
    return !has_digest || digest_parse(digest, &parsed, e) || err_wrap(e, "%.*s", STR_ARG(text));
}

/* PATH ends before "@sha256:" too. */
static const char *cut_layout(struct opening *o, struct str *reference, struct err *e) {
    struct str rest, path = o->rest;
    ptrdiff_t at = str_find(path, S("@sha256:")), colon = str_index(path, ':');
    size_t end = colon >= 0 && (at < 0 || colon < at) ? (size_t)colon : at >= 0 ? (size_t)at : path.n;
    rest = str_from(path, end + (end < path.n && path.p[end] == ':'));
    path = str_first(path, end);
    if (!path.n) {
        err_set(e, ERR_USAGE, "no directory or file is named");
        return NULL;
    }
    return layout_reference(o, rest, reference, e) && names_none(o, rest.n > 0, e) ? arena_strz(&o->arena, path) : NULL;
}

static struct place *open_oci(struct opening *o, struct err *e) {
    struct str tag;
    const char *path = cut_layout(o, &tag, e);
    return path ? place_oci(path, tag, o->use, NULL, e) : NULL;
}

/* The streams are `croze save`'s and `croze load`'s; copy's own output is a digest. */
static bool is_file(const struct opening *o, const char *path, struct err *e) {
    if (strcmp(path, "-") != 0)
        return true;
    return err_set(e, ERR_USAGE, o->use == PLACE_WRITE ? "%s: it goes to a file; `croze save` writes to standard output"
                                                       : "%s: it comes from a file; `croze load` reads standard input", SHOWN(o->text));
}

static struct place *open_oci_archive(struct opening *o, struct err *e) {
    struct str tag;
    const char *path = cut_layout(o, &tag, e);
    return path && is_file(o, path, e) ? place_oci_archive(o->store, path, tag, o->use, e) : NULL;
}

static struct place *open_docker_archive(struct opening *o, struct err *e) {
    struct str name;
    const char *path = cut_path(o, &name);
    return !is_file(o, path, e) || !names_none(o, name.n > 0, e) ? NULL : place_docker_archive(o->store, path, name, o->use, e);
}

static struct place *open_dir(struct opening *o, struct err *e) {
    return place_dir(arena_strz(&o->arena, o->rest), o->use, e);
}

static struct place *open_daemon(struct opening *o, struct err *e) {
    if (o->use == PLACE_LIST) {
        err_set(e, ERR_USAGE, "%.*s: `docker images` lists what a dockerd has", STR_ARG(o->text));
        return NULL;
    }
    return place_daemon(o->store, o->rest, o->use, o->progress, e);
}

/* What is read may be anything that image_find knows; it is taken by its digest, so that it is one image all the time. */
static struct place *open_store(struct opening *o, struct err *e) {
    struct image_name name;
    struct store_ref ref;
    char digest[DIGEST_TEXT + 1];
    if (o->use != PLACE_READ) {
        bool named = str_index(path_base(o->rest), ':') >= 0 || str_index(o->rest, '@') >= 0;
        if (!image_name_parse(&o->arena, o->rest, &name, e) || !names_none(o, named, e))
            return NULL;
        if (!name.tag.n) {
            err_set(e, ERR_USAGE, "%.*s: a name with a digest cannot be given", STR_ARG(o->rest));
            return NULL;
        }
        return place_store_named(o->store, name.name, name.tag);
    }
    if (!image_find(o->store, o->rest, &o->arena, &ref, e))
        return NULL;
    ptrdiff_t colon = str_rindex(ref.name, ':');
    return place_store_named(o->store, str_first(ref.name, colon < 0 ? 0 : (size_t)colon), str_z(digest_text(&ref.manifest, digest)));
}

static const struct transport {
    const char *name;
    struct place *(*open)(struct opening *o, struct err *e);
    bool needs_store;
} transports[] = {
    {"docker", open_repository, false},
    {"oci", open_oci, false},
    {"oci-archive", open_oci_archive, true},
    {"docker-archive", open_docker_archive, true},
    {"dir", open_dir, false},
    {"docker-daemon", open_daemon, true},
    {"store", open_store, true},
};

static const struct transport *find_transport(struct str text, struct str *rest) {
    struct str name;
    if (!str_cut(text, ':', &name, rest))
        return NULL;
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
        if (str_eqz(name, transports[i].name))
            return &transports[i];
    return NULL;
}

/* "ocl:dir/x" is a transport that does not exist; "demo:1.0" and "localhost:5000/demo" are images. */
static bool is_misspelt(struct str text, struct err *e) {
    struct str name, rest, piece, behind;
    struct near n = {0};
    uint64_t port;
    if (!str_cut(text, ':', &name, &rest) || str_index(name, '/') >= 0 || str_starts(name, S("[")) ||
        !str_cut(rest, '/', &piece, &behind) || str_to_u64(piece, 10, 65535, &port))
        return false;
    n.word = name;
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
        near_try(&n, str_z(transports[i].name));
    err_set(e, ERR_USAGE, "%s: there is no transport \"%s\"", SHOWN(text), SHOWN(name));
    if (n.name.n)
        err_append(e, "; did you mean %.*s?", STR_ARG(n.name));
    return true;
}

/* Transports of skopeo and podman that are none here: a name that begins like one is not asked of Docker Hub. */
static const struct {
    const char *name, *instead;
} foreign[] = {
    {"containers-storage", "podman's storage is not read; `podman save --format oci-archive` writes what croze reads (oci-archive:FILE)"},
    {"ostree", "it is not supported"},
    {"sif", "it is not supported"},
    {"tarball", "`croze import` makes an image of one"},
    {"atomic", "it is not supported"},
    {"oci-layout", "it is oci:DIR here"},
    {"docker-dir", "it is dir:DIR here"},
    {"http", "a registry is docker://NAME here"},
    {"https", "a registry is docker://NAME here"},
};

static bool is_foreign(struct str text, struct err *e) {
    struct str name, rest;
    bool cut = str_cut(text, ':', &name, &rest);
    for (size_t i = 0; cut && i < sizeof foreign / sizeof *foreign; i++)
        if (str_eqz(name, foreign[i].name)) {
            err_set(e, ERR_USAGE, "%s: the transport \"%s\": %s", SHOWN(text), foreign[i].name, foreign[i].instead);
            if (str_index(text, '/') < 0)
                err_append(e, " (an image of that name is docker://%s)", SHOWN(text));
            return true;
        }
    return false;
}

bool place_has_transport(struct str text) {
    struct str rest;
    return find_transport(text, &rest) != NULL;
}

bool place_needs_store(struct str text) {
    struct str rest;
    const struct transport *t = find_transport(text, &rest);
    return t && t->needs_store;
}

bool registry_name_parse(struct arena *a, struct str text, struct image_name *out, struct err *e) {
    struct str rest;
    if (str_starts(text, S("docker://")))
        return image_name_parse(a, str_from(text, S("docker://").n), out, e);
    bool known = find_transport(text, &rest) != NULL;
    if (!known && (is_foreign(text, e) || is_misspelt(text, e)))
        return false;
    if (!known)
        return image_name_parse(a, text, out, e);
    err_set(e, ERR_USAGE, "%s: a name of a registry is expected; `croze copy` goes from and to places of all kinds", SHOWN(text));
    return str_index(text, '/') < 0 ? err_append(e, ", and an image of that name is docker://%s", SHOWN(text)) : false;
}

struct place *place_open(struct registries *r, struct store *s, struct str text, enum place_use use, struct progress *progress,
                         struct err *e) {
    struct opening o = {.registries = r, .store = s, .text = text, .rest = text, .use = use, .progress = progress};
    struct str rest;
    const struct transport *t = find_transport(text, &rest);
    if (t)
        o.rest = rest;
    else if (is_foreign(text, e) || is_misspelt(text, e))
        return NULL;
    struct place *p = t ? t->open(&o, e) : open_repository(&o, e);
    if (p && use == PLACE_WRITE)
        p->must_be = arena_str(&p->arena, o.must_be);
    arena_fini(&o.arena);
    return p;
}

bool place_is_absent(struct err *e) {
    if (e->sys != ENOENT)
        return false;
    err_clear(e);
    return true;
}

void place_close(struct place *p) {
    if (p)
        p->ops->close(p);
}
