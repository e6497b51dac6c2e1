/* SPDX-License-Identifier: Apache-2.0
 * Instructions in a row, their stages, shells and scripts: see lint.h. */
#include "check/lint.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "check/config.h"
#include "check/expanded.h"
#include "check/pragma.h"
#include "check/words.h"

/* --- Flags ------------------------------------------------------------------------------------------------------------------------ */

struct str lint_flag(const struct df_instruction *i, const char *name) {
    for (size_t k = 0; k < i->n_flags; k++)
        if (str_eqz(i->flags[k].name, name))
            return i->flags[k].value;
    return STR_NULL;
}

struct str lint_mount(const struct df_instruction *i, size_t flag, const char *key) {
    struct str rest = i->flags[flag].value, part, name, value;
    while (str_eqz(i->flags[flag].name, "mount") && str_next(&rest, ',', &part))
        if (str_cut(part, '=', &name, &value) && str_eqz(name, key))
            return lint_unquoted(value);
    return STR_NULL;
}

/* Whether directory lies at or below `mounted`. */
static bool covers(struct str mounted, struct str directory) {
    while (mounted.n > 1 && mounted.p[mounted.n - 1] == '/')
        mounted.n--;
    return mounted.n && str_starts(directory, mounted) && (directory.n == mounted.n || directory.p[mounted.n] == '/');
}

bool lint_is_mounted(const struct df_instruction *run, const char *directory) {
    for (size_t k = 0; k < run->n_flags; k++) {
        struct str type = lint_mount(run, k, "type"), target = lint_mount(run, k, "target");
        if (target.n == 0)
            target = lint_mount(run, k, "dst");
        if (target.n == 0)
            target = lint_mount(run, k, "destination");
        if ((str_eqz(type, "cache") || str_eqz(type, "tmpfs")) && covers(target, str_z(directory)))
            return true;
    }
    return false;
}

struct str lint_unquoted(struct str s) {
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return str_n(s.p + 1, s.n - 2);
    return s;
}

/* --- Stages ----------------------------------------------------------------------------------------------------------------------- */

/* Names know no case, and of stages with one name the last is meant; ten thousand of them are found at once. */
struct names {
    struct arena *arena;
    struct map map;
};

/* The stage before this one that a name or number means. What stands before the first FROM has no number. */
static ptrdiff_t find_stage(const struct lint *l, const struct names *names, size_t before, struct str name) {
    uint64_t number, first = l->n_stages && !l->stages[0].from;
    struct lint_stage *named = name.n ? map_get(&names->map, check_lower(names->arena, name)) : NULL;
    if (named && (size_t)(named - l->stages) < before)
        return named - l->stages;
    if (str_to_u64(name, 10, UINT32_MAX, &number) && number + first < before)
        return (ptrdiff_t)(number + first);
    return NO_STAGE;
}

static void mark_used(struct lint *l, ptrdiff_t stage) {
    if (stage != NO_STAGE)
        l->stages[stage].used = true;
}

static void begin_stage(struct lint *l, struct names *names, const struct df_instruction *from, size_t step) {
    struct lint_stage *s = &l->stages[l->n_stages];
    *s = (struct lint_stage){.from = from, .base = NO_STAGE, .first = from ? step : 0, .end = step};
    if (from && from->n_args) {
        s->image = lint_unquoted(from->args[0]);
        s->name = from->n_args == 3 ? from->args[2] : STR_NULL;
        struct lint_stage *base = map_get(&names->map, check_lower(names->arena, s->image));
        s->base = base ? base - l->stages : NO_STAGE;
        s->depth = base ? base->depth + 1 : 0;
        if (s->name.n)
            (void)map_put(&names->map, check_lower(names->arena, s->name), s);
    }
    mark_used(l, s->base);
    l->n_stages++;
}

/* A stage stands behind the one it stands on. */
static void find_runs(struct lint *l) {
    for (size_t k = 0; k < l->n; k++)
        if (l->steps[k].i->op == DF_RUN && l->n_stages)
            l->stages[l->steps[k].stage].last_run = k;
    for (size_t k = l->n_stages; k-- > 0;)
        if (l->stages[k].base != NO_STAGE && (l->stages[k].last_run || l->stages[k].run_above))
            l->stages[l->stages[k].base].run_above = true;
}

