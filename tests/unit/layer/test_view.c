/* SPDX-License-Identifier: Apache-2.0
 * Foreign layers to tocs (doubles, replacements, hard links, leaning layers), and stacks of them looked at as one root. */
#include "tarball.h"

static struct arena arena;
static struct store *store;

static void expect(struct layer *layers, size_t n, const char *want, const char *what) {
    struct err e = ERR_INIT;
    struct view v;
    if (ok(view_open(&v, store, layers, n, &e), "%s: open", what)) {
        is_str(view_text(&v, &arena), str_z(want), what);
        view_close(&v);
    }
    no_err(&e, "  without an error");
}

/* One layer of these entries. */
static void one(struct tarball *t, const char *want, const char *what) {
    struct layer l = layers_put(store, t);
    expect(&l, 1, want, what);
}

static void refused(struct tarball *t, const char *part, const char *what) {
    struct err e = ERR_INIT;
    struct layer l = layers_put(store, t);
    struct view v;
    if (view_open(&v, store, &l, 1, &e))
        view_close(&v);
    is_err(&e, part, what);
}

static void test_listing(void) {
    struct tarball t = TARBALL_INIT;
    tar_file(&t, "z", "1");
    tar_dir(&t, "a.b");
    tar_dir(&t, "a");
    tar_file(&t, "a/x", "22");
    tar_file(&t, "a.b/y", "333");
    tar_file(&t, "z", "4444");
    one(&t, "d 0755 0:0 a\nf 0644 0:0 a/x=2\nd 0755 0:0 a.b\nf 0644 0:0 a.b/y=3\nf 0644 0:0 z=4\n",
        "any order, and the last of doubles counts");

    tar_dir(&t, "d");
    tar_file(&t, "d/x", "1");
    tar_dir(&t, "d/sub");
    tar_file(&t, "d/sub/y", "1");
    tar_file(&t, "d", "now a file");
    one(&t, "f 0644 0:0 d=10\n", "a file replaces a directory with all below it");
    tar_dir(&t, "d");
    tar_file(&t, "d/old", "1");
    tar_file(&t, "d", "file");
    tar_dir(&t, "d");
    tar_file(&t, "d/new", "1");
    one(&t, "d 0755 0:0 d\nf 0644 0:0 d/new=1\n", "and the other way round");
    tar_dir(&t, "d");
    tar_file(&t, "d/x", "1");
    tar_item(&t, (struct tar_item){.name = "d", .type = '5', .mode = 0700, .uid = 5, .gid = 6});
    one(&t, "d 0700 5:6 d\nf 0644 0:0 d/x=1\n", "a directory twice: the later attributes, all contents");

    tar_file(&t, "f", "1");
    tar_file(&t, "f/x", "1");
    refused(&t, "f/x lies below f, which the archive made a file", "an entry below a file");
    tar_link(&t, '2', "out", "/etc");
    tar_file(&t, "out/passwd", "evil");
    refused(&t, "out/passwd lies below out, which the archive made a symbolic link", "writing through a symlink");
    tar_dir(&t, "d");
    tar_link(&t, '1', "x", "d");
    refused(&t, "x is a hard link to d, which is a directory", "a hard link to a directory");
    tar_dir(&t, "d");
    tar_file(&t, "d/x", "");
    tar_link(&t, '1', "d", "d/x");
    refused(&t, "which it would replace", "a hard link that removes its own target");
    tar_link(&t, '1', "a", "b");
    tar_file(&t, "b", "x");
    refused(&t, "a is a hard link to b, which comes only later in the archive", "a hard link before its target");
}

static void test_hardlinks(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct view v;
    struct view_node node;
    size_t i;
    tar_file(&t, "m", "first");
    tar_link(&t, '1', "b", "m");
    tar_file(&t, "m", "second one");
    tar_link(&t, '1', "c", "b");
    struct layer l = layers_put(store, &t);
    must(view_open(&v, store, &l, 1, &e), &e);
    is_str(view_text(&v, &arena), S("f 0644 0:0 b=5\nf 0644 0:0 c=5\nf 0644 0:0 m=10\n"),
           "links keep the file that they named; the name's next file is another");
    struct entry en;
    ok(toc_find(v.tocs[0], S("c"), &i), "the toc has the second name");
    toc_entry(v.tocs[0], i, NULL, &en);
    ok(en.type == ENTRY_HARDLINK && str_eq(en.link, S("b")), "as a hard link to the first in order");
    struct digest d = sha256_of("first", 5);
    ok(view_lookup(&v, S("c"), &arena, &node) && node.has_digest && digest_eq(&node.digest, &d), "the link has the file's digest");
    view_close(&v);
}

