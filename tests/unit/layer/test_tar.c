/* SPDX-License-Identifier: Apache-2.0
 * Tar headers: exact bytes of a plain one, pax records only where ustar cannot say it, and libarchive's opinion of all of them. */
#include <stdlib.h>

#include "base/mem.h"
#include "layer/tar.h"
#include "oracle.h"
#include "tap.h"

static struct buf header(const struct entry *en) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(TAR_HEADERS_MAX);
    if (!tar_header(en, &b, &e))
        printf("# %s\n", e.msg);
    err_clear(&e);
    return b;
}


static void plain(void) {
    static const char want_tail[] = "0000644\0" "0001750\0" "0001751\0" "00000000005\0" "00000000012\0" "007622\0 0";
    struct entry en = {.path = S("a/b"), .type = ENTRY_FILE, .mode = 0644, .uid = 1000, .gid = 1001, .size = 5, .mtime_s = 10};
    struct buf b = header(&en);
    ok(b.n == TAR_BLOCK, "a plain file has one header block");
    is_str(str_n(b.p, 4), str_n("a/b", 4), "its name");
    is_str(str_n(b.p + 100, sizeof want_tail - 1), str_n(want_tail, sizeof want_tail - 1),
           "mode, owner, size, mtime, checksum, type: these bytes for ever");
    is_str(str_n(b.p + 257, 8), str_n("ustar\00000", 8), "magic and version");
    ok(b.p[265] == 0 && b.p[297] == 0, "no user or group name");
    buf_fini(&b);
}

/* Reads the headers of a list of entries (without contents) back. */
static void round_trip(struct entry *list, size_t n, const char *what) {
    struct err e = ERR_INIT;
    struct buf tar = BUF_INIT(MIB(64)), want = BUF_INIT(MIB(1)), got = BUF_INIT(MIB(1));
    static const char end[TAR_END_BYTES];
    struct digest empty = sha256_of("", 0);
    for (size_t i = 0; i < n; i++) {
        if (!tar_header(&list[i], &tar, &e))
            printf("# %s\n", e.msg);
        oracle_line(&list[i], &empty, &want);
    }
    buf_add(&tar, end, sizeof end);
    ok(oracle_read(buf_str(&tar), &got), "%s: libarchive reads it", what);
    is_str(buf_str(&got), buf_str(&want), what);
    err_clear(&e);
    buf_fini(&tar);
    buf_fini(&want);
    buf_fini(&got);
}

static struct str text(char c, size_t n) {
    char *p = mem_alloc(n + 1);
    memset(p, c, n);
    p[n] = '\0';
    return str_n(p, n);
}

static void types(void) {
    struct entry list[] = {
        {.path = STR_NULL, .type = ENTRY_DIR, .mode = 0755, .mtime_s = 1},
        {.path = S("dev"), .type = ENTRY_DIR, .mode = 01777, .mtime_s = 2},
        {.path = S("dev/null"), .type = ENTRY_CHAR, .mode = 0666, .major = 1, .minor = 3},
        {.path = S("dev/sda"), .type = ENTRY_BLOCK, .mode = 0660, .gid = 6, .major = 4095, .minor = 1048575},
        {.path = S("empty"), .type = ENTRY_FILE, .mode = 04755},
        {.path = S("hard"), .type = ENTRY_HARDLINK, .mode = 04755, .link = S("empty")},
        {.path = S("link"), .type = ENTRY_SYMLINK, .mode = 0777, .link = S("../to/\xc3\xa9")},
        {.path = S("pipe"), .type = ENTRY_FIFO, .mode = 0600},
        {.path = S("some/gone"), .type = ENTRY_WHITEOUT},
        {.path = S("top"), .type = ENTRY_WHITEOUT},
    };
    round_trip(list, sizeof list / sizeof *list, "every type of entry");
}

static void pax_cases(void) {
    struct xattr x[] = {{S("security.capability"), str_n("\1\0\0\2\n=\0", 7)}, {S("user.note"), S("")}};
    struct entry list[] = {
        {.path = S("ids"), .type = ENTRY_DIR, .mode = 0700, .uid = 010000000, .gid = UINT32_MAX - 1},
        {.path = S("old"), .type = ENTRY_DIR, .mode = 0700, .mtime_s = -2},
        {.path = S("older"), .type = ENTRY_DIR, .mode = 0700, .mtime_s = -1},
        {.path = S("times"), .type = ENTRY_DIR, .mode = 0700, .mtime_s = 1700000000, .mtime_ns = 120},
        {.path = S("year9999"), .type = ENTRY_DIR, .mode = 0700, .mtime_s = 253402300799},
        {.path = S("zattrs"), .type = ENTRY_DIR, .mode = 0700, .xattrs = x, .n_xattrs = 2},
    };
    round_trip(list, sizeof list / sizeof *list, "owners, times and xattrs that ustar cannot say");
    struct entry big = {.path = S("big"), .type = ENTRY_FILE, .mode = 0600, .size = (uint64_t)8 << 30};
    struct buf b = header(&big);
    ok(memmem(b.p, b.n, "19 size=8589934592\n", 19) != NULL, "8 GiB is a pax record");
    buf_fini(&b);
    big.size--;
    b = header(&big);
    ok(b.n == TAR_BLOCK, "one byte less is not");
    buf_fini(&b);
    struct entry half = {.path = S("half"), .type = ENTRY_DIR, .mtime_s = -1, .mtime_ns = 500000000};
    b = header(&half);
    ok(memmem(b.p, b.n, "14 mtime=-0.5\n", 14) != NULL, "half a second before 1970"); /* libarchive 3.6 reads it as half a second after */
    buf_fini(&b);
}

