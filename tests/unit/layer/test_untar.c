/* SPDX-License-Identifier: Apache-2.0
 * tar_read: what it makes of sound archives of every dialect, and what it refuses, by name. */
#include "tarball.h"

static struct arena arena;

/* Entries as text, with the first bytes of contents. */
static bool collect(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    static const char *const types[] = {"file", "dir", "symlink", "hardlink", "char", "block", "fifo", "whiteout", "opaque"};
    struct buf *out = ctx;
    char piece[7000];
    buf_printf(out, "%s '%.*s'", types[en->type], (int)(en->path.n < 60 ? en->path.n : 60), en->path.p ? en->path.p : "");
    if (en->link.n)
        buf_printf(out, " -> '%.*s'", STR_ARG(en->link));
    if (en->type == ENTRY_FILE)
        buf_printf(out, " %llu:", (unsigned long long)en->size);
    uint64_t total = 0;
    while (c->kind == CONTENT_STREAM) {
        ptrdiff_t n = c->pull(c->pull_ctx, piece, sizeof piece, e);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        if (total == 0)
            for (ptrdiff_t i = 0; i < n && i < 12; i++)
                buf_add_char(out, piece[i] ? piece[i] : '.');
        total += (uint64_t)n;
    }
    if (en->type == ENTRY_FILE && total != en->size)
        buf_printf(out, " BUT %llu BYTES", (unsigned long long)total);
    for (size_t i = 0; i < en->n_xattrs; i++)
        buf_printf(out, " %.*s=%.*s", STR_ARG(en->xattrs[i].name), STR_ARG(en->xattrs[i].value));
    buf_add_char(out, '\n');
    return true;
}

static struct str read_bytes(struct str bytes, size_t piece, struct err *e) {
    struct buf out = BUF_INIT(MIB(1));
    struct bytes_source src = {bytes, piece};
    bool ok = tar_read(bytes_read, &src, "sample", (struct entry_sink){collect, &out}, e);
    struct str text = ok ? arena_str(&arena, buf_str(&out)) : S("(error)");
    buf_fini(&out);
    return text;
}

/* Ends, reads and frees it. */
static struct str read_all(struct tarball *t, struct err *e) {
    tar_end(t);
    struct str text = read_bytes(buf_str(&t->b), 0, e);
    tar_free(t);
    *t = (struct tarball)TARBALL_INIT;
    return text;
}

static void sound(struct tarball *t, const char *want, const char *what) {
    struct err e = ERR_INIT;
    struct str got = read_all(t, &e);
    is_str(got, str_z(want), what);
    no_err(&e, "  without an error");
}

static void refused(struct tarball *t, const char *part, const char *what) {
    struct err e = ERR_INIT;
    read_all(t, &e);
    is_err(&e, part, what);
}

static struct str repeat(const char *text, size_t n) {
    struct buf b = BUF_INIT(MIB(8));
    for (size_t i = 0; i < n; i++)
        buf_add_str(&b, str_z(text));
    struct str s = arena_str(&arena, buf_str(&b));
    buf_fini(&b);
    return s;
}

