/* SPDX-License-Identifier: Apache-2.0
 * croze check --fix: writes what rules say that mends a Dockerfile. */
#include "cmd/check_fix.h"

#include <unistd.h>

#include "check/fix.h"
#include "sys/files.h"

static bool fix, dry_run;

const struct opt check_fix_rows[] = {
    OPT_FLAG(0, "fix", &fix, "Mend what can be mended without changing what is built; what is left is reported"),
    OPT_FLAG(0, "dry-run", &dry_run, "With --fix: write the mended file to standard output, and findings to standard error"),
    OPT_END,
};

bool check_fix_asked(void) {
    return fix;
}

bool check_fix_prints(char **files, size_t n) {
    bool from_stdin = false;
    for (size_t k = 0; k < n; k++)
        from_stdin |= strcmp(files[k], "-") == 0;
    return fix && (dry_run || from_stdin);
}

/* --- Writing ------------------------------------------------------------------------------------------------------------------------- */

static bool write_text(void *ctx, int fd, struct err *e) {
    const struct str *text = ctx;
    return file_write_all(fd, text->p, text->n, "check --fix", e);
}

/* --- Mending ------------------------------------------------------------------------------------------------------------------------- */

/* A round. False: nothing more can be mended. What makes a good file a bad one is thrown away. */
static bool mend(struct arena *a, struct str *text, const struct check_options *o, struct check_result *r) {
    struct str better;
    struct check_result after;
    if (r->error.kind != ERR_NONE || fix_apply(a, *text, r->findings, r->n_findings, &better) == 0)
        return false;
    check_dockerfile(a, better, r->file.name, o, &after);
    if (after.error.kind != ERR_NONE) {
        err_clear(&after.error);
        return false;
    }
    *text = better;
    *r = after;
    return true;
}

bool check_fix(const char *path, struct arena *a, struct str *text, const struct check_options *o, struct check_result *r, struct err *e) {
    enum { ROUNDS_MAX = 16 };
    struct str before = *text;
    size_t rounds = 0;
    while (rounds < ROUNDS_MAX && mend(a, text, o, r))
        rounds++;
    if (dry_run || strcmp(path, "-") == 0)
        return write_text(text, STDOUT_FILENO, e);
    return str_eq(before, *text) || file_write_by(path, write_text, text, e) || err_wrap(e, "check --fix");
}
