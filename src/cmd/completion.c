/* SPDX-License-Identifier: Apache-2.0
 * croze completion SHELL: a completion script, made from the option tables. */
#include "cmd/cmd.h"

static const struct opt options[] = {OPT_END};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_completion = {
    .name = "completion",
    .summary = "Print a completion script for bash, zsh or fish",
    .usage = "bash|zsh|fish",
    .options = options,
    .run = run,
};

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t i = 0; n == 1 && i < 3; i++)
        if (strcmp(args[0], shells[i]) == 0) {
            opt_completion(commands, global_options, args[0]);
            return 0;
        }
    err_set(e, ERR_USAGE, "completion takes one of bash, zsh, fish");
    return -1;
}
