/* SPDX-License-Identifier: Apache-2.0
 * ADD of a local archive (copy_archive.h). The archive is read once: names go into a listing (normal form), bytes into a file without a
 * name in the store. Names are resolved through the symlinks of the archive and of the destination, as if it were unpacked there, and
 * never leave that. */
#include "layer/copy_archive.h"

#include <errno.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "layer/archive_kind.h"
#include "layer/listing.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/spool.h"
#include "sys/files.h"

enum { SCRATCH_BYTES = 1 << 16 };

struct archive {
    struct source base;
    const struct copy_spec *spec;
    struct listing *listing;
    struct map firsts;         /* paths that hard links lead to, texts in links_arena */
    struct file_draft spool;
    uint64_t spooled;          /* bytes in it */
    struct buf path;
    struct {
        uint64_t at, left;     /* what a sink may pull next */
    } pulled;

    /* While it is read */
    struct str dest;
    struct arena links_arena, scratch;
    struct map links;          /* path -> target (struct str), of the archive's symlinks; "" where something else took a link's place */
    const struct archive *earlier;
};

/* --- names --- */

/* The target of the symlink at `path`, or "". */
static struct str link_at(struct archive *a, struct str path) {
    for (const struct archive *of = a; of; of = of->earlier) {
        const struct str *target = map_get(&of->links, path);
        if (target)
            return *target;
    }
    struct view_node node;
    struct str there = a->dest.n ? arena_join3(&a->scratch, a->dest, S("/"), path) : path;
    if (!view_lookup(a->spec->onto, there, NULL, &node) || node.entry.type != ENTRY_SYMLINK)
        return S("");
    return node.entry.link;
}

/* Where an entry called `name` lands: symlinks above it are followed inside the destination, and the last one for a directory. */
static bool resolve(struct archive *a, struct str name, bool follow_last, struct str *out, struct err *e) {
    struct str at = STR_NULL, rest = name, part;
    unsigned links = 0;
    while (str_next(&rest, '/', &part)) {
        if (part.n == 0 || str_eq(part, S(".")))
            continue;
        if (str_eq(part, S(".."))) {
            if (at.n == 0)
                return err_set(e, ERR_FAILED, "%s lies behind a symbolic link that leaves the destination", SHOWN(name));
            at = path_dir(at);
            continue;
        }
        struct str next = source_join(&a->scratch, at, part);
        struct str target = rest.p || follow_last ? link_at(a, next) : S("");
        if (target.n == 0) {
            at = next;
            continue;
        }
        if (++links > LIMIT_SYMLINKS)
            return err_set(e, ERR_FAILED, "%s lies behind more than %d symbolic links", SHOWN(name), LIMIT_SYMLINKS);
        if (target.p[0] == '/')
            at = STR_NULL;
        rest = rest.p ? arena_join3(&a->scratch, target, S("/"), rest) : arena_str(&a->scratch, target);
    }
    *out = at;
    return at.n <= LIMIT_PATH_BYTES ||
           err_set(e, ERR_FAILED, "%s: longer than %d bytes where it is unpacked", SHOWN(name), LIMIT_PATH_BYTES);
}

/* Remembers symlinks, and what takes the place of one. */
static void note_link(struct archive *a, const struct entry *en) {
    bool is_link = en->type == ENTRY_SYMLINK;
    if (!is_link && link_at(a, en->path).n == 0)
        return;
    struct str *target = arena_new(&a->links_arena, struct str);
    *target = is_link ? arena_str(&a->links_arena, en->link) : S("");
    map_put(&a->links, arena_str(&a->links_arena, en->path), target);
}

/* --- reading --- */

static bool spool_file(struct archive *a, uint64_t size, const struct content *c, struct listing_file *file, struct err *e) {
    struct hashed_content h;
    hashed_content_init(&h, c);
    file->offset = a->spooled;
    if (!spool_write(&h.content, size, a->spool.fd, a->spooled, e))
        return false;
    file->has_digest = true;
    file->digest = sha256_final(&h.hash);
    a->spooled += size;
    return true;
}

static bool take(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct archive *a = ctx;
    struct entry at = *en;
    struct listing_file file = {0};
    if (a->scratch.total_bytes > SCRATCH_BYTES)
        arena_fini(&a->scratch);
    if (en->type == ENTRY_WHITEOUT || en->type == ENTRY_OPAQUE)
        return err_set(e, ERR_FAILED, "%s is named as a whiteout, which would remove files of the image", SHOWN(en->path));
    if (!resolve(a, en->path, en->type == ENTRY_DIR, &at.path, e))
        return false;
    if (en->type == ENTRY_HARDLINK && !resolve(a, en->link, false, &at.link, e))
        return false;
    if (at.path.n == 0) /* its own root does not change the destination */
        return true;
    if (en->type == ENTRY_FILE && en->size > 0 && !spool_file(a, en->size, c, &file, e))
        return false;
    if (!listing_add(a->listing, &at, &file, e))
        return false;
    note_link(a, &at);
    return true;
}

static ptrdiff_t read_fd(void *ctx, void *to, size_t n, struct err *e) {
    for (;;) {
        ssize_t got = read(*(int *)ctx, to, n);
        if (got >= 0)
            return got;
        if (errno != EINTR) {
            err_sys(e, errno, "read");
            return -1;
        }
    }
}

static bool find_firsts(struct archive *a, struct err *e) {
    struct listing_item item;
    for (uint64_t cursor = 0; listing_next(a->listing, &cursor, &item, e);)
        if (item.entry.type == ENTRY_HARDLINK && !map_get(&a->firsts, item.entry.link))
            map_put(&a->firsts, arena_str(&a->links_arena, item.entry.link), a);
    return e->kind == ERR_NONE;
}

