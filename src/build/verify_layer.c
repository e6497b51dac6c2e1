/* SPDX-License-Identifier: Apache-2.0
 * What differs between two builds of a layer (verify.h): both tables of contents are read side by side, and of files whose digests differ
 * the bytes. */
#include <errno.h>

#include "build/verify.h"
#include "layer/names.h"
#include "layer/read.h"
#include "sys/clock.h"

enum { SHOWN_ENTRIES = 10, COMPARE_BYTES = 64 << 10 };

struct difference {
    struct view apart, now;
    size_t which;
    struct buf *out;
    size_t n;
};

/* Begins the line of an entry; false: enough were shown. */
static bool begin(struct difference *d, struct str path) {
    if (d->n++ >= SHOWN_ENTRIES)
        return false;
    buf_printf(d->out, "\n    /%s:", SHOWN(path));
    return true;
}

static const char *const kinds[] = {
    [ENTRY_FILE] = "a file",        [ENTRY_DIR] = "a directory",  [ENTRY_SYMLINK] = "a symbolic link",
    [ENTRY_HARDLINK] = "a hard link", [ENTRY_CHAR] = "a device",  [ENTRY_BLOCK] = "a device",
    [ENTRY_FIFO] = "a pipe",        [ENTRY_WHITEOUT] = "removed", [ENTRY_OPAQUE] = "opaque",
};

/* --- Contents --- */

static int open_file(const struct view *v, size_t layer, const struct entry *en, struct err *e) {
    struct view_node node = {.entry = *en, .layer = layer};
    return view_open_file(v, &node, e);
}

