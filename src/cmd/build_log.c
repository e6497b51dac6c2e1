/* SPDX-License-Identifier: Apache-2.0
 * croze build --last-log: the log that the last build left, as a table of its steps, or the output of one of them. */
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "cmd/build_flags.h"
#include "cmd/print.h"
#include "report/progress.h"
#include "report/table.h"
#include "store/log.h"
#include "sys/clock.h"

/* What became of the build, and of what. */
static void add_heading(struct buf *out, const struct log_index *l) {
    char started[CLOCK_TEXT];
    struct timespec whole = {l->started.tv_sec, 0};
    buf_add_shown(out, l->state);
    buf_printf(out, ", %s: ", clock_rfc3339(whole, started));
    buf_add_shown(out, l->dockerfile);
    buf_printf(out, " of ");
    buf_add_shown(out, l->context);
    if (l->target.n) {
        buf_printf(out, ", stage ");
        buf_add_shown(out, l->target);
    }
    for (size_t i = 0; i < l->n_tags; i++) {
        buf_printf(out, i ? " " : ", for ");
        buf_add_shown(out, l->tags[i]);
    }
    buf_add_char(out, '\n');
    if (l->error.n) {
        buf_add_shown(out, l->error);
        buf_add_char(out, '\n');
    }
}

static void add_row(struct table *t, struct arena *a, const struct log_step *s) {
    char size[32];
    bool ran = s->took_ms > 0 || s->has_exit_code;
    table_cell(t, arena_printf(a, "%lld", (long long)s->number));
    table_cell(t, s->state);
    table_cell(t, ran ? arena_printf(a, "%.1fs", (double)s->took_ms / 1000) : S("-"));
    table_cell(t, s->has_exit_code ? arena_printf(a, "%lld", (long long)s->exit_code) : S("-"));
    table_cell(t, s->log.n ? str_z(human_size((uint64_t)s->bytes, size)) : S("-"));
    table_cell(t, s->title);
}

static bool print_steps(const struct log_index *l, struct arena *a, struct err *e) {
    static const char *const headings[] = {"STEP", "STATE", "TIME", "EXIT", "OUTPUT", "INSTRUCTION"};
    enum { COLUMNS = sizeof headings / sizeof *headings };
    struct table t;
    struct buf out = BUF_INIT(LIMIT_LOG_INDEX_BYTES);
    add_heading(&out, l);
    table_init(&t, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        table_cell(&t, str_z(headings[i]));
    for (size_t i = 0; i < l->n_steps; i++)
        add_row(&t, a, &l->steps[i]);
    table_write(&t, &out);
    if (l->more_steps > 0)
        buf_printf(&out, "and %lld more steps\n", (long long)l->more_steps);
    buf_printf(&out, "%s\n", l->path.p);
    bool good = print_text(&out, "--last-log", e);
    buf_fini(&out);
    table_fini(&t);
    return good;
}

/* As it was printed; on a terminal without what would steer it. */
static bool copy_output(int fd, struct err *e) {
    enum { PIECE_BYTES = 65536 };
    char piece[PIECE_BYTES];
    bool terminal = isatty(STDOUT_FILENO);
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n <= 0)
            return n == 0 || err_set(e, ERR_FAILED, "the step's log cannot be read");
        if (!terminal) {
            fwrite(piece, 1, (size_t)n, stdout);
            continue;
        }
        struct str rest = str_n(piece, (size_t)n), line;
        struct buf shown = BUF_INIT((size_t)4 * PIECE_BYTES);
        while (str_next(&rest, '\n', &line)) {
            buf_add_shown(&shown, line);
            if (rest.p)
                buf_add_char(&shown, '\n');
        }
        fwrite(shown.p, 1, shown.n, stdout);
        buf_fini(&shown);
    }
}

static bool print_step(const struct log_index *l, const char *text, struct err *e) {
    uint64_t number;
    if (!str_to_u64(str_z(text), 10, UINT32_MAX, &number))
        return err_set(e, ERR_USAGE, "--last-log takes the number of a step, not \"%s\"", text);
    for (size_t i = 0; i < l->n_steps; i++) {
        const struct log_step *s = &l->steps[i];
        if (s->number != (int64_t)number)
            continue;
        if (s->log.n == 0)
            return true; /* it printed nothing */
        _cleanup_fd_ int fd = store_log_open(l, s, e);
        return fd >= 0 && copy_output(fd, e);
    }
    return err_set(e, ERR_USAGE, "the last build has no step %llu; --last-log alone lists them", (unsigned long long)number);
}

bool build_log_print(struct store *s, char **args, size_t n, struct err *e) {
    struct arena a = ARENA_INIT;
    struct log_index l;
    if (n > 1)
        return err_set(e, ERR_USAGE, "--last-log takes at most one argument, the number of a step");
    bool good = store_log_last(s, &a, &l, e);
    if (good && n)
        good = print_step(&l, args[0], e);
    else if (good)
        good = print_steps(&l, &a, e);
    arena_fini(&a);
    return good;
}
