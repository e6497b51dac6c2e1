/* SPDX-License-Identifier: Apache-2.0
 * Joins physical lines: see lines.h. A line goes on if its last character that is no blank or tab is the escape character, standing alone
 * or behind another character: "a\\" ends, since the escape is escaped. Comment lines vanish anywhere, also between continuations; empty
 * lines there vanish too and are remembered for a warning. */
#include "dockerfile/lines.h"

#include <assert.h>

#include "base/limits.h"
#include "dockerfile/text.h"

_Static_assert(LIMIT_DOCKERFILE_BYTES < UINT32_MAX, "offsets of pieces have 32 bits");

void lines_init(struct lines *r, struct arena *a, struct str name, struct str source) {
    assert(source.n <= LIMIT_DOCKERFILE_BYTES);
    if (str_starts(source, S("\xef\xbb\xbf"))) /* a byte order mark */
        source = str_from(source, 3);
    *r = (struct lines){.arena = a, .name = name, .source = source, .directives.escape = '\\'};
}

void lines_fini(struct lines *r) {
    vec_fini(&r->pieces);
}

bool lines_raw(struct lines *r, struct str *raw) {
    struct str left = str_from(r->source, r->at);
    if (left.n == 0)
        return false;
    ptrdiff_t end = str_index(left, '\n');
    *raw = end < 0 ? left : str_first(left, (size_t)end + 1);
    r->at += raw->n;
    r->line++;
    return true;
}

struct str trim_newline(struct str raw) {
    while (raw.n && (raw.p[raw.n - 1] == '\n' || raw.p[raw.n - 1] == '\r'))
        raw.n--;
    return raw;
}

static bool is_comment(struct str line) {
    line = blank_trim_left(line);
    return line.n > 0 && line.p[0] == '#';
}

/* Takes the continuation mark off the end; false if there is none. */
static bool cut_continuation(struct str *line, char escape) {
    size_t n = line->n;
    while (n && (line->p[n - 1] == ' ' || line->p[n - 1] == '\t'))
        n--;
    if (n == 0 || line->p[n - 1] != escape || (n > 1 && line->p[n - 2] == escape))
        return false;
    line->n = n - 1;
    return true;
}

/* Appends `part`, which lies in physical line `raw`, to the logical line of `*length` bytes. */
static void add_piece(struct lines *r, struct str raw, struct str part, size_t *length) {
    struct line_piece piece = {
        .at = (uint32_t)*length,
        .source_at = (uint32_t)(part.p - r->source.p),
        .line = r->line,
        .column = (uint32_t)(part.p - raw.p) + 1,
    };
    *length += part.n;
    if (part.n || r->pieces.n == 0)
        vec_push(&r->pieces, piece);
}

static struct str join_pieces(const struct lines *r, size_t length) {
    if (r->pieces.n == 1)
        return str_n(r->source.p + r->pieces.p[0].source_at, length);
    char *text = arena_alloc(r->arena, length + 1, 1);
    for (size_t i = 0; i < r->pieces.n; i++) {
        const struct line_piece *piece = &r->pieces.p[i];
        size_t end = i + 1 < r->pieces.n ? r->pieces.p[i + 1].at : length;
        if (end > piece->at)
            memcpy(text + piece->at, r->source.p + piece->source_at, end - piece->at);
    }
    return str_n(text, length);
}

/* Reads what continues a line, until a line without the mark or the end of the file. */
static void read_continuations(struct lines *r, struct logical_line *out, size_t *length) {
    struct str raw;
    while (lines_raw(r, &raw)) {
        struct str line = trim_newline(raw);
        if (is_comment(line))
            continue;
        if (blank_trim_left(line).n == 0) {
            out->empty_continuation = true;
            continue;
        }
        bool more = cut_continuation(&line, r->directives.escape);
        add_piece(r, raw, line, length);
        if (!more)
            return;
    }
}

/* A comment line above an instruction belongs to it, unless a bare "#" stands between. */
static void note_comment(struct str *comments, struct str line) {
    if (blank_trim(str_from(blank_trim_left(line), 1)).n == 0)
        *comments = STR_NULL;
    else if (!comments->p)
        *comments = line;
    else
        comments->n = (size_t)(line.p + line.n - comments->p);
}

int lines_next(struct lines *r, struct logical_line *out, struct err *e) {
    *out = (struct logical_line){0};
    r->pieces.n = 0;
    struct str raw;
    while (lines_raw(r, &raw)) {
        struct str line = blank_trim_left(trim_newline(raw));
        bool directive;
        if (!directive_read(&r->directives, line, &directive, e)) {
            err_wrap(e, "%.*s:%u:%u", STR_ARG(r->name), r->line, (unsigned)(line.p - raw.p) + 1);
            return -1;
        }
        if (directive && r->directives.syntax.p && r->directives.syntax_line == 0)
            r->directives.syntax_line = r->line;
        if (is_comment(line)) {
            if (!directive)
                note_comment(&out->comments, trim_newline(raw));
            continue;
        }
        size_t length = 0;
        bool more = cut_continuation(&line, r->directives.escape);
        if (!more && line.n == 0)
            continue;
        add_piece(r, raw, line, &length);
        if (more)
            read_continuations(r, out, &length);
        out->text = join_pieces(r, length);
        out->line_end = r->line;
        return 1;
    }
    return 0;
}

struct df_pos pieces_pos(const struct line_piece *pieces, size_t n, size_t offset) {
    assert(n > 0);
    size_t low = 0, high = n; /* the last piece that starts at or before the offset */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (pieces[middle].at <= offset)
            low = middle;
        else
            high = middle;
    }
    const struct line_piece *piece = &pieces[low];
    return (struct df_pos){piece->line, piece->column + (unsigned)(offset - piece->at)};
}

struct df_pos lines_pos(const struct lines *r, size_t offset) {
    return pieces_pos(r->pieces.p, r->pieces.n, offset);
}
