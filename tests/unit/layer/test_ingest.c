/* SPDX-License-Identifier: Apache-2.0
 * One pass over a layer gives what two give: for the samples of tests/data/bad/layer (its folder is the argument), for odd archives and
 * for hundreds of random ones, in pieces of any size, tables of contents and trees are equal to the last byte; and where two passes fail,
 * so does one. What was not committed leaves nothing. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "exact.h"
#include "layer/ingest.h"
#include "sys/files.h"
#include "tarball.h"

static struct arena arena;
static struct store *twice, *once; /* the two ways to do it */
static bool is_root;

static unsigned below(unsigned n) {
    static uint64_t state = 0x2545f4914f6cdd1d;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* Everything of one kind that a store has of a layer; STR_NULL: it has none. */
static struct str toc_bytes(struct store *s, const struct digest *diff_id) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(MIB(64));
    char hex[DIGEST_HEX + 1];
    struct str text = STR_NULL;
    if (!digest_is_zero(diff_id) && file_readat(s->toc_fd, digest_hex(diff_id, hex), &b, &e))
        text = arena_str(&arena, buf_str(&b));
    err_clear(&e);
    buf_fini(&b);
    return text;
}

static struct str tree_bytes(struct store *s, const struct digest *name) {
    char hex[DIGEST_HEX + 1];
    _cleanup_fd_ int fd = openat(s->trees_fd, digest_hex(name, hex), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? STR_NULL : exact_text(fd, &arena);
}

static size_t names_in(int dir) {
    struct err e = ERR_INIT;
    struct dir_names names;
    must(file_list(dir, &arena, &names, &e), &e);
    return names.n;
}

/* --- The two ways --- */

struct result {
    bool has_toc, has_tree, leans;
    struct layer layer;
    struct str toc, tree, why;
};

/* First the table of contents, then the tree. */
static void in_two(struct str blob, struct result *r) {
    struct err e = ERR_INIT;
    struct layer l = {0};
    struct view v;
    must(store_put_blob(twice, blob, &l.blob, &e), &e);
    r->has_toc = layer_make_toc(twice, &l, &e);
    r->layer = l;
    if (r->has_toc) {
        must(view_open(&v, twice, &l, 1, &e), &e);
        r->leans = toc_leans(v.tocs[0]);
        _cleanup_fd_ int fd = tree_open(&v, 0, &e);
        r->has_tree = fd >= 0;
        r->tree = r->has_tree ? exact_text(fd, &arena) : STR_NULL;
        view_close(&v);
    }
    r->toc = toc_bytes(twice, &l.diff_id);
    r->why = arena_str(&arena, str_z(e.msg));
    err_clear(&e);
}

static void in_one(struct str blob, size_t piece, struct result *r) {
    struct err e = ERR_INIT;
    struct bytes_source source = {blob, piece};
    struct layer l = {.blob = sha256_of(blob.p, blob.n)};
    _cleanup_(ingest_freep) struct ingest *g = ingest_new(once, INGEST_TREE);
    r->has_toc = ingest_read(g, bytes_read, &source, &l, &e) && ingest_commit(g, &e);
    r->has_tree = r->has_toc && ingest_has_tree(g);
    r->layer = l;
    r->toc = toc_bytes(once, &l.diff_id);
    r->tree = tree_bytes(once, &l.diff_id);
    r->why = arena_str(&arena, str_z(e.msg));
    err_clear(&e);
}

static bool differ(const char *what, struct str one, struct str two) {
    printf("# %s; in one pass:\n#   %.*s\n# in two:\n#   %.*s\n", what, STR_ARG(one), STR_ARG(two));
    return false;
}

static bool compare(struct str blob, size_t piece) {
    struct result two = {0}, one = {0};
    in_two(blob, &two);
    in_one(blob, piece, &one);
    /* What cannot be unpacked is an error at once, or, where a link leads out of the layer, later. */
    if (one.has_toc && !two.has_toc)
        return differ("one pass takes what two refuse", S(""), two.why);
    if (!one.has_toc)
        return (!two.has_tree || differ("only one pass refuses", one.why, two.why)) && one.tree.n == 0;
    if (!digest_eq(&one.layer.diff_id, &two.layer.diff_id) || one.layer.tar_bytes != two.layer.tar_bytes ||
        one.layer.compression != two.layer.compression)
        return differ("another layer", S(""), S(""));
    if (!str_eq(one.toc, two.toc))
        return differ("tables of contents", one.toc, two.toc);
    if (one.has_tree != (two.has_tree && !two.leans))
        return differ("whether there is a tree", one.why, two.why);
    return !one.has_tree || str_eq(one.tree, two.tree) || differ("trees", one.tree, two.tree);
}

static struct str packed(struct tarball *t, enum compression c) {
    tar_end(t);
    _cleanup_(encoder_freep) struct encoder *z = encoder_new(c, compression_default_level(c));
    size_t room = encoder_bound(z, t->b.n);
    char *p = arena_alloc(&arena, room, 1);
    size_t n = encoder_run(z, t->b.p, t->b.n, p, room);
    tar_free(t);
    *t = (struct tarball)TARBALL_INIT;
    return str_n(p, n);
}

static void same(struct tarball *t, const char *what) {
    ok(compare(packed(t, COMPRESSION_GZIP), 1 + below(9000)), "%s", what);
}

/* --- Archives --- */

static void test_samples(int dir) {
    struct err e = ERR_INIT;
    struct dir_names names;
    size_t checked = 0;
    must(file_list(dir, &arena, &names, &e), &e);
    for (size_t i = 0; i < names.n; i++) {
        struct buf bytes = BUF_INIT(MIB(1));
        if (!str_ends(names.names[i], S(".tar.gz")))
            continue;
        must(file_readat(dir, names.names[i].p, &bytes, &e), &e);
        ok(compare(buf_str(&bytes), 1 + below(5000)), "%s", names.names[i].p);
        buf_fini(&bytes);
        checked++;
    }
    ok(checked > 50, "%zu samples", checked);
}

static void test_odd(void) {
    struct tarball t = TARBALL_INIT;
    same(&t, "an archive of nothing");
    tar_file(&t, "etc/passwd", "root:x:0:0::/:/bin/sh\n");
    tar_item(&t, (struct tar_item){.name = "etc", .type = '5', .mode = 0751, .mtime = 1700000000});
    same(&t, "a kept file, and its directory behind it");
    tar_dir(&t, "etc");
    tar_file(&t, "etc/group", "");
    tar_file(&t, "etc/passwd", "first");
    tar_file(&t, "etc/passwd", "second");
    tar_link(&t, '1', "etc/group", "etc/passwd");
    same(&t, "kept files: an empty one, a later one, a linked one");
    tar_dir(&t, "d");
    tar_file(&t, "d/x", "1");
    tar_link(&t, '1', "d/y", "d/x");
    tar_file(&t, "d/x", "22");
    tar_link(&t, '1', "d/z", "d/x");
    same(&t, "links to what a name held then");
    tar_dir(&t, "d");
    tar_link(&t, '1', "d/y", "d/x");
    tar_file(&t, "d/x", "1");
    same(&t, "a link to a file that comes later");
    tar_file(&t, "a/b/c", "1");
    same(&t, "a layer that leans by directories it has only in names");
    tar_file(&t, "a/b/c", "1");
    tar_dir(&t, "a");
    tar_file(&t, "a/b", "now a file");
    same(&t, "such a directory that is a file at the end");
    tar_link(&t, '1', "x", "below");
    tar_file(&t, "y", "1");
    same(&t, "a layer that leans by a link");
    tar_link(&t, '1', "x", "below");
    tar_link(&t, '2', "l", "/");
    tar_file(&t, "l/x", "1");
    same(&t, "one that does, and cannot be unpacked either");
    tar_dir(&t, "d");
    tar_mark(&t, ".wh..wh..opq");
    same(&t, "an opaque root");
    tar_item(&t, (struct tar_item){.name = ".", .type = '5', .mode = 01770, .mtime = 7});
    tar_item(&t, (struct tar_item){.name = "shut", .type = '5', .mode = 0});
    tar_item(&t, (struct tar_item){.name = "shut/in", .type = '5', .mode = 0111, .mtime = -5});
    tar_file(&t, "shut/in/x", "1");
    tar_mark(&t, "shut/in/.wh.gone");
    same(&t, "directories that may not be entered, and the root's attributes");
    tar_pax(&t, "SCHILY.xattr.user.a", S("1"));
    tar_pax(&t, "SCHILY.xattr.user.overlay.opaque", S("y"));
    tar_item(&t, (struct tar_item){.name = "f", .type = '0', .mode = 06755, .data = S("x")});
    tar_pax(&t, "SCHILY.xattr.user.b", S("2"));
    tar_dir(&t, "d");
    same(&t, "extended attributes");
}

/* Files of all lengths around the sizes of buffers, with zeros at either end. */
static void test_sizes(void) {
    static const size_t sizes[] = {1, 511, 512, 513, 4096, KIB(64), KIB(128), KIB(256) - 512, KIB(256), KIB(256) + 1, KIB(900)};
    struct tarball t = TARBALL_INIT;
    char *bytes = arena_alloc(&arena, KIB(900), 1), name[32];
    for (size_t i = 0; i < 3 * sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i / 3];
        memset(bytes, 0, n);
        for (size_t k = i % 3 == 1 ? n / 2 : 0; k < (i % 3 == 2 ? n / 2 : n); k++)
            bytes[k] = (char)below(256);
        snprintf(name, sizeof name, "%zu-%zu", n, i % 3);
        tar_item(&t, (struct tar_item){.name = name, .type = '0', .mode = 0644, .data = str_n(bytes, n)});
    }
    tar_end(&t);
    struct str plain = arena_str(&arena, buf_str(&t.b));
    ok(compare(plain, 0), "files of many sizes, uncompressed");
    t.b.n -= 1024;
    ok(compare(packed(&t, COMPRESSION_ZSTD), 12345), "  and in zstd");
    ok(compare(str_first(plain, KIB(700)), 1000), "  and cut off");
}

