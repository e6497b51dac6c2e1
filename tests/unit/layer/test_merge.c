/* SPDX-License-Identifier: Apache-2.0
 * Layers made one: what they show is the same before and after, whatever the layers are (hundreds of random stacks: files over directories,
 * whiteouts, opaque marks, hard links, layers that leave parents out), no whiteout is without need, links hold, and contents are those of
 * the right layer. */
#include "tarball.h"

#include "layer/merge.h"

static struct arena arena;
static struct store *store;

static void writer_freep(struct layer_writer **w) {
    layer_writer_free(*w);
}

/* layers[from..n) as one layer; its entries are checked by the writer's own assertions. */
static struct layer merged(const struct layer *layers, size_t n, size_t from, struct err *e) {
    struct layer_options o = {.compression = COMPRESSION_NONE};
    struct layer out = {0};
    struct view v;
    must(view_open(&v, store, layers, n, e), e);
    _cleanup_(writer_freep) struct layer_writer *w = layer_writer_new(store, &o, e);
    if (w && view_merge(&v, from, layer_writer_sink(w), e))
        must(layer_writer_finish(w, &out, e), e);
    view_close(&v);
    return out;
}

/* What the stack shows, with the contents' digests. */
static struct str shown(const struct layer *layers, size_t n) {
    struct err e = ERR_INIT;
    struct view v;
    must(view_open(&v, store, layers, n, &e), &e);
    struct str text = view_text(&v, &arena), rest = text, line;
    struct buf all = BUF_INIT(MIB(16));
    buf_add_str(&all, text);
    while (str_next(&rest, '\n', &line)) { /* "f 0644 0:0 path=size": files' digests too */
        struct str head, path;
        struct view_node node;
        char hex[DIGEST_HEX + 1];
        if (!str_starts(line, S("f ")) || !str_cut(str_from(line, 11), '=', &path, &head))
            continue;
        if (view_lookup(&v, path, &arena, &node) && node.has_digest)
            buf_printf(&all, "%s\n", digest_hex(&node.digest, hex));
    }
    struct str out = arena_str(&arena, buf_str(&all));
    buf_fini(&all);
    view_close(&v);
    return out;
}

/* One layer's own entries. */
static struct str listed(const struct layer *l) {
    struct err e = ERR_INIT;
    static const char kinds[] = "fdlhcbpwo";
    struct buf b = BUF_INIT(MIB(1));
    struct toc *t = toc_open(store, &l->diff_id, &e);
    must(t != NULL, &e);
    for (size_t i = 0; i < toc_count(t); i++) {
        struct entry en;
        toc_entry(t, i, NULL, &en);
        buf_printf(&b, "%c %.*s", kinds[en.type], STR_ARG(en.path));
        if (en.type == ENTRY_HARDLINK)
            buf_printf(&b, " -> %.*s", STR_ARG(en.link));
        buf_add_char(&b, '\n');
    }
    toc_free(t);
    struct str out = arena_str(&arena, buf_str(&b));
    buf_fini(&b);
    return out;
}

/* --- By hand --- */

static void test_whole(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[3];
    tar_dir(&t, "etc");
    tar_file(&t, "etc/gone", "1");
    tar_file(&t, "etc/one", "shared");
    tar_link(&t, '1', "etc/two", "etc/one");
    tar_link(&t, '1', "zzz", "etc/one");
    tar_dir(&t, "var");
    tar_file(&t, "var/x", "1");
    l[0] = layers_put(store, &t);
    tar_dir(&t, "etc");
    tar_mark(&t, "etc/.wh.gone");
    tar_file(&t, "etc/one", "another");
    tar_mark(&t, "etc/.wh.never-was");
    tar_file(&t, "var", "a file");
    l[1] = layers_put(store, &t);
    struct layer one = merged(l, 2, 0, &e);
    no_err(&e, "a stack is merged");
    is_str(listed(&one), S("d etc\nf etc/one\nf etc/two\nf var\nh zzz -> etc/two\n"),
           "no whiteouts; a link whose first name was replaced is the file now");
    is_str(shown(&one, 1), shown(l, 2), "  it shows the same");
    l[2] = one;
    struct layer twice = merged(&l[2], 1, 0, &e);
    ok(digest_eq(&one.diff_id, &twice.diff_id), "  merging it again changes nothing");
    struct layer none = merged(l, 0, 0, &e);
    is_str(listed(&none), S(""), "no layers: an empty layer");
}

