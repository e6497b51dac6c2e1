/* SPDX-License-Identifier: Apache-2.0 */
#include "report/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/files.h"
#include "tap.h"

static struct buf shown;

/* Runs a small build's worth of events through a display and takes what it wrote. */
static void events(enum progress_mode mode) {
    int ends[2];
    struct err e = ERR_INIT;
    if (pipe(ends) < 0)
        return;
    struct progress *p = progress_new(mode, ends[1]);
    struct progress_step *one = progress_start(p, S("[1/2] RUN one"));
    progress_log(one, S("first li"));
    progress_log(one, S("ne\nsecond\033[2J\n"));
    progress_end(one, PROGRESS_DONE, S("1.2MB"));
    struct progress_step *two = progress_start(p, S("[2/2] RUN two"));
    progress_log(two, S("the end without a newline"));
    log_warn("careful");
    progress_end(two, PROGRESS_FAILED, STR_NULL);
    progress_free(p);
    close(ends[1]);
    buf_reset(&shown);
    ok(file_read_fd(ends[0], "pipe", &shown, &e), "read what was shown");
    close(ends[0]);
}

static bool has(const char *text) {
    return str_find(buf_str(&shown), str_z(text)) >= 0;
}

/* The same choice by itself, on a terminal. */
static void on_terminal(const char *term) {
    char text[4096];
    setenv("TERM", term, 1);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const char *name = terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0 ? ptsname(terminal) : NULL;
    int fd = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    ok(fd >= 0, "a terminal");
    struct progress *p = progress_new(PROGRESS_AUTO, fd);
    struct progress_step *s = progress_start(p, S("RUN\tone"));
    progress_end(s, PROGRESS_FAILED, STR_NULL);
    progress_free(p);
    buf_reset(&shown);
    close(fd); /* then the end comes behind the last byte; a terminal hands them on in pieces */
    for (ssize_t n; (n = read(terminal, text, sizeof text)) > 0;)
        buf_add_str(&shown, str_n(text, (size_t)n));
    close(terminal);
}

static size_t count(const char *text) {
    size_t n = 0;
    struct str rest = buf_str(&shown);
    for (ptrdiff_t at; (at = str_find(rest, str_z(text))) >= 0; n++)
        rest = str_from(rest, (size_t)at + 1);
    return n;
}

/* Two stages of one name: steps of one title are not one vertex. Base64 of every length. */
static void rawjson(void) {
    int ends[2];
    struct err e = ERR_INIT;
    if (pipe(ends) < 0)
        return;
    struct progress *p = progress_new(PROGRESS_RAWJSON, ends[1]);
    ok(progress_wants_streams(p), "rawjson tells the streams apart");
    struct progress_step *one = progress_start(p, S("same")), *inputs[] = {one, NULL};
    struct progress_step *two = progress_start_after(p, S("same"), inputs, 2);
    progress_log_stream(one, 1, S("a"));
    progress_log_stream(one, 2, S("ab"));
    progress_log_stream(one, 1, S("abc"));
    progress_bytes(one, 5, 10);
    progress_end(one, PROGRESS_CACHED, STR_NULL);
    progress_fail(two, S("first line\nsecond"));
    progress_end(progress_start(p, S("third")), PROGRESS_CANCELED, STR_NULL);
    progress_free(p);
    close(ends[1]);
    buf_reset(&shown);
    ok(file_read_fd(ends[0], "pipe", &shown, &e), "read what was shown");
    close(ends[0]);
    ok(count("\n{") + 1 == count("\"vertexes\":") + count("\"logs\":") + count("\"statuses\":"), "an object a line");
    ok(has("\"stream\":1,\"data\":\"YQ==\"") && has("\"stream\":2,\"data\":\"YWI=\"") && has("\"data\":\"YWJj\""), "base64");
    ok(count("\"name\":\"same\"") == 4 && count("\"inputs\":[\"") == 2, "two vertexes, of which the second stands on the first");
    ok(has("\"cached\":true") && has("\"error\":\"first line\"") && has("\"error\":\"context canceled\""), "how they ended");
    ok(has("\"total\":10,\"current\":5"), "bytes");
}

/* A descriptor that does not wait, and a reader that begins when nothing more goes in. */
static void *drain(void *arg) {
    int *ends = arg;
    struct err e = ERR_INIT;
    while (poll(&(struct pollfd){.fd = ends[1], .events = POLLOUT}, 1, 0) == 1)
        sched_yield();
    ok(file_read_fd(ends[0], "pipe", &shown, &e), "read what was shown");
    err_clear(&e);
    return NULL;
}

static void slow_reader(void) {
    enum { LINES = 5000 };
    int ends[2];
    pthread_t reader;
    buf_reset(&shown);
    bool begun = pipe(ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 && pthread_create(&reader, NULL, drain, ends) == 0;
    if (!ok(begun, "a slow reader"))
        return;
    struct progress *p = progress_new(PROGRESS_PLAIN, ends[1]);
    struct progress_step *s = progress_start(p, S("step"));
    for (int i = 0; i < LINES; i++)
        progress_log(s, S("forty characters and no more, as of text\n"));
    progress_end(s, PROGRESS_DONE, STR_NULL);
    progress_free(p);
    close(ends[1]);
    pthread_join(reader, NULL);
    close(ends[0]);
    ok(count("as of text\n") == LINES && has("DONE"), "gets all that is shown");
}

int main(void) {
    shown = (struct buf)BUF_INIT(1 << 20);
    events(PROGRESS_PLAIN);
    ok(has("#1 [1/2] RUN one\n") && has(" first line\n"), "plain: a step and its output, lines put together");
    ok(has("#1 DONE") && has("1.2MB") && has("#2 ERROR"), "plain: how steps ended");
    ok(has("the end without a newline\n"), "plain: the last line needs no newline");
    ok(has("warning: careful\n"), "plain: warnings");
    ok(has("second?[2J") && !has("\033"), "plain: output cannot steer the terminal");
    events(PROGRESS_TTY);
    ok(has(" => [1/2] RUN one") && has("ERROR [2/2] RUN two"), "tty: how steps ended");
    ok(has("------\n > [2/2] RUN two:\nthe end without a newline\n------"), "tty: a failed step's output is printed whole");
    ok(!has("second\033"), "tty: output cannot steer the terminal");
    on_terminal("xterm");
    ok(has("\033[1A") && has(" => RUN one") && !has("------"), "auto: redraws on a terminal; no tabs there; no rulers around no output");
    slow_reader();
    on_terminal("dumb");
    ok(has("#1 ERROR") && !has("\033"), "auto: not on one that knows no escapes");
    events(PROGRESS_QUIET);
    ok(has("warning: careful\n") && has("------\n > [2/2] RUN two:\nthe end without a newline\n------"),
       "quiet: warnings, and what failed");
    ok(!has("RUN one") && !has("first line"), "quiet: nothing else");
    rawjson();
    buf_fini(&shown);
    return tap_done();
}
