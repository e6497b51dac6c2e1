/* SPDX-License-Identifier: Apache-2.0
 * The texts of -v and -p. */
#include "container/container.h"
#include "tap.h"

static void test_volumes(void) {
    struct arena a = ARENA_INIT;
    struct container_volume v;
    struct err e = ERR_INIT;
    ok(container_parse_volume(&a, "/srv/data:/data", &v, &e) && !v.read_only, "two paths");
    is_str(str_z(v.source), S("/srv/data"), "source");
    is_str(str_z(v.target), S("/data"), "target");
    ok(container_parse_volume(&a, "/a:/b:ro,Z", &v, &e) && v.read_only, "read-only, with an SELinux label");
    ok(!container_parse_volume(&a, "data:/data", &v, &e), "a named volume");
    is_err(&e, "named volume data", "is refused by name");
    ok(!container_parse_volume(&a, "/data", &v, &e), "an anonymous one");
    is_err(&e, "anonymous", "too");
    ok(!container_parse_volume(&a, "/a:b", &v, &e), "a relative target");
    is_err(&e, "not absolute", "is refused");
    ok(!container_parse_volume(&a, "/a:/b:nocopy", &v, &e), "an unknown option");
    is_err(&e, "option nocopy", "is named");
    arena_fini(&a);
}

static void test_ports(void) {
    static const char *const good[] = {"8080:8080", "8080", "127.0.0.1:8080:8080", "8080:8080/tcp", "[::1]:53:53/udp"};
    static const char *const bad[][2] = {
        {"80:8080", "cannot be another one outside"}, {"8080:8080/sctp", "protocol sctp"}, {"8000-8010:8000-8010", "ranges"},
        {"0:0", "no port"}, {"70000:70000", "no port"}, {":8080", "cannot be another one"}, {"", "no port"},
    };
    struct err e = ERR_INIT;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ok(container_check_port(good[i], &e), "-p %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ok(!container_check_port(bad[i][0], &e), "-p %s", bad[i][0]);
        is_err(&e, bad[i][1], "is refused");
    }
}

int main(void) {
    test_volumes();
    test_ports();
    return tap_done();
}
