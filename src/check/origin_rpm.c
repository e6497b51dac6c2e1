/* SPDX-License-Identifier: Apache-2.0
 * One header of rpm's database (origin_lists.h; https://rpm-software-management.github.io/rpm/manual/format_header.html): two big-endian
 * counts, an index of tags, and a store of their values. Files are three arrays side by side: the base name, the number of the directory,
 * the digest in hex ("" of what is no file). A package that was installed without a signature has no tag of one. */
#include "base/limits.h"
#include "base/mem.h"
#include "check/origin_lists.h"

enum tag {
    TAG_SIGPGP = 259,
    TAG_SIGGPG = 262,
    TAG_DSAHEADER = 267,
    TAG_RSAHEADER = 268,
    TAG_OPENPGP = 278,
    TAG_NAME = 1000,
    TAG_FILESTATES = 1029,
    TAG_FILEDIGESTS = 1035,
    TAG_FILEFLAGS = 1037,
    TAG_DIRINDEXES = 1116,
    TAG_BASENAMES = 1117,
    TAG_DIRNAMES = 1118,
    TAG_FILEDIGESTALGO = 5011,
};
enum type { TYPE_CHAR = 1, TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_BIN = 7, TYPE_STRING_ARRAY = 8 };
enum { INTRO_BYTES = 8, INDEX_BYTES = 16, FLAG_CONFIG = 1, STATE_NORMAL = 0 };
enum { HASH_MD5 = 1, HASH_SHA1 = 2, HASH_SHA256 = 8 }; /* OpenPGP's numbers (RFC 9580, section 9.5) */

struct header {
    struct str index, store;
};

/* A tag's value: bytes of the store from where it begins, and how many items. */
struct value {
    struct str at;
    uint32_t n;
};

