/* SPDX-License-Identifier: Apache-2.0
 * Destinations of COPY: what is there already, what is made, symlinks on the way, files and directories that meet, owners and modes. */
#include "copying.h"

/* d etc (0700 5:6), f etc/conf, d etc/sub (0711 5:6, an xattr), l lib -> usr/lib, d usr/lib, l etc/link -> /usr/lib, l bad -> nowhere/x */
static void put_root(struct copying *t) {
    struct tarball tar = TARBALL_INIT;
    tar_item(&tar, (struct tar_item){.name = "etc/", .type = '5', .mode = 0700, .uid = 5, .gid = 6, .mtime = 77});
    tar_item(&tar, (struct tar_item){.name = "etc/conf", .type = '0', .mode = 0600, .uid = 5, .data = S("old")});
    tar_link(&tar, '2', "etc/link", "/usr/lib");
    tar_pax(&tar, "SCHILY.xattr.user.kept", S("1"));
    tar_item(&tar, (struct tar_item){.name = "etc/sub/", .type = '5', .mode = 0711, .uid = 5, .gid = 6, .mtime = 78});
    tar_item(&tar, (struct tar_item){.name = "etc/sub/x", .type = '0', .mode = 0644});
    tar_link(&tar, '2', "lib", "usr/lib");
    tar_link(&tar, '2', "bad", "nowhere/x");
    tar_link(&tar, '2', "round", "round");
    tar_item(&tar, (struct tar_item){.name = "usr/", .type = '5', .mode = 0755});
    tar_item(&tar, (struct tar_item){.name = "usr/lib/", .type = '5', .mode = 0555});
    set_view(t, &t->onto, &tar);
}

static void test_parents(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_root(t);
    put(t, "f", "new");
    is_str(COPY(t, &e, "f", "/etc/conf"), S("d 0700 5:6 etc\nf 0644 0:0 etc/conf=new\n"), "a parent that is there keeps what it is");
    is_str(COPY(t, &e, "f", "/etc/a/b/c"), S("d 0700 5:6 etc\nd 0755 0:0 etc/a\nd 0755 0:0 etc/a/b\nf 0644 0:0 etc/a/b/c=new\n"),
           "others are made");
    is_str(COPY(t, &e, "f", "/lib/x"), S("d 0755 0:0 usr\nd 0555 0:0 usr/lib\nf 0644 0:0 usr/lib/x=new\n"),
           "a link on the way is followed");
    is_str(COPY(t, &e, "f", "/lib"), S("d 0755 0:0 usr\nd 0555 0:0 usr/lib\nf 0644 0:0 usr/lib/f=new\n"), "and at the end");
    is_str(COPY(t, &e, "f", "/etc/link/"), S("d 0755 0:0 usr\nd 0555 0:0 usr/lib\nf 0644 0:0 usr/lib/f=new\n"),
           "an absolute one inside the root");
    is_str(COPY(t, &e, "f", "/bad"), S("d 0755 0:0 nowhere\nf 0644 0:0 nowhere/x=new\n"), "a dangling one says where it will be");
    is_str(COPY(t, &e, "f", "/etc/../../x"), S("f 0644 0:0 x=new\n"), "\"..\" stops at the root");
    no_err(&e, "no error in all this");
    COPY(t, &e, "f", "/round/x");
    is_err(&e, "symbolic links", "a loop on the way");
    COPY(t, &e, "f", "/etc/conf/x");
    is_err(&e, "not a directory", "a file on the way");
    COPY(t, &e, "f", "/etc/conf/");
    is_err(&e, "cannot copy to non-directory: /etc/conf", "a file where a slash asks for a directory");
}

static void test_meetings(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_root(t);
    put(t, "f", "new");
    put(t, "tree/conf", "c");
    put_dir(t, "tree/sub", 0750);
    put(t, "tree/sub/y", "y");
    put(t, "dirs/conf/z", "z");
    put(t, "dirs/link/z", "z");
    put(t, "files/sub", "s");
    put(t, "only/link", "now a file");
    is_str(COPY(t, &e, "f", "/etc"), S("d 0700 5:6 etc\nf 0644 0:0 etc/f=new\n"), "a file onto a directory goes into it");
    is_str(COPY(t, &e, "tree", "/etc"),
           S("d 0700 5:6 etc\nf 0644 0:0 etc/conf=c\nd 0750 0:0 etc/sub [user.kept=1]\nf 0644 0:0 etc/sub/y=y\n"),
           "the destination keeps what it is, a directory below it becomes as the source's");
    is_str(COPY(t, &e, "only", "/etc"), S("d 0700 5:6 etc\nf 0644 0:0 etc/link=now a file\n"),
           "a file takes a link's place, it is not written through");
    no_err(&e, "no error in all this");
    COPY(t, &e, "tree", "/etc/conf");
    is_err(&e, "cannot copy to non-directory: /etc/conf", "a directory onto a file");
    COPY(t, &e, "dirs", "/etc");
    is_err(&e, "cannot copy to non-directory: /etc/conf", "a directory onto a file, further down");
    copying_clear(t);
    put_root(t);
    put(t, "dirs/link/z", "z");
    COPY(t, &e, "dirs", "/etc");
    is_err(&e, "cannot copy to non-directory: /etc/link", "a link to a directory is not followed there");
    put(t, "files/sub", "s");
    COPY(t, &e, "files", "/etc");
    is_err(&e, "cannot replace to directory /etc/sub with file", "a file onto a directory, further down");
    put(t, "sub", "s");
    COPY(t, &e, "sub", "/etc");
    is_err(&e, "cannot replace to directory /etc/sub with file", "or right below");
}

