/* SPDX-License-Identifier: Apache-2.0
 * The walk of COPY: order, kinds of files, links, extended attributes, ignore files, what changes meanwhile, depth and number. */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "base/log.h"
#include "copying.h"
#include "sys/clock.h"

static char *full(struct copying *t, const char *path) {
    return (char *)arena_printf(&t->arena, "%s/%s", t->context_path, path).p;
}

static void test_names(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "a/b", "1");
    put(t, "a.b", "2");
    put(t, "a-", "3");
    put(t, "a\nb", "4");
    put(t, "\xff\x01", "5");
    is_str(COPY(t, &e, ".", "/"),
           S("d 0755 0:0 a\nf 0644 0:0 a/b=1\nf 0644 0:0 a\nb=4\nf 0644 0:0 a-=3\nf 0644 0:0 a.b=2\nf 0644 0:0 \xff\x01=5\n"),
           "a directory's contents follow it at once; odd names pass");
    no_err(&e, "no error");
    put(t, "a/.wh.c", "");
    COPY(t, &e, ".", "/");
    is_err(&e, "cannot copy /a/.wh.c: in an image layer", "a name that would be a whiteout");
}

static void count_warning(void *ctx, const char *line) {
    if (strstr(line, "socket"))
        ++*(int *)ctx;
}

static void test_kinds(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    int warnings = 0;
    put(t, "empty", "");
    ok(mkfifo(full(t, "fifo"), 0640) == 0 && chmod(full(t, "fifo"), 0640) == 0, "a FIFO");
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", t->context_path);
    _cleanup_fd_ int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ok(s >= 0 && bind(s, (struct sockaddr *)&name, sizeof name) == 0, "a socket");
    log_set_sink(count_warning, &warnings);
    is_str(COPY(t, &e, ".", "/"), S("f 0644 0:0 empty=\np 0640 0:0 fifo\n"), "a FIFO is one, a socket is left out");
    ok(warnings == 1, "with a warning");
    is_str(COPY(t, &e, "socket", "/x"), S(""), "also as an operand");
    t->spec.quiet = true;
    COPY(t, &e, ".", "/");
    ok(warnings == 2, "but not when asked to be quiet");
    log_set_sink(NULL, NULL);
    if (mknod(full(t, "null"), S_IFCHR | 0666, makedev(1, 3)) == 0 && chmod(full(t, "null"), 0666) == 0)
        is_str(COPY(t, &e, "null", "/x"), S("c 0666 0:0 x 1:3\n"), "a device");
    else
        tap_skip("device nodes may not be made here");
    no_err(&e, "no error");
}

