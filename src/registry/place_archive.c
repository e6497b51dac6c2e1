/* SPDX-License-Identifier: Apache-2.0
 * Archives as places. An oci-archive is a layout in a tar file: it is unpacked into, or packed from, a directory of the store's work
 * space, so that it keeps all that a layout keeps. A docker-archive holds images of one platform and no manifests: it goes through the
 * store. */
#include <errno.h>

#include "base/limits.h"
#include "base/vec.h"
#include "image/layout.h"
#include "layer/read.h"
#include "layer/tar.h"
#include "registry/place_kinds.h"

/* --- oci-archive: reading --- */

struct archive {
    struct store *store;
    char *path;
    char *work; /* the layout */
    int fd;     /* the archive, while it is read or written */
    int dir;    /* the layout's blobs/sha256, or the layout */
    int blobs;
};

static void archive_closed(void *ctx) {
    struct archive *x = ctx;
    fd_closep(&x->fd);
    fd_closep(&x->dir);
    fd_closep(&x->blobs);
    if (x->work)
        store_workdir_remove(x->store, x->work);
    free(x->work);
    free(x->path);
    free(x);
}

static ptrdiff_t read_bytes(void *ctx, void *to, size_t n, struct err *e) {
    const struct archive *x = ctx;
    for (;;) {
        ssize_t got = read(x->fd, to, n);
        if (got >= 0)
            return got;
        if (errno != EINTR) {
            err_sys(e, errno, "read %s", x->path);
            return -1;
        }
    }
}

/* Where a file of the archive goes: *dir -1 for what does not belong to a layout. */
static const char *place_of(const struct archive *x, struct str path, int *dir) {
    struct digest d;
    *dir = -1;
    if (str_eq(path, S("index.json")) || str_eq(path, S("oci-layout")))
        *dir = x->dir;
    else if (str_starts(path, S("blobs/sha256/")) && digest_parse_hex(str_from(path, 13), &d))
        *dir = x->blobs;
    return path_base(path).p;
}

static bool take_entry(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    enum { PIECE_BYTES = 256 << 10 };
    struct archive *x = ctx;
    int dir;
    const char *name = place_of(x, en->path, &dir);
    if (en->type != ENTRY_FILE || dir < 0)
        return true;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    _cleanup_(mem_freep) unsigned char *piece = mem_alloc(PIECE_BYTES);
    if (!file_draft_open(dir, 0644, &draft, e))
        return false;
    while (c->kind == CONTENT_STREAM) {
        ptrdiff_t n = c->pull(c->pull_ctx, piece, PIECE_BYTES, e);
        if (n < 0 || (n > 0 && !file_write_all(draft.fd, piece, (size_t)n, name, e)))
            return false;
        if (n == 0)
            break;
    }
    return file_publish(&draft, name, FILE_REPLACE, false, e);
}

static bool make_dirs(struct archive *x, struct err *e) {
    return store_workdir(x->store, &x->work, e) && (x->dir = file_open(x->work, O_RDONLY | O_DIRECTORY, 0, e)) >= 0;
}

static bool unpack(struct archive *x, struct err *e) {
    if (mkdirat(x->dir, "blobs", 0700) < 0 || mkdirat(x->dir, "blobs/sha256", 0700) < 0)
        return err_sys(e, errno, "make directories in %s", x->work);
    x->blobs = file_openat(x->dir, "blobs/sha256", O_RDONLY | O_DIRECTORY, 0, e);
    return x->blobs >= 0 && (x->fd = file_open(x->path, O_RDONLY, 0, e)) >= 0 &&
           tar_read(read_bytes, x, x->path, (struct entry_sink){take_entry, x}, e);
}

/* --- oci-archive: writing --- */

static bool put_header(int fd, const struct entry *en, struct err *e) {
    struct buf header = BUF_INIT(TAR_HEADERS_MAX);
    bool good = tar_header(en, &header, e) && file_write_all(fd, header.p, header.n, "archive", e);
    buf_fini(&header);
    return good;
}

static bool put_dir(int fd, const char *path, struct err *e) {
    struct entry en = {.path = str_z(path), .type = ENTRY_DIR, .mode = 0755};
    return put_header(fd, &en, e);
}

static bool put_file(const struct archive *x, int fd, const char *path, struct err *e) {
    static const char zeros[TAR_BLOCK];
    struct stat st;
    _cleanup_fd_ int from = file_openat(x->dir, path, O_RDONLY, 0, e);
    if (from < 0)
        return false;
    if (fstat(from, &st) < 0)
        return err_sys(e, errno, "%s", path);
    struct entry en = {.path = str_z(path), .type = ENTRY_FILE, .mode = 0644, .size = (uint64_t)st.st_size};
    return put_header(fd, &en, e) && file_copy_range(from, 0, fd, en.size, "archive", e) &&
           file_write_all(fd, zeros, tar_padding(en.size), "archive", e);
}

static bool put_blobs(const struct archive *x, int fd, struct arena *a, struct err *e) {
    struct dir_names names;
    _cleanup_fd_ int blobs = file_openat(x->dir, "blobs/sha256", O_RDONLY | O_DIRECTORY, 0, e);
    if (blobs < 0 || !file_list(blobs, a, &names, e))
        return false;
    for (size_t i = 0; i < names.n; i++)
        if (!put_file(x, fd, arena_join3(a, S("blobs/sha256/"), names.names[i], STR_NULL).p, e))
            return false;
    return true;
}

