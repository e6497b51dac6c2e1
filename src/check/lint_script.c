/* SPDX-License-Identifier: Apache-2.0
 * What a RUN starts, and by which shell: see lint_script.h. */
#include "check/lint_script.h"

#include "base/limits.h"
#include "base/vec.h"
#include "check/words.h"

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

/* "-eo pipefail": the letter is among short flags, or its name is a word. */
static bool has_option(const struct str *words, size_t n, char letter, const char *name) {
    for (size_t k = 1; k < n; k++) {
        bool is_short = words[k].n > 1 && words[k].p[0] == '-' && words[k].p[1] != '-';
        if (str_eqz(words[k], name) || (letter && is_short && str_index(words[k], letter) > 0))
            return true;
    }
    return false;
}

/* "env", its flags and what it sets stand before the program: "#!/usr/bin/env -S bash -e". */
static size_t behind_env(const struct str *words, size_t n) {
    size_t k = 0;
    if (n > 1 && str_eqz(program_name(words[0]), "env"))
        k = 1;
    while (k && k + 1 < n && (str_starts(words[k], S("-")) || str_index(words[k], '=') > 0))
        k++;
    return k;
}

struct shell_start shell_start(const struct str *words, size_t n) {
    size_t k = behind_env(words, n);
    struct shell_start start = {.kind = kind_of(words[k]), .name = program_name(words[k])};
    start.errexit = has_option(words + k, n - k, 'e', "errexit");
    start.pipefail = has_option(words + k, n - k, '\0', "pipefail");
    start.odd = n != 2 || !word_in("sh bash ash dash", start.name) || !str_eqz(words[1], "-c");
    return start;
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

enum { WORDS = 16 }; /* of a line that starts a shell */

/* The words of the line that names an interpreter; 0: there is none. */
static size_t interpreter(struct str text, struct str words[WORDS]) {
    struct str line, rest, word;
    size_t n = 0;
    if (!str_starts(text, S("#!")))
        return 0;
    (void)str_cut(text, '\n', &line, &rest);
    line = str_trim(str_from(line, 2));
    while (n < WORDS && str_next(&line, ' ', &word))
        if (word.n)
            words[n++] = word;
    return n;
}

static bool is_foreign(struct str text) {
    struct str words[WORDS];
    size_t n = interpreter(text, words);
    return n && !is_shell(words[behind_env(words, n)]);
}

/* Whether a shell is told to read a text of its own, or a file. */
static bool reads_another(const struct shell_command *c) {
    for (size_t k = 1; k < c->n_words; k++) {
        struct str word = c->words[k].text, before = c->words[k - 1].text;
        bool is_short = word.n > 1 && word.p[0] == '-' && word.p[1] != '-',
             is_value = str_starts(before, S("-")) && str_ends(before, S("o"));
        if ((is_short && str_index(word, 'c') > 0) || (word.n && word.p[0] != '-' && !is_value))
            return !str_eqz(before, "-s");
    }
    return false;
}

/* RUN <<EOF, or RUN sh <<EOF: the document is a shell's text. Others are data. */
static bool is_script(const struct shell *line) {
    if (line->n != 1)
        return false;
    const struct shell_command *c = &line->commands[0];
    return c->n_words == 0 || (is_shell(c->words[0].text) && !reads_another(c));
}

/* RUN bash -e <<EOF, or a document that begins with #!: that shell reads it, and not the one that SHELL names. */
static void take_own_shell(struct lint_step *s, const struct shell_command *line, struct str document) {
    struct str words[WORDS];
    size_t n = line->n_words ? 0 : interpreter(document, words);
    for (; n < line->n_words && n < WORDS; n++)
        words[n] = line->words[n].text;
    if (n == 0)
        return;
    struct shell_start own = shell_start(words, n);
    s->shell = own.kind;
    s->shell_name = own.name;
    s->errexit = own.errexit;
    s->pipefail = own.pipefail;
}

static void read_documents(struct arena *a, struct lint_step *s, uint64_t *work) {
    commands all = {0};
    bool first = true;
    gather(&all, &s->script);
    for (size_t k = 0; k < s->i->n_heredocs; k++) {
        struct str raw = s->i->heredocs[k].raw;
        struct shell more;
        if (is_foreign(raw))
            continue;
        if (first)
            take_own_shell(s, &s->script.commands[0], raw);
        first = false;
        shell_split(a, raw, work, &more);
        gather(&all, &more);
    }
    take_gathered(a, &all, &s->script);
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
    if (s->i->json)
        s->script = (struct shell){.commands = words_alone(a, s->i), .n = 1};
    else
        shell_split(a, s->i->n_args ? s->i->args[0] : STR_NULL, work, &s->script);
    if (!s->i->json && s->i->n_heredocs && is_script(&s->script))
        read_documents(a, s, work);
    unwrap(a, &s->script, s->i->json, work);
}
