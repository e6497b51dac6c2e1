/* SPDX-License-Identifier: Apache-2.0
 * The layer writer: what it writes is read back by libarchive and by the toc; any number of threads, any compression and any source of
 * the bytes give the same stream; a file that changes on the way is noticed. Reuse of older blobs is test_reuse.c. */
#include "layer/pipeline.h"
#include "pack.h"

static int source; /* a directory for files */

static const struct layer_options gzip = {.compression = COMPRESSION_GZIP, .level = 1};

/* --- Reading back --- */

static void check_toc(struct items *t, struct store *s, const struct layer *l, const char *what) {
    struct err e = ERR_INIT;
    struct toc *toc = toc_open(s, &l->diff_id, &e);
    if (!ok(toc != NULL, "%s: has a toc", what)) {
        printf("# %s\n", e.msg);
        err_clear(&e);
        return;
    }
    struct buf got = BUF_INIT(MIB(4)), want = BUF_INIT(MIB(4));
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < toc_count(toc); i++) {
        struct entry en;
        struct digest d = {0};
        toc_entry(toc, i, &a, &en);
        toc_digest(toc, i, &d);
        oracle_line(&en, &d, &got);
    }
    items_lines(t, &want);
    is_str(buf_str(&got), buf_str(&want), "the toc has the same entries and digests");
    arena_fini(&a);
    buf_fini(&got);
    buf_fini(&want);
    toc_free(toc);
}

/* Packs, reads back, compares; the layer. */
static struct layer check(struct items *t, struct store *s, const struct layer_options *o, const char *what) {
    struct err e = ERR_INIT;
    struct layer l = {0};
    bool packed = items_pack(t, s, o, &l, &e);
    no_err(&e, what);
    if (!packed)
        return l;
    struct buf blob = oracle_blob(s, &l.blob), got = BUF_INIT(MIB(4)), want = BUF_INIT(MIB(4));
    struct digest d = sha256_of(blob.p, blob.n), diff_id = oracle_diff_id(buf_str(&blob));
    ok(digest_eq(&d, &l.blob) && blob.n == l.blob_bytes, "%s: the blob is what it says", what);
    ok(digest_eq(&diff_id, &l.diff_id), "%s: so is the diffID", what);
    ok(oracle_read(buf_str(&blob), &got), "%s: libarchive reads it", what);
    items_lines(t, &want);
    is_str(buf_str(&got), buf_str(&want), what);
    buf_fini(&blob);
    buf_fini(&got);
    buf_fini(&want);
    check_toc(t, s, &l, what);
    return l;
}

/* --- Cases --- */

static void kinds_of_entries(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("kinds");
    struct xattr x[] = {{S("security.capability"), str_n("\1\0\0\2", 4)}, {S("user.note"), S("n")}};
    struct entry *en = items_add(&t, "bin", ENTRY_DIR);
    en->xattrs = x + 1;
    en->n_xattrs = 1;
    en = &items_bytes(&t, "bin/a", S("#!/bin/sh\n"))->entry;
    en->mode = 04755;
    en->xattrs = x;
    en->n_xattrs = 2;
    items_add(&t, "bin/b", ENTRY_HARDLINK)->link = S("bin/a");
    items_add(&t, "bin/c", ENTRY_SYMLINK)->link = S("/bin/a");
    en = items_add(&t, "dev-null", ENTRY_CHAR);
    en->major = 1;
    en->minor = 3;
    items_add(&t, "empty", ENTRY_DIR);
    items_bytes(&t, "empty-file", S(""));
    items_add(&t, "etc", ENTRY_DIR);
    items_bytes(&t, "etc/group", S("root:x:0:\n"));
    items_file(&t, source, "etc-hosts", S("127.0.0.1 localhost\n"));
    items_add(&t, "gone", ENTRY_WHITEOUT);
    items_add(&t, "pipe", ENTRY_FIFO)->mtime_ns = 7;
    items_add(&t, "var/log/old", ENTRY_WHITEOUT);
    struct layer l = check(&t, s, &gzip, "every kind of entry");
    struct err e = ERR_INIT;
    struct toc *toc = toc_open(s, &l.diff_id, &e);
    size_t i;
    struct str kept = STR_NULL;
    if (ok(toc && toc_find(toc, S("etc/group"), &i) && toc_kept(toc, i, &kept), "the toc keeps etc/group"))
        is_str(kept, S("root:x:0:\n"), "whole");
    ok(toc && toc_has_whiteout(toc, S("gone")) && !toc_find(toc, S("gone"), &i), "and knows what is gone");
    toc_free(toc);
    fixture_close(s);
    items_fini(&t);
}