static void test_new_only(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[3];
    tar_dir(&t, "a");
    tar_dir(&t, "a/dir");
    tar_file(&t, "a/dir/1", "1");
    tar_file(&t, "a/dir/2", "1");
    tar_dir(&t, "a/dir/sub");
    tar_file(&t, "a/dir/sub/x", "1");
    tar_file(&t, "a/file", "1");
    tar_file(&t, "b", "1");
    l[0] = layers_put(store, &t);
    tar_dir(&t, "a");
    tar_mark(&t, "a/.wh.dir");
    tar_mark(&t, "a/.wh.file");
    tar_mark(&t, ".wh.b");
    tar_file(&t, "temporary", "1");
    l[1] = layers_put(store, &t);
    tar_dir(&t, "a");
    tar_dir(&t, "a/dir");
    tar_file(&t, "a/dir/2", "new");
    tar_dir(&t, "a/dir/sub");
    tar_file(&t, "a/file", "back");
    tar_mark(&t, ".wh.temporary");
    l[2] = layers_put(store, &t);
    struct layer one = merged(l, 3, 1, &e);
    no_err(&e, "the upper two of three layers are merged");
    is_str(listed(&one), S("d a\nd a/dir\nw a/dir/1\nf a/dir/2\nd a/dir/sub\nw a/dir/sub/x\nf a/file\nw b\n"),
           "whiteouts only of what the lowest layer has, and of each name that was hidden with its directory");
    is_str(shown((struct layer[]){l[0], one}, 2), shown(l, 3), "  on the lowest layer it shows the same");
}

static void test_leaning(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[2];
    tar_item(&t, (struct tar_item){.name = "srv", .type = '5', .mode = 0700, .mtime = 77});
    tar_file(&t, "srv/low", "low");
    l[0] = layers_put(store, &t);
    tar_file(&t, "srv/up", "up");
    tar_link(&t, '1', "srv/low2", "srv/low");
    tar_file(&t, "new/deep/x", "x");
    l[1] = layers_put(store, &t);
    struct layer one = merged(l, 2, 1, &e);
    no_err(&e, "a layer that leaves out parents and links out of itself");
    is_str(listed(&one), S("d new\nd new/deep\nf new/deep/x\nd srv\nf srv/low2\nf srv/up\n"), "  is whole afterwards");
    is_str(shown((struct layer[]){l[0], one}, 2), shown(l, 2), "  and shows the same");
    struct layer all = merged(l, 2, 0, &e);
    is_str(listed(&all), S("d new\nd new/deep\nf new/deep/x\nd srv\nf srv/low\nh srv/low2 -> srv/low\nf srv/up\n"),
           "  with the layer below it the link is a link");
}

static void test_damaged(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct view v;
    tar_file(&t, "f", "the bytes");
    struct layer l = layers_put(store, &t);
    must(view_open(&v, store, &l, 1, &e), &e);
    _cleanup_fd_ int tree = tree_open(&v, 0, &e);
    _cleanup_fd_ int f = openat(tree, "f", O_WRONLY | O_CLOEXEC);
    ok(pwrite(f, "T", 1, 0) == 1, "a file of an unpacked layer changes");
    view_close(&v);
    (void)merged(&l, 1, 0, &e);
    is_err(&e, "damaged", "  and is not taken for the layer's");
}

/* --- Random stacks --- */

