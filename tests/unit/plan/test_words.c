/* SPDX-License-Identifier: Apache-2.0
 * The small languages: Go's durations and quoting, image references, platforms, lexical paths. */
#include "plan/reference.h"
#include "plan/vars.h"
#include "plan/words.h"
#include "tap.h"

#define MS 1000000ll
#define SEC (1000 * MS)

static void sizes(void) {
    static const struct {
        const char *text;
        bool good;
        uint64_t bytes;
    } rows[] = {
        {"0", true, 0}, {"4096", true, 4096}, {"64m", true, 64u << 20}, {"64MB", true, 64u << 20}, {"64 MiB", true, 64u << 20},
        {"1.5g", true, 3u << 29}, {".5k", true, 512}, {"10b", true, 10}, {"1.k", true, 1024}, {"1p", true, 1ull << 50},
        {"4095p", true, 4095ull << 50}, {"4096p", false, 0}, {"", false, 0}, {".", false, 0}, {"m", false, 0}, {"-1", false, 0},
        {"1x", false, 0}, {"1mm", false, 0}, {"1  m", false, 0}, {"1 ", false, 0}, {"1kbb", false, 0},
        {"99999999999999999999", false, 0}, {"0x10", false, 0}, {"1.2.3", false, 0}, {"1i", false, 0},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        uint64_t bytes = 0;
        bool good = size_parse(str_z(rows[k].text), &bytes);
        ok(good == rows[k].good && (!good || bytes == rows[k].bytes), "size \"%s\" is %s", rows[k].text, rows[k].good ? "read" : "refused");
    }
}

static void equal_references(void) {
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"alpine", "docker.io/library/alpine:latest", true}, {"index.docker.io/alpine", "library/alpine", true},
        {"alpine", "alpine:3", false},                       {"x/alpine", "alpine", false},
        {"localhost/alpine", "alpine", false},               {"localhost:5000/a:1", "localhost:5000/a:1", true},
        {"docker.io/library/a/b", "library/a/b", true},      {"library/a/b", "a/b", false},
        {"a@sha256:00", "a:latest@sha256:00", false},        {"a@sha256:00", "library/a@sha256:00", true},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        ok(reference_equal(str_z(rows[k].a), str_z(rows[k].b)) == rows[k].equal, "%s and %s are %s", rows[k].a, rows[k].b,
           rows[k].equal ? "one" : "two");
}

static void durations(void) {
    static const struct {
        const char *text;
        bool good;
        int64_t ns;
        const char *written;
    } rows[] = {
        {"0", true, 0, "0s"},
        {"30s", true, 30 * SEC, "30s"},
        {"1m30s", true, 90 * SEC, "1m30s"},
        {"90s", true, 90 * SEC, "1m30s"},
        {"1h", true, 3600 * SEC, "1h0m0s"},
        {"1.5h", true, 5400 * SEC, "1h30m0s"},
        {"1.5s", true, 1500 * MS, "1.5s"},
        {".5s", true, 500 * MS, "500ms"},
        {"1ms", true, MS, "1ms"},
        {"1500us", true, 1500000, "1.5ms"},
        {"2\xc2\xb5s", true, 2000, "2\xc2\xb5s"},
        {"100ns", true, 100, "100ns"},
        {"1m0.25s", true, 60250 * MS, "1m0.25s"},
        {"1.000000000000000000001s", true, SEC, "1s"},
        {"2562047h", true, 2562047ll * 3600 * SEC, "2562047h0m0s"},
        {"9999999h", false, 0, NULL},
        {"99999999999999999999s", false, 0, NULL},
        {"", false, 0, NULL},
        {"30", false, 0, NULL},
        {"s", false, 0, NULL},
        {".s", false, 0, NULL},
        {"-1s", false, 0, NULL},
        {"1d", false, 0, NULL},
        {"1s ", false, 0, NULL},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        int64_t ns;
        struct buf b = BUF_INIT(100);
        bool good = duration_parse(str_z(rows[k].text), &ns);
        ok(good == rows[k].good && (!good || ns == rows[k].ns), "duration \"%s\" is %s", rows[k].text, rows[k].good ? "read" : "refused");
        if (!rows[k].good)
            continue;
        duration_write(&b, ns);
        is_str(buf_str(&b), str_z(rows[k].written), "and written as Go does");
        buf_fini(&b);
    }
}