static void test_hardlinks(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "d/b", "same");
    put_dir(t, "d/a", 0755);
    put_dir(t, "other", 0755);
    ok(link(full(t, "d/b"), full(t, "d/a/z")) == 0 && link(full(t, "d/b"), full(t, "d/c")) == 0 &&
       link(full(t, "d/b"), full(t, "other/o")) == 0,
       "four names");
    is_str(COPY(t, &e, "d", "/x"), S("d 0755 0:0 x\nd 0755 0:0 x/a\nf 0644 0:0 x/a/z=same\nh x/b -> x/a/z\nh x/c -> x/a/z\n"),
           "links of one operand are kept, the first in order is the file");
    is_str(COPY(t, &e, "d/b", "d/c", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/b=same\nf 0644 0:0 x/c=same\n"), "two operands are two files");
    put(t, "over/b", "replaced");
    is_str(COPY(t, &e, "d", "other", "over", "/x/"),
           S("d 0755 0:0 x\nd 0755 0:0 x/a\nf 0644 0:0 x/a/z=same\nf 0644 0:0 x/b=replaced\nh x/c -> x/a/z\nf 0644 0:0 x/o=same\n"),
           "what is replaced is no link");
    put_ignore(t, "d/a\n");
    is_str(COPY(t, &e, "d", "/x"), S("d 0755 0:0 x\nf 0644 0:0 x/b=same\nh x/c -> x/b\n"), "what is ignored is no first name");
    no_err(&e, "no error");
}

static void test_xattrs(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "d/f", "x");
    put_link(t, "d/l", "f");
    if (setxattr(full(t, "d/f"), "user.z", "last", 4, 0) < 0) {
        tap_skip("the file system has no user xattrs");
        return;
    }
    setxattr(full(t, "d/f"), "user.a", "first", 5, 0);
    setxattr(full(t, "d/f"), "user.overlay.opaque", "y", 1, 0);
    setxattr(full(t, "d/f"), "user.croze.dev", "c 1 3", 5, 0);
    setxattr(full(t, "d"), "user.dir", "1", 1, 0);
    is_str(COPY(t, &e, ".", "/"), S("d 0755 0:0 d [user.dir=1]\nf 0644 0:0 d/f=x [user.a=first] [user.z=last]\nl d/l -> f\n"),
           "those that images carry, sorted");
    is_str(COPY(t, &e, "d/f", "/"), S("f 0644 0:0 f=x [user.a=first] [user.z=last]\n"), "of an operand too");
    if (setxattr(full(t, "d/f"), "security.selinux", "x", 1, 0) == 0 || setxattr(full(t, "d/f"), "trusted.x", "x", 1, 0) == 0)
        is_str(COPY(t, &e, "d/f", "/"), S("f 0644 0:0 f=x [user.a=first] [user.z=last]\n"), "none of the host's own");
    else
        tap_skip("trusted xattrs may not be set here");
    char many[40];
    for (int i = 0; i <= LIMIT_XATTRS; i++) {
        snprintf(many, sizeof many, "user.n%d", i);
        if (setxattr(full(t, "d/f"), many, "", 0, 0) < 0)
            break;
    }
    COPY(t, &e, "d/f", "/");
    if (e.kind == ERR_NONE)
        tap_skip("the file system takes fewer xattrs than the limit");
    else
        is_err(&e, "more than 128 extended attributes", "too many");
    err_clear(&e);
}

static void test_ignored(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "keep", "k");
    put(t, "skip", "s");
    put(t, "d/skip", "s");
    put_dir(t, "d/in", 0700);
    put(t, "d/in/back", "b");
    put(t, "d/in/gone", "g");
    put_dir(t, "d/none", 0755);
    put(t, "d/none/deep/gone", "g");
    put_dir(t, "empty", 0755);
    put_ignore(t, "skip\nd\n!d/in/back\n!d/none/*/back\n");
    is_str(COPY(t, &e, ".", "/"), S("d 0755 0:0 d\nd 0700 0:0 d/in\nf 0644 0:0 d/in/back=b\nd 0755 0:0 empty\nf 0644 0:0 keep=k\n"),
           "parents of what is included again come with it, as they are; others do not");
    is_str(COPY(t, &e, "d", "/x"), S("d 0755 0:0 x\nd 0700 0:0 x/in\nf 0644 0:0 x/in/back=b\n"),
           "an excluded operand with something in it");
    COPY(t, &e, "d/none", "/x");
    is_err(&e, "\"/d/none\": not found (excluded by .dockerignore:2 \"d\")", "an excluded operand with nothing in it");
    put(t, "more/none", "a file");
    put_dir(t, "more/in", 0711);
    is_str(COPY(t, &e, "d", "more", "/x/"), S("d 0755 0:0 x\nd 0711 0:0 x/in\nf 0644 0:0 x/in/back=b\nf 0644 0:0 x/none=a file\n"),
           "an excluded directory with nothing in it is in nobody's way");
    put_ignore(t, "*\n!keep\n");
    is_str(COPY(t, &e, ".", "/"), S("f 0644 0:0 keep=k\n"), "all but one");
    put_ignore(t, "**\n");
    is_str(COPY(t, &e, ".", "/x/"), S("d 0755 0:0 x\n"), "all");
    no_err(&e, "no error");
}

/* --- what changes meanwhile --- */