bool lint_run_follows(const struct lint *l, const struct lint_step *s) {
    return l->stages[s->stage].run_above || l->stages[s->stage].last_run > (size_t)(s - l->steps);
}

bool lint_related(const struct lint *l, size_t a, size_t b) {
    ptrdiff_t high = (ptrdiff_t)(a > b ? a : b), low = (ptrdiff_t)(a > b ? b : a);
    while (high > low)
        high = l->stages[high].base;
    return high == low;
}

static void ship(struct lint *l) {
    for (ptrdiff_t k = (ptrdiff_t)l->n_stages - 1; k >= 0; k = l->stages[k].base)
        l->stages[k].ships = true;
}

/* --- Shells ----------------------------------------------------------------------------------------------------------------------- */

/* "C:\...\powershell.exe" is powershell. */
static struct str program_name(struct str path) {
    for (ptrdiff_t k; (k = str_rindex(path, '/')) >= 0 || (k = str_rindex(path, '\\')) >= 0;)
        path = str_from(path, (size_t)k + 1);
    if (path.n > 4 && str_eq_nocase(str_from(path, path.n - 4), S(".exe")))
        path.n -= 4;
    return path;
}

static enum shell_kind kind_of(struct str program) {
    struct str name = program_name(program);
    if (word_in("bash zsh ksh", name))
        return SHELL_BASH;
    if (word_in("sh dash", name))
        return SHELL_POSIX;
    return word_in("ash", name) ? SHELL_ASH : SHELL_FOREIGN;
}

/* Whether a text is all that the shell reads: no profile, and no option that changes what a text means. */
static bool is_plain(const struct df_instruction *shell) {
    return shell->n_args == 2 && word_in("sh bash ash dash", program_name(shell->args[0])) && str_eqz(shell->args[1], "-c");
}

/* "-e", "-euxo", "errexit" behind "-o". */
static bool is_errexit(struct str option) {
    bool letters = option.n > 1 && option.p[0] == '-' && option.p[1] != '-';
    return str_eqz(option, "errexit") || (letters && str_index(option, 'e') > 0);
}

static bool is_pipefail(struct str option) {
    return str_eqz(option, "pipefail");
}

/* --- Scripts ---------------------------------------------------------------------------------------------------------------------- */

static const struct shell_command *words_alone(struct arena *a, const struct df_instruction *run) {
    struct shell_command *c = arena_new(a, struct shell_command);
    struct shell_word *words = arena_array(a, struct shell_word, run->n_args);
    for (size_t k = 0; k < run->n_args; k++)
        words[k] = (struct shell_word){.raw = run->args[k], .text = run->args[k], .quoted = true};
    *c = (struct shell_command){.words = words, .n_words = run->n_args, .text = run->args[0]};
    return c;
}

typedef VEC(struct shell_command) commands;

static void gather(commands *all, const struct shell *s) {
    for (size_t k = 0; k < s->n; k++)
        vec_push(all, s->commands[k]);
}

static void take_gathered(struct arena *a, commands *all, struct shell *s) {
    struct shell_command *copy = arena_array(a, struct shell_command, all->n);
    if (all->n)
        memcpy(copy, all->p, all->n * sizeof *copy);
    s->commands = copy;
    s->n = all->n;
    vec_fini(all);
}

static bool is_shell(struct str program) {
    return word_in("sh bash ash dash ksh zsh", program_name(program));
}

/* Whether the text is a program for another interpreter, which its first line names. */
static bool is_foreign(struct str text) {
    struct str line, rest, first, second;
    if (!str_starts(text, S("#!")))
        return false;
    (void)str_cut(text, '\n', &line, &rest);
    (void)str_cut(str_trim(str_from(line, 2)), ' ', &first, &rest);
    (void)str_cut(str_trim(rest), ' ', &second, &rest);
    return !is_shell(str_eqz(program_name(first), "env") ? second : first);
}

/* RUN <<EOF, or RUN sh <<EOF: the document is a shell's text. Others are data. */
static bool is_script(const struct shell *line) {
    if (line->n != 1)
        return false;
    const struct shell_command *c = &line->commands[0];
    return c->n_words == 0 || is_shell(c->words[0].text);
}

