/* SPDX-License-Identifier: Apache-2.0
 *
 * check/ finds what is wrong with a Dockerfile without carrying it out. check_dockerfile() takes its text, runs every rule (rule.h) over it
 * and gives findings (finding.h), sorted by line. It follows BuildKit's checks: the same rules, words and lines, the "# check=" directive,
 * the build argument BUILDKIT_DOCKERFILE_CHECK and "# check=skip=" comments. No step is run; nothing is fetched or written; the one program
 * that may be started is ShellCheck, where it is asked for.
 *
 * What was found before a file turned out to be wrong is still given, with the error beside it. */
#ifndef CROZE_CHECK_CHECK_H
#define CROZE_CHECK_CHECK_H

#include "base/buf.h"
#include "check/finding.h"
#include "check/rule.h"
#include "plan/plan.h"

/* Whose word counts where tools contradict each other: docs/check.md. Only rules that the tool has speak. */
enum check_compat { COMPAT_NONE, COMPAT_HADOLINT, COMPAT_BUILDKIT, COMPAT_TRIVY };

/* What a label's value must be. */
enum label_kind { LABEL_TEXT, LABEL_URL, LABEL_TIME, LABEL_LICENSE, LABEL_GIT_HASH, LABEL_VERSION, LABEL_EMAIL };
struct label_rule {
    struct str key;
    enum label_kind kind;
};

struct check_exception;

/* What a user wants of the rules. */
struct check_policy {
    enum check_compat compat;
    struct str_list ignored;      /* names of rules, any tool's */
    struct str_list asked;        /* likewise: experimental ones that shall speak */
    struct str_list errors, warnings, infos, styles; /* whose severity is another */
    struct str_list registries;   /* that images may come from: "*", "*.example.com" too; none: any */
    const struct label_rule *labels; /* that images must have */
    size_t n_labels;
    bool strict_labels;           /* they may have no others */
    bool no_pragmas;              /* comments in the file do not silence rules */
    const struct check_exception *exceptions; /* findings that may pass (exceptions.h) */
    size_t n_exceptions;
    struct str format;            /* that the user's file asks for, by whatever name; or "" */
    enum severity threshold;      /* from which on a finding is a failure (check_is_failure) */
    bool no_fail;                 /* none is */
};

/* The program ShellCheck, that is to be asked too. */
struct shellcheck {
    const char *program;          /* its path, or its name in PATH */
    struct err err;               /* why it could not be asked (ERR_UNCHECKED), or clear; the caller clears it */
};

/* What is to be said of a file that only others show, or another look at it (variants.h). */
struct check_remark {
    const struct rule *rule;
    struct df_pos pos;
    struct str message;
};

struct check_options {
    struct check_policy policy;
    const struct check_remark *remarks;
    size_t n_remarks;
    struct shellcheck *shellcheck; /* NULL: no program is run */
    struct plan_options plan;     /* build arguments, target, platform, named contexts */
    bool all_stages;              /* also those that the target does not need */
    const struct ignore *ignore;  /* the context's, or NULL */
    /* The image that a stage stands on: its configuration, and its platform ("linux/arm64", or "": it does not say); false: it is not
     * known. May be NULL: no base is known. Rules then keep silent where the image could prove them wrong. */
    bool (*base)(void *ctx, struct arena *a, const struct plan_stage *stage, struct container_config *out, struct str *platform);
    /* The digest that a name of a registry led to when its image was brought here ("sha256:..."); false: it is not here. May be NULL. */
    bool (*pin)(void *base_ctx, struct arena *a, struct str image, struct str *digest);
    void *base_ctx;               /* of both */
};

struct check_result {
    struct str text;              /* as given: for showing lines */
    struct dockerfile file;       /* as far as it could be read */
    struct finding *findings;     /* by their place; with BuildKit's word by `line`, and then as it has them */
    size_t n_findings;
    size_t n_dropped;             /* above LIMIT_FINDINGS */
    bool fails;                   /* "error=true", and there are findings: a build must not begin */
    struct err error;             /* why the file cannot be built, or clear; the caller clears it */
    struct str doubt;             /* an error that an unknown base image may prove wrong: its stage was not looked at to its end; or "" */
};

/* `text` and all that the options point to must live as long as the arena. */
void check_dockerfile(struct arena *a, struct str text, struct str name, const struct check_options *o, struct check_result *r);

/* "lint violation found for rules: A, B": what `fails` means, in BuildKit's words. Empty if it does not fail. */
struct str check_failure(struct arena *a, const struct check_result *r);
/* What r->doubt says, as a sentence; or "". */
struct str check_doubt(struct arena *a, const struct check_result *r);
/* Whether one of the findings is as bad as the policy's threshold. */
bool check_is_failure(const struct check_policy *p, const struct finding *findings, size_t n);
/* Where an error of dockerfile/ or plan/ points ("NAME:LINE:COLUMN: ..."); false: nowhere. */
bool check_error_line(const struct check_result *r, unsigned *line);

/* --- Showing (print.c, json.c; output.h has more) ----------------------------------------------------------------------------  */

/* As `docker build --check` prints them: rule, message, and the lines of the file around it, marked. */
void check_print(const struct check_result *r, struct buf *out);
/* BuildKit's result: {"warnings": [...], "sources": [...], "buildError": {...}}. */
void check_json_buildkit(const struct check_result *r, struct buf *out);
/* The rules that have one of these names, or all: a table for people (of named ones all there is to say), or an object a rule, one a
 * line. */
void rules_print(const struct str_list *names, struct buf *out);
void rules_json_lines(const struct str_list *names, struct buf *out);

#endif
