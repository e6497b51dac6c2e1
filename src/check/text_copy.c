/* SPDX-License-Identifier: Apache-2.0
 * COPY and ADD as they are written: sources, destinations, stages. */
#include "check/text_edits.h"
#include "check/text_rules.h"

static const char archives[] = ".tar .Z .bz2 .gz .lz .lzma .tZ .tb2 .tbz .tbz2 .tgz .tlz .tpz .txz .xz .zst .tzst";

static bool copies(const struct df_instruction *i) {
    return (i->op == DF_COPY || i->op == DF_ADD) && i->n_args > 1;
}

static struct str destination(const struct df_instruction *i) {
    return lint_unquoted(i->args[i->n_args - 1]);
}

static bool is_remote(struct str source) {
    return word_starts_in("http:// https:// git@ git:// ssh:// ftp://", source);
}

/* --- ADD or COPY ------------------------------------------------------------------------------------------------------------------ */

/* Whether ADD of it is surely what COPY is: what it is called no archive is, and no directory that has one. */
static bool is_no_archive(struct str source) {
    static const char names[] = ".sh .conf .toml .xml .json .yaml .yml .properties .txt .md .py .js .html .css .crt .pem .sql .ini .cfg "
                                ".jar .war";
    for (size_t k = 0; k < source.n; k++)
        if (strchr("*?[$\\", source.p[k]))
            return false;
    return word_ends_in_nocase(names, source);
}

/* ADD is for archives and for what lies elsewhere. */
static void add_not_copy(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->op != DF_ADD)
        return;
    for (size_t k = 0; k + 1 < i->n_args; k++) {
        struct str source = lint_unquoted(i->args[k]);
        bool unknown = str_index(source, '$') >= 0 && !check_compat_is(c, COMPAT_HADOLINT);
        if (is_remote(source) || word_ends_in_nocase(archives, source) || unknown)
            return;
    }
    bool copies = i->n_args > 1; /* flags that COPY has not would be lost */
    for (size_t k = 0; k < i->n_flags; k++)
        copies = copies && word_in("chown chmod link exclude", i->flags[k].name);
    for (size_t k = 0; k + 1 < i->n_args; k++)
        copies = copies && is_no_archive(lint_unquoted(i->args[k]));
    if (copies)
        fix_replace(c, c->step, i->keyword, i->keyword.p[0] == 'a' ? S("copy") : S("COPY"));
    if (i->n_args > 1)
        check_note(c, r, c->step, i->keyword, NULL, "ADD of %.*s, which is no archive", STR_ARG(i->args[0]));
}

static struct str last_part(struct str path) {
    ptrdiff_t slash = str_rindex(path, '/'), back = str_rindex(path, '\\');
    return str_from(path, (size_t)((slash > back ? slash : back) + 1));
}

/* The name under which an archive lies in the image. */
static struct str copied_as(const struct df_instruction *i, struct str source) {
    struct str name = last_part(destination(i));
    return word_ends_in_nocase(archives, name) ? name : last_part(source);
}

static bool unpacks(const struct shell_command *c) {
    if (command_is(c, "unzip gunzip bunzip2 unlzma unxz zgz uncompress zcat gzcat"))
        return true;
    if (!command_is(c, "tar bsdtar"))
        return command_is(c, "gzip bzip2 xz") && command_flag(c, "d decompress uncompress");
    struct str mode = c->n_words > 1 ? c->words[1].text : STR_NULL; /* tar xf */
    return command_flag(c, "x extract get") || (mode.n && mode.p[0] != '-' && str_index(mode, 'x') >= 0 && str_index(mode, '.') < 0);
}

/* Whether a later RUN of the stage unpacks it. */
static bool unpacked(struct check *c, const struct lint_step *s, struct str name) {
    const struct lint *l = &c->lint;
    for (size_t k = (size_t)(s - l->steps) + 1; k < l->stages[s->stage].end && check_charge(c, 1 + l->steps[k].script.n); k++)
        for (size_t j = 0; j < l->steps[k].script.n; j++) {
            const struct shell_command *cmd = &l->steps[k].script.commands[j];
            for (size_t n = 1; n < cmd->n_words && unpacks(cmd); n++)
                if (str_eq(last_part(cmd->words[n].text), name))
                    return true;
        }
    return false;
}

static void add_for_archive(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->op != DF_COPY || i->n_args < 2 || lint_flag(i, "from").n)
        return;
    for (size_t k = 0; k + 1 < i->n_args; k++) {
        struct str source = lint_unquoted(i->args[k]);
        struct str name = word_ends_in_nocase(archives, source) ? copied_as(i, source) : STR_NULL;
        if (name.n && unpacked(c, c->step, name)) {
            check_note(c, r, c->step, source, NULL, "%.*s is copied and then unpacked: ADD does both in one layer", STR_ARG(source));
            return;
        }
    }
}

/* --- Destinations ----------------------------------------------------------------------------------------------------------------- */

static void needs_slash(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->op != DF_COPY || i->n_args < 3)
        return;
    struct str to = destination(i);
    bool is_dot = (str_eqz(to, ".") || str_eqz(to, "..")) && !check_compat_is(c, COMPAT_HADOLINT);
    if (to.n == 0 || is_dot || word_ends_in("/ \\", to))
        return;
    fix_behind(c, c->step, to, S("/"));
    check_note(c, r, c->step, to, NULL, "several files are copied to %.*s, which does not end with /", STR_ARG(to));
}

