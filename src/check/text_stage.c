/* SPDX-License-Identifier: Apache-2.0
 * Instructions and stages as they are written: what counts once, triggers, health checks, working directories. */
#include "base/json.h"
#include "base/limits.h"
#include "check/rules_buildkit.h"
#include "check/text_edits.h"
#include "check/text_rules.h"

/* --- Only the last counts, as hadolint and Trivy read it ---------------------------------------------------------------------------- */

void lint_multiple_instructions(struct check *c, const struct rule *r, const struct df_instruction *none) {
    static const struct {
        enum df_op op;
        const char *ids;
    } once[ONCE_OPS] = {{DF_CMD, "DL4003 DS-0016"}, {DF_ENTRYPOINT, "DL4004 DS-0007"}, {DF_HEALTHCHECK, "DL3012 DS-0023"}};
    (void)none;
    for (size_t k = 0; k < ONCE_OPS; k++) {
        const struct lint_step *before = NULL;
        for (size_t j = 0; j < c->lint.n; j++) {
            const struct lint_step *s = &c->lint.steps[j];
            if (s->at->op != once[k].op)
                continue;
            bool again = before && before->stage == s->stage;
            if (again)
                fix_remove(c, before);
            if (again)
                check_note(c, r, before, before->at->keyword, once[k].ids, "another %s of this stage follows, and it alone counts",
                           df_op_name(s->at->op));
            before = s;
        }
    }
}

/* Whether a text has nothing but words and quotes around some, of which all shells make the same. */
static bool is_plain(struct str text) {
    for (size_t k = 0; k < text.n; k++) {
        char c = text.p[k];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || !strchr(" _./:=,@%+-\"'", c)))
            return false;
    }
    return true;
}

static struct str as_json(struct check *c, const struct shell_command *cmd) {
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *array = yyjson_mut_arr(doc);
    struct buf out = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    yyjson_mut_doc_set_root(doc, array);
    for (size_t k = 0; k < cmd->n_words; k++)
        json_push_str(doc, array, cmd->words[k].text);
    json_write(doc, false, &out);
    struct str text = arena_str(&c->scratch, buf_str(&out));
    buf_fini(&out);
    yyjson_mut_doc_free(doc);
    return text;
}

/* What only a shell can do, though it is one command, or does in its own way: of sh, dash, bash and cmd. */
static const char builtins[] =
    ". : [ [[ ! alias assoc bg bind break builtin caller call case cd chdir cls color command compgen complete compopt continue "
    "coproc copy date declare del dir dirs disown do done echo elif else enable endlocal erase esac eval exec exit export false fc fg "
    "fi for ftype function getopts goto hash help history if in jobs kill let local logout mapfile md mkdir mklink move path pause "
    "popd printf prompt pushd pwd rd read readarray readonly rem ren rename return rmdir select set setlocal shift shopt source start "
    "suspend test then time times title trap true type typeset ulimit umask unalias unset until ver verify vol wait while";

/* With an ENTRYPOINT in exec form CMD is its arguments, with one for a shell it is nothing: where another of either is in force, the form
 * of one changes what the other means. */
static bool is_alone(struct check *c, const struct lint_step *s) {
    for (size_t k = 0; k < c->lint.n; k++) {
        const struct lint_step *other = &c->lint.steps[k];
        if (other == s || (other->i->op != DF_CMD && other->i->op != DF_ENTRYPOINT))
            continue;
        size_t depth = c->lint.stages[s->stage].depth + c->lint.stages[other->stage].depth;
        if (!check_charge(c, 1 + depth) || lint_related(&c->lint, s->stage, other->stage))
            return false;
    }
    return true;
}

void fix_exec_form(struct check *c, const struct lint_step *s, const struct df_instruction *i) {
    struct str text = i->args[i->n_args - 1];
    struct shell shell;
    if (!s || s->at->line_end != s->at->pos.line || !is_plain(text) || (i->op != DF_HEALTHCHECK && !is_alone(c, s)))
        return;
    shell_split(&c->scratch, text, &c->work, &shell);
    if (shell.n != 1 || shell.broken || !str_eq(shell.commands[0].text, str_trim(text))) /* a keyword stands before it */
        return;
    struct shell_command cmd = shell.commands[0];
    if (command_is(&cmd, "exec") && cmd.n_words > 1 && !str_starts(cmd.words[1].text, S("-"))) {
        cmd.words++;
        cmd.n_words--;
    }
    if (cmd.n_words && !cmd.n_assigns && cmd.depth == 0 && !command_is(&cmd, builtins))
        fix_replace(c, s, text, as_json(c, &cmd));
}

/* A shell's text, whatever SHELL says. */
void lint_json_args(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    for (size_t k = 0; k < c->lint.n; k++) {
        const struct lint_step *s = &c->lint.steps[k];
        const struct df_instruction *i = s->i;
        bool command = (i->op == DF_CMD || i->op == DF_ENTRYPOINT) && i->n_args;
        bool health = i->op == DF_HEALTHCHECK && i->n_args > 1;
        if ((!command && !health) || i->json)
            continue;
        fix_exec_form(c, s, i);
        check_note(c, r, s, i->args[i->n_args - 1], NULL, "%s is for a shell; write it as a JSON array", df_op_name(i->op));
    }
}

