/* SPDX-License-Identifier: Apache-2.0
 * One record of a table of contents, written and read: the bytes are croze-store(5)'s. Takes an entry, gives packed bytes; and back,
 * trusting none of them. */
#include "base/limits.h"
#include "layer/toc_format.h"

/* --- Writing --- */

static bool is_linked(enum entry_type t) {
    return t == ENTRY_SYMLINK || t == ENTRY_HARDLINK;
}

static bool is_device(enum entry_type t) {
    return t == ENTRY_CHAR || t == ENTRY_BLOCK;
}

static void put_pair(struct buf *out, uint32_t a, uint32_t b) {
    buf_add(out, &a, sizeof a);
    buf_add(out, &b, sizeof b);
}

static void put_short_text(struct buf *out, struct str s) {
    uint16_t n = (uint16_t)s.n;
    buf_add(out, &n, sizeof n);
    buf_add_str(out, s);
}

static void put_xattrs(const struct entry *en, struct buf *out) {
    uint32_t total = 0;
    for (size_t i = 0; i < en->n_xattrs; i++)
        total += (uint32_t)(2 + 4 + en->xattrs[i].name.n + en->xattrs[i].value.n);
    buf_add(out, &total, sizeof total);
    for (size_t i = 0; i < en->n_xattrs; i++) {
        const struct xattr *x = &en->xattrs[i];
        uint16_t name = (uint16_t)x->name.n;
        uint32_t value = (uint32_t)x->value.n;
        buf_add(out, &name, sizeof name);
        buf_add(out, &value, sizeof value);
        buf_add_str(out, x->name);
        buf_add_str(out, x->value);
    }
}

void toc_record_write(const struct entry *en, struct buf *out) {
    bool ids = en->uid || en->gid;
    uint8_t first = (uint8_t)(en->type | (ids ? TOC_HAS_IDS : 0) | (en->n_xattrs ? TOC_HAS_XATTRS : 0) | (en->mtime_ns ? TOC_HAS_NS : 0));
    uint16_t mode = en->mode & 07777, path = (uint16_t)en->path.n;
    buf_add(out, &first, sizeof first);
    buf_add(out, &mode, sizeof mode);
    buf_add(out, &path, sizeof path);
    buf_add(out, &en->mtime_s, sizeof en->mtime_s);
    buf_add_str(out, en->path);
    if (en->mtime_ns)
        buf_add(out, &en->mtime_ns, sizeof en->mtime_ns);
    if (ids)
        put_pair(out, en->uid, en->gid);
    if (en->type == ENTRY_FILE)
        buf_add(out, &en->size, sizeof en->size);
    if (is_device(en->type))
        put_pair(out, en->major, en->minor);
    if (is_linked(en->type))
        put_short_text(out, en->link);
    if (en->n_xattrs)
        put_xattrs(en, out);
    if (en->type == ENTRY_FILE && en->size)
        buf_add(out, &(struct digest){0}, sizeof(struct digest));
}

/* --- Reading --- */

/* What is left of a record. A read past its end turns it `bad` and gives zeros. */
struct cursor {
    const uint8_t *p;
    size_t n;
    bool bad;
};

static const uint8_t *take(struct cursor *c, size_t n) {
    if (c->n < n) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *p = c->p;
    c->p += n;
    c->n -= n;
    return p;
}

static void take_to(struct cursor *c, void *to, size_t n) {
    const uint8_t *p = take(c, n);
    if (p)
        memcpy(to, p, n);
}

static struct str take_text(struct cursor *c, size_t n) {
    const uint8_t *p = take(c, n);
    return p ? (struct str){(const char *)p, n} : STR_NULL;
}

static void read_xattrs(struct cursor *c, struct toc_record *r) {
    take_to(c, &r->xattrs_bytes, sizeof r->xattrs_bytes);
    r->xattrs = take(c, r->xattrs_bytes);
    struct cursor x = {r->xattrs, r->xattrs ? r->xattrs_bytes : 0, false};
    while (x.n && !x.bad) {
        uint16_t name = 0;
        uint32_t value = 0;
        take_to(&x, &name, sizeof name);
        take_to(&x, &value, sizeof value);
        take(&x, name);
        take(&x, value);
        r->entry.n_xattrs++;
    }
    c->bad |= x.bad || r->entry.n_xattrs > LIMIT_XATTRS;
}

static void read_by_type(struct cursor *c, struct entry *en) {
    if (en->type == ENTRY_FILE)
        take_to(c, &en->size, sizeof en->size);
    if (is_device(en->type)) {
        take_to(c, &en->major, sizeof en->major);
        take_to(c, &en->minor, sizeof en->minor);
    }
    if (is_linked(en->type)) {
        uint16_t n = 0;
        take_to(c, &n, sizeof n);
        en->link = take_text(c, n);
    }
}

size_t toc_record_read(const uint8_t *p, size_t room, struct toc_record *r) {
    struct cursor c = {p, room, false};
    uint8_t first = 0;
    uint16_t mode = 0, path = 0;
    *r = (struct toc_record){0};
    struct entry *en = &r->entry;
    take_to(&c, &first, sizeof first);
    take_to(&c, &mode, sizeof mode);
    take_to(&c, &path, sizeof path);
    take_to(&c, &en->mtime_s, sizeof en->mtime_s);
    en->path = take_text(&c, path);
    en->mode = mode;
    if ((first & TOC_TYPE) > ENTRY_OPAQUE)
        return 0;
    en->type = (enum entry_type)(first & TOC_TYPE);
    if (first & TOC_HAS_NS)
        take_to(&c, &en->mtime_ns, sizeof en->mtime_ns);
    if (first & TOC_HAS_IDS) {
        take_to(&c, &en->uid, sizeof en->uid);
        take_to(&c, &en->gid, sizeof en->gid);
    }
    read_by_type(&c, en);
    if (first & TOC_HAS_XATTRS)
        read_xattrs(&c, r);
    if (en->type == ENTRY_FILE && en->size)
        r->digest = take(&c, sizeof(struct digest));
    r->has_digest = r->digest && (first & TOC_HAS_DIGEST);
    bool bad = c.bad || mode > 07777 || path > LIMIT_PATH_BYTES || en->link.n > LIMIT_PATH_BYTES || en->mtime_ns >= 1000000000u;
    return bad ? 0 : room - c.n;
}

void toc_record_xattrs(const struct toc_record *r, struct arena *a, struct entry *out) {
    out->xattrs = arena_array(a, struct xattr, out->n_xattrs);
    const uint8_t *p = r->xattrs;
    for (size_t i = 0; i < out->n_xattrs; i++) {
        uint16_t name;
        uint32_t value;
        memcpy(&name, p, sizeof name);
        memcpy(&value, p + sizeof name, sizeof value);
        p += sizeof name + sizeof value;
        out->xattrs[i] = (struct xattr){{(const char *)p, name}, {(const char *)p + name, value}};
        p += name + value;
    }
}

static int rank(enum entry_type t) {
    return t == ENTRY_WHITEOUT ? 2 : t == ENTRY_OPAQUE ? 1 : 0;
}

int toc_record_cmp(struct str path_a, enum entry_type a, struct str path_b, enum entry_type b) {
    int c = path_cmp(path_a, path_b);
    return c ? c : rank(a) - rank(b);
}
