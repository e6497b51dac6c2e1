/* SPDX-License-Identifier: Apache-2.0
 * Edits that mend what a rule finds: see text_edits.h. */
#include "check/text_edits.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check/text_rules.h"

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

void edits_take(struct check *c, struct finding *f) {
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
