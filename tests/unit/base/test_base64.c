/* SPDX-License-Identifier: Apache-2.0
 * Base 64: RFC 4648's own examples, all bytes there and back, and what is none. */
#include "base/base64.h"
#include "tap.h"

static struct arena arena;

int main(void) {
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    struct str out;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_str(base64_encode(&arena, str_z(rows[i][0])), str_z(rows[i][1]), rows[i][0]);
        ok(base64_decode(&arena, str_z(rows[i][1]), &out) && str_eqz(out, rows[i][0]), "and back");
    }
    ok(base64_decode(&arena, S("Zm9vYg"), &out) && str_eqz(out, "foob"), "padding may be left out");
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    ok(base64_decode(&arena, base64_encode(&arena, str_n(all, 256)), &out) && str_eq(out, str_n(all, 256)), "all bytes there and back");
    static const char *const none[] = {"Z", "Zm9vY", "Zg=", "Zg===", "Z===", "Zm9v====", "Zm 9v", "Zm9v\n", "Zm-_", "=", "Zg==Zg=="};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ok(!base64_decode(&arena, str_z(none[i]), &out), "none: %zu", i);
    ok(!base64_decode(&arena, str_n("Zm\0v", 4), &out), "a NUL is no digit");
    arena_fini(&arena);
    return tap_done();
}
