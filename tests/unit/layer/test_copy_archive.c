/* SPDX-License-Identifier: Apache-2.0
 * ADD of local archives: what counts as one, where entries land, owners; archives that try to leave the destination. */
#include "copying.h"

#include <bzlib.h>
#include <lzma.h>

static void put_bytes(struct copying *t, const char *path, struct str bytes) {
    struct err e = ERR_INIT;
    put(t, path, "");
    _cleanup_fd_ int fd = openat(t->context, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    must(fd >= 0 && file_write_all(fd, bytes.p, bytes.n, path, &e), &e);
}

/* Ends the tarball and puts it into the context. */
static void put_tar(struct copying *t, const char *path, struct tarball *tar, enum compression c) {
    tar_end(tar);
    _cleanup_(encoder_freep) struct encoder *z = encoder_new(c, compression_default_level(c));
    size_t room = encoder_bound(z, tar->b.n);
    _cleanup_(mem_freep) char *packed = mem_alloc(room);
    put_bytes(t, path, str_n(packed, encoder_run(z, tar->b.p, tar->b.n, packed, room)));
    tar_free(tar);
    *tar = (struct tarball)TARBALL_INIT;
}

/* The same in one of the formats that croze only reads. */
static void put_packed(struct copying *t, const char *path, struct tarball *tar, bool xz) {
    tar_end(tar);
    size_t room = tar->b.n + tar->b.n / 2 + 4096, n = 0;
    _cleanup_(mem_freep) char *packed = mem_alloc(room);
    unsigned bz_n = (unsigned)room;
    const uint8_t *in = (const uint8_t *)tar->b.p;
    bool good = xz ? lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, in, tar->b.n, (uint8_t *)packed, &n, room) == LZMA_OK
                   : BZ2_bzBuffToBuffCompress(packed, &bz_n, tar->b.p, (unsigned)tar->b.n, 9, 0, 0) == BZ_OK;
    ok(good, "%s is packed", path);
    put_bytes(t, path, str_n(packed, xz ? n : bz_n));
    tar_free(tar);
    *tar = (struct tarball)TARBALL_INIT;
}

static void start(struct copying *t) {
    copying_clear(t);
    t->part.unpack = UNPACK_AUTO;
}

static void some_tar(struct tarball *tar) {
    tar_item(tar, (struct tar_item){.name = "./", .type = '5', .mode = 0700, .uid = 3});
    tar_item(tar, (struct tar_item){.name = "./z", .type = '0', .mode = 0640, .uid = 3, .gid = 4, .data = S("last")});
    tar_item(tar, (struct tar_item){.name = "./bin/tool", .type = '0', .mode = 04755, .uid = 3, .gid = 4, .data = S("ELF")});
    tar_item(tar, (struct tar_item){.name = "./bin/", .type = '5', .mode = 0711, .uid = 3, .gid = 4});
    tar_link(tar, '1', "bin/again", "bin/tool");
    tar_link(tar, '2', "lib", "/usr/lib");
    tar_item(tar, (struct tar_item){.name = "implied/f", .type = '0', .mode = 0644, .uid = 3});
}

