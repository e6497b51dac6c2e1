/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"
#include "tap.h"

static int tmp_fd;
static char tmp_path[] = "/tmp/croze-test-XXXXXX";

static void put(const char *name, struct str text) {
    struct err e = ERR_INIT;
    ok(file_replace(tmp_fd, name, text.p, text.n, true, &e), "write %s", name);
    err_clear(&e);
}

static void reading(void) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(4), room = BUF_INIT(1 << 20);
    put("four", S("1234"));
    ok(file_readat(tmp_fd, "four", &b, &e) && b.n == 4, "a file as large as the limit is read");
    put("five", S("12345"));
    buf_reset(&b);
    ok(!file_readat(tmp_fd, "five", &b, &e), "a larger one is not");
    is_err(&e, "larger than the limit", "and says so");
    ok(!file_readat(tmp_fd, "absent", &room, &e) && e.sys == ENOENT, "an absent file");
    is_err(&e, "absent", "is named");
    buf_fini(&b);
    buf_fini(&room);
}

static void publishing(void) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(100);
    put("name", S("old"));
    struct file_draft d = FILE_DRAFT_INIT;
    ok(file_draft_open(tmp_fd, 0644, &d, &e) && file_write_all(d.fd, "new", 3, "draft", &e), "a draft");
    ok(file_publish(&d, "name", FILE_KEEP, true, &e) && file_readat(tmp_fd, "name", &b, &e), "published over an existing name with KEEP");
    is_str(buf_str(&b), S("old"), "leaves what is there");
    ok(file_draft_open(tmp_fd, 0644, &d, &e) && file_write_all(d.fd, "new", 3, "draft", &e) &&
           file_publish(&d, "name", FILE_REPLACE, true, &e),
       "REPLACE");
    buf_reset(&b);
    ok(file_readat(tmp_fd, "name", &b, &e), "replaces");
    is_str(buf_str(&b), S("new"), "it");
    ok(file_draft_open(tmp_fd, 0644, &d, &e), "a draft that is given up");
    file_draft_discard(&d);
    struct arena a = ARENA_INIT;
    struct dir_names names;
    ok(file_list(tmp_fd, &a, &names, &e), "list");
    bool clean = true;
    for (size_t i = 0; i < names.n; i++)
        clean = clean && !str_starts(names.names[i], S(".tmp-"));
    ok(clean, "leaves nothing behind");
    arena_fini(&a);
    buf_fini(&b);
}

