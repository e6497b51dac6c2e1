/* SPDX-License-Identifier: Apache-2.0
 * layer_import: a root file system archive, in any order, becomes one layer in normal form; equal contents give equal layers; a large
 * one stays within its memory. CROZE_SOAK=1 imports 10^6 entries, else 10^5. */
#include <sys/resource.h>

#include "tarball.h"

static struct arena arena;
static struct store *store;
static const struct layer_options options = {.compression = COMPRESSION_GZIP, .level = 1};

static bool import(struct tarball *t, struct layer *out, struct err *e) {
    tar_end(t);
    struct bytes_source src = {buf_str(&t->b), 0};
    bool done = layer_import(store, bytes_read, &src, "root.tar", &options, out, e);
    tar_free(t);
    *t = (struct tarball)TARBALL_INIT;
    return done;
}

static void expect(const struct layer *l, const char *want, const char *what) {
    struct err e = ERR_INIT;
    struct view v;
    must(view_open(&v, store, l, 1, &e), &e);
    is_str(view_text(&v, &arena), str_z(want), what);
    view_close(&v);
}

static bool check_order(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    (void)c;
    struct str *last = ctx;
    if (last->p && path_cmp(*last, en->path) >= 0)
        return err_set(e, ERR_FAILED, "%.*s comes behind %.*s", STR_ARG(en->path), STR_ARG(*last));
    *last = arena_str(&arena, en->path);
    return true;
}

static void test_normal_form(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[2], foreign;
    tar_file(&t, "./usr/bin/sh", "shell");
    tar_dir(&t, "./usr");
    tar_link(&t, '2', "./bin", "usr/bin");
    tar_item(&t, (struct tar_item){.name = "dev/null", .type = '3', .mode = 0666, .major = 1, .minor = 3});
    tar_item(&t, (struct tar_item){.name = "./", .type = '5', .mode = 0700, .uid = 1});
    tar_link(&t, '1', "usr/bin/ash", "usr/bin/sh");
    tar_file(&t, "empty", "");
    ok(import(&t, &l[0], &e), "import an archive in no order");
    no_err(&e, "  without an error");
    expect(&l[0], "l bin -> usr/bin\nd 0755 0:0 dev\nc 0666 0:0 dev/null 1:3\nf 0644 0:0 empty=0\nd 0755 0:0 usr\nd 0755 0:0 usr/bin\n"
           "f 0644 0:0 usr/bin/ash=5\nf 0644 0:0 usr/bin/sh=5\n", "  what it holds");
    struct str last = {0};
    ok(layer_read(store, &l[0], (struct entry_sink){check_order, &last}, &e), "  it reads back, sorted");
    no_err(&e, "  without an error");

    tar_item(&t, (struct tar_item){.name = "/", .type = '5', .mode = 0700, .uid = 1});
    tar_file(&t, "empty", "soon replaced");
    tar_link(&t, '2', "bin", "usr/bin");
    tar_dir(&t, "dev");
    tar_item(&t, (struct tar_item){.name = "dev/null", .type = '3', .mode = 0666, .major = 1, .minor = 3});
    tar_dir(&t, "usr");
    tar_dir(&t, "usr/bin");
    tar_file(&t, "usr/bin/ash", "shell");
    tar_link(&t, '1', "usr/bin/sh", "usr/bin/ash");
    tar_file(&t, "empty", "");
    ok(import(&t, &l[1], &e) && digest_eq(&l[0].diff_id, &l[1].diff_id) && digest_eq(&l[0].blob, &l[1].blob),
       "another order, implied parents made explicit, links the other way round: the same layer");
    no_err(&e, "  without an error");

    /* What the writer wrote into the toc is what a reader finds in the blob. */
    foreign = (struct layer){.blob = l[0].blob};
    char hex[DIGEST_HEX + 1];
    ok(unlinkat(store->toc_fd, digest_hex(&l[0].diff_id, hex), 0) == 0, "without the writer's toc");
    expect(&foreign, "l bin -> usr/bin\nd 0755 0:0 dev\nc 0666 0:0 dev/null 1:3\nf 0644 0:0 empty=0\nd 0755 0:0 usr\nd 0755 0:0 usr/bin\n"
           "f 0644 0:0 usr/bin/ash=5\nf 0644 0:0 usr/bin/sh=5\n", "  the one made from the blob is the same");
}

