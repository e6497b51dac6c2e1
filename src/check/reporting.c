/* SPDX-License-Identifier: Apache-2.0
 * How rules report: whether a finding counts, and where it stands. */
#include "base/limits.h"
#include "check/judge.h"
#include "check/text_edits.h"
#include "check/text_rules.h"

/* --- Whether a finding counts ----------------------------------------------------------------------------------------------------- */

bool check_compat_is(const struct check *c, enum check_compat compat) {
    return c->options->policy.compat == compat;
}

/* A command or a step that is looked at costs about as much as so many bytes that are copied. */
bool check_charge(struct check *c, uint64_t looks) {
    enum { LOOK_COST = 64 };
    bool enough = looks < c->work / LOOK_COST;
    c->work = enough ? c->work - looks * LOOK_COST : 0;
    return enough;
}

bool check_speaks(const struct check *c, const struct rule *r) {
    if (check_compat_is(c, COMPAT_BUILDKIT))
        return rule_is_in(r, rules_buildkit) || rule_is_in(r, rules_croze);
    return compat_has(c->options->policy.compat, r->also);
}

/* What the comments above an instruction say. They may be megabytes, and a thousand findings ask. */
static const struct asked *comments_of(struct check *c, struct asked *last, const struct df_instruction *i) {
    if (last->of != i || !i)
        *last = i ? (struct asked){i, check_config_comments(i->comments), pragma_ignored(c, i->comments, PRAGMA_HERE)} : (struct asked){0};
    return last;
}

/* Whether one of the names is meant; where they are too many for as many findings, none is. */
static bool is_listed(struct check *c, const struct finding *f, const struct str_list *names) {
    return names->n && check_charge(c, names->n) && finding_is_listed(f, names);
}

static bool is_ignored(struct check *c, const struct finding *f, size_t stage) {
    bool pragmas = !check_compat_is(c, COMPAT_BUILDKIT) && !c->options->policy.no_pragmas;
    return pragmas && (is_listed(c, f, &c->global) || is_listed(c, f, &c->place.ignored) || is_listed(c, f, &c->own.ignored) ||
                       (c->stage_ignored && is_listed(c, f, &c->stage_ignored[stage])));
}

/* The file's word, and that of the comments above the two instructions: any may silence a rule, any may ask for an experimental one. */
static bool allowed(struct check *c, const struct finding *f, const struct df_instruction *where, const struct df_instruction *i) {
    const struct rule *r = f->rule;
    bool file = check_config_allows(&c->config, r);
    bool place = check_config_allows(&comments_of(c, &c->place, where)->says, r);
    bool own = check_config_allows(&comments_of(c, &c->own, i)->says, r);
    if (is_ignored(c, f, where && c->stage_ignored ? lint_stage_of(&c->lint, where) : 0))
        return false;
    if (r->experimental && check_compat_is(c, COMPAT_TRIVY)) /* which asks for all of its own */
        return true;
    return r->experimental ? file || place || own || finding_is_listed(f, &c->options->policy.asked) : file && place && own;
}

static bool said_before(const struct check *c, const struct finding *f) {
    const struct finding *last = c->findings.n ? &c->findings.p[c->findings.n - 1] : NULL;
    return last && last->rule == f->rule && last->pos.line == f->pos.line && last->pos.column == f->pos.column &&
           str_eq(last->message, f->message);
}

static void keep(struct check *c, struct finding *f, const struct df_instruction *where, const struct df_instruction *i) {
    if (!judge(&c->options->policy, f) || !allowed(c, f, where, i) || said_before(c, f))
        return;
    finding_keep(&c->findings, f);
}

void check_add(struct check *c, const struct rule *r, const struct df_instruction *where, const struct df_instruction *i, struct df_pos pos,
               struct str message) {
    struct finding f = {.rule = r, .file = c->file->name, .pos = pos, .line = where ? where->pos.line : pos.line, .message = message};
    f.end.line = where ? where->line_end : pos.line;
    f.end.column = (unsigned)source_line(&c->source, f.end.line).n + 1;
    f.also = c->ids;
    c->ids = NULL;
    edits_take(c, &f);
    keep(c, &f, where, i);
}

void check_report(struct check *c, const struct rule *r, const struct df_instruction *where, const struct df_instruction *i,
                  struct df_pos pos, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    check_add(c, r, where, i, pos, arena_str(c->arena, str_z(text)));
}

/* --- Places ----------------------------------------------------------------------------------------------------------------------- */

/* A place in the file's text as it was given. */
static struct df_pos source_pos(const struct source *s, size_t at) {
    size_t low = 0, high = s->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->starts[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return (struct df_pos){(unsigned)low + 1, (unsigned)(at - s->starts[low]) + 1};
}

static bool in_source(const struct source *s, struct str part, struct df_pos *pos, struct df_pos *end) {
    uintptr_t from = (uintptr_t)s->text.p, at = (uintptr_t)part.p;
    if (part.n == 0 || at < from || at - from > s->text.n || part.n > s->text.n - (at - from))
        return false;
    *pos = source_pos(s, at - from);
    *end = source_pos(s, at - from + part.n - 1);
    end->column++;
    return true;
}

bool check_where(const struct check *c, const struct lint_step *s, struct str part, struct df_pos *pos, struct df_pos *end) {
    return part.n && (df_text_pos(s->at, part, pos, end) || in_source(&c->source, part, pos, end));
}

const struct lint_step *check_step(const struct check *c, const struct df_instruction *at) {
    uintptr_t first = (uintptr_t)c->file->instructions, place = (uintptr_t)at;
    size_t k = place >= first ? (place - first) / sizeof *at : SIZE_MAX;
    return k < c->lint.n ? &c->lint.steps[k] : NULL;
}

/* --- Notes ------------------------------------------------------------------------------------------------------------------------- */

enum { NOTE_BYTES = 500 };

void check_note(struct check *c, const struct rule *r, const struct lint_step *s, struct str part, const char *ids, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    struct finding f = {.rule = r, .file = c->file->name, .line = s->at->pos.line, .also = ids, .url = c->url};
    c->url = NULL;
    struct str message = str_first_chars(str_z(text), NOTE_BYTES); /* it quotes the file, which may have words of megabytes */
    f.message = message.n < strlen(text) ? arena_printf(c->arena, "%.*s...", STR_ARG(message)) : arena_str(c->arena, message);
    if (!check_where(c, s, part, &f.pos, &f.end)) {
        f.pos = s->at->pos;
        f.end = (struct df_pos){s->at->line_end, (unsigned)source_line(&c->source, s->at->line_end).n + 1};
    }
    if (f.pos.line < f.line) /* in a comment above */
        f.line = f.pos.line;
    edits_take(c, &f);
    keep(c, &f, s->at, s->at);
}