static void empty_layer(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("empty");
    static const char zeros[TAR_END_BYTES];
    struct digest end = sha256_of(zeros, sizeof zeros);
    struct layer l = check(&t, s, &gzip, "a layer without entries");
    ok(digest_eq(&l.diff_id, &end) && l.tar_bytes == TAR_END_BYTES, "is 1024 zero bytes");
    fixture_close(s);
    items_fini(&t);
}

/* Files of all sizes that matter, enough of them for dozens of chunks. */
static void add_tree(struct items *t, bool on_disk) {
    static const size_t sizes[] = {1,    511,       512,   513, CHUNK_FILE - 1, CHUNK_FILE, CHUNK_FILE + 1, 3 * CHUNK_FILE + 77,
                                   4096, CHUNK_MAX, 300000};
    char name[64];
    for (size_t i = 0; i < 1500; i++) {
        snprintf(name, sizeof name, "f%04zu", i);
        size_t n = i % 100 == 50 ? sizes[i / 100 % 11] : i * 7919 % 20000;
        struct str bytes = items_text(t, i, n);
        if (on_disk)
            items_file(t, source, name, bytes);
        else
            items_bytes(t, name, bytes);
    }
}

static struct layer pack_with(unsigned threads, struct items *t, const char *store, const struct layer_options *o) {
    struct err e = ERR_INIT;
    struct layer l = {0};
    struct store *s = fixture_store(store);
    thread_set_count(threads);
    ok(items_pack(t, s, o, &l, &e), "packed with %u threads", threads);
    no_err(&e, "without an error");
    thread_set_count(0);
    fixture_close(s);
    return l;
}

static bool same_layer(const struct layer *a, const struct layer *b) {
    return digest_eq(&a->diff_id, &b->diff_id) && digest_eq(&a->blob, &b->blob) &&
           a->blob_bytes == b->blob_bytes && a->tar_bytes == b->tar_bytes;
}

static void threads_and_sources(void) {
    struct items disk = ITEMS_INIT, memory = ITEMS_INIT;
    struct store *s = fixture_store("tree");
    add_tree(&disk, true);
    add_tree(&memory, false);
    struct layer first = check(&disk, s, &gzip, "1500 files");
    fixture_close(s);
    struct layer one = pack_with(1, &disk, "one", &gzip), eight = pack_with(8, &disk, "eight", &gzip);
    struct layer bytes = pack_with(3, &memory, "memory", &gzip);
    ok(same_layer(&one, &first) && same_layer(&eight, &first), "one and eight threads give the same blob");
    ok(same_layer(&bytes, &first), "and so do bytes from memory");
    struct layer_options hash = gzip;
    hash.hash_only = true;
    struct layer hashed = pack_with(2, &disk, "hash", &hash);
    ok(digest_eq(&hashed.diff_id, &first.diff_id) && digest_is_zero(&hashed.blob), "hash_only gives the diffID and no blob");
    items_fini(&disk);
    items_fini(&memory);
}

static void compressions(void) {
    static const struct layer_options plain = {.compression = COMPRESSION_NONE}, zstd = {.compression = COMPRESSION_ZSTD, .level = 3};
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("compressions");
    add_tree(&t, true);
    struct layer a = check(&t, s, &plain, "uncompressed"), b = check(&t, s, &zstd, "zstd"), c = check(&t, s, &gzip, "gzip");
    ok(digest_eq(&a.diff_id, &a.blob) && digest_eq(&a.diff_id, &b.diff_id) && digest_eq(&a.diff_id, &c.diff_id), "one diffID");
    ok(!digest_eq(&b.blob, &c.blob), "several blobs");
    is_str(str_z(layer_media_type(b.compression)), S("application/vnd.oci.image.layer.v1.tar+zstd"), "media type");
    fixture_close(s);
    items_fini(&t);
}

