/* SPDX-License-Identifier: Apache-2.0
 * Unpacked trees: what lies on disk after an archive, however hostile; attributes to the nanosecond; whiteouts as overlay reads them;
 * adoption; and that a view and the tree of the same layer tell the same story. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "sys/files.h"
#include "tarball.h"

static struct arena arena;
static struct store *store;

static int tree_of(struct layer *layers, size_t n, size_t which, struct err *e) {
    struct view v;
    if (!view_open(&v, store, layers, n, e))
        return -1;
    int fd = tree_open(&v, which, e);
    view_close(&v);
    return fd;
}

static void expect(struct layer *layers, size_t n, size_t which, const char *want, const char *what) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = tree_of(layers, n, which, &e);
    if (fd >= 0)
        is_str(tree_text(fd, &arena), str_z(want), what);
    no_err(&e, "  without an error");
}

static void one(struct tarball *t, const char *want, const char *what) {
    struct layer l = layers_put(store, t);
    expect(&l, 1, 0, want, what);
}

static void test_plain(void) {
    struct tarball t = TARBALL_INIT;
    tar_dir(&t, "d");
    tar_file(&t, "d/x", "1");
    tar_link(&t, '1', "d/y", "d/x");
    tar_link(&t, '2', "s", "/etc/passwd");
    tar_item(&t, (struct tar_item){.name = "p", .type = '6', .mode = 0640});
    tar_file(&t, "d/late", "22");
    tar_file(&t, "d/x", "333");
    one(&t, "d 0755 0:0 d\nf 0644 0:0 d/late=2\nf 0644 0:0 d/x=3\nf 0644 0:0 d/y=1\np 0640 0:0 p\nl s -> /etc/passwd\n",
        "files, links, pipes; a hard link keeps the file that it named");
    tar_dir(&t, "d");
    tar_file(&t, "d/old", "1");
    tar_dir(&t, "d/sub");
    tar_file(&t, "d", "file");
    tar_dir(&t, "d");
    tar_file(&t, "d/new", "1");
    tar_link(&t, '2', "e", "d");
    tar_file(&t, "e", "no link");
    one(&t, "d 0755 0:0 d\nf 0644 0:0 d/new=1\nf 0644 0:0 e=7\n", "later entries replace earlier ones, of whatever kind");
    tar_file(&t, "d/x", "1");
    tar_item(&t, (struct tar_item){.name = "d", .type = '5', .mode = 0500});
    one(&t, "d 0500 0:0 d\nf 0644 0:0 d/x=1\n", "a directory that is listed behind what lies in it");
}

/* The archive is refused, and nothing appears outside of the tree, nor inside of trees/. */
static void refused(struct tarball *t, const char *part, const char *what) {
    struct err e = ERR_INIT;
    struct layer l = layers_put(store, t);
    struct stat st;
    _cleanup_(mem_freep) char *outside = mem_printf("%s/outside", layers_scratch());
    _cleanup_fd_ int fd = tree_of(&l, 1, 0, &e);
    is_err(&e, part, what);
    ok(fd < 0 && lstat(outside, &st) < 0 && errno == ENOENT, "  and nothing was written outside");
}

static void test_hostile(void) {
    struct tarball t = TARBALL_INIT;
    _cleanup_(mem_freep) char *outside = mem_printf("%s/outside", layers_scratch());
    tar_link(&t, '2', "out", layers_scratch());
    tar_file(&t, "out/outside", "evil");
    refused(&t, "out/outside lies below out", "a symlink out of the tree, then a file through it");
    tar_link(&t, '2', "out", "../../..");
    tar_link(&t, '1', "out/outside", "out");
    refused(&t, "lies below out", "a hard link through a symlink");
    tar_link(&t, '2', "a", ".");
    tar_dir(&t, "a/b");
    refused(&t, "a/b lies below a", "a directory through a symlink");
    tar_link(&t, '2', "out", outside);
    tar_file(&t, "out", "evil");
    one(&t, "f 0644 0:0 out=4\n", "a file in place of a symlink replaces the link, not what it points to");
    struct stat st;
    ok(lstat(outside, &st) < 0, "  which is still absent");
    tar_link(&t, '2', "l", "/etc/passwd");
    tar_link(&t, '1', "h", "l");
    one(&t, "l h -> /etc/passwd\nl l -> /etc/passwd\n", "a hard link to a symlink is a link to the link");
    tar_link(&t, '1', "x", "etc/passwd");
    refused(&t, "x: hard link to etc/passwd, which is not there", "a hard link to an absent file");
    tar_file(&t, outside, "inside");
    struct layer l = layers_put(store, &t);
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = tree_of(&l, 1, 0, &e);
    ok(fd >= 0 && fstatat(fd, outside + 1, &st, 0) == 0 && lstat(outside, &st) < 0, "an absolute name lies inside of the tree");
    no_err(&e, "  without an error");
    struct dir_names names;
    must(file_list(store->work_fd, &arena, &names, &e), &e);
    ok(names.n == 0, "no half-made tree is left behind");
}

