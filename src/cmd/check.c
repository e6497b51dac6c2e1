/* SPDX-License-Identifier: Apache-2.0
 * croze check: findings about Dockerfiles as texts, and about images (check_image.c). What only the context could tell is
 * `croze build --check`'s. */
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "check/deploy.h"
#include "check/output.h"
#include "check/policy.h"
#include "cmd/check_bases.h"
#include "cmd/check_fix.h"
#include "cmd/check_host.h"
#include "cmd/check_image.h"
#include "cmd/check_origin.h"
#include "cmd/check_policy.h"
#include "cmd/check_variants.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "report/meter.h"
#include "sys/files.h"

static const char *format;
static const char *shellcheck;
static bool list_rules;

static const struct opt options[] = {
    OPT_ENUM('f', "format", output_format_names, &format,
             "text (a line each), json (one object a line), sarif, checkstyle, junit, gitlab (code quality) or github (annotations)"),
    OPT_FLAG(0, "rules", &list_rules, "List the rules instead; or say all about those that are named: --rules DL3008"),
    OPT_OPTIONAL(
        "shellcheck", "PROGRAM", &shellcheck,
        "Ask ShellCheck too about what RUN starts: shellcheck of the PATH, or this program; off: do not (its rules are SC2086 and the "
        "like)"),
    OPT_TABLE(check_variants_rows, "Variants of a product"),
    OPT_TABLE(check_policy_rows, "Rules"),
    OPT_TABLE(check_fix_rows, "Fixes"),
    OPT_TABLE(check_image_rows, "Images"),
    OPT_TABLE(check_origin_rows, "Where files of images come from"),
    OPT_TABLE(check_host_rows, "Hosts"),
    OPT_UNSUPPORTED('o', "output", "FILE", "findings go to standard output: croze check ... >FILE"),
    OPT_UNSUPPORTED(0, "severity", "WORD[,WORD]", "--failure-threshold says from which severity on the exit code is 10"),
    OPT_UNSUPPORTED(0, "exit-code", "NUMBER", "it is 10 if something is found; --no-fail makes it 0"),
    OPT_UNSUPPORTED(0, "exit-level", "WORD", "--failure-threshold says from which severity on the exit code is 10"),
    OPT_UNSUPPORTED(0, "input", "FILE", "an archive is named as an operand is: --image docker-archive:FILE"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_check = {
    .name = "check",
    .alias = "lint",
    .summary = "Look for mistakes in Dockerfiles, images, deployment files and hosts",
    .usage = "[OPTIONS] FILE...|--image IMAGE...|--host",
    .description = "Reads Dockerfiles, or pieces of them (- is standard input), and says what is wrong. The exit code is 10 if there is\n"
                   "anything to say. `croze build --check` says what docker's check does, and knows the ignore file. Both know the base\n"
                   "images of the store, if there is one: a user that an image has need not be named again.\n\n"
                   "Files whose names end in .yaml or .yml are compose and Kubernetes files: they should deploy images by unique tags or\n"
                   "digests.\n\n"
                   "With --image the operands are images of the store, or docker-archive:FILE, oci-archive:FILE, oci:DIRECTORY[:TAG].\n"
                   "Nothing of an image is run or unpacked.\n\n"
                   "With --image --origin, how much of each image's bytes is of proven origin, and which files are not.\n\n"
                   "With --host the recommendations of the CIS Docker Benchmark v1.8.0 are gone through on this host, its engine and its\n"
                   "containers: each is PASS, FAIL, MANUAL (a person has to look, or it could not be read) or N/A, with the evidence.\n"
                   "The engine is asked by its socket (DOCKER_HOST, docker's, podman's); nothing is run. The exit code is 10 if something\n"
                   "failed, and 3 if nothing could be assessed.",
    .options = options,
    .run = run,
};

/* What was meant, most likely. */
static bool is_no_file(const char *path, struct err *e) {
    if (e->sys == EISDIR) {
        size_t n = strlen(path);
        err_clear(e);
        return err_set(e, ERR_FAILED, "%s is a directory: name its files, as in `croze check %s%sDockerfile`", path, path,
                       n && path[n - 1] == '/' ? "" : "/");
    }
    if (e->sys == ENOENT && strchr(path, ':'))
        err_append(e, "; for the image of that name it is `croze check --image %s`", path);
    return false;
}

static bool read_file(const char *path, struct str *name, struct buf *text, struct err *e) {
    bool from_stdin = strcmp(path, "-") == 0;
    *name = from_stdin ? S("standard input") : str_z(path);
    return from_stdin ? file_read_fd(STDIN_FILENO, name->p, text, e) : file_read(path, text, e) || is_no_file(path, e);
}

/* A name may hold what ends a line, or moves the cursor. */
static void show_in_a_line(struct err *one) {
    _cleanup_(buf_fini) struct buf shown = BUF_INIT(LIMIT_MESSAGE_BYTES);
    enum err_kind kind = one->kind;
    int sys = one->sys;
    buf_add_shown(&shown, str_z(one->msg));
    if (!buf_ok(&shown) || str_eq(buf_str(&shown), str_z(one->msg)))
        return;
    err_clear(one);
    err_set(one, kind, "%.*s", STR_ARG(buf_str(&shown)));
    one->sys = sys;
}

/* Several files may be wrong: their messages come one below the other, with the first one's kind. */
static void add_error(struct err *all, struct err *one) {
    show_in_a_line(one);
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
    if (!good && str_find(text, S("{{")) >= 0)
        err_append(e, "; a template has to be filled in first (helm template)");
    if (good && r.n_images == 0)
        output_note(out,
                    arena_printf(
                        &a, "%.*s deploys no image: it has no service (compose) but such as are built there, and no container (Kubernetes)",
                        STR_ARG(name)));
    return good;
}

static bool shellcheck_asked(void) {
    return shellcheck && strcmp(shellcheck, "off") != 0;
}

/* Mending takes several rounds, in which nothing of ShellCheck's is mended: it is asked about what comes out. */
static bool check_text(const char *path, struct arena *a, struct str name, struct str text, struct check_options *o, struct check_result *r,
                       struct err *e) {
    struct shellcheck sc = {.program = shellcheck && shellcheck[0] ? shellcheck : "shellcheck"};
    if (check_fix_asked()) {
        check_dockerfile(a, text, name, o, r);
        if (!check_fix(path, a, o, r, e) || !shellcheck_asked())
            return e->kind == ERR_NONE;
        text = r->text;
        err_clear(&r->error);
    }
    o->shellcheck = shellcheck_asked() ? &sc : NULL;
    struct meter *meter = o->shellcheck ? meter_start("asking ShellCheck", METER_TIME, -1, 0) : NULL;
    check_dockerfile(a, text, name, o, r);
    meter_end(meter);
    if (sc.err.kind != ERR_NONE)
        err_move(e, &sc.err);
    return e->kind == ERR_NONE;
}

/* What was found before a file turned out to be wrong counts too. */
static bool check_file(char **files, size_t k, const struct check_options *common, struct output *out, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    struct check_options o = *common;
    struct check_result r;
    struct str name;
    check_variants_add(k, &o);
    if (!read_file(files[k], &name, &text, e))
        return dockerfile_unread(name, e);
    if (str_ends(name, S(".yaml")) || str_ends(name, S(".yml")))
        return check_deployment_file(name, buf_str(&text), &o.policy, out, e);
    bool good = check_text(files[k], &a, name, buf_str(&text), &o, &r, e);
    output_add(out, name, r.text, r.findings, r.n_findings, r.n_dropped);
    output_note(out, check_doubt(&a, &r));
    if (good && r.error.kind != ERR_NONE)
        err_move(e, &r.error);
    err_clear(&r.error);
    return e->kind == ERR_NONE;
}

static int show_rules(struct arena *a, char **names, size_t n, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct str_list wanted = {0};
    for (size_t k = 0; k < n; k++)
        if (!policy_add_rules(a, str_z(names[k]), &wanted, e))
            return -1;
    if (format && output_format_of(format) == OUTPUT_JSON)
        rules_json_lines(&wanted, &out);
    else
        rules_print(&wanted, &out);
    if (out.n == 0) { /* DL3005: hadolint's number, and none of its rules any more */
        err_set(e, ERR_USAGE, "none of croze's rules is called %s", names[0]);
        return -1;
    }
    return print_text(&out, "check --rules", e) ? 0 : -1;
}

/* What a format of findings alone cannot hold. */
static void tell_remainders(const struct output *o) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    for (size_t p = 0; p < o->parts.n; p++) {
        struct str rest = output_remainder(&a, &o->parts.p[p]);
        if (rest.n)
            log_warn("%.*s: %.*s", STR_ARG(o->parts.p[p].name), STR_ARG(rest));
    }
}

/* Prints what was found, even if something else went wrong. */
static bool print(const struct output *o, bool aside, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct err unprinted = ERR_INIT;
    output_write(o, output_format_of(format), &out);
    if (output_format_of(format) == OUTPUT_GITLAB)
        tell_remainders(o);
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

static void check_files(struct context *c, char **args, size_t n, const struct check_policy *policy, struct output *out, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct check_options o = {.policy = *policy, .plan.platform = S("linux/" CROZE_ARCH), .all_stages = true};
    check_bases_offer(c, &o);
    if (!check_variants_read(&a, args, n, &o.plan, e))
        return;
    for (size_t k = 0; k < n; k++) {
        struct err one = ERR_INIT;
        if (check_file(args, k, &o, out, &one))
            continue;
        output_fail(out, strcmp(args[k], "-") == 0 ? S("standard input") : str_z(args[k]), str_z(one.msg));
        add_error(e, &one);
    }
    check_bases_close(c);
}

/* Of the command line, else of the user's file. */
static bool settle_format(const struct check_policy *p, struct err *e) {
    size_t k = 0;
    if (format)
        return true;
    format = p->format.n ? p->format.p : "text";
    while (output_format_names[k] && strcmp(output_format_names[k], format) != 0)
        k++;
    return output_format_names[k] ||
           err_set(e, ERR_USAGE, "the file of settings says format: %s, which croze does not write; --format chooses another",
                   SHOWN(p->format));
}

static bool read_policy(struct arena *a, struct check_policy *p, struct output *out, struct err *e) {
    static const char *const ids[] = {[COMPAT_HADOLINT] = "DL SC", [COMPAT_TRIVY] = "DS-", [COMPAT_BUILDKIT] = NULL};
    if (!check_policy_read(a, p, e) || !settle_format(p, e))
        return false;
    out->ids = ids[p->compat];
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(output_fini) struct output out = {0};
    struct check_policy policy = {0};
    if (list_rules)
        return show_rules(&a, args, n, e);
    if (!check_variants_fits(check_host_asked() || check_image_asked(), check_fix_asked(), e))
        return -1;
    if (!check_image_fits(check_host_asked(), e) || !check_origin_fits(check_image_asked(), e))
        return -1;
    if (check_host_asked())
        return check_fix_fits(true, e) && read_policy(&a, &policy, &out, e) ? check_host(c, n, &policy, format, e) : -1;
    if (n == 0)
        err_set(e, ERR_USAGE,
                "check takes Dockerfiles (- is standard input), or images behind --image; the one here is `croze check Dockerfile`");
    if (n == 0 || !check_fix_fits(check_image_asked(), e) || !read_policy(&a, &policy, &out, e))
        return -1;
    check_policy_report(&policy, &out);
    if (check_image_asked())
        check_images(c, args, n, &policy, &out, e);
    else
        check_files(c, args, n, &policy, &out, e);
    (void)!print(&out, check_fix_prints(args, n), e);
    if (check_origin_asked())
        return check_origin_end(format, e);
    return e->kind != ERR_NONE ? -1 : fails(&out, &policy) ? ERR_FINDINGS : 0;
}
