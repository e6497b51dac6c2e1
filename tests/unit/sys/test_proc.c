/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/proc.h"

#include "tap.h"

int main(void) {
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT(100);
    int code;
    const char *hello[] = {"sh", "-c", "printf hello; exit 3", NULL};
    ok(proc_output(hello, &out, &code, &e) && code == 3, "output and exit status");
    is_str(buf_str(&out), S("hello"), "are taken");
    const char *killed[] = {"sh", "-c", "kill -TERM $$", NULL};
    buf_reset(&out);
    ok(proc_output(killed, &out, &code, &e) && code == 128 + 15, "a signal is 128 + its number");
    const char *much[] = {"sh", "-c", "yes | head -c 100000", NULL};
    buf_reset(&out);
    ok(!proc_output(much, &out, &code, &e), "more output than the limit");
    is_err(&e, "limit", "is an error");
    const char *absent[] = {"croze-no-such-program", NULL};
    ok(!proc_output(absent, &out, &code, &e), "a program that is not there");
    is_err(&e, "croze-no-such-program is not installed", "is named");
    ok(proc_exists("sh") && !proc_exists("croze-no-such-program"), "exists");
    buf_fini(&out);
    return tap_done();
}
