/* SPDX-License-Identifier: Apache-2.0
 * The options as people see them: --help, the manual's SYNOPSIS and OPTIONS (scdoc), completion scripts. All from the same rows as the
 * parser. */
#include <stdio.h>

#include "base/buf.h"
#include "cmd/cmd.h"

enum { HELP_COLUMN = 34, HELP_WIDTH = 100 };

static bool shown(const struct opt *o) {
    return o->kind != OPT_KIND_UNSUPPORTED;
}

/* "-t, --tag NAME" */
static void left_side(const struct opt *o, struct buf *out) {
    if (o->short_name)
        buf_printf(out, "-%c%s", o->short_name, o->name ? ", " : "");
    else
        buf_add_str(out, S("    "));
    if (o->name)
        buf_printf(out, "--%s", o->name);
    if (o->arg)
        buf_printf(out, o->kind == OPT_KIND_OPTIONAL ? "[=%s]" : " %s", o->arg);
}

/* Prints text wrapped between HELP_COLUMN and HELP_WIDTH; the cursor is at `column`. */
static void print_wrapped(struct str text, size_t column) {
    struct str word;
    size_t at = column;
    while (str_next(&text, ' ', &word)) {
        if (at + word.n + 1 > HELP_WIDTH && at > HELP_COLUMN) {
            printf("\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        }
        printf("%s%.*s", at > HELP_COLUMN ? " " : "", STR_ARG(word));
        at += word.n + (at > HELP_COLUMN);
    }
    putchar('\n');
}

static void print_row(const struct opt *o) {
    if (o->kind == OPT_KIND_TABLE) {
        printf("\n%s:\n", o->help);
        return;
    }
    struct buf left = BUF_INIT(256);
    left_side(o, &left);
    printf("  %s", left.p);
    size_t at = left.n + 2;
    if (at >= HELP_COLUMN) {
        putchar('\n');
        at = 0;
    }
    printf("%*s", (int)(HELP_COLUMN - at), "");
    print_wrapped(str_z(o->help), HELP_COLUMN);
    buf_fini(&left);
}

void opt_help_rows(const struct opt *rows) {
    const struct opt *o;
    for (struct opt_walk w = {rows, NULL}; (o = opt_next(&w));)
        if (shown(o))
            print_row(o);
}

void opt_help(const struct cmd *c, const struct opt *global_rows) {
    printf("Usage: croze %s %s\n\n%s.\n", c->name, c->usage, c->summary);
    if (c->description)
        printf("\n%s\n", c->description);
    if (c->options->kind != OPT_KIND_END) {
        printf("\nOptions:\n");
        opt_help_rows(c->options);
    }
    printf("\nGlobal options (before the verb):\n");
    opt_help_rows(global_rows);
}

/* scdoc treats _ and * as markup. */
static void print_escaped(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("_*\\<>#`", s.p[i]))
            putchar('\\');
        putchar(s.p[i]);
    }
}

void opt_manual(const struct cmd *c) {
    printf("# SYNOPSIS\n\n*croze %s* ", c->name);
    print_escaped(str_z(c->usage));
    printf("\n\n# OPTIONS\n");
    const struct opt *o;
    for (struct opt_walk w = {c->options, NULL}; (o = opt_next(&w));) {
        if (!shown(o))
            continue;
        putchar('\n');
        if (o->kind == OPT_KIND_TABLE) {
            printf("## %s\n", o->help);
            continue;
        }
        if (o->short_name)
            printf("*-%c*%s", o->short_name, o->name ? ", " : "");
        if (o->name)
            printf("*--%s*", o->name);
        if (o->arg)
            printf(o->kind == OPT_KIND_OPTIONAL ? "[=_%s_]" : " _%s_", o->arg);
        printf("\n\t");
        print_escaped(str_z(o->help));
        putchar('\n');
    }
    printf("\n*--help*\n\tPrint help and exit.\n");
}

/* --- Completion --- */

static bool takes_word(const struct opt *o) {
    return shown(o) && o->arg && o->kind != OPT_KIND_OPTIONAL;
}

/* "name", or "name" and its alias with `between` in between. */
static void print_names(const struct cmd *c, const char *between) {
    printf("%s%s%s", c->name, c->alias ? between : "", c->alias ? c->alias : "");
}

/* "--name " of each option. */
static void print_long_options(const struct opt *rows) {
    const struct opt *o;
    for (struct opt_walk w = {rows, NULL}; (o = opt_next(&w));)
        if (shown(o) && o->name)
            printf("--%s ", o->name);
}

