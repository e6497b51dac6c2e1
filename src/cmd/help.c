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

/* What people who come from docker and podman type next. */
static const struct {
    const char *verb, *instead;
} elsewhere[] = {
    {"builder", "`croze gc --all` frees the step cache"},
    {"buildx", "type `croze build`"},
    {"container", "containers run in the foreground in this version: `croze run`"},
    {"cp", "this version keeps no containers; `croze run -v` shows them files"},
    {"create", "this version keeps no containers; see `croze run`"},
    {"exec", "containers run in the foreground in this version: `croze run -it`"},
    {"export", "`croze save` writes images"},
    {"image", "the verbs for images stand alone: images, inspect, history, tag, rmi, pull, push, copy, save, load, import"},
    {"info", "see `croze version`"},
    {"kill", "containers run in the foreground in this version: end the `croze run`"},
    {"logs", "containers run in the foreground in this version: `croze run` has their output"},
    {"network", "containers have the host's network, or none: `croze run --network`"},
    {"ps", "containers run in the foreground in this version, and nothing of them stays"},
    {"rm", "nothing of a container stays in this version; images are removed by `croze rmi`"},
    {"stop", "containers run in the foreground in this version: end the `croze run`"},
    {"system", "`croze gc` frees what nothing needs, `croze fsck` checks the store"},
    {"volume", "give `croze run -v` a directory of the host"},
};

bool help_unknown(const char *verb, struct err *e) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i].verb, verb) == 0)
            return err_set(e, ERR_USAGE, "there is no verb \"%s\": %s", verb, elsewhere[i].instead);
    return err_set(e, ERR_USAGE, "unknown verb \"%s\"; `croze help` lists them", verb);
}

static void list_verbs(void) {
    puts("croze builds, keeps and runs container images: one program, no daemon.\n\nUsage: croze [GLOBAL OPTIONS] VERB ...\n\nVerbs:");
    for (size_t i = 0; commands[i]; i++)
        if (!(commands[i]->flags & CMD_HIDDEN))
            printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nGlobal options:");
    opt_help_rows(global_options);
    puts("\n`croze help VERB` or `croze VERB --help` explains one verb; the manual is croze(1).");
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    if (n == 0) {
        list_verbs();
        return 0;
    }
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, args[0]) == 0 || (commands[i]->alias && strcmp(commands[i]->alias, args[0]) == 0)) {
            opt_help(commands[i], global_options);
            return 0;
        }
    help_unknown(args[0], e);
    return -1;
}