static void refused(struct tarball *t, const char *part, const char *what) {
    struct err e = ERR_INIT;
    struct layer l;
    ok(!import(t, &l, &e), "%s", what);
    is_err(&e, part, "  is refused by name");
}

static void test_refused(void) {
    struct tarball t = TARBALL_INIT;
    tar_mark(&t, "etc/.wh.passwd");
    refused(&t, "root.tar: etc/passwd: names beginning with \".wh.\"", "a file called like a whiteout");
    tar_link(&t, '1', "a", "absent");
    refused(&t, "root.tar: a hard link to absent, which the archive does not hold", "a hard link to an absent file");
    tar_file(&t, "../x", "");
    refused(&t, "root.tar: the name ../x leaves", "a name with ..");
    tar_item(&t, (struct tar_item){.name = "cut", .type = '0', .data = S("x"), .size = 1 << 20});
    refused(&t, "root.tar: cut: not a sound tar archive (Truncated", "a truncated archive");
}

static void test_big_file(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l;
    size_t n = MIB(6) + 77;
    char *bytes = mem_zalloc(n, 1);
    for (size_t i = 0; i < MIB(3); i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    struct digest want = sha256_of(bytes, n);
    tar_item(&t, (struct tar_item){.name = "big", .type = '0', .mode = 0644, .data = str_n(bytes, n)});
    tar_file(&t, "after", "x");
    free(bytes);
    ok(import(&t, &l, &e), "a file of several chunks, its end all zeros");
    no_err(&e, "  without an error");
    struct view v;
    struct view_node node;
    must(view_open(&v, store, &l, 1, &e), &e);
    ok(view_lookup(&v, S("big"), &arena, &node) && node.has_digest && digest_eq(&node.digest, &want), "  has its digest");
    view_close(&v);
}

/* An archive that is made while it is read: n empty files in directories of a thousand. */
struct generator {
    size_t at, n;
    struct tarball t;
    size_t given;
};

static ptrdiff_t generate(void *ctx, void *to, size_t n, struct err *e) {
    (void)e;
    struct generator *g = ctx;
    if (g->given == g->t.b.n) {
        char name[64];
        g->given = 0;
        buf_reset(&g->t.b);
        for (int i = 0; i < 100 && g->at < g->n; i++, g->at++) {
            snprintf(name, sizeof name, "usr/share/directory-%04zu/file-with-a-name-%07zu", g->at / 1000 * 7919 % 1000, g->at);
            tar_file(&g->t, name, "");
        }
    }
    size_t k = g->t.b.n - g->given < n ? g->t.b.n - g->given : n;
    memcpy(to, g->t.b.p + g->given, k);
    g->given += k;
    return (ptrdiff_t)k;
}

static long peak_kib(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_maxrss;
}

static void test_many(void) {
    struct err e = ERR_INIT;
    struct layer l;
    struct generator g = {.n = getenv("CROZE_SOAK") ? 1000000 : 100000, .t = TARBALL_INIT};
    long before = peak_kib();
    ok(layer_import(store, generate, &g, "many.tar", &options, &l, &e), "import %zu entries", g.n);
    no_err(&e, "  without an error");
    long grown = peak_kib() - before;
#if ASAN
    printf("# %ld KiB\n", grown);
    tap_skip("AddressSanitizer's memory is not ours");
#else
    ok(grown < 64 * 1024 + (long)(g.n * 100 / 1024), "  in %ld KiB: %ld bytes an entry above the first 64 MiB", grown,
       grown > 65536 ? (grown - 65536) * 1024 / (long)g.n : 0);
#endif
    tar_free(&g.t);
    struct view v;
    must(view_open(&v, store, &l, 1, &e), &e);
    ok(toc_count(v.tocs[0]) == g.n + g.n / 1000 + 2, "  all of them with their directories");
    view_close(&v);
}

int main(void) {
    layers_init();
    store = layers_store("store", "host-trusted");
    test_normal_form();
    test_refused();
    test_big_file();
    test_many();
    layers_close(store);
    arena_fini(&arena);
    return tap_done();
}
