/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/print.h"

#include <unistd.h>

#include "sys/files.h"
#include "tap.h"

static char path[] = "/tmp/croze-test-XXXXXX";
static int standard_output;

/* Standard output goes to a file between these. */
static void catch (void) {
    fflush(stdout);
    standard_output = dup(STDOUT_FILENO);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    dup2(fd, STDOUT_FILENO);
    close(fd);
}

static void printed(struct str want, const char *what) {
    struct err e = ERR_INIT;
    struct buf got = BUF_INIT(1000);
    fflush(stdout);
    dup2(standard_output, STDOUT_FILENO);
    close(standard_output);
    ok(file_read(path, &got, &e), "%s: what was printed", what);
    is_str(buf_str(&got), want, what);
    err_clear(&e);
    buf_fini(&got);
}

int main(void) {
    struct err e = ERR_INIT;
    int fd = mkstemp(path);
    struct buf text = BUF_INIT(8);
    buf_add_str(&text, S("a\0b"));
    catch();
    bool good = print_text(&text, "it", &e);
    printed(S("a\0b"), "a text");
    ok(good, "... is no error");
    buf_add_str(&text, S("more than that"));
    catch();
    good = print_text(&text, "it", &e);
    printed(S(""), "of a text that did not fit nothing");
    ok(!good, "... it is an error");
    is_err(&e, "it: there is more to print than the limit of 8 bytes", "... that says so");
    buf_fini(&text);

    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *o = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, o);
    json_add_str(d, o, "a", S("b"));
    catch();
    good = print_json(d, false, "it", &e);
    printed(S("{\"a\":\"b\"}\n"), "a document");
    ok(good, "... is no error");
    close(fd);
    unlink(path);
    return tap_done();
}
