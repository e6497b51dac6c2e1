/* SPDX-License-Identifier: Apache-2.0
 * Tar parsing by libarchive (untar.h), with its tar reader alone and no filter. Each header becomes one struct entry whose texts live
 * until the next. libarchive's warnings are errors here but for one: names in PAX records that are not UTF-8, which docker writes, and
 * which it then gives as they are. */
#include "layer/untar.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/sysmacros.h>

#include "base/limits.h"
#include "base/mem.h"
#include "layer/names.h"
#include "layer/upper.h"

struct untar {
    struct archive *archive;
    tar_next next;
    void *ctx;
    struct err *e;             /* the caller's: the stream's own failure goes first */
    uint64_t entries, hole_bytes;
    struct buf path, link;
    struct xattr xattrs[LIMIT_XATTRS];

    /* The content of the current file. */
    uint64_t size, at;
    const char *block;         /* a piece of it at block_at, owned by libarchive */
    size_t block_bytes;
    uint64_t block_at;
    bool block_end;            /* nothing but a hole is left */
};

static bool archive_failed(struct untar *u, struct err *e) {
    const char *why = archive_error_string(u->archive);
    if (e->kind != ERR_NONE) /* the stream failed; libarchive only passed it on */
        return false;
    return err_set(e, ERR_FAILED, "not a sound tar archive (%s)", why ? why : "unknown format");
}

static la_ssize_t read_piece(struct archive *archive, void *ctx, const void **out) {
    (void)archive;
    struct untar *u = ctx;
    return u->e->kind == ERR_NONE ? (la_ssize_t)u->next(u->ctx, out, u->e) : -1;
}

/* --- Contents --- */

/* Gets the next block. A sparse map may leave holes between blocks and behind the last; it may not go back. */
static bool next_block(struct untar *u, struct err *e) {
    const void *p;
    size_t n;
    la_int64_t offset;
    int r = archive_read_data_block(u->archive, &p, &n, &offset);
    if (r == ARCHIVE_EOF) {
        u->block_end = true;
        u->block_bytes = 0;
        u->block_at = u->size;
    } else if (r != ARCHIVE_OK) {
        return archive_failed(u, e);
    } else {
        if (offset < 0 || (uint64_t)offset < u->at || (uint64_t)offset > u->size || n > u->size - (uint64_t)offset)
            return err_set(e, ERR_FAILED, "its sparse map goes backwards or beyond the file's end");
        u->block = p;
        u->block_bytes = n;
        u->block_at = (uint64_t)offset;
    }
    u->hole_bytes += u->block_at - u->at;
    return u->hole_bytes <= LIMIT_SPARSE_BYTES ||
           err_set(e, ERR_FAILED, "the holes of sparse files are larger than the limit of %llu bytes",
                   (unsigned long long)LIMIT_SPARSE_BYTES);
}

/* Holes are lent from here. */
static const char zeros[64 << 10];

/* At most n of the bytes that come next, where they lie. */
static ptrdiff_t lend_some(struct untar *u, size_t n, const void **p, struct err *e) {
    size_t k;
    if (u->at == u->size)
        return 0;
    while (!u->block_end && u->at == u->block_at && u->block_bytes == 0)
        if (!next_block(u, e))
            return -1;
    if (u->at < u->block_at) {
        *p = zeros;
        n = n < sizeof zeros ? n : sizeof zeros;
        k = u->block_at - u->at < n ? (size_t)(u->block_at - u->at) : n;
    } else {
        *p = u->block;
        k = u->block_bytes < n ? u->block_bytes : n;
        u->block += k;
        u->block_bytes -= k;
        u->block_at += k;
    }
    u->at += k;
    return (ptrdiff_t)k;
}

static ptrdiff_t lend_content(void *ctx, const void **p, struct err *e) {
    return lend_some(ctx, SIZE_MAX, p, e);
}

static ptrdiff_t pull_content(void *ctx, void *to, size_t n, struct err *e) {
    const void *p;
    ptrdiff_t k = lend_some(ctx, n, &p, e);
    if (k > 0)
        memcpy(to, p, (size_t)k);
    return k;
}

/* --- Headers --- */

/* Inserts by name; of doubles the first given stays, which is the last in the archive (libarchive lists them backwards). */
static bool xattr_insert(struct untar *u, struct entry *en, struct xattr x, struct err *e) {
    size_t at = en->n_xattrs;
    while (at > 0 && str_cmp(u->xattrs[at - 1].name, x.name) > 0)
        at--;
    if (at > 0 && str_eq(u->xattrs[at - 1].name, x.name))
        return true;
    if (x.value.n > LIMIT_XATTR_BYTES || x.name.n > LIMIT_NAME_BYTES)
        return err_set(e, ERR_FAILED, "its extended attribute %s is larger than Linux allows", SHOWN(x.name));
    if (en->n_xattrs == LIMIT_XATTRS)
        return err_set(e, ERR_FAILED, "it has more than %d extended attributes", LIMIT_XATTRS);
    memmove(u->xattrs + at + 1, u->xattrs + at, (en->n_xattrs - at) * sizeof *u->xattrs);
    u->xattrs[at] = x;
    en->n_xattrs++;
    return true;
}

