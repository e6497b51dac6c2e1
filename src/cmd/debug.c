/* SPDX-License-Identifier: Apache-2.0
 * croze debug (hidden): prints what the oracles of the Dockerfile language compare: a parsed file as S-expressions, words expanded, paths
 * matched against ignore patterns. */
#include <stdio.h>

#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "dockerfile/dump.h"

static const struct opt options[] = {OPT_END};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_debug = {
    .name = "debug",
    .summary = "Print what the language's tests compare",
    .usage = "parse FILE | expand TEXT... | ignore FILE PATH...",
    .flags = CMD_HIDDEN,
    .options = options,
    .run = run,
};

static bool parse(struct arena *a, char **args, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES), out = BUF_INIT(LIMIT_INDEX_BYTES);
    struct dockerfile file;
    bool good = file_read(args[0], &text, e) && dockerfile_parse_syntax(a, buf_str(&text), str_z(args[0]), &file, e);
    if (good) {
        dockerfile_dump(&file, &out);
        good = print_text(&out, args[0], e);
    }
    buf_fini(&text);
    buf_fini(&out);
    return good;
}

static bool from_environment(void *ctx, struct str name, struct str *value) {
    const char *found = getenv(arena_strz(ctx, name));
    *value = str_z(found);
    return found != NULL;
}

static bool expand(struct arena *a, char **args, size_t n, struct err *e) {
    struct df_vars vars = {from_environment, a};
    for (size_t i = 0; i < n; i++) {
        struct str out;
        if (!df_expand(a, str_z(args[i]), '\\', vars, NULL, &out, e))
            return err_wrap(e, "\"%s\"", args[i]);
        printf("%.*s\n", STR_ARG(out));
    }
    return true;
}

static bool ignore(struct arena *a, char **args, size_t n, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_IGNORE_BYTES);
    struct ignore ig;
    bool good = file_read(args[0], &text, e) && ignore_parse(a, buf_str(&text), str_z(args[0]), &ig, e);
    for (size_t i = 1; good && i < n; i++) {
        ptrdiff_t which;
        bool excluded = ignore_match(&ig, str_z(args[i]), &which);
        printf("%s\t%s", args[i], excluded ? "excluded" : "kept");
        if (which >= 0)
            printf("\tline %u", ig.patterns[which].line);
        putchar('\n');
    }
    buf_fini(&text);
    return good;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    struct arena a = ARENA_INIT;
    bool good;
    if (n == 2 && strcmp(args[0], "parse") == 0)
        good = parse(&a, args + 1, e);
    else if (n >= 2 && strcmp(args[0], "expand") == 0)
        good = expand(&a, args + 1, n - 1, e);
    else if (n >= 3 && strcmp(args[0], "ignore") == 0)
        good = ignore(&a, args + 1, n - 1, e);
    else
        good = err_set(e, ERR_USAGE, "debug takes: %s", cmd_debug.usage);
    arena_fini(&a);
    return good ? 0 : -1;
}
