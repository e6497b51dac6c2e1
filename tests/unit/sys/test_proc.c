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
    struct buf said = BUF_INIT(100);
    const char *both[] = {"sh", "-c", "pwd; echo no >&2; exit 7", NULL};
    buf_reset(&out);
    ok(proc_listen(&(struct proc_spec){both, NULL, "/usr", -1, -1, -1}, &out, &said, 60, &code, &e) && code == 7, "both streams are heard");
    is_str(buf_str(&out), S("/usr\n"), "in the directory that was named");
    is_str(buf_str(&said), S("no\n"), "each for itself");
    const char *more[] = {"sh", "-c", "echo out; yes | head -c 100000 >&2", NULL};
    buf_reset(&out);
    ok(proc_listen(&(struct proc_spec){more, NULL, NULL, -1, -1, -1}, &out, &said, 60, &code, &e) && code == 0 && !buf_ok(&said),
       "what is said too much is dropped");
    is_str(buf_str(&out), S("out\n"), "... and the rest is heard");
    const char *endless[] = {"sh", "-c", "exec yes", NULL};
    ok(proc_listen(&(struct proc_spec){endless, NULL, NULL, -1, -1, -1}, &out, &said, 60, &code, &e) && code > 128 && !buf_ok(&out),
       "one that prints more than is wanted is ended");
    buf_reset(&out);
    const char *stuck[] = {"sh", "-c", "trap '' TERM; exec 3>&2; while :; do sleep 0.1; done", NULL};
    ok(!proc_listen(&(struct proc_spec){stuck, NULL, NULL, -1, -1, -1}, &out, &said, 1, &code, &e), "one that says nothing is ended");
    is_err(&e, "nothing came for 1 seconds", "and the reason is given");
    buf_fini(&said);
    ok(proc_exists("sh") && !proc_exists("croze-no-such-program"), "exists");
    buf_fini(&out);
    return tap_done();
}