static char *random_path(char out[64]) {
    size_t n = 0, depth = 1 + below(3);
    for (size_t i = 0; i < depth; i++)
        n += (size_t)snprintf(out + n, 64 - n, "%s%c", i ? "/" : "", (int)('a' + below(3)));
    return out;
}

static void random_mark(struct tarball *t, const char *path) {
    char name[80];
    struct str base = path_base(str_z(path));
    if (below(3))
        snprintf(name, sizeof name, "%.*s.wh.%.*s", (int)(base.p - path), path, STR_ARG(base));
    else
        snprintf(name, sizeof name, "%s/.wh..wh..opq", path);
    tar_mark(t, name);
}

static void random_entry(struct tarball *t) {
    static char bytes[KIB(300)];
    static const char types[] = "000000555551122346";
    static const unsigned modes[] = {0644, 0755, 0, 04755, 02711, 01777, 0400};
    char path[64], link[64];
    struct tar_item item = {.name = random_path(path), .type = types[below(sizeof types - 1)], .mode = modes[below(7)],
                            .uid = is_root ? below(3) : 0, .gid = is_root ? below(3) : 0, .mtime = below(2000000000)};
    if (below(12) == 0)
        return random_mark(t, path);
    if (item.type == '0') {
        size_t n = below(40) == 0 ? below(sizeof bytes) : below(50);
        memset(bytes, (int)below(3), n);
        item.data = str_n(bytes, n);
    }
    if (item.type == '1' || item.type == '2')
        item.link = random_path(link);
    if (item.type == '3' || item.type == '4') {
        item.major = 1 + below(5);
        item.minor = below(300);
    }
    if (below(10) == 0 && (item.type == '0' || item.type == '5'))
        tar_pax(t, "SCHILY.xattr.user.note", S("text"));
    if (below(10) == 0)
        tar_pax(t, "mtime", S("1234567890.123456789"));
    tar_item(t, item);
}

