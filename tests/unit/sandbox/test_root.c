/* SPDX-License-Identifier: Apache-2.0
 * The root of a sandbox: layers, what is written, mounts and the stubs made for them, /dev, read-only roots, hostile symlinks. */
#include "fixture.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/mem.h"
#include "sys/files.h"

static bool has_stub(const struct run *r, const char *path) {
    for (size_t i = 0; i < r->result.n_stubs; i++)
        if (strcmp(r->result.stubs[i], path) == 0)
            return true;
    return false;
}

static void test_write(struct fixture *f) {
    struct run r;
    run_init(f, &r, "put", "/etc/new", "hello");
    fixture_file(r.spec.upper, "etc/old", "");
    ok(run_go(&r) && fixture_has(r.spec.upper, "etc/new"), "a written file lies in the upper directory");
    ok(!fixture_has(f->base, "etc/new"), "and not in the layer below");
    run_fini(&r);
    run_init(f, &r, "rm", "/payload", NULL);
    ok(run_go(&r), "a file of the layer is removed");
    struct stat st;
    _cleanup_(mem_freep) char *path = mem_printf("%s/payload", r.spec.upper);
    ok(lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0, "which leaves a whiteout");
    run_fini(&r);
}

enum { LAYERS = 200 };

/* Far more text than a page, if the layers were named by path. */
static void test_layers(struct fixture *f) {
    const char *lowers[LAYERS + 1];
    struct run r;
    char name[96];
    for (int i = 0; i < LAYERS; i++) {
        snprintf(name, sizeof name, "layers/%064d", i);
        lowers[i] = fixture_dir(f, name);
        fixture_file(lowers[i], "which", name); /* its own name: 64 digits */
        snprintf(name, sizeof name, "file-%d", i);
        fixture_file(lowers[i], name, "x");
    }
    lowers[LAYERS] = f->base;
    run_init(f, &r, "cat", "/which", NULL);
    r.spec.lowers = lowers;
    r.spec.n_lowers = LAYERS + 1;
    ok(run_go(&r) && run_said(&r, "layers/0000") && strlen(r.out) == strlen("layers/") + 64 && r.out[70] == '0',
       "%d layers stack, the first on top", LAYERS);
    run_fini(&r);
    run_init(f, &r, "cat", "/file-199", NULL);
    r.spec.lowers = lowers;
    r.spec.n_lowers = LAYERS + 1;
    r.spec.upper = NULL;
    ok(run_go(&r) && strcmp(r.out, "x") == 0, "down to the last, also read-only");
    run_fini(&r);
}

static void test_scratch(struct fixture *f) {
    struct run r;
    run_init(f, &r, "ls", "/", NULL);
    r.spec.n_lowers = 0;
    char *to = mem_printf("%s/payload", f->base), *from = mem_printf("%s/payload", r.spec.upper);
    ok(link(to, from) == 0 && run_go(&r) && run_said(&r, "payload"), "no layer at all: scratch");
    free(to);
    free(from);
    run_fini(&r);
}

static void test_read_only(struct fixture *f) {
    struct run r;
    run_init(f, &r, "put", "/new", NULL);
    r.spec.upper = NULL;
    run_go(&r);
    ok(r.ok && r.result.code == 1 && run_said(&r, "Read-only file system"), "without an upper directory the root is read-only");
    ok(r.result.n_stubs == 0, "and the mount points made for it are nobody's business");
    run_fini(&r);
    run_init(f, &r, "put", "/tmp/x/new", NULL);
    r.spec.upper = NULL;
    r.spec.mounts = (struct sandbox_mount[]){{.kind = SANDBOX_TMPFS, .target = "/tmp/x", .writable = true, .options = "size=1m"}};
    r.spec.n_mounts = 1;
    ok(run_go(&r), "a tmpfs in it can be written, its mount point was made");
    run_fini(&r);
}

