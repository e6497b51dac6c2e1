/* SPDX-License-Identifier: Apache-2.0
 * croze check: findings about Dockerfiles as texts. No store, no context: what only these could tell is `croze build --check`'s. */
#include <stdio.h>

#include "base/limits.h"
#include "check/check.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "sys/files.h"

static const char *format = "text";
static const char *const format_words[] = {"text", "json", NULL};
static bool list_rules;

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "text (a line each), or json (one object a line)"),
    OPT_FLAG(0, "rules", &list_rules, "List the rules instead"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_check = {
    .name = "check",
    .alias = "lint",
    .summary = "Look for mistakes in Dockerfiles",
    .usage = "[OPTIONS] FILE...",
    .description = "Reads Dockerfiles (- is standard input) and says what is wrong with them, in the words of BuildKit's checks. The exit "
                   "code is 10\n"
                   "if there is anything to say. `croze build --check` knows more: the ignore file and the base images of the store.",
    .options = options,
    .run = run,
};

static bool read_file(const char *path, struct str *name, struct buf *text, struct err *e) {
    bool from_stdin = strcmp(path, "-") == 0;
    *name = from_stdin ? S("standard input") : str_z(path);
    return from_stdin ? file_read_fd(STDIN_FILENO, name->p, text, e) : file_read(path, text, e);
}

/* Several files may be wrong: their messages come one below the other, with the first one's kind. */
static void add_error(struct err *all, struct err *one) {
    if (all->kind == ERR_NONE) {
        err_move(all, one);
        return;
    }
    err_append(all, "\n%s", one->msg);
    err_clear(one);
}

/* Prints what is found; *found: there is something. What was found before a file turned out to be wrong is printed too. */
static bool check_one(const char *path, bool *found, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES), out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct check_options o = {.plan.platform = S("linux/" CROZE_ARCH), .all_stages = true};
    struct check_result r;
    struct str name;
    if (!read_file(path, &name, &text, e))
        return dockerfile_unread(name, e);
    check_dockerfile(&a, buf_str(&text), name, &o, &r);
    if (strcmp(format, "json") == 0)
        check_json_lines(&r, &out);
    else
        check_print_lines(&r, &out);
    *found |= r.n_findings > 0;
    if (!print_text(&out, path, e)) {
        err_clear(&r.error);
        return false;
    }
    if (r.error.kind == ERR_NONE)
        return true;
    err_move(e, &r.error);
    return false;
}

static int show_rules(struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    if (strcmp(format, "json") == 0)
        rules_json_lines(&out);
    else
        rules_print(&out);
    return print_text(&out, "check --rules", e) ? 0 : -1;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    bool found = false;
    (void)c;
    if (list_rules)
        return show_rules(e);
    if (n == 0)
        err_set(e, ERR_USAGE, "check takes Dockerfiles (- is standard input); the one here is `croze check Dockerfile`");
    for (size_t k = 0; k < n; k++) {
        struct err one = ERR_INIT;
        if (!check_one(args[k], &found, &one))
            add_error(e, &one);
    }
    return e->kind != ERR_NONE ? -1 : found ? ERR_FINDINGS : 0;
}
