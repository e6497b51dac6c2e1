/* SPDX-License-Identifier: Apache-2.0
 * The content hash of a COPY: every field of an entry counts but its time, and no two fields can be confused. */
#include "layer/copy.h"
#include "tap.h"

static struct digest hash_of(const struct entry *en, const struct content *c, size_t n) {
    struct content_hash h;
    struct err e = ERR_INIT;
    content_hash_init(&h);
    struct entry_sink sink = content_hash_sink(&h);
    for (size_t i = 0; i < n; i++)
        ok(sink.add(sink.ctx, &en[i], &c[i], &e), "entry %.*s", STR_ARG(en[i].path));
    no_err(&e, "no error");
    return content_hash_final(&h);
}

static struct entry a_file(void) {
    static struct xattr x[] = {{{"user.a", 6}, {"1", 1}}, {{"user.b", 6}, {"2", 1}}};
    return (struct entry){.path = S("a/b"), .type = ENTRY_FILE, .mode = 0644, .uid = 1, .gid = 2, .mtime_s = 3, .size = 4,
                          .xattrs = x, .n_xattrs = 2};
}
static const struct content bytes = {.kind = CONTENT_BYTES, .bytes = {"text", 4}};

static bool differs(struct entry other, struct content c) {
    struct entry plain = a_file();
    struct digest x = hash_of(&plain, &bytes, 1), y = hash_of(&other, &c, 1);
    return !digest_eq(&x, &y);
}

static void test_fields(void) {
    struct entry en = a_file();
    struct content c = bytes;
    ok(!differs(en, c), "equal entries hash equal");
    en.mtime_s = 99;
    en.mtime_ns = 5;
    ok(!differs(en, c), "times are left out");
    en = a_file(), en.path = S("a/c");
    ok(differs(en, c), "path");
    en = a_file(), en.mode = 0600;
    ok(differs(en, c), "mode");
    en = a_file(), en.uid = 9;
    ok(differs(en, c), "uid");
    en = a_file(), en.gid = 9;
    ok(differs(en, c), "gid");
    en = a_file(), en.type = ENTRY_FIFO;
    ok(differs(en, c), "type");
    en = a_file(), en.link = S("x");
    ok(differs(en, c), "link");
    en = a_file(), en.major = 1;
    ok(differs(en, c), "major number");
    en = a_file(), en.minor = 1;
    ok(differs(en, c), "minor number");
    en = a_file(), en.n_xattrs = 1;
    ok(differs(en, c), "number of xattrs");
    struct xattr other[] = {{S("user.a"), S("1")}, {S("user.b"), S("3")}};
    en = a_file(), en.xattrs = other;
    ok(differs(en, c), "value of an xattr");
    struct xattr moved[] = {{S("user.a1"), S("")}, {S("user.b"), S("2")}};
    en.xattrs = moved;
    ok(differs(en, c), "where an xattr's name ends");
    c.bytes = S("tex!");
    ok(differs(a_file(), c), "bytes");
}

static void test_contents(void) {
    struct entry en = a_file();
    struct content known = {.kind = CONTENT_STREAM, .has_digest = true, .digest = sha256_of("text", 4)};
    ok(!differs(en, known), "a known digest stands for the bytes, which are not pulled");
    struct content none = {.kind = CONTENT_NONE}, empty = {.kind = CONTENT_BYTES};
    en.size = 0;
    struct digest x = hash_of(&en, &none, 1), y = hash_of(&en, &empty, 1);
    ok(digest_eq(&x, &y), "no content is empty content");
}

static void test_framing(void) {
    struct entry two[] = {{.path = S("a"), .type = ENTRY_SYMLINK, .link = S("bc")}, {.path = S("d"), .type = ENTRY_DIR}};
    struct entry moved[] = {{.path = S("ab"), .type = ENTRY_SYMLINK, .link = S("c")}, {.path = S("d"), .type = ENTRY_DIR}};
    struct content none[2] = {{.kind = CONTENT_NONE}, {.kind = CONTENT_NONE}};
    struct digest x = hash_of(two, none, 2), y = hash_of(moved, none, 2), z = hash_of(two, none, 1);
    ok(!digest_eq(&x, &y), "a byte does not wander from one field to the next");
    ok(!digest_eq(&x, &z), "an entry more");
}

int main(void) {
    test_fields();
    test_contents();
    test_framing();
    return tap_done();
}