/* xattrs so large that an entry's headers alone pass a chunk. */
static void huge_headers(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("headers");
    struct xattr x[15];
    char name[15][16];
    for (size_t i = 0; i < 15; i++) {
        snprintf(name[i], sizeof name[i], "user.x%02zu", i);
        x[i] = (struct xattr){str_z(name[i]), items_text(&t, i, LIMIT_XATTR_BYTES)};
    }
    items_bytes(&t, "a", S("a"));
    struct entry *en = &items_file(&t, source, "b", items_text(&t, 99, CHUNK_FILE))->entry;
    en->xattrs = x;
    en->n_xattrs = 15;
    en = &items_file(&t, source, "c", items_text(&t, 98, 2 * CHUNK_FILE + 5))->entry;
    en->xattrs = x;
    en->n_xattrs = 3;
    items_bytes(&t, "d", S("d"));
    check(&t, s, &gzip, "headers larger than a chunk");
    fixture_close(s);
    items_fini(&t);
}

static void clamped_times(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("epoch");
    struct layer_options o = gzip;
    o.has_epoch = true;
    o.epoch = 1000;
    items_bytes(&t, "a", S("x"))->entry.mtime_s = 999;
    items_bytes(&t, "b", S("x"))->entry.mtime_s = 1001;
    struct entry *c = &items_bytes(&t, "c", S("x"))->entry;
    c->mtime_s = 1000;
    c->mtime_ns = 1;
    struct err e = ERR_INIT;
    struct layer l = {0};
    ok(items_pack(&t, s, &o, &l, &e), "packed with an epoch");
    t.all.p[1].entry.mtime_s = 1000;
    t.all.p[2].entry.mtime_ns = 0;
    struct layer want = check(&t, s, &gzip, "the same with times that are no newer");
    ok(same_layer(&l, &want), "newer times became the epoch");
    err_clear(&e);
    fixture_close(s);
    items_fini(&t);
}

/* --- What goes wrong --- */

static void fails(struct items *t, const char *message, int sys, const char *what) {
    struct err e = ERR_INIT;
    struct layer l;
    struct store *s = fixture_store("bad");
    ok(!items_pack(t, s, &gzip, &l, &e), "%s: fails", what);
    ok(e.sys == sys, "%s: errno %d", what, e.sys);
    is_err(&e, message, what);
    fixture_close(s);
}

static void put(const char *name, struct str bytes) {
    struct err e = ERR_INIT;
    must(file_replace(source, name, bytes.p, bytes.n, false, &e), &e);
}

static void changing_files(void) {
    struct items t = ITEMS_INIT;
    struct item *it = items_file(&t, source, "victim", S("as it was listed"));
    put("victim", S("as it is now, longer"));
    fails(&t, "victim changed while it was read", ESTALE, "another file in its place");
    items_relist(it);
    it->content.seen.st_size = 3;
    it->entry.size = 3;
    fails(&t, "victim changed while it was read", ESTALE, "it grew");
    it->content.seen.st_size = 300;
    it->entry.size = 300;
    fails(&t, "it became shorter", ESTALE, "it was truncated");
    items_relist(it);
    it->content.seen.st_mtim.tv_nsec ^= 1;
    fails(&t, "its size, times or inode", ESTALE, "it was written to");
    items_relist(it);
    it->content.has_digest = true;
    it->content.digest = sha256_of("x", 1);
    fails(&t, "its bytes are not what was listed", ESTALE, "other bytes under the same times");
    it->content.has_digest = false;
    unlinkat(source, "victim", 0);
    fails(&t, "it is gone", ESTALE, "it vanished");
    ok(symlinkat("/etc/passwd", source, "victim") == 0, "a symlink takes its place");
    fails(&t, "it is gone", ESTALE, "and is not followed");
    unlinkat(source, "victim", 0);
    ok(mkfifoat(source, "victim", 0600) == 0, "a pipe takes its place");
    fails(&t, "victim changed", ESTALE, "and nobody waits for its writer");
    unlinkat(source, "victim", 0);
    items_fini(&t);
}

