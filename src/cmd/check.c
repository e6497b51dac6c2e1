/* SPDX-License-Identifier: Apache-2.0
 * croze check: findings about Dockerfiles as texts, and about images (check_image.c). What only the context could tell is
 * `croze build --check`'s. */
#include <stdio.h>

#include "base/limits.h"
#include "check/check.h"
#include "check/output.h"
#include "cmd/check_host.h"
#include "cmd/check_image.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "sys/files.h"

static const char *format = "text";
static bool list_rules;

static const struct opt options[] = {
    OPT_ENUM(0, "format", output_format_names, &format,
             "text (a line each), json (one object a line), sarif, checkstyle, junit, gitlab (code quality) or github (annotations)"),
    OPT_FLAG(0, "rules", &list_rules, "List the rules instead"),
    OPT_TABLE(check_image_rows, "Images"),
    OPT_TABLE(check_host_rows, "Hosts"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_check = {
    .name = "check",
    .alias = "lint",
    .summary = "Look for mistakes in Dockerfiles, images and hosts",
    .usage = "[OPTIONS] FILE...|--image IMAGE...|--host",
    .description =
        "Reads Dockerfiles (- is standard input) and says what is wrong with them, in the words of BuildKit's checks. The exit "
        "code is 10\n"
        "if there is anything to say. `croze build --check` knows more: the ignore file and the base images of the store.\n\n"
        "With --image the operands are images of the store, or docker-archive:FILE, oci-archive:FILE, oci:DIRECTORY[:TAG]. Nothing of an "
        "image is run\nor unpacked.\n\n"
        "With --host the recommendations of the CIS Docker Benchmark v1.8.0 are gone through on this host, its engine and its containers: "
        "each is\nPASS, FAIL, MANUAL (a person has to look, or it could not be read) or N/A, with the evidence. The engine is asked by its "
        "socket\n(DOCKER_HOST, docker's, podman's); nothing is run. The exit code is 10 if something failed, and 3 if nothing could be "
        "assessed.",
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

/* What was found before a file turned out to be wrong counts too. */
static bool check_file(const char *path, struct output *out, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    struct check_options o = {.plan.platform = S("linux/" CROZE_ARCH), .all_stages = true};
    struct check_result r;
    struct str name;
    if (!read_file(path, &name, &text, e))
        return dockerfile_unread(name, e);
    check_dockerfile(&a, buf_str(&text), name, &o, &r);
    output_add(out, name, buf_str(&text), r.findings, r.n_findings, r.n_dropped);
    output_note(out, check_doubt(&a, &r));
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

/* Prints what was found, even if something else went wrong. */
static bool print(const struct output *o, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct err unprinted = ERR_INIT;
    output_write(o, output_format_of(format), &out);
    if (print_text(&out, "check", &unprinted))
        return true;
    add_error(e, &unprinted);
    return false;
}

static bool any_finding(const struct output *o) {
    for (size_t k = 0; k < o->parts.n; k++)
        if (o->parts.p[k].n_findings)
            return true;
    return false;
}

static void check_files(char **args, size_t n, struct output *out, struct err *e) {
    for (size_t k = 0; k < n; k++) {
        struct err one = ERR_INIT;
        if (!check_file(args[k], out, &one))
            add_error(e, &one);
    }
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    _cleanup_(output_fini) struct output out = {0};
    if (list_rules)
        return show_rules(e);
    if (check_host_asked())
        return check_host(c, n, format, e);
    if (n == 0) {
        err_set(e, ERR_USAGE,
                "check takes Dockerfiles (- is standard input), or images behind --image; the one here is `croze check Dockerfile`");
        return -1;
    }
    if (check_image_asked())
        check_images(c, args, n, &out, e);
    else
        check_files(args, n, &out, e);
    (void)!print(&out, e);
    return e->kind != ERR_NONE ? -1 : any_finding(&out) ? ERR_FINDINGS : 0;
}