static uint64_t state = 20240817;
static unsigned below(unsigned n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

static char *random_path(unsigned depth) {
    static char path[64];
    size_t n = 0;
    for (unsigned i = 0; i <= depth; i++)
        n += (size_t)snprintf(path + n, sizeof path - n, "%s%c", i ? "/" : "", 'a' + below(3));
    return path;
}

/* What the tar reader refuses (an entry below a file, a link to nothing) is tried and thrown away: the caller asks again. */
static void random_layer(struct tarball *t, bool parents) {
    char made[40][64];
    unsigned n_made = 0;
    for (unsigned i = 0, n = 1 + below(7); i < n; i++) {
        char *path = random_path(below(3)), text[16], name[128];
        for (char *slash = path; parents && (slash = strchr(slash, '/')); slash++) {
            *slash = '\0';
            tar_item(t, (struct tar_item){.name = path, .type = '5', .mode = 0700 + below(8)});
            *slash = '/';
        }
        const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        snprintf(text, sizeof text, "%u", below(100000));
        switch (below(8)) {
        case 0:
            snprintf(name, sizeof name, "%.*s.wh.%s", (int)(base - path), path, base);
            tar_mark(t, name);
            break;
        case 1:
            snprintf(name, sizeof name, "%s/.wh..wh..opq", path);
            tar_dir(t, path);
            tar_mark(t, name);
            break;
        case 2:
            tar_link(t, '2', path, "target");
            break;
        case 3:
            if (n_made) {
                tar_link(t, '1', path, made[below(n_made)]);
                break;
            } /* fall through */
        case 4:
        case 5:
            tar_file(t, path, text);
            snprintf(made[n_made++], sizeof made[0], "%s", path);
            break;
        default:
            tar_item(t, (struct tar_item){.name = path, .type = '5', .mode = 0700 + below(8)});
        }
    }
}

static bool put_random(struct layer *l, size_t n) {
    struct err e = ERR_INIT;
    struct view v;
    struct tarball t = TARBALL_INIT;
    random_layer(&t, below(3) > 0);
    l[n] = layers_put(store, &t);
    bool good = view_open(&v, store, l, n + 1, &e);
    if (good) {
        l[n] = v.layers[n]; /* with its diffID */
        view_close(&v);
    }
    err_clear(&e);
    return good;
}

/* Each whiteout of `one` hides something of the layers below. */
static bool needs_its_whiteouts(const struct layer *lower, size_t n, const struct layer *one) {
    struct err e = ERR_INIT;
    struct view v;
    struct view_node node;
    bool good = true;
    must(view_open(&v, store, lower, n, &e), &e);
    struct toc *t = toc_open(store, &one->diff_id, &e);
    for (size_t i = 0; i < toc_count(t); i++) {
        struct entry en;
        toc_entry(t, i, NULL, &en);
        good = good && (en.type != ENTRY_WHITEOUT || view_lookup(&v, en.path, &arena, &node)) && en.type != ENTRY_OPAQUE;
    }
    toc_free(t);
    view_close(&v);
    return good;
}

/* A link to what the view finds in a lower layer, and the file system does not: such a layer cannot be run either. */
static bool cannot_be_unpacked(const struct layer *l, size_t n) {
    struct err e = ERR_INIT;
    struct view v;
    bool failed = false;
    must(view_open(&v, store, l, n, &e), &e);
    for (size_t i = 0; i < n && !failed; i++) {
        _cleanup_fd_ int tree = tree_open(&v, i, &e);
        failed = tree < 0;
    }
    err_clear(&e);
    view_close(&v);
    return failed;
}

static void test_random(void) {
    enum { STACKS = 400, LAYERS = 5 };
    unsigned same = 0, needed = 0, tried = 0, refused = 0;
    for (unsigned i = 0; i < STACKS; i++) {
        struct err e = ERR_INIT;
        struct layer l[LAYERS + 1];
        size_t n = 0, want = 1 + below(LAYERS);
        for (unsigned tries = 0; n < want && tries < 200; tries++)
            n += put_random(l, n);
        size_t from = below((unsigned)n + 1);
        struct layer one = merged(l, n, from, &e);
        if (e.kind != ERR_NONE) {
            printf("# stack %u: %s\n", i, e.msg);
            refused += cannot_be_unpacked(l, n);
        } else {
            struct str want_text = shown(l, n);
            struct layer kept = l[from];
            needed += needs_its_whiteouts(l, from, &one);
            l[from] = one;
            struct str got = shown(l, from + 1);
            same += str_eq(got, want_text);
            if (!str_eq(got, want_text) && ++tried <= 3)
                printf("# stack %u, from %zu of %zu: got\n%.*s# want\n%.*s", i, from, n, STR_ARG(got), STR_ARG(want_text));
            l[from] = kept;
        }
        err_clear(&e);
    }
    ok(same + refused == STACKS && refused < STACKS / 20, "%u of %d random stacks show the same when merged, %u cannot be unpacked at all",
       same, STACKS, refused);
    ok(needed == same, "%u have no whiteout without need", needed);
}

int main(void) {
    layers_init();
    store = layers_store("store", geteuid() == 0 ? "host-trusted" : "test-user");
    test_whole();
    test_new_only();
    test_leaning();
    test_damaged();
    test_random();
    layers_close(store);
    arena_fini(&arena);
    return tap_done();
}
