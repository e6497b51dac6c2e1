/* SPDX-License-Identifier: Apache-2.0
 * One COPY from several sources: paths, here-documents, files and trees from elsewhere; who wins where they meet. */
#include "copying.h"

/* A second directory beside the context, as a fetched tree or a place of downloads is. */
static int elsewhere(struct copying *t) {
    struct err e = ERR_INIT;
    _cleanup_(mem_freep) char *path = mem_printf("%s/../elsewhere", t->context_path);
    must(file_remove_tree(AT_FDCWD, path, &e) && file_mkdirs(path, 0755, &e), &e);
    int fd = file_open(path, O_RDONLY | O_DIRECTORY, 0, &e);
    must(fd >= 0, &e);
    return fd;
}

static void put_at(int dir, const char *name, struct str bytes, mode_t mode) {
    struct err e = ERR_INIT;
    _cleanup_fd_ int fd = file_openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600, &e);
    must(fd >= 0 && file_write_all(fd, bytes.p, bytes.n, name, &e), &e);
    must(fchmod(fd, mode) == 0 || err_sys(&e, errno, "%s", name), &e);
}

static struct copy_file fetched(int dir, struct str path, struct str bytes, struct str name) {
    put_at(dir, (char *)path.p, bytes, 0600);
    return (struct copy_file){.dir_fd = dir, .path = path, .size = bytes.n, .digest = sha256_of(bytes.p, bytes.n), .name = name,
                              .mode = 0600, .mtime_s = 12345};
}

static struct copy_part paths(struct copying *t, struct str *operands, size_t n) {
    return (struct copy_part){.from.context_fd = t->context, .operands = operands, .n_operands = n};
}

/* COPY of these parts. */
static struct str merged(struct copying *t, struct err *e, const struct copy_part *parts, size_t n, const char *dest) {
    t->spec.parts = parts;
    t->spec.n_parts = n;
    return COPY(t, e, dest);
}

static void test_mixed(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    _cleanup_fd_ int dir = elsewhere(t);
    put(t, "dir/a", "a of dir");
    put(t, "dir/b", "b of dir");
    put(t, "a", "a itself");
    struct copy_text texts[] = {{S("a"), S("a of a text")}, {S("b"), S("b of a text")}};
    struct copy_file file = fetched(dir, S("00ff"), S("fetched"), S("b"));
    struct str first[] = {S("dir")}, second[] = {S("a")};
    struct copy_part parts[] = {paths(t, first, 1), {.from = {.context_fd = -1, .texts = texts, .n_texts = 2}}, paths(t, second, 1),
                                {.from = {.context_fd = -1, .file = &file}}};
    is_str(merged(t, &e, parts, 4, "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=a itself\nf 0600 0:0 x/b=fetched\n"), "the last one wins");
    ok(t->mtime_of_last == 12345, "a fetched file has the time that it is said to have");
    is_str(merged(t, &e, parts, 2, "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=a of a text\nf 0644 0:0 x/b=b of a text\n"),
           "here-documents over files");
    const struct copy_part turned[] = {parts[3], parts[1], parts[0]};
    is_str(merged(t, &e, turned, 3, "/x/"), S("d 0755 0:0 x\nf 0644 0:0 x/a=a of dir\nf 0644 0:0 x/b=b of dir\n"), "and files over all");
    no_err(&e, "no error");
}

static void test_file(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    _cleanup_fd_ int dir = elsewhere(t);
    struct copy_file file = fetched(dir, S("00ff"), S("fetched"), S("name.txt")), empty = fetched(dir, S("11ff"), S(""), S("empty"));
    struct copy_part part = {.from = {.context_fd = -1, .file = &file}}, both[] = {part, {.from = {.context_fd = -1, .file = &empty}}};
    is_str(merged(t, &e, &part, 1, "/x"), S("f 0600 0:0 x=fetched\n"), "a file from elsewhere becomes the destination");
    is_str(merged(t, &e, &part, 1, "/x/"), S("d 0755 0:0 x\nf 0600 0:0 x/name.txt=fetched\n"), "or goes into it under its name");
    is_str(merged(t, &e, both, 2, "/"), S("f 0600 0:0 empty=\nf 0600 0:0 name.txt=fetched\n"), "two");
    t->spec.has_owner = true;
    t->spec.uid = t->spec.gid = 7;
    t->spec.chmod = (struct chmod){.given = true, .octal = 0755};
    is_str(merged(t, &e, &part, 1, "/x"), S("f 0755 7:7 x=fetched\n"), "with owner and mode");
    no_err(&e, "no error");
    put_at(dir, "00ff", S("something else"), 0600);
    merged(t, &e, &part, 1, "/x");
    is_err(&e, "00ff, which holds name.txt, is not what was put there", "one that is not what it was");
    (void)unlinkat(dir, "00ff", 0);
    merged(t, &e, &part, 1, "/x");
    is_err(&e, "open 00ff, which holds name.txt", "one that is gone");
    ok(symlinkat("11ff", dir, "00ff") == 0, "a link is there");
    merged(t, &e, &part, 1, "/x");
    is_err(&e, "00ff", "and is not followed");
}

