/* SPDX-License-Identifier: Apache-2.0
 * A layer packed by another encoder: of what the writer made, the very blob that the writer makes with that encoder; of anything else the
 * stream to the byte; always the diffID that it had; and the table of contents is left alone. */
#include "oracle.h"
#include "pack.h"
#include "tap.h"

#include "layer/read.h"
#include "layer/tar.h"
#include "layer/toc.h"
#include "sys/files.h"

static struct store *store;

static const struct layer_options gzip1 = {.compression = COMPRESSION_GZIP, .level = 1};
static const struct layer_options gzip9 = {.compression = COMPRESSION_GZIP, .level = 9};
static const struct layer_options zstd3 = {.compression = COMPRESSION_ZSTD, .level = 3};
static const struct layer_options plain = {.compression = COMPRESSION_NONE};

static void fill(struct items *t) {
    items_add(t, "a", ENTRY_DIR)->mode = 0755;
    struct entry *x = &items_bytes(t, "a/caps", S("capable"))->entry;
    x->xattrs = arena_array(&t->arena, struct xattr, 2);
    x->n_xattrs = 2;
    x->xattrs[0] = (struct xattr){S("security.capability"), S("\1\0\0\2 \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")};
    x->xattrs[1] = (struct xattr){S("user.x"), S("y\nz")};
    items_bytes(t, "a/empty", S(""));
    struct entry *large = &items_bytes(t, "a/large", items_text(t, 1, MIB(3) + 17))->entry;
    large->mtime_s = 5;
    large->mtime_ns = 123456789;
    for (int i = 0; i < 200; i++) {
        char name[40];
        snprintf(name, sizeof name, "a/s%03d", i);
        items_bytes(t, name, items_text(t, (uint64_t)i + 2, 4000));
    }
    items_add(t, "b", ENTRY_WHITEOUT);
    items_add(t, "c\xff\n", ENTRY_FIFO)->uid = 4000000000u;
    struct entry *d = items_add(t, "dev", ENTRY_CHAR);
    d->major = 1;
    d->minor = 3;
    struct entry *etc = items_add(t, "etc", ENTRY_DIR);
    etc->mode = 01777;
    etc->mtime_s = -5;
    items_bytes(t, "etc/passwd", S("root:x:0:0::/:/bin/sh\n"));
    items_add(t, "link", ENTRY_SYMLINK)->link = S("a/large");
    struct entry *h = items_add(t, "second", ENTRY_HARDLINK);
    h->link = S("a/large");
}

static bool again(const struct layer *from, const struct layer_options *o, struct layer *out) {
    struct err e = ERR_INIT;
    bool good = layer_recompress(store, from, o, out, &e);
    return no_err(&e, "it is packed again") && good;
}

static bool same_blob(const struct layer *a, const struct layer *b) {
    return digest_eq(&a->blob, &b->blob) && digest_eq(&a->diff_id, &b->diff_id) && a->blob_bytes == b->blob_bytes &&
           a->tar_bytes == b->tar_bytes && a->compression == b->compression && strcmp(a->encoder_id, b->encoder_id) == 0;
}

static void test_own(void) {
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    const struct layer_options *all[] = {&gzip1, &gzip9, &zstd3, &plain};
    struct layer direct[4], got;
    fill(&t);
    for (int i = 0; i < 4; i++)
        ok(items_pack(&t, store, all[i], &direct[i], &e), "a layer by encoder %d", i);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            if (again(&direct[i], all[k], &got))
                ok(same_blob(&got, &direct[k]), "  from %d to %d it is what the writer makes", i, k);
    struct layer_options fresh = zstd3;
    fresh.no_reuse = true;
    if (again(&direct[0], &fresh, &got))
        ok(same_blob(&got, &direct[2]), "  without any known chunk too");
    items_fini(&t);
}

/* Bytes as a stored layer; the diffID is that of the bytes. */
static struct layer put_plain(struct str bytes) {
    struct err e = ERR_INIT;
    struct layer l = {.compression = COMPRESSION_NONE, .blob_bytes = bytes.n, .tar_bytes = bytes.n};
    ok(store_put_blob(store, bytes, &l.blob, &e), "a foreign layer");
    l.diff_id = l.blob;
    return l;
}

static void foreign(struct str bytes, const char *what) {
    struct layer l = put_plain(bytes), got;
    if (!again(&l, &zstd3, &got))
        return;
    struct buf blob = oracle_blob(store, &got.blob);
    struct digest d = oracle_diff_id(buf_str(&blob));
    ok(digest_eq(&d, &l.diff_id) && digest_eq(&got.diff_id, &l.diff_id), "%s: its stream is kept", what);
    struct layer back;
    if (again(&got, &plain, &back))
        ok(digest_eq(&back.blob, &l.blob), "  and there and back it is the same file");
    buf_fini(&blob);
}