static void quoting(void) {
    static const struct {
        const char *text, *quoted;
    } rows[] = {
        {"echo hi", "[\"echo hi\"]"},
        {"a\"b\\c", "[\"a\\\"b\\\\c\"]"},
        {"tab\tnl\n", "[\"tab\\tnl\\n\"]"},
        {"\x01\x7f", "[\"\\x01\\x7f\"]"},
        {"gr\xc3\xbc\xc3\x9f", "[\"gr\xc3\xbc\xc3\x9f\"]"},
        {"\xff\xc3(", "[\"\\xff\\xc3(\"]"},
        {"\xc2\x85", "[\"\\u0085\"]"},
        {"\xed\xa0\x80", "[\"\\xed\\xa0\\x80\"]"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct buf b = BUF_INIT(1000);
        struct str word = str_z(rows[k].text);
        words_quoted(&b, &word, 1);
        is_str(buf_str(&b), str_z(rows[k].quoted), "a text is quoted as Go's %q does");
        buf_fini(&b);
    }
}

static void references(void) {
    static const char *const good[] = {
        "debian",
        "debian:12",
        "library/debian:12-slim",
        "localhost/x",
        "localhost:5000/x:y",
        "registry.example.com/a/b/c:1.0_2-3",
        "10.0.0.1:80/a",
        "[::1]:5000/a",
        "a__b/c.d/e---f",
        "Reg/x",
        "x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "x:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    };
    static const struct {
        const char *ref, *why;
    } bad[] = {
        {"wso2am:.0-alpine", "a tag begins with"},
        {"x/wso2am:", "tag is empty"},
        {"/wso2am:4", "empty part"},
        {"a//b", "empty part"},
        {"Debian", "upper-case"},
        {"a/B", "upper-case"},
        {"a b", "not allowed"},
        {"a..b", "not allowed"},
        {"a___b", "not allowed"},
        {"-a", "not allowed"},
        {"a-", "not allowed"},
        {"<IMAGE>", "upper-case"},
        {"x:a b", "not allowed"},
        {"reg_istry.io/x", "host"},
        {"host:port/x", "host"},
        {"x@sha256:abc", "digest"},
        {"x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeZ", "hexadecimal"},
        {"x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd", "64"},
        {"registry.io/", "empty"},
        {":tag", "empty"},
    };
    for (size_t k = 0; k < sizeof good / sizeof good[0]; k++)
        ok(!reference_fault(str_z(good[k])), "%s is a reference", good[k]);
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        const char *fault = reference_fault(str_z(bad[k].ref));
        ok(fault && strstr(fault, bad[k].why), "%s is none: %s", bad[k].ref, fault ? fault : "(taken)");
    }
}

static void platforms(struct arena *a) {
    static const struct {
        const char *text, *normal; /* NULL: malformed */
    } rows[] = {
        {"linux/amd64", "linux/amd64"},
        {"amd64", "linux/amd64"},
        {"x86_64", "linux/amd64"},
        {"linux", "linux/amd64"},
        {"Linux/X86_64", "linux/amd64"},
        {"linux/arm64/v8", "linux/arm64"},
        {"arm64", "linux/arm64"},
        {"linux/arm", "linux/arm/v7"},
        {"linux/arm/v6", "linux/arm/v6"},
        {"linux/armhf", "linux/arm/v7"},
        {"linux/arm/6", "linux/arm/v6"},
        {"windows/amd64", "windows/amd64"},
        {"", NULL},
        {"linux/", NULL},
        {"a/b/c/d", NULL},
        {"linux/am d64", NULL},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct err e = ERR_INIT;
        struct str out = STR_NULL;
        bool good = platform_normalize(a, str_z(rows[k].text), S("linux/amd64"), &out, &e);
        if (rows[k].normal)
            is_str(out, str_z(rows[k].normal), rows[k].text);
        else
            is_err(&e, "is not a platform", "a malformed platform is refused");
        ok(good == (rows[k].normal != NULL), "the result says so: \"%s\"", rows[k].text);
        err_clear(&e);
    }
}

static void paths(struct arena *a) {
    static const struct {
        const char *dir, *path, *want;
    } rows[] = {
        {"/", "x", "/x"},
        {"/app", "x/y", "/app/x/y"},
        {"/app", "/x//y/", "/x/y"},
        {"/app", "..", "/"},
        {"/a/b", "../c", "/a/c"},
        {"/", "../../x", "/x"},
        {"/a", "", "/a"},
        {"/a", ".", "/a"},
        {"/", "/", "/"},
        {"/", "", "/"},
        {"rel", "x", "/rel/x"},
        {"/a", "/../..//", "/"},
        {"/a/b", "./././c/.", "/a/b/c"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        is_str(path_resolve(a, str_z(rows[k].dir), str_z(rows[k].path)), str_z(rows[k].want), rows[k].path);
}

int main(void) {
    struct arena a = ARENA_INIT;
    sizes();
    equal_references();
    durations();
    quoting();
    references();
    platforms(&a);
    paths(&a);
    arena_fini(&a);
    return tap_done();
}