/* The options of SHELL are not those of a shell that the line or the document names. */
static void take_interpreter(struct lint_step *s, struct str program) {
    s->shell_name = program_name(program);
    s->shell = kind_of(program);
    s->errexit = s->pipefail = false;
}

static void take_option(struct lint_step *s, struct str option) {
    s->errexit |= is_errexit(option);
    s->pipefail |= is_pipefail(option);
}

/* RUN bash -e <<EOF */
static void take_command(struct lint_step *s, const struct shell_command *c) {
    if (c->n_words)
        take_interpreter(s, c->words[0].text);
    for (size_t k = 1; k < c->n_words; k++)
        take_option(s, c->words[k].text);
}

/* "#!/bin/bash -e", "#!/usr/bin/env bash" */
static void take_first_line(struct lint_step *s, struct str text) {
    struct str line, rest, word;
    if (!str_starts(text, S("#!")))
        return;
    (void)str_cut(text, '\n', &line, &rest);
    rest = str_from(line, 2);
    for (bool named = false; str_next(&rest, ' ', &word);) {
        word = str_trim(word);
        if (named)
            take_option(s, word);
        else if (is_shell(word))
            take_interpreter(s, word);
        named |= is_shell(word);
    }
}

static void read_script(struct arena *a, struct lint_step *s, uint64_t *work) {
    const struct df_instruction *run = s->i;
    struct shell *out = &s->script;
    if (run->json) {
        *out = (struct shell){.commands = words_alone(a, run), .n = 1};
        return;
    }
    shell_split(a, run->n_args ? run->args[0] : STR_NULL, work, out);
    if (run->n_heredocs == 0 || !is_script(out))
        return;
    commands all = {0};
    gather(&all, out);
    take_command(s, &out->commands[0]);
    for (size_t k = 0; k < run->n_heredocs; k++) {
        struct shell more;
        if (is_foreign(run->heredocs[k].raw))
            continue;
        if (out->commands[0].n_words == 0)
            take_first_line(s, run->heredocs[k].raw);
        shell_split(a, run->heredocs[k].raw, work, &more);
        gather(&all, &more);
    }
    take_gathered(a, &all, out);
}

enum { WRAPPERS = 4 }; /* of one command: more have no meaning */

/* What "sudo", "env" and their like start is a command too, and costs as much. */
static void unwrap(struct arena *a, struct shell *s, bool json, uint64_t *work) {
    commands all = {0};
    for (size_t k = 0; k < s->n; k++) {
        struct shell_command c = s->commands[k];
        vec_push(&all, c);
        for (size_t deep = 0; deep < WRAPPERS && c.n_words > 1 && word_in("sudo env exec command nohup nice eval doas", c.words[0].text);
             deep++) {
            size_t n = 1;
            while (n < c.n_words && (str_starts(c.words[n].text, S("-")) || str_index(c.words[n].text, '=') > 0))
                n += word_in("-u -g -n --user --group --adjustment", c.words[n].text) ? 2 : 1;
            if (n >= c.n_words || *work < LIMIT_SHELL_COMMAND_COST)
                break;
            *work -= LIMIT_SHELL_COMMAND_COST;
            c.words += n;
            c.n_words -= n;
            c.text = json ? c.words[0].raw : str_n(c.words[0].raw.p, (size_t)(c.text.p + c.text.n - c.words[0].raw.p));
            c.wrapped = true;
            vec_push(&all, c);
        }
    }
    if (all.n > s->n)
        take_gathered(a, &all, s);
    vec_fini(&all);
}

/* --- The whole -------------------------------------------------------------------------------------------------------------------- */

/* What is in force, which a stage takes from the one it stands on. */
struct in_force {
    enum shell_kind kind;
    struct str name;
    bool errexit, pipefail, workdir, odd_shell, profile, other_user;
};

static void take_shell(struct in_force *now, const struct df_instruction *i) {
    bool env = i->n_args > 1 && str_eqz(program_name(i->args[0]), "env");
    now->kind = kind_of(i->args[env]);
    now->name = program_name(i->args[env]);
    now->errexit = now->pipefail = false;
    for (size_t k = 1; k < i->n_args; k++) {
        now->errexit |= is_errexit(i->args[k]);
        now->pipefail |= is_pipefail(i->args[k]);
    }
    now->odd_shell = !is_plain(i);
}

