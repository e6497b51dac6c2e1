/* SPDX-License-Identifier: Apache-2.0
 * Building a table of contents (toc.h): takes entries in any order, keeps each as one packed record, and writes them sorted. Made for
 * millions of entries: beside the record itself an entry costs four bytes. */
#include <assert.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "layer/toc_format.h"

struct kept_file {
    uint32_t number;
    struct str bytes; /* owned */
};

struct toc_builder {
    struct buf records;         /* in the order in which they were added */
    VEC(uint32_t) offsets;
    VEC(struct kept_file) kept;
    bool sorted, leans;
};

struct toc_builder *toc_builder_new(void) {
    struct toc_builder *b = mem_zalloc(1, sizeof *b);
    b->records = (struct buf)BUF_INIT(UINT32_MAX);
    b->sorted = true;
    return b;
}

void toc_builder_free(struct toc_builder *b) {
    if (!b)
        return;
    for (size_t i = 0; i < b->kept.n; i++)
        free((char *)b->kept.p[i].bytes.p);
    vec_fini(&b->kept);
    vec_fini(&b->offsets);
    buf_fini(&b->records);
    free(b);
}

bool toc_keeps(struct str path) {
    return str_eq(path, S("etc/passwd")) || str_eq(path, S("etc/group"));
}

/* --- Records --- */

static const uint8_t *record_at(const struct toc_builder *b, size_t number) {
    return (const uint8_t *)b->records.p + b->offsets.p[number];
}

static size_t record_length(const struct toc_builder *b, size_t number) {
    size_t end = number + 1 < b->offsets.n ? b->offsets.p[number + 1] : b->records.n;
    return end - b->offsets.p[number];
}

static int cmp_numbers(const struct toc_builder *b, size_t x, size_t y) {
    struct toc_record r[2];
    size_t lengths[2] = {toc_record_read(record_at(b, x), record_length(b, x), &r[0]),
                         toc_record_read(record_at(b, y), record_length(b, y), &r[1])};
    assert(lengths[0] && lengths[1]);
    return toc_record_cmp(r[0].entry.path, r[0].entry.type, r[1].entry.path, r[1].entry.type);
}

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

bool toc_builder_add(struct toc_builder *b, const struct entry *en, size_t *number, struct err *e) {
    if (!check_entry(b, en, e))
        return false;
    *number = b->offsets.n;
    size_t at = b->records.n;
    toc_record_write(en, &b->records);
    if (!buf_ok(&b->records))
        return err_set(e, ERR_FAILED, "the layer's table of contents would pass 4 GiB");
    vec_push(&b->offsets, (uint32_t)at);
    b->sorted = b->sorted && (*number == 0 || cmp_numbers(b, *number - 1, *number) < 0);
    return true;
}

void toc_builder_set_digest(struct toc_builder *b, size_t number, const struct digest *d) {
    assert(number < b->offsets.n);
    struct toc_record r;
    size_t n = toc_record_read(record_at(b, number), record_length(b, number), &r);
    assert(n > 0);
    if (!r.digest)
        return; /* an empty file's is implied */
    memcpy((uint8_t *)b->records.p + (r.digest - (const uint8_t *)b->records.p), d->b, sizeof d->b);
    b->records.p[b->offsets.p[number]] |= TOC_HAS_DIGEST;
}

void toc_builder_set_kept(struct toc_builder *b, size_t number, struct str bytes) {
    assert(number < b->offsets.n && bytes.n <= LIMIT_PASSWD_BYTES);
    struct kept_file k = {(uint32_t)number, {mem_strndup(bytes.n ? bytes.p : "", bytes.n), bytes.n}};
    for (size_t i = 0; i < b->kept.n; i++)
        if (cmp_numbers(b, b->kept.p[i].number, number) == 0) { /* an archive may hold a path many times: the last one counts */
            free((char *)b->kept.p[i].bytes.p);
            b->kept.p[i] = k;
            return;
        }
    vec_push(&b->kept, k);
}

void toc_builder_set_leans(struct toc_builder *b) {
    b->leans = true;
}

/* --- Order: archives of others come in any, and may name a path twice; the later one counts --- */

