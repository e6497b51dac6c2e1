/* SPDX-License-Identifier: Apache-2.0
 * What a user of croze check wants of the rules: see check_policy.h. */
#include "cmd/check_policy.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "check/exceptions.h"
#include "sys/clock.h"
#include "sys/files.h"

static const char *compat = "croze", *config, *threshold, *exceptions;
static const char *const compat_words[] = {
    [COMPAT_NONE] = "croze", [COMPAT_HADOLINT] = "hadolint", [COMPAT_BUILDKIT] = "buildkit", [COMPAT_TRIVY] = "trivy", NULL};
static const char *const threshold_words[] = {"error", "warning", "info", "style", "ignore", "none", NULL};
static bool no_config, no_fail, no_color, no_pragmas, strict_labels;
static struct opt_list ignored, asked, errors, warnings, infos, styles, registries, labels;

const struct opt check_policy_rows[] = {
    OPT_ENUM(0, "compat", compat_words, &compat,
             "Whose word counts where tools contradict each other: croze, hadolint, buildkit, trivy; only rules that the tool has speak"),
    OPT_LIST('i', "ignore", "RULE[,RULE]", &ignored,
             "Leave findings of these rules out; any tool's name of a rule will do: DL3008, DS-0001"),
    OPT_LIST(0, "enable", "RULE[,RULE]", &asked, "Let rules speak that are silent unless asked for"),
    OPT_LIST(0, "error", "RULE[,RULE]", &errors, "Take findings of these rules for errors"),
    OPT_LIST(0, "warning", "RULE[,RULE]", &warnings, "... for warnings"),
    OPT_LIST(0, "info", "RULE[,RULE]", &infos, "... for information"),
    OPT_LIST(0, "style", "RULE[,RULE]", &styles, "... for matters of style"),
    OPT_ENUM('t', "failure-threshold", threshold_words, &threshold,
             "Exit with 10 only for findings that are at least so bad: error, warning, info, style; none: never"),
    OPT_FLAG(0, "no-fail", &no_fail, "Exit with 0 whatever is found"),
    OPT_LIST(0, "trusted-registry", "REGISTRY", &registries, "Where images may come from; \"*.example.com\" too"),
    OPT_LIST(0, "require-label", "KEY:KIND", &labels, "A label that images must have: text, url, rfc3339, spdx, hash, semver, email"),
    OPT_FLAG(0, "strict-labels", &strict_labels, "Images may have no labels but those"),
    OPT_FLAG(0, "disable-ignore-pragma", &no_pragmas, "Do not let \"# hadolint ignore=\" in a file silence rules"),
    OPT_STR('c', "config", "FILE", &config, "Read this file in hadolint's language, not .hadolint.yaml"),
    OPT_FLAG(0, "no-config", &no_config, "Read no such file"),
    OPT_STR(
        0, "exceptions", "FILE", &exceptions,
        "Let findings pass that this file names, with a reason and perhaps paths and a last day (default: .croze-check.yaml here, if there "
        "is one)"),
    OPT_FLAG(0, "no-color", &no_color, "Taken as hadolint takes it; there is no colour"),
    OPT_END,
};

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

static const char default_exceptions[] = ".croze-check.yaml";

static const char *exceptions_name(void) {
    return exceptions ? exceptions : default_exceptions;
}

static bool read_exceptions(struct arena *a, struct check_policy *p, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_YAML_BYTES);
    char now[CLOCK_TEXT];
    if (!exceptions && no_config)
        return true;
    if (!file_read(exceptions_name(), &text, e)) {
        bool absent = !exceptions && e->sys == ENOENT;
        if (absent)
            err_clear(e);
        return absent;
    }
    struct str today = arena_str(a, str_first(str_z(clock_rfc3339(clock_now(), now)), strlen("2027-03-31")));
    return exceptions_read(a, arena_str(a, buf_str(&text)), exceptions_name(), today, p, e);
}

void check_policy_report(const struct check_policy *p, struct output *out) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    struct finding *expired;
    size_t n;
    exceptions_expired(&a, p, str_z(exceptions_name()), &expired, &n);
    if (n)
        output_add(out, str_z(exceptions_name()), STR_NULL, expired, n, 0);
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

bool check_policy_read(struct arena *a, struct check_policy *p, struct err *e) {
    while (strcmp(compat_words[p->compat], compat) != 0)
        p->compat++;
    if (!read_config(a, p, e) || !read_exceptions(a, p, e) || !add_severities(a, p, e) ||
        !add_rules(a, &ignored, "ignore", &p->ignored, e) || !add_rules(a, &asked, "enable", &p->asked, e))
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