static void test_attributes(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct stat st;
    char value[64];
    tar_item(&t, (struct tar_item){.name = "./", .type = '5', .mode = 0711, .mtime = 1000000007});
    tar_pax(&t, "mtime", S("1234567890.123456789"));
    tar_item(&t, (struct tar_item){.name = "d", .type = '5', .mode = 01777, .uid = 10, .gid = 20});
    tar_item(&t, (struct tar_item){.name = "d/suid", .type = '0', .mode = 06755, .uid = 1, .gid = 2, .data = S("x"), .mtime = 5});
    tar_pax(&t, "SCHILY.xattr.user.note", S("hello"));
    tar_item(&t, (struct tar_item){.name = "d/note", .type = '0', .mode = 0600, .data = S("x"), .mtime = 5});
    tar_link(&t, '2', "d/link", "nowhere");
    struct layer l = layers_put(store, &t);
    _cleanup_fd_ int fd = tree_of(&l, 1, 0, &e);
    if (!no_err(&e, "a tree with all kinds of attributes"))
        return;
    ok(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0711 && st.st_mtim.tv_sec == 1000000007, "the root's mode and time");
    ok(fstatat(fd, "d", &st, 0) == 0 && (st.st_mode & 07777) == 01777 && st.st_uid == 10 && st.st_gid == 20, "sticky directory of 10:20");
    ok(st.st_mtim.tv_sec == 1234567890 && st.st_mtim.tv_nsec == 123456789,
       "  its time is not that of what was made in it, to the nanosecond");
    ok(fstatat(fd, "d/suid", &st, 0) == 0 && (st.st_mode & 07777) == 06755 && st.st_uid == 1 && st.st_gid == 2,
       "set-user-id survives the chown");
    ok(st.st_mtim.tv_sec == 5, "  and its time");
    _cleanup_fd_ int note = openat(fd, "d/note", O_RDONLY | O_CLOEXEC);
    ok(fgetxattr(note, "user.note", value, sizeof value) == 5 && memcmp(value, "hello", 5) == 0, "an extended attribute");
    ok(fstatat(fd, "d/link", &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec == 0, "a symlink's own time");
}

static void test_devices(void) {
    struct tarball t = TARBALL_INIT;
    tar_dir(&t, "dev");
    tar_item(&t, (struct tar_item){.name = "dev/null", .type = '3', .mode = 0666, .major = 1, .minor = 3});
    tar_item(&t, (struct tar_item){.name = "dev/loop0", .type = '4', .mode = 0660, .gid = 6, .major = 7});
    one(&t, "d 0755 0:0 dev\nb 0660 0:6 dev/loop0 7:0\nc 0666 0:0 dev/null 1:3\n", "device nodes");
}

static void test_marks(void) {
    struct tarball t = TARBALL_INIT;
    struct layer l[2];
    tar_dir(&t, "etc");
    tar_mark(&t, "etc/.wh.gone");
    tar_dir(&t, "opt");
    tar_mark(&t, "opt/.wh..wh..opq");
    tar_file(&t, "opt/new", "1");
    tar_mark(&t, ".wh.a");
    tar_dir(&t, "a");
    tar_mark(&t, ".wh.b");
    tar_file(&t, "b", "1");
    tar_dir(&t, "c");
    tar_mark(&t, ".wh.c");
    one(&t,
        "d 0755 0:0 a opaque\nf 0644 0:0 b=1\nd 0755 0:0 c opaque\nd 0755 0:0 etc\nw etc/gone\nd 0755 0:0 opt opaque\nf 0644 0:0 "
        "opt/new=1\n",
        "whiteouts and opaque directories, whichever order they come in");
    tar_dir(&t, "keep");
    tar_file(&t, "keep/x", "1");
    tar_file(&t, "lost", "1");
    l[0] = layers_put(store, &t);
    tar_mark(&t, ".wh..wh..opq");
    tar_dir(&t, "keep");
    l[1] = layers_put(store, &t);
    expect(l, 2, 1, "d 0755 0:0 keep opaque\nw lost\n", "an opaque root hides each name of the layers below");
}

static void test_leaning(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct layer l[2];
    struct view v;
    struct view_node node;
    char text[8] = {0};
    tar_item(&t, (struct tar_item){.name = "srv", .type = '5', .mode = 02770, .uid = 3, .gid = 4, .mtime = 77});
    tar_item(&t, (struct tar_item){.name = "srv/data", .type = '0', .mode = 0640, .uid = 8, .data = S("bytes")});
    tar_link(&t, '2', "srv/sym", "data");
    l[0] = layers_put(store, &t);
    tar_file(&t, "srv/new/file", "x");
    tar_link(&t, '1', "srv/copy", "srv/data");
    tar_link(&t, '1', "srv/copy2", "srv/copy");
    tar_link(&t, '1', "srv/symcopy", "srv/sym");
    tar_mark(&t, "other/.wh.gone");
    l[1] = layers_put(store, &t);
    expect(l, 2, 1, "d 0755 0:0 other\nw other/gone\nd 2770 3:4 srv\nf 0640 8:0 srv/copy=5\nf 0640 8:0 srv/copy2=5\nd 0755 0:0 srv/new\n"
           "f 0644 0:0 srv/new/file=1\nl srv/symcopy -> data\n", "a leaning layer takes parents and linked files from below");
    must(view_open(&v, store, l, 2, &e), &e);
    ok(view_lookup(&v, S("srv/copy"), &arena, &node), "the linked file in the view");
    _cleanup_fd_ int fd = view_open_file(&v, &node, &e);
    ok(fd >= 0 && read(fd, text, sizeof text) == 5 && strcmp(text, "bytes") == 0, "  and its bytes");
    no_err(&e, "  without an error");
    ok(view_lookup(&v, S("srv"), &arena, &node) && view_open_file(&v, &node, &e) < 0, "a directory is not opened");
    is_err(&e, "srv is not a regular file", "  but refused by name");
    struct stat st;
    _cleanup_fd_ int tree = tree_open(&v, 1, &e);
    ok(fstatat(tree, "srv", &st, 0) == 0 && st.st_mtim.tv_sec == 77, "the implied directory's time is the lower one's");
    char hex[DIGEST_HEX + 1];
    ok(fstatat(store->trees_fd, digest_hex(&v.layers[1].diff_id, hex), &st, 0) < 0, "it lies under its chainID, not under its diffID");
    view_close(&v);
}

/* Three layers with all that hides and leans. */
static void put_stack(struct layer l[3]) {
    struct tarball t = TARBALL_INIT;
    tar_dir(&t, "keep");
    tar_file(&t, "keep/x", "1");
    tar_file(&t, "keep/y", "1");
    tar_dir(&t, "opaque");
    tar_dir(&t, "opaque/deep");
    tar_file(&t, "opaque/deep/old", "1");
    tar_item(&t, (struct tar_item){.name = "lean", .type = '5', .mode = 0750, .gid = 5});
    tar_file(&t, "lean/data", "bytes");
    tar_dir(&t, "swap");
    tar_file(&t, "swap/x", "1");
    tar_file(&t, "file", "1");
    tar_link(&t, '2', "link", "keep");
    l[0] = layers_put(store, &t);
    tar_dir(&t, "keep");
    tar_mark(&t, "keep/.wh.x");
    tar_dir(&t, "opaque");
    tar_dir(&t, "opaque/deep");
    tar_mark(&t, "opaque/deep/.wh..wh..opq");
    tar_file(&t, "opaque/deep/new", "22");
    tar_file(&t, "swap", "now a file");
    tar_dir(&t, "file");
    tar_file(&t, "file/inside", "1");
    l[1] = layers_put(store, &t);
    tar_file(&t, "lean/more", "1");
    tar_link(&t, '1', "lean/copy", "lean/data");
    tar_mark(&t, ".wh.swap");
    tar_dir(&t, "swap");
    tar_file(&t, "keep/x", "back");
    tar_file(&t, "link/x", "a directory in place of the link");
    l[2] = layers_put(store, &t);
}

/* The kernel's overlay of the trees shows what the view shows. */
static void test_overlay(void) {
    struct err e = ERR_INIT;
    struct layer l[3];
    struct view v;
    put_stack(l);
    must(view_open(&v, store, l, 3, &e), &e);
    _cleanup_(mem_freep) char *merged = mem_printf("%s/merged", layers_scratch());
    const char **trees = tree_paths(&v, &arena, &e);
    must(trees && mkdir(merged, 0755) == 0, &e);
    _cleanup_(mem_freep) char *data = mem_printf("lowerdir=%s:%s:%s", trees[0], trees[1], trees[2]);
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("overlay", merged, "overlay", MS_RDONLY, data) == 0) {
        _cleanup_fd_ int fd = file_open(merged, O_RDONLY | O_DIRECTORY, 0, &e);
        must(fd >= 0, &e);
        is_str(tree_text(fd, &arena), view_text(&v, &arena), "the trees, mounted as an overlay, are what the view shows");
        umount2(merged, MNT_DETACH);
    } else {
        tap_skip("no overlay can be mounted here");
    }
    view_close(&v);
}

