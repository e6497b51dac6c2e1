/* SPDX-License-Identifier: Apache-2.0
 * Reuse of older blobs by the layer writer: whatever is known, damaged or gone, the result is the one that a fresh store gives; and what
 * is known is not read or compressed again. */
#include "layer/pipeline.h"
#include "layer/read.h"
#include "pack.h"

static int source;
static const struct layer_options gzip = {.compression = COMPRESSION_GZIP, .level = 1};

/* What the writer says it did: the debug line of its finish. */
static unsigned long skipped, reused, packed;
static void take_line(void *ctx, const char *line) {
    (void)ctx;
    struct str counts, rest = str_z(line);
    unsigned long *to[] = {&skipped, &reused, &packed};
    if (!str_starts(rest, S("debug: layer of ")) || !str_cut(rest, ':', &counts, &rest) || !str_cut(rest, ':', &counts, &rest))
        return;
    for (size_t i = 0; i < 3 && str_cut(str_trim_left(rest), ' ', &counts, &rest); i++) {
        uint64_t n = 0;
        *to[i] = str_to_u64(counts, 10, UINT32_MAX, &n) ? (unsigned long)n : 0;
        str_cut(rest, ',', &counts, &rest);
    }
}

/* Small files with two large ones among them. */
static void add_tree(struct items *t) {
    char name[64];
    for (size_t i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "f%04zu", i);
        items_file(t, source, name, items_text(t, i, i == 200 ? 4 * CHUNK_FILE + 1000 : i == 400 ? CHUNK_FILE + 1 : i * 7919 % 20000));
    }
}

static struct layer pack_into(struct items *t, struct store *s, const struct layer_options *o) {
    struct err e = ERR_INIT;
    struct layer l = {0};
    must(items_pack(t, s, o, &l, &e), &e);
    return l;
}

static struct layer pack_fresh(struct items *t) {
    static unsigned n;
    char name[32];
    snprintf(name, sizeof name, "fresh%u", n++);
    struct store *s = fixture_store(name);
    struct layer l = pack_into(t, s, &gzip);
    fixture_close(s);
    return l;
}

/* The layer is the same as from a fresh store, and its blob and toc are whole. */
static void same_as_fresh(struct items *t, struct store *s, const char *what) {
    struct layer l = pack_into(t, s, &gzip);
    unsigned long counts[] = {skipped, reused, packed};
    struct layer want = pack_fresh(t);
    struct buf blob = oracle_blob(s, &l.blob);
    struct digest d = sha256_of(blob.p, blob.n);
    ok(digest_eq(&l.diff_id, &want.diff_id) && digest_eq(&l.blob, &want.blob), "%s: the same layer as without reuse", what);
    ok(digest_eq(&d, &l.blob), "%s: and its blob is whole", what);
    skipped = counts[0], reused = counts[1], packed = counts[2];
    buf_fini(&blob);
}

static void check_toc_digests(struct items *t, struct store *s, const struct digest *diff_id) {
    struct err e = ERR_INIT;
    struct toc *toc = toc_open(s, diff_id, &e);
    size_t good = 0;
    for (size_t i = 0; toc && i < toc_count(toc); i++) {
        struct digest d;
        good += toc_digest(toc, i, &d) && digest_eq(&d, &t->all.p[i].digest);
    }
    ok(good == t->all.n, "the toc has every digest");
    toc_free(toc);
}

static char *store_path(const char *store, const char *name) {
    return mem_printf("%s/%s/%s", scratch, store, name);
}

static void unchanged(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("unchanged");
    add_tree(&t);
    struct layer first = pack_into(&t, s, &gzip);
    ok(skipped == 0 && reused == 0 && packed > 8, "the first time all %lu chunks are packed", packed);
    items_know(&t);
    for (size_t i = 0; i < t.all.n; i++)
        unlinkat(source, t.all.p[i].entry.path.p, 0);
    struct layer again = pack_into(&t, s, &gzip);
    ok(reused == 0 && packed == 0 && skipped > 8, "known files are not even opened");
    ok(digest_eq(&again.blob, &first.blob) && digest_eq(&again.diff_id, &first.diff_id) && again.tar_bytes == first.tar_bytes,
       "the same layer");
    check_toc_digests(&t, s, &again.diff_id);
    struct layer_options hash = gzip;
    hash.hash_only = true;
    struct layer hashed = pack_into(&t, s, &hash);
    ok(digest_eq(&hashed.diff_id, &first.diff_id), "nor for the diffID alone");
    char hex[DIGEST_HEX + 1];
    ok(unlinkat(s->blobs_fd, digest_hex(&first.blob, hex), 0) == 0, "the blob is lost");
    struct err e = ERR_INIT;
    ok(!items_pack(&t, s, &gzip, &again, &e) && e.sys == ESTALE, "then the files are wanted");
    err_clear(&e);
    fixture_close(s);
    items_fini(&t);
}

static void change(struct items *t, size_t i, size_t bytes) {
    struct err e = ERR_INIT;
    struct item *it = &t->all.p[i];
    struct str text = items_text(t, i + 100000, bytes);
    must(file_replace(source, it->entry.path.p, text.p, text.n, false, &e), &e);
    it->digest = sha256_of(text.p, text.n);
    items_relist(it);
}

