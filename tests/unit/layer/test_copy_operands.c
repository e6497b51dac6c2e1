/* SPDX-License-Identifier: Apache-2.0
 * Operands of COPY: literals, wildcards, symlinks of the operand itself, what is not there and why. */
#include "copying.h"

static void test_literals(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "a", "one");
    put(t, "d/b", "two");
    put_mode(t, "d/run", "#!", 0755);
    is_str(COPY(t, &e, "a", "/x"), S("f 0644 0:0 x=one\n"), "a file to a new name");
    is_str(COPY(t, &e, "a", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=one\n"), "a file into a directory that is made");
    is_str(COPY(t, &e, "d", "/x"), S("d 0755 0:0 x\nf 0644 0:0 x/b=two\nf 0755 0:0 x/run=#!\n"), "a directory gives its contents");
    is_str(COPY(t, &e, "/d/./b/", "/x"), S("f 0644 0:0 x=two\n"), "a leading slash, a dot and a trailing slash mean nothing");
    is_str(COPY(t, &e, "../../a", "/"), S("f 0644 0:0 a=one\n"), "\"..\" stops at the context");
    is_str(COPY(t, &e, "d/../../d/b", "/"), S("f 0644 0:0 b=two\n"), "in the middle too");
    is_str(COPY(t, &e, ".", "/"), S("f 0644 0:0 a=one\nd 0755 0:0 d\nf 0644 0:0 d/b=two\nf 0755 0:0 d/run=#!\n"), "the whole context");
    is_str(COPY(t, &e, "d", "a", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=one\nf 0644 0:0 x/b=two\nf 0755 0:0 x/run=#!\n"), "two operands");
    no_err(&e, "no error in all this");
}

static void test_missing(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "a", "");
    put(t, "sub/x.log", "");
    put(t, "logs/keep", "");
    COPY(t, &e, "nope/there", "/x");
    ok(e.sys == ENOENT, "a missing literal has sys = ENOENT");
    is_err(&e, "\"/nope/there\": not found (there is no /nope)", "and is named with its slash, and how far it goes");
    COPY(t, &e, "a/b", "/x");
    is_err(&e, "\"/a/b\": not found", "a file is no directory");
    COPY(t, &e, "a", "nope", "/x/");
    is_err(&e, "\"/nope\": not found", "one of two missing is an error");
    put_ignore(t, "a\n\n*/*.log\nlogs\n");
    COPY(t, &e, "sub/x.log", "/x");
    is_err(&e, "\"/sub/x.log\": not found (excluded by .dockerignore:3 \"*/*.log\")", "the ignore line that hides it is named");
    COPY(t, &e, "logs/keep", "/x");
    is_err(&e, "(excluded by .dockerignore:4 \"logs\")", "that of a directory above it too");
    COPY(t, &e, "logs/none", "/x");
    is_err(&e, "(excluded by .dockerignore:4 \"logs\")", "and when the file in it is not there");
    COPY(t, &e, "none.log", "/x");
    ok(e.sys == ENOENT && !strstr(e.msg, "excluded"), "what is not there at all is not blamed on the ignore file");
    err_clear(&e);
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    COPY(t, &e, name, "/x");
    is_err(&e, "not found", "a name that no file system has");
}

static void test_wildcards(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "a.c", "a");
    put(t, "b.c", "b");
    put(t, ".h.c", "h");
    put(t, "c.h", "c");
    put(t, "lib/one/x.so", "1");
    put(t, "lib/two/x.so", "2");
    put(t, "lib/two/y.so", "3");
    put(t, "weird[0].txt", "w");
    put_link(t, "lib/three", "two");
    is_str(COPY(t, &e, "*.c", "/s/"), S("d 0755 0:0 s\nf 0644 0:0 s/.h.c=h\nf 0644 0:0 s/a.c=a\nf 0644 0:0 s/b.c=b\n"),
           "a star matches dot files too");
    is_str(COPY(t, &e, "[ab].?", "/s/"), S("d 0755 0:0 s\nf 0644 0:0 s/a.c=a\nf 0644 0:0 s/b.c=b\n"), "a class and a question mark");
    is_str(COPY(t, &e, "weird[[]0].txt", "/"), S("f 0644 0:0 weird[0].txt=w\n"), "a bracket in a class");
    is_str(COPY(t, &e, "lib/*/y.so", "/s/"), S("d 0755 0:0 s\nf 0644 0:0 s/y.so=3\n"), "in the middle, links not followed");
    is_str(COPY(t, &e, "lib/*/x.so", "/s/"), S("d 0755 0:0 s\nf 0644 0:0 s/x.so=2\n"), "of two with one name the later wins");
    is_str(COPY(t, &e, "l*", "/s"), S("d 0755 0:0 s\nd 0755 0:0 s/one\nf 0644 0:0 s/one/x.so=1\nl s/three -> two\nd 0755 0:0 s/two\n"
                                      "f 0644 0:0 s/two/x.so=2\nf 0644 0:0 s/two/y.so=3\n"), "a matched directory gives its contents");
    is_str(COPY(t, &e, "lib/**/y.so", "/s/"), S("d 0755 0:0 s\nf 0644 0:0 s/y.so=3\n"), "two stars are one");
    is_str(COPY(t, &e, "*.none", "/s/"), S(""), "no match is nothing, not even the directory");
    is_str(COPY(t, &e, "*.none", "c.h", "/s/"), S("d 0755 0:0 s\nf 0644 0:0 s/c.h=c\n"), "no match beside a literal");
    is_str(COPY(t, &e, "a.c/*", "/s/"), S(""), "below a file nothing matches");
    no_err(&e, "no error in all this");
    COPY(t, &e, "none/*.c", "/s/");
    is_err(&e, "\"/none/*.c\": not found", "a missing directory before the wildcard");
    COPY(t, &e, "lib/[", "/s/");
    is_err(&e, "\"/lib/[\"", "a malformed pattern names the operand");
    is_str(COPY(t, &e, "[ab].c", "/one"), S("f 0644 0:0 one=b\n"), "onto one name: the last stays");
    put_ignore(t, "b.c\nlib\n!lib/two\n");
    is_str(COPY(t, &e, "*", "/"), S("f 0644 0:0 .h.c=h\nf 0644 0:0 a.c=a\nf 0644 0:0 c.h=c\nd 0755 0:0 two\nf 0644 0:0 two/x.so=2\n"
                                    "f 0644 0:0 two/y.so=3\nf 0644 0:0 weird[0].txt=w\n"), "what is ignored does not match");
    put_ignore(t, "lib\n!lib/four\n");
    is_str(COPY(t, &e, "l*", "/s/"), S(""), "nor a directory without what is included again");
    no_err(&e, "no error with an ignore file");
}

static void test_links(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "real/f", "text");
    put_link(t, "real/in", "f");
    put_link(t, "dir", "real");
    put_link(t, "abs", "/dir/in");
    put_link(t, "up", "../../../../dir");
    put_link(t, "out", "/etc/passwd");
    put_link(t, "loop", "pool");
    put_link(t, "pool", "loop");
    is_str(COPY(t, &e, "dir/in", "/"), S("f 0644 0:0 in=text\n"), "links of the operand are followed, its name is kept");
    is_str(COPY(t, &e, "abs", "/"), S("f 0644 0:0 abs=text\n"), "an absolute link starts at the context");
    is_str(COPY(t, &e, "up", "/x"), S("d 0755 0:0 x\nf 0644 0:0 x/f=text\nl x/in -> f\n"),
           "one that goes up stops there; deeper links are copied");
    is_str(COPY(t, &e, "dir/*", "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/f=text\nf 0644 0:0 x/in=text\n"), "a matched link is followed");
    no_err(&e, "no error in all this");
    COPY(t, &e, "out", "/");
    is_err(&e, "\"/out\": not found", "a link out of the context finds nothing");
    COPY(t, &e, "loop", "/");
    is_err(&e, "too many symbolic links", "a loop");
    put_ignore(t, "real/f\n");
    COPY(t, &e, "abs", "/");
    is_err(&e, "\"/abs\": not found (excluded by .dockerignore:1 \"real/f\")", "a link to what is ignored");
}

static void test_texts(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    struct copy_text texts[] = {{S("a.sh"), S("echo\n")}, {S("b"), S("")}, {S("b"), S("2")}};
    t->part.from = (struct copy_source){.context_fd = -1, .texts = texts, .n_texts = 1};
    is_str(COPY(t, &e, "/x"), S("f 0644 0:0 x=echo\n\n"), "a here-document to a name");
    ok(t->mtime_of_last == 1000, "its time is that of the build");
    t->part.from.n_texts = 3;
    is_str(COPY(t, &e, "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a.sh=echo\n\nf 0644 0:0 x/b=2\n"), "three, two of one name");
    t->spec.chmod = (struct chmod){.given = true, .octal = 0700};
    t->spec.has_owner = true;
    t->spec.uid = t->spec.gid = 7;
    t->part.from.n_texts = 1;
    is_str(COPY(t, &e, "/x/"), S("d 0700 7:7 x\nf 0700 7:7 x/a.sh=echo\n\n"), "with mode and owner");
    no_err(&e, "no error");
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_literals(&t);
    test_missing(&t);
    test_wildcards(&t);
    test_links(&t);
    test_texts(&t);
    copying_fini(&t);
    return tap_done();
}
