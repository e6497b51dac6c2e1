/* SPDX-License-Identifier: Apache-2.0
 * Formats of one line a finding: for people and editors, and GitHub's workflow commands
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions). */
#include "base/utf8.h"
#include "check/output.h"
#include "check/words.h"

/* "AptGetPin", and what the tool calls it that the user has chosen: "AptGetPin, DL3008". */
static void add_ids(const struct output *o, const struct finding *f, struct buf *out) {
    struct str rest = str_z(f->also ? f->also : f->rule->also), id;
    buf_add_str(out, str_z(f->rule->id));
    while (o->ids && str_next(&rest, ' ', &id))
        if (word_starts_in(o->ids, id)) {
            buf_add_str(out, S(", "));
            buf_add_str(out, id);
        }
}

static void text_line(const struct output *o, const struct finding *f, struct buf *out) {
    buf_add_shown(out, f->file);
    if (f->pos.line)
        buf_printf(out, ":%u:%u", f->pos.line, f->pos.column);
    if (f->path.n) {
        buf_add_str(out, S(": "));
        buf_add_shown(out, f->path);
    }
    buf_printf(out, ": %s: ", severity_name(f->severity));
    buf_add_shown(out, f->message);
    buf_add_str(out, S(" ["));
    add_ids(o, f, out);
    buf_add_str(out, S("]\n"));
    if (f->step.n == 0)
        return;
    buf_add_str(out, S("    by "));
    buf_add_shown(out, str_first_chars(f->step, STR_SHOWN));
    buf_add_str(out, f->step.n > STR_SHOWN ? S("...\n") : S("\n"));
}

void output_lines(const struct output *o, struct buf *out) {
    for (size_t p = 0; p < o->parts.n; p++) {
        const struct output_part *part = &o->parts.p[p];
        for (size_t k = 0; k < part->n_findings; k++)
            text_line(o, &part->findings[k], out);
        if (part->n_dropped) {
            buf_add_shown(out, part->name);
            buf_printf(out, ": %zu more findings are not shown\n", part->n_dropped);
        }
        buf_add_shown(out, part->note);
        buf_add_str(out, part->note.n ? S("\n") : STR_NULL);
    }
}

/* --- GitHub ------------------------------------------------------------------------------------------------------------------------ */

static void add_escaped(struct buf *out, struct str s, bool property) {
    for (size_t at = 0; at < s.n;) {
        uint32_t rune = utf8_next(s, &at);
        if (rune == '%' || rune == '\r' || rune == '\n' || (property && (rune == ':' || rune == ',')))
            buf_printf(out, "%%%02X", rune);
        else if (rune >= 0x20 && (rune < 0x7f || rune >= 0xa0)) /* no other control characters */
            utf8_add(out, rune);
    }
}

static void github_line(struct arena *a, const struct finding *f, struct buf *out) {
    static const char *const levels[] = {"notice", "notice", "warning", "error"};
    buf_printf(out, "::%s file=", output_level(f, levels));
    add_escaped(out, output_place(a, f), true);
    if (f->pos.line)
        buf_printf(out, ",line=%u,col=%u,endLine=%u,endColumn=%u", f->pos.line, f->pos.column, f->end.line, f->end.column);
    buf_printf(out, ",title=%s::", f->rule->id);
    add_escaped(out, f->message, false);
    buf_add_char(out, '\n');
}

static void github_about(struct str file, const char *level, struct str text, struct buf *out) {
    if (text.n == 0)
        return;
    buf_printf(out, "::%s file=", level);
    add_escaped(out, file, true);
    buf_add_str(out, S("::"));
    add_escaped(out, text, false);
    buf_add_char(out, '\n');
}

void output_github(const struct output *o, struct buf *out) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    for (size_t p = 0; p < o->parts.n; p++) {
        const struct output_part *part = &o->parts.p[p];
        for (size_t k = 0; k < part->n_findings; k++)
            github_line(&a, &part->findings[k], out);
        github_about(part->name, "notice", output_remainder(&a, part), out);
        github_about(part->name, "error", part->error, out);
    }
}