static void test_kinds(struct copying *t) {
    static const char want[] =
        "d 0755 0:0 x\nd 0711 3:4 x/bin\nf 4755 3:4 x/bin/again=ELF\nh x/bin/tool -> x/bin/again\nd 0755 0:0 x/implied\n"
                               "f 0644 3:0 x/implied/f=\nl x/lib -> /usr/lib\nf 0640 3:4 x/z=last\n";
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    start(t);
    some_tar(&tar);
    put_tar(t, "plain", &tar, COMPRESSION_NONE);
    some_tar(&tar);
    put_tar(t, "a.tgz", &tar, COMPRESSION_GZIP);
    some_tar(&tar);
    put_tar(t, "a.zst", &tar, COMPRESSION_ZSTD);
    is_str(COPY(t, &e, "plain", "/x"), str_z(want),
           "a plain archive, whatever it is called: owners kept, the root's own entry without effect");
    is_str(COPY(t, &e, "a.tgz", "/x/"), str_z(want), "in gzip");
    is_str(COPY(t, &e, "a.zst", "/x"), str_z(want), "in zstd");
    some_tar(&tar);
    put_packed(t, "a.bz2", &tar, false);
    some_tar(&tar);
    put_packed(t, "a.xz", &tar, true);
    is_str(COPY(t, &e, "a.bz2", "/x"), str_z(want), "in bzip2");
    is_str(COPY(t, &e, "a.xz", "/x"), str_z(want), "in xz");
    put_link(t, "link", "plain");
    is_str(COPY(t, &e, "link", "/x"), str_z(want), "through a link of the operand");
    t->part.unpack = UNPACK_NO;
    COPY(t, &e, "plain", "/x");
    ok(t->entries == 1, "COPY does not unpack");
    t->part.unpack = UNPACK_AUTO;
    t->spec.has_owner = true;
    t->spec.uid = t->spec.gid = 9;
    t->spec.chmod = (struct chmod){.given = true, .octal = 0600};
    is_str(COPY(t, &e, "plain", "/x"),
           S("d 0755 9:9 x\nd 0711 9:9 x/bin\nf 4755 9:9 x/bin/again=ELF\nh x/bin/tool -> x/bin/again\nd 0755 0:0 x/implied\n"
             "f 0644 9:9 x/implied/f=\nl x/lib -> /usr/lib\nf 0640 9:9 x/z=last\n"),
           "--chown is for what the archive names, --chmod not");
    put(t, "file", "");
    is_str(COPY(t, &e, "file", "plain", "/y/x/"),
           S("d 0600 9:9 y\nd 0600 9:9 y/x\nd 0711 9:9 y/x/bin\nf 4755 9:9 y/x/bin/again=ELF\nh y/x/bin/tool -> y/x/bin/again\n"
             "f 0600 9:9 y/x/file=\nd 0755 0:0 y/x/implied\nf 0644 9:9 y/x/implied/f=\nl y/x/lib -> /usr/lib\nf 0640 9:9 y/x/z=last\n"),
           "what comes first makes the directories");
    is_str(COPY(t, &e, "plain", "/y/x/"),
           S("d 0755 9:9 y\nd 0755 9:9 y/x\nd 0711 9:9 y/x/bin\nf 4755 9:9 y/x/bin/again=ELF\nh y/x/bin/tool -> y/x/bin/again\n"
             "d 0755 0:0 y/x/implied\nf 0644 9:9 y/x/implied/f=\nl y/x/lib -> /usr/lib\nf 0640 9:9 y/x/z=last\n"),
           "an archive without --chmod");
    no_err(&e, "no error");
}

static void test_no_archives(struct copying *t) {
    struct err e = ERR_INIT;
    start(t);
    static const char zeros[1536];
    put_bytes(t, "zeros", str_n(zeros, sizeof zeros));
    put(t, "empty", "");
    put(t, "text", "plain text");
    put_bytes(t, "broken.gz", str_n("\x1f\x8b\x08\0\0garbage", 12));
    struct tarball tar = TARBALL_INIT;
    tar_file(&tar, "f", "x");
    tar.b.p[148] ^= 1;
    put_bytes(t, "wrong.tar", buf_str(&tar.b));
    COPY(t, &e, "zeros", "broken.gz", "wrong.tar", "text", "empty", "/x/");
    ok(t->entries == 6, "zeros, an empty file, text, damaged gzip and a header with a wrong checksum are copied as they are");
    no_err(&e, "no error");
    put_bytes(t, "a.xz", str_n("\xfd" "7zXZ\0\0\4", 8));
    put_bytes(t, "a.bz2", str_n("BZh9\x31\x41\x59\x26\x53\x59", 10));
    put(t, "BZh", "BZhut is a word");
    COPY(t, &e, "a.xz", "a.bz2", "BZh", "/x/");
    ok(t->entries == 4, "what only begins as xz or bzip2 does is a file");
    no_err(&e, "no error");
    tar.b.p[148] ^= 1;
    put_bytes(t, "short.tar", str_first(buf_str(&tar.b), 700));
    COPY(t, &e, "short.tar", "/x");
    is_err(&e, "/short.tar: ", "an archive that is cut short");
    tar_free(&tar);
}

/* l lib -> usr/lib, d usr/lib, f file, d dir (0700), l dir/up -> ../usr */
static void put_root(struct copying *t) {
    struct tarball tar = TARBALL_INIT;
    tar_dir(&tar, "srv");
    tar_item(&tar, (struct tar_item){.name = "srv/dir/", .type = '5', .mode = 0700, .uid = 5});
    tar_link(&tar, '2', "srv/dir/up", "../usr");
    tar_file(&tar, "srv/dir/below", "");
    tar_file(&tar, "srv/file", "old");
    tar_link(&tar, '2', "srv/lib", "usr/lib");
    tar_item(&tar, (struct tar_item){.name = "srv/usr/", .type = '5', .mode = 0755});
    tar_item(&tar, (struct tar_item){.name = "srv/usr/lib/", .type = '5', .mode = 0711});
    tar_link(&tar, '2', "srv/out", "/etc");
    set_view(t, &t->onto, &tar);
}