static uint32_t be32(const char *p) {
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool open_header(struct str blob, struct header *h) {
    if (blob.n < INTRO_BYTES || blob.n > LIMIT_RPM_HEADER_BYTES)
        return false;
    uint64_t tags = be32(blob.p), bytes = be32(blob.p + 4);
    if (tags > LIMIT_RPM_HEADER_TAGS || INTRO_BYTES + tags * INDEX_BYTES + bytes > blob.n)
        return false;
    h->index = str_first(str_from(blob, INTRO_BYTES), (size_t)(tags * INDEX_BYTES));
    h->store = str_first(str_from(blob, INTRO_BYTES + (size_t)(tags * INDEX_BYTES)), (size_t)bytes);
    return true;
}

/* The first entry with the tag, if it is of that type, and its items fit where they have a fixed length. */
static bool find(const struct header *h, enum tag tag, enum type type, struct value *v) {
    static const size_t sizes[] = {[TYPE_CHAR] = 1, [TYPE_INT32] = 4, [TYPE_BIN] = 1, [TYPE_STRING_ARRAY] = 1};
    for (size_t at = 0; at < h->index.n; at += INDEX_BYTES) {
        const char *p = h->index.p + at;
        if (be32(p) != (uint32_t)tag)
            continue;
        *v = (struct value){str_from(h->store, be32(p + 8)), be32(p + 12)};
        uint64_t least = type == TYPE_STRING ? 1 : (uint64_t)v->n * sizes[type]; /* a text of an array has at least its NUL */
        return be32(p + 4) == (uint32_t)type && v->n > 0 && least <= v->at.n;
    }
    return false;
}

/* The next text of an array. */
static bool next_text(struct str *rest, struct str *text) {
    ptrdiff_t end = str_index(*rest, '\0');
    *text = str_first(*rest, end < 0 ? 0 : (size_t)end);
    *rest = str_from(*rest, end < 0 ? rest->n : (size_t)end + 1);
    return end >= 0;
}

static uint32_t int_at(const struct value *v, uint32_t k) {
    return be32(v->at.p + (size_t)k * 4);
}

/* Of the kinds that rpm knows those that are compared. */
static bool algorithm(const struct header *h, enum checksum *kind) {
    struct value v;
    uint32_t number = find(h, TAG_FILEDIGESTALGO, TYPE_INT32, &v) ? int_at(&v, 0) : HASH_MD5;
    *kind = number == HASH_SHA256 ? CHECKSUM_SHA256 : number == HASH_SHA1 ? CHECKSUM_SHA1 : CHECKSUM_MD5;
    return number == HASH_SHA256 || number == HASH_SHA1 || number == HASH_MD5;
}

static bool has_signature(const struct header *h) {
    static const enum tag tags[] = {TAG_SIGPGP, TAG_SIGGPG, TAG_DSAHEADER, TAG_RSAHEADER};
    struct value v;
    for (size_t k = 0; k < sizeof tags / sizeof *tags; k++)
        if (find(h, tags[k], TYPE_BIN, &v))
            return true;
    return find(h, TAG_OPENPGP, TYPE_STRING_ARRAY, &v);
}

struct files {
    struct value names, indexes, digests, flags, states;
    struct str *dirs;
    uint32_t n_dirs;
    bool has_flags, has_states;
};

static bool find_files(const struct header *h, struct arena *a, struct files *f) {
    struct value dirs;
    if (!find(h, TAG_BASENAMES, TYPE_STRING_ARRAY, &f->names) || !find(h, TAG_DIRINDEXES, TYPE_INT32, &f->indexes) ||
        !find(h, TAG_FILEDIGESTS, TYPE_STRING_ARRAY, &f->digests) || !find(h, TAG_DIRNAMES, TYPE_STRING_ARRAY, &dirs) ||
        f->indexes.n != f->names.n || f->digests.n != f->names.n)
        return false;
    f->has_flags = find(h, TAG_FILEFLAGS, TYPE_INT32, &f->flags) && f->flags.n == f->names.n;
    f->has_states = find(h, TAG_FILESTATES, TYPE_CHAR, &f->states) && f->states.n == f->names.n;
    f->dirs = arena_array(a, struct str, dirs.n);
    for (struct str rest = dirs.at; f->n_dirs < dirs.n && next_text(&rest, &f->dirs[f->n_dirs]);)
        f->n_dirs++;
    return f->n_dirs == dirs.n;
}

/* A file that another package replaced, or that was not installed, is not this package's. */
static bool is_there(const struct files *f, uint32_t k) {
    return !f->has_states || f->states.at.p[k] == STATE_NORMAL;
}

void rpm_header_read(struct str blob, struct list_sink sink) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct header h;
    struct value name;
    struct files f = {0};
    struct listed l = {0};
    char path[LIMIT_PATH_BYTES + 1];
    if (!open_header(blob, &h) || !algorithm(&h, &l.kind) || !find_files(&h, &a, &f))
        return;
    if (find(&h, TAG_NAME, TYPE_STRING, &name))
        (void)next_text(&name.at, &l.package);
    l.is_signed = has_signature(&h);
    struct str names = f.names.at, digests = f.digests.at, base, digest;
    for (uint32_t k = 0; k < f.names.n && next_text(&names, &base) && next_text(&digests, &digest); k++) {
        uint32_t dir = int_at(&f.indexes, k);
        if (dir >= f.n_dirs || f.dirs[dir].n + base.n > LIMIT_PATH_BYTES || !is_there(&f, k) || !listed_hex(digest, l.kind, l.sum))
            continue;
        struct str above = f.dirs[dir];
        if (above.n)
            memcpy(path, above.p, above.n);
        if (base.n)
            memcpy(path + above.n, base.p, base.n);
        l.is_config = f.has_flags && (int_at(&f.flags, k) & FLAG_CONFIG);
        if (listed_path(str_n(path, above.n + base.n), &l.path) && !sink.take(sink.ctx, &l))
            return;
    }
}
