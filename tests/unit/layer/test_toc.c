/* SPDX-License-Identifier: Apache-2.0
 * Tables of contents: built, read back whole, searched; and no damage to the file does more than an error. */
#include "layer/toc_format.h"
#include "pack.h"

static struct store *store;
static struct layer layer; /* only the diffID matters here */

static void add(struct toc_builder *b, const struct entry *en) {
    struct err e = ERR_INIT;
    size_t number;
    must(toc_builder_add(b, en, &number, &e), &e);
}

static void add_named(struct toc_builder *b, const char *path, enum entry_type type) {
    struct entry en = {.path = str_z(path), .type = type, .mode = 0755};
    add(b, &en);
}

static struct toc *publish(struct toc_builder *b) {
    struct err e = ERR_INIT;
    must(toc_builder_publish(b, &layer, &e), &e);
    toc_builder_free(b);
    struct toc *t = toc_open(store, &layer.diff_id, &e);
    must(t != NULL, &e);
    return t;
}

static void absent(void) {
    struct err e = ERR_INIT;
    struct digest d = sha256_of("none", 4);
    ok(toc_open(store, &d, &e) == NULL && e.sys == ENOENT, "a toc that is not there: ENOENT");
    is_err(&e, "open the table of contents of layer sha256:", "says what is missing");
}

static void round_trip(void) {
    struct xattr x[] = {{S("security.capability"), str_n("\0\1", 2)}, {S("user.empty"), S("")}};
    struct entry list[] = {
        {.path = STR_NULL, .type = ENTRY_DIR, .mode = 0755},
        {.path = S("a"), .type = ENTRY_DIR, .mode = 01777, .uid = 5, .mtime_s = -3, .mtime_ns = 999999999},
        {.path = S("a/f"), .type = ENTRY_FILE, .mode = 04755, .gid = UINT32_MAX, .size = (uint64_t)1 << 40, .xattrs = x, .n_xattrs = 2},
        {.path = S("a/z"), .type = ENTRY_FILE, .mode = 0600},
        {.path = S("b"), .type = ENTRY_SYMLINK, .mode = 0777, .link = S("a/f")},
        {.path = S("c"), .type = ENTRY_HARDLINK, .mode = 0600, .link = S("a/z")},
        {.path = S("d"), .type = ENTRY_BLOCK, .mode = 0600, .major = 7, .minor = 1048575},
        {.path = S("e"), .type = ENTRY_WHITEOUT},
        {.path = S("f"), .type = ENTRY_FIFO, .mode = 0600, .mtime_s = INT64_MAX},
    };
    size_t n = sizeof list / sizeof *list;
    struct toc_builder *b = toc_builder_new(store);
    struct digest d = sha256_of("x", 1), got, zero = {0};
    for (size_t i = 0; i < n; i++)
        add(b, &list[i]);
    struct err e = ERR_INIT;
    must(toc_builder_set_digest(b, 2, &d, &e), &e);
    struct toc *t = publish(b);
    struct buf have = BUF_INIT(MIB(1)), want = BUF_INIT(MIB(1));
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < n; i++) {
        struct entry en;
        toc_entry(t, i, &a, &en);
        oracle_line(&en, &zero, &have);
        oracle_line(&list[i], &zero, &want);
    }
    ok(toc_count(t) == n && !toc_leans(t), "as many entries as were added");
    is_str(buf_str(&have), buf_str(&want), "and the same");
    ok(toc_digest(t, 2, &got) && digest_eq(&got, &d), "a digest that was set");
    d = sha256_of("", 0);
    ok(toc_digest(t, 3, &got) && digest_eq(&got, &d), "an empty file's is implied");
    ok(!toc_digest(t, 1, &got), "a directory has none");
    struct entry en;
    toc_entry(t, 2, NULL, &en);
    ok(en.n_xattrs == 0, "without an arena no xattrs are given");
    arena_fini(&a);
    buf_fini(&have);
    buf_fini(&want);
    toc_free(t);
}

static struct str path_at(const struct toc *t, size_t i) {
    struct entry en;
    toc_entry(t, i, NULL, &en);
    return en.path;
}