static bool sort_items(struct archive *a, struct err *e) {
    struct str outside = STR_NULL;
    if (!listing_finish(a->listing, e))
        return false;
    if (listing_leans(a->listing, &outside) && outside.n)
        return err_set(e, ERR_FAILED, "it has a hard link to %s, which it does not hold", SHOWN(outside));
    return find_firsts(a, e);
}

static bool read_all(struct archive *a, int fd, struct str path, struct err *e) {
    struct stat before, after;
    if (!file_draft_open(a->spec->onto->store->work_fd, 0600, &a->spool, e))
        return false;
    if (fstat(fd, &before) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, errno, "read");
    if (!tar_read(read_fd, &fd, "unpack", (struct entry_sink){take, a}, e))
        return false;
    if (fstat(fd, &after) < 0)
        return err_sys(e, errno, "stat");
    return file_is_same(&before, &after) ? sort_items(a, e) : source_changed(path, e);
}

/* --- the source --- */

static bool archive_list(struct source_dir *d, struct arena *arena, struct str **names, size_t *n, struct err *e) {
    struct archive *a = (struct archive *)d->source;
    uint32_t number;
    (void)e;
    *names = NULL;
    *n = 0;
    if (listing_find(a->listing, d->path, &number))
        listing_names(a->listing, number, arena, names, n);
    return true;
}

static bool fill_node(struct archive *a, uint32_t number, struct arena *arena, struct source_node *out, struct err *e) {
    struct listing_item item;
    if (!listing_get(a->listing, number, arena, &item, e))
        return false;
    out->entry = item.entry;
    out->inode = item.entry.path;
    out->linked = map_get(&a->firsts, item.entry.path);
    out->implied = item.implied;
    if (item.implied)
        out->entry.mtime_s = a->spec->now_s;
    if (item.entry.type == ENTRY_HARDLINK && listing_find(a->listing, item.entry.link, &number)) {
        if (!listing_get(a->listing, number, arena, &item, e))
            return false;
        out->first_name = out->inode = item.entry.path;
        out->linked = true;
        out->entry = item.entry;
    }
    struct listing_file *file = arena_new(arena, struct listing_file);
    *file = item.file;
    out->private = file;
    return true;
}

static enum look archive_look(struct source_dir *d, struct str name, struct arena *arena, struct source_node *out, struct err *e) {
    struct archive *a = (struct archive *)d->source;
    uint32_t number;
    *out = (struct source_node){0};
    if (!listing_find(a->listing, source_join_buf(&a->path, d->path, name), &number))
        return LOOK_ABSENT;
    return fill_node(a, number, arena, out, e) ? LOOK_THERE : LOOK_FAILED;
}

static ptrdiff_t pull_spooled(void *ctx, void *to, size_t n, struct err *e) {
    struct archive *a = ctx;
    if (n > a->pulled.left)
        n = (size_t)a->pulled.left;
    if (n && !file_pread_all(a->spool.fd, to, n, a->pulled.at, "unpacked archive", e))
        return -1;
    a->pulled.at += n;
    a->pulled.left -= n;
    return (ptrdiff_t)n;
}

static bool archive_content(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out,
                            struct err *e) {
    struct archive *a = (struct archive *)d->source;
    const struct listing_file *file = node->private;
    (void)name, (void)digest, (void)e;
    a->pulled.at = file->offset;
    a->pulled.left = node->entry.size;
    *out = (struct content){
        .kind = CONTENT_STREAM, .has_digest = file->has_digest, .digest = file->digest, .pull = pull_spooled, .pull_ctx = a};
    return true;
}

static void archive_free(struct source *s) {
    struct archive *a = (struct archive *)s;
    listing_free(a->listing);
    file_draft_discard(&a->spool);
    buf_fini(&a->path);
    map_fini(&a->links);
    map_fini(&a->firsts);
    arena_fini(&a->links_arena);
    arena_fini(&a->scratch);
    free(a);
}

static struct archive *archive_new(const struct copy_spec *spec, struct str dest, const struct source *earlier) {
    static const struct source_ops ops = {.list = archive_list, .look = archive_look, .content = archive_content, .free = archive_free};
    struct archive *a = mem_zalloc(1, sizeof *a);
    *a = (struct archive){.base = {.ops = &ops, .keeps_owner = true, .keeps_mode = true, .replaces = true}, .spec = spec, .dest = dest,
                          .earlier = (const struct archive *)earlier, .spool = FILE_DRAFT_INIT, .path = BUF_INIT(2 * LIMIT_PATH_BYTES)};
    a->listing = listing_new(spec->onto->store->work_fd);
    return a;
}

bool archive_open(const struct copy_spec *c, int dir_fd, struct str path, struct str dest, const struct source *earlier,
                  struct source **out, struct err *e) {
    bool is_tar;
    *out = NULL;
    _cleanup_(mem_freep) char *z = mem_strndup(path.p, path.n);
    _cleanup_fd_ int fd = file_openat_nolinks(dir_fd, z, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return err_sys(e, errno, "open");
    if (!archive_is_tar(fd, &is_tar, e))
        return false;
    if (!is_tar)
        return true;
    struct archive *a = archive_new(c, dest, earlier);
    if (!read_all(a, fd, path, e)) {
        archive_free(&a->base);
        return false;
    }
    *out = &a->base;
    return true;
}
