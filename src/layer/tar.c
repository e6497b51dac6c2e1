/* SPDX-License-Identifier: Apache-2.0
 * Tar headers: see tar.h. Takes an entry, gives its 512-byte blocks: an optional pax header with its records, then the ustar header. */
#include "layer/tar.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"

struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a ustar header is one block");
#define WIDTH(field) sizeof(((struct ustar *)0)->field)

static const char whiteout_prefix[] = ".wh.";

bool path_is_clean(struct str path) {
    struct str rest = path, piece;
    if (path.n == 0)
        return true;
    if (path.n > LIMIT_PATH_BYTES || memchr(path.p, '\0', path.n))
        return false;
    while (str_next(&rest, '/', &piece))
        if (piece.n == 0 || str_eq(piece, S(".")) || str_eq(piece, S("..")))
            return false;
    return true;
}

/* --- Fields --- */

/* Whether v can be said in a numeric field of `width` bytes: octal digits and a NUL. */
static bool fits(uint64_t v, size_t width) {
    return v >> (3 * (width - 1)) == 0;
}

static void put_octal(char *field, size_t width, uint64_t v) {
    if (!fits(v, width))
        v = 0; /* a pax record says it */
    field[width - 1] = '\0';
    for (size_t i = width - 1; i-- > 0; v >>= 3)
        field[i] = (char)('0' + (v & 7));
}

static void put_text(char *field, size_t width, struct str s) {
    if (s.n)
        memcpy(field, s.p, s.n < width ? s.n : width);
}

static void put_checksum(struct ustar *h) {
    memset(h->checksum, ' ', sizeof h->checksum);
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof *h; i++)
        sum += ((const unsigned char *)h)[i];
    put_octal(h->checksum, 7, sum); /* six digits, a NUL, and the blank that is there */
}

/* Names of up to 100 bytes go into `name`. Longer ones are split at the last slash that leaves at most 155 bytes in front of it,
 * if what is behind it then fits. */
static bool split_name(struct str name, struct str *prefix, struct str *base) {
    *prefix = STR_NULL;
    *base = name;
    if (name.n <= WIDTH(name))
        return true;
    struct str front = str_first(name, WIDTH(prefix) + 1);
    if (front.n == name.n)
        front.n--; /* a directory's own trailing slash is no place to split */
    ptrdiff_t at = str_rindex(front, '/');
    if (at <= 0 || name.n - (size_t)at - 1 > WIDTH(name))
        return false;
    *prefix = str_first(name, (size_t)at);
    *base = str_from(name, (size_t)at + 1);
    return true;
}

/* --- Pax records --- */

static size_t decimal_digits(size_t v) {
    size_t n = 1;
    for (; v >= 10; v /= 10)
        n++;
    return n;
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static void pax_record(struct buf *out, struct str prefix, struct str key, struct str value) {
    size_t rest = 1 + prefix.n + key.n + 1 + value.n + 1;
    size_t length = rest + decimal_digits(rest);
    if (decimal_digits(length) > decimal_digits(rest))
        length++;
    buf_printf(out, "%zu ", length);
    buf_add_str(out, prefix);
    buf_add_str(out, key);
    buf_add_char(out, '=');
    buf_add_str(out, value);
    buf_add_char(out, '\n');
}

static void pax_number(struct buf *out, struct str key, uint64_t v) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    pax_record(out, STR_NULL, key, str_z(text));
}

/* Seconds with as many decimals as are needed; negative times count from zero, so -1.5 is s = -2, ns = 500000000. */
static void pax_mtime(struct buf *out, int64_t s, uint32_t ns) {
    char text[40];
    bool negative = s < 0;
    uint64_t whole = negative ? -(uint64_t)s : (uint64_t)s;
    if (negative && ns) {
        whole--;
        ns = 1000000000u - ns;
    }
    int n = snprintf(text, sizeof text, "%s%llu.%09u", negative ? "-" : "", (unsigned long long)whole, ns);
    while (text[n - 1] == '0')
        n--;
    if (text[n - 1] == '.')
        n--;
    pax_record(out, STR_NULL, S("mtime"), str_n(text, (size_t)n));
}

static bool pax_xattrs(const struct entry *en, struct buf *out, struct err *e) {
    for (size_t i = 0; i < en->n_xattrs; i++) {
        const struct xattr *x = &en->xattrs[i];
        if (str_index(x->name, '=') >= 0)
            return err_set(e, ERR_FAILED, "%s: extended attribute \"%s\" cannot be written into a layer (\"=\" in its name); remove it",
                           SHOWN(en->path), SHOWN(x->name));
        pax_record(out, S("SCHILY.xattr."), x->name, x->value);
    }
    return true;
}

/* All that ustar cannot say, in the order of the keys' bytes. */
static bool pax_records(const struct entry *en, struct str name, struct buf *out, struct err *e) {
    struct str prefix, base;
    if (!pax_xattrs(en, out, e))
        return false;
    if (!fits(en->gid, WIDTH(gid)))
        pax_number(out, S("gid"), en->gid);
    if (en->link.n > WIDTH(link))
        pax_record(out, STR_NULL, S("linkpath"), en->link);
    if (en->mtime_ns || en->mtime_s < 0 || !fits((uint64_t)en->mtime_s, WIDTH(mtime)))
        pax_mtime(out, en->mtime_s, en->mtime_ns);
    if (!split_name(name, &prefix, &base))
        pax_record(out, STR_NULL, S("path"), name);
    if (!fits(en->size, WIDTH(size)))
        pax_number(out, S("size"), en->size);
    if (!fits(en->uid, WIDTH(uid)))
        pax_number(out, S("uid"), en->uid);
    return buf_ok(out) || err_set(e, ERR_FAILED, "%s: its extended attributes are larger than the limit of %zu bytes",
                                  SHOWN(en->path), out->max_bytes);
}