static void test_names(void) {
    struct tarball t = TARBALL_INIT;
    tar_dir(&t, "./");
    tar_dir(&t, "./etc/");
    tar_file(&t, "/etc//passwd", "root");
    tar_file(&t, "./a/./b/", "");
    tar_link(&t, '1', "copy", "./etc/passwd");
    tar_link(&t, '2', "up", "../../../etc/shadow");
    sound(
        &t,
        "dir ''\ndir 'etc'\nfile 'etc/passwd' 4:root\ndir 'a/b'\nhardlink 'copy' -> 'etc/passwd'\nsymlink 'up' -> '../../../etc/shadow'\n",
        "names are made clean; targets of symlinks stay as they are");

    tar_pax(&t, "path", S("caf\xc3\xa9/\xe4\xbd\xa0"));
    tar_file(&t, "x", "1");
    tar_pax(&t, "path", S("caf\xe9"));
    tar_file(&t, "x", "2");
    tar_pax(&t, "linkpath", S("caf\xe9"));
    tar_link(&t, '2', "s", "x");
    sound(&t, "file 'caf\xc3\xa9/\xe4\xbd\xa0' 1:1\nfile 'caf\xe9' 1:2\nsymlink 's' -> 'caf\xe9'\n", "PAX names in UTF-8 and in Latin-1");

    tar_gnu_long(&t, 'L', repeat("d/", 80));
    tar_dir(&t, "d/d/");
    struct str want = arena_printf(&arena, "dir '%.60s'\n", repeat("d/", 80).p);
    sound(&t, want.p, "a long name the GNU way");

    tar_file(&t, "../escape", "x");
    refused(&t, "../escape leaves the layer's root", "a name with ..");
    tar_file(&t, "../\033[2J\xc2\x9b" "2J\xc3\xa9", "x");
    refused(&t, "the name ../?[2J?2J\xc3\xa9 leaves the layer's root", "a name that would steer a terminal is shown without what would");
    tar_file(&t, "a/../../b", "x");
    refused(&t, "leaves the layer's root", "a name with .. inside");
    tar_link(&t, '1', "x", "../../etc/passwd");
    refused(&t, "x: hard link: the name ../../etc/passwd leaves", "a hard link to ..");
    tar_pax(&t, "path", repeat("x", 65536));
    tar_file(&t, "x", "");
    refused(&t, "has a part of 65536 bytes", "a name of 64 KiB");
    tar_pax(&t, "path", repeat("abcdefgh/", 600));
    tar_file(&t, "x", "");
    refused(&t, "is longer than the 4095 bytes", "a path of 5 KiB");
    tar_pax(&t, "path", repeat("d/", 1100));
    tar_dir(&t, "x");
    refused(&t, "is more than 1024 directories deep", "a deep path");
    tar_pax(&t, "path", S("bell\a\033[2J/../x"));
    tar_file(&t, "x", "");
    refused(&t, "bell??[2J/../x", "control characters of a name are not shown");
}

static void test_whiteouts(void) {
    struct tarball t = TARBALL_INIT;
    tar_mark(&t, "etc/.wh.passwd");
    tar_mark(&t, "etc/.wh..wh..opq");
    tar_mark(&t, ".wh..wh..opq");
    tar_mark(&t, ".wh..wh.aufs");
    tar_mark(&t, ".wh..wh.plnk/12.34");
    tar_mark(&t, "a/.wh...x");
    sound(&t, "whiteout 'etc/passwd'\nopaque 'etc'\nopaque ''\nwhiteout 'a/..x'\n",
          "whiteouts, opaque marks; aufs bookkeeping is left out");
    tar_mark(&t, ".wh.");
    refused(&t, "this whiteout hides no name", "a bare .wh.");
    tar_mark(&t, "d/.wh..");
    refused(&t, "d/.wh..: this whiteout hides no name", "a whiteout of .");
    tar_mark(&t, ".wh...");
    refused(&t, "this whiteout hides no name", "a whiteout of ..");
    tar_file(&t, ".wh.d/file", "x");
    refused(&t, "nothing can lie below one", "a file below a whiteout");
    tar_link(&t, '1', "x", ".wh.y");
    refused(&t, "which is no other file", "a hard link to a whiteout");
}

