/* SPDX-License-Identifier: Apache-2.0
 * Commands of a RUN that are out of place in an image: sudo, cd, services; pipes, links, downloads by two programs, one RUN behind another.
 */
#include "check/text_edits.h"
#include "check/text_rules.h"

/* Whether the script leaves something running, which it has to end. */
static bool has_background(struct check *c) {
    const struct shell *s = &c->step->script;
    for (size_t k = 0; k < s->n && check_charge(c, 1); k++)
        if (s->commands[k].behind == SHELL_BACKGROUND)
            return true;
    return false;
}

static void useless_command(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    if (command_is(c->command, "kill") && !check_compat_is(c, COMPAT_HADOLINT) && has_background(c))
        return;
    if (command_is(c->command, "free kill mount ps service shutdown ssh top vim"))
        check_command(c, r, c->command->words[0].raw, "%.*s has no use while an image is built", STR_ARG(c->command->words[0].text));
}

/* Behind `cd` other commands mostly work there; where none follows in its shell it was for nothing. hadolint and Trivy speak of any. */
static void cd_in_run(struct check *c, const struct rule *r, const struct df_instruction *i) {
    bool any = check_compat_is(c, COMPAT_HADOLINT) || check_compat_is(c, COMPAT_TRIVY);
    bool last = c->command->behind == SHELL_EDGE && c->command->depth == 0;
    (void)i;
    if (command_is(c->command, "cd") && (any || last))
        check_command(c, r, c->command->text, "%.*s holds for this RUN alone", STR_ARG(c->command->text));
}

/* What runs as root already: no USER but root above. */
static bool is_root_here(struct check *c) {
    for (const struct lint_step *s = c->step; s-- > &c->lint.steps[c->lint.stages[c->step->stage].first] && check_charge(c, 1);)
        if (s->at->op == DF_USER && s->at->n_args)
            return word_in("root 0 root:root 0:0", lint_unquoted(s->at->args[0]));
    return false;
}

static void sudo_in_run(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!command_is(cmd, "sudo"))
        return;
    bool plain = cmd->n_words > 1 && cmd->n_assigns == 0 && !str_starts(cmd->words[1].text, S("-"));
    plain = plain && str_index(cmd->words[1].text, '=') < 0;
    if (plain && !c->step->i->json && is_root_here(c)) {
        struct str sudo = cmd->words[0].raw;
        fix_replace(c, c->step, str_n(sudo.p, (size_t)(cmd->words[1].raw.p - sudo.p)), STR_NULL);
    }
    check_command(c, r, cmd->words[0].raw, "sudo is in the way of signals and terminals, and asks for a password");
}

/* --- useradd ---------------------------------------------------------------------------------------------------------------------- */

static void useradd_log(struct check *c, const struct rule *r, const struct df_instruction *i) {
    enum { SHORT_ID = 5 }; /* digits: the files are 30 MB for 99999 */
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!command_is(cmd, "useradd") || command_flag(cmd, "l no-log-init"))
        return;
    struct str id = command_value(cmd, "u uid");
    uint64_t number;
    if (id.n <= SHORT_ID || !str_to_u64(id, 10, UINT64_MAX, &number))
        return;
    fix_behind(c, c->step, cmd->words[0].raw, S(" -l"));
    check_command(c, r, id, "user number %.*s makes /var/log/lastlog and faillog as long", STR_ARG(id));
}

/* --- Downloads -------------------------------------------------------------------------------------------------------------------- */

static void wget_progress(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    (void)i;
    if (!command_is(cmd, "wget") || command_flag(cmd, "progress q quiet o output-file no-verbose a append-output") ||
        command_has(cmd, "-nv --version"))
        return;
    for (size_t k = 1; k < cmd->n_words; k++)
        if (str_starts(cmd->words[k].text, S("-nv")))
            return;
    fix_behind(c, c->step, cmd->words[0].raw, S(" -q")); /* which busybox's knows too */
    check_command(c, r, cmd->words[0].raw, "wget draws its progress in thousands of lines");
}

/* Speaks of the second program, where it first comes. */
static void wget_and_curl(struct check *c, const struct rule *r, const struct df_instruction *none) {
    const struct lint *l = &c->lint;
    (void)none;
    for (size_t stage = 0; stage < l->n_stages; stage++) {
        bool wget = false, curl = false, told = false;
        for (size_t k = l->stages[stage].first; k < l->stages[stage].end; k++)
            for (size_t j = 0; j < l->steps[k].script.n && !told; j++) {
                const struct shell_command *cmd = &l->steps[k].script.commands[j];
                wget |= command_is(cmd, "wget");
                curl |= command_is(cmd, "curl");
                told = wget && curl;
                if (told)
                    check_note(c, r, &l->steps[k], cmd->words[0].raw, NULL, "both wget and curl are used");
            }
    }
}

/* --- Shells ----------------------------------------------------------------------------------------------------------------------- */