static bool is_absolute(struct str path) {
    bool drive = path.n > 1 && path.p[1] == ':' && ((path.p[0] | 32) >= 'a' && (path.p[0] | 32) <= 'z');
    return drive || word_starts_in("/ $ \\", path);
}

static void relative_destination(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->op != DF_COPY || i->n_args < 2)
        return;
    struct str to = destination(i);
    if (to.n == 0 || is_absolute(to) || c->step->workdir)
        return;
    check_note(c, r, c->step, to, NULL, "COPY to %.*s, and no WORKDIR says where that is", STR_ARG(to));
}

/* --- Stages ----------------------------------------------------------------------------------------------------------------------- */

static void from_undefined(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str from = i->op == DF_COPY ? lint_flag(i, "from") : STR_NULL;
    uint64_t number;
    if (from.n == 0 || c->step->from != NO_STAGE || str_index(from, ':') >= 0)
        return;
    bool image =
        !check_compat_is(c, COMPAT_HADOLINT) && (str_index(from, '/') >= 0 || str_index(from, '@') >= 0 || str_index(from, '$') >= 0);
    bool own = str_eq_nocase(from, c->lint.stages[c->step->stage].name); /* CopyFromSelf's business */
    bool numbered = str_to_u64(from, 10, UINT32_MAX, &number) && number < c->step->stage;
    if (!image && !own && !numbered)
        check_note(c, r, c->step, from, NULL, "--from=%.*s is no stage above this one", STR_ARG(from));
}

static void from_self(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct str from = i->op == DF_COPY ? lint_flag(i, "from") : STR_NULL;
    if (from.n && c->step->from == NO_STAGE && str_eq_nocase(from, c->lint.stages[c->step->stage].name))
        check_note(c, r, c->step, from, NULL, "--from=%.*s is this very stage", STR_ARG(from));
}

static void whole_root(struct check *c, const struct rule *r, const struct df_instruction *i) {
    if (i->op == DF_COPY && i->n_args == 2 && lint_flag(i, "from").n && str_eqz(lint_unquoted(i->args[0]), "/") &&
        str_eqz(destination(i), "/"))
        check_note(c, r, c->step, i->args[0], NULL, "all of %.*s is copied over this stage", STR_ARG(lint_flag(i, "from")));
}

/* --- Copies that only change owners ------------------------------------------------------------------------------------------------- */

/* Whether a RUN right behind the COPY gives what was copied to another owner or mode: each file is stored twice. */
static void copied_twice(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct lint *l = &c->lint;
    size_t next = (size_t)(c->step - l->steps) + 1;
    if (!copies(i) || next >= l->stages[c->step->stage].end)
        return;
    struct str to = destination(i);
    while (to.n > 1 && to.p[to.n - 1] == '/')
        to.n--;
    const struct lint_step *s = &l->steps[next];
    for (size_t k = 0; k < s->script.n && to.n > 1; k++) {
        const struct shell_command *cmd = &s->script.commands[k];
        struct operands o = {.command = cmd, .valued = "reference"};
        bool changes = command_is(cmd, "chown chmod chgrp");
        for (const struct shell_word *w; changes && (w = operand_next(&o));)
            if (str_eq(w->text, to) || (str_starts(w->text, to) && str_eqz(str_from(w->text, to.n), "/")))
                check_note(c, r, s, cmd->text, NULL, "%.*s of %.*s, copied a line above, stores it a second time",
                           STR_ARG(cmd->words[0].text), STR_ARG(to));
    }
}

const struct rule rules_copy[] = {
    {.id = "AddInsteadOfCopy",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3020 DS-0005 CIS-DI-0009 4.9",
     .why = "ADD unpacks archives and fetches URLs, which nobody expects of a plain file.",
     .fix = "Write COPY.",
     .url = "",
     .run = add_not_copy},
    {.id = "AddForArchive",
     .reads = READS_TEXT,
     .severity = SEVERITY_INFO,
     .also = "DL3010",
     .why = "The archive stays in its own layer after it was unpacked in another.",
     .fix = "Write ADD: it unpacks.",
     .url = "",
     .run = add_for_archive},
    {.id = "CopyManyToFile",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3021 DS-0011",
     .why = "Several files fit into a directory alone, which is written with / at its end.",
     .fix = "Put / at the end of the destination.",
     .url = "",
     .run = needs_slash},
    {.id = "CopyFromUndefined",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3022",
     .why = "Without such a stage the name is taken for an image.",
     .fix = "Name a stage above this one, or an image with its tag.",
     .url = "",
     .run = from_undefined},
    {.id = "CopyFromSelf",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3023 DS-0006",
     .why = "A stage cannot copy from itself.",
     .fix = "Name another stage.",
     .url = "",
     .run = from_self},
    {.id = "CopyRelative",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3045",
     .why = "The destination depends on the base image's working directory, which may change.",
     .fix = "Write an absolute path, or WORKDIR before.",
     .url = "",
     .run = relative_destination},
    {.id = "CopyWholeRoot",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3067",
     .why = "The other stage's whole system comes along, and mixes with what is there.",
     .fix = "Name what is needed, or begin the stage with FROM that stage.",
     .url = "",
     .run = whole_root},
    {.id = "CopyThenChown",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "A layer holds whole files: to change an owner or mode is to store the file again.",
     .fix = "Use COPY --chown and --chmod.",
     .url = "",
     .run = copied_twice},
    {0},
};
