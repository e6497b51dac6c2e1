/* SPDX-License-Identifier: Apache-2.0
 * Reading a table of contents (toc.h): maps toc/<diffid>, checks every record once, then searches it in place. The bytes are
 * croze-store(5)'s; building them is toc_build.c. */
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/mem.h"
#include "layer/tar.h"
#include "layer/toc_format.h"

struct kept_ref {
    uint32_t entry;
    struct str bytes;
};
enum { KEPT_MAX = 16 }; /* toc_keeps names two paths; the rest is room for a later version */

struct toc {
    void *map;              /* NULL: the bytes are the caller's */
    size_t map_bytes;
    struct toc_header head;
    const uint8_t *records;
    const uint8_t *index;   /* head.count offsets into records */
    struct kept_ref kept[KEPT_MAX];
};

static uint32_t offset_of(const struct toc *t, size_t i) {
    uint32_t at;
    memcpy(&at, t->index + i * sizeof at, sizeof at);
    return at;
}

static void record_of(const struct toc *t, size_t i, struct toc_record *r) {
    assert(i < t->head.count);
    size_t n = toc_record_read(t->records + offset_of(t, i), t->head.records_bytes - offset_of(t, i), r);
    assert(n > 0); /* checked when it was opened */
}

/* --- Checking --- */

static bool damaged(struct err *e, const char *what) {
    return err_set(e, ERR_FAILED, "damaged: %s", what);
}

/* Records lie one behind the other, sorted, where the index says. */
static bool check_records(const struct toc *t, struct err *e) {
    struct toc_record last = {0}, r;
    size_t at = 0;
    for (size_t i = 0; i < t->head.count; i++, last = r) {
        size_t n = offset_of(t, i) == at ? toc_record_read(t->records + at, t->head.records_bytes - at, &r) : 0;
        if (n == 0)
            return damaged(e, "a record is malformed");
        if (!path_is_clean(r.entry.path))
            return damaged(e, "a path is not clean");
        if (i > 0 && toc_record_cmp(last.entry.path, last.entry.type, r.entry.path, r.entry.type) >= 0)
            return damaged(e, "records are not sorted");
        at += n;
    }
    return at == t->head.records_bytes || damaged(e, "bytes between the records");
}

static bool read_kept(struct toc *t, const uint8_t *p, size_t n, struct err *e) {
    if (t->head.kept > KEPT_MAX)
        return damaged(e, "too many kept files");
    for (uint32_t i = 0; i < t->head.kept; i++) {
        uint32_t head[2];
        if (n < sizeof head)
            return damaged(e, "a kept file is cut off");
        memcpy(head, p, sizeof head);
        if (head[0] >= t->head.count || head[1] > n - sizeof head)
            return damaged(e, "a kept file is malformed");
        t->kept[i] = (struct kept_ref){head[0], {(const char *)p + sizeof head, head[1]}};
        p += sizeof head + head[1];
        n -= sizeof head + head[1];
    }
    return n == 0 || damaged(e, "bytes behind its end");
}

static bool check(struct toc *t, const uint8_t *bytes, size_t n, struct err *e) {
    if (n < sizeof t->head)
        return damaged(e, "shorter than its header");
    memcpy(&t->head, bytes, sizeof t->head);
    if (memcmp(t->head.magic, TOC_MAGIC, sizeof t->head.magic) != 0)
        return damaged(e, "not a table of contents");
    if (t->head.version != TOC_VERSION)
        return err_set(e, ERR_FAILED, "format version %u is not known to this croze", t->head.version);
    size_t rest = n - sizeof t->head, index_bytes = (size_t)t->head.count * sizeof(uint32_t);
    if (t->head.count > LIMIT_LAYER_ENTRIES || t->head.records_bytes > rest || index_bytes > rest - t->head.records_bytes)
        return damaged(e, "shorter than its header says");
    t->records = bytes + sizeof t->head;
    t->index = t->records + t->head.records_bytes;
    return check_records(t, e) && read_kept(t, t->index + index_bytes, rest - t->head.records_bytes - index_bytes, e);
}

struct toc *toc_parse(const void *bytes, size_t n, struct err *e) {
    struct toc *t = mem_zalloc(1, sizeof *t);
    if (check(t, bytes, n, e))
        return t;
    toc_free(t);
    return NULL;
}

/* --- Opening --- */

static uint32_t crc_of(const uint8_t *bytes, size_t n) {
    struct toc_header h;
    memcpy(&h, bytes, sizeof h);
    h.crc32 = 0;
    return crc32_update(crc32_update(0, &h, sizeof h), bytes + sizeof h, n - sizeof h);
}

