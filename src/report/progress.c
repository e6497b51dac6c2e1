/* SPDX-License-Identifier: Apache-2.0
 * Progress of a build (progress.h): what a step is and which display it is told to. plain.c prints numbered lines, tty.c redraws a block,
 * rawjson.c writes events. */
#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "report/display.h"
#include "sys/thread.h"

static const uint64_t tick_every_ns = 200000000;

bool progress_mode_parse(struct str s, enum progress_mode *out) {
    static const struct {
        const char *name;
        enum progress_mode mode;
    } modes[] = {{"auto", PROGRESS_AUTO},   {"tty", PROGRESS_TTY},    {"plain", PROGRESS_PLAIN},
                 {"quiet", PROGRESS_QUIET}, {"none", PROGRESS_QUIET}, {"rawjson", PROGRESS_RAWJSON}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (str_eqz(s, modes[i].name)) {
            *out = modes[i].mode;
            return true;
        }
    return false;
}

/* Warnings raised anywhere while the display owns the terminal. */
static void log_line(void *ctx, const char *line) {
    progress_note(ctx, "%s", line);
}

bool can_redraw(int fd) {
    return isatty(fd) && !str_eqz(str_z(getenv("TERM")), "dumb");
}

static void *tick(void *arg) {
    struct progress *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->closing) {
        struct timespec until = thread_deadline(tick_every_ns);
        pthread_cond_timedwait(&p->changed, &p->lock, &until);
        if (!p->closing)
            p->display->tick(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void stop_ticker(struct progress *p) {
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (p->ticks)
        pthread_join(p->ticker, NULL);
}

struct progress *progress_new(enum progress_mode mode, int fd) {
    struct progress *p = mem_zalloc(1, sizeof *p);
    if (mode == PROGRESS_AUTO)
        mode = can_redraw(fd) ? PROGRESS_TTY : PROGRESS_PLAIN;
    p->fd = fd;
    p->color = can_redraw(fd) && !getenv("NO_COLOR");
    p->start_ns = log_now_ns();
    static const struct display *const displays[] = {[PROGRESS_TTY] = &display_tty,
                                                     [PROGRESS_PLAIN] = &display_plain,
                                                     [PROGRESS_QUIET] = &display_quiet,
                                                     [PROGRESS_RAWJSON] = &display_rawjson};
    p->started = clock_now();
    p->display = displays[mode];
    pthread_mutex_init(&p->lock, NULL);
    thread_cond_init(&p->changed);
    if (p->display->opened)
        p->display->opened(p);
    p->ticks = p->display->tick && pthread_create(&p->ticker, NULL, tick, p) == 0;
    log_set_sink(log_line, p);
    return p;
}

void progress_free(struct progress *p) {
    if (!p)
        return;
    log_set_sink(NULL, NULL);
    stop_ticker(p);
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
        free(s->error);
        free(s->inputs);
        free(s);
    }
    map_fini(&p->titles);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static void name_step(struct progress *p, struct progress_step *s) {
    struct progress_step *before = map_put(&p->titles, str_z(s->title), s);
    struct sha256 h;
    s->number = ++p->count;
    s->same = before ? before->same + 1 : 0;
    sha256_init(&h);
    sha256_field(&h, str_z(s->title));
    sha256_u64(&h, s->same);
    s->id = sha256_final(&h);
}

static void take_inputs(struct progress_step *s, struct progress_step *const *inputs, size_t n) {
    s->inputs = mem_zalloc(n + 1, sizeof *s->inputs);
    for (size_t i = 0; i < n; i++)
        if (inputs[i])
            s->inputs[s->n_inputs++] = inputs[i]->id;
}

struct progress_step *progress_start_after(struct progress *p, struct str title, struct progress_step *const *inputs, size_t n) {
    struct progress_step *s = mem_zalloc(1, sizeof *s);
    s->owner = p;
    s->title = mem_strndup(title.p ? title.p : "", title.n);
    s->start_ns = log_now_ns();
    s->started = clock_now();
    take_inputs(s, inputs, n);
    s->partial = (struct buf)BUF_INIT(PROGRESS_LINE_BYTES);
    s->log = (struct buf)BUF_INIT(PROGRESS_LOG_BYTES);
    pthread_mutex_lock(&p->lock);
    name_step(p, s);
    if (p->last)
        p->last->next = s;
    else
        p->first = s;
    p->last = s;
    p->display->started(p, s);
    if (p->watcher)
        p->watcher->started(p->watcher->ctx, s->number, str_z(s->title));
    pthread_mutex_unlock(&p->lock);
    return s;
}

struct progress_step *progress_start(struct progress *p, struct str title) {
    return progress_start_after(p, title, NULL, 0);
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

void progress_log_stream(struct progress_step *s, int stream, struct str bytes) {
    struct progress *p = s->owner;
    pthread_mutex_lock(&p->lock);
    if (p->watcher)
        p->watcher->output(p->watcher->ctx, s->number, bytes);
    if (p->display->output)
        p->display->output(p, s, stream, bytes);
    else
        take_bytes(s, bytes);
    pthread_mutex_unlock(&p->lock);
}

void progress_log(struct progress_step *s, struct str bytes) {
    progress_log_stream(s, 1, bytes);
}

bool progress_wants_streams(const struct progress *p) {
    return p->display->output != NULL;
}

void progress_exit_code(struct progress_step *s, int code) {
    s->exit_code = code;
    s->has_exit_code = true;
}

void progress_fail(struct progress_step *s, struct str why) {
    pthread_mutex_lock(&s->owner->lock);
    s->error = mem_strndup(why.p ? why.p : "", why.n);
    pthread_mutex_unlock(&s->owner->lock);
    progress_end(s, PROGRESS_FAILED, STR_NULL);
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
    const struct progress_watcher *w = s->owner->watcher;
    if (w)
        w->ended(w->ctx, s->number, how, s->took_ns, s->has_exit_code ? &s->exit_code : NULL);
    pthread_mutex_unlock(&s->owner->lock);
}

void progress_watch(struct progress *p, const struct progress_watcher *w) {
    pthread_mutex_lock(&p->lock);
    p->watcher = w;
    pthread_mutex_unlock(&p->lock);
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
