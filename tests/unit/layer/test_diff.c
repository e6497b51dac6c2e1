/* SPDX-License-Identifier: Apache-2.0
 * An upper directory, made by hand as overlayfs leaves it, against a lower layer seen through a view: what differs is given, in normal
 * order, with its parents, and nothing else. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "layer/diff.h"
#include "layer/read.h"
#include "pack.h"

enum { THEN = 1600000000 };
static struct store *store;
static struct view lower;
static char *upper_path;
static int upper = -1;
static struct str ignored[8];
static size_t n_ignored;
static bool show_times; /* of directories: "now" where it is not THEN */

/* --- The lower root --- */

static struct entry *own(struct entry *en, uint32_t mode) {
    en->mode = mode;
    en->uid = getuid();
    en->gid = getgid();
    en->mtime_s = THEN;
    return en;
}

static void make_lower(void) {
    struct items t = ITEMS_INIT;
    struct err e = ERR_INIT;
    struct layer l;
    static struct xattr note = {S("user.note"), S("n")};
    own(items_add(&t, "", ENTRY_DIR), 0755);
    own(items_add(&t, "bin", ENTRY_DIR), 0755);
    own(&items_bytes(&t, "bin/sh", S("shell"))->entry, 0755);
    own(items_add(&t, "dir", ENTRY_DIR), 0755);
    own(&items_bytes(&t, "dir/a", S("aaa"))->entry, 0644);
    own(&items_bytes(&t, "dir/b", S("bbb"))->entry, 0644);
    own(items_add(&t, "dir/sub", ENTRY_DIR), 0700);
    own(&items_bytes(&t, "dir/sub/x", S("x"))->entry, 0644);
    own(&items_bytes(&t, "dir/sub/y", S("y"))->entry, 0644);
    struct entry *en = own(&items_bytes(&t, "dir.conf", S("conf"))->entry, 0644);
    en->xattrs = &note;
    en->n_xattrs = 1;
    own(items_add(&t, "lib", ENTRY_SYMLINK), 0777)->link = S("usr/lib");
    own(items_add(&t, "run", ENTRY_DIR), 0755);
    struct layer_options o = {.compression = COMPRESSION_NONE};
    must(items_pack(&t, store, &o, &l, &e) && view_open(&lower, store, &l, 1, &e), &e);
    items_fini(&t);
}

/* --- The upper directory --- */

static void touch(const char *path) {
    struct timespec then[2] = {{THEN, 0}, {THEN, 0}};
    if (utimensat(upper, path, then, AT_SYMLINK_NOFOLLOW) < 0)
        perror(path);
}

static void up_dir(const char *path, mode_t mode) {
    if (mkdirat(upper, path, 0700) < 0 || fchmodat(upper, path, mode, 0) < 0)
        perror(path);
    touch(path);
}

static void up_file(const char *path, const char *text, mode_t mode) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = file_openat(upper, path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &e);
    must(fd >= 0 && file_write_all(fd, text, strlen(text), path, &e), &e);
    if (fchmod(fd, mode) < 0)
        perror(path);
    touch(path);
}

/* False where the file system has no such xattrs. */
static bool up_xattr(const char *path, const char *name, const char *value) {
    _cleanup_(mem_freep) char *at = mem_printf("%s/%s", upper_path, path);
    if (setxattr(at, name, value, strlen(value), 0) == 0)
        return true;
    printf("# setxattr %s %s: %s\n", path, name, strerror(errno));
    return false;
}

/* All of a case is made: the times of directories are put back, as overlayfs does when it copies something up. */
static void up_touch_dirs(const char *const *dirs, size_t n) {
    for (size_t i = 0; i < n; i++)
        touch(dirs[i]);
}
#define TOUCH_DIRS(...) up_touch_dirs((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void begin(void) {
    static unsigned n;
    struct err e = ERR_INIT;
    char name[32];
    fd_closep(&upper);
    free(upper_path);
    snprintf(name, sizeof name, "upper%u", n++);
    upper_path = in_scratch(name);
    must(mkdir(upper_path, 0755) == 0, &e);
    upper = file_open(upper_path, O_RDONLY | O_DIRECTORY, 0, &e);
    n_ignored = 0;
}

/* --- What is given --- */

