/* SPDX-License-Identifier: Apache-2.0
 * croze: the command table, global options, exit codes; nothing else. Errors are printed here and only here. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "sandbox/sandbox.h"

extern const struct cmd cmd_build, cmd_check, cmd_completion, cmd_copy, cmd_debug, cmd_delete, cmd_fsck, cmd_gc, cmd_help, cmd_history,
    cmd_images, cmd_import, cmd_inspect, cmd_load, cmd_login, cmd_logout, cmd_manual, cmd_pull, cmd_push, cmd_rmi, cmd_run, cmd_save,
    cmd_tag, cmd_tags, cmd_version;

/* In the order of an image's life; `croze help` lists them so. */
const struct cmd *const commands[] = {
    &cmd_build, &cmd_check, &cmd_images, &cmd_inspect, &cmd_history, &cmd_tag, &cmd_rmi, &cmd_save, &cmd_load, &cmd_import,
    &cmd_pull, &cmd_push, &cmd_login, &cmd_logout, &cmd_copy, &cmd_tags, &cmd_delete, &cmd_run, &cmd_gc, &cmd_fsck, &cmd_version, &cmd_help,
    &cmd_completion, &cmd_manual, &cmd_debug, NULL,
};

static const char *opt_root;
static bool opt_debug, opt_version;

const struct opt global_options[] = {
    {.kind = OPT_KIND_STR,
     .name = "root",
     .arg = "DIR",
     .env = "CROZE_ROOT",
     .to = &opt_root,
     .help = "Where images are kept (default: /var/lib/croze, or ~/.local/share/croze for users; environment CROZE_ROOT)"},
    {.kind = OPT_KIND_FLAG,
     .name = "debug",
     .env = "CROZE_DEBUG",
     .to = &opt_debug,
     .help = "Say more on standard error (environment CROZE_DEBUG=1)"},
    OPT_FLAG('v', "version", &opt_version, "Print the version and exit"),
    OPT_END,
};

static const struct cmd *find_command(const char *name) {
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0 || (commands[i]->alias && strcmp(commands[i]->alias, name) == 0))
            return commands[i];
    return NULL;
}

/* Whether operands end the options: what follows the image of `run` belongs to the container. */
static bool stops_at_operand(const struct cmd *c) {
    return (c->flags & CMD_TRAILING_ARGS) != 0;
}

static int run_command(const struct cmd *c, struct context *ctx, int argc, char **argv, struct err *e) {
    char **args;
    size_t n;
    bool help;
    if (!opt_parse(c->options, argc, argv, stops_at_operand(c), &args, &n, &help, e))
        return -1;
    if (help) {
        opt_help(c, global_options);
        return 0;
    }
    if ((c->flags & CMD_NAMESPACE) && !sandbox_enter(ctx->argc, ctx->argv, e))
        return -1;
    if (!(c->flags & CMD_STORE))
        return c->run(ctx, args, n, e);
    bool reads = c->flags & CMD_READS;
    if (!(reads ? store_open_to_read : store_open)(&ctx->store, ctx->root, sandbox_flavour(), e))
        return -1;
    int code = c->run(ctx, args, n, e);
    store_close(&ctx->store);
    return code;
}

static int dispatch(int argc, char **argv, struct err *e) {
    struct context ctx = {.argc = argc};
    char **args;
    size_t n;
    bool help;
    /* getopt may permute argv; a command that enters a namespace starts again with what the user typed */
    _cleanup_(mem_freep) char **typed = mem_zalloc((size_t)argc + 1, sizeof *typed);
    memcpy(typed, argv, (size_t)argc * sizeof *typed);
    ctx.argv = typed;
    if (!opt_parse(global_options, argc, argv, true, &args, &n, &help, e))
        return -1;
    log_set_debug(opt_debug);
    ctx.root = opt_root;
    const char *verb = opt_version ? "version" : help || n == 0 ? "help" : args[0];
    const struct cmd *c = find_command(verb);
    if (!c) {
        help_unknown(verb, e);
        return -1;
    }
    char *alone[] = {(char *)verb, NULL};
    bool by_option = verb != args[0] || n == 0;
    int code = run_command(c, &ctx, by_option ? 1 : (int)n, by_option ? alone : args, e);
    if (code < 0 && e->exit_code == 0)
        e->exit_code = c->failure;
    if (code < 0 && (e->sys == ENOSPC || e->sys == EDQUOT))
        err_append(e, "\n  `croze gc --all --grace 0` frees all that no image needs; --root or CROZE_ROOT puts the store on another disk");
    return code;
}

/* A message may quote names and texts of images and contexts: nothing that would steer the terminal is let through but line breaks. */
static void print_error(const char *msg) {
    struct buf out = BUF_INIT(LIMIT_MESSAGE_BYTES);
    struct str rest = str_z(msg), line;
    while (str_next(&rest, '\n', &line)) {
        buf_add_shown(&out, line);
        if (rest.p)
            buf_add_char(&out, '\n');
    }
    fprintf(stderr, "croze: %s%s\n", out.p ? out.p : "", buf_ok(&out) ? "" : "...");
    buf_fini(&out);
}

int main(int argc, char **argv) {
    struct err e = ERR_INIT;
    setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive decodes names by it */
    signal(SIGPIPE, SIG_IGN);       /* a closed pipe is an error of a write, with a message */
    signal(SIGCHLD, SIG_DFL);       /* ignored by whoever started us, it would take away the exit status of all that we start */
    int code = dispatch(argc, argv, &e);
    if (e.kind == ERR_NONE && (fflush(stdout) != 0 || ferror(stdout)))
        err_set(&e, ERR_FAILED, "writing to standard output failed");
    if (e.kind == ERR_NONE)
        return code;
    print_error(e.msg);
    code = e.exit_code ? e.exit_code : (int)e.kind;
    err_clear(&e);
    return code;
}
