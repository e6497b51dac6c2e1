/* SPDX-License-Identifier: Apache-2.0
 * --exclude and --parents: what of a directory is copied, and the directories on the way to it. */
#include "copying.h"

static void set_excludes(struct copying *t, const char *const *words) {
    struct err e = ERR_INIT;
    struct str texts[8];
    size_t n = 0;
    for (; words[n]; n++)
        texts[n] = str_z(words[n]);
    struct ignore *ig = arena_new(&t->arena, struct ignore);
    must(ignore_of(&t->arena, texts, n, ig, &e), &e);
    t->spec.excludes = ig;
}
#define EXCLUDE(t, ...) set_excludes((t), (const char *const[]){__VA_ARGS__, NULL})

static void some_files(struct copying *t) {
    copying_clear(t);
    put(t, "src/a.c", "");
    put(t, "src/a.o", "");
    put(t, "src/doc/b.o", "");
    put(t, "src/doc/index", "");
    put(t, "src/obj/c.o", "");
    put(t, "note.o", "");
    put(t, "note.txt", "");
}

static void test_exclude(struct copying *t) {
    struct err e = ERR_INIT;
    some_files(t);
    EXCLUDE(t, "*.o");
    is_str(COPY(t, &e, "src", "/x/"),
           S("d 0755 0:0 x\nf 0644 0:0 x/a.c=\nd 0755 0:0 x/doc\nf 0644 0:0 x/doc/b.o=\nf 0644 0:0 x/doc/index=\nd 0755 0:0 x/obj\n"
             "f 0644 0:0 x/obj/c.o=\n"),
           "a pattern is anchored at the directory that is copied");
    EXCLUDE(t, "**/*.o");
    is_str(COPY(t, &e, "src", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a.c=\nd 0755 0:0 x/doc\nf 0644 0:0 x/doc/index=\nd 0755 0:0 x/obj\n"),
           "** spans directories; a directory stays, though it becomes empty");
    EXCLUDE(t, "doc", "/obj/");
    is_str(COPY(t, &e, "src", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a.c=\nf 0644 0:0 x/a.o=\n"), "directories with all that is in them");
    is_str(COPY(t, &e, ".", "/x/"),
           S("d 0755 0:0 x\nf 0644 0:0 x/note.o=\nf 0644 0:0 x/note.txt=\nd 0755 0:0 x/src\nf 0644 0:0 x/src/a.c=\nf 0644 0:0 x/src/a.o=\n"
             "d 0755 0:0 x/src/doc\nf 0644 0:0 x/src/doc/b.o=\nf 0644 0:0 x/src/doc/index=\n"
             "d 0755 0:0 x/src/obj\nf 0644 0:0 x/src/obj/c.o=\n"),
           "from the context's root they are other paths");
    EXCLUDE(t, "*", "!**/index");
    is_str(COPY(t, &e, "src", "/x/"), S("d 0755 0:0 x\nd 0755 0:0 x/doc\nf 0644 0:0 x/doc/index=\n"),
           "an exception makes the directories on its way, and no others");
    EXCLUDE(t, "*");
    is_str(COPY(t, &e, "src", "/x/"), S("d 0755 0:0 x\n"), "all of it: the destination is made");
    is_str(COPY(t, &e, "src*", "/x/"), S("d 0755 0:0 x\n"), "a directory that a wildcard found is still copied, without its contents");
    no_err(&e, "no error");
}

static void test_exclude_files(struct copying *t) {
    struct err e = ERR_INIT;
    some_files(t);
    EXCLUDE(t, "*.o");
    is_str(COPY(t, &e, "note*", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/note.txt=\n"), "of files that a wildcard found");
    is_str(COPY(t, &e, "s*/*.?", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a.c=\n"), "further down by their names");
    is_str(COPY(t, &e, "note.o", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/note.o=\n"), "what an operand names itself is copied");
    is_str(COPY(t, &e, "n*.o", "/x/"), S(""), "where nothing is left, nothing is made");
    no_err(&e, "no error");
    put_ignore(t, "src/a.*\nsrc/doc\n!src/doc/index\n");
    EXCLUDE(t, "obj", "doc/index");
    is_str(COPY(t, &e, "src", "/x/"), S("d 0755 0:0 x\n"), "together with an ignore file");
    no_err(&e, "no error");
}

/* What is there keeps its owner; lazily made directories get the source's mode. */
static void test_lazy(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    some_files(t);
    tar_item(&tar, (struct tar_item){.name = "home/", .type = '5', .mode = 0755});
    tar_pax(&tar, "SCHILY.xattr.user.kept", S("1"));
    tar_item(&tar, (struct tar_item){.name = "home/me/", .type = '5', .mode = 0700, .uid = 5, .gid = 6, .mtime = 77});
    tar_file(&tar, "home/file", "");
    set_view(t, &t->onto, &tar);
    put(t, "home/me/a/f", "");
    put(t, "home/me/b/g", "");
    put(t, "home/file/x", "");
    put_dir(t, "home/me", 0711);
    put_dir(t, "home/me/a", 0750);
    t->part.parents = true;
    is_str(COPY(t, &e, "home/me/a/f", "/"),
           S("d 0755 0:0 home\nd 0711 5:6 home/me [user.kept=1]\nd 0750 0:0 home/me/a\nf 0644 0:0 home/me/a/f=\n"),
           "a directory that is there gets the source's mode, nothing else");
    t->spec.has_owner = true;
    t->spec.uid = t->spec.gid = 9;
    t->spec.chmod = (struct chmod){.given = true, .octal = 0700};
    is_str(COPY(t, &e, "home/me/a/f", "/"),
           S("d 0755 0:0 home\nd 0711 5:6 home/me [user.kept=1]\nd 0700 9:9 home/me/a\nf 0700 9:9 home/me/a/f=\n"),
           "others are made with owner and mode of the flags");
    t->spec.has_owner = t->spec.chmod.given = false;
    is_str(COPY(t, &e, "home/me/none*/f", "home/me/b/g", "/"),
           S("d 0755 0:0 home\nd 0711 5:6 home/me [user.kept=1]\nd 0755 0:0 home/me/b\nf 0644 0:0 home/me/b/g=\n"),
           "two ways into one directory");
    is_str(COPY(t, &e, "home/me/none*", "home/me/a/none*", "/"), S(""), "which lead nowhere");
    no_err(&e, "no error");
    COPY(t, &e, "home/file/x", "/");
    is_err(&e, "cannot copy to non-directory: /home/file", "a directory on the way that is a file there");
    is_str(COPY(t, &e, "home/file/n*", "/"), S(""), "only if something is copied into it");
    no_err(&e, "no error");
}

static void tree(struct copying *t) {
    copying_clear(t);
    put(t, "t/a/b/c/d/foo", "");
    put(t, "t/a/b/c/d/e/bay", "1");
    put(t, "t/a/b2/c/d/e/bar", "2");
    put(t, "t/a/b/c2/d/e/baz", "3");
    put(t, "t/a/file", "");
    put_dir(t, "t/a/b", 0711);
    t->part.parents = true;
}

static void test_parents(struct copying *t) {
    struct err e = ERR_INIT;
    tree(t);
    is_str(COPY(t, &e, "./t/a/b/c2/", "/o"),
           S("d 0755 0:0 o\nd 0755 0:0 o/t\nd 0755 0:0 o/t/a\nd 0711 0:0 o/t/a/b\nd 0755 0:0 o/t/a/b/c2\nd 0755 0:0 o/t/a/b/c2/d\n"
             "d 0755 0:0 o/t/a/b/c2/d/e\nf 0644 0:0 o/t/a/b/c2/d/e/baz=3\n"),
           "a directory with its parents, as they are in the source");
    is_str(COPY(t, &e, "/t/a/b/./c2/d", "/o/"),
           S("d 0755 0:0 o\nd 0755 0:0 o/c2\nd 0755 0:0 o/c2/d\nd 0755 0:0 o/c2/d/e\nf 0644 0:0 o/c2/d/e/baz=3\n"),
           "from a pivot on");
    is_str(COPY(t, &e, "t/a/./b/./c2/d/e/../e/baz", "/o/"),
           S("d 0755 0:0 o\nd 0711 0:0 o/b\nd 0755 0:0 o/b/c2\nd 0755 0:0 o/b/c2/d\nd 0755 0:0 o/b/c2/d/e\nf 0644 0:0 o/b/c2/d/e/baz=3\n"),
           "of two pivots the first");
    is_str(COPY(t, &e, "t/a/./*/c", "/o/"),
           S("d 0755 0:0 o\nd 0711 0:0 o/b\nd 0755 0:0 o/b/c\nd 0755 0:0 o/b/c/d\nd 0755 0:0 o/b/c/d/e\nf 0644 0:0 o/b/c/d/e/bay=1\n"
             "f 0644 0:0 o/b/c/d/foo=\nd 0755 0:0 o/b2\nd 0755 0:0 o/b2/c\nd 0755 0:0 o/b2/c/d\nd 0755 0:0 o/b2/c/d/e\n"
             "f 0644 0:0 o/b2/c/d/e/bar=2\n"),
           "a wildcard behind it");
    is_str(COPY(t, &e, "t/a/b*/./c/**/e", "/o/"),
           S("d 0755 0:0 o\nd 0755 0:0 o/c\nd 0755 0:0 o/c/d\nd 0755 0:0 o/c/d/e\nf 0644 0:0 o/c/d/e/bar=2\nf 0644 0:0 o/c/d/e/bay=1\n"),
           "one before it, and ** behind it: two trees merge");
    is_str(COPY(t, &e, "t/a/b/c*/./d/**/baz", "t/a/b*/./c/**/bar", "/o/"),
           S("d 0755 0:0 o\nd 0755 0:0 o/c\nd 0755 0:0 o/c/d\nd 0755 0:0 o/c/d/e\nf 0644 0:0 o/c/d/e/bar=2\nd 0755 0:0 o/d\n"
             "d 0755 0:0 o/d/e\n"
             "f 0644 0:0 o/d/e/baz=3\n"), "two operands");
    is_str(COPY(t, &e, "t/a/*/./none", "/o"), S("d 0755 0:0 o\n"), "a file beside the directories of a wildcard holds nothing");
    is_str(COPY(t, &e, "t/a/file/.", "/o"), S("d 0755 0:0 o\nd 0755 0:0 o/t\nd 0755 0:0 o/t/a\nf 0644 0:0 o/t/a/file=\n"),
           "\"/.\" at the end is no pivot");
    is_str(COPY(t, &e, "t/a/b2/./", "/o"),
           S("d 0755 0:0 o\nd 0755 0:0 o/c\nd 0755 0:0 o/c/d\nd 0755 0:0 o/c/d/e\nf 0644 0:0 o/c/d/e/bar=2\n"),
           "but \"/./\" is: all that is in it");
    is_str(COPY(t, &e, "../t/a/fil?", "/o"), S("d 0755 0:0 o\nd 0755 0:0 o/t\nd 0755 0:0 o/t/a\nf 0644 0:0 o/t/a/file=\n"),
           "\"..\" stops at the root");
    no_err(&e, "no error");
}

static void test_nothing(struct copying *t) {
    struct err e = ERR_INIT;
    tree(t);
    is_str(COPY(t, &e, "t/a/x*/c", "/o"), S("d 0755 0:0 o\n"), "a wildcard that matches nothing: only the destination is made");
    is_str(COPY(t, &e, "t/x*/./c", "/o"), S(""), "nothing at all without a pivot");
    no_err(&e, "no error");
    COPY(t, &e, "t/none", "/o");
    is_err(&e, "\"/t/none\": not found", "a path that is not there");
    COPY(t, &e, "t/a/./none/x", "/o");
    is_err(&e, "\"/t/a/none/x\": not found (there is no /t/a/none)", "behind a pivot");
    COPY(t, &e, "t/none/./x*", "/o");
    is_err(&e, "\"/t/none/x*\": not found (there is no /t/none)", "a pivot that is not there");
    COPY(t, &e, "t/a/file/./x", "/o");
    is_err(&e, "\"/t/a/file/x\": not found", "one that is a file");
    COPY(t, &e, "t/a/file/x", "/o");
    is_err(&e, "\"/t/a/file/x\": not found", "a file on the way");
    put_link(t, "link", "t/a");
    COPY(t, &e, "link/file", "/o");
    is_err(&e, "\"/link/file\": not found (/link is a symbolic link, which --parents does not follow)", "a link on the way");
    is_str(COPY(t, &e, "link/./file", "/o"), S("d 0755 0:0 o\nf 0644 0:0 o/file=\n"), "a link before the pivot is followed");
    is_str(COPY(t, &e, "link", "/o"), S("d 0755 0:0 o\nl o/link -> t/a\n"), "one at the end is copied as a link");
    COPY(t, &e, "t/[a", "/o");
    is_err(&e, "syntax error in pattern", "a wrong pattern");
    put_ignore(t, "t/a/file\n");
    COPY(t, &e, "t/a/file", "/o");
    is_err(&e, "\"/t/a/file\": not found (excluded by .dockerignore:1 \"t/a/file\")", "what the ignore file hides");
}

static void test_both(struct copying *t) {
    struct err e = ERR_INIT;
    tree(t);
    EXCLUDE(t, "t/a/b2", "**/foo");
    is_str(COPY(t, &e, "t/a/*/c", "/o"),
           S("d 0755 0:0 o\nd 0755 0:0 o/t\nd 0755 0:0 o/t/a\nd 0711 0:0 o/t/a/b\nd 0755 0:0 o/t/a/b/c\nd 0755 0:0 o/t/a/b/c/d\n"
             "d 0755 0:0 o/t/a/b/c/d/e\nf 0644 0:0 o/t/a/b/c/d/e/bay=1\n"), "--exclude and --parents: both count from the pivot");
    put_ignore(t, "t/a/b\n!t/a/b/c2\n");
    is_str(COPY(t, &e, "t/a/./b/c*/", "/o"),
           S("d 0755 0:0 o\nd 0711 0:0 o/b\nd 0755 0:0 o/b/c2\nd 0755 0:0 o/b/c2/d\nd 0755 0:0 o/b/c2/d/e\nf 0644 0:0 o/b/c2/d/e/baz=3\n"),
           "and an ignore file");
    no_err(&e, "no error");
}

/* Hard links: the first name may be left out. */
static void test_links(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    copying_clear(t);
    tar_file(&tar, "s/a", "text");
    tar_link(&tar, '1', "s/b", "s/a");
    tar_link(&tar, '1', "s/c", "s/a");
    set_view(t, &t->from, &tar);
    is_str(COPY(t, &e, "s", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=text\nh x/b -> x/a\nh x/c -> x/a\n"), "three names");
    EXCLUDE(t, "a");
    is_str(COPY(t, &e, "s", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/b=text\nh x/c -> x/b\n"), "without the first one");
    EXCLUDE(t, "b");
    is_str(COPY(t, &e, "s", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=text\nh x/c -> x/a\n"), "without the second one");
    t->spec.excludes = NULL;
    t->part.parents = true;
    is_str(COPY(t, &e, "s/[ac]", "/x/"), S("d 0755 0:0 x\nd 0755 0:0 x/s\nf 0644 0:0 x/s/a=text\nh x/s/c -> x/s/a\n"), "--parents");
    no_err(&e, "no error");
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_exclude(&t);
    test_exclude_files(&t);
    test_lazy(&t);
    test_parents(&t);
    test_nothing(&t);
    test_both(&t);
    test_links(&t);
    copying_fini(&t);
    return tap_done();
}
