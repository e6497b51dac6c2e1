/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include "report/progress.h"
#include "tap.h"

static void size_is(uint64_t bytes, const char *want) {
    char text[32];
    is_str(str_z(human_size(bytes, text)), str_z(want), want);
}

int main(void) {
    struct table t;
    struct buf out = BUF_INIT(1000);
    table_init(&t, 2);
    table_cell(&t, S("A"));
    table_cell(&t, S("B"));
    table_cell(&t, S("gr\xc3\xbc\xc3\x9f"));
    table_cell(&t, S("x\033[31my\n"));
    table_write(&t, &out);
    is_str(buf_str(&out), S("A      B\ngr\xc3\xbc\xc3\x9f   x?[31my?\n"), "columns are as wide as characters; control bytes do not pass");
    table_fini(&t);
    buf_fini(&out);
    size_is(0, "0B");
    size_is(999, "999B");
    size_is(1000, "1.00kB");
    size_is(45300000, "45.3MB");
    size_is(999999, "1.00MB");
    size_is(124540000, "125MB");
    size_is(UINT64_MAX, "18447PB");
    return tap_done();
}
