/* SPDX-License-Identifier: Apache-2.0
 * What an entry of a listing holds, written to the work file and read back (listing_private.h): its length, where its file's bytes are, its
 * record in the form of a table of contents (toc_format.h), without a path; then the bytes that are kept, if any. */
#include <assert.h>

#include "base/limits.h"
#include "layer/listing_private.h"
#include "layer/toc_format.h"

struct head {
    uint64_t offset;     /* listing_file's */
    uint32_t length;     /* of the record behind it */
    uint32_t kept : 31;  /* bytes kept behind that, plus one; 0: none are kept */
    uint32_t has_digest : 1;
};

static bool take_text(struct listing *l, const struct entry *en, struct err *e) {
    l->text_bytes += en->link.n;
    for (size_t i = 0; i < en->n_xattrs; i++)
        l->text_bytes += en->xattrs[i].name.n + en->xattrs[i].value.n;
    return l->text_bytes <= LIMIT_LISTING_TEXT_BYTES ||
           err_set(e, ERR_FAILED, "names, links and extended attributes take more than the limit of %zu bytes", LIMIT_LISTING_TEXT_BYTES);
}

bool record_add(struct listing *l, const struct entry *en, const struct listing_file *file, uint64_t *at, struct err *e) {
    struct entry nameless = *en;
    struct head h = {0};
    nameless.path = STR_NULL;
    if (!take_text(l, en, e))
        return false;
    buf_reset(&l->record);
    toc_record_write(&nameless, &l->record);
    assert(buf_ok(&l->record));
    if (en->type == ENTRY_FILE && file) {
        h.offset = file->offset;
        h.kept = file->is_kept ? (uint32_t)file->kept.n + 1 : 0;
        h.has_digest = en->size && file->has_digest;
        if (h.has_digest)
            memcpy(l->record.p + l->record.n - sizeof file->digest.b, file->digest.b, sizeof file->digest.b);
    }
    if (en->type == ENTRY_FILE && en->size && !h.has_digest) /* most of the record of a small file */
        l->record.n -= sizeof file->digest.b;
    h.length = (uint32_t)l->record.n;
    *at = spill_bytes(l->records);
    return spill_add(l->records, &h, sizeof h, e) && spill_add(l->records, l->record.p, l->record.n, e) &&
           (h.kept == 0 || spill_add(l->records, file->kept.p, file->kept.n, e));
}

static bool damaged(struct err *e) {
    return err_set(e, ERR_FAILED, "a work file of the store does not hold what was written to it; check the disk");
}

/* Links and attributes come out of the record's buffer. */
static void own_texts(const struct toc_record *r, struct arena *a, struct entry *en) {
    if (en->link.n)
        en->link = arena_str(a, en->link);
    if (en->n_xattrs)
        toc_record_xattrs(r, a, en);
    for (size_t i = 0; i < en->n_xattrs; i++)
        en->xattrs[i] = (struct xattr){arena_str(a, en->xattrs[i].name), arena_str(a, en->xattrs[i].value)};
}

bool record_get(struct listing *l, uint64_t at, struct arena *a, struct listing_item *out, struct err *e) {
    static const struct digest none;
    struct head h;
    struct toc_record r;
    if (!spill_read(l->records, at, &h, sizeof h, e))
        return false;
    buf_reset(&l->record);
    char *to = buf_reserve(&l->record, h.length + sizeof none);
    if (!to || at + sizeof h + h.length > spill_bytes(l->records))
        return damaged(e);
    if (!spill_read(l->records, at + sizeof h, to, h.length, e))
        return false;
    memcpy(to + h.length, none.b, sizeof none.b); /* which may have been left out */
    if (toc_record_read((const uint8_t *)to, h.length + sizeof none, &r) < h.length)
        return damaged(e);
    out->entry = r.entry;
    own_texts(&r, a, &out->entry);
    out->file = (struct listing_file){.has_digest = h.has_digest, .offset = h.offset, .is_kept = h.kept > 0};
    out->file.kept.n = h.kept ? h.kept - 1 : 0;
    out->kept_at = at + sizeof h + h.length;
    if (h.has_digest && r.digest)
        memcpy(out->file.digest.b, r.digest, sizeof out->file.digest.b);
    return true;
}

bool listing_kept(struct listing *l, const struct listing_item *item, struct buf *out, struct err *e) {
    size_t n = item->file.kept.n;
    char *to = buf_reserve(out, n);
    assert(item->file.is_kept && to);
    if (!spill_read(l->records, item->kept_at, to, n, e))
        return false;
    out->n += n;
    return true;
}