/* Marks and whiteouts beside what they concern. */
static void marks(void) {
    struct toc_builder *b = toc_builder_new(store);
    add_named(b, "etc/passwd", ENTRY_FILE);
    toc_builder_set_kept(b, 0, S("kept"));
    add_named(b, "usr", ENTRY_DIR);
    add_named(b, "usr/both", ENTRY_FILE);
    add_named(b, "usr/both", ENTRY_WHITEOUT);
    add_named(b, "usr/gone", ENTRY_WHITEOUT);
    add_named(b, "usr/lib", ENTRY_DIR);
    add_named(b, "usr/lib", ENTRY_OPAQUE);
    add_named(b, "usr/lib/x", ENTRY_FILE);
    add_named(b, "usr/lib.d", ENTRY_DIR);
    toc_builder_set_leans(b);
    struct toc *t = publish(b);
    ok(toc_count(t) == 9 && toc_leans(t), "entries and their marks");
    is_str(path_at(t, 8), S("usr/lib.d"), "in the order in which they were added");
    size_t i;
    struct str kept;
    ok(toc_find(t, S("etc/passwd"), &i) && toc_kept(t, i, &kept) && str_eq(kept, S("kept")), "a kept file");
    ok(toc_is_opaque(t, S("usr/lib")) && !toc_is_opaque(t, S("usr")), "opaque");
    ok(toc_has_whiteout(t, S("usr/gone")) && toc_has_whiteout(t, S("usr/both")) && !toc_has_whiteout(t, S("usr/lib")), "whiteouts");
    ok(toc_find(t, S("usr/both"), &i) && i == 2 && !toc_find(t, S("usr/gone"), &i) && !toc_find(t, S("usr/lib/"), &i),
       "entries are found, marks are not");
    ok(toc_lower_bound(t, S("usr/lib")) == 5 && toc_lower_bound(t, S("usr/libx")) == 9 && toc_lower_bound(t, STR_NULL) == 0,
       "lower bounds");
    toc_free(t);
}

/* More records than memory holds: digests are set late, both in the work file and in memory. */
static void large(void) {
    enum { FILES = 600000, LATE = 30000 };
    size_t before = peak_bytes();
    struct err e = ERR_INIT;
    struct toc_builder *b = toc_builder_new(store);
    char path[32];
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "d/%06d", i);
        struct entry en = {.path = str_z(path), .type = ENTRY_FILE, .mode = 0644, .size = (uint64_t)i + 1};
        add(b, &en);
        if (i >= LATE) { /* long after the record itself */
            struct digest d = sha256_of(&(int){i - LATE}, sizeof i);
            must(toc_builder_set_digest(b, (size_t)i - LATE, &d, &e), &e);
        }
    }
    for (int i = FILES - LATE; i < FILES; i++) {
        struct digest d = sha256_of(&i, sizeof i);
        must(toc_builder_set_digest(b, (size_t)i, &d, &e), &e);
    }
    must(toc_builder_publish(b, &layer, &e), &e);
    size_t grown = peak_bytes() - before;
    ok(before == 0 || grown < MIB(20) + FILES * 8, "%d entries in %zu bytes of memory", FILES, grown);
    toc_builder_free(b);
    struct toc *t = toc_open(store, &layer.diff_id, &e);
    must(t != NULL, &e);
    size_t wrong = 0;
    for (int i = 0; i < FILES; i++) {
        struct digest got, want = sha256_of(&i, sizeof i);
        struct entry en;
        snprintf(path, sizeof path, "d/%06d", i);
        toc_entry(t, (size_t)i, NULL, &en);
        wrong += !str_eqz(en.path, path) || en.size != (uint64_t)i + 1 || !toc_digest(t, (size_t)i, &got) || !digest_eq(&got, &want);
    }
    ok(toc_count(t) == FILES && wrong == 0, "%d entries with digests that came late", FILES);
    toc_free(t);
}