static void one_changed(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("changed");
    add_tree(&t);
    pack_into(&t, s, &gzip);
    unsigned long all = packed;
    change(&t, 300, 5000);
    same_as_fresh(&t, s, "one file changed, digests unknown");
    enum { LARGE = 5 + 2 }; /* chunks of large files: their keys are known before they are read, or not at all */
    ok(packed <= 2 + LARGE && skipped == 0 && reused >= all - 2 - LARGE, "all but its chunk were reused");
    change(&t, 301, 5000);
    items_know(&t);
    same_as_fresh(&t, s, "one file changed, digests known");
    ok(packed <= 2 && skipped > 0 && reused > 0, "chunks before it were skipped, those behind it reused");
    change(&t, 200, 3 * CHUNK_FILE + 7);
    items_know(&t);
    same_as_fresh(&t, s, "a large file changed");
    ok(packed >= 4 && packed <= 6 && skipped > 0, "its parts were packed");
    same_as_fresh(&t, s, "nothing changed");
    ok(packed == 0 && reused == 0, "and now it is known");
    t.all.n = 250;
    same_as_fresh(&t, s, "the end is cut off");
    t.all.p[0].entry.mtime_s++;
    same_as_fresh(&t, s, "only a time changed, in the first entry");
    ok(packed <= 2 && skipped == 0 && reused > 0, "one chunk was packed");
    fixture_close(s);
    items_fini(&t);
}

/* chunks.idx is a header slot, and then for each chunk one slot and three of its prefix. */
static void resume_inside_a_file(void) {
    struct items t = ITEMS_INIT;
    add_tree(&t);
    items_know(&t);
    for (size_t n = 1; n < 14; n++) {
        struct store *s = fixture_store("inside");
        _cleanup_(mem_freep) char *index = store_path("inside", "chunks.idx");
        pack_into(&t, s, &gzip);
        ok(truncate(index, (off_t)(96 * (1 + 4 * n))) == 0, "only %zu chunks are known", n);
        same_as_fresh(&t, s, "a beginning is known");
        ok(skipped == n && reused == 0, "it is skipped");
        unlink(index);
        fixture_close(s);
    }
    items_fini(&t);
}

static void damaged_blob(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("damaged");
    add_tree(&t);
    struct layer l = pack_into(&t, s, &gzip);
    char hex[DIGEST_HEX + 1];
    _cleanup_(mem_freep) char *name = mem_printf("blobs/sha256/%s", digest_hex(&l.blob, hex));
    _cleanup_(mem_freep) char *path = store_path("damaged", name);
    chmod(path, 0644);
    damage_file(path, -100000);
    change(&t, 0, 20);
    items_know(&t);
    same_as_fresh(&t, s, "an old blob is damaged");
    ok(reused > 0 && packed == 2, "the damaged chunk was packed anew");
    fixture_close(s);
    items_fini(&t);
}

static void other_encoders(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("encoders");
    struct layer_options better = gzip, plain = {.compression = COMPRESSION_NONE};
    better.level = 6;
    add_tree(&t);
    pack_into(&t, s, &gzip);
    pack_into(&t, s, &better);
    ok(reused == 0 && skipped == 0, "another level reuses nothing");
    struct layer a = pack_into(&t, s, &plain);
    items_know(&t);
    struct layer b = pack_into(&t, s, &plain);
    ok(digest_eq(&a.blob, &b.blob) && packed == 0 && skipped > 0, "an uncompressed layer is skipped too");
    fixture_close(s);
    items_fini(&t);
}

/* A resumed prefix whose files changed since they were listed: nothing is read, so nothing is wrong; behind it everything is checked. */
static void stale_behind_prefix(void) {
    struct items t = ITEMS_INIT;
    struct store *s = fixture_store("stale");
    struct layer l;
    struct err e = ERR_INIT;
    add_tree(&t);
    items_know(&t);
    pack_into(&t, s, &gzip);
    change(&t, 300, 100);
    items_know(&t);
    t.all.p[301].content.digest = sha256_of("x", 1);
    ok(!items_pack(&t, s, &gzip, &l, &e) && e.sys == ESTALE, "a wrong digest in the changed chunk is noticed");
    is_err(&e, "f0301 changed while it was read", "and named");
    fixture_close(s);
    items_fini(&t);
}

/* A layer that lies plain in the store and is packed at a push: what a build with that encoder has packed is known there, and what was
 * packed for an earlier push. */
static void packed_again(void) {
    const struct layer_options plain = {.compression = COMPRESSION_NONE};
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    struct layer got;
    struct store *s = fixture_store("again");
    add_tree(&t);
    struct layer made = pack_into(&t, s, &gzip), lies = pack_into(&t, s, &plain);
    must(layer_recompress(s, &lies, &gzip, &got, &e), &e);
    ok(packed == 0 && reused == 0 && skipped > 8, "what a build packed is not packed again (%lu skipped, %lu packed)", skipped, packed);
    ok(digest_eq(&got.blob, &made.blob), "the same blob");
    change(&t, 300, 5000);
    lies = pack_into(&t, s, &plain);
    must(layer_recompress(s, &lies, &gzip, &got, &e), &e);
    ok(packed > 0 && packed <= 3 && skipped + reused > 8, "of a layer with one file changed a chunk or two are (%lu)", packed);
    struct layer want = pack_fresh(&t);
    ok(digest_eq(&got.blob, &want.blob), "the blob that a fresh store gives");
    fixture_close(s);
    items_fini(&t);
}

int main(void) {
    struct err e = ERR_INIT;
    fixture_init();
    _cleanup_(mem_freep) char *path = in_scratch("source");
    must(file_mkdirs(path, 0755, &e), &e);
    source = file_open(path, O_RDONLY | O_DIRECTORY, 0, &e);
    log_set_debug(true);
    log_set_sink(take_line, NULL);
    thread_set_count(3);
    unchanged();
    one_changed();
    resume_inside_a_file();
    damaged_blob();
    other_encoders();
    stale_behind_prefix();
    packed_again();
    close(source);
    return tap_done();
}
