/* SPDX-License-Identifier: Apache-2.0
 * The plain display: one line an event, numbered like BuildKit's, for logs and pipes; and the quiet one, that shows warnings only. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "report/display.h"

static const uint64_t bytes_every_ns = 2000000000; /* a line about a long copy at most this often */

void display_write(int fd, const struct buf *b) {
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(fd, b->p + done, b->n - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EAGAIN) /* whoever shares the descriptor may have made it so (ssh, node) */
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (n == 0 || errno != EINTR)
            return;
    }
}

static void emit(struct progress *p, struct progress_step *s, const char *before, struct str text, const char *after) {
    struct buf b = BUF_INIT(PROGRESS_LINE_BYTES * 4);
    buf_printf(&b, "#%u %s", s->number, before);
    buf_add_shown(&b, str_first(text, PROGRESS_LINE_BYTES));
    buf_printf(&b, "%s\n", after);
    display_write(p->fd, &b);
    buf_fini(&b);
}

static void plain_started(struct progress *p, struct progress_step *s) {
    emit(p, s, "", str_z(s->title), "");
}

static void plain_line(struct progress *p, struct progress_step *s, struct str line) {
    struct buf before = BUF_INIT(64);
    uint64_t ms = (log_now_ns() - s->start_ns) / 1000000;
    buf_printf(&before, "%llu.%03llu ", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000));
    emit(p, s, before.p, line, "");
    buf_fini(&before);
}

/* Of the average so far: bytes come in bursts, and a number that jumps is read by nobody. */
static void add_rate(struct buf *b, const struct progress_step *s) {
    char rate[32];
    uint64_t took_ms = (log_now_ns() - s->start_ns) / 1000000;
    if (took_ms < 1000 || s->done_bytes == 0)
        return;
    uint64_t per_second = s->done_bytes * 1000 / took_ms;
    buf_printf(b, "  %s/s", human_size(per_second, rate));
    if (s->total_bytes <= s->done_bytes || per_second == 0)
        return;
    uint64_t left_s = (s->total_bytes - s->done_bytes + per_second - 1) / per_second;
    if (left_s < 60)
        buf_printf(b, "  %llus left", (unsigned long long)left_s);
    else
        buf_printf(b, "  %llum%02llus left", (unsigned long long)(left_s / 60), (unsigned long long)(left_s % 60));
}

void display_add_bytes(struct buf *b, const struct progress_step *s) {
    char done[32], total[32];
    buf_printf(b, "%s", human_size(s->done_bytes, done));
    if (s->total_bytes)
        buf_printf(b, " / %s", human_size(s->total_bytes, total));
    if (s->total_bytes && s->done_bytes <= s->total_bytes)
        buf_printf(b, "  %llu%%", (unsigned long long)(s->done_bytes * 100 / s->total_bytes));
    add_rate(b, s);
}

static void plain_bytes(struct progress *p, struct progress_step *s) {
    uint64_t now = log_now_ns();
    if (now - (s->shown_ns ? s->shown_ns : s->start_ns) < bytes_every_ns)
        return;
    s->shown_ns = now;
    struct buf b = BUF_INIT(256);
    display_add_bytes(&b, s);
    emit(p, s, "", buf_str(&b), "");
    buf_fini(&b);
}

static void plain_ended(struct progress *p, struct progress_step *s) {
    static const char *const words[] = {"DONE", "CACHED", "ERROR", "CANCELED"};
    struct buf b = BUF_INIT(4096);
    buf_printf(&b, "%s", words[s->how]);
    if (s->how == PROGRESS_DONE || s->how == PROGRESS_FAILED)
        buf_printf(&b, " %.1fs", (double)s->took_ns / 1e9);
    if (s->note[0])
        buf_printf(&b, " %s", s->note);
    emit(p, s, "", buf_str(&b), "\n");
    buf_fini(&b);
}

static void plain_note(struct progress *p, const char *text) {
    struct buf b = BUF_INIT(PROGRESS_LINE_BYTES * 4);
    buf_add_shown(&b, str_first(str_z(text), PROGRESS_LINE_BYTES));
    buf_add_char(&b, '\n');
    display_write(p->fd, &b);
    buf_fini(&b);
}

static void plain_close(struct progress *p) {
    (void)p;
}

const struct display display_plain = {
    .started = plain_started, .line = plain_line, .bytes = plain_bytes, .ended = plain_ended, .note = plain_note, .close = plain_close};

/* --- quiet: warnings, and the output of what failed --- */

static void quiet_step(struct progress *p, struct progress_step *s) {
    (void)p;
    (void)s;
}

static void quiet_line(struct progress *p, struct progress_step *s, struct str line) {
    (void)p;
    display_keep(s, line);
}

static void quiet_ended(struct progress *p, struct progress_step *s) {
    struct buf b = BUF_INIT(PROGRESS_LOG_BYTES * 4);
    if (s->how == PROGRESS_FAILED)
        display_add_failure(&b, s);
    display_write(p->fd, &b);
    buf_fini(&b);
    buf_fini(&s->log);
}

const struct display display_quiet = {
    .started = quiet_step, .line = quiet_line, .bytes = quiet_step, .ended = quiet_ended, .note = plain_note, .close = plain_close};