static void test_random(void) {
    enum { ARCHIVES = 250 };
    static const char *const dirs[] = {"a", "b", "c", "a/a", "b/b", "c/c"};
    unsigned good = 0;
    for (unsigned i = 0; i < ARCHIVES; i++) {
        struct tarball t = TARBALL_INIT;
        for (size_t k = 0; i % 3 && k < sizeof dirs / sizeof *dirs; k++)
            tar_dir(&t, dirs[k]);
        for (unsigned n = below(14); n > 0; n--)
            random_entry(&t);
        for (size_t k = 0; i % 3 == 2 && k < sizeof dirs / sizeof *dirs; k++)
            if (below(2))
                tar_dir(&t, dirs[k]);
        struct str blob = packed(&t, below(2) ? COMPRESSION_GZIP : COMPRESSION_NONE);
        bool fine = compare(below(8) ? blob : str_first(blob, blob.n - below(2000) % blob.n), 1 + below(3000));
        good += fine;
        if (!fine)
            printf("# archive %u\n", i);
    }
    ok(good == ARCHIVES, "%u of %d random archives", good, ARCHIVES);
}

/* --- Nothing but what is right is published --- */

static struct str small_blob(const char *text) {
    struct tarball t = TARBALL_INIT;
    tar_dir(&t, "d");
    tar_file(&t, "d/x", text);
    return packed(&t, COMPRESSION_GZIP);
}

