/* SPDX-License-Identifier: Apache-2.0
 * Progress of a build (progress.h): what a step is and which display it is told to. plain.c prints numbered lines, tty.c redraws a block.
 */
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "report/display.h"

bool progress_mode_parse(struct str s, enum progress_mode *out) {
    static const char *const names[] = {"auto", "tty", "plain", "quiet"};
    for (int i = 0; i < 4; i++)
        if (str_eqz(s, names[i])) {
            *out = (enum progress_mode)i;
            return true;
        }
    return false;
}

/* Warnings raised anywhere while the display owns the terminal. */
static void log_line(void *ctx, const char *line) {
    progress_note(ctx, "%s", line);
}

/* TERM=dumb is what editors' shells say: a terminal that knows no escapes. */
static bool can_redraw(int fd) {
    return isatty(fd) && !str_eqz(str_z(getenv("TERM")), "dumb");
}

struct progress *progress_new(enum progress_mode mode, int fd) {
    struct progress *p = mem_zalloc(1, sizeof *p);
    if (mode == PROGRESS_AUTO)
        mode = can_redraw(fd) ? PROGRESS_TTY : PROGRESS_PLAIN;
    p->fd = fd;
    p->color = can_redraw(fd) && !getenv("NO_COLOR");
    p->start_ns = log_now_ns();
    p->display = mode == PROGRESS_TTY ? &display_tty : mode == PROGRESS_PLAIN ? &display_plain : &display_quiet;
    pthread_mutex_init(&p->lock, NULL);
    log_set_sink(log_line, p);
    return p;
}

void progress_free(struct progress *p) {
    if (!p)
        return;
    log_set_sink(NULL, NULL);
    pthread_mutex_lock(&p->lock);
    p->display->close(p);
    pthread_mutex_unlock(&p->lock);
    while (p->first) {
        struct progress_step *s = p->first;
        p->first = s->next;
        buf_fini(&s->partial);
        buf_fini(&s->log);
        free(s->title);
        free(s->note);
        free(s);
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct progress_step *progress_start(struct progress *p, struct str title) {
    struct progress_step *s = mem_zalloc(1, sizeof *s);
    s->owner = p;
    s->title = mem_strndup(title.p ? title.p : "", title.n);
    s->start_ns = log_now_ns();
    s->partial = (struct buf)BUF_INIT(PROGRESS_LINE_BYTES);
    s->log = (struct buf)BUF_INIT(PROGRESS_LOG_BYTES);
    pthread_mutex_lock(&p->lock);
    s->number = ++p->count;
    if (p->last)
        p->last->next = s;
    else
        p->first = s;
    p->last = s;
    p->display->started(p, s);
    pthread_mutex_unlock(&p->lock);
    return s;
}

/* Passes whole lines on; what has no newline yet waits in s->partial. A line that does not fit is passed on in pieces. */
static void take_bytes(struct progress_step *s, struct str bytes) {
    while (bytes.n) {
        struct str line, rest;
        bool whole = str_cut(bytes, '\n', &line, &rest);
        size_t room = PROGRESS_LINE_BYTES - s->partial.n;
        if (line.n > room) {
            rest = str_from(bytes, room);
            line = str_first(bytes, room);
            whole = true;
        }
        buf_add_str(&s->partial, line);
        if (whole) {
            s->owner->display->line(s->owner, s, str_trim_right(buf_str(&s->partial)));
            buf_reset(&s->partial);
        }
        bytes = whole ? rest : STR_NULL;
    }
}

void progress_log(struct progress_step *s, struct str bytes) {
    pthread_mutex_lock(&s->owner->lock);
    take_bytes(s, bytes);
    pthread_mutex_unlock(&s->owner->lock);
}

void progress_bytes(struct progress_step *s, uint64_t done, uint64_t total) {
    pthread_mutex_lock(&s->owner->lock);
    s->done_bytes = done;
    s->total_bytes = total;
    s->owner->display->bytes(s->owner, s);
    pthread_mutex_unlock(&s->owner->lock);
}

void progress_end(struct progress_step *s, enum progress_end how, struct str note) {
    pthread_mutex_lock(&s->owner->lock);
    if (s->partial.n)
        s->owner->display->line(s->owner, s, str_trim_right(buf_str(&s->partial)));
    buf_reset(&s->partial);
    s->note = mem_strndup(note.p ? note.p : "", note.n);
    s->how = how;
    s->ended = true;
    s->took_ns = log_now_ns() - s->start_ns;
    s->owner->display->ended(s->owner, s);
    pthread_mutex_unlock(&s->owner->lock);
}

void progress_note(struct progress *p, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&p->lock);
    p->display->note(p, text);
    pthread_mutex_unlock(&p->lock);
}

const char *human_size(uint64_t bytes, char out[32]) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    /* three significant digits, as docker shows them */
    int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(out, 32, "%.*f%s", decimals, value, units[unit]);
    return out;
}