static bool take_xattrs(struct untar *u, struct archive_entry *ae, struct entry *en, struct err *e) {
    const char *name;
    const void *value;
    size_t n;
    en->xattrs = u->xattrs;
    archive_entry_xattr_reset(ae);
    while (archive_entry_xattr_next(ae, &name, &value, &n) == ARCHIVE_OK)
        if (upper_keeps_xattr(str_z(name)) && !xattr_insert(u, en, (struct xattr){str_z(name), str_n(value, n)}, e))
            return false;
    return true;
}

static bool take_hardlink(struct untar *u, const char *target, struct archive_entry *ae, struct entry *en, struct err *e) {
    en->type = ENTRY_HARDLINK;
    enum name_kind kind;
    if (!name_clean(str_z(target), &u->link, e) || !name_classify(&u->link, &kind, e))
        return err_wrap(e, "hard link");
    en->link = buf_str(&u->link);
    if (kind != NAME_PLAIN || en->link.n == 0 || str_eq(en->link, en->path))
        return err_set(e, ERR_FAILED, "hard link to %s, which is no other file", SHOWN(str_z(target)));
    if (archive_entry_size(ae) > 0) /* readers disagree about whose bytes these are */
        return err_set(e, ERR_FAILED, "hard link with a content of its own");
    return true;
}

static bool take_symlink(const char *target, struct entry *en, struct err *e) {
    en->type = ENTRY_SYMLINK;
    en->link = str_z(target);
    if (en->link.n == 0 || en->link.n > LIMIT_PATH_BYTES)
        return err_set(e, ERR_FAILED, "symbolic link with a target of %zu bytes; Linux allows 1 to %d", en->link.n, LIMIT_PATH_BYTES);
    return true;
}

static bool take_device(struct archive_entry *ae, enum entry_type type, struct entry *en, struct err *e) {
    en->type = type;
    uint64_t dev_major = archive_entry_rdevmajor(ae), dev_minor = archive_entry_rdevminor(ae);
    if (dev_major > LIMIT_DEVICE_MAJOR || dev_minor > LIMIT_DEVICE_MINOR)
        return err_set(e, ERR_FAILED, "device number %llu:%llu is beyond what Linux has", (unsigned long long)dev_major,
                       (unsigned long long)dev_minor);
    if (type == ENTRY_CHAR && dev_major == 0 && dev_minor == 0)
        return err_set(e, ERR_FAILED, "character device 0:0 is overlay's mark of a removed file; in a layer it must be written as .wh.%s",
                       SHOWN(path_base(en->path)));
    en->major = (uint32_t)dev_major;
    en->minor = (uint32_t)dev_minor;
    return true;
}

static bool take_type(struct untar *u, struct archive_entry *ae, struct entry *en, struct err *e) {
    const char *hardlink = archive_entry_hardlink(ae);
    if (hardlink)
        return take_hardlink(u, hardlink, ae, en, e);
    switch (archive_entry_filetype(ae)) {
    case AE_IFREG:
        en->type = ENTRY_FILE;
        if (archive_entry_size(ae) < 0 || (uint64_t)archive_entry_size(ae) > LIMIT_LAYER_BYTES)
            return err_set(e, ERR_FAILED, "a size of %lld bytes is beyond the limit", (long long)archive_entry_size(ae));
        en->size = (uint64_t)archive_entry_size(ae);
        return true;
    case AE_IFDIR:
        en->type = ENTRY_DIR;
        return true;
    case AE_IFLNK:
        return take_symlink(archive_entry_symlink(ae) ? archive_entry_symlink(ae) : "", en, e);
    case AE_IFCHR:
        return take_device(ae, ENTRY_CHAR, en, e);
    case AE_IFBLK:
        return take_device(ae, ENTRY_BLOCK, en, e);
    case AE_IFIFO:
        en->type = ENTRY_FIFO;
        return true;
    default:
        return err_set(e, ERR_FAILED, "a kind of entry that no image layer holds (socket, or a piece of a multi-volume archive)");
    }
}

static bool take_owner(struct archive_entry *ae, struct entry *en, struct err *e) {
    int64_t uid = archive_entry_uid(ae), gid = archive_entry_gid(ae);
    if (uid < 0 || uid > LIMIT_ID || gid < 0 || gid > LIMIT_ID)
        return err_set(e, ERR_FAILED, "owner %lld:%lld is no user and group number", (long long)uid, (long long)gid);
    en->uid = (uint32_t)uid;
    en->gid = (uint32_t)gid;
    en->mode = archive_entry_mode(ae) & 07777;
    en->mtime_s = archive_entry_mtime(ae);
    long ns = archive_entry_mtime_nsec(ae);
    en->mtime_ns = ns > 0 && ns < 1000000000 ? (uint32_t)ns : 0;
    return true;
}

