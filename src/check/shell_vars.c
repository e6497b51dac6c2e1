/* SPDX-License-Identifier: Apache-2.0
 * What a RUN takes for granted: variables that nothing sets, and a shell that knows more than sh. */
#include "base/near.h"
#include "check/text_rules.h"

/* --- Uses of variables in a word ------------------------------------------------------------------------------------------------------ */

struct use {
    struct str rest; /* of the word, behind what was seen */
    bool quoted;     /* in double quotes */
    struct str name;
    bool guarded; /* ${name:-value} and the like: it may be unset */
};

static size_t name_length(struct str s) {
    size_t n = 0;
    while (n < s.n &&
           ((s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z') || s.p[n] == '_' || (n && s.p[n] >= '0' && s.p[n] <= '9')))
        n++;
    return n;
}

/* Behind "$(": what stands in it is a command of its own, whose words are looked at by themselves. */
static struct str behind_substitution(struct str s) {
    size_t open = 1, k = 1;
    for (; k < s.n && open; k++)
        open += (s.p[k] == '(') - (s.p[k] == ')');
    return str_from(s, k);
}

/* The next $name or ${name} that counts; false at the end. */
static bool use_next(struct use *u) {
    while (u->rest.n) {
        char c = u->rest.p[0];
        u->rest = str_from(u->rest, c == '\\' ? 2 : 1);
        if (c == '"')
            u->quoted = !u->quoted;
        if (c == '\'' && !u->quoted) {
            ptrdiff_t close = str_index(u->rest, '\'');
            u->rest = close < 0 ? STR_NULL : str_from(u->rest, (size_t)close + 1);
        }
        if (c != '$')
            continue;
        if (str_starts(u->rest, S("("))) {
            u->rest = behind_substitution(u->rest);
            continue;
        }
        bool braces = str_starts(u->rest, S("{"));
        struct str text = str_from(u->rest, braces);
        size_t n = name_length(text);
        if (n == 0)
            continue;
        u->name = str_first(text, n);
        char behind = n < text.n ? text.p[n] : ' ';
        u->guarded = braces && (behind == ':' || behind == '-' || behind == '+' || behind == '?' || behind == '=');
        u->rest = str_from(text, n);
        return true;
    }
    return false;
}

/* --- What sets them ------------------------------------------------------------------------------------------------------------------- */

/* Whether "for NAME" stands in the text, or NAME is what `read` and its like fill. */
static bool loops_over(struct str text, struct str name) {
    for (ptrdiff_t at; (at = str_find(text, S("for "))) >= 0;) {
        text = str_trim_left(str_from(text, (size_t)at + 4));
        if (str_eq(str_first(text, name_length(text)), name))
            return true;
    }
    return false;
}

/* ${NAME:=value} */
static bool assigns_default(struct str text, struct str name) {
    for (ptrdiff_t at; (at = str_find(text, S("${"))) >= 0;) {
        text = str_from(text, (size_t)at + 2);
        struct str behind = str_from(text, name.n);
        if (str_starts(text, name) && (str_starts(behind, S("=")) || str_starts(behind, S(":="))))
            return true;
    }
    return false;
}

/* $((NAME = 1)), ((NAME++)) */
static bool counts(struct str text, struct str name) {
    bool any = str_find(text, S("((")) >= 0;
    for (ptrdiff_t at; any && (at = str_find(text, name)) >= 0;) {
        text = str_from(text, (size_t)at + name.n);
        struct str behind = str_trim_left(text);
        if (word_starts_in("++ -- += -=", behind) || (str_starts(behind, S("=")) && !str_starts(behind, S("=="))))
            return true;
    }
    return false;
}

static bool word_sets(struct str word, struct str name) {
    struct str key, value;
    (void)str_cut(word, '=', &key, &value);
    return str_eq(key, name);
}

static bool command_sets(const struct shell_command *c, struct str name) {
    for (size_t k = 0; k < c->n_assigns; k++)
        if (word_sets(c->assigns[k].text, name) ||
            (str_starts(c->assigns[k].text, name) && str_starts(str_from(c->assigns[k].text, name.n), S("+="))))
            return true;
    bool fills = command_is(c, "export readonly local declare typeset read mapfile readarray getopts printf let unset");
    for (size_t k = 1; fills && k < c->n_words; k++)
        if (word_sets(c->words[k].text, name))
            return true;
    return false;
}

/* Whether the script itself sets it, or reads a file that may. */
static bool script_sets(struct check *c, const struct lint_step *s, struct str name) {
    for (size_t k = 0; k < s->script.n; k++) {
        const struct shell_command *cmd = &s->script.commands[k];
        if (!check_charge(c, 1 + cmd->n_words) || command_is(cmd, ". source eval") || command_sets(cmd, name))
            return true;
    }
    for (size_t k = 0; k <= s->i->n_heredocs; k++) {
        struct str text = k ? s->i->heredocs[k - 1].raw : s->script.text;
        if (!check_charge(c, text.n) || loops_over(text, name) || assigns_default(text, name) || counts(text, name))
            return true;
    }
    return false;
}

static bool instruction_sets(const struct df_instruction *i, struct str name) {
    for (size_t k = 0; (i->op == DF_ARG || i->op == DF_ENV) && k < i->n_pairs; k++)
        if (str_eq(i->pairs[k].key, name))
            return true;
    return false;
}

/* ENV of this stage and those below it; ARG of this stage alone. A trigger runs in another build, where its own ARGs are known. */
bool shell_var_reaches(const struct lint_step *s, const struct lint_step *above, size_t stage) {
    return above->i->op == DF_ENV || (stage == s->stage && (!s->at->trigger || above->at->trigger));
}

static bool file_sets(struct check *c, const struct lint_step *s, struct str name) {
    size_t end = (size_t)(s - c->lint.steps);
    for (ptrdiff_t stage = (ptrdiff_t)s->stage; stage != NO_STAGE; stage = c->lint.stages[stage].base) {
        for (size_t k = c->lint.stages[stage].first; k < end && k < c->lint.stages[stage].end; k++) {
            const struct lint_step *at = &c->lint.steps[k];
            if (!check_charge(c, 1 + at->i->n_pairs) || (shell_var_reaches(s, at, (size_t)stage) && instruction_sets(at->i, name)))
                return true;
        }
        end = c->lint.n;
    }
    for (size_t k = 0; k < s->i->n_flags; k++)
        if (str_eq(lint_mount(s->i, k, "env"), name))
            return true;
    return false;
}

const char shell_proxies[] = "HTTP_PROXY http_proxy HTTPS_PROXY https_proxy FTP_PROXY ftp_proxy NO_PROXY no_proxy ALL_PROXY all_proxy";

static bool has_lower(struct str name) {
    for (size_t k = 0; k < name.n; k++)
        if (name.p[k] >= 'a' && name.p[k] <= 'z')
            return true;
    return false;
}

/* A name in capitals may come from the base image, unless it is one letter off another that every build has. */
static bool is_suspect(struct str name) {
    struct near n = {.word = name};
    struct str rest = str_z(shell_proxies), proxy;
    if (has_lower(name))
        return true;
    while (str_next(&rest, ' ', &proxy))
        near_try(&n, proxy);
    return n.name.n && n.distance == 1;
}

static void judge_word(struct check *c, const struct rule *r, const struct shell_word *w) {
    struct use u = {.rest = w->expands ? w->raw : STR_NULL};
    while (use_next(&u)) {
        struct str name = u.name;
        if (u.guarded || word_in(shell_proxies, name) || !is_suspect(name) || script_sets(c, c->step, name) || file_sets(c, c->step, name))
            continue;
        check_note(c, r, c->step, name, NULL, "nothing sets $%.*s", STR_ARG(name));
    }
}

static void unset_variable(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->json)
        return;
    for (size_t k = 0; k < c->command->n_words; k++)
        judge_word(c, r, &c->command->words[k]);
    for (size_t k = 0; k < c->command->n_assigns; k++)
        judge_word(c, r, &c->command->assigns[k]);
    for (size_t k = 0; k < c->command->n_redirects; k++)
        judge_word(c, r, &c->command->redirects[k].target);
}

/* --- More than sh -----------------------------------------------------------------------------------------------------------------------
 */

/* Images whose /bin/sh is bash, or busybox's ash, which knows most of it. */
static bool sh_knows_more(const struct check *c) {
    const struct lint_stage *s = &c->lint.stages[c->step->stage];
    while (s->base != NO_STAGE)
        s = &c->lint.stages[s->base];
    struct str image = path_base(s->image), name, tag;
    (void)str_cut(image, ':', &name, &tag);
    (void)str_cut(name, '@', &name, &image);
    return word_in("alpine busybox fedora centos rockylinux almalinux ubi8 ubi9 ubi amazonlinux rhel opensuse archlinux bash oraclelinux",
                   name) ||
           word_has(tag, "alpine");
}

static const struct {
    const char *program, *id, *name;
} beyond[] = {
    {"[[", "SC3010", "[[ ]]"},        {"source", "SC3046", "source"},   {"pushd", "SC3044", "pushd"}, {"popd", "SC3044", "popd"},
    {"declare", "SC3044", "declare"}, {"typeset", "SC3044", "typeset"}, {"let", "SC3039", "let"},     {"shopt", "SC3044", "shopt"},
};

static void tell(struct check *c, const struct rule *r, struct str part, const char *id, const char *what) {
    check_note(c, r, c->step, part, id, "%s is not in every sh", what);
}

static void words_beyond(struct check *c, const struct rule *r, const struct shell_word *w) {
    struct use u = {.rest = w->expands ? w->raw : STR_NULL};
    if (word_starts_in("<( >(", w->raw))
        tell(c, r, w->raw, "SC3001", "<( )");
    while (use_next(&u))
        if (str_eqz(u.name, "RANDOM"))
            tell(c, r, u.name, "SC3028", "$RANDOM");
}

static void beyond_sh(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    bool hadolint = check_compat_is(c, COMPAT_HADOLINT); /* which takes a trigger's shell for sh */
    bool sh = c->step->shell == SHELL_POSIX || (hadolint && c->step->at->trigger && c->step->shell == SHELL_BASH);
    if (i->json || !sh || (!hadolint && sh_knows_more(c)))
        return;
    for (size_t k = 0; cmd->n_words && k < sizeof beyond / sizeof beyond[0]; k++)
        if (str_eqz(cmd->words[0].text, beyond[k].program))
            tell(c, r, cmd->words[0].raw, beyond[k].id, beyond[k].name);
    for (size_t k = 0; k < cmd->n_words; k++)
        words_beyond(c, r, &cmd->words[k]);
    for (size_t k = 0; k < cmd->n_assigns; k++)
        if (str_find(cmd->assigns[k].raw, S("=(")) > 0 && !cmd->assigns[k].quoted)
            tell(c, r, cmd->assigns[k].raw, "SC3030", "an array");
    for (size_t k = 0; k < cmd->n_redirects; k++) {
        struct str op = cmd->redirects[k].op;
        if (str_eqz(op, "<<<"))
            tell(c, r, op, "SC3011", "<<<");
        if (str_eqz(op, "&>") || str_eqz(op, "&>>"))
            tell(c, r, op, "SC3020", "&>");
    }
}

const struct rule rules_vars[] = {
    {.id = "ShellVarUnset",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "SC2154 SC2153",
     .why = "The variable is empty: no ARG and no ENV of this stage, nor the command itself, sets it.",
     .fix = "Set it, declare ARG in this stage, or correct the name.",
     .url = "",
     .run = unset_variable},
    {.id = "ShellNotPosix",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "SC3001 SC3010 SC3011 SC3020 SC3028 SC3030 SC3039 SC3044 SC3046",
     .why = "RUN is for /bin/sh, which is dash on Debian: what bash knows beyond POSIX fails there.",
     .fix = "Write SHELL [\"/bin/bash\", \"-c\"], or what sh knows.",
     .url = "",
     .run = beyond_sh},
    {0},
};