static void test_sparse_and_big(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    struct stat st;
    size_t n = MIB(8);
    char *bytes = mem_zalloc(n, 1);
    memset(bytes, 'a', 100);
    bytes[MIB(5)] = 'b';
    tar_item(&t, (struct tar_item){.name = "f", .type = '0', .mode = 0644, .data = str_n(bytes, n)});
    struct layer l = layers_put_packed(store, &t, COMPRESSION_ZSTD);
    _cleanup_fd_ int fd = tree_of(&l, 1, 0, &e);
    _cleanup_fd_ int f = openat(fd, "f", O_RDONLY | O_CLOEXEC);
    struct digest got, want = sha256_of(bytes, n);
    uint64_t size;
    ok(file_digest(f, "f", &got, &size, &e) && size == n && digest_eq(&got, &want), "a file with long runs of zeros is the same on disk");
    ok(fstat(f, &st) == 0 && st.st_blocks * 512 < (long)MIB(2), "  and takes %ld KiB", (long)st.st_blocks / 2);
    free(bytes);
    no_err(&e, "  without an error");
}

static void test_adopt(void) {
    struct err e = ERR_INIT;
    char *upper;
    must(store_workdir(store, &upper, &e), &e);
    _cleanup_(mem_freep) char *dir = mem_printf("%s/upper", upper);
    _cleanup_(mem_freep) char *again = mem_printf("%s/again", upper);
    struct digest d = sha256_of("adopted", 7);
    struct stat st;
    char hex[DIGEST_HEX + 1];
    ok(mkdir(dir, 0755) == 0 && mkdir(again, 0755) == 0 && tree_adopt(store, &d, dir, &e), "an upper directory becomes a tree");
    ok(fstatat(store->trees_fd, digest_hex(&d, hex), &st, 0) == 0 && lstat(dir, &st) < 0, "  by renaming");
    ok(tree_adopt(store, &d, again, &e) && lstat(again, &st) == 0, "a second one of the same layer stays where it is");
    no_err(&e, "  without an error");
    store_workdir_remove(store, upper);
    free(upper);
}