/* Fills `en`; *skip: nothing of it belongs into a layer. */
static bool take_entry(struct untar *u, struct archive_entry *ae, struct entry *en, bool *skip, struct err *e) {
    const char *raw = archive_entry_pathname(ae);
    enum name_kind kind;
    if (!raw || !*raw)
        return err_set(e, ERR_FAILED, "an entry without a name");
    if (!name_clean(str_z(raw), &u->path, e) || !name_classify(&u->path, &kind, e))
        return false;
    en->path = buf_str(&u->path);
    *skip = kind == NAME_AUFS;
    if (*skip)
        return true;
    if (kind != NAME_PLAIN) {
        en->type = kind == NAME_OPAQUE ? ENTRY_OPAQUE : ENTRY_WHITEOUT;
        return true;
    }
    if (!take_type(u, ae, en, e) || !take_owner(ae, en, e) || !take_xattrs(u, ae, en, e))
        return err_wrap(e, "%s", SHOWN(en->path));
    if (en->path.n == 0 && en->type != ENTRY_DIR)
        return err_set(e, ERR_FAILED, "the entry %s would replace the layer's root by something that is no directory", SHOWN(str_z(raw)));
    return true;
}

/* libarchive could not read a name as UTF-8 and kept its bytes; a version that instead patched U+FFFD into it is refused. */
static bool only_odd_bytes(struct untar *u, struct archive_entry *ae) {
    const char *why = archive_error_string(u->archive);
    const char *names[] = {archive_entry_pathname(ae), archive_entry_hardlink(ae), archive_entry_symlink(ae)};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && str_find(str_z(names[i]), S("\xef\xbf\xbd")) >= 0)
            return false;
    return why && str_find(str_z(why), S("can't be converted from")) >= 0;
}

static bool hand_over(struct untar *u, struct archive_entry *ae, struct entry_sink sink, struct err *e) {
    struct entry en = {0};
    bool skip = false;
    buf_reset(&u->path);
    buf_reset(&u->link);
    if (++u->entries > LIMIT_LAYER_ENTRIES)
        return err_set(e, ERR_FAILED, "more than the limit of %u entries", LIMIT_LAYER_ENTRIES);
    if (!take_entry(u, ae, &en, &skip, e) || skip)
        return e->kind == ERR_NONE;
    u->size = en.size;
    u->at = u->block_at = u->block_bytes = 0;
    u->block_end = false;
    struct content c = {.kind = en.size > 0 ? CONTENT_STREAM : CONTENT_NONE, .dir_fd = -1, .pull = pull_content, .lend = lend_content,
                        .pull_ctx = u};
    return sink.add(sink.ctx, &en, &c, e);
}

static bool each_entry(struct untar *u, struct entry_sink sink, struct err *e) {
    for (;;) {
        struct archive_entry *ae;
        int r = archive_read_next_header(u->archive, &ae);
        if (r == ARCHIVE_EOF)
            return e->kind == ERR_NONE;
        if (e->kind != ERR_NONE || (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && only_odd_bytes(u, ae))))
            return archive_failed(u, e);
        if (!hand_over(u, ae, sink, e))
            return false;
    }
}

/* Takes what lies behind the end-of-archive mark: it is part of the digest, and who writes it into a pipe need not fail. */
static bool drain(struct untar *u, struct err *e) {
    const void *piece;
    ptrdiff_t n;
    for (uint64_t bytes = 0; (n = u->next(u->ctx, &piece, e)) > 0; bytes += (uint64_t)n)
        if (bytes > LIMIT_TAR_TAIL_BYTES)
            return err_set(e, ERR_FAILED, "the archive has ended, and more than %zu bytes came behind its end: it does not end there",
                           LIMIT_TAR_TAIL_BYTES);
    return n == 0;
}

static bool run(struct untar *u, struct entry_sink sink, struct err *e) {
    if (archive_read_support_format_tar(u->archive) != ARCHIVE_OK || archive_read_support_format_empty(u->archive) != ARCHIVE_OK ||
        archive_read_open(u->archive, u, NULL, read_piece, NULL) != ARCHIVE_OK)
        return archive_failed(u, e);
    return each_entry(u, sink, e) && drain(u, e);
}

bool untar(tar_next next, void *ctx, struct entry_sink sink, struct err *e) {
    /* For this thread and this call alone: in the "C" locale libarchive could not give names as UTF-8. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!utf8)
        return err_set(e, ERR_FAILED, "the system has no C.UTF-8 locale, which reading archives needs; install locales or libc-bin");
    locale_t before = uselocale(utf8);
    _cleanup_(mem_freep) struct untar *u = mem_zalloc(1, sizeof *u);
    *u = (struct untar){.archive = archive_read_new(), .next = next, .ctx = ctx, .e = e, .path = BUF_INIT(LIMIT_PATH_BYTES + 1),
                        .link = BUF_INIT(LIMIT_PATH_BYTES + 1)};
    bool ok = u->archive ? run(u, sink, e) : err_set(e, ERR_FAILED, "no memory to read an archive");
    archive_read_free(u->archive);
    buf_fini(&u->path);
    buf_fini(&u->link);
    uselocale(before);
    freelocale(utf8);
    return ok;
}
