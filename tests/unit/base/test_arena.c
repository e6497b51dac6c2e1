/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>

#include "tap.h"

int main(void) {
    struct arena a = ARENA_INIT;
    char *p = arena_alloc(&a, 3, 1);
    char *q = arena_alloc(&a, 1, 1);
    ok(((uintptr_t)q & 15) == 0, "pieces are aligned for any type");
    ok(p[0] == 0 && p[2] == 0, "pieces are zeroed");
    p[0] = 'x';
    char *big = arena_alloc(&a, 1 << 22, 1);
    big[(1 << 22) - 1] = 1;
    ok(p[0] == 'x', "a piece stays where it is when the arena grows");
    struct str s = arena_str(&a, S("abc"));
    ok(s.p[3] == '\0', "texts are NUL-terminated behind their last byte");
    is_str(arena_join3(&a, S("a"), STR_NULL, S("c")), S("ac"), "join takes empty strings");
    is_str(arena_printf(&a, "%d-%s", 7, "x"), S("7-x"), "printf");
    arena_fini(&a);
    ok(a.blocks == NULL, "fini leaves an empty arena");
    return tap_done();
}