static void test_commit(void) {
    struct err e = ERR_INIT;
    struct str blob = small_blob("not committed");
    struct bytes_source source = {blob, 10};
    struct layer l = {0};
    struct ingest *g = ingest_new(once, INGEST_TREE);
    ok(ingest_read(g, bytes_read, &source, &l, &e) && ingest_has_tree(g), "a layer is read");
    ok(toc_bytes(once, &l.diff_id).n == 0 && tree_bytes(once, &l.diff_id).n == 0, "  and nothing has a name");
    ok(names_in(once->work_fd) > 0, "  but lies in work/");
    ingest_free(g);
    ok(toc_bytes(once, &l.diff_id).n == 0 && names_in(once->work_fd) == 0, "without a commit nothing is left");
    g = ingest_new(once, INGEST_TREE);
    source = (struct bytes_source){blob, 10};
    l.diff_id.b[3] ^= 1;
    ok(!ingest_read(g, bytes_read, &source, &l, &e), "another diffID than the one that was promised");
    is_err(&e, "the uncompressed tar stream (diffID) is sha256:", "  is an error");
    ingest_free(g);
    l.diff_id.b[3] ^= 1;
    ok(toc_bytes(once, &l.diff_id).n == 0 && names_in(once->work_fd) == 0, "  and leaves nothing");
    no_err(&e, "");
}

static void test_again(void) {
    struct err e = ERR_INIT;
    struct str blob = small_blob("twice");
    struct layer l = {0};
    for (int i = 0; i < 3; i++) {
        struct bytes_source source = {blob, 0};
        struct ingest *g = ingest_new(once, INGEST_TREE);
        if (i == 2)
            l.diff_id = (struct digest){0};
        ok(ingest_read(g, bytes_read, &source, &l, &e) && ingest_has_tree(g), "a layer is read %s", i ? "again" : "once");
        ok(names_in(once->work_fd) == (i == 1 ? 0 : 1), i == 1 ? "  its tree is known to be there" : "  its tree is made");
        ok(ingest_commit(g, &e) && ingest_has_tree(g) && tree_bytes(once, &l.diff_id).n > 0, "  and is there");
        ingest_free(g);
    }
    struct bytes_source source = {small_blob("toc only"), 0};
    struct ingest *g = ingest_new(once, INGEST_TOC);
    l = (struct layer){0};
    ok(ingest_read(g, bytes_read, &source, &l, &e) && ingest_commit(g, &e) && !ingest_has_tree(g), "a table of contents alone");
    ok(toc_bytes(once, &l.diff_id).n > 0 && tree_bytes(once, &l.diff_id).n == 0, "  is all that there is then");
    ingest_free(g);
    no_err(&e, "without an error");
}

/* A stored blob gets both in one pass; a damaged one neither. */
static void test_stored(void) {
    struct err e = ERR_INIT;
    struct str blob = small_blob("stored");
    struct layer l = {0}, bad = {0};
    must(store_put_blob(once, blob, &l.blob, &e), &e);
    ok(layer_make_tree(once, &l, &e) && toc_bytes(once, &l.diff_id).n > 0 && tree_bytes(once, &l.diff_id).n > 0, "a stored layer");
    ok(l.blob_bytes == blob.n, "  with its size");
    no_err(&e, "  without an error");
    struct str other = small_blob("damaged");
    char hex[DIGEST_HEX + 1];
    bad.blob = sha256_of("the blob's name", 15);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    must(store_draft(once, &draft, &e) && file_write_all(draft.fd, other.p, other.n, "blob", &e) &&
         file_publish(&draft, digest_hex(&bad.blob, hex), FILE_KEEP, false, &e), &e);
    ok(!layer_make_tree(once, &bad, &e), "a blob that is another one than its name says");
    is_err(&e, "the stored blob is sha256:", "  is an error");
    ok(digest_is_zero(&bad.diff_id) && names_in(once->work_fd) == 0, "  and leaves nothing");
}

