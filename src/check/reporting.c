/* SPDX-License-Identifier: Apache-2.0
 * How rules report: whether a finding counts, where it stands, and the edits that mend it. */
#include <stdlib.h>

#include "base/limits.h"
#include "check/judge.h"
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
        *last = i ? (struct asked){i, check_config_comments(i->comments), pragma_ignored(c, i->comments, PRAGMA_HERE)}
                  : (struct asked){0};
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

static void take_edits(struct check *c, struct finding *f);

static void keep(struct check *c, struct finding *f, const struct df_instruction *where, const struct df_instruction *i) {
    if (!judge(&c->options->policy, f) || !allowed(c, f, where, i) || said_before(c, f))
        return;
    if (c->findings.n < LIMIT_FINDINGS)
        vec_push(&c->findings, *f);
    else
        c->n_dropped++;
}

void check_add(struct check *c, const struct rule *r, const struct df_instruction *where, const struct df_instruction *i, struct df_pos pos,
               struct str message) {
    struct finding f = {.rule = r, .file = c->file->name, .pos = pos, .line = where ? where->pos.line : pos.line, .message = message};
    f.end.line = where ? where->line_end : pos.line;
    f.end.column = (unsigned)source_line(&c->source, f.end.line).n + 1;
    f.also = c->ids;
    c->ids = NULL;
    take_edits(c, &f);
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

/* --- Edits ------------------------------------------------------------------------------------------------------------------------ */

static void fix(struct check *c, const struct lint_step *s, struct str part, struct str text, int side) {
    struct edit e = {.text = arena_str(c->arena, text)};
    if (!check_where(c, s, part, &e.pos, &e.end) || c->edits.n == LIMIT_EDITS) {
        c->unmendable = true;
        return;
    }
    if (side < 0)
        e.end = e.pos;
    if (side > 0)
        e.pos = e.end;
    vec_push(&c->edits, e);
}

void fix_replace(struct check *c, const struct lint_step *s, struct str part, struct str text) {
    fix(c, s, part, text, 0);
}

void fix_text(struct check *c, struct df_pos pos, struct df_pos end, struct str text) {
    if (c->edits.n == LIMIT_EDITS)
        c->unmendable = true;
    else
        vec_push(&c->edits, ((struct edit){pos, end, arena_str(c->arena, text)}));
}

void fix_remove(struct check *c, const struct lint_step *s) {
    fix_text(c, (struct df_pos){s->at->pos.line, 1}, (struct df_pos){s->at->line_end + 1, 1}, STR_NULL);
}

/* The flag begins two bytes before its name, where it stands in the line as it is. */
void fix_without_flag(struct check *c, const struct lint_step *s, const struct df_flag *flag) {
    struct str line = s->at->line->text, end = flag->has_value ? flag->value : flag->name;
    uintptr_t from = (uintptr_t)line.p, name = (uintptr_t)flag->name.p, behind = (uintptr_t)end.p + end.n;
    if (name < from + 2 || behind < name || behind > from + line.n) {
        c->unmendable = true;
        return;
    }
    struct str rest = str_from(line, behind - from);
    size_t blanks = rest.n - str_trim_left(rest).n;
    fix_replace(c, s, str_n(flag->name.p - 2, behind - name + 2 + blanks), STR_NULL);
}

void fix_behind(struct check *c, const struct lint_step *s, struct str part, struct str text) {
    fix(c, s, part, text, 1);
}

void fix_before(struct check *c, const struct lint_step *s, struct str part, struct str text) {
    fix(c, s, part, text, -1);
}

/* Behind a comment or a parenthesis it would be something else, behind an exit nothing. Another user may not, and another RUN may want what
 * is removed. */
void fix_append(struct check *c, const struct lint_step *run, struct str text) {
    const struct shell_command *last = run->script.n ? &run->script.commands[run->script.n - 1] : NULL;
    if (!last || run->i->json || run->script.broken || run->at->trigger || run->other_user || lint_run_follows(&c->lint, run))
        return;
    if (last->depth == 0 && last->nested == 0 && last->behind == SHELL_EDGE && !last->wrapped && !command_is(last, "exit exec return"))
        fix_behind(c, run, last->text, text);
}

/* Whether another RUN's commands may stand in the same shell: nothing is changed in it but files. */
static bool leaves_shell(const struct lint_step *s) {
    for (size_t k = 0; k < s->script.n; k++) {
        const struct shell_command *cmd = &s->script.commands[k];
        if (cmd->n_words == 0 ||
            command_is(cmd, ". alias cd eval exec exit export hash popd pushd set shopt source trap ulimit umask unset"))
            return false;
    }
    return s->script.n && !s->script.broken && s->plain_shell && !s->i->json && s->i->n_flags == 0 && s->i->n_heredocs == 0;
}

/* Whether the text is a chain of &&: behind another it still runs as a whole, or not at all. */
static bool is_chain(const struct lint_step *s) {
    for (size_t k = 0; k < s->script.n; k++) {
        enum shell_join behind = s->script.commands[k].behind;
        if (behind != SHELL_AND && behind != SHELL_PIPE && behind != SHELL_EDGE)
            return false;
    }
    return true;
}

void fix_join(struct check *c, const struct lint_step *before, const struct lint_step *s) {
    if (!leaves_shell(before) || !leaves_shell(s) || !is_chain(s) || s->i->comments.n || before->at->trigger || s->at->trigger)
        return;
    struct str text = before->i->args[0], last = before->script.commands[before->script.n - 1].text;
    struct edit e = {.text = arena_printf(c->arena, " %c\n    && ", c->file->escape)};
    struct df_pos ignored;
    if (last.p + last.n == text.p + text.n && check_where(c, before, text, &ignored, &e.pos) &&
        check_where(c, s, s->i->args[0], &e.end, &ignored))
        vec_push(&c->edits, e);
}

static int by_place(const void *a, const void *b) {
    const struct edit *x = a, *y = b;
    if (x->pos.line != y->pos.line)
        return x->pos.line < y->pos.line ? -1 : 1;
    return x->pos.column < y->pos.column ? -1 : x->pos.column > y->pos.column;
}

static void take_edits(struct check *c, struct finding *f) {
    if (c->edits.n && !c->unmendable) {
        struct edit *edits = arena_array(c->arena, struct edit, c->edits.n);
        memcpy(edits, c->edits.p, c->edits.n * sizeof *edits);
        qsort(edits, c->edits.n, sizeof *edits, by_place);
        f->edits = edits;
        f->n_edits = c->edits.n;
    }
    c->edits.n = 0;
    c->unmendable = false;
}

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
    take_edits(c, &f);
    keep(c, &f, s->at, s->at);
}
