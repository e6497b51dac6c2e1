/* SPDX-License-Identifier: Apache-2.0
 * Lists of packages: their order, packages named twice, and what is removed in a later layer. */
#include <stdlib.h>

#include "check/text_edits.h"
#include "check/text_rules.h"

enum { LIST_MAX = 1000 };

struct list {
    const struct shell_word *words[LIST_MAX];
    size_t n;
};

/* The packages that a command installs, as they are written; false: it installs none. */
static bool packages(const struct shell_command *c, struct list *list) {
    static const struct {
        const char *programs, *verbs, *valued;
    } managers[] = {
        {"apt-get apt", "install", "t target-release o option"},
        {"apk", "add", "t virtual X repository"},
        {"yum dnf microdnf", "install", "setopt enablerepo disablerepo"},
        {"zypper", "install in", "r repo"},
    };
    list->n = 0;
    for (size_t m = 0; m < sizeof managers / sizeof managers[0]; m++) {
        struct operands o = {.command = c, .valued = managers[m].valued};
        if (!command_is(c, managers[m].programs) || !command_has(c, managers[m].verbs) || c->wrapped)
            continue;
        for (const struct shell_word *w; list->n < LIST_MAX && (w = operand_next(&o));)
            if (!word_in(managers[m].verbs, w->text))
                list->words[list->n++] = w;
        return list->n > 0;
    }
    return false;
}

static struct str name_of(struct str package) {
    size_t n = 0;
    while (n < package.n && !strchr("=<>~", package.p[n]))
        n++;
    return str_first(package, n);
}

/* --- Order ---------------------------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    const struct shell_word *x = *(const struct shell_word *const *)a, *y = *(const struct shell_word *const *)b;
    return str_cmp(x->text, y->text);
}

/* Nothing stands between the first and the last, neither flags nor lines of comment, which would be about another package then. */
static bool is_whole(const struct check *c, const struct list *list) {
    const struct shell_word *first = list->words[0], *last = list->words[list->n - 1];
    struct df_pos from, to, end;
    return last - first == (ptrdiff_t)list->n - 1 && check_where(c, c->step, first->raw, &from, &end) &&
           check_where(c, c->step, last->raw, &to, &end) && to.line - from.line == list->n - 1;
}

/* One a line: where people wanted a list to be read. */
static bool is_column(const struct check *c, const struct list *list) {
    unsigned line = 0;
    for (size_t k = 0; k < list->n; k++) {
        struct df_pos pos, end;
        if (!check_where(c, c->step, list->words[k]->raw, &pos, &end) || pos.line == line || list->words[k]->expands)
            return false;
        line = pos.line;
    }
    return list->n > 1;
}

static void unsorted(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct list list, sorted;
    size_t k = 0;
    (void)i;
    if (!packages(c->command, &list) || !is_column(c, &list))
        return;
    sorted = list;
    qsort(sorted.words, sorted.n, sizeof sorted.words[0], by_name);
    while (k < list.n && str_eq(list.words[k]->text, sorted.words[k]->text))
        k++;
    if (k == list.n)
        return;
    for (size_t j = is_whole(c, &list) ? k : list.n; j < list.n; j++)
        if (!str_eq(list.words[j]->raw, sorted.words[j]->raw))
            fix_replace(c, c->step, list.words[j]->raw, sorted.words[j]->raw);
    check_command(c, r, list.words[k]->raw, "%.*s comes before %.*s", STR_ARG(list.words[k]->text), STR_ARG(sorted.words[k]->text));
}

static void twice(struct check *c, const struct rule *r, const struct df_instruction *i) {
    struct list list;
    (void)i;
    if (!packages(c->command, &list))
        return;
    qsort(list.words, list.n, sizeof list.words[0], by_name);
    for (size_t k = 1; k < list.n; k++)
        if (str_eq(name_of(list.words[k]->text), name_of(list.words[k - 1]->text)) && !list.words[k]->expands)
            check_command(c, r, list.words[k]->raw, "%.*s is named twice", STR_ARG(name_of(list.words[k]->text)));
}

/* --- Removed too late -------------------------------------------------------------------------------------------------------------------
 */

static bool installs(struct check *c, const struct lint_step *s, struct str name) {
    struct list list;
    for (size_t k = 0; k < s->script.n; k++) {
        if (!check_charge(c, s->script.commands[k].n_words) || !packages(&s->script.commands[k], &list))
            continue;
        for (size_t j = 0; j < list.n; j++)
            if (str_eq(name_of(list.words[j]->text), name))
                return true;
    }
    return false;
}

/* Whether COPY or ADD makes this very file, or directory. */
static bool copies(const struct df_instruction *i, struct str name) {
    if ((i->op != DF_COPY && i->op != DF_ADD) || i->n_args < 2)
        return false;
    struct str to = lint_unquoted(i->args[i->n_args - 1]);
    if (str_eq(to, name))
        return true;
    for (size_t k = 0; k + 1 < i->n_args && str_ends(to, S("/")) && str_starts(name, to); k++)
        if (str_eq(str_from(name, to.n), path_base(lint_unquoted(i->args[k]))))
            return true;
    return false;
}

/* The step of this stage above that brought a package or a file. */
static const struct lint_step *brought_by(struct check *c, struct str name, bool package) {
    const struct lint_step *first = &c->lint.steps[c->lint.stages[c->step->stage].first];
    for (const struct lint_step *s = c->step; s-- > first && check_charge(c, 1 + s->at->n_args);)
        if (package ? installs(c, s, name) : copies(s->at, name))
            return s;
    return NULL;
}

static void removed_later(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct shell_command *cmd = c->command;
    bool package = (command_is(cmd, "apt-get apt yum dnf microdnf zypper") && command_has(cmd, "remove purge erase rm")) ||
                   (command_is(cmd, "apk") && command_has(cmd, "del"));
    struct operands o = {.command = cmd, .valued = ""};
    (void)i;
    if (cmd->wrapped || (!package && !command_is(cmd, "rm")))
        return;
    for (const struct shell_word *w; (w = operand_next(&o));) {
        if (package && (word_in("remove purge erase rm del", w->text) || installs(c, c->step, name_of(w->text))))
            continue;
        const struct lint_step *s = brought_by(c, package ? name_of(w->text) : w->text, package);
        if (s)
            check_command(c, r, w->raw, "%.*s came with line %u: its layer keeps it", STR_ARG(w->text), s->at->pos.line);
    }
}

const struct rule rules_list[] = {
    {.id = "ArgsUnsorted",
     .reads = READS_COMMAND,
     .severity = SEVERITY_STYLE,
     .also = "",
     .why = "In a sorted list one sees what is there, and changes do not collide.",
     .fix = "Sort the list.",
     .url = "",
     .run = unsorted},
    {.id = "PackageTwice",
     .reads = READS_COMMAND,
     .severity = SEVERITY_STYLE,
     .also = "",
     .why = "One of them does nothing, or they contradict each other.",
     .fix = "Name it once.",
     .url = "",
     .run = twice},
    {.id = "RemovedLater",
     .reads = READS_COMMAND,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "A layer only grows: what another one removes is hidden, and shipped all the same.",
     .fix = "Install, use and remove in one RUN, or copy what is wanted from another stage.",
     .url = "",
     .run = removed_later},
    {0},
};