static void test_mounts(struct fixture *f) {
    const char *source = fixture_dir(f, "bound");
    fixture_file(source, "sub/file", "from the host");
    struct sandbox_mount mounts[] = {
        {.kind = SANDBOX_BIND, .source = source, .target = "/run/deep/in"},
        {.kind = SANDBOX_FILE, .target = "/etc/resolv.conf", .bytes = S("nameserver ::1\n"), .mode = 0644, .writable = true},
    };
    struct run r;
    run_init(f, &r, "cat", "/run/deep/in/sub/file", NULL);
    r.spec.mounts = mounts;
    r.spec.n_mounts = 2;
    ok(run_go(&r) && strcmp(r.out, "from the host") == 0, "a directory of the host");
    ok(has_stub(&r, "run") && has_stub(&r, "run/deep") && has_stub(&r, "run/deep/in") && has_stub(&r, "etc/resolv.conf") &&
           has_stub(&r, "proc"),
       "mount points that were made are reported, with their parents");
    bool sorted = true;
    for (size_t i = 1; i < r.result.n_stubs; i++)
        sorted = sorted && path_cmp(str_z(r.result.stubs[i - 1]), str_z(r.result.stubs[i])) < 0;
    ok(sorted && fixture_has(r.spec.upper, "run/deep/in") && !has_stub(&r, "dev/pts"), "sorted, and only those in the upper directory");
    run_fini(&r);
    run_init(f, &r, "put", "/run/deep/in/sub/file", NULL);
    r.spec.mounts = mounts;
    r.spec.n_mounts = 2;
    run_go(&r);
    ok(run_said(&r, "Read-only file system"), "a bind is read-only unless asked");
    run_fini(&r);
    run_init(f, &r, "put", "/etc/resolv.conf", "changed");
    r.spec.mounts = mounts;
    r.spec.n_mounts = 2;
    ok(run_go(&r), "a private file can be written if asked");
    run_fini(&r);
    run_init(f, &r, "ids", NULL, NULL);
    r.spec.argv = (const char *const[]){"/script", NULL};
    r.spec.mounts =
        (struct sandbox_mount[]){{.kind = SANDBOX_FILE, .target = "/script", .bytes = S("#!/payload ids\n"), .mode = 0755}};
    r.spec.n_mounts = 1;
    ok(run_go(&r) && run_said(&r, "0:0"), "and run, if it is executable");
    run_fini(&r);
}

static void test_private_files(struct fixture *f) {
    struct sandbox_mount file = {.kind = SANDBOX_FILE, .target = "/run/secrets/x", .bytes = S("quiet"), .mode = 0440, .uid = 7, .gid = 8};
    struct run r;
    run_init(f, &r, "mode", "/run/secrets/x", NULL);
    r.spec.mounts = &file;
    r.spec.n_mounts = 1;
    ok(run_go(&r) && run_said(&r, "100440 7:8"), "a private file has the mode and owner that were asked for");
    run_fini(&r);
    run_init(f, &r, "cat", "/run/secrets/x", NULL);
    r.spec.mounts = &file;
    r.spec.n_mounts = 1;
    r.spec.uid = r.spec.gid = 9;
    run_go(&r);
    ok(r.ok && r.result.code == 1 && run_said(&r, "Permission denied"), "... and others do not read it");
    run_fini(&r);
    if (!f->user)
        return;
    file.uid = 4000000000;
    run_init(f, &r, "true", NULL, NULL);
    r.spec.mounts = &file;
    r.spec.n_mounts = 1;
    run_go(&r);
    is_err(&r.e, "give /run/secrets/x to user 4000000000", "an owner that the namespace does not have is named");
    run_fini(&r);
}

/* Made mount points leave the directory's time alone: the layer must not show them. */
static void test_stub_times(struct fixture *f) {
    struct run r;
    run_init(f, &r, "true", NULL, NULL);
    fixture_file(f->base, "srv/keep", "");
    _cleanup_(mem_freep) char *below = mem_printf("%s/srv", f->base);
    _cleanup_(mem_freep) char *above = mem_printf("%s/srv", r.spec.upper);
    const struct timespec old[2] = {{1000000000, 5}, {1000000000, 5}};
    struct stat st;
    ok(utimensat(AT_FDCWD, below, old, 0) == 0, "an old directory");
    r.spec.mounts = (struct sandbox_mount[]){{.kind = SANDBOX_TMPFS, .target = "/srv/new"}};
    r.spec.n_mounts = 1;
    ok(run_go(&r) && stat(above, &st) == 0 && st.st_mtim.tv_sec == 1000000000 && st.st_mtim.tv_nsec == 5,
       "keeps its time when a mount point is made in it");
    run_fini(&r);
}

static void hostile_link(struct fixture *f, const char *target, const char *link, const char *mount_at, const char *stub) {
    struct run r;
    run_init(f, &r, "cat", mount_at, NULL);
    fixture_file(r.spec.upper, "etc/x", "");
    _cleanup_(mem_freep) char *at = mem_printf("%s/%s", r.spec.upper, link);
    ok(symlink(target, at) == 0, "%s -> %s", link, target);
    r.spec.mounts = (struct sandbox_mount[]){{.kind = SANDBOX_FILE, .target = mount_at, .bytes = S("inside"), .mode = 0644}};
    r.spec.n_mounts = 1;
    ok(run_go(&r) && strcmp(r.out, "inside") == 0, "is followed inside the root");
    ok(!stub || has_stub(&r, stub), "and what it leads to is made there: %s", stub ? stub : "nothing");
    run_fini(&r);
}

