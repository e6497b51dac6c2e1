/* SPDX-License-Identifier: Apache-2.0
 * Building a table of contents (toc.h): packs each entry into one record behind the last. Made for millions of entries: the records go to a
 * file of their own (sys/spill.h), and an entry costs four bytes of memory. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "layer/toc_format.h"
#include "sys/spill.h"

struct kept_file {
    uint32_t number;
    struct str bytes; /* owned */
};

struct toc_builder {
    struct store *store;
    struct spill *records;
    VEC(uint32_t) offsets;
    VEC(struct kept_file) kept;
    struct buf record, last_path;
    enum entry_type last_type;
    bool leans;
};

struct toc_builder *toc_builder_new(struct store *s) {
    struct toc_builder *b = mem_zalloc(1, sizeof *b);
    b->store = s;
    b->records = spill_new(s->work_fd);
    b->record = (struct buf)BUF_INIT(UINT32_MAX);
    b->last_path = (struct buf)BUF_INIT(LIMIT_PATH_BYTES);
    return b;
}

void toc_builder_free(struct toc_builder *b) {
    if (!b)
        return;
    for (size_t i = 0; i < b->kept.n; i++)
        free((char *)b->kept.p[i].bytes.p);
    vec_fini(&b->kept);
    vec_fini(&b->offsets);
    spill_free(b->records);
    buf_fini(&b->record);
    buf_fini(&b->last_path);
    free(b);
}

bool toc_keeps(struct str path) {
    return str_eq(path, S("etc/passwd")) || str_eq(path, S("etc/group"));
}

/* --- Records --- */

static bool check_entry(const struct toc_builder *b, const struct entry *en, struct err *e) {
    if (b->offsets.n >= LIMIT_LAYER_ENTRIES)
        return err_set(e, ERR_FAILED, "the layer has more than %u entries", LIMIT_LAYER_ENTRIES);
    if (en->path.n > LIMIT_PATH_BYTES || en->link.n > LIMIT_PATH_BYTES)
        return err_set(e, ERR_FAILED, "%.*s...: a name or link of more than %d bytes", STR_ARG(str_first(en->path, 100)), LIMIT_PATH_BYTES);
    if (en->n_xattrs > LIMIT_XATTRS)
        return err_set(e, ERR_FAILED, "%.*s: more than %d extended attributes", STR_ARG(en->path), LIMIT_XATTRS);
    for (size_t i = 0; i < en->n_xattrs; i++)
        if (en->xattrs[i].name.n > LIMIT_NAME_BYTES || en->xattrs[i].value.n > LIMIT_XATTR_BYTES)
            return err_set(e, ERR_FAILED, "%.*s: extended attribute \"%.*s\" is larger than the limit", STR_ARG(en->path),
                           STR_ARG(str_first(en->xattrs[i].name, 100)));
    return true;
}

/* Entries come in the order in which they are written. */
static void check_order(struct toc_builder *b, const struct entry *en) {
    assert(b->offsets.n == 0 || toc_record_cmp(buf_str(&b->last_path), b->last_type, en->path, en->type) < 0);
    buf_reset(&b->last_path);
    buf_add_str(&b->last_path, en->path);
    b->last_type = en->type;
}

bool toc_builder_add(struct toc_builder *b, const struct entry *en, size_t *number, struct err *e) {
    if (!check_entry(b, en, e))
        return false;
    check_order(b, en);
    *number = b->offsets.n;
    buf_reset(&b->record);
    toc_record_write(en, &b->record);
    uint64_t at = spill_bytes(b->records);
    if (!buf_ok(&b->record) || at + b->record.n > UINT32_MAX)
        return err_set(e, ERR_FAILED, "the layer's table of contents would pass 4 GiB");
    if (!spill_add(b->records, b->record.p, b->record.n, e))
        return false;
    vec_push(&b->offsets, (uint32_t)at);
    return true;
}

bool toc_builder_set_digest(struct toc_builder *b, size_t number, const struct digest *d, struct err *e) {
    assert(number < b->offsets.n);
    uint64_t at = b->offsets.p[number], end = number + 1 < b->offsets.n ? b->offsets.p[number + 1] : spill_bytes(b->records);
    uint8_t first;
    if (!spill_read(b->records, at, &first, sizeof first, e))
        return false;
    assert((first & TOC_TYPE) == ENTRY_FILE);
    first |= TOC_HAS_DIGEST;
    return spill_change(b->records, at, &first, sizeof first, e) && spill_change(b->records, end - sizeof d->b, d->b, sizeof d->b, e);
}

