/* SPDX-License-Identifier: Apache-2.0
 * The end of a step's output, kept by displays that do not print it as it comes, and printed when the step fails. */
#include "report/display.h"

void display_keep(struct progress_step *s, struct str line) {
    if (s->log.n + line.n + 1 > PROGRESS_LOG_BYTES) {
        size_t half = s->log.n / 2;
        memmove(s->log.p, s->log.p + half, s->log.n - half);
        s->log.n -= half;
    }
    buf_add_str(&s->log, line);
    buf_add_char(&s->log, '\n');
}

void display_add_failure(struct buf *b, const struct progress_step *s) {
    struct str rest = str_trim_right(buf_str(&s->log)), line;
    if (rest.n == 0)
        return;
    buf_printf(b, "------\n > ");
    buf_add_shown(b, str_z(s->title));
    buf_printf(b, ":\n");
    while (str_next(&rest, '\n', &line)) {
        buf_add_shown(b, line);
        buf_add_char(b, '\n');
    }
    buf_printf(b, "------\n");
}
