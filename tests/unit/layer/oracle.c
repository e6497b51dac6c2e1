/* SPDX-License-Identifier: Apache-2.0
 * Reading layers back with libarchive: see oracle.h. */
#include "oracle.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/mem.h"
#include "layer/tar.h"

static void put_digest(struct buf *out, struct str bytes) {
    char hex[DIGEST_HEX + 1];
    struct digest d = sha256_of(bytes.p, bytes.n);
    buf_printf(out, "%.12s", digest_hex(&d, hex));
}

void oracle_line(const struct entry *en, const struct digest *content, struct buf *out) {
    static const char types[] = "fdlhcbpwo";
    char hex[DIGEST_HEX + 1];
    buf_printf(out, "%c %04o %u:%u %llu %lld.%09u ", types[en->type], en->mode, en->uid, en->gid, (unsigned long long)en->size,
               (long long)en->mtime_s, en->mtime_ns);
    buf_add_str(out, en->path);
    if (en->link.n) {
        buf_printf(out, " -> ");
        buf_add_str(out, en->link);
    }
    if (en->type == ENTRY_CHAR || en->type == ENTRY_BLOCK)
        buf_printf(out, " %u,%u", en->major, en->minor);
    for (size_t i = 0; i < en->n_xattrs; i++) {
        buf_printf(out, " %.*s=", STR_ARG(en->xattrs[i].name));
        put_digest(out, en->xattrs[i].value);
    }
    if (en->type == ENTRY_FILE)
        buf_printf(out, " %.12s", digest_hex(content, hex));
    buf_add_char(out, '\n');
}

static enum entry_type type_of(struct archive_entry *ae) {
    if (archive_entry_hardlink(ae))
        return ENTRY_HARDLINK;
    switch (archive_entry_filetype(ae)) {
    case AE_IFDIR:
        return ENTRY_DIR;
    case AE_IFLNK:
        return ENTRY_SYMLINK;
    case AE_IFCHR:
        return ENTRY_CHAR;
    case AE_IFBLK:
        return ENTRY_BLOCK;
    case AE_IFIFO:
        return ENTRY_FIFO;
    default:
        return ENTRY_FILE;
    }
}

static int by_name(const void *a, const void *b) {
    return str_cmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

static void read_xattrs(struct archive_entry *ae, struct arena *a, struct entry *en) {
    const char *name;
    const void *value;
    size_t n;
    en->xattrs = arena_array(a, struct xattr, (size_t)archive_entry_xattr_count(ae));
    archive_entry_xattr_reset(ae);
    while (archive_entry_xattr_next(ae, &name, &value, &n) == ARCHIVE_OK)
        en->xattrs[en->n_xattrs++] = (struct xattr){arena_str(a, str_z(name)), arena_str(a, str_n(value, n))};
    if (en->n_xattrs)
        qsort(en->xattrs, en->n_xattrs, sizeof *en->xattrs, by_name);
}

/* Back from the archive's names to the path: the root and directories' slashes, whiteouts. */
static void clean_name(struct arena *a, struct entry *en) {
    struct str base = path_base(en->path);
    if (str_eq(en->path, S("./")))
        en->path = STR_NULL;
    else if (str_ends(en->path, S("/")))
        en->path.n--;
    else if (str_starts(base, S(".wh."))) {
        struct str dir = path_dir(en->path);
        en->path = arena_join3(a, dir, dir.n ? S("/") : S(""), str_from(base, 4));
        en->type = ENTRY_WHITEOUT;
    }
}

static void from_archive(struct archive_entry *ae, struct arena *a, struct entry *en) {
    const char *link = archive_entry_hardlink(ae) ? archive_entry_hardlink(ae) : archive_entry_symlink(ae);
    *en = (struct entry){
        .path = str_z(archive_entry_pathname(ae)), .type = type_of(ae), .mode = archive_entry_perm(ae),
        .uid = (uint32_t)archive_entry_uid(ae), .gid = (uint32_t)archive_entry_gid(ae), .size = (uint64_t)archive_entry_size(ae),
        .mtime_s = archive_entry_mtime(ae), .mtime_ns = (uint32_t)archive_entry_mtime_nsec(ae), .link = str_z(link),
        .major = (uint32_t)archive_entry_rdevmajor(ae), .minor = (uint32_t)archive_entry_rdevminor(ae),
    };
    if (en->type != ENTRY_FILE)
        en->size = 0;
    read_xattrs(ae, a, en);
    clean_name(a, en);
}

static bool hash_data(struct archive *ar, struct digest *out) {
    static char piece[65536];
    struct sha256 s;
    sha256_init(&s);
    la_ssize_t n;
    while ((n = archive_read_data(ar, piece, sizeof piece)) > 0)
        sha256_update(&s, piece, (size_t)n);
    *out = sha256_final(&s);
    return n == 0;
}

static bool read_entries(struct archive *ar, struct buf *out) {
    struct archive_entry *ae;
    int r;
    bool ok = true;
    while (ok && (r = archive_read_next_header(ar, &ae)) != ARCHIVE_EOF) {
        struct arena a = ARENA_INIT;
        struct entry en;
        struct digest d;
        ok = r == ARCHIVE_OK && hash_data(ar, &d);
        if (ok) {
            from_archive(ae, &a, &en);
            ok = !(archive_entry_uname(ae) && *archive_entry_uname(ae)) && !(archive_entry_gname(ae) && *archive_entry_gname(ae));
            oracle_line(&en, &d, out);
        }
        arena_fini(&a);
    }
    if (!ok)
        printf("# libarchive: %s\n", archive_error_string(ar));
    return ok;
}

bool oracle_read(struct str archive, struct buf *out) {
    struct archive *ar = archive_read_new();
    archive_read_support_format_tar(ar);
    archive_read_support_filter_gzip(ar);
    archive_read_support_filter_zstd(ar);
    archive_read_set_option(ar, "tar", "read_concatenated_archives", NULL);
    bool ok = archive_read_open_memory(ar, archive.p, archive.n) == ARCHIVE_OK && read_entries(ar, out);
    archive_read_free(ar);
    return ok;
}

struct buf oracle_blob(struct store *s, const struct digest *d) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(MIB(512));
    _cleanup_fd_ int fd = store_open_blob(s, d, NULL, &e);
    if (fd < 0 || !file_read_fd(fd, "blob", &b, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
    return b;
}

static ptrdiff_t next_bytes(void *ctx, void *to, size_t n, struct err *e) {
    (void)e;
    struct str *left = ctx, piece = str_first(*left, n);
    memcpy(to, piece.p, piece.n);
    *left = str_from(*left, piece.n);
    return (ptrdiff_t)piece.n;
}

struct digest oracle_diff_id(struct str archive) {
    static char piece[65536];
    struct err e = ERR_INIT;
    struct sha256 s;
    ptrdiff_t n;
    struct decoder *d = decoder_new(next_bytes, &archive);
    sha256_init(&s);
    while ((n = decoder_pull(d, piece, sizeof piece, &e)) > 0)
        sha256_update(&s, piece, (size_t)n);
    if (n < 0)
        printf("# %s\n", e.msg);
    err_clear(&e);
    decoder_free(d);
    return sha256_final(&s);
}
