/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a tar stream, through the reader, the listing and the table of contents: no crash, bounded work, and what comes out is in
 * normal form. The checksums of blocks that look like headers are put right first, or hardly any mutation would come past them. */
#include <assert.h>

#include "base/limits.h"
#include "base/mem.h"
#include "layer/listing.h"
#include "layer/tar.h"
#include "layer/toc_format.h"
#include "layer/untar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCK = 512, CHECKSUM = 148, MAGIC = 257, PULLED_MAX = 1 << 20 };

static struct store nowhere = {.work_fd = -1, .toc_fd = -1}; /* no input is large enough for a work file */

static void fix_checksums(uint8_t *p, size_t n) {
    for (; n >= BLOCK; p += BLOCK, n -= BLOCK) {
        unsigned sum = 8 * ' ';
        if (memcmp(p + MAGIC, "ustar", 5) != 0)
            continue;
        for (size_t i = 0; i < BLOCK; i++)
            sum += i < CHECKSUM || i >= CHECKSUM + 8 ? p[i] : 0;
        snprintf((char *)p + CHECKSUM, 8, "%06o", sum);
        p[CHECKSUM + 7] = ' ';
    }
}

/* In pieces of an odd length, so that entries are cut everywhere. */
static ptrdiff_t next(void *ctx, const void **piece, struct err *e) {
    (void)e;
    enum { PIECE = 1021 };
    struct str *rest = ctx, first = str_first(*rest, rest->n < PIECE ? rest->n : PIECE);
    *piece = first.p;
    *rest = str_from(*rest, first.n);
    return (ptrdiff_t)first.n;
}

static bool add(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct listing_file file = {0};
    static char piece[65536];
    assert(path_is_clean(en->path));
    for (size_t total = 0; c->kind == CONTENT_STREAM && total < PULLED_MAX;) {
        ptrdiff_t n = c->pull(c->pull_ctx, piece, sizeof piece, e);
        if (n < 0)
            return false;
        if (n == 0) {
            assert(total == en->size);
            break;
        }
        total += (size_t)n;
    }
    return listing_add(ctx, en, &file, e);
}

/* Sorted by path, then entry before mark; directories before what lies in them; links to what is there or in lower layers. */
static void check_items(struct listing *l) {
    struct toc_builder *b = toc_builder_new(&nowhere);
    struct listing_item item;
    struct buf last = BUF_INIT(LIMIT_PATH_BYTES);
    enum entry_type last_type = ENTRY_DIR;
    struct err e = ERR_INIT;
    size_t number;
    size_t n = 0;
    for (uint64_t cursor = 0; listing_next(l, &cursor, &item, &e); n++) {
        assert(n == 0 || toc_record_cmp(buf_str(&last), last_type, item.entry.path, item.entry.type) < 0);
        assert(path_is_clean(item.entry.path));
        assert(item.entry.path.n > 0 || item.entry.type == ENTRY_DIR || item.entry.type == ENTRY_OPAQUE);
        assert(item.entry.type != ENTRY_HARDLINK || (item.entry.link.n > 0 && path_is_clean(item.entry.link)));
        assert(!item.implied || item.entry.type == ENTRY_DIR);
        if (!toc_builder_add(b, &item.entry, &number, &e))
            err_clear(&e);
        buf_reset(&last);
        buf_add_str(&last, item.entry.path);
        last_type = item.entry.type;
    }
    assert(e.kind == ERR_NONE);
    buf_fini(&last);
    toc_builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) uint8_t *copy = mem_alloc(size);
    if (size)
        memcpy(copy, data, size);
    fix_checksums(copy, size);
    struct str rest = {(const char *)copy, size};
    _cleanup_(listing_freep) struct listing *l = listing_new(nowhere.work_fd);
    bool ok = untar(next, &rest, (struct entry_sink){add, l}, &e) && listing_finish(l, &e);
    assert(ok == (e.kind == ERR_NONE));
    if (ok) {
        assert(rest.n == 0); /* every byte is pulled, or its digest would not be whole */
        check_items(l);
    }
    err_clear(&e);
    return 0;
}