static void test_links(struct fixture *f) {
    hostile_link(f, "../run/systemd/resolv.conf", "etc/resolv.conf", "/etc/resolv.conf", "run/systemd/resolv.conf");
    hostile_link(f, "/tmp/croze-escape", "etc/hosts", "/etc/hosts", "tmp/croze-escape");
    hostile_link(f, "../../../../../../tmp/croze-escape2", "etc/hosts", "/etc/hosts", "tmp/croze-escape2");
    hostile_link(f, "/etc", "loop", "/loop/hosts", "etc/hosts");
    ok(access("/tmp/croze-escape", F_OK) < 0 && access("/tmp/croze-escape2", F_OK) < 0, "nothing is made outside");
    struct run r;
    run_init(f, &r, "true", NULL, NULL);
    _cleanup_(mem_freep) char *a = mem_printf("%s/a", r.spec.upper);
    _cleanup_(mem_freep) char *b = mem_printf("%s/b", r.spec.upper);
    ok(symlink("b", a) == 0 && symlink("a", b) == 0, "two links to each other");
    r.spec.mounts = (struct sandbox_mount[]){{.kind = SANDBOX_TMPFS, .target = "/a/x"}};
    r.spec.n_mounts = 1;
    run_go(&r);
    is_err(&r.e, "mount point /a/x in the root: Too many levels", "end in an error");
    run_fini(&r);
}

static void test_dev(struct fixture *f) {
    struct run r;
    run_init(f, &r, "ls", "/dev", NULL);
    ok(run_go(&r) && run_said(&r, "null") && run_said(&r, "ptmx") && run_said(&r, "shm") && run_said(&r, "stdin") &&
           run_said(&r, "urandom"),
       "/dev has its usual entries");
    ok(!strstr(r.out, "vda") && !strstr(r.out, "mem"), "and nothing of the host's");
    run_fini(&r);
    run_init(f, &r, "put", "/dev/null", "x");
    ok(run_go(&r), "/dev/null can be written");
    run_fini(&r);
    run_init(f, &r, "put", "/dev/shm/x", "x");
    r.spec.uid = r.spec.gid = 7;
    ok(run_go(&r), "/dev/shm by anyone");
    run_fini(&r);
    struct stat before, after;
    ok(stat("/dev/null", &before) == 0, "the host's /dev/null");
    run_init(f, &r, "chmod", "/dev/null", NULL);
    run_go(&r);
    ok(stat("/dev/null", &after) == 0 && before.st_mode == after.st_mode, "is not changed by a chmod inside");
    run_fini(&r);
}

static void test_overlay_mount(struct fixture *f) {
    struct err e = ERR_INIT;
    const char *target = fixture_dir(f, "mounted"), *upper = fixture_dir(f, "mounted-upper"), *work = fixture_dir(f, "mounted-work");
    const char *lowers[] = {f->base};
    ok(overlay_mount(lowers, 1, upper, work, target, &e) && fixture_has(target, "payload"), "an overlay in this mount namespace");
    fixture_file(target, "new", "");
    ok(fixture_has(upper, "new"), "whose changes go to the upper directory");
    ok(umount(target) == 0 && overlay_mount(lowers, 1, upper, work, target, &e),
       "and can be mounted again with the same working directory");
    no_err(&e, "no error");
    umount(target);
    ok(overlay_mount(lowers, 1, NULL, work, target, &e) && fixture_has(target, "payload"), "one layer, read-only");
    _cleanup_(mem_freep) char *path = mem_printf("%s/more", target);
    ok(mkdir(path, 0755) < 0 && errno == EROFS, "cannot be written");
    umount(target);
    ok(overlay_mount(NULL, 0, NULL, work, target, &e), "no layer, read-only");
    no_err(&e, "no error");
    umount(target);
    lowers[0] = "/no/such";
    ok(!overlay_mount(lowers, 1, NULL, work, target, &e), "a missing layer");
    is_err(&e, "open lower directory /no/such", "is named");
}

int main(int argc, char **argv) {
    struct fixture f;
    int code;
    if (!fixture_start(&f, argc, argv, &code))
        return code;
    test_write(&f);
    test_layers(&f);
    test_scratch(&f);
    test_read_only(&f);
    test_mounts(&f);
    test_private_files(&f);
    test_stub_times(&f);
    test_links(&f);
    test_dev(&f);
    test_overlay_mount(&f);
    return fixture_end(&f);
}