/* One line an entry: type and path; a file's bytes, a link's target. */
static bool describe(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    static const char types[] = "fdlhcbpwo";
    struct buf *out = ctx, text = BUF_INIT(4096);
    buf_printf(out, "%c %.*s", types[en->type], STR_ARG(en->path));
    if (en->link.n)
        buf_printf(out, " -> %.*s", STR_ARG(en->link));
    if (en->type == ENTRY_CHAR || en->type == ENTRY_BLOCK)
        buf_printf(out, " %u,%u", en->major, en->minor);
    for (size_t i = 0; i < en->n_xattrs; i++)
        buf_printf(out, " %.*s=%.*s", STR_ARG(en->xattrs[i].name), STR_ARG(en->xattrs[i].value));
    if (show_times && en->type == ENTRY_DIR && en->mtime_s != THEN)
        buf_printf(out, " now");
    if (c->kind == CONTENT_FILE) {
        _cleanup_(mem_freep) char *path = mem_strndup(c->path.p, c->path.n);
        if (!file_readat(c->dir_fd, path, &text, e))
            return false;
        buf_printf(out, " \"%.*s\"", STR_ARG(buf_str(&text)));
    }
    buf_add_char(out, '\n');
    buf_fini(&text);
    return true;
}

static int64_t epoch; /* 0: none */

static void gives_with(const struct view *v, const char *want, const char *what) {
    struct err e = ERR_INIT;
    struct buf got = BUF_INIT(MIB(1));
    struct diff_spec d = {
        .upper_fd = upper, .lower = v, .ignore_paths = ignored, .n_ignore = n_ignored, .has_epoch = epoch != 0, .epoch = epoch};
    bool done = diff_entries(&d, (struct entry_sink){describe, &got}, &e);
    no_err(&e, what);
    if (done)
        is_str(buf_str(&got), str_z(want), what);
    buf_fini(&got);
}

static void gives(const char *want, const char *what) {
    gives_with(&lower, want, what);
}

static void refuses(const char *message, const char *what) {
    struct err e = ERR_INIT;
    struct buf got = BUF_INIT(MIB(1));
    struct diff_spec d = {.upper_fd = upper, .lower = &lower};
    ok(!diff_entries(&d, (struct entry_sink){describe, &got}, &e), "%s: refused", what);
    is_err(&e, message, what);
    buf_fini(&got);
}

/* --- Cases --- */

static void nothing(void) {
    begin();
    gives("", "an empty upper directory");
    up_dir("dir", 0755);
    up_file("dir/a", "aaa", 0644);
    up_dir("dir/sub", 0700);
    if (symlinkat("usr/lib", upper, "lib") == 0)
        touch("lib");
    TOUCH_DIRS("dir");
    gives("", "what was only copied up");
}

/* A tree that was adopted has real times where its table of contents has the epoch. */
static void clamped(void) {
    const struct timespec later[2] = {{THEN + 100, 7}, {THEN + 100, 7}};
    begin();
    up_dir("dir", 0755);
    up_file("dir/a", "aaa", 0644);
    ok(utimensat(upper, "dir/a", later, 0) == 0 && utimensat(upper, "dir", later, 0) == 0, "times behind the epoch");
    epoch = THEN;
    gives("", "what was only copied up out of an adopted tree");
    epoch = 0;
}

static void changes(void) {
    begin();
    up_dir("dir", 0755);
    up_file("dir/a", "aXa", 0644);
    up_file("dir/b", "bbb", 0600);
    up_dir("dir/new", 0755);
    up_file("dir/new/f", "", 0644);
    up_dir("dir/sub", 0700);
    up_file("dir/sub/y", "y", 0644);
    TOUCH_DIRS("dir", "dir/new", "dir/sub");
    gives("d dir\nf dir/a \"aXa\"\nf dir/b \"bbb\"\nd dir/new\nf dir/new/f\n",
          "other bytes under the same time, another mode, new names, and their parents");
    begin();
    up_dir("dir", 0755);
    up_dir("dir/sub", 0700);
    up_file("dir/sub/z", "z", 0644);
    gives("d dir\nd dir/sub\nf dir/sub/z \"z\"\n", "parents of a new file, twice removed");
    begin();
    up_dir("dir", 0711);
    gives("d dir\n", "a directory whose mode changed, without what is in it");
    begin();
    up_file("dir", "now a file", 0644);
    up_dir("lib", 0755);
    up_file("lib/f", "f", 0644);
    gives("f dir \"now a file\"\nd lib\nf lib/f \"f\"\n", "types that changed");
    begin();
    ok(fchmod(upper, 0700) == 0, "the root itself");
    gives("d \n", "is given if its mode changed");
    ok(fchmod(upper, 0755) == 0, "and back");
}