static void test_onto(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    start(t);
    put_root(t);
    tar_file(&tar, "lib/so", "1");
    tar_item(&tar, (struct tar_item){.name = "lib/", .type = '5', .mode = 0750, .uid = 3});
    tar_file(&tar, "dir/up/x", "2");
    tar_file(&tar, "out/passwd", "3");
    tar_dir(&tar, "file");
    put_tar(t, "a.tar", &tar, COMPRESSION_NONE);
    is_str(COPY(t, &e, "a.tar", "/srv"),
           S("d 0755 0:0 srv\nd 0755 0:0 srv/etc\nf 0644 0:0 srv/etc/passwd=3\nd 0755 0:0 srv/file\nd 0755 0:0 srv/usr\n"
             "d 0750 3:0 srv/usr/lib\nf 0644 0:0 srv/usr/lib/so=1\nf 0644 0:0 srv/usr/x=2\n"),
             "links of the destination are followed, inside it");
    tar_file(&tar, "dir", "now a file");
    tar_file(&tar, "file/below", "");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    COPY(t, &e, "b.tar", "/srv");
    is_err(&e, "cannot copy to non-directory: /srv/file", "a name below a file of the root");
    tar_file(&tar, "dir", "now a file");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    is_str(COPY(t, &e, "b.tar", "/srv"), S("d 0755 0:0 srv\nf 0644 0:0 srv/dir=now a file\n"), "a file takes a directory's place");
    COPY(t, &e, "b.tar", "/srv/file");
    is_err(&e, "cannot copy to non-directory: /srv/file", "the destination must be a directory");
    put(t, "plain/dir/x", "x");
    is_str(COPY(t, &e, "plain", "b.tar", "/srv/"), S("d 0755 0:0 srv\nf 0644 0:0 srv/dir=now a file\n"), "also that of an earlier operand");
    no_err(&e, "no error");
}

static void test_hostile(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    start(t);
    put_root(t);
    tar_file(&tar, "/etc/shadow", "1");
    tar_link(&tar, '2', "evil", "/etc");
    tar_file(&tar, "evil/passwd", "2");
    put_tar(t, "a.tar", &tar, COMPRESSION_NONE);
    is_str(COPY(t, &e, "a.tar", "/x"),
           S("d 0755 0:0 x\nd 0755 0:0 x/etc\nf 0644 0:0 x/etc/passwd=2\nf 0644 0:0 x/etc/shadow=1\nl x/evil -> /etc\n"),
           "absolute names, and names behind a link of the archive, land in the destination");
    no_err(&e, "no error");
    tar_link(&tar, '2', "up", "../..");
    tar_file(&tar, "up/x", "");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    COPY(t, &e, "b.tar", "/x");
    is_err(&e, "up/x lies behind a symbolic link that leaves the destination", "a link that goes up");
    tar_file(&tar, "../x", "");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    COPY(t, &e, "b.tar", "/x");
    is_err(&e, "..", "a name that goes up");
    tar_link(&tar, '2', "l", "l");
    tar_file(&tar, "l/x", "");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    COPY(t, &e, "b.tar", "/x");
    is_err(&e, "more than 40 symbolic links", "a loop");
    tar_mark(&tar, "a/.wh.b");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    COPY(t, &e, "b.tar", "/x");
    is_err(&e, "whiteout", "a whiteout");
    tar_link(&tar, '1', "h", "/etc/passwd");
    put_tar(t, "b.tar", &tar, COMPRESSION_NONE);
    COPY(t, &e, "b.tar", "/x");
    is_err(&e, "hard link to etc/passwd", "a hard link to what the archive does not hold");
}

static void test_large(struct copying *t) {
    struct err e = ERR_INIT;
    struct tarball tar = TARBALL_INIT;
    start(t);
    _cleanup_(mem_freep) char *big = mem_alloc(MIB(3));
    for (size_t i = 0; i < MIB(3); i++)
        big[i] = (char)(i < MIB(1) || i > MIB(2) ? i * 31 >> 8 : 0);
    tar_item(&tar, (struct tar_item){.name = "big", .type = '0', .mode = 0644, .data = str_n(big, MIB(3))});
    tar_item(&tar, (struct tar_item){.name = "holes", .type = '0', .mode = 0644, .data = str_n(big + MIB(1), MIB(1))});
    char name[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "d%d/f%d", i % 7, i);
        tar_file(&tar, name, name);
    }
    put_tar(t, "a.tar.zst", &tar, COMPRESSION_ZSTD);
    COPY(t, &e, "a.tar.zst", "/");
    ok(t->entries == 3000 + 7 + 2, "3000 files and some large ones: bytes and digests agree");
    no_err(&e, "no error");
    struct digest first = hashed(t, &e), second = hashed(t, &e);
    ok(digest_eq(&first, &second), "the same hash twice");
}

int main(void) {
    struct copying t;
    copying_init(&t);
    test_kinds(&t);
    test_no_archives(&t);
    test_onto(&t);
    test_hostile(&t);
    test_large(&t);
    copying_fini(&t);
    return tap_done();
}
