/* SPDX-License-Identifier: Apache-2.0
 * croze check: findings about Dockerfiles as texts, and about images (check_image.c). What only the context could tell is
 * `croze build --check`'s. */
#include <stdio.h>

#include "base/limits.h"
#include "check/deploy.h"
#include "check/output.h"
#include "cmd/check_fix.h"
#include "cmd/check_host.h"
#include "cmd/check_image.h"
#include "cmd/check_origin.h"
#include "cmd/check_policy.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "sys/files.h"

static const char *format = "text";
static bool list_rules;

static const struct opt options[] = {
    OPT_ENUM(0, "format", output_format_names, &format,
             "text (a line each), json (one object a line), sarif, checkstyle, junit, gitlab (code quality) or github (annotations)"),
    OPT_FLAG(0, "rules", &list_rules, "List the rules instead"),
    OPT_TABLE(check_policy_rows, "Rules"),
    OPT_TABLE(check_fix_rows, "Fixes"),
    OPT_TABLE(check_image_rows, "Images"),
    OPT_TABLE(check_origin_rows, "Where files of images come from"),
    OPT_TABLE(check_host_rows, "Hosts"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_check = {
    .name = "check",
    .alias = "lint",
    .summary = "Look for mistakes in Dockerfiles, images, deployment files and hosts",
    .usage = "[OPTIONS] FILE...|--image IMAGE...|--host",
    .description =
        "Reads Dockerfiles, or pieces of them (- is standard input), and says what is wrong. The exit code is 10 if there is\n"
        "anything to say. `croze build --check` says what docker's check does, and knows the ignore file and the base images\n"
        "of the store.\n\n"
        "Files whose names end in .yaml or .yml are compose and Kubernetes files: they should deploy images by unique tags or digests.\n\n"
        "With --image the operands are images of the store, or docker-archive:FILE, oci-archive:FILE, oci:DIRECTORY[:TAG]. Nothing of an "
        "image is run\nor unpacked.\n\n"
        "With --image --origin, how much of each image's bytes is of proven origin, and which files are not.\n\n"
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

static bool check_deployment_file(struct str name, struct str text, const struct check_policy *policy, struct output *out, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct deploy_result r;
    bool good = check_deployment(&a, text, name, policy, &r, e);
    output_add(out, name, text, r.findings, r.n_findings, r.n_dropped);
    if (good && r.n_images == 0)
        output_note(
            out, arena_printf(&a, "%.*s deploys no image: it has neither services (compose) nor containers (Kubernetes)", STR_ARG(name)));
    return good;
}

/* What was found before a file turned out to be wrong counts too. */
static bool check_file(const char *path, const struct check_policy *policy, struct output *out, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    struct check_options o = {.policy = *policy, .plan.platform = S("linux/" CROZE_ARCH), .all_stages = true};
    struct check_result r;
    struct str name;
    if (!read_file(path, &name, &text, e))
        return dockerfile_unread(name, e);
    if (str_ends(name, S(".yaml")) || str_ends(name, S(".yml")))
        return check_deployment_file(name, buf_str(&text), policy, out, e);
    check_dockerfile(&a, buf_str(&text), name, &o, &r);
    bool good = !check_fix_asked() || check_fix(path, &a, &o, &r, e);
    output_add(out, name, r.text, r.findings, r.n_findings, r.n_dropped);
    output_note(out, check_doubt(&a, &r));
    if (good && r.error.kind != ERR_NONE)
        err_move(e, &r.error);
    err_clear(&r.error);
    return e->kind == ERR_NONE;
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
static bool print(const struct output *o, bool aside, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct err unprinted = ERR_INIT;
    output_write(o, output_format_of(format), &out);
    if (aside ? file_write_all(STDERR_FILENO, out.p, out.n, "standard error", &unprinted) : print_text(&out, "check", &unprinted))
        return true;
    add_error(e, &unprinted);
    return false;
}

static bool fails(const struct output *o, const struct check_policy *p) {
    for (size_t k = 0; k < o->parts.n; k++)
        if (check_is_failure(p, o->parts.p[k].findings, o->parts.p[k].n_findings))
            return true;
    return false;
}

static void check_files(char **args, size_t n, const struct check_policy *policy, struct output *out, struct err *e) {
    for (size_t k = 0; k < n; k++) {
        struct err one = ERR_INIT;
        if (!check_file(args[k], policy, out, &one))
            add_error(e, &one);
    }
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(output_fini) struct output out = {0};
    struct check_policy policy = {0};
    if (list_rules)
        return show_rules(e);
    if (check_host_asked())
        return check_fix_fits(true, e) && check_policy_read(&a, &policy, e) ? check_host(c, n, &policy, format, e) : -1;
    if (n == 0)
        err_set(e, ERR_USAGE,
                "check takes Dockerfiles (- is standard input), or images behind --image; the one here is `croze check Dockerfile`");
    if (n == 0 || !check_fix_fits(check_image_asked(), e) || !check_image_fits(e) || !check_origin_fits(check_image_asked(), e) ||
        !check_policy_read(&a, &policy, e))
        return -1;
    check_policy_report(&policy, &out);
    if (check_image_asked())
        check_images(c, args, n, &policy, &out, e);
    else
        check_files(args, n, &policy, &out, e);
    (void)!print(&out, check_fix_prints(args, n), e);
    if (check_origin_asked())
        return check_origin_end(format, e);
    return e->kind != ERR_NONE ? -1 : fails(&out, &policy) ? ERR_FINDINGS : 0;
}