/* Names sorted, times 0: equal layouts give equal archives. */
static bool pack(void *ctx, int fd, struct err *e) {
    static const char end[TAR_END_BYTES];
    struct arena a = ARENA_INIT;
    bool good = put_dir(fd, "blobs", e) && put_dir(fd, "blobs/sha256", e) && put_blobs(ctx, fd, &a, e) &&
                put_file(ctx, fd, "index.json", e) && put_file(ctx, fd, "oci-layout", e) &&
                file_write_all(fd, end, sizeof end, "archive", e);
    arena_fini(&a);
    return good;
}

static bool oci_archive_finished(void *ctx, struct err *e) {
    struct archive *x = ctx;
    return file_write_by(x->path, pack, x, e) || err_wrap(e, "oci-archive:%s", x->path);
}

struct place *place_oci_archive(struct store *s, const char *path, struct str tag, enum place_use use, struct err *e) {
    struct archive *x = mem_zalloc(1, sizeof *x);
    *x = (struct archive){.store = s, .path = mem_strdup(path), .fd = -1, .dir = -1, .blobs = -1};
    struct place_hooks hooks = {use == PLACE_WRITE ? oci_archive_finished : NULL, archive_closed, x};
    bool made = make_dirs(x, e) && (use == PLACE_WRITE || unpack(x, e));
    struct place *p = made ? place_oci(x->work, tag, use, &hooks, e) : NULL;
    if (p) {
        p->shown = arena_printf(&p->arena, "oci-archive:%s", path);
        return p;
    }
    err_wrap(e, "oci-archive:%s", path);
    archive_closed(x);
    return NULL;
}

/* --- docker-archive --- */

struct docker_archive {
    struct store *store;
    char *path, *name;
    struct digest root;
};

static void docker_closed(void *ctx) {
    struct docker_archive *x = ctx;
    free(x->path);
    free(x->name);
    free(x);
}

static bool save(void *ctx, int fd, struct err *e) {
    const struct docker_archive *x = ctx;
    struct archive_item item = {str_z(x->name), x->root};
    return archive_write(x->store, &item, 1, ARCHIVE_DOCKER, fd, e);
}

static bool docker_finished(void *ctx, struct err *e) {
    struct docker_archive *x = ctx;
    return file_write_by(x->path, save, x, e) || err_wrap(e, "docker-archive:%s", x->path);
}

/* The image of that name, or the only one. */
static bool choose(const struct archive_items *items, struct str name, struct digest *out, struct err *e) {
    const struct archive_item *found = NULL;
    for (size_t i = 0; i < items->n; i++)
        if (name.n ? str_eq(items->p[i].name, name) : !found || digest_eq(&found->manifest, &items->p[i].manifest))
            found = &items->p[i];
        else if (!name.n)
            return err_set(e, ERR_FAILED, "it holds several images; name one: docker-archive:FILE:NAME");
    if (!found)
        return place_absent(e, "no image of it is named %s", SHOWN(name));
    *out = found->manifest;
    return true;
}

static bool load(struct store *s, const char *path, struct arena *a, struct archive_items *out, struct err *e) {
    _cleanup_fd_ int fd = file_open(path, O_RDONLY, 0, e);
    return fd >= 0 && archive_load_nameless(s, fd, path, a, out, e);
}

static struct place *read_archive(struct store *s, const char *path, struct str name, struct str shown, bool list, struct arena *a,
                                  struct err *e) {
    struct archive_items items = {0};
    struct digest image;
    char digest[DIGEST_TEXT + 1];
    struct place *p = NULL;
    bool good = load(s, path, a, &items, e) && (list || choose(&items, name, &image, e));
    if (good) {
        p = place_store_nameless(s, shown, list ? STR_NULL : str_z(digest_text(&image, digest)), NULL, NULL);
        place_store_lists(p, &items);
    }
    vec_fini(&items);
    return p;
}

static struct place *write_archive(struct store *s, const char *path, struct str name, struct str shown) {
    struct docker_archive *x = mem_zalloc(1, sizeof *x);
    *x = (struct docker_archive){s, mem_strdup(path), mem_strndup(name.p ? name.p : "", name.n), {{0}}};
    struct place_hooks hooks = {docker_finished, docker_closed, x};
    return place_store_nameless(s, shown, S("image"), &x->root, &hooks);
}

/* NAME[:TAG] in whole; "" stays. */
static bool whole_name(struct arena *a, struct str text, struct str *out, struct err *e) {
    struct image_name name;
    *out = STR_NULL;
    if (!text.n)
        return true;
    if (!image_name_parse(a, text, &name, e))
        return false;
    *out = image_name_text(a, &name);
    return name.tag.n || err_set(e, ERR_USAGE, "%.*s: an image in an archive has a tag, and no digest", STR_ARG(text));
}

struct place *place_docker_archive(struct store *s, const char *path, struct str text, enum place_use use, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str name, shown = arena_printf(&a, "docker-archive:%s", path);
    struct place *p = NULL;
    if (whole_name(&a, text, &name, e))
        p = use == PLACE_WRITE ? write_archive(s, path, name, shown) : read_archive(s, path, name, shown, use == PLACE_LIST, &a, e);
    if (!p)
        err_wrap(e, "%.*s", STR_ARG(shown));
    arena_fini(&a);
    return p;
}