/* The options before the verb whose value is the next word, with `between` in between; false if there are none. */
static bool print_with_value(const struct opt *rows, const char *between) {
    bool any = false;
    for (const struct opt *o = rows; o->kind != OPT_KIND_END; o++) {
        if (!takes_word(o))
            continue;
        if (o->name)
            printf("%s--%s", any ? between : "", o->name);
        any |= o->name != NULL;
        if (o->short_name)
            printf("%s-%c", any ? between : "", o->short_name);
        any = true;
    }
    return any;
}

/* bash makes three words of "--root=DIR". What is completed may be such a value itself: then i has come past it. */
static void bash_find_verb(const struct opt *global_rows) {
    printf("# bash completion for croze; made by `croze completion bash`\n_croze() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} verb= i\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        case ${COMP_WORDS[i]} in\n        ");
    if (print_with_value(global_rows, "|"))
        printf(") [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++)); ((i++)) ;;\n        ");
    printf("-*) ;;\n        *) verb=${COMP_WORDS[i]}; break ;;\n        esac\n    done\n"
           "    ((i > COMP_CWORD)) && return\n");
}

static void bash_completion(const struct cmd *const *all, const struct opt *global_rows) {
    bash_find_verb(global_rows);
    printf("    case $verb in\n    '') COMPREPLY=($(compgen -W '");
    for (size_t i = 0; all[i]; i++)
        if (!(all[i]->flags & CMD_HIDDEN))
            printf("%s ", all[i]->name);
    print_long_options(global_rows);
    printf("--help' -- \"$cur\")) ;;\n");
    for (size_t i = 0; all[i]; i++) {
        if (all[i]->flags & CMD_HIDDEN)
            continue;
        printf("    ");
        print_names(all[i], "|");
        printf(") [[ $cur == -* ]] && COMPREPLY=($(compgen -W '");
        print_long_options(all[i]->options);
        printf("--help' -- \"$cur\")) ;;\n");
    }
    printf("    esac\n}\ncomplete -o default -F _croze croze\n");
}

static void print_quoted(const char *s) {
    for (; *s; s++)
        if (*s == '\'')
            printf("'\\''");
        else
            putchar(*s);
}

static void fish_find_verb(const struct opt *global_rows) {
    printf("# fish completion for croze; made by `croze completion fish`\n"
           "function __croze_verb\n    set -l words (commandline -opc)\n    set -e words[1]\n"
           "    while set -q words[1]\n        switch $words[1]\n");
    printf("            case ");
    if (print_with_value(global_rows, " "))
        printf("\n                set -e words[1]\n            case ");
    printf("'-*'\n            case '*'\n                echo $words[1]\n                return 0\n        end\n"
           "        set -e words[1]\n    end\n    return 1\nend\n");
}

/* Options of a verb, or (NULL) those before it. */
static void fish_options(const struct opt *rows, const struct cmd *c) {
    const struct opt *o;
    for (struct opt_walk w = {rows, NULL}; (o = opt_next(&w));) {
        if (!shown(o) || !o->name)
            continue;
        printf("complete -c croze -n '");
        if (c) {
            printf("contains -- (__croze_verb) ");
            print_names(c, " ");
        } else {
            printf("not __croze_verb >/dev/null");
        }
        printf("' -l %s", o->name);
        if (o->short_name)
            printf(" -s %c", o->short_name);
        printf("%s -d '", takes_word(o) ? " -r" : "");
        print_quoted(o->help);
        printf("'\n");
    }
}

static void fish_completion(const struct cmd *const *all, const struct opt *global_rows) {
    fish_find_verb(global_rows);
    fish_options(global_rows, NULL);
    for (size_t i = 0; all[i]; i++) {
        if (all[i]->flags & CMD_HIDDEN)
            continue;
        printf("complete -c croze -n 'not __croze_verb >/dev/null' -a %s -d '", all[i]->name);
        print_quoted(all[i]->summary);
        printf("'\n");
        fish_options(all[i]->options, all[i]);
    }
}

void opt_completion(const struct cmd *const *all, const struct opt *global_rows, const char *shell) {
    if (strcmp(shell, "fish") == 0) {
        fish_completion(all, global_rows);
        return;
    }
    if (strcmp(shell, "zsh") == 0) /* zsh runs bash's functions through its own bridge */
        printf("#compdef croze\nautoload -U +X bashcompinit && bashcompinit\n");
    bash_completion(all, global_rows);
}
