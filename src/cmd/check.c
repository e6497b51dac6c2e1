/* SPDX-License-Identifier: Apache-2.0
 * croze check: findings about Dockerfiles as texts. No store, no context: what only these could tell is `croze build --check`'s. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "check/fix.h"
#include "check/policy.h"
#include "cmd/cmd.h"
#include "cmd/print.h"
#include "report/diff.h"
#include "sys/files.h"

static const char *format = "text", *compat = "croze", *config, *threshold;
static const char *const format_words[] = {"text", "json", NULL};
static const char *const compat_words[] = {
    [COMPAT_NONE] = "croze", [COMPAT_HADOLINT] = "hadolint", [COMPAT_BUILDKIT] = "buildkit", [COMPAT_TRIVY] = "trivy", NULL};
static const char *const threshold_words[] = {"error", "warning", "info", "style", "ignore", "none", NULL};
static bool list_rules, fix, dry_run, no_config, no_fail, no_color, no_pragmas, strict_labels;
static struct opt_list ignored, asked, errors, warnings, infos, styles, registries, labels;

static const struct opt options[] = {
    OPT_ENUM(0, "format", format_words, &format, "text (a line each), or json (one object a line)"),
    OPT_ENUM(0, "compat", compat_words, &compat, "Whose word counts where tools contradict each other; only rules that the tool has speak"),
    OPT_LIST(0, "ignore", "RULE[,RULE]", &ignored, "Leave findings of these rules out; any tool's name of a rule will do: DL3008, DS-0001"),
    OPT_LIST(0, "enable", "RULE[,RULE]", &asked, "Let rules speak that are silent unless asked for"),
    OPT_LIST(0, "error", "RULE[,RULE]", &errors, "Take findings of these rules for errors"),
    OPT_LIST(0, "warning", "RULE[,RULE]", &warnings, "... for warnings"),
    OPT_LIST(0, "info", "RULE[,RULE]", &infos, "... for information"),
    OPT_LIST(0, "style", "RULE[,RULE]", &styles, "... for matters of style"),
    OPT_ENUM('t', "failure-threshold", threshold_words, &threshold, "Exit with 10 only for findings that are at least so bad"),
    OPT_FLAG(0, "no-fail", &no_fail, "Exit with 0 whatever is found"),
    OPT_LIST(0, "trusted-registry", "REGISTRY", &registries, "Where images may come from; \"*.example.com\" too"),
    OPT_LIST(0, "require-label", "KEY:KIND", &labels, "A label that images must have: text, url, rfc3339, spdx, hash, semver, email"),
    OPT_FLAG(0, "strict-labels", &strict_labels, "Images may have no labels but those"),
    OPT_FLAG(0, "disable-ignore-pragma", &no_pragmas, "Do not let \"# hadolint ignore=\" in a file silence rules"),
    OPT_STR('c', "config", "FILE", &config, "Read this file in hadolint's language, not .hadolint.yaml"),
    OPT_FLAG(0, "no-config", &no_config, "Read no such file"),
    OPT_FLAG(0, "no-color", &no_color, "Taken as hadolint takes it; there is no colour"),
    OPT_FLAG(0, "fix", &fix, "Mend in the files what can be mended mechanically; what is left is told"),
    OPT_FLAG(0, "dry-run", &dry_run, "With --fix: show the changes, and write nothing"),
    OPT_FLAG(0, "rules", &list_rules, "List the rules instead"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_check = {
    .name = "check",
    .alias = "lint",
    .summary = "Look for mistakes in Dockerfiles",
    .usage = "[OPTIONS] FILE...",
    .description = "Reads Dockerfiles, or pieces of them (- is standard input), and says what is wrong. The exit code is 10 if there is\n"
                   "anything to say. `croze build --check` says what docker's check does, and knows the ignore file and the base images\n"
                   "of the store.",
    .options = options,
    .run = run,
};

/* --- The policy --------------------------------------------------------------------------------------------------------------------- */

/* The file in the first of the places where hadolint looks for it; false: there is none. */
static bool find_config(struct arena *a, struct buf *text, struct str *name, struct err *e) {
    const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
    struct str places[] = {
        S(".hadolint.yaml"),
        S(".hadolint.yml"),
        xdg ? arena_printf(a, "%s/hadolint.yaml", xdg) : STR_NULL,
        home ? arena_printf(a, "%s/.config/hadolint.yaml", home) : STR_NULL,
        home ? arena_printf(a, "%s/.hadolint/hadolint.yaml", home) : STR_NULL,
        home ? arena_printf(a, "%s/.hadolint.yaml", home) : STR_NULL,
    };
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        struct err absent = ERR_INIT;
        *name = places[k];
        if (name->n && file_read(name->p, text, &absent))
            return true;
        if (name->n && absent.sys != ENOENT && absent.sys != ENOTDIR) {
            err_move(e, &absent);
            return false;
        }
        err_clear(&absent);
    }
    return false;
}