static bool read_some(int fd, char *to, size_t *n, uint64_t at, struct err *e) {
    for (*n = 0; *n < COMPARE_BYTES;) {
        ssize_t got = pread(fd, to + *n, COMPARE_BYTES - *n, (off_t)(at + *n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, errno, "read");
        if (got == 0)
            break;
        *n += (size_t)got;
    }
    return true;
}

static bool tell_bytes(struct difference *d, int a, int b, struct err *e) {
    _cleanup_(mem_freep) char *x = mem_alloc(COMPARE_BYTES);
    _cleanup_(mem_freep) char *y = mem_alloc(COMPARE_BYTES);
    for (uint64_t at = 0;;) {
        size_t n, m, i = 0;
        if (!read_some(a, x, &n, at, e) || !read_some(b, y, &m, at, e))
            return false;
        while (i < n && i < m && x[i] == y[i])
            i++;
        if (i < n && i < m)
            buf_printf(d->out, " bytes from offset %llu on (0x%02x and 0x%02x)", (unsigned long long)(at + i), (unsigned char)x[i],
                       (unsigned char)y[i]);
        else if (n != m)
            buf_printf(d->out, " bytes from offset %llu on, where one ends", (unsigned long long)(at + i));
        else if (n == COMPARE_BYTES) {
            at += n;
            continue;
        }
        return true;
    }
}

static bool tell_content(struct difference *d, const struct entry *a, const struct entry *b, struct err *e) {
    _cleanup_fd_ int x = open_file(&d->apart, d->which, a, e);
    _cleanup_fd_ int y = x < 0 ? -1 : open_file(&d->now, d->which, b, e);
    return y >= 0 && tell_bytes(d, x, y, e);
}

/* --- Attributes --- */

static bool same_xattrs(const struct entry *a, const struct entry *b) {
    bool same = a->n_xattrs == b->n_xattrs;
    for (size_t i = 0; same && i < a->n_xattrs; i++)
        same = str_eq(a->xattrs[i].name, b->xattrs[i].name) && str_eq(a->xattrs[i].value, b->xattrs[i].value);
    return same;
}

static bool same_time(const struct entry *a, const struct entry *b) {
    return a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

static void tell_attributes(struct difference *d, const struct entry *a, const struct entry *b) {
    char x[CLOCK_TEXT], y[CLOCK_TEXT];
    if (a->mode != b->mode)
        buf_printf(d->out, " mode %04o and %04o;", a->mode, b->mode);
    if (a->uid != b->uid || a->gid != b->gid)
        buf_printf(d->out, " owner %u:%u and %u:%u;", a->uid, a->gid, b->uid, b->gid);
    if (!same_time(a, b))
        buf_printf(d->out, " mtime %s and %s;", clock_rfc3339((struct timespec){a->mtime_s, a->mtime_ns}, x),
                   clock_rfc3339((struct timespec){b->mtime_s, b->mtime_ns}, y));
    if (!str_eq(a->link, b->link))
        buf_printf(d->out, " target %s and %s;", SHOWN(a->link), SHOWN(b->link));
    if (a->major != b->major || a->minor != b->minor)
        buf_printf(d->out, " device %u:%u and %u:%u;", a->major, a->minor, b->major, b->minor);
    if (!same_xattrs(a, b))
        buf_printf(d->out, " extended attributes;");
}

static bool same_attributes(const struct entry *a, const struct entry *b) {
    return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && same_time(a, b) && str_eq(a->link, b->link) &&
           a->major == b->major && a->minor == b->minor && same_xattrs(a, b);
}

/* --- Entries --- */

static bool tell_both(struct difference *d, size_t i, size_t k, struct arena *arena, struct err *e) {
    struct entry a, b;
    struct digest x = {0}, y = {0};
    const struct toc *s = d->apart.tocs[d->which], *t = d->now.tocs[d->which];
    toc_entry(s, i, arena, &a);
    toc_entry(t, k, arena, &b);
    bool same_content = a.type != ENTRY_FILE || b.type != ENTRY_FILE ||
                        (a.size == b.size && toc_digest(s, i, &x) == toc_digest(t, k, &y) && digest_eq(&x, &y));
    if ((a.type == b.type && same_content && same_attributes(&a, &b)) || !begin(d, a.path))
        return true;
    if (a.type != b.type) {
        buf_printf(d->out, " %s and %s", kinds[a.type], kinds[b.type]);
        return true;
    }
    tell_attributes(d, &a, &b);
    return same_content || tell_content(d, &a, &b, e);
}

static void tell_one(struct difference *d, const struct entry *en, const char *where) {
    if (begin(d, en->path))
        buf_printf(d->out, " %s, only in the build %s", kinds[en->type], where);
}

static bool walk(struct difference *d, struct err *e) {
    const struct toc *s = d->apart.tocs[d->which], *t = d->now.tocs[d->which];
    bool good = true;
    for (size_t i = 0, k = 0; good && (i < toc_count(s) || k < toc_count(t));) {
        struct arena arena = ARENA_INIT;
        struct entry a, b;
        if (i < toc_count(s))
            toc_entry(s, i, NULL, &a);
        if (k < toc_count(t))
            toc_entry(t, k, NULL, &b);
        int c = i == toc_count(s) ? 1 : k == toc_count(t) ? -1 : path_cmp(a.path, b.path);
        if (c == 0)
            good = tell_both(d, i, k, &arena, e);
        else
            tell_one(d, c < 0 ? &a : &b, c < 0 ? "apart" : "as it is");
        i += c <= 0;
        k += c >= 0;
        arena_fini(&arena);
    }
    if (d->n > SHOWN_ENTRIES)
        buf_printf(d->out, "\n    and %zu entries more", d->n - SHOWN_ENTRIES);
    return good;
}

bool verify_explain_layer(struct store *s, const struct image *apart, const struct image *now, size_t which, struct buf *out,
                          struct err *e) {
    struct difference d = {.which = which, .out = out};
    if (!view_open(&d.apart, s, apart->layers, which + 1, e))
        return false;
    bool good = view_open(&d.now, s, now->layers, which + 1, e);
    if (good) {
        good = walk(&d, e);
        view_close(&d.now);
    }
    view_close(&d.apart);
    return good;
}
