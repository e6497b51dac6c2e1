/* SPDX-License-Identifier: Apache-2.0
 * How lines end: instructions that another one swallows, here-documents with the wrong line ends, scripts that go on after an error. */
#include "check/text_edits.h"
#include "check/text_rules.h"

/* --- Swallowed instructions -------------------------------------------------------------------------------------------------------------
 */

static const char keywords[] =
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR";

/* A line that begins like an instruction, and is part of the one above because that one ends in a continuation. */
static void swallowed(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct df_line *line = c->step->at->line;
    (void)i;
    for (size_t k = 1; k < line->n; k++) {
        size_t end = k + 1 < line->n ? line->pieces[k + 1].at : line->text.n;
        struct str piece = str_n(line->text.p + line->pieces[k].at, end - line->pieces[k].at), word, rest;
        if (line->pieces[k].column == 1 && str_cut(piece, ' ', &word, &rest) && word_in(keywords, word))
            check_note(c, r, c->step, word, NULL, "this %.*s is a part of the %s above: the line before goes on", STR_ARG(word),
                       df_op_name(c->step->at->op));
    }
}

/* --- Here-documents ---------------------------------------------------------------------------------------------------------------------
 */

static void carriage_return(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; k < i->n_heredocs; k++) {
        struct str raw = i->heredocs[k].raw;
        ptrdiff_t at = str_find(raw, S("\r\n"));
        if (at < 0)
            continue;
        for (size_t n = (size_t)at; n + 1 < raw.n; n++)
            if (raw.p[n] == '\r' && raw.p[n + 1] == '\n')
                fix_replace(c, c->step, str_n(raw.p + n, 1), STR_NULL);
        check_note(c, r, c->step, str_n(raw.p + at, 1), NULL, "lines of the here-document %.*s end with CR", STR_ARG(i->heredocs[k].name));
    }
}

/* Whether the script stops at the first error: "set -e", "set -o errexit", or one chain of &&. */
static bool stops(const struct shell *s) {
    bool chain = true;
    for (size_t k = 0; k < s->n; k++) {
        const struct shell_command *cmd = &s->commands[k];
        if (command_is(cmd, "set") && (command_flag(cmd, "e") || command_has(cmd, "errexit")))
            return true;
        chain &= cmd->behind != SHELL_SEQUENCE || k + 1 == s->n;
    }
    return chain;
}

static void goes_on(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell *s = &c->step->script;
    if (i->op != DF_RUN || i->n_heredocs == 0 || s->text.n == 0 || s->n < 2 || c->step->errexit || stops(s))
        return;
    for (size_t k = 0; k < s->n; k++)
        if (s->commands[k].text.p >= i->heredocs[0].raw.p && s->commands[k].text.p < i->heredocs[0].raw.p + i->heredocs[0].raw.n) {
            check_note(c, r, c->step, s->commands[k].text, NULL, "the script of the here-document goes on after an error");
            return;
        }
}

const struct rule rules_lines[] = {
    {.id = "SwallowedInstruction",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "What looks like an instruction is an argument of the one above.",
     .fix = "Remove the continuation mark before it.",
     .url = "",
     .run = swallowed},
    {.id = "CarriageReturn",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "A shell takes the CR for a part of the last word; the kernel, of an interpreter's name.",
     .fix = "Save the file with LF.",
     .url = "",
     .run = carriage_return},
    {.id = "HeredocErrexit",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "Only the last command decides whether the step has failed.",
     .fix = "Begin the script with set -e.",
     .url = "",
     .run = goes_on},
    {0},
};