static void test_foreign(void) {
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    struct layer l;
    fill(&t);
    ok(items_pack(&t, store, &plain, &l, &e), "a layer");
    struct buf tar = oracle_blob(store, &l.blob);
    buf_add(&tar, (char[1024]){0}, 1024);
    foreign(buf_str(&tar), "zeros behind the end");
    struct buf reversed = BUF_INIT(MIB(1));
    for (int i = 2; i > 0; i--) { /* b before a */
        struct entry en = {.path = i == 2 ? S("b") : S("a"), .type = ENTRY_DIR, .mode = 0755};
        ok(tar_header(&en, &reversed, &e), "a header");
    }
    buf_add(&reversed, (char[1024]){0}, 1024);
    foreign(buf_str(&reversed), "entries out of order");
    foreign(S(""), "no bytes at all");
    no_err(&e, "no error");
    buf_fini(&reversed);
    buf_fini(&tar);
    items_fini(&t);
}

static void test_toc(void) {
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    struct layer l, got;
    items_bytes(&t, "leans/x", S("a parent is missing"));
    ok(items_pack(&t, store, &gzip1, &l, &e), "a layer without its parent");
    ok(layer_make_toc(store, &l, &e), "its table of contents, as for a foreign one");
    if (again(&l, &zstd3, &got)) {
        struct toc *toc = toc_open(store, &l.diff_id, &e);
        ok(toc && toc_leans(toc), "  which still says that it leans on lower layers");
        toc_free(toc);
    }
    items_fini(&t);
}

static void test_damaged(void) {
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    struct layer l, got;
    char hex[DIGEST_HEX + 1];
    items_bytes(&t, "x", items_text(&t, 99, 5000));
    ok(items_pack(&t, store, &gzip1, &l, &e), "a layer");
    digest_hex(&l.blob, hex);
    _cleanup_fd_ int fd = openat(store->blobs_fd, hex, O_RDWR | O_CLOEXEC);
    char c;
    ok(pread(fd, &c, 1, 700) == 1 && pwrite(fd, (char[]){(char)(c ^ 1)}, 1, 700) == 1, "one bit of its blob flips");
    ok(!layer_recompress(store, &l, &zstd3, &got, &e), "  then it is not packed again");
    is_err(&e, "damaged", "  and the error says why");
    struct layer lie = l;
    lie.diff_id.b[0] ^= 1;
    ok(!layer_recompress(store, &lie, &zstd3, &got, &e), "nor is one with another diffID");
    is_err(&e, "", "  which is an error");
    items_fini(&t);
}

/* The bytes are not hashed on their way in: what is made of them tells. Nothing that was made of wrong ones may be found later. */
static void test_damaged_plain(void) {
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    struct layer l, direct, got;
    char hex[DIGEST_HEX + 1], c;
    items_bytes(&t, "y", items_text(&t, 98, MIB(2)));
    ok(items_pack(&t, store, &plain, &l, &e), "a layer that is not compressed");
    digest_hex(&l.blob, hex);
    _cleanup_fd_ int fd = openat(store->blobs_fd, hex, O_RDWR | O_CLOEXEC);
    ok(pread(fd, &c, 1, MIB(1)) == 1 && pwrite(fd, (char[]){(char)(c ^ 1)}, 1, MIB(1)) == 1, "one bit of a file in it flips");
    ok(!layer_recompress(store, &l, &zstd3, &got, &e), "  then it is not packed again");
    is_err(&e, "damaged", "  and the error says why");
    ok(pwrite(fd, &c, 1, MIB(1)) == 1, "it is as it was");
    if (again(&l, &zstd3, &got) && items_pack(&t, store, &zstd3, &direct, &e)) {
        struct buf blob = oracle_blob(store, &got.blob);
        struct digest d = oracle_diff_id(buf_str(&blob));
        ok(same_blob(&got, &direct) && digest_eq(&d, &l.diff_id), "  and nothing of the wrong bytes was kept");
        buf_fini(&blob);
    }
    no_err(&e, "no error");
    items_fini(&t);
}

int main(void) {
    fixture_init();
    store = fixture_store("store");
    test_own();
    test_foreign();
    test_toc();
    test_damaged();
    test_damaged_plain();
    fixture_close(store);
    return tap_done();
}