/* A large file's digest is made in order, over its parts. */
static void changing_large_file(void) {
    struct items t = ITEMS_INIT;
    struct item *it = items_file(&t, source, "victim", items_text(&t, 1, 3 * CHUNK_FILE));
    it->content.has_digest = true;
    it->content.digest = sha256_of("x", 1);
    fails(&t, "its bytes are not what was listed", ESTALE, "a large file with other bytes");
    items_know(&t);
    struct store *s = fixture_store("large");
    check(&t, s, &gzip, "and with the right ones");
    fixture_close(s);
    items_fini(&t);
}

static void early_failure(void) {
    struct items t = ITEMS_INIT;
    add_tree(&t, true);
    unlinkat(source, "f0003", 0);
    fails(&t, "f0003", ESTALE, "the first of many files is gone");
    put("f0003", S("x"));
    items_fini(&t);
    struct item *it = items_bytes(&t, "dir/.wh.x", S("x"));
    fails(&t, "dir/.wh.x", 0, "a name that would be read as a whiteout");
    it->entry.path = S("huge");
    it->entry.size = LIMIT_LAYER_BYTES + 1;
    fails(&t, "4 TiB", 0, "a file above every limit");
    items_fini(&t);
}

/* --- Streams and the stat index --- */

struct trickle {
    struct str left;
    size_t step;
};
static ptrdiff_t pull(void *ctx, void *to, size_t n, struct err *e) {
    (void)e;
    struct trickle *c = ctx;
    c->step = c->step * 31 % 65521 + 1;
    struct str piece = str_first(c->left, n < c->step ? n : c->step);
    memcpy(to, piece.p, piece.n);
    c->left = str_from(c->left, piece.n);
    return (ptrdiff_t)piece.n;
}

static void streams(void) {
    struct items t = ITEMS_INIT, same = ITEMS_INIT;
    struct store *s = fixture_store("streams");
    struct str text = items_text(&t, 5, 5 * CHUNK_FILE + 1234), passwd = S("root:x:0:0::/:/bin/sh\n");
    struct trickle c = {text, 1}, p = {passwd, 1}, cut = {str_first(text, 1000), 1};
    items_bytes(&same, "big", text);
    items_bytes(&same, "etc/passwd", passwd);
    struct layer want = check(&same, s, &gzip, "bytes");
    items_bytes(&t, "big", text)->content = (struct content){.kind = CONTENT_STREAM, .pull = pull, .pull_ctx = &c};
    items_bytes(&t, "etc/passwd", passwd)->content = (struct content){.kind = CONTENT_STREAM, .pull = pull, .pull_ctx = &p};
    struct layer got = check(&t, s, &gzip, "the same bytes from a stream");
    ok(same_layer(&got, &want), "give the same layer");
    t.all.p[0].content.pull_ctx = &cut;
    fails(&t, "big: its content ends early", 0, "a stream that ends early");
    for (size_t i = 0; i < 2; i++) { /* as from an unpacked layer that has rotted: "big", and etc/passwd, which the toc keeps */
        c.left = text;
        p.left = passwd;
        t.all.p[0].content.pull_ctx = &c;
        t.all.p[i].content.has_digest = true;
        t.all.p[i].content.digest = sha256_of("x", 1);
        fails(&t, i ? "etc/passwd: its bytes are not what was listed" : "big: its bytes are not what was listed", 0, "other bytes");
        t.all.p[i].content.has_digest = false;
    }
    fixture_close(s);
    items_fini(&t);
    items_fini(&same);
}
int main(void) {
    struct err e = ERR_INIT;
    fixture_init();
    _cleanup_(mem_freep) char *path = in_scratch("source");
    must(file_mkdirs(path, 0755, &e), &e);
    source = file_open(path, O_RDONLY | O_DIRECTORY, 0, &e);
    kinds_of_entries();
    empty_layer();
    threads_and_sources();
    compressions();
    huge_headers();
    clamped_times();
    changing_files();
    changing_large_file();
    early_failure();
    streams();
    close(source);
    return tap_done();
}