static void resolving(void) {
    ok(mkdirat(tmp_fd, "root", 0755) == 0 && mkdirat(tmp_fd, "root/d", 0755) == 0, "a root");
    ok(symlinkat("/etc/passwd", tmp_fd, "root/abs") == 0 && symlinkat("../../..", tmp_fd, "root/up") == 0 &&
           symlinkat("d", tmp_fd, "root/in") == 0,
       "with links");
    _cleanup_fd_ int root = openat(tmp_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_fd_ int a = file_openat_beneath(root, "abs", O_RDONLY, 0);
    ok(a < 0, "beneath: an absolute link does not lead out");
    _cleanup_fd_ int b = file_openat_beneath(root, "up/etc/passwd", O_RDONLY, 0);
    ok(b < 0, "beneath: nor does ..");
    _cleanup_fd_ int c = file_openat_beneath(root, "in", O_RDONLY | O_DIRECTORY, 0);
    ok(c >= 0, "beneath: a link inside is followed");
    _cleanup_fd_ int d = file_openat_nolinks(root, "in", O_RDONLY | O_DIRECTORY, 0);
    ok(d < 0 && errno == ELOOP, "nolinks: it is not");
    _cleanup_fd_ int f = file_openat_inroot(root, "abs", O_RDONLY, 0);
    ok(f < 0 && errno == ENOENT, "inroot: /etc/passwd is looked for inside, and is not there");
    _cleanup_fd_ int g = file_openat_inroot(root, "../../d", O_RDONLY | O_DIRECTORY, 0);
    ok(g >= 0, "inroot: .. stops at the root");
}

/* Deeper than any path the kernel takes in one piece, with modes that bar the way. */
static void removing(void) {
    struct err e = ERR_INIT;
    int at = dup(tmp_fd);
    bool made = true;
    for (int i = 0; i < 3000 && made; i++) {
        made = mkdirat(at, "deep-directory", 0700) == 0;
        int next = openat(at, "deep-directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
    }
    ok(made && at >= 0 && mkdirat(at, "shut", 0) == 0, "3000 levels deep");
    close(at);
    ok(symlinkat("/", tmp_fd, "deep-directory/link") == 0, "with a link to /");
    ok(file_remove_tree(tmp_fd, "deep-directory", &e), "is removed");
    no_err(&e, "without an error");
    ok(faccessat(tmp_fd, "deep-directory", F_OK, 0) < 0 && access("/etc/passwd", F_OK) == 0, "and nothing else is");
    ok(file_remove_tree(tmp_fd, "absent", &e), "an absent tree is fine");
}

static void locking(void) {
    struct err e = ERR_INIT;
    bool got;
    put("lock", S(""));
    _cleanup_fd_ int a = openat(tmp_fd, "lock", O_RDWR | O_CLOEXEC);
    _cleanup_fd_ int b = openat(tmp_fd, "lock", O_RDWR | O_CLOEXEC);
    ok(file_lock(a, true, false, &got, "lock", &e) && got, "the first gets the lock");
    ok(file_lock(b, false, false, &got, "lock", &e) && !got, "the second does not");
    fd_closep(&a);
    ok(file_lock(b, true, true, &got, "lock", &e) && got, "until the first lets go");
}

static void copying(void) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(100);
    put("from", S("0123456789"));
    _cleanup_fd_ int from = openat(tmp_fd, "from", O_RDONLY | O_CLOEXEC);
    int ends[2];
    ok(pipe(ends) == 0, "a pipe, which the kernel cannot copy to");
    ok(file_copy_range(from, 2, ends[1], 5, "range", &e), "a range is copied all the same");
    close(ends[1]);
    ok(file_read_fd(ends[0], "pipe", &b, &e), "read");
    is_str(buf_str(&b), S("23456"), "it is the right one");
    close(ends[0]);
    ok(!file_copy_range(from, 5, tmp_fd, 50, "range", &e), "past the end");
    err_clear(&e);
    buf_fini(&b);
}

static bool put_text(void *ctx, int fd, struct err *e) {
    const struct str *text = ctx;
    return text->n ? file_write_all(fd, text->p, text->n, "the text", e) : err_set(e, ERR_FAILED, "no text");
}

static bool put_at(const char *path, struct str text, struct err *e) {
    return file_write_by(path, put_text, &text, e);
}

static void has_text(const char *name, struct str want, mode_t mode, const char *what) {
    struct err e = ERR_INIT;
    struct stat st;
    struct buf b = BUF_INIT(100);
    bool there = fstatat(tmp_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & 07777) == mode;
    ok(there && file_readat(tmp_fd, name, &b, &e), "%s", what);
    is_str(buf_str(&b), want, "... holds it");
    no_err(&e, "... and can be read");
    buf_fini(&b);
}

static void writing_by(void) {
    struct err e = ERR_INIT;
    struct stat st;
    struct arena a = ARENA_INIT;
    const char *out = arena_printf(&a, "%s/out", tmp_path).p, *link = arena_printf(&a, "%s/link", tmp_path).p;
    mode_t mask = umask(022);
    ok(put_at(out, S("one"), &e), "a new file");
    has_text("out", S("one"), 0644, "its mode is the usual one");
    ok(fchmodat(tmp_fd, "out", 06640, 0) == 0 && put_at(out, S("two"), &e), "one that is there is replaced");
    has_text("out", S("two"), 0640, "it keeps its permissions, but for set-id");
    ok(symlinkat("out", tmp_fd, "link") == 0 && put_at(link, S("three"), &e), "by a symlink");
    has_text("out", S("three"), 0640, "what it leads to is replaced");
    ok(fstatat(tmp_fd, "link", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode), "the link stays");
    ok(!put_at(link, S(""), &e), "a failure while it is written");
    is_err(&e, "no text", "is told");
    has_text("out", S("three"), 0640, "what was there is still there");
    ok(!put_at(tmp_path, S("four"), &e), "a directory");
    is_err(&e, tmp_path, "is named");
    ok(!put_at("/proc/croze-none", S("four"), &e), "where no file can be made");
    is_err(&e, "/proc/croze-none", "it is named, not the draft alone");
    _cleanup_fd_ int open_file = openat(tmp_fd, "out", O_WRONLY | O_CLOEXEC);
    const char *by_number = arena_printf(&a, "/proc/self/fd/%d", open_file).p;
    ok(file_is_descriptor(by_number) && !file_is_descriptor(link) && !file_is_descriptor(out), "an open file by its number");
    ok(put_at(by_number, S("+"), &e) && file_is_at(open_file, tmp_fd, "out"), "... is not replaced");
    has_text("out", S("three+"), 0640, "... but written to at its end");
    umask(mask);
    arena_fini(&a);
}

static void writing_to_pipe(void) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct stat st;
    struct buf b = BUF_INIT(100);
    const char *path = arena_printf(&a, "%s/pipe", tmp_path).p;
    int reader = mkfifo(path, 0600) == 0 ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    ok(reader >= 0 && put_at(path, S("five"), &e), "a pipe is written as it is");
    ok(file_read_fd(reader, "pipe", &b, &e), "read");
    is_str(buf_str(&b), S("five"), "it went through");
    ok(fstatat(tmp_fd, "pipe", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISFIFO(st.st_mode), "and is still a pipe");
    fd_closep(&reader);
    buf_fini(&b);
    arena_fini(&a);
}

static void same_file(void) {
    put("here", S(""));
    put("there", S(""));
    _cleanup_fd_ int fd = openat(tmp_fd, "here", O_RDONLY | O_CLOEXEC);
    ok(file_is_at(fd, tmp_fd, "here") && !file_is_at(fd, tmp_fd, "there") && !file_is_at(fd, tmp_fd, "nowhere"), "which name a file has");
    put("here", S("x"));
    ok(!file_is_at(fd, tmp_fd, "here"), "until another takes it");
}

int main(void) {
    struct err e = ERR_INIT;
    tmp_fd = mkdtemp(tmp_path) ? open(tmp_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    ok(tmp_fd >= 0, "a directory to work in");
    reading();
    publishing();
    resolving();
    removing();
    locking();
    copying();
    writing_by();
    writing_to_pipe();
    same_file();
    ok(file_remove_tree(AT_FDCWD, tmp_path, &e), "cleaned up");
    return tap_done();
}