static void with_xattrs(void) {
    begin();
    up_file("dir.conf", "conf", 0644);
    if (!up_xattr("dir.conf", "user.note", "n")) {
        tap_skip("no user xattrs on this file system");
        return;
    }
    touch("dir.conf");
    gives("", "equal xattrs");
    up_xattr("dir.conf", "user.croze.own", "0:0");
    up_xattr("dir.conf", "user.overlay.origin", "x");
    gives("", "and such as no layer keeps");
    up_xattr("dir.conf", "user.note", "m");
    gives("f dir.conf user.note=m \"conf\"\n", "another value");
    begin();
    up_file("null", "", 0666);
    up_file("disk", "", 0660);
    up_xattr("null", "user.croze.dev", "c 1 3");
    up_xattr("disk", "user.croze.dev", "b 8 16");
    gives("b disk 8,16\nc null 1,3\n", "recorded devices");
    up_xattr("null", "user.croze.dev", "c 1");
    refuses("null: its user.croze.dev attribute is not a device (\"c 1\")", "a record that is none");
    begin();
    up_dir("dir", 0755);
    up_xattr("dir", "user.overlay.redirect", "/bin");
    refuses("dir: overlay xattr \"user.overlay.redirect\"", "a redirect");
    begin();
    up_file("f", "", 0644);
    up_xattr("f", "user.overlay.metacopy", "");
    refuses("user.overlay.metacopy", "a metacopy");
}

static void opaque(void) {
    begin();
    up_dir("dir", 0755);
    up_file("dir/a", "aaa", 0644);
    up_file("dir/c", "new", 0644);
    up_dir("dir/sub", 0700);
    up_file("dir/sub/w", "w", 0644);
    up_file("dir/sub/x", "x", 0644);
    if (!up_xattr("dir", "user.overlay.opaque", "y")) {
        tap_skip("no user xattrs on this file system");
        return;
    }
    TOUCH_DIRS("dir/sub", "dir");
    gives("d dir\nw dir/b\nf dir/c \"new\"\nd dir/sub\nf dir/sub/w \"w\"\nw dir/sub/y\n",
          "an opaque directory hides all the lower names it has not");
    up_xattr("dir", "user.overlay.opaque", "x");
    gives("d dir\nf dir/c \"new\"\nd dir/sub\nf dir/sub/w \"w\"\n", "\"x\" is not opaque");
    begin();
    up_dir("fresh", 0755);
    up_xattr("fresh", "user.overlay.opaque", "y");
    gives("d fresh\n", "opaque over nothing");
    begin();
    up_dir("dir", 0755);
    up_file("dir/a", "", 0644);
    up_xattr("dir/a", "user.overlay.whiteout", "y");
    touch("dir");
    gives("d dir\nw dir/a\n", "a whiteout that is an xattr");
}

/* Where root mounted the overlay its marks are trusted.overlay.*: what a RUN calls user.overlay.* means nothing, and is in no layer. */
static void not_overlays(void) {
    size_t warnings = 0;
    log_set_sink(fixture_count_log, &warnings);
    begin();
    up_dir("dir", 0755);
    up_file("dir/a", "", 0644);
    if (!up_xattr("dir", "user.overlay.opaque", "y")) {
        tap_skip("no user xattrs on this file system");
        return;
    }
    up_xattr("dir/a", "user.overlay.whiteout", "y");
    touch("dir");
    gives("d dir\nf dir/a\n", "user.overlay.* set by a program under trusted.overlay.*: no opaque directory, no whiteout");
    ok(warnings == 2, "with a warning each that they are left out");
    up_xattr("dir/a", "user.overlay.redirect", "/bin");
    up_xattr("dir/a", "user.overlay.metacopy", "");
    gives("d dir\nf dir/a\n", "nor a redirect");
    begin();
    up_file("f", "x", 0644);
    up_xattr("f", "user.overlay.overlay.opaque", "y");
    up_xattr("f", "user.note", "n");
    store->flavour = "test-user";
    warnings = 0;
    gives("f f user.note=n \"x\"\n", "in a user's overlay Linux 6.7 and later escape them");
    ok(warnings == 1, "and they are left out there too");
    store->flavour = "host-trusted";
    log_set_sink(NULL, NULL);
}