static void test_stack(void) {
    struct tarball t = TARBALL_INIT;
    struct layer l[3];
    tar_dir(&t, "etc");
    tar_file(&t, "etc/keep", "1");
    tar_file(&t, "etc/gone", "1");
    tar_dir(&t, "opt");
    tar_dir(&t, "opt/app");
    tar_file(&t, "opt/app/old", "1");
    tar_dir(&t, "var");
    tar_file(&t, "var/x", "1");
    tar_dir(&t, "usr");
    tar_file(&t, "usr/x", "1");
    tar_file(&t, "usr/x.y", "1");
    l[0] = layers_put(store, &t);
    tar_dir(&t, "etc");
    tar_mark(&t, "etc/.wh.gone");
    tar_dir(&t, "opt");
    tar_item(&t, (struct tar_item){.name = "opt/app", .type = '5', .mode = 0700});
    tar_mark(&t, "opt/app/.wh..wh..opq");
    tar_file(&t, "opt/app/new", "22");
    tar_mark(&t, ".wh.var");
    tar_dir(&t, "usr");
    tar_mark(&t, "usr/.wh.x");
    l[1] = layers_put(store, &t);
    tar_dir(&t, "etc");
    tar_file(&t, "etc/gone", "back");
    tar_file(&t, "var", "a file now");
    tar_file(&t, "usr", "a file too");
    l[2] = layers_put(store, &t);
    expect(l, 1,
           "d 0755 0:0 etc\nf 0644 0:0 etc/gone=1\nf 0644 0:0 etc/keep=1\nd 0755 0:0 opt\nd 0755 0:0 opt/app\nf 0644 0:0 opt/app/old=1\n"
           "d 0755 0:0 usr\nf 0644 0:0 usr/x=1\nf 0644 0:0 usr/x.y=1\nd 0755 0:0 var\nf 0644 0:0 var/x=1\n",
           "one layer");
    expect(l, 2, "d 0755 0:0 etc\nf 0644 0:0 etc/keep=1\nd 0755 0:0 opt\nd 0700 0:0 opt/app\nf 0644 0:0 opt/app/new=2\nd 0755 0:0 usr\n"
           "f 0644 0:0 usr/x.y=1\n", "whiteouts and an opaque directory");
    expect(l, 3,
           "d 0755 0:0 etc\nf 0644 0:0 etc/gone=4\nf 0644 0:0 etc/keep=1\nd 0755 0:0 opt\nd 0700 0:0 opt/app\nf 0644 0:0 opt/app/new=2\n"
           "f 0644 0:0 usr=10\nf 0644 0:0 var=10\n",
           "a name comes back; files replace directories");

    tar_dir(&t, "a");
    tar_file(&t, "a/lower", "1");
    l[0] = layers_put(store, &t);
    tar_mark(&t, ".wh.a");
    tar_dir(&t, "a");
    tar_file(&t, "a/upper", "1");
    l[1] = layers_put(store, &t);
    expect(l, 2, "d 0755 0:0 a\nf 0644 0:0 a/upper=1\n", "a whiteout of a directory that the layer itself holds hides the lower one");
    tar_file(&t, "only", "1");
    tar_mark(&t, ".wh..wh..opq");
    l[1] = layers_put(store, &t);
    expect(l, 2, "f 0644 0:0 only=1\n", "an opaque root");
}