/* --- Blocks --- */

static char type_flag(enum entry_type t) {
    static const char flags[] = {
        [ENTRY_FILE] = '0', [ENTRY_HARDLINK] = '1', [ENTRY_SYMLINK] = '2', [ENTRY_CHAR] = '3',
        [ENTRY_BLOCK] = '4', [ENTRY_DIR] = '5', [ENTRY_FIFO] = '6', [ENTRY_WHITEOUT] = '0',
    };
    return flags[t];
}

static void put_common(struct ustar *h, char type) {
    h->type = type;
    memcpy(h->magic, "ustar", sizeof h->magic);
    memcpy(h->version, "00", sizeof h->version);
    put_octal(h->major, sizeof h->major, 0);
    put_octal(h->minor, sizeof h->minor, 0);
    put_octal(h->uid, sizeof h->uid, 0);
    put_octal(h->gid, sizeof h->gid, 0);
    put_octal(h->mtime, sizeof h->mtime, 0);
}

static void put_block(struct buf *out, struct ustar *h) {
    put_checksum(h);
    buf_add(out, h, sizeof *h);
}

static void pax_block(struct str path, struct str records, struct buf *out) {
    static const char dir[] = "PaxHeaders.0/";
    static const char zeros[TAR_BLOCK];
    struct ustar h = {0};
    put_common(&h, 'x');
    put_text(h.name, sizeof h.name, str_z(dir));
    put_text(h.name + sizeof dir - 1, sizeof h.name - (sizeof dir - 1), path_base(path));
    put_octal(h.mode, sizeof h.mode, 0644);
    put_octal(h.size, sizeof h.size, records.n);
    put_block(out, &h);
    buf_add_str(out, records);
    buf_add(out, zeros, tar_padding(records.n));
}

static void ustar_block(const struct entry *en, struct str name, struct buf *out) {
    struct ustar h = {0};
    struct str prefix, base;
    if (!split_name(name, &prefix, &base))
        base = name; /* cut off at 100 bytes: the pax record has it whole */
    put_common(&h, type_flag(en->type));
    put_text(h.name, sizeof h.name, base);
    put_text(h.prefix, sizeof h.prefix, prefix);
    put_octal(h.mode, sizeof h.mode, en->mode);
    put_octal(h.uid, sizeof h.uid, en->uid);
    put_octal(h.gid, sizeof h.gid, en->gid);
    put_octal(h.size, sizeof h.size, en->size);
    put_octal(h.mtime, sizeof h.mtime, en->mtime_s < 0 ? 0 : (uint64_t)en->mtime_s);
    put_text(h.link, sizeof h.link, en->link);
    put_octal(h.major, sizeof h.major, en->major);
    put_octal(h.minor, sizeof h.minor, en->minor);
    put_block(out, &h);
}

/* The name as it stands in the archive. */
static bool archive_name(const struct entry *en, struct buf *name, struct err *e) {
    struct str dir = path_dir(en->path), base = path_base(en->path);
    if (str_starts(base, str_z(whiteout_prefix)))
        return err_set(e, ERR_FAILED, "%s: a name that begins with \".wh.\" means a deletion inside an image layer; rename the file",
                       SHOWN(en->path));
    if (en->type != ENTRY_WHITEOUT) {
        buf_add_str(name, en->path.n ? en->path : S("."));
        if (en->type == ENTRY_DIR)
            buf_add_char(name, '/');
        return true;
    }
    if (dir.n) {
        buf_add_str(name, dir);
        buf_add_char(name, '/');
    }
    buf_add_str(name, str_z(whiteout_prefix));
    buf_add_str(name, base);
    return true;
}

/* What of an entry its type lets it have: nobody depends on producers to leave the rest zero. */
static struct entry normalised(const struct entry *en) {
    struct entry n = *en;
    if (en->type == ENTRY_WHITEOUT)
        return (struct entry){.path = en->path, .type = en->type};
    if (en->type != ENTRY_FILE)
        n.size = 0;
    if (en->type != ENTRY_SYMLINK && en->type != ENTRY_HARDLINK)
        n.link = STR_NULL;
    if (en->type != ENTRY_CHAR && en->type != ENTRY_BLOCK)
        n.major = n.minor = 0;
    n.mode &= 07777;
    return n;
}

bool tar_header(const struct entry *en, struct buf *out, struct err *e) {
    assert(en->type != ENTRY_OPAQUE && path_is_clean(en->path) && en->mtime_ns < 1000000000u);
    struct entry n = normalised(en);
    struct buf name = BUF_INIT(LIMIT_PATH_BYTES + sizeof whiteout_prefix + 1), records = BUF_INIT(LIMIT_PAX_BYTES);
    bool ok = archive_name(&n, &name, e) && pax_records(&n, buf_str(&name), &records, e);
    if (ok && (!fits(n.major, WIDTH(major)) || !fits(n.minor, WIDTH(minor))))
        ok = err_set(e, ERR_FAILED, "%s: device number %u:%u cannot be written into a layer", SHOWN(n.path), n.major, n.minor);
    if (ok && n.type == ENTRY_CHAR && n.major == 0 && n.minor == 0)
        ok = err_set(e, ERR_FAILED, "%s: character device 0:0 is overlay's mark of a removed file and no part of a layer; remove it",
                     SHOWN(n.path));
    if (ok && records.n)
        pax_block(n.path, buf_str(&records), out);
    if (ok)
        ustar_block(&n, buf_str(&name), out);
    buf_fini(&name);
    buf_fini(&records);
    return ok && (buf_ok(out) || err_set(e, ERR_FAILED, "%s: its headers are larger than the limit of %zu bytes", SHOWN(n.path),
                                         out->max_bytes));
}