/* Several processes make the same tree at once: all get it. */
static void test_race(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    char name[32];
    tar_dir(&t, "d");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "d/%d", i);
        tar_file(&t, name, "some text");
    }
    struct layer l = layers_put(store, &t);
    pid_t pids[4];
    for (size_t i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct stat st;
            struct store own; /* a store and its lease belong to one process */
            must(store_open(&own, store->root, store->flavour, &e), &e);
            store = &own;
            int fd = tree_of(&l, 1, 0, &e);
            store_close(&own);
            _exit(fd >= 0 && fstatat(fd, "d/299", &st, 0) == 0 ? 0 : 1);
        }
    }
    int bad = 0, status;
    for (size_t i = 0; i < 4; i++)
        bad += waitpid(pids[i], &status, 0) != pids[i] || status != 0;
    ok(bad == 0, "four processes that make one tree all get it");
}

static void test_no_privilege(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    tar_item(&t, (struct tar_item){.name = "etc/x", .type = '0', .uid = 7, .gid = 8});
    struct layer l = layers_put(store, &t);
    pid_t pid = fork();
    if (pid == 0) {
        struct view v;
        must(view_open(&v, store, &l, 1, &e), &e);
        if (setgid(65534) < 0 || setuid(65534) < 0 || chdir("/") < 0)
            _exit(2);
        int fd = tree_open(&v, 0, &e);
        _exit(fd < 0 && e.msg ? 0 : 1);
    }
    int status;
    ok(waitpid(pid, &status, 0) == pid && status == 0, "without privilege it is an error, not a tree with other owners");
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

static void in_namespace(void) {
    struct err e = ERR_INIT;
    struct tarball t = TARBALL_INIT;
    char value[16] = {0};
    struct stat st;
    store = layers_store("user-store", "self-user");
    tar_item(&t, (struct tar_item){.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3});
    tar_dir(&t, "o");
    tar_mark(&t, "o/.wh..wh..opq");
    tar_mark(&t, "o/.wh.gone");
    struct layer l = layers_put(store, &t);
    _cleanup_fd_ int fd = tree_of(&l, 1, 0, &e);
    no_err(&e, "in a user namespace: a tree with a device");
    _cleanup_fd_ int null = openat(fd, "null", O_RDONLY | O_CLOEXEC);
    ok(fgetxattr(null, "user.croze.dev", value, sizeof value) == 5 && memcmp(value, "c 1 3", 5) == 0, "the device is recorded in an xattr");
    ok(fstat(null, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0 && (st.st_mode & 07777) == 0666, "of an empty file with its mode");
    _cleanup_fd_ int o = openat(fd, "o", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok(fgetxattr(o, "user.overlay.opaque", value, sizeof value) == 1 && value[0] == 'y',
       "the opaque mark is the one that overlay reads here");
    ok(fstatat(o, "gone", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0, "a whiteout is a device all the same");
    tar_item(&t, (struct tar_item){.name = "etc/shadow", .type = '0', .uid = 0, .gid = 42});
    l = layers_put(store, &t);
    ok(tree_of(&l, 1, 0, &e) < 0, "an owner that the namespace has not");
    is_err(&e,
           "etc/shadow: give it to uid 0, gid 42: Invalid argument: this user namespace has no such ids; the user's range in /etc/subuid",
           "  is an error that names the file, the ids and what to do");
    layers_close(store);
}

/* What needs no second owner runs in a namespace where there is no root; then what a namespace is like, in one. */
static int run_all(void) {
    bool is_root = geteuid() == 0;
    bool inside = !is_root && enter_namespace();
    store = layers_store("store", is_root ? "host-trusted" : "self-user");
    if (is_root) {
        test_plain();
        test_attributes();
        test_devices();
        test_leaning();
        test_overlay();
        test_no_privilege();
        test_race();
    } else {
        tap_skip("unpacking files of several owners needs root");
    }
    if (is_root || inside) {
        test_hostile();
        test_marks();
        test_sparse_and_big();
    }
    test_adopt();
    layers_close(store);
    if (inside || enter_namespace())
        in_namespace();
    else
        tap_skip("no user namespace may be made here");
    arena_fini(&arena);
    return tap_done();
}

/* The tests end in a user namespace, where their own files could not be removed: so this process stays outside. */
int main(void) {
    int status = 0;
    layers_init();
    pid_t pid = fork();
    if (pid == 0)
        return run_all();
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