static void test_leaning(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[3];
    struct view v;
    struct view_node node;
    tar_item(&t, (struct tar_item){.name = "srv", .type = '5', .mode = 02770, .uid = 3, .gid = 4});
    tar_file(&t, "srv/data", "bytes");
    tar_link(&t, '2', "lib", "usr/lib");
    l[0] = layers_put(store, &t);
    tar_file(&t, "srv/new/file", "x");
    tar_link(&t, '1', "srv/copy", "srv/data");
    tar_file(&t, "lib/x", "y");
    l[1] = layers_put(store, &t);
    expect(l, 2, "d 0755 0:0 lib\nf 0644 0:0 lib/x=1\nd 2770 3:4 srv\nf 0644 0:0 srv/copy=5\nf 0644 0:0 srv/data=5\nd 0755 0:0 srv/new\n"
           "f 0644 0:0 srv/new/file=1\n", "implied parents have the lower layer's attributes; a link leads into it");
    must(view_open(&v, store, l, 2, &e), &e);
    ok(toc_leans(v.tocs[1]) && !toc_leans(v.tocs[0]), "the toc says that the layer leans");
    ok(view_lookup(&v, S("srv/copy"), &arena, &node) && node.layer == 1, "the link belongs to the upper layer");
    view_close(&v);

    tar_mark(&t, ".wh.srv");
    l[1] = layers_put(store, &t);
    tar_file(&t, "srv/again", "x");
    l[2] = layers_put(store, &t);
    expect(l, 3, "l lib -> usr/lib\nd 0755 0:0 srv\nf 0644 0:0 srv/again=1\n", "an implied directory where a whiteout lies is a fresh one");
    tar_mark(&t, ".wh.srv");
    tar_link(&t, '1', "link", "srv/data");
    l[2] = layers_put(store, &t);
    expect(l, 3, "l lib -> usr/lib\nlisted but not found: link\n", "a link to what is not there");
}

static void resolves(const struct view *v, const char *path, enum view_follow last, const char *want, bool want_exists) {
    struct err e = ERR_INIT;
    struct str got = S("(error)");
    bool exists = false;
    ok(view_resolve(v, str_z(path), last, &arena, &got, &exists, &e), "resolve %s", path);
    is_str(got, str_z(want), "  where it leads");
    ok(exists == want_exists, "  which %s", want_exists ? "exists" : "does not exist");
    no_err(&e, "  without an error");
}

static void test_resolve(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[2];
    struct view v;
    struct str got;
    bool exists;
    tar_dir(&t, "usr");
    tar_dir(&t, "usr/lib");
    tar_file(&t, "usr/lib/so", "1");
    tar_link(&t, '2', "lib", "usr/lib");
    tar_link(&t, '2', "abs", "/usr//lib/./so");
    tar_link(&t, '2', "up", "../../../usr/../usr/lib");
    tar_link(&t, '2', "dangling", "/nowhere/else");
    l[0] = layers_put(store, &t);
    tar_link(&t, '2', "a", "b");
    tar_link(&t, '2', "b", "a");
    tar_link(&t, '2', "self", "self/x");
    tar_link(&t, '2', "hop", "/lib/../lib/so");
    tar_dir(&t, "lib64");
    tar_link(&t, '2', "lib64/ld", "../lib/so");
    l[1] = layers_put(store, &t);
    must(view_open(&v, store, l, 2, &e), &e);
    resolves(&v, "", VIEW_FOLLOW_LAST, "", true);
    resolves(&v, "/", VIEW_FOLLOW_LAST, "", true);
    resolves(&v, "/lib/so", VIEW_FOLLOW_LAST, "usr/lib/so", true);
    resolves(&v, "lib", VIEW_NOFOLLOW_LAST, "lib", true);
    resolves(&v, "lib/", VIEW_FOLLOW_LAST, "usr/lib", true);
    resolves(&v, "abs", VIEW_FOLLOW_LAST, "usr/lib/so", true);
    resolves(&v, "up/so", VIEW_FOLLOW_LAST, "usr/lib/so", true);
    resolves(&v, "hop", VIEW_FOLLOW_LAST, "usr/lib/so", true);
    resolves(&v, "lib64/ld", VIEW_FOLLOW_LAST, "usr/lib/so", true);
    resolves(&v, "../../lib/../lib", VIEW_FOLLOW_LAST, "usr/lib", true);
    resolves(&v, "dangling", VIEW_FOLLOW_LAST, "nowhere/else", false);
    resolves(&v, "new/dir/./x/../y", VIEW_FOLLOW_LAST, "new/dir/y", false);
    resolves(&v, "new/../lib/so", VIEW_FOLLOW_LAST, "usr/lib/so", true);
    ok(!view_resolve(&v, S("a"), VIEW_FOLLOW_LAST, &arena, &got, &exists, &e), "a loop of two");
    is_err(&e, "more than 40 symbolic links", "  is an error");
    ok(!view_resolve(&v, S("self"), VIEW_FOLLOW_LAST, &arena, &got, &exists, &e), "a link through itself");
    is_err(&e, "more than 40 symbolic links", "  is an error");
    ok(!view_resolve(&v, S("lib/so/x"), VIEW_FOLLOW_LAST, &arena, &got, &exists, &e), "a file used as a directory");
    is_err(&e, "usr/lib/so is not a directory", "  is an error");
    view_close(&v);
}