static bool read_config(struct arena *a, struct check_policy *p, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
    struct str name = str_z(config);
    if (no_config)
        return true;
    if (config ? !file_read(config, &text, e) : !find_config(a, &text, &name, e))
        return e->kind == ERR_NONE;
    return policy_read(a, arena_str(a, buf_str(&text)), name.p, p, e);
}

static bool add_rules(struct arena *a, const struct opt_list *option, const char *name, struct str_list *to, struct err *e) {
    for (size_t k = 0; k < option->n; k++)
        if (!policy_add_rules(a, str_z(option->p[k]), to, e))
            return err_wrap(e, "--%s", name);
    return true;
}

static bool add_severities(struct arena *a, struct check_policy *p, struct err *e) {
    struct {
        const struct opt_list *option;
        const char *name;
        struct str_list *to;
    } lists[] = {
        {&errors, "error", &p->errors}, {&warnings, "warning", &p->warnings}, {&infos, "info", &p->infos}, {&styles, "style", &p->styles}};
    for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
        if (!add_rules(a, lists[k].option, lists[k].name, lists[k].to, e) || !add_rules(a, lists[k].option, lists[k].name, &p->asked, e))
            return false;
    return true;
}

/* The file's words, then the command line's. */
static bool make_policy(struct arena *a, struct check_policy *p, struct err *e) {
    while (strcmp(compat_words[p->compat], compat) != 0)
        p->compat++;
    if (!read_config(a, p, e) || !add_severities(a, p, e) || !add_rules(a, &ignored, "ignore", &p->ignored, e) ||
        !add_rules(a, &asked, "enable", &p->asked, e))
        return false;
    for (size_t k = 0; k < registries.n; k++)
        str_list_add(a, &p->registries, str_z(registries.p[k]));
    for (size_t k = 0; k < labels.n; k++)
        if (!policy_add_label(a, str_z(labels.p[k]), p, e))
            return err_wrap(e, "--require-label");
    p->strict_labels |= strict_labels;
    p->no_pragmas |= no_pragmas;
    if (threshold && !policy_set_threshold(str_z(threshold), p, e))
        return false;
    p->no_fail |= no_fail;
    return true;
}

/* --- Files -------------------------------------------------------------------------------------------------------------------------- */

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

static bool write_text(void *ctx, int fd, struct err *e) {
    const struct str *text = ctx;
    return file_write_all(fd, text->p, text->n, "the mended file", e);
}

/* Writes the mended text, or shows what would change. */
static bool keep_fixes(const char *path, struct str before, struct str after, size_t mended, struct buf *out, struct err *e) {
    if (dry_run)
        diff_unified(before, after, str_z(path), out);
    else if (mended && !file_write_by(path, write_text, &after, e))
        return err_wrap(e, "--fix");
    return true;
}

/* Prints what is found; *fails: it is as bad as the threshold. What was found before a file turned out to be wrong is printed too. */
static bool check_one(const char *path, const struct check_policy *policy, bool *fails, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_DOCKERFILE_BYTES), out = BUF_INIT(LIMIT_REPORT_BYTES);
    struct check_options o = {.policy = *policy, .plan.platform = S("linux/" CROZE_ARCH), .all_stages = true};
    struct check_result r;
    struct str name;
    size_t mended = 0;
    if (!read_file(path, &name, &text, e))
        return dockerfile_unread(name, e);
    if (fix)
        mended = check_fix_all(&a, buf_str(&text), name, &o, &r);
    else
        check_dockerfile(&a, buf_str(&text), name, &o, &r);
    if (fix && !keep_fixes(path, buf_str(&text), r.text, mended, &out, e)) {
        err_clear(&r.error);
        return false;
    }
    if (strcmp(format, "json") == 0)
        check_json_lines(&r, &out);
    else
        check_print_lines(&r, &out);
    *fails |= check_is_failure(&r, policy);
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
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct check_policy policy = {0};
    bool fails = false;
    (void)c;
    if (list_rules)
        return show_rules(e);
    for (size_t k = 0; k < n && fix && !dry_run; k++)
        if (strcmp(args[k], "-") == 0)
            return err_set(e, ERR_USAGE, "--fix writes files, and standard input is none; --dry-run shows the changes"), -1;
    if (dry_run && (!fix || strcmp(format, "json") == 0))
        return err_set(e, ERR_USAGE, "--dry-run shows what --fix would change, as text"), -1;
    if (n == 0)
        err_set(e, ERR_USAGE, "check takes Dockerfiles (- is standard input); the one here is `croze check Dockerfile`");
    else if (make_policy(&a, &policy, e))
        for (size_t k = 0; k < n; k++) {
            struct err one = ERR_INIT;
            if (!check_one(args[k], &policy, &fails, &one))
                add_error(e, &one);
        }
    return e->kind != ERR_NONE ? -1 : fails ? ERR_FINDINGS : 0;
}