static void whiteouts(void) {
    begin();
    up_dir("dir", 0755);
    if (mknodat(upper, "dir/a", S_IFCHR, makedev(0, 0)) < 0) {
        tap_skip("may not make 0:0 devices");
        return;
    }
    mknodat(upper, "dir/nothing", S_IFCHR, makedev(0, 0));
    mknodat(upper, "dir/sub", S_IFCHR, makedev(0, 0));
    mknodat(upper, "dir.conf", S_IFCHR, makedev(0, 0));
    touch("dir");
    gives("d dir\nw dir/a\nw dir/sub\nw dir.conf\n", "whiteouts of what the lower root has");
    begin();
    if (mknodat(upper, "null", S_IFCHR | 0666, makedev(1, 3)) == 0)
        gives("c null 1,3\n", "a device is no whiteout");
}

static void links_and_others(void) {
    begin();
    up_dir("dir", 0755);
    up_file("dir/b", "bbb", 0644);
    ok(linkat(upper, "dir/b", upper, "dir/aa", 0) == 0 && linkat(upper, "dir/b", upper, "zz", 0) == 0, "three names");
    touch("dir");
    gives("d dir\nf dir/aa \"bbb\"\nh dir/b -> dir/aa\nh zz -> dir/aa\n", "the first name is the file, even where one is unchanged");
    begin();
    ok(mkfifoat(upper, "pipe", 0600) == 0 && symlinkat("else/where", upper, "lib") == 0, "a pipe and another link");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_fd_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", upper_path);
    ok(bind(s, (struct sockaddr *)&address, sizeof address) == 0, "and a socket");
    gives("l lib -> else/where\np pipe\n", "sockets are left out");
}

/* The sandbox made run/secrets/key, etc/resolv.conf and their parents to mount something there. */
static void mount_stubs(void) {
    begin();
    static const char *const stubs[] = {"bin/stub", "etc", "etc/resolv.conf", "run/secrets", "run/secrets/key"};
    up_dir("bin", 0755);
    up_file("bin/stub", "", 0644);
    up_dir("etc", 0755);
    up_file("etc/resolv.conf", "", 0644);
    up_dir("run", 0755);
    up_dir("run/secrets", 0755);
    up_file("run/secrets/key", "", 0644);
    utimensat(upper, "run", NULL, 0);
    utimensat(upper, "bin", NULL, 0);
    for (n_ignored = 0; n_ignored < 5; n_ignored++)
        ignored[n_ignored] = str_z(stubs[n_ignored]);
    gives("", "mount points are no change, nor are the times of their parents");
    show_times = true;
    up_file("bin/sh", "shell", 0700);
    utimensat(upper, "bin", NULL, 0);
    gives("d bin\nf bin/sh \"shell\"\n", "a change beside one brings its parent with its old time");
    up_file("etc/new", "n", 0644);
    up_file("run/pid", "1", 0644);
    gives("d bin\nf bin/sh \"shell\"\nd etc now\nf etc/new \"n\"\nd run now\nf run/pid \"1\"\n",
          "a file that the RUN put beside one, too, with its new one");
    show_times = false;
}

static void deep(void) {
    begin();
    struct buf path = BUF_INIT(MIB(1)), want = BUF_INIT(MIB(1));
    for (int i = 0; i < 60; i++) {
        buf_printf(&path, "%sd%02d", i ? "/" : "", i);
        up_dir(path.p, 0755);
        buf_printf(&want, "d %s\n", path.p);
    }
    for (size_t n = path.n; n > 0; n = n > 4 ? n - 4 : 0) { /* a file behind each of them: its parent's descriptor is wanted again */
        path.n = n;
        buf_printf(&path, "z");
        up_file(path.p, "", 0644);
        buf_printf(&want, "f %s\n", path.p);
    }
    gives_with(&(struct view){.store = store}, want.p, "60 levels, and a name behind each, into an empty root");
    buf_fini(&path);
    buf_fini(&want);
}