void toc_builder_set_kept(struct toc_builder *b, size_t number, struct str bytes) {
    assert(number < b->offsets.n && bytes.n <= LIMIT_PASSWD_BYTES);
    struct kept_file k = {(uint32_t)number, {mem_strndup(bytes.n ? bytes.p : "", bytes.n), bytes.n}};
    vec_push(&b->kept, k);
}

void toc_builder_set_leans(struct toc_builder *b) {
    b->leans = true;
}

/* --- Writing --- */

/* Where the file is written, and its checksum so far. */
struct toc_file {
    int fd;
    uint32_t crc;
    const char *name;
};

static bool put(struct toc_file *f, const void *p, size_t n, struct err *e) {
    f->crc = crc32_update(f->crc, p, n);
    return file_write_all(f->fd, p, n, f->name, e);
}

static bool put_records(const struct toc_builder *b, struct toc_file *f, struct err *e) {
    enum { PIECE_BYTES = KIB(128) };
    _cleanup_(mem_freep) char *piece = mem_alloc(PIECE_BYTES);
    for (uint64_t at = 0, end = spill_bytes(b->records); at < end;) {
        size_t n = end - at < PIECE_BYTES ? (size_t)(end - at) : (size_t)PIECE_BYTES;
        if (!spill_read(b->records, at, piece, n, e) || !put(f, piece, n, e))
            return false;
        at += n;
    }
    return true;
}

static bool put_kept(const struct toc_builder *b, struct toc_file *f, struct err *e) {
    for (size_t i = 0; i < b->kept.n; i++) {
        const struct kept_file *k = &b->kept.p[i];
        uint32_t head[2] = {k->number, (uint32_t)k->bytes.n};
        if (!put(f, head, sizeof head, e) || !put(f, k->bytes.p, k->bytes.n, e))
            return false;
    }
    return true;
}

static bool set_checksum(const struct toc_file *f, struct err *e) {
    ssize_t n;
    do
        n = pwrite(f->fd, &f->crc, sizeof f->crc, offsetof(struct toc_header, crc32));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof f->crc || err_sys(e, n < 0 ? errno : ENOSPC, "write %s", f->name);
}

static bool write_file(const struct toc_builder *b, const struct layer *l, struct toc_file *f, struct err *e) {
    struct toc_header h = {.version = TOC_VERSION, .flags = b->leans ? TOC_LEANS : 0, .count = (uint32_t)b->offsets.n,
                           .kept = (uint32_t)b->kept.n, .records_bytes = spill_bytes(b->records), .diff_id = l->diff_id};
    memcpy(h.magic, TOC_MAGIC, sizeof h.magic);
    return put(f, &h, sizeof h, e) && put_records(b, f, e) && put(f, b->offsets.p, b->offsets.n * sizeof *b->offsets.p, e) &&
           put_kept(b, f, e) && set_checksum(f, e);
}

static bool in_toc(const struct digest *diff_id, struct err *e) {
    return err_wrap(e, "write the table of contents of layer %s", digest_text(diff_id, (char[DIGEST_TEXT + 1]){0}));
}

bool toc_builder_write(struct toc_builder *b, const struct layer *l, struct file_draft *draft, struct err *e) {
    struct toc_file f = {.name = "it"};
    if (!file_draft_open(b->store->toc_fd, 0644, draft, e))
        return in_toc(&l->diff_id, e);
    f.fd = draft->fd;
    return write_file(b, l, &f, e) || in_toc(&l->diff_id, e);
}

bool toc_publish(struct store *s, struct file_draft *draft, const struct digest *diff_id, struct err *e) {
    char hex[DIGEST_HEX + 1];
    return file_publish(draft, digest_hex(diff_id, hex), FILE_REPLACE, s->sync, e) || in_toc(diff_id, e);
}

bool toc_builder_publish(struct toc_builder *b, const struct layer *l, struct err *e) {
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    return toc_builder_write(b, l, &draft, e) && toc_publish(b->store, &draft, &l->diff_id, e);
}