static void swap_dir(struct copying *t, struct str path) {
    if (!str_eq(path, S("d")))
        return;
    ok(rename(full(t, "d"), full(t, "moved")) == 0 && symlink("/etc", full(t, "d")) == 0, "the directory becomes a link to /etc");
}

static void swap_later(struct copying *t, struct str path) {
    if (str_eq(path, S("d/a")))
        ok(rename(full(t, "d/b"), full(t, "moved")) == 0 &&
           symlink("/etc", full(t, "d/b")) == 0, "a directory that was listed becomes a link");
}

static void remove_next(struct copying *t, struct str path) {
    if (str_eq(path, S("a")))
        ok(unlink(full(t, "b")) == 0, "the next file vanishes");
}

static void replace_by_fifo(struct copying *t, struct str path) {
    if (str_eq(path, S("d")))
        ok(unlink(full(t, "d/a")) == 0 && mkfifo(full(t, "d/a"), 0600) == 0, "a file that was not yet looked at becomes a FIFO");
}

static void test_changes(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "d/passwd", "mine");
    t->meanwhile = swap_dir;
    COPY(t, &e, ".", "/");
    ok(e.sys == ESTALE, "a directory that is swapped under the walk: list again");
    is_err(&e, "changed while it was read", "and says so");
    copying_clear(t);
    put(t, "d/a", "1");
    put(t, "d/b/passwd", "mine");
    t->meanwhile = swap_later;
    is_str(COPY(t, &e, ".", "/"), S("d 0755 0:0 d\nf 0644 0:0 d/a=1\nl d/b -> /etc\n"),
           "swapped before it is looked at: it is a link, and not entered");
    no_err(&e, "no error");
    copying_clear(t);
    put(t, "a", "1");
    put(t, "b", "2");
    t->meanwhile = remove_next;
    COPY(t, &e, ".", "/");
    ok(e.sys == ESTALE, "a file that vanishes: list again");
    is_err(&e, "b changed while it was read", "and names it");
    copying_clear(t);
    put(t, "d/a", "1");
    t->meanwhile = replace_by_fifo;
    is_str(COPY(t, &e, ".", "/"), S("d 0755 0:0 d\np 0600 0:0 d/a\n"), "a FIFO in a file's place does not block");
    no_err(&e, "no error");
}

enum { NOBODY = 65534 };

static void test_unreadable(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "d/secret", "x");
    put_dir(t, "d/closed", 0);
    ok(chmod(full(t, "d/secret"), 0) == 0, "what nobody but root may read");
    uid_t me = geteuid();
    if (me == 0 && seteuid(NOBODY) < 0) {
        tap_skip("root reads everything, and cannot become another user here");
        return;
    }
    COPY(t, &e, "d/secret", "/");
    ok(e.sys == EACCES, "a file without permission");
    is_err(&e, "read d/secret: Permission denied", "is named");
    COPY(t, &e, "d", "/");
    is_err(&e, "d/closed of the build context: Permission denied", "a directory too");
    put_ignore(t, "d/closed\nd/secret\n");
    is_str(COPY(t, &e, "d", "/"), S(""), "but not what is ignored");
    no_err(&e, "no error");
    ok(seteuid(me) == 0 && chmod(full(t, "d/closed"), 0700) == 0, "and back");
}

static bool count(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    (void)en, (void)c, (void)e;
    ++*(size_t *)ctx;
    return true;
}

static bool counted(struct copying *t, size_t *entries, struct err *e) {
    static struct str operand = S(".");
    *entries = 0;
    t->part.operands = &operand;
    t->part.n_operands = 1;
    t->spec.dest = S("/");
    return copy_entries(&t->spec, true, (struct entry_sink){count, entries}, e);
}