/* Names of every length around the limits, in one deep directory and in shallow ones. */
static void names(void) {
    enum { FIRST = 90, LAST = 300 };
    struct entry list[LAST - FIRST + 1];
    size_t plain_long = 0, pax_short = 0;
    for (size_t n = FIRST; n <= LAST; n++) {
        struct str s = text('n', n);
        if (n > 60)
            ((char *)s.p)[n - 60] = '/';
        if (n > 200)
            ((char *)s.p)[90] = '/';
        list[n - FIRST] = (struct entry){.path = s, .type = ENTRY_DIR, .mode = 0755};
        struct buf b = header(&list[n - FIRST]);
        plain_long += n > 101 && n < 200 && b.n == TAR_BLOCK;
        pax_short += n < 100 && b.n > TAR_BLOCK;
        buf_fini(&b);
    }
    round_trip(list, LAST - FIRST + 1, "names of 90 to 300 bytes");
    ok(plain_long == 200 - 102, "names that can be split need no pax record");
    ok(pax_short == 0, "short names neither");
    for (size_t i = 0; i <= LAST - FIRST; i++)
        free((char *)list[i].path.p);
}

static void long_names(void) {
    struct str name = text('x', 255), deep = text('d', LIMIT_PATH_BYTES), target = text('t', LIMIT_PATH_BYTES), link100 = text('l', 100);
    for (size_t i = 200; i < deep.n; i += 200)
        ((char *)deep.p)[i] = '/';
    struct entry list[] = {
        {.path = deep, .type = ENTRY_FILE, .mode = 0600},
        {.path = S("l1"), .type = ENTRY_SYMLINK, .mode = 0777, .link = target},
        {.path = S("l2"), .type = ENTRY_SYMLINK, .mode = 0777, .link = link100},
        {.path = S("l3"), .type = ENTRY_HARDLINK, .mode = 0777, .link = name},
        {.path = name, .type = ENTRY_WHITEOUT},
    };
    round_trip(list, sizeof list / sizeof *list, "names and links up to the limit");
    struct buf b = header(&list[2]);
    ok(b.n == TAR_BLOCK, "a link of 100 bytes fits");
    buf_fini(&b);
    free((char *)name.p);
    free((char *)deep.p);
    free((char *)target.p);
    free((char *)link100.p);
}

static void refused(void) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(TAR_HEADERS_MAX);
    struct xattr x = {S("user.a=b"), S("")};
    struct entry wh = {.path = S("dir/.wh.file"), .type = ENTRY_FILE};
    struct entry equal = {.path = S("f"), .type = ENTRY_FILE, .xattrs = &x, .n_xattrs = 1};
    struct entry device = {.path = S("d"), .type = ENTRY_CHAR, .major = 1 << 21};
    ok(!tar_header(&wh, &b, &e), "a file named like a whiteout is refused");
    is_err(&e, "dir/.wh.file", "and named");
    ok(!tar_header(&equal, &b, &e), "an xattr name with = is refused");
    is_err(&e, "user.a=b", "and named");
    ok(!tar_header(&device, &b, &e), "a device number that no header holds is refused");
    is_err(&e, "2097152:0", "and named");
    device.major = 0;
    ok(!tar_header(&device, &b, &e), "so is overlay's mark of a removed file");
    is_err(&e, "0:0", "and named");
    buf_fini(&b);
}

static void clean_paths(void) {
    static const char *const good[] = {"", "a", "a/b", "...", "a/..b", ".a"};
    static const char *const bad[] = {"/", "/a", "a/", "a//b", ".", "..", "a/..", "./a", "a/./b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ok(path_is_clean(str_z(good[i])), "\"%s\" is clean", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!path_is_clean(str_z(bad[i])), "\"%s\" is not", bad[i]);
    ok(!path_is_clean(str_n("a\0b", 3)), "nor is one with NUL");
}

int main(void) {
    plain();
    types();
    pax_cases();
    names();
    long_names();
    refused();
    clean_paths();
    return tap_done();
}
