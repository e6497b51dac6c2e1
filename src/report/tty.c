/* SPDX-License-Identifier: Apache-2.0
 * The terminal display: finished steps scroll up, running ones stand in a block below that redraws itself, each with the last line of its
 * output. When a step fails, the end of its output is printed whole. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "report/display.h"

enum { WIDTH_DEFAULT = 80, BLOCK_STEPS_MAX = 8, FINISHED_REST = 30 /* what stands beside a finished step's title */ };
static const uint64_t redraw_every_ns = 50000000; /* 20 a second is as smooth as eyes need */

static size_t width_of(int fd) {
    struct winsize w;
    return ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : WIDTH_DEFAULT;
}

/* Text cut to what is left of a line of `width` columns; bytes stand for columns, which only ever cuts too early. But for tabs: one that
 * wrapped a line would leave rests of the block on the screen. */
static void add_cut(struct buf *b, struct str text, size_t width) {
    size_t from = b->n;
    buf_add_shown(b, str_first(text, width));
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] == '\t')
            b->p[i] = ' ';
}

static void paint(struct progress *p, struct buf *b, const char *code) {
    if (p->color)
        buf_printf(b, "\033[%sm", code);
}

static void erase_block(struct progress *p, struct buf *b) {
    if (p->drawn_lines)
        buf_printf(b, "\033[%uA\r\033[J", p->drawn_lines);
    p->drawn_lines = 0;
}

static struct str last_line(const struct progress_step *s) {
    struct str text = str_trim_right(buf_str(&s->log));
    return str_from(text, (size_t)(str_rindex(text, '\n') + 1));
}

static void add_running(struct progress *p, struct buf *b, const struct progress_step *s, size_t width) {
    char done[32];
    buf_printf(b, " => ");
    add_cut(b, str_z(s->title), width - 16);
    buf_printf(b, "  %.1fs\n", (double)(log_now_ns() - s->start_ns) / 1e9);
    p->drawn_lines++;
    struct str line = last_line(s);
    if (line.n == 0 && s->done_bytes == 0)
        return;
    paint(p, b, "2");
    buf_printf(b, " =>   ");
    if (line.n)
        add_cut(b, line, width - 8);
    else
        buf_printf(b, "%s", human_size(s->done_bytes, done));
    paint(p, b, "0");
    buf_add_char(b, '\n');
    p->drawn_lines++;
}

static void draw_block(struct progress *p, struct buf *b) {
    size_t width = width_of(p->fd), shown = 0;
    for (const struct progress_step *s = p->first; s && shown < BLOCK_STEPS_MAX; s = s->next)
        if (!s->ended) {
            add_running(p, b, s, width);
            shown++;
        }
    p->drawn_ns = log_now_ns();
}

static void redraw(struct progress *p, bool now) {
    if (!now && log_now_ns() - p->drawn_ns < redraw_every_ns)
        return;
    struct buf b = BUF_INIT(1 << 20);
    erase_block(p, &b);
    draw_block(p, &b);
    display_write(p->fd, &b);
    buf_fini(&b);
}

static void tty_started(struct progress *p, struct progress_step *s) {
    (void)s;
    redraw(p, true);
}

static void tty_line(struct progress *p, struct progress_step *s, struct str line) {
    display_keep(s, line);
    redraw(p, false);
}

static void tty_bytes(struct progress *p, struct progress_step *s) {
    (void)s;
    redraw(p, false);
}

static void tty_ended(struct progress *p, struct progress_step *s) {
    static const char *const words[] = {"", "CACHED ", "ERROR ", "CANCELED "};
    static const char *const colors[] = {"34", "34", "31", "2"};
    struct buf b = BUF_INIT(1 << 20);
    erase_block(p, &b);
    paint(p, &b, colors[s->how]);
    buf_printf(&b, " => %s", words[s->how]);
    size_t width = width_of(p->fd);
    add_cut(&b, str_z(s->title), width > FINISHED_REST ? width - FINISHED_REST : width);
    if (s->how == PROGRESS_DONE || s->how == PROGRESS_FAILED)
        buf_printf(&b, "  %.1fs", (double)s->took_ns / 1e9);
    if (s->note[0])
        buf_printf(&b, "  %s", s->note);
    paint(p, &b, "0");
    buf_add_char(&b, '\n');
    if (s->how == PROGRESS_FAILED)
        display_add_failure(&b, s);
    draw_block(p, &b);
    display_write(p->fd, &b);
    buf_fini(&b);
    buf_fini(&s->log);
}

static void tty_note(struct progress *p, const char *text) {
    struct buf b = BUF_INIT(1 << 20);
    erase_block(p, &b);
    buf_add_shown(&b, str_z(text));
    buf_add_char(&b, '\n');
    draw_block(p, &b);
    display_write(p->fd, &b);
    buf_fini(&b);
}

static void tty_close(struct progress *p) {
    struct buf b = BUF_INIT(4096);
    erase_block(p, &b);
    display_write(p->fd, &b);
    buf_fini(&b);
}

const struct display display_tty = {
    .started = tty_started, .line = tty_line, .bytes = tty_bytes, .ended = tty_ended, .note = tty_note, .close = tty_close};