static bool check_rot(const uint8_t *bytes, size_t n, const struct digest *diff_id, struct err *e) {
    struct toc_header h;
    if (n < sizeof h)
        return damaged(e, "shorter than its header");
    memcpy(&h, bytes, sizeof h);
    if (h.crc32 != crc_of(bytes, n))
        return damaged(e, "its checksum does not match");
    return digest_eq(&h.diff_id, diff_id) || damaged(e, "it belongs to another layer");
}

static struct toc *open_mapped(int fd, const struct digest *diff_id, struct err *e) {
    struct stat st;
    if (fstat(fd, &st) < 0) {
        err_sys(e, errno, "stat");
        return NULL;
    }
    size_t n = (size_t)st.st_size;
    void *map = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (map == MAP_FAILED) {
        if (n)
            err_sys(e, errno, "map");
        else
            damaged(e, "it is empty");
        return NULL;
    }
    struct toc *t = check_rot(map, n, diff_id, e) ? toc_parse(map, n, e) : NULL;
    if (!t) {
        munmap(map, n);
        return NULL;
    }
    t->map = map;
    t->map_bytes = n;
    return t;
}

struct toc *toc_open(struct store *s, const struct digest *diff_id, struct err *e) {
    char hex[DIGEST_HEX + 1];
    digest_hex(diff_id, hex);
    _cleanup_fd_ int fd = openat(s->toc_fd, hex, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_sys(e, errno, "open the table of contents of layer sha256:%s", hex);
        return NULL;
    }
    struct toc *t = open_mapped(fd, diff_id, e);
    if (!t)
        err_wrap(e, "toc/%s in the store", hex);
    return t;
}

struct toc *toc_open_draft(const struct file_draft *draft, const struct digest *diff_id, struct err *e) {
    struct toc *t = open_mapped(draft->fd, diff_id, e);
    if (!t)
        err_wrap(e, "the table of contents that was just written");
    return t;
}

void toc_free(struct toc *t) {
    if (t && t->map)
        munmap(t->map, t->map_bytes);
    free(t);
}

/* --- Looking --- */

size_t toc_count(const struct toc *t) {
    return t->head.count;
}

bool toc_leans(const struct toc *t) {
    return t->head.flags & TOC_LEANS;
}

void toc_entry(const struct toc *t, size_t i, struct arena *a, struct entry *out) {
    struct toc_record r;
    record_of(t, i, &r);
    *out = r.entry;
    if (a && out->n_xattrs)
        toc_record_xattrs(&r, a, out);
    else
        out->n_xattrs = 0;
}

bool toc_digest(const struct toc *t, size_t i, struct digest *out) {
    struct toc_record r;
    record_of(t, i, &r);
    if (r.entry.type == ENTRY_FILE && r.entry.size == 0)
        *out = sha256_of("", 0);
    else if (r.has_digest)
        memcpy(out->b, r.digest, sizeof out->b);
    else
        return false;
    return true;
}

bool toc_kept(const struct toc *t, size_t i, struct str *bytes) {
    for (uint32_t k = 0; k < t->head.kept; k++)
        if (t->kept[k].entry == i) {
            *bytes = t->kept[k].bytes;
            return true;
        }
    return false;
}

/* First record that is not before (path, rank of type). Only the head of each record is looked at. */
static size_t lower_bound(const struct toc *t, struct str path, enum entry_type type) {
    size_t low = 0, high = t->head.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint8_t *p = t->records + offset_of(t, middle);
        uint16_t n;
        memcpy(&n, p + 3, sizeof n);
        struct str name = {(const char *)p + TOC_FIXED_BYTES, n};
        if (toc_record_cmp(name, (enum entry_type)(*p & TOC_TYPE), path, type) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool find(const struct toc *t, struct str path, enum entry_type like, size_t *i) {
    *i = lower_bound(t, path, like);
    if (*i == t->head.count)
        return false;
    struct toc_record r;
    record_of(t, *i, &r);
    return toc_record_cmp(r.entry.path, r.entry.type, path, like) == 0;
}

size_t toc_lower_bound(const struct toc *t, struct str path) {
    return lower_bound(t, path, ENTRY_FILE);
}

bool toc_find(const struct toc *t, struct str path, size_t *i) {
    return find(t, path, ENTRY_FILE, i);
}

bool toc_is_opaque(const struct toc *t, struct str path) {
    size_t i;
    return find(t, path, ENTRY_OPAQUE, &i);
}

bool toc_has_whiteout(const struct toc *t, struct str path) {
    size_t i;
    return find(t, path, ENTRY_WHITEOUT, &i);
}