static int by_path_then_number(const void *x, const void *y, void *builder) {
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    int c = cmp_numbers(builder, a, b);
    return c ? c : (a > b) - (a < b);
}

/* The numbers of the entries as they are to be written. */
static uint32_t *sorted_numbers(const struct toc_builder *b, size_t *n) {
    uint32_t *order = mem_zalloc(b->offsets.n, sizeof *order);
    for (size_t i = 0; i < b->offsets.n; i++)
        order[i] = (uint32_t)i;
    *n = b->offsets.n;
    if (b->sorted)
        return order;
    qsort_r(order, b->offsets.n, sizeof *order, by_path_then_number, (void *)b);
    size_t kept = 0;
    for (size_t i = 0; i < b->offsets.n; i++)
        if (i + 1 == b->offsets.n || cmp_numbers(b, order[i], order[i + 1]) != 0)
            order[kept++] = order[i];
    *n = kept;
    return order;
}

/* Moves the records into the order in which they are to be written; offsets and kept files follow. */
static void put_in_order(struct toc_builder *b) {
    size_t n;
    _cleanup_(mem_freep) uint32_t *order = sorted_numbers(b, &n);
    if (b->sorted)
        return;
    struct buf records = BUF_INIT(UINT32_MAX);
    _cleanup_(mem_freep) uint32_t *offsets = mem_zalloc(n, sizeof *offsets);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        offsets[i] = (uint32_t)records.n;
        buf_add(&records, record_at(b, order[i]), record_length(b, order[i]));
        for (size_t k = kept; k < b->kept.n; k++) /* few: toc_keeps */
            if (b->kept.p[k].number == order[i]) {
                struct kept_file f = b->kept.p[k];
                b->kept.p[k] = b->kept.p[kept];
                f.number = (uint32_t)i;
                b->kept.p[kept++] = f;
            }
    }
    for (size_t k = kept; k < b->kept.n; k++)
        free((char *)b->kept.p[k].bytes.p);
    b->kept.n = kept;
    buf_fini(&b->records);
    b->records = records;
    memcpy(b->offsets.p, offsets, n * sizeof *offsets);
    b->offsets.n = n;
    b->sorted = true;
}

/* --- Writing --- */

static void kept_bytes(const struct toc_builder *b, struct buf *out) {
    for (size_t i = 0; i < b->kept.n; i++) {
        uint32_t head[2] = {b->kept.p[i].number, (uint32_t)b->kept.p[i].bytes.n};
        buf_add(out, head, sizeof head);
        buf_add_str(out, b->kept.p[i].bytes);
    }
}

static bool write_parts(const struct str *parts, size_t n, int fd, const char *what, struct err *e) {
    for (size_t i = 0; i < n; i++)
        if (!file_write_all(fd, parts[i].p, parts[i].n, what, e))
            return false;
    return true;
}

bool toc_builder_publish(struct toc_builder *b, struct store *s, const struct layer *l, struct err *e) {
    char hex[DIGEST_HEX + 1];
    digest_hex(&l->diff_id, hex);
    put_in_order(b);
    struct buf kept = BUF_INIT(2 * (LIMIT_PASSWD_BYTES + 8));
    kept_bytes(b, &kept);
    struct toc_header h = {.version = TOC_VERSION, .flags = b->leans ? TOC_LEANS : 0, .count = (uint32_t)b->offsets.n,
                           .kept = (uint32_t)b->kept.n, .records_bytes = b->records.n, .diff_id = l->diff_id};
    memcpy(h.magic, TOC_MAGIC, sizeof h.magic);
    struct str parts[] = {{(const char *)&h, sizeof h}, buf_str(&b->records),
                          {(const char *)b->offsets.p, b->offsets.n * sizeof *b->offsets.p}, buf_str(&kept)};
    uint32_t crc = 0;
    for (size_t i = 0; i < 4; i++)
        crc = crc32_update(crc, parts[i].p, parts[i].n);
    h.crc32 = crc;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    bool ok = file_draft_open(s->toc_fd, 0644, &draft, e) && write_parts(parts, 4, draft.fd, hex, e) &&
              file_publish(&draft, hex, FILE_REPLACE, s->sync, e);
    buf_fini(&kept);
    return ok || err_wrap(e, "write the table of contents of layer sha256:%s", hex);
}