static void test_merging(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "one/a", "1a");
    put(t, "one/s/x", "1x");
    put_dir(t, "one/s", 0700);
    put(t, "two/b", "2b");
    put(t, "two/s/w", "2w");
    put(t, "two/s/x", "2x");
    put_dir(t, "two/s", 0711);
    put(t, "s", "file");
    put(t, "b", "b itself");
    is_str(COPY(t, &e, "one", "two", "/d/"),
           S("d 0755 0:0 d\nf 0644 0:0 d/a=1a\nf 0644 0:0 d/b=2b\nd 0711 0:0 d/s\nf 0644 0:0 d/s/w=2w\nf 0644 0:0 d/s/x=2x\n"),
           "directories merge, the later gives files and modes");
    is_str(COPY(t, &e, "two", "one", "b", "/d/"),
           S("d 0755 0:0 d\nf 0644 0:0 d/a=1a\nf 0644 0:0 d/b=b itself\nd 0700 0:0 d/s\nf 0644 0:0 d/s/w=2w\nf 0644 0:0 d/s/x=1x\n"),
           "the other way");
    is_str(COPY(t, &e, "one", "one", "/d/"), S("d 0755 0:0 d\nf 0644 0:0 d/a=1a\nd 0700 0:0 d/s\nf 0644 0:0 d/s/x=1x\n"), "one twice");
    no_err(&e, "no error in all this");
    COPY(t, &e, "s", "one", "/d/");
    is_err(&e, "cannot copy to non-directory: /d/s", "a directory onto an earlier operand's file");
    COPY(t, &e, "one", "s", "/d/");
    is_err(&e, "cannot replace to directory /d/s with file", "a file onto an earlier operand's directory");
    put(t, "o1", "first");
    put_dir(t, "o2", 0755);
    COPY(t, &e, "o*", "/x");
    is_err(&e, "cannot copy to non-directory: /x", "a wildcard's file, then its directory, onto one name");
    put(t, "q2", "second");
    put(t, "q1/in", "in");
    is_str(COPY(t, &e, "q*", "/x"), S("d 0755 0:0 x\nf 0644 0:0 x/in=in\nf 0644 0:0 x/q2=second\n"),
           "a wildcard's directory, then its file into that");
    no_err(&e, "no error");
}

static void test_owners(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_root(t);
    put_mode(t, "d/f", "x", 04711);
    put_dir(t, "d/s", 02750);
    put_link(t, "d/l", "f");
    put_dir(t, "d", 0700);
    is_str(COPY(t, &e, "d", "/new/"), S("d 0755 0:0 new\nf 4711 0:0 new/f=x\nl new/l -> f\nd 2750 0:0 new/s\n"),
           "a made destination is 0755 whatever the source is; setuid and setgid bits stay");
    t->spec.has_owner = true;
    t->spec.uid = 8;
    t->spec.gid = 9;
    is_str(COPY(t, &e, "d", "/etc/p/q"),
           S("d 0700 5:6 etc\nd 0755 8:9 etc/p\nd 0755 8:9 etc/p/q\nf 4711 8:9 etc/p/q/f=x\nl etc/p/q/l -> f\n"
                                           "d 2750 8:9 etc/p/q/s\n"), "an owner is for all but what is there");
    t->spec.chmod = (struct chmod){.given = true, .octal = 02640};
    is_str(COPY(t, &e, "d", "/p/q"), S("d 0640 8:9 p\nd 0640 8:9 p/q\nf 2640 8:9 p/q/f=x\nl p/q/l -> f\nd 2640 8:9 p/q/s\n"),
           "a mode is for made directories too, without its special bits");
    t->spec.chmod.given = t->spec.has_owner = false;
    t->part.modes_git = true;
    is_str(COPY(t, &e, "d", "/p"), S("d 0755 0:0 p\nf 0755 0:0 p/f=x\nl p/l -> f\nd 0755 0:0 p/s\n"), "git's modes");
    no_err(&e, "no error");
}

