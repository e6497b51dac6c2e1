/* SPDX-License-Identifier: Apache-2.0
 * croze help [VERB]: the verbs, or one verb's options. */
#include <stdio.h>

#include "cmd/cmd.h"

static const struct opt options[] = {OPT_END};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_help = {
    .name = "help",
    .summary = "List the verbs, or explain one",
    .usage = "[VERB]",
    .options = options,
    .run = run,
};

static void list_verbs(void) {
    puts("croze builds, keeps and runs container images: one program, no daemon.\n\nUsage: croze [GLOBAL OPTIONS] VERB ...\n\nVerbs:");
    for (size_t i = 0; commands[i]; i++)
        if (!(commands[i]->flags & CMD_HIDDEN))
            printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nGlobal options:\n  --root DIR   Where images are kept (environment CROZE_ROOT)\n  --debug      Say more on standard error\n"
         "  --version    Print the version\n\n`croze help VERB` or `croze VERB --help` explains one verb; the manual is croze(1).");
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    if (n == 0) {
        list_verbs();
        return 0;
    }
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, args[0]) == 0) {
            opt_help(commands[i], global_options);
            return 0;
        }
    err_set(e, ERR_USAGE, "unknown verb \"%s\"; `croze help` lists them", args[0]);
    return -1;
}