static void limits(void) {
    struct err e = ERR_INIT;
    struct toc_builder *b = toc_builder_new(store);
    char *long_name = mem_zalloc(1, LIMIT_PATH_BYTES + 2);
    memset(long_name, 'x', LIMIT_PATH_BYTES + 1);
    struct entry en = {.path = str_z(long_name), .type = ENTRY_FILE};
    size_t number;
    ok(!toc_builder_add(b, &en, &number, &e), "a name above the limit");
    is_err(&e, "more than 4095 bytes", "is refused");
    en.path.n--;
    ok(toc_builder_add(b, &en, &number, &e), "one at the limit is not");
    struct xattr big = {S("user.x"), str_n(long_name, LIMIT_XATTR_BYTES + 1)};
    en.xattrs = &big;
    en.n_xattrs = 1;
    ok(!toc_builder_add(b, &en, &number, &e), "an xattr above the limit");
    is_err(&e, "user.x", "is refused");
    free(long_name);
    toc_builder_free(b);
}

/* A table for damaging: bytes of the file, in memory. */
static struct buf small_toc(void) {
    struct toc_builder *b = toc_builder_new(store);
    struct xattr x = {S("user.x"), S("value")};
    struct entry en = {.path = S("etc/passwd"), .type = ENTRY_FILE, .size = 9, .uid = 1, .mtime_ns = 1, .xattrs = &x, .n_xattrs = 1};
    add_named(b, "etc", ENTRY_DIR);
    add(b, &en);
    toc_builder_set_kept(b, 1, S("root::0:0"));
    add_named(b, "z", ENTRY_SYMLINK);
    toc_free(publish(b));
    char hex[DIGEST_HEX + 1];
    _cleanup_(mem_freep) char *path = mem_printf("%s/toc/%s", store->root, digest_hex(&layer.diff_id, hex));
    return file_bytes(path);
}

static void look_at_all(const struct toc *t) {
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < toc_count(t); i++) {
        struct entry en;
        struct digest d;
        struct str kept;
        toc_entry(t, i, &a, &en);
        toc_digest(t, i, &d);
        toc_kept(t, i, &kept);
        toc_find(t, en.path, &i);
    }
    arena_fini(&a);
}

static void damage(void) {
    struct err e = ERR_INIT;
    struct buf good = small_toc();
    char hex[DIGEST_HEX + 1];
    digest_hex(&layer.diff_id, hex);
    size_t opened = 0, parsed = 0;
    for (size_t i = 0; i < good.n; i++) {
        good.p[i] ^= 0x41;
        must(file_replace(store->toc_fd, hex, good.p, good.n, false, &e), &e);
        struct toc *t = toc_open(store, &layer.diff_id, &e);
        opened += t != NULL;
        err_clear(&e);
        toc_free(t);
        t = toc_parse(good.p, good.n, &e); /* as if the checksum matched */
        if (t)
            look_at_all(t);
        parsed += t != NULL;
        err_clear(&e);
        toc_free(t);
        good.p[i] ^= 0x41;
    }
    ok(opened == 0, "one changed byte anywhere is noticed");
    ok(parsed < good.n, "and without the checksum it is harmless");
    size_t cut = 0;
    for (size_t n = 0; n < good.n; n++) {
        struct toc *t = toc_parse(good.p, n, &e);
        cut += t == NULL;
        err_clear(&e);
        toc_free(t);
    }
    ok(cut == good.n, "so is every truncation");
    must(file_replace(store->toc_fd, hex, "", 0, false, &e), &e);
    ok(toc_open(store, &layer.diff_id, &e) == NULL, "an empty file");
    is_err(&e, "toc/", "says which");
    buf_fini(&good);
}

static void other_layers(void) {
    struct err e = ERR_INIT;
    struct buf good = small_toc();
    struct digest other = sha256_of("other", 5);
    char hex[DIGEST_HEX + 1];
    must(file_replace(store->toc_fd, digest_hex(&other, hex), good.p, good.n, false, &e), &e);
    ok(toc_open(store, &other, &e) == NULL, "a toc under another layer's name");
    is_err(&e, "belongs to another layer", "is refused");
    buf_fini(&good);
}

int main(void) {
    fixture_init();
    store = fixture_store("store");
    layer.diff_id = sha256_of("layer", 5);
    absent();
    round_trip();
    marks();
    large();
    limits();
    damage();
    other_layers();
    fixture_close(store);
    return tap_done();
}