/* "# hadolint shell=bash": which shell the image has, where its SHELL is not to be seen. */
static void take_shell_said(struct in_force *now, struct str comments) {
    struct str comment, name;
    bool any = str_find(comments, S("hadolint")) >= 0;
    while (any && comment_next(&comments, &comment)) {
        if (!pragma_shell(comment, &name))
            continue;
        now->kind = kind_of(name);
        now->name = name;
        now->errexit = now->pipefail = false;
        now->odd_shell = true; /* its options are not known */
    }
}

/* A file that shells read before the text. */
static bool sets_profile(const struct df_instruction *i) {
    for (size_t k = 0; (i->op == DF_ENV || i->op == DF_ARG) && k < i->n_pairs; k++)
        if (str_eqz(i->pairs[k].key, "BASH_ENV"))
            return true;
    return false;
}

static void look(struct names *names, struct lint *l, struct lint_step *s, struct in_force *shell, uint64_t *work) {
    s->from = NO_STAGE;
    if (s->i->op != DF_FROM)
        take_shell_said(shell, s->at->comments);
    if (s->i->op == DF_SHELL && s->i->json && s->i->n_args)
        take_shell(shell, s->i);
    if (s->i->op == DF_USER && s->i->n_args)
        shell->other_user = !word_is_root(lint_unquoted(s->i->args[0]));
    shell->profile |= sets_profile(s->i);
    s->shell = shell->kind;
    s->shell_name = shell->name;
    s->pipefail = shell->pipefail;
    s->errexit = shell->errexit;
    s->plain_shell = !shell->odd_shell && !shell->profile;
    s->other_user = shell->other_user;
    s->workdir = shell->workdir;
    shell->workdir |= s->i->op == DF_WORKDIR;
    if (s->i->op == DF_RUN && s->i->n_args && (s->i->json || shell->kind != SHELL_FOREIGN)) {
        read_script(names->arena, s, work);
        unwrap(names->arena, &s->script, s->i->json, work);
    }
    if (s->i->op == DF_COPY)
        s->from = find_stage(l, names, s->stage, lint_flag(s->i, "from"));
    mark_used(l, s->from);
    for (size_t k = 0; s->i->op == DF_RUN && k < s->i->n_flags; k++)
        mark_used(l, find_stage(l, names, s->stage, lint_mount(s->i, k, "from")));
}

void lint_make(struct arena *a, const struct dockerfile *file, uint64_t *work, struct lint *out) {
    struct names names = {a, MAP_INIT};
    size_t n = file->n_instructions;
    *out = (struct lint){.file = file, .n = n};
    out->steps = arena_array(a, struct lint_step, n);
    out->stages = arena_array(a, struct lint_stage, n + 1);
    struct in_force shell = {0}, *behind = arena_array(a, struct in_force, n + 1); /* of each stage */
    for (size_t k = 0; k < n; k++) {
        const struct df_instruction *at = &file->instructions[k];
        bool global = at->op == DF_ARG && out->n_stages == 0; /* ARG before the first FROM is of no stage, but of the first here */
        if (at->op == DF_FROM || (out->n_stages == 0 && !global)) {
            begin_stage(out, &names, at->op == DF_FROM ? at : NULL, k);
            ptrdiff_t base = out->stages[out->n_stages - 1].base;
            shell = base == NO_STAGE ? (struct in_force){0} : behind[base];
        }
        size_t stage = out->n_stages ? out->n_stages - 1 : 0;
        out->steps[k] = (struct lint_step){.at = at, .i = at->trigger ? at->trigger : at, .stage = stage};
        look(&names, out, &out->steps[k], &shell, work);
        behind[stage] = shell;
        out->stages[stage].end = k + 1;
    }
    find_runs(out);
    ship(out);
    map_fini(&names.map);
}

size_t lint_stage_of(const struct lint *l, const struct df_instruction *at) {
    uintptr_t first = (uintptr_t)l->file->instructions, place = (uintptr_t)at; /* one of a base's trigger is not among them */
    size_t k = (place - first) / sizeof *at;
    return place >= first && k < l->n ? l->steps[k].stage : 0;
}