/* --link: nothing of the root matters but the attributes of directories on the way. */
static void test_link(struct copying *t) {
    struct err e = ERR_INIT;
    struct view nothing = {.store = t->store};
    copying_clear(t);
    put_root(t);
    put(t, "f", "new");
    put(t, "tree/sub/y", "y");
    put(t, "dirs/conf/z", "z");
    t->spec.onto = &nothing;
    t->spec.beneath = &t->onto;
    is_str(COPY(t, &e, "f", "/etc/sub/n/f"),
           S("d 0700 5:6 etc\nd 0711 5:6 etc/sub [user.kept=1]\nd 0755 0:0 etc/sub/n\nf 0644 0:0 etc/sub/n/f=new\n"),
           "directories on the way are as they are there");
    is_str(COPY(t, &e, "tree", "/etc/"),
           S("d 0700 5:6 etc\nd 0755 0:0 etc/sub\nf 0644 0:0 etc/sub/y=y\n"), "the destination too; below it all is as copied");
    is_str(COPY(t, &e, "f", "/lib/x"), S("d 0755 0:0 lib\nf 0644 0:0 lib/x=new\n"), "a link is not followed");
    is_str(COPY(t, &e, "f", "/round/x"), S("d 0755 0:0 round\nf 0644 0:0 round/x=new\n"), "not even looked at");
    is_str(COPY(t, &e, "f", "/etc"), S("f 0644 0:0 etc=new\n"), "a file takes a directory's place");
    is_str(COPY(t, &e, "f", "/etc/conf/x"),
           S("d 0700 5:6 etc\nd 0755 0:0 etc/conf\nf 0644 0:0 etc/conf/x=new\n"), "and a directory a file's");
    is_str(COPY(t, &e, "dirs", "/etc/"), S("d 0700 5:6 etc\nd 0755 0:0 etc/conf\nf 0644 0:0 etc/conf/z=z\n"), "further down too");
    t->spec.has_owner = true;
    t->spec.uid = t->spec.gid = 9;
    is_str(COPY(t, &e, "f", "/etc/n/"), S("d 0700 5:6 etc\nd 0755 9:9 etc/n\nf 0644 9:9 etc/n/f=new\n"), "--chown is for what is made");
    no_err(&e, "no error");
}

static void set_clauses(struct copying *t, const char *text) {
    struct err e = ERR_INIT;
    must(chmod_parse(&t->arena, str_z(text), &t->spec.chmod, &e), &e);
}

static void test_clauses(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_root(t);
    put_mode(t, "d/f", "x", 04711);
    put_mode(t, "d/g", "x", 0600);
    put_dir(t, "d/s", 02750);
    put_link(t, "d/l", "f");
    set_clauses(t, "g=u,o-x,a+X");
    is_str(COPY(t, &e, "d", "/etc/p/q"),
           S("d 0700 5:6 etc\nd 0755 0:0 etc/p\nd 0755 0:0 etc/p/q\nf 4771 0:0 etc/p/q/f=x\nf 0660 0:0 etc/p/q/g=x\nl etc/p/q/l -> f\n"
             "d 2771 0:0 etc/p/q/s\n"),
           "clauses are for what the source has, made directories are 0755");
    set_clauses(t, "go=rX");
    is_str(COPY(t, &e, "d", "/p/"), S("d 0755 0:0 p\nf 4755 0:0 p/f=x\nf 0644 0:0 p/g=x\nl p/l -> f\nd 0755 0:0 p/s\n"),
           "X is for directories and what somebody may execute");
    t->part.modes_git = true;
    set_clauses(t, "o=");
    is_str(COPY(t, &e, "d", "/p/"), S("d 0755 0:0 p\nf 0750 0:0 p/f=x\nf 0640 0:0 p/g=x\nl p/l -> f\nd 0750 0:0 p/s\n"),
           "on top of git's modes");
    no_err(&e, "no error");
}

static void times_of(struct copying *t, const char *path, time_t when) {
    _cleanup_(mem_freep) char *full = mem_printf("%s/%s", t->context_path, path);
    const struct timespec both[2] = {{.tv_sec = when}, {.tv_sec = when}};
    ok(utimensat(AT_FDCWD, full, both, AT_SYMLINK_NOFOLLOW) == 0, "set the time of %s", path);
}

static void test_times(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put_root(t);
    put_dir(t, "d", 0755);
    put(t, "f", "");
    put_link(t, "e/l", "x");
    times_of(t, "d", 500);
    times_of(t, "f", 600);
    times_of(t, "e/l", 700);
    COPY(t, &e, "d", "/new");
    ok(t->mtime_of_last == 500, "a made destination has the source directory's time");
    COPY(t, &e, "d", "/etc");
    ok(t->mtime_of_last == 77, "one that is there keeps its own");
    COPY(t, &e, "f", "/x/y");
    ok(t->mtime_of_last == 600, "a file keeps its own");
    COPY(t, &e, "e", "/etc");
    ok(t->mtime_of_last == 700, "a link too");
    copying_clear(t);
    is_str(COPY(t, &e, ".", "/new"), S("d 0755 0:0 new\n"), "a destination for the whole context, which is empty");
    ok(t->mtime_of_last == 1000, "has the time of the build");
    no_err(&e, "no error");
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_parents(&t);
    test_meetings(&t);
    test_merging(&t);
    test_owners(&t);
    test_clauses(&t);
    test_link(&t);
    test_times(&t);
    copying_fini(&t);
    return tap_done();
}
