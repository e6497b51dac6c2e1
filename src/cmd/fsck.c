/* SPDX-License-Identifier: Apache-2.0
 * croze fsck: whether the store is whole. */
#include <stdio.h>

#include "cmd/cmd.h"

static bool deep, repair;

static const struct opt options[] = {
    OPT_FLAG(0, "deep", &deep, "Hash every blob again"),
    OPT_FLAG(0, "repair", &repair, "Remove what a crash left half-made, and records of what is gone"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_fsck = {
    .name = "fsck",
    .summary = "Check the store",
    .usage = "[OPTIONS]",
    .description = "Exit code 0: the store is sound; 10: something is damaged (each finding on a line).",
    .flags = CMD_STORE | CMD_READS | CMD_NAMESPACE,
    .options = options,
    .run = run,
};

static void say(void *ctx, const char *line) {
    (void)ctx;
    puts(line);
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)args;
    struct fsck_options o = {deep, repair};
    size_t bad = 0;
    if (n) {
        err_set(e, ERR_USAGE, "fsck takes no arguments");
        return -1;
    }
    if (!store_fsck(&c->store, &o, say, NULL, &bad, e))
        return -1;
    printf("%s\n", bad ? "the store is damaged" : "the store is sound");
    return bad ? ERR_FINDINGS : 0;
}
