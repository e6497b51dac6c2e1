/* SPDX-License-Identifier: Apache-2.0
 * croze manual VERB (hidden): the SYNOPSIS and OPTIONS sections of a verb's man page in scdoc, from its option table. The build joins them
 * with the prose in man/, so the manual cannot drift from --help. */
#include "cmd/cmd.h"

static const struct opt options[] = {OPT_END};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_manual = {
    .name = "manual",
    .summary = "Print the generated sections of a verb's manual page",
    .usage = "VERB",
    .flags = CMD_HIDDEN,
    .options = options,
    .run = run,
};

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    for (size_t i = 0; n == 1 && commands[i]; i++)
        if (strcmp(commands[i]->name, args[0]) == 0) {
            opt_manual(commands[i]);
            return 0;
        }
    err_set(e, ERR_USAGE, "manual takes one verb");
    return -1;
}
