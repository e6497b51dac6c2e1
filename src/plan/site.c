/* SPDX-License-Identifier: Apache-2.0
 * Places in messages, and "did you mean": see site.h. */
#include "plan/site.h"

#include "base/mem.h"

static bool place(const struct site *at, struct df_pos pos, struct err *e) {
    if (!at->from)
        return err_wrap(e, "%.*s:%u:%u", STR_ARG(at->file), pos.line, pos.column);
    struct df_pos from = at->from->pos;
    return err_wrap(e, "%.*s:%u:%u: ONBUILD trigger of the base, \"%.*s\"", STR_ARG(at->file), from.line, from.column,
                    STR_ARG(at->i->original));
}

bool site_err(const struct site *at, struct df_pos pos, struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    (void)err_set(e, ERR_USAGE, "%s", text);
    return place(at, pos, e);
}

bool site_wrap(const struct site *at, struct df_pos pos, struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    (void)err_wrap(e, "%s", text);
    return place(at, pos, e);
}

enum { WORD_MAX = 32, MEANT_DISTANCE = 3 };

/* Levenshtein's distance of two words of at most WORD_MAX bytes. */
static size_t distance(struct str a, struct str b) {
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 0; i < a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.n; j++) {
            size_t replace = diagonal + (a.p[i] != b.p[j]);
            size_t shorter = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = replace < shorter ? replace : shorter;
        }
    }
    return row[b.n];
}

const char *nearest_option(struct str text, const char *const *options) {
    const char *best = NULL;
    size_t best_distance = MEANT_DISTANCE;
    if (text.n > WORD_MAX)
        return NULL;
    for (; *options; options++) {
        struct str option = str_z(*options);
        size_t d = option.n <= WORD_MAX ? distance(text, option) : MEANT_DISTANCE;
        if (d < best_distance) {
            best_distance = d;
            best = *options;
        }
    }
    return best;
}