/* --- WORKDIR ------------------------------------------------------------------------------------------------------------------------ */

static bool is_absolute(struct str path) {
    bool drive = path.n > 1 && path.p[1] == ':';
    return drive || word_starts_in("/ $ \\", path);
}

void lint_workdir_relative(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    for (size_t k = 0; k < c->lint.n; k++) {
        const struct lint_step *s = &c->lint.steps[k];
        struct str path = s->i->op == DF_WORKDIR && s->i->n_args ? lint_unquoted(s->i->args[0]) : STR_NULL;
        if (path.n && !is_absolute(path))
            check_note(c, r, s, path, NULL, "WORKDIR %.*s is relative", STR_ARG(path));
    }
}

static void workdir_system(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str path = i->op == DF_WORKDIR && i->n_args ? lint_unquoted(i->args[0]) : STR_NULL, first, rest;
    if (!str_starts(path, S("/")))
        return;
    (void)str_cut(str_from(path, 1), '/', &first, &rest);
    if (word_in("bin boot dev etc lib lib64 proc run sbin sys", first) && !(word_in("etc run lib", first) && rest.n))
        check_note(c, r, c->step, path, NULL, "WORKDIR %.*s is a directory of the system", STR_ARG(path));
}

/* --- Triggers ----------------------------------------------------------------------------------------------------------------------- */

static void onbuild_trigger(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (c->step->at->trigger && (i->op == DF_ONBUILD || i->op == DF_FROM || i->op == DF_MAINTAINER))
        check_note(c, r, c->step, i->keyword, NULL, "%s cannot be a trigger of ONBUILD", df_op_name(i->op));
}

/* --- Health checks ------------------------------------------------------------------------------------------------------------------ */

static bool has_healthcheck(const struct lint *l, size_t stage) {
    for (size_t k = l->stages[stage].first; k < l->stages[stage].end; k++)
        if (l->steps[k].at->op == DF_HEALTHCHECK)
            return true;
    return false;
}

/* Of each stage that no other stands on; a stage has what the one below it has. */
static void healthcheck_missing(struct check *c, const struct rule *r, const struct df_instruction *none) {
    const struct lint *l = &c->lint;
    bool *has = arena_array(c->arena, bool, l->n_stages + 1), *below = arena_array(c->arena, bool, l->n_stages + 1);
    (void)none;
    for (size_t k = 0; k < l->n_stages; k++) {
        ptrdiff_t base = l->stages[k].base;
        has[k] = has_healthcheck(l, k) || (base != NO_STAGE && has[base]);
        if (base != NO_STAGE)
            below[base] = true;
    }
    for (size_t k = 0; k < l->n_stages; k++)
        if (l->stages[k].from && !has[k] && !below[k])
            check_note(c, r, &l->steps[l->stages[k].first], STR_NULL, NULL, "no HEALTHCHECK");
}

/* --- Exceptions --------------------------------------------------------------------------------------------------------------------- */

static void inline_ignore(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str rest = c->step->at->comments, comment, names;
    (void)i;
    while (str_find(rest, S("hadolint")) >= 0 && comment_next(&rest, &comment))
        if (pragma_read(comment, PRAGMA_HERE, &names))
            check_note(c, r, c->step, comment, NULL, "a comment silences %.*s", STR_ARG(names));
}

const struct rule rules_stage[] = {
    {.id = "WorkdirSystem",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DS-0030 5.6",
     .why = "What is written there mixes with the system, or vanishes: /proc, /sys and /dev are made anew for each container.",
     .fix = "Take a directory of the program's own, as /app.",
     .url = "",
     .run = workdir_system},
    {.id = "OnbuildTrigger",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3043",
     .why = "ONBUILD takes neither FROM, MAINTAINER nor ONBUILD.",
     .fix = "Remove it.",
     .url = "",
     .run = onbuild_trigger},
    {.id = "HealthcheckMissing",
     .reads = READS_FILE,
     .severity = SEVERITY_INFO,
     .experimental = true,
     .also = "DL3057 DS-0026 CIS-DI-0006 4.6",
     .why = "Without HEALTHCHECK docker takes a program that hangs for one that works. (Kubernetes asks by probes of its own.)",
     .fix = "Write HEALTHCHECK, or HEALTHCHECK NONE where something else looks.",
     .url = "",
     .run = healthcheck_missing},
    {.id = "InlineIgnore",
     .reads = READS_TEXT,
     .severity = SEVERITY_INFO,
     .experimental = true,
     .also = "DL1001",
     .why = "Exceptions in the file are made by whoever writes it.",
     .fix = "Keep exceptions in a file of their own, with a reason.",
     .url = "",
     .run = inline_ignore},
    {0},
};
