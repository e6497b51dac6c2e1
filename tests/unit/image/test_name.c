/* SPDX-License-Identifier: Apache-2.0 */
#include "image/image.h"
#include "tap.h"

static void good(const char *text, const char *full) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct image_name n;
    bool parsed = image_name_parse(&a, str_z(text), &n, &e);
    no_err(&e, text);
    if (parsed)
        is_str(image_name_text(&a, &n), str_z(full), full);
    arena_fini(&a);
}

static void bad(const char *text) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct image_name n;
    ok(!image_name_parse(&a, str_z(text), &n, &e) && e.kind == ERR_USAGE, "refused: \"%s\"", text);
    err_clear(&e);
    arena_fini(&a);
}

static void test_full(void) {
    struct arena a = ARENA_INIT;
    is_str(image_name_full(&a, S("debian:12")), S("docker.io/library/debian:12"), "docker fills in its library");
    is_str(image_name_full(&a, S("demo/x:1")), S("docker.io/demo/x:1"), "  its host");
    is_str(image_name_full(&a, S("localhost/x:1")), S("localhost/x:1"), "  and nothing where there is a host");
    arena_fini(&a);
}

static void parts(void) {
    ok(image_path_is_good(S("team/app")) && image_path_is_good(S("a__b/c-d.e")), "paths");
    ok(!image_path_is_good(S("")) && !image_path_is_good(S("../../victim/app")) && !image_path_is_good(S("a//b")) &&
           !image_path_is_good(S("A")) && !image_path_is_good(S("a/b?x=1")) && !image_path_is_good(S("a/b#c")),
       "what a catalog may not name");
    ok(image_tag_is_good(S("1.0_a-B")) && !image_tag_is_good(S("")) && !image_tag_is_good(S("../x")) && !image_tag_is_good(S("a/b")) &&
           !image_tag_is_good(S("-a")) && !image_tag_is_good(S("a\033[2J")),
       "tags, and what a list may not name");
}

int main(void) {
    parts();
    test_full();
    good("debian", "debian:latest");
    good("debian:12", "debian:12");
    good("docker.io/library/debian:12", "debian:12");
    good("index.docker.io/wso2/wso2am:4.7.0", "wso2/wso2am:4.7.0");
    good("docker.io/library/a/b", "library/a/b:latest");
    good("registry.example.com:5000/a/b:1", "registry.example.com:5000/a/b:1");
    good("localhost/x", "localhost/x:latest");
    good("localhost:5000/x", "localhost:5000/x:latest");
    good("[::1]:5000/x:1", "[::1]:5000/x:1");
    good("[2001:db8::1]/x/y", "[2001:db8::1]/x/y:latest");
    bad("[::1/x");
    bad("[]/x");
    bad("[::g]/x");
    bad("[::1]5000/x");
    bad("[::1]:70000/x");
    bad("x/[::1]");
    good("a__b", "a__b:latest");
    good("a--b.c_d", "a--b.c_d:latest");
    good("x:A_1.2-3", "x:A_1.2-3");
    good("x@sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "x");
    bad("");
    bad("X");
    bad("a//b");
    bad("/a");
    bad("a/");
    bad("a..b");
    bad("a___b");
    bad("a._b");
    bad("-a");
    bad("a-");
    bad("a b");
    bad("a:");
    bad("a:.b");
    bad("a:-b");
    bad("x@sha256:short");
    bad("x@md5:00");
    bad("host:99999999/x");
    bad(".:.0");
    bad("sha256:0123456789ab");
    bad("docker.io/library/sha256");
    bad("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad:1");
    good("localhost/sha256:1", "localhost/sha256:1");
    good("ba7816bf", "ba7816bf:latest");
    char longer[300];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    bad(longer);
    return tap_done();
}