static void link_sh(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    if (command_is(c->command, "ln") && command_has(c->command, "/bin/sh"))
        check_command(c, r, c->command->text, "/bin/sh becomes another shell");
}

/* Whether a command before this one sets the option for the rest. */
static bool sets_pipefail(const struct lint_step *s, size_t before) {
    for (size_t k = 0; k < before; k++)
        if (command_is(&s->script.commands[k], "set") && command_has(&s->script.commands[k], "pipefail"))
            return true;
    return false;
}

static void pipefail_missing(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct lint_step *s = c->step;
    bool hadolint = check_compat_is(c, COMPAT_HADOLINT); /* which does not ask whether the first command can fail */
    (void)i;
    if (s->pipefail && (s->shell == SHELL_BASH || s->shell == SHELL_ASH))
        return;
    for (size_t k = 0; k < s->script.n; k++)
        if (s->script.commands[k].behind == SHELL_PIPE && s->script.commands[k].nested == 0 && !sets_pipefail(s, k) &&
            (hadolint || !command_is(&s->script.commands[k], "echo printf yes true"))) {
            check_note(c, r, s, s->script.commands[k].text, NULL, "if %.*s fails, nobody notices behind a pipe",
                       STR_ARG(str_first_chars(s->script.commands[k].text, STR_SHOWN)));
            return;
        }
}

/* --- RUN behind RUN ----------------------------------------------------------------------------------------------------------------- */

static bool same_flags(const struct df_instruction *a, const struct df_instruction *b) {
    bool same = a->n_flags == b->n_flags;
    for (size_t k = 0; same && k < a->n_flags; k++)
        same = str_eq(a->flags[k].name, b->flags[k].name) && str_eq(a->flags[k].value, b->flags[k].value);
    return same;
}

static bool is_simple(const struct lint_step *s) {
    enum { FEW = 2 };
    size_t n = 0;
    for (size_t k = 0; k < s->script.n; k++)
        n += !s->script.commands[k].wrapped;
    return s->at->op == DF_RUN && n <= FEW && s->i->n_heredocs == 0;
}

static void consecutive_run(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    for (size_t k = 1; k < c->lint.n; k++) {
        const struct lint_step *before = &c->lint.steps[k - 1], *s = &c->lint.steps[k];
        if (!is_simple(before) || !is_simple(s) || !same_flags(before->i, s->i))
            continue;
        check_note(c, r, s, s->i->keyword, NULL, "two RUN, one behind the other, make two layers");
    }
}

const struct rule rules_misc[] = {
    {.id = "UselessCommand",
     .reads = READS_COMMAND,
     .severity = SEVERITY_INFO,
     .also = "DL3001",
     .why = "It is about a running machine, and an image is none.",
     .fix = "Remove it.",
     .url = "",
     .run = useless_command},
    {.id = "CdInRun",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3003 DS-0013",
     .why = "The next RUN begins in the working directory again.",
     .fix = "Use WORKDIR, or a path in the command.",
     .url = "",
     .run = cd_in_run},
    {.id = "SudoInRun",
     .reads = READS_COMMAND,
     .severity = SEVERITY_ERROR,
     .also = "DL3004 DS-0010 DKL-DI-0001",
     .why = "RUN works as the USER above it: a step that needs root says so.",
     .fix = "Write USER root above, and the user below; for a program that changes users take setpriv or gosu.",
     .url = "",
     .run = sudo_in_run},
    {.id = "UseraddSparseLog",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL3046",
     .why = "The logs of logins are indexed by user number: sparse on a disk, gigabytes in a layer.",
     .fix = "Write useradd -l.",
     .url = "",
     .run = useradd_log},
    {.id = "WgetProgress",
     .reads = READS_COMMAND,
     .severity = SEVERITY_INFO,
     .also = "DL3047",
     .why = "The log of the build is of no use then.",
     .fix = "Write wget --progress=dot:giga, or -q.",
     .url = "",
     .run = wget_progress},
    {.id = "WgetAndCurl",
     .reads = READS_FILE,
     .severity = SEVERITY_WARNING,
     .also = "DL4001 DS-0014",
     .why = "One of two programs for the same work is enough.",
     .fix = "Use one of them.",
     .url = "",
     .run = wget_and_curl},
    {.id = "LinkBinSh",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "DL4005",
     .why = "All scripts of the image get another shell than they were written for.",
     .fix = "Write SHELL [\"/bin/bash\", \"-c\"].",
     .url = "",
     .run = link_sh},
    {.id = "PipefailMissing",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL4006",
     .why = "A pipe is as good as its last command, whatever fails before.",
     .fix = "Write SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"], or set -o pipefail in the RUN.",
     .url = "",
     .run = pipefail_missing},
    {.id = "ConsecutiveRun",
     .reads = READS_FILE,
     .severity = SEVERITY_INFO,
     .also = "DL3059",
     .why = "Each RUN makes a layer.",
     .fix = "Join them with &&.",
     .url = "",
     .run = consecutive_run},
    {0},
};