/* A file that nobody else may read can only be copied by somebody else if it is not opened. */
static void test_stat_index(struct copying *t) {
    struct err e = ERR_INIT;
    size_t entries;
    copying_clear(t);
    if (geteuid() != 0) {
        tap_skip("only root can hand over to another user");
        return;
    }
    put_mode(t, "secret", "text", 0);
    struct timespec begin = clock_now_coarse(), now = begin;
    while (now.tv_sec - begin.tv_sec < 2 && now.tv_nsec - begin.tv_nsec + 1000000000L * (now.tv_sec - begin.tv_sec) < 50000000L)
        now = clock_now_coarse(); /* until the file is older than the clock's grain, else it is not learned */
    t->part.from.stats = stat_index_open(t->store, t->context, &e);
    ok(t->part.from.stats && counted(t, &entries, &e) && entries == 1, "a file is read and learned");
    stat_index_close(t->part.from.stats);
    t->part.from.stats = stat_index_open(t->store, t->context, &e);
    ok(seteuid(NOBODY) == 0 && counted(t, &entries, &e) && entries == 1, "what is known is not opened");
    no_err(&e, "no error");
    ok(seteuid(0) == 0 && chmod(full(t, "secret"), 0400) == 0 && seteuid(NOBODY) == 0, "it changes");
    ok(!counted(t, &entries, &e) && e.sys == EACCES, "then it is read again");
    err_clear(&e);
    ok(seteuid(0) == 0, "and back");
    stat_index_close(t->part.from.stats);
}

/* --- size --- */

enum { DEEP = 1010, MANY = 40000, DESCRIPTORS = 64 };

static void count_descriptors(struct copying *t, struct str path) {
    struct arena a = ARENA_INIT;
    struct dir_names open;
    struct err e = ERR_INIT;
    (void)t;
    _cleanup_fd_ int fd = file_open("/proc/self/fd", O_RDONLY | O_DIRECTORY, 0, &e);
    if (fd >= 0 && file_list(fd, &a, &open, &e) && open.n > DESCRIPTORS)
        ok(false, "%zu descriptors are open at %.*s", open.n, STR_ARG(path));
    arena_fini(&a);
}

static void test_deep(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    int at = dup(t->context);
    for (int i = 0; i < DEEP && at >= 0; i++) {
        int next = mkdirat(at, "d", 0755) == 0 ? openat(at, "d", O_RDONLY | O_DIRECTORY) : -1;
        close(at);
        at = next;
    }
    int file = openat(at, "z", O_CREAT | O_WRONLY, 0600);
    ok(file >= 0, "a tree of %d levels", DEEP);
    close(file);
    close(at);
    put(t, "d/z", "after");
    t->meanwhile = count_descriptors;
    COPY(t, &e, ".", "/");
    ok(t->entries == DEEP + 2, "is copied with few descriptors (%zu entries)", t->entries);
    no_err(&e, "no error");
    at = dup(t->context);
    ok(renameat(at, "d", at, "e") == 0 && mkdirat(at, "d", 0755) == 0, "room for more above");
    close(at);
    for (int i = 0; i < 20; i++)
        if (rename(full(t, "e"), full(t, "d/d")) < 0 || rename(full(t, "d"), full(t, "e")) < 0 || mkdir(full(t, "d"), 0755) < 0)
            break;
    COPY(t, &e, ".", "/");
    is_err(&e, "nested deeper than 1024", "deeper than images may be is an error");
}

static long resident_kib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void test_many(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    char name[64];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "a-file-with-a-name-of-its-own-%06d", i);
        int fd = openat(t->context, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        close(fd);
    }
    long before = resident_kib();
    size_t entries;
    ok(counted(t, &entries, &e) && entries == MANY, "%d files in one directory", MANY);
    no_err(&e, "no error");
    long grown = resident_kib() - before;
#if ASAN
    printf("# %ld KiB\n", grown);
    tap_skip("AddressSanitizer's memory is not ours");
#else
    ok(grown < MANY * 150L / 1024, "memory grew by %ld KiB: less than 150 bytes an entry", grown);
#endif
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_names(&t);
    test_kinds(&t);
    test_hardlinks(&t);
    test_xattrs(&t);
    test_ignored(&t);
    test_changes(&t);
    test_unreadable(&t);
    test_stat_index(&t);
    test_deep(&t);
    test_many(&t);
    copying_fini(&t);
    return tap_done();
}