static void test_kinds(void) {
    struct tarball t = TARBALL_INIT;
    tar_item(&t, (struct tar_item){.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3});
    tar_item(&t, (struct tar_item){.name = "sda", .type = '4', .mode = 0660, .major = 8});
    tar_item(&t, (struct tar_item){.name = "pipe", .type = '6', .mode = 0600});
    sound(&t, "char 'null'\nblock 'sda'\nfifo 'pipe'\n", "devices and pipes");
    tar_item(&t, (struct tar_item){.name = "etc/x", .type = '3'});
    refused(&t, "etc/x: character device 0:0 is overlay's mark", "overlay's own whiteout as a device");
    tar_item(&t, (struct tar_item){.name = "x", .type = '3', .major = 5000});
    refused(&t, "x: device number 5000:0 is beyond", "a device number that Linux has not");
    tar_link(&t, '1', "x", "x");
    refused(&t, "which is no other file", "a hard link to itself");
    tar_link(&t, '2', "x", "");
    refused(&t, "symbolic link with a target of 0 bytes", "a symlink to nothing");
    tar_pax(&t, "linkpath", repeat("t", 5000));
    tar_link(&t, '2', "x", "t");
    refused(&t, "symbolic link with a target of 5000 bytes", "a symlink target longer than Linux allows");
    tar_link(&t, '2', ".", "/etc");
    refused(&t, "would replace the layer's root", "a symlink in place of the root");
    tar_item(&t, (struct tar_item){.name = "x", .type = '0', .uid = 0xffffffffu});
    refused(&t, "x: owner 4294967295:0 is no user", "the user number that means none");
    tar_item(&t, (struct tar_item){.name = "x", .type = '0', .uid = 4294967294u, .gid = 7});
    sound(&t, "file 'x' 0:\n", "the largest user number");
}

/* One PAX header with these records. */
static void records(struct tarball *t, const char *const *pairs) {
    struct buf b = BUF_INIT(MIB(1));
    for (; *pairs; pairs++)
        buf_printf(&b, "%zu %s\n", strlen(*pairs) + 4, *pairs); /* all have two digits of length */
    tar_item(t, (struct tar_item){.name = "PaxHeaders", .type = 'x', .data = buf_str(&b)});
    buf_fini(&b);
}

static void test_xattrs(void) {
    struct tarball t = TARBALL_INIT;
    tar_pax(&t, "SCHILY.xattr.user.z", S("last"));
    tar_file(&t, "one", "");
    records(&t,
            (const char *const[]){"SCHILY.xattr.user.b=2", "SCHILY.xattr.security.capability=cap", "SCHILY.xattr.trusted.overlay.opaque=y",
                                  "SCHILY.xattr.user.overlay.redirect=/etc", "SCHILY.xattr.user.a=1", "SCHILY.xattr.user.croze.dev=c 1 3",
                                  "SCHILY.xattr.security.selinux=label", "SCHILY.xattr.user.b=3", NULL});
    tar_file(&t, "many", "");
    sound(&t, "file 'one' 0: user.z=last\nfile 'many' 0: security.capability=cap user.a=1 user.b=3\n",
          "xattrs are sorted; overlay's, croze's and the host's own are stripped; the last double counts");
    tar_pax(&t, "SCHILY.xattr.user.big", repeat("x", 70000));
    tar_file(&t, "x", "");
    refused(&t, "x: its extended attribute user.big is larger than Linux allows", "an xattr of 70 KB");
    struct buf bomb = BUF_INIT(MIB(1));
    for (int i = 0; i < 200; i++)
        buf_printf(&bomb, "%d SCHILY.xattr.user.%03d=v\n", 27, i);
    tar_item(&t, (struct tar_item){.name = "PaxHeaders", .type = 'x', .data = buf_str(&bomb)});
    tar_file(&t, "x", "");
    buf_fini(&bomb);
    refused(&t, "x: it has more than 128 extended attributes", "200 xattrs");
}

static void test_sparse(void) {
    struct tarball t = TARBALL_INIT;
    records(&t, (const char *const[]){"GNU.sparse.size=20000", "GNU.sparse.numblocks=2", "GNU.sparse.map=4096,5,10000,3",
                                      "GNU.sparse.name=holes", NULL});
    tar_file(&t, "GNUSparseFile.0/holes", "helloend");
    sound(&t, "file 'holes' 20000:............\n", "a sparse file has zeros in its holes, to its end");
    records(&t, (const char *const[]){"GNU.sparse.size=2000000000000", "GNU.sparse.numblocks=1", "GNU.sparse.map=0,1", NULL});
    tar_file(&t, "bomb", "x");
    refused(&t, "the holes of sparse files are larger than the limit", "two terabytes of holes in 2 KB");
    records(&t, (const char *const[]){"GNU.sparse.size=200", "GNU.sparse.numblocks=2", "GNU.sparse.map=100,5,0,5", NULL});
    tar_file(&t, "back", "helloworld");
    refused(&t, "its sparse map goes backwards", "a sparse map that goes backwards");
    records(&t, (const char *const[]){"GNU.sparse.size=6", "GNU.sparse.numblocks=2", "GNU.sparse.map=0,5,5,5", NULL});
    tar_file(&t, "beyond", "helloworld");
    refused(&t, "or beyond the file's end", "a sparse map that goes beyond the file");
}

