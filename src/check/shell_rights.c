/* SPDX-License-Identifier: Apache-2.0
 * Ways to more rights than a program has: setuid, sudo without a password, libraries that every program loads. */
#include "check/text_rules.h"

/* --- setuid ------------------------------------------------------------------------------------------------------------------------- */

/* setgid alone is how directories are shared. */
static bool sets_uid(struct str mode) {
    uint64_t bits;
    struct str clause;
    if (str_to_u64(mode, 8, 07777, &bits))
        return bits & 04000;
    while (str_next(&mode, ',', &clause)) {
        struct str who, what;
        bool sets = str_cut(clause, '+', &who, &what) || str_cut(clause, '=', &who, &what);
        if (sets && str_index(what, 's') >= 0 && (who.n == 0 || str_index(who, 'u') >= 0 || str_index(who, 'a') >= 0))
            return true;
    }
    return false;
}

static struct str mode_of(const struct shell_command *cmd) {
    struct operands o = {.command = cmd, .valued = "reference"};
    if (command_is(cmd, "install"))
        return command_value(cmd, "m mode");
    const struct shell_word *w = command_is(cmd, "chmod") ? operand_next(&o) : NULL;
    return w ? w->text : STR_NULL;
}

static void setuid_bit(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str mode = i->op == DF_COPY || i->op == DF_ADD ? lint_flag(i, "chmod") : STR_NULL;
    if (mode.n && sets_uid(mode))
        check_note(c, r, c->step, mode, NULL, "--chmod=%.*s: whoever starts it is its owner then", STR_ARG(mode));
    for (size_t k = 0; k < c->step->script.n; k++) {
        const struct shell_command *cmd = &c->step->script.commands[k];
        mode = mode_of(cmd);
        if (mode.n && sets_uid(mode))
            check_note(c, r, c->step, cmd->text, NULL, "mode %.*s: whoever starts it is its owner then", STR_ARG(mode));
    }
}

/* --- sudo --------------------------------------------------------------------------------------------------------------------------- */

static void sudo_no_password(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; k <= i->n_heredocs; k++) {
        struct str text = k ? i->heredocs[k - 1].raw : i->op == DF_RUN ? i->rest : STR_NULL;
        ptrdiff_t at = str_find(text, S("NOPASSWD"));
        if (at >= 0)
            check_note(c, r, c->step, str_n(text.p + at, strlen("NOPASSWD")), NULL, "NOPASSWD: sudo asks nobody for anything");
    }
}

/* --- Preloaded libraries ------------------------------------------------------------------------------------------------------------ */

/* What a command writes: "> FILE", "tee FILE". */
static struct str preload_file(const struct shell_command *cmd) {
    static const char file[] = "/etc/ld.so.preload";
    struct operands o = {.command = cmd, .valued = ""};
    for (size_t n = 0; n < cmd->n_redirects; n++)
        if (str_eqz(cmd->redirects[n].target.text, file))
            return cmd->redirects[n].target.raw;
    for (const struct shell_word *w; command_is(cmd, "tee") && (w = operand_next(&o));)
        if (str_eqz(w->text, file))
            return w->raw;
    return STR_NULL;
}

static void preload(struct check *c, const struct rule *r, const struct df_instruction *i) {
    for (size_t k = 0; i->op == DF_ENV && k < i->n_pairs; k++)
        if (str_eqz(i->pairs[k].key, "LD_PRELOAD") && lint_unquoted(i->pairs[k].value).n)
            check_note(c, r, c->step, i->pairs[k].key, NULL, "every program of a container loads what LD_PRELOAD names");
    for (size_t k = 0; k < c->step->script.n; k++) {
        struct str file = preload_file(&c->step->script.commands[k]);
        if (file.n)
            check_note(c, r, c->step, file, NULL, "every program of a container loads what /etc/ld.so.preload names");
    }
}

const struct rule rules_rights[] = {
    {.id = "SetuidBit",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "CIS-DI-0008 4.8",
     .why = "A fault of a setuid program gives its owner's rights, mostly root's, to whoever is in the container.",
     .fix = "Give the program the capability that it needs (setcap), or the container.",
     .url = "",
     .run = setuid_bit},
    {.id = "SudoNoPassword",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "A user who is root whenever he likes is no other user.",
     .fix = "Do what needs root before USER, and leave sudo out of the image.",
     .url = "",
     .run = sudo_no_password},
    {.id = "EnvPreload",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "Whoever can write that one library is in every program, and a base image's update may not fit it.",
     .fix = "Set the variable in the command of the one program that needs it.",
     .url = "",
     .run = preload},
    {0},
};
