/* SPDX-License-Identifier: Apache-2.0
 * The terminal display: finished steps scroll up, running ones stand in a block below that redraws itself, each with the last lines of its
 * output and the bytes that it has moved. When a step fails, the end of its output is printed whole. */
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "report/display.h"

enum {
    WIDTH_DEFAULT = 80,
    ROWS_DEFAULT = 24,
    BLOCK_STEPS_MAX = 8,
    OUTPUT_LINES_MAX = 6,
    FINISHED_REST = 30 /* what stands beside a finished step's title */
};
static const uint64_t redraw_every_ns = 50000000; /* 20 a second is as smooth as eyes need */

struct screen {
    unsigned columns, rows;
};

static struct screen screen_of(int fd) {
    struct winsize w;
    bool known = ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 20;
    return known ? (struct screen){w.ws_col, w.ws_row ? w.ws_row : ROWS_DEFAULT} : (struct screen){WIDTH_DEFAULT, ROWS_DEFAULT};
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

/* What a carriage return has left of a line: programs draw bars with it. */
static struct str visible(struct str line) {
    line = str_trim_right(line);
    return str_from(line, (size_t)(str_rindex(line, '\r') + 1));
}

/* The text's last `most` lines. */
static struct str last_lines(struct str text, unsigned most) {
    size_t at = text.n;
    while (most > 0 && at > 0) {
        ptrdiff_t newline = str_rindex(str_first(text, at), '\n');
        most--;
        at = newline < 0 ? 0 : (size_t)newline;
    }
    return at == 0 ? text : str_from(text, at + 1);
}

static void add_output_line(struct progress *p, struct buf *b, struct str line, size_t width) {
    paint(p, b, "2");
    buf_printf(b, " =>   ");
    add_cut(b, visible(line), width - 8);
    paint(p, b, "0");
    buf_add_char(b, '\n');
    p->drawn_lines++;
}

static void add_bytes(struct progress *p, struct buf *b, const struct progress_step *s, size_t width) {
    struct buf line = BUF_INIT(256);
    display_add_bytes(&line, s);
    add_output_line(p, b, buf_str(&line), width);
    buf_fini(&line);
}

/* The step, and below it what it does: at most `most` lines of its output, of which one may still be without its end. */
static void add_running(struct progress *p, struct buf *b, const struct progress_step *s, unsigned most, size_t width) {
    buf_printf(b, " => ");
    add_cut(b, str_z(s->title), width - 16);
    buf_printf(b, "  %.1fs\n", (double)(log_now_ns() - s->start_ns) / 1e9);
    p->drawn_lines++;
    if (s->done_bytes && most > 0) {
        add_bytes(p, b, s, width);
        most--;
    }
    struct str partial = visible(buf_str(&s->partial)), line;
    unsigned whole = most > 0 && partial.n ? most - 1 : most;
    struct str rest = whole ? last_lines(str_trim_right(buf_str(&s->log)), whole) : STR_NULL;
    while (rest.n && str_next(&rest, '\n', &line))
        add_output_line(p, b, line, width);
    if (most > 0 && partial.n)
        add_output_line(p, b, partial, width);
}

/* Each running step gets as many lines as the screen has room for. */
static void draw_block(struct progress *p, struct buf *b) {
    struct screen screen = screen_of(p->fd);
    unsigned running = 0, shown = 0;
    for (const struct progress_step *s = p->first; s && running < BLOCK_STEPS_MAX; s = s->next)
        running += !s->ended;
    unsigned room = screen.rows > 2 * running + 1 ? (screen.rows - 1 - running) / (running ? running : 1) : 0;
    for (const struct progress_step *s = p->first; s && shown < running && shown + 1 < screen.rows; s = s->next)
        if (!s->ended) {
            add_running(p, b, s, room < OUTPUT_LINES_MAX ? room : OUTPUT_LINES_MAX, screen.columns);
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

static void tty_tick(struct progress *p) {
    if (p->drawn_lines)
        redraw(p, false);
}

static void tty_ended(struct progress *p, struct progress_step *s) {
    static const char *const words[] = {"", "CACHED ", "ERROR ", "CANCELED "};
    static const char *const colors[] = {"34", "34", "31", "2"};
    struct buf b = BUF_INIT(1 << 20);
    erase_block(p, &b);
    paint(p, &b, colors[s->how]);
    buf_printf(&b, " => %s", words[s->how]);
    size_t width = screen_of(p->fd).columns;
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

const struct display display_tty = {.started = tty_started,
                                    .line = tty_line,
                                    .bytes = tty_bytes,
                                    .ended = tty_ended,
                                    .note = tty_note,
                                    .tick = tty_tick,
                                    .close = tty_close};