/* A fetched archive is unpacked where that is asked for. */
static void test_unpack(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    copying_clear(t);
    _cleanup_fd_ int dir = elsewhere(t);
    tar_item(&tar, (struct tar_item){.name = "top/f", .type = '0', .mode = 0640, .uid = 3, .gid = 4, .data = S("in it")});
    tar_end(&tar);
    struct copy_file archive = fetched(dir, S("00ff"), buf_str(&tar.b), S("a.tar")), text = fetched(dir, S("11ff"), S("text"), S("a.txt"));
    tar_free(&tar);
    tar = (struct tarball)TARBALL_INIT;
    struct copy_part parts[] = {{.from = {.context_fd = -1, .file = &archive}, .unpack = UNPACK_YES},
                                {.from = {.context_fd = -1, .file = &text}, .unpack = UNPACK_YES}};
    is_str(merged(t, &e, parts, 2, "/x/"), S("d 0755 0:0 x\nf 0600 0:0 x/a.txt=text\nd 0755 0:0 x/top\nf 0640 3:4 x/top/f=in it\n"),
           "an archive is unpacked, with its owners; what is none is copied");
    parts[0].unpack = UNPACK_NO;
    merged(t, &e, parts, 1, "/x");
    ok(t->entries == 1, "or copied as it is");
    no_err(&e, "no error");
    tar_item(&tar, (struct tar_item){.name = "top/f", .type = '0', .mode = 0640, .uid = 3, .gid = 4, .data = S("of it")});
    tar_end(&tar);
    put_at(dir, "00ff", buf_str(&tar.b), 0600);
    tar_free(&tar);
    parts[0].unpack = UNPACK_YES;
    merged(t, &e, parts, 1, "/x");
    is_err(&e, "00ff, which holds a.tar, is not what was put there", "one that is not what it was");
}

/* Trees: modes and owners are each part's own affair. */
static void test_trees(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    _cleanup_fd_ int dir = elsewhere(t);
    put_mode(t, "sub/f", "context", 0640);
    put_at(dir, "run", S("tree"), 0700);
    put_at(dir, "text", S("tree"), 0600);
    struct str sub[] = {S("sub")}, all[] = {S("/")};
    struct copy_part parts[] = {paths(t, sub, 1), {.from.context_fd = dir, .operands = all, .n_operands = 1, .modes_git = true}};
    is_str(merged(t, &e, parts, 2, "/x/"), S("d 0755 0:0 x\nf 0640 0:0 x/f=context\nf 0755 0:0 x/run=tree\nf 0644 0:0 x/text=tree\n"),
           "a tree with git's modes beside the context");
    no_err(&e, "no error");
    struct tarball tar = TARBALL_INIT;
    tar_item(&tar, (struct tar_item){.name = "v", .type = '0', .mode = 04755, .uid = 5, .gid = 6, .data = S("view")});
    set_view(t, &t->from, &tar);
    parts[1] = (struct copy_part){.from = {.context_fd = -1, .view = &t->from}, .operands = all, .n_operands = 1, .keeps_owner = true};
    is_str(merged(t, &e, parts, 2, "/x/"), S("d 0755 0:0 x\nf 0640 0:0 x/f=context\nf 4755 5:6 x/v=view\n"),
           "another root keeps its owners");
    parts[1].keeps_owner = false;
    is_str(merged(t, &e, parts, 2, "/x/"), S("d 0755 0:0 x\nf 0640 0:0 x/f=context\nf 4755 0:0 x/v=view\n"), "or not");
    no_err(&e, "no error");
}

/* What a part holds open is released by its maker only: a missing operand of a later part must not free an earlier part's source twice. */
static void test_missing(struct copying *t) {
    struct err e = ERR_INIT;
    copying_clear(t);
    put(t, "a", "");
    struct copy_text text = {S("b"), S("")};
    struct str there[] = {S("a")}, none[] = {S("none")};
    struct copy_part parts[] = {paths(t, there, 1), {.from = {.context_fd = -1, .texts = &text, .n_texts = 1}}, paths(t, none, 1)};
    merged(t, &e, parts, 3, "/x/");
    is_err(&e, "\"/none\": not found", "an operand of a later part that is not there");
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_mixed(&t);
    test_file(&t);
    test_unpack(&t);
    test_trees(&t);
    test_missing(&t);
    copying_fini(&t);
    return tap_done();
}