static void too_long(void) {
    begin();
    char name[201];
    memset(name, 'n', 200);
    name[200] = '\0';
    _cleanup_fd_ int at = dup(upper);
    for (int i = 0; i < 25; i++) {
        int next = mkdirat(at, name, 0755) == 0 ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        close(at);
        at = next;
    }
    ok(at >= 0, "a tree deeper than any path");
    refuses("a path of more than 4095 bytes", "is refused");
}

/* --- And as overlayfs itself leaves it --- */

/* Mounts the lower layer's tree under the upper directory at scratch/merged, in a mount namespace of our own. */
static bool mount_overlay(char **merged) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *work = in_scratch("work");
    *merged = in_scratch("merged");
    _cleanup_fd_ int tree = tree_open(&lower, 0, &e);
    must(tree >= 0 && file_mkdirs(work, 0755, &e) && file_mkdirs(*merged, 0755, &e), &e);
    char self[40], tree_path[256] = ""; /* by its path: a descriptor from outside the new mount namespace is refused */
    snprintf(self, sizeof self, "/proc/self/fd/%d", tree);
    if (readlink(self, tree_path, sizeof tree_path - 1) < 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    _cleanup_(mem_freep) char *options = mem_printf("lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=off,metacopy=off,index=off", tree_path,
                                                    upper_path, work);
    return mount("overlay", *merged, "overlay", 0, options) == 0;
}

/* What a RUN may do to the lower root. */
static bool run_in(int root) {
    struct timespec then[2] = {{THEN, 0}, {THEN, 0}};
    struct err e = ERR_INIT;
    _cleanup_fd_ int only_opened = openat(root, "dir/a", O_WRONLY | O_CLOEXEC); /* copied up, but not changed */
    bool ok = only_opened >= 0 && unlinkat(root, "dir.conf", 0) == 0;
    ok = ok && linkat(root, "bin/sh", root, "bin/bash", 0) == 0;
    ok = ok && file_remove_tree(root, "run", &e) && mkdirat(root, "run", 0755) == 0;
    _cleanup_fd_ int dir = openat(root, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = ok && file_remove_tree(dir, "sub", &e) && mkdirat(dir, "sub", 0711) == 0 && mkdirat(dir, "sub/deep", 0755) == 0;
    _cleanup_fd_ int fd = openat(dir, "b", O_WRONLY | O_TRUNC | O_CLOEXEC);
    ok = ok && write(fd, "BBB", 3) == 3 && futimens(fd, then) == 0;
    err_clear(&e);
    return ok;
}

static void real_overlay(void) {
    struct err e = ERR_INIT;
    char *merged;
    begin();
    if (mount_overlay(&merged)) {
        _cleanup_fd_ int root = file_open(merged, O_RDONLY | O_DIRECTORY, 0, &e);
        ok(root >= 0 && run_in(root), "a RUN changed things");
        fd_closep(&root);
        ok(umount(merged) == 0, "unmounted");
        gives("d bin\nf bin/bash \"shell\"\nh bin/sh -> bin/bash\nd dir\nf dir/b \"BBB\"\nd dir/sub\nd dir/sub/deep\nw dir/sub/x\nw "
              "dir/sub/y\n"
              "w dir.conf\nd run\n",
              "a real upper directory");
    } else {
        printf("# %s\n", strerror(errno));
        tap_skip("may not mount an overlay here (not root, or the scratch directory lies on an overlay)");
    }
    free(merged);
}

int main(void) {
    fixture_init();
    store = fixture_store("store");
    make_lower();
    nothing();
    clamped();
    changes();
    store->flavour = "test-user";
    with_xattrs();
    opaque();
    store->flavour = "host-trusted";
    not_overlays();
    whiteouts();
    links_and_others();
    mount_stubs();
    deep();
    too_long();
    real_overlay();
    fd_closep(&upper);
    free(upper_path);
    view_close(&lower);
    fixture_close(store);
    return tap_done();
}
