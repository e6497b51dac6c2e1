/* SPDX-License-Identifier: Apache-2.0
 * What a RUN starts, and by which shell: see lint_script.h. */
#include "check/lint_script.h"

#include "base/limits.h"
#include "base/vec.h"
#include "check/words.h"

/* --- Shells ----------------------------------------------------------------------------------------------------------------------- */

/* "C:\...\powershell.exe" is powershell. */
struct str lint_program_name(struct str path) {
    for (ptrdiff_t k; (k = str_rindex(path, '/')) >= 0 || (k = str_rindex(path, '\\')) >= 0;)
        path = str_from(path, (size_t)k + 1);
    if (path.n > 4 && str_eq_nocase(str_from(path, path.n - 4), S(".exe")))
        path.n -= 4;
    return path;
}

enum shell_kind lint_shell_kind(struct str program) {
    struct str name = lint_program_name(program);
    if (word_in("bash zsh ksh", name))
        return SHELL_BASH;
    if (word_in("sh dash", name))
        return SHELL_POSIX;
    return word_in("ash", name) ? SHELL_ASH : SHELL_FOREIGN;
}

/* "-e", "-euxo", "errexit" behind "-o". */
bool lint_is_errexit(struct str option) {
    bool letters = option.n > 1 && option.p[0] == '-' && option.p[1] != '-';
    return str_eqz(option, "errexit") || (letters && str_index(option, 'e') > 0);
}

bool lint_is_pipefail(struct str option) {
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
    return word_in("sh bash ash dash ksh zsh", lint_program_name(program));
}

/* Whether the text is a program for another interpreter, which its first line names. */
static bool is_foreign(struct str text) {
    struct str line, rest, first, second;
    if (!str_starts(text, S("#!")))
        return false;
    (void)str_cut(text, '\n', &line, &rest);
    (void)str_cut(str_trim(str_from(line, 2)), ' ', &first, &rest);
    (void)str_cut(str_trim(rest), ' ', &second, &rest);
    return !is_shell(str_eqz(lint_program_name(first), "env") ? second : first);
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
    s->shell_name = lint_program_name(program);
    s->shell = lint_shell_kind(program);
    s->errexit = s->pipefail = false;
}

static void take_option(struct lint_step *s, struct str option) {
    s->errexit |= lint_is_errexit(option);
    s->pipefail |= lint_is_pipefail(option);
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

void lint_read_script(struct arena *a, struct lint_step *s, uint64_t *work) {
    read_script(a, s, work);
    unwrap(a, &s->script, s->i->json, work);
}