static void test_read(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct view v;
    struct str bytes;
    bool found;
    tar_dir(&t, "etc");
    tar_file(&t, "etc/group", "root:x:0:\n");
    tar_file(&t, "etc/a-passwd", "root:x:0:0::/root:/bin/sh\n");
    tar_link(&t, '1', "etc/passwd", "etc/a-passwd");
    tar_file(&t, "etc/decoy", "xoot:x:0:0::/root:/bin/sh\n");
    tar_link(&t, '2', "etc/loop", "loop");
    tar_dir(&t, "etc/dir");
    tar_file(&t, "etc/empty", "");
    struct layer l = layers_put_packed(store, &t, COMPRESSION_GZIP);
    must(view_open(&v, store, &l, 1, &e), &e);
    ok(view_read(&v, S("/etc/group"), &arena, &bytes, &found, &e) && found, "a kept file");
    is_str(bytes, S("root:x:0:\n"), "  its bytes");
    ok(view_read(&v, S("etc/passwd"), &arena, &bytes, &found, &e) && found, "a file that the toc did not keep, since it is a link");
    is_str(bytes, S("root:x:0:0::/root:/bin/sh\n"), "  its bytes, from the layer");
    ok(view_read(&v, S("etc/empty"), &arena, &bytes, &found, &e) && found && bytes.n == 0, "an empty one");
    ok(view_read(&v, S("etc/none"), &arena, &bytes, &found, &e) && !found, "none");
    ok(view_read(&v, S("etc/dir"), &arena, &bytes, &found, &e) && !found, "a directory is none");
    no_err(&e, "without an error");
    ok(!view_read(&v, S("etc/loop"), &arena, &bytes, &found, &e), "a loop");
    is_err(&e, "symbolic links", "  is an error");
    view_close(&v);
}

static void test_verify(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct view v;
    tar_file(&t, "x", "1");
    tar_end(&t);
    buf_add_str(&t.b, S("bytes behind the archive's end"));
    struct layer l = {0};
    must(store_put_blob(store, buf_str(&t.b), &l.blob, &e), &e);
    struct digest d = sha256_of(t.b.p, t.b.n);
    struct layer wrong = l;
    memset(wrong.diff_id.b, 7, sizeof wrong.diff_id.b);
    ok(!view_open(&v, store, &wrong, 1, &e), "a layer whose diffID is another");
    is_err(&e, "the uncompressed tar stream (diffID) is sha256:", "  is refused");
    ok(view_open(&v, store, &l, 1, &e), "trailing bytes are read");
    ok(digest_eq(&v.layers[0].diff_id, &d) && v.layers[0].tar_bytes == t.b.n, "  and are part of the diffID and the size");
    view_close(&v);
    tar_free(&t);

    tar_file(&t, "x", "a blob that rots");
    l = layers_put_packed(store, &t, COMPRESSION_GZIP);
    char hex[DIGEST_HEX + 1];
    int fd = openat(store->blobs_fd, digest_hex(&l.blob, hex), O_RDONLY | O_CLOEXEC);
    char bytes[4096];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    close(fd);
    bytes[n / 2] ^= 0x20;
    unlinkat(store->blobs_fd, hex, 0);
    fd = openat(store->blobs_fd, hex, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    ok(pwrite(fd, bytes, (size_t)n, 0) == n, "one bit of a blob flips");
    close(fd);
    ok(!view_open(&v, store, &l, 1, &e), "  then it is not read");
    is_err(&e, "damaged", "  and the error says why");
    ok(!view_open(&v, store, &(struct layer){0}, 1, &e), "a blob that the store has not");
    is_err(&e, "", "  is an error");
}

int main(void) {
    layers_init();
    store = layers_store("store", "host-trusted");
    test_listing();
    test_hardlinks();
    test_stack();
    test_leaning();
    test_resolve();
    test_read();
    test_verify();
    layers_close(store);
    arena_fini(&arena);
    return tap_done();
}
