/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "tap.h"

int main(void) {
    struct buf b = BUF_INIT(8);
    buf_add_str(&b, S("abcd"));
    buf_printf(&b, "%d", 1234);
    ok(buf_ok(&b) && b.n == 8, "fills up to its maximum");
    is_str(buf_str(&b), S("abcd1234"), "content");
    ok(b.p[8] == '\0', "a NUL stands behind the text");
    buf_add_char(&b, 'x');
    ok(!buf_ok(&b) && b.n == 8, "one byte more is dropped and remembered");
    buf_reset(&b);
    ok(buf_ok(&b) && b.n == 0, "reset");
    ok(buf_reserve(&b, 9) == NULL, "reserve past the maximum is refused");
    buf_reset(&b);
    ok(buf_reserve(&b, (size_t)-1) == NULL, "an overflowing reserve is refused");
    buf_reset(&b);
    buf_add_str(&b, S("12345"));
    buf_add_str(&b, S("6789"));
    buf_add_str(&b, S("0"));
    is_str(buf_str(&b), S("12345"), "behind a piece that did not fit a shorter one is dropped too: no text has its middle missing");
    buf_reset(&b);
    buf_add_str(&b, S("0"));
    is_str(buf_str(&b), S("0"), "until it is emptied");
    buf_fini(&b);

    struct buf shown = BUF_INIT(64);
    buf_add_shown(&shown, S("\033[31mred\a\tgr\xc3\xbcn\xc2\x9b" "2J\x7f\xc2"));
    is_str(buf_str(&shown), S("?[31mred?\tgr\xc3\xbcn?2J?\xc2"), "control characters, those of UTF-8 too, are made harmless; letters stay");
    buf_fini(&shown);
    return tap_done();
}