static void test_damage(void) {
    struct tarball t = TARBALL_INIT;
    struct err e = ERR_INIT;
    tar_item(&t, (struct tar_item){.name = "big", .type = '0', .data = S("short"), .size = (uint64_t)1 << 40});
    refused(&t, "Truncated tar archive", "a terabyte declared, a few bytes there");
    tar_item(&t, (struct tar_item){.name = "big", .type = '0', .data = S("short"), .size = (uint64_t)1 << 50});
    refused(&t, "is beyond the limit", "a petabyte declared");
    tar_file(&t, "a", "hello");
    read_bytes(str_n(t.b.p, 700), 0, &e);
    is_err(&e, "sample: not a sound tar archive (Truncated ", "cut in a file");
    read_bytes(str_n(t.b.p, 100), 0, &e);
    is_err(&e, "not a sound tar archive", "cut in a header");
    t.b.p[10] ^= 1;
    read_bytes(buf_str(&t.b), 0, &e);
    is_err(&e, "not a sound tar archive", "a header whose checksum is wrong");
    tar_free(&t);
    t = (struct tarball)TARBALL_INIT;
    read_bytes(S("This is a letter and no archive.\n"), 0, &e);
    is_err(&e, "sample: not a sound tar archive (Unrecognized archive format)", "some text");
    is_str(read_bytes(S(""), 0, &e), S(""), "nothing at all is an empty archive, as for tar");
    no_err(&e, "  without an error");
    sound(&t, "", "two zero blocks are an empty archive");
    for (int i = 0; i < 100; i++)
        tar_pax(&t, "comment", S("x"));
    tar_file(&t, "x", "");
    struct str got = read_all(&t, &e);
    ok(e.kind != ERR_NONE || str_eq(got, S("file 'x' 0:\n")), "a hundred PAX headers in a row: refused, or read");
    err_clear(&e);
    tar_pax(&t, "path", repeat("x", MIB(2)));
    tar_file(&t, "x", "");
    refused(&t, "sample: ", "a PAX header of 2 MiB");
}

static void test_streams(void) {
    struct tarball t = TARBALL_INIT;
    struct err e = ERR_INIT;
    struct str big = repeat("0123456789abcdef", 60000);
    tar_item(&t, (struct tar_item){.name = "big", .type = '0', .data = big});
    tar_file(&t, "small", "x");
    tar_end(&t);
    const char *want = "file 'big' 960000:0123456789ab\nfile 'small' 1:x\n";
    is_str(read_bytes(buf_str(&t.b), 777, &e), str_z(want), "in pieces of 777 bytes");
    no_err(&e, "  without an error");
    static const enum compression kinds[] = {COMPRESSION_GZIP, COMPRESSION_ZSTD};
    for (size_t i = 0; i < 2; i++) {
        _cleanup_(encoder_freep) struct encoder *z = encoder_new(kinds[i], 1);
        size_t room = encoder_bound(z, t.b.n);
        _cleanup_(mem_freep) char *packed = mem_alloc(room);
        size_t n = encoder_run(z, t.b.p, t.b.n, packed, room);
        is_str(read_bytes(str_n(packed, n), 0, &e), str_z(want), compression_name(kinds[i]));
        no_err(&e, "  without an error");
        read_bytes(str_n(packed, n - 20), 0, &e);
        is_err(&e, "truncated", "  cut off at its end, it is an error");
    }
    tar_free(&t);
}

int main(void) {
    test_names();
    test_whiteouts();
    test_kinds();
    test_xattrs();
    test_sparse();
    test_damage();
    test_streams();
    arena_fini(&arena);
    return tap_done();
}