/* A view whose trees are wanted makes what is missing at once; a leaning layer's tree waits for tree_open. */
static void test_view(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[2];
    struct view v;
    tar_dir(&t, "d");
    tar_file(&t, "d/lower", "1");
    l[0] = layers_put(once, &t);
    tar_file(&t, "d/upper", "1");
    l[1] = layers_put(once, &t);
    must(view_open_with_trees(&v, once, l, 2, &e), &e);
    ok(tree_bytes(once, &v.layers[0].diff_id).n > 0, "a view with trees has that of a layer that stands for itself");
    ok(toc_leans(v.tocs[1]) && tree_bytes(once, &v.layers[1].diff_id).n == 0, "  and not that of one that leans");
    _cleanup_fd_ int tree = tree_open(&v, 1, &e);
    ok(tree >= 0 && tree_bytes(once, &v.layers[1].diff_id).n == 0, "  which is made when it is asked for, under its chainID");
    view_close(&v);
    no_err(&e, "  without an error");
}

/* A blob that comes slowly, through a pipe, and one that breaks off with an error of its own. */
static ptrdiff_t read_pipe(void *ctx, void *to, size_t n, struct err *e) {
    ssize_t k = read(*(int *)ctx, to, n);
    if (k < 0)
        err_sys(e, errno, "read");
    return k;
}

static ptrdiff_t break_off(void *ctx, void *to, size_t n, struct err *e) {
    ptrdiff_t k = bytes_read(ctx, to, n, e);
    if (k == 0)
        err_set(e, ERR_FAILED, "the connection broke");
    return k ? k : -1;
}

static void test_arriving(void) {
    struct err e = ERR_INIT;
    struct str blob = small_blob("arriving");
    struct layer l = {0};
    int ends[2];
    must(pipe2(ends, O_CLOEXEC) == 0, &e);
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < blob.n; i++)
            if (write(ends[1], blob.p + i, 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    struct ingest *g = ingest_new(once, INGEST_TREE);
    ok(ingest_read(g, read_pipe, &ends[0], &l, &e) && ingest_commit(g, &e) && tree_bytes(once, &l.diff_id).n > 0, "a blob byte by byte");
    no_err(&e, "  without an error");
    ingest_free(g);
    close(ends[0]);
    ok(waitpid(pid, NULL, 0) == pid, "  to its end");
    struct bytes_source source = {str_first(small_blob("broken off"), 60), 7};
    g = ingest_new(once, INGEST_TREE);
    ok(!ingest_read(g, break_off, &source, &l, &e), "a blob whose source fails");
    is_err(&e, "the connection broke", "  gives the source's own error");
    ingest_free(g);
    ok(names_in(once->work_fd) == 0, "  and leaves nothing");
}

/* --- In each tier --- */

static void run_in(const char *flavour, int samples) {
    _cleanup_(mem_freep) char *a = mem_printf("twice-%s", flavour), *b = mem_printf("once-%s", flavour);
    twice = layers_store(a, flavour);
    once = layers_store(b, flavour);
    test_samples(samples);
    test_odd();
    test_sizes();
    test_random();
    test_commit();
    test_again();
    test_stored();
    test_view();
    test_arriving();
    layers_close(twice);
    layers_close(once);
}

static bool put_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return done;
}

/* A user namespace with a single id, this one's as root. */
static bool enter_namespace(void) {
    char uid[32], gid[32];
    snprintf(uid, sizeof uid, "0 %u 1\n", geteuid());
    snprintf(gid, sizeof gid, "0 %u 1\n", getegid());
    return unshare(CLONE_NEWUSER) == 0 && put_text("/proc/self/setgroups", "deny") && put_text("/proc/self/uid_map", uid) &&
           put_text("/proc/self/gid_map", gid);
}

static int run_all(const char *folder) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int samples = file_open(folder, O_RDONLY | O_DIRECTORY, 0, &e);
    must(samples >= 0, &e);
    is_root = geteuid() == 0;
    if (is_root)
        run_in("host-trusted", samples);
    else
        tap_skip("unpacking files of several owners needs root");
    is_root = false;
    if (enter_namespace())
        run_in("self-user", samples);
    else
        tap_skip("no user namespace may be made here");
    arena_fini(&arena);
    return tap_done();
}

/* The tests end in a user namespace, where their own files could not be removed: so this process stays outside. */
int main(int argc, char **argv) {
    int status = 0;
    layers_init();
    pid_t pid = fork();
    if (pid == 0)
        return run_all(argc == 2 ? argv[1] : "");
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
