/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "tap.h"

static bool inner(struct err *e) {
    return err_sys(e, ENOENT, "open %s", "x");
}

int main(void) {
    struct err e = ERR_INIT, other = ERR_INIT;
    ok(!inner(&e) && !err_wrap(&e, "build %s", "y"), "both give false");
    is_str(str_z(e.msg), S("build y: open x: No such file or directory"), "context stands in front");
    ok(e.sys == ENOENT && e.kind == ERR_FAILED, "errno and kind are kept");
    err_append(&e, "; try %s", "z");
    ok(str_ends(str_z(e.msg), S("directory; try z")), "a next step stands behind");
    err_move(&other, &e);
    ok(e.kind == ERR_NONE && !e.msg && other.kind == ERR_FAILED, "move empties the source");
    err_clear(&other);
    err_clear(&other);
    ok(other.kind == ERR_NONE, "clearing twice is fine");
    return tap_done();
}
