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

static void print_rows(const struct opt *rows) {
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
        print_rows(c->options);
    }
    printf("\nGlobal options (before the verb):\n");
    print_rows(global_rows);
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

static void bash_completion(const struct cmd *const *all) {
    printf("# bash completion for croze; made by `croze completion bash`\n_croze() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} verb= i\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        case ${COMP_WORDS[i]} in -*) ;; *) verb=${COMP_WORDS[i]}; break ;; esac\n    done\n    case $verb in\n");
    printf("    '') COMPREPLY=($(compgen -W '");
    for (size_t i = 0; all[i]; i++)
        if (!(all[i]->flags & CMD_HIDDEN))
            printf("%s ", all[i]->name);
    printf("--help --root --version' -- \"$cur\")) ;;\n");
    for (size_t i = 0; all[i]; i++) {
        if (all[i]->flags & CMD_HIDDEN)
            continue;
        printf("    %s) [[ $cur == -* ]] && COMPREPLY=($(compgen -W '", all[i]->name);
        const struct opt *o;
        for (struct opt_walk w = {all[i]->options, NULL}; (o = opt_next(&w));)
            if (shown(o) && o->name)
                printf("--%s ", o->name);
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

static void fish_completion(const struct cmd *const *all) {
    printf("# fish completion for croze; made by `croze completion fish`\n");
    for (size_t i = 0; all[i]; i++) {
        if (all[i]->flags & CMD_HIDDEN)
            continue;
        printf("complete -c croze -n __fish_use_subcommand -a %s -d '", all[i]->name);
        print_quoted(all[i]->summary);
        printf("'\n");
        const struct opt *o;
        for (struct opt_walk w = {all[i]->options, NULL}; (o = opt_next(&w));) {
            if (!shown(o) || !o->name)
                continue;
            printf("complete -c croze -n '__fish_seen_subcommand_from %s' -l %s", all[i]->name, o->name);
            if (o->short_name)
                printf(" -s %c", o->short_name);
            printf("%s -d '", o->arg && o->kind != OPT_KIND_OPTIONAL ? " -r" : "");
            print_quoted(o->help);
            printf("'\n");
        }
    }
}

void opt_completion(const struct cmd *const *all, const char *shell) {
    if (strcmp(shell, "fish") == 0) {
        fish_completion(all);
        return;
    }
    if (strcmp(shell, "zsh") == 0) /* zsh runs bash's functions through its own bridge */
        printf("#compdef croze\nautoload -U +X bashcompinit && bashcompinit\n");
    bash_completion(all);
}
