/* SPDX-License-Identifier: Apache-2.0
 * croze check --fix: writes what rules say that mends a Dockerfile. */
#include "cmd/check_fix.h"

#include <unistd.h>

#include "base/limits.h"
#include "check/fix.h"
#include "cmd/print.h"
#include "report/diff.h"
#include "sys/files.h"

static bool fix, dry_run;

const struct opt check_fix_rows[] = {
    OPT_FLAG(0, "fix", &fix,
             "Mend in the files what can be mended without changing what is built (- : write what comes out to standard output); what is "
             "left is told"),
    OPT_FLAG(0, "dry-run", &dry_run, "With --fix: write nothing, but show the changes as `diff -u` does; findings go to standard error"),
    OPT_END,
};

bool check_fix_asked(void) {
    return fix;
}

bool check_fix_fits(bool images, struct err *e) {
    if (dry_run && !fix)
        return err_set(e, ERR_USAGE, "--dry-run shows what --fix would change: give both");
    return !(fix && images) || err_set(e, ERR_USAGE, "--fix mends Dockerfiles, and no images");
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

static bool show_changes(const char *path, struct str before, struct str after, struct err *e) {
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_REPORT_BYTES);
    diff_unified(before, after, str_z(path), &out);
    return print_text(&out, path, e);
}

bool check_fix(const char *path, struct arena *a, const struct check_options *o, struct check_result *r, struct err *e) {
    struct str before = r->text;
    bool mended = fix_all(a, o, r);
    if (dry_run)
        return show_changes(path, before, r->text, e);
    if (strcmp(path, "-") == 0)
        return write_text(&r->text, STDOUT_FILENO, e);
    return !mended || file_write_by(path, write_text, &r->text, e) || err_wrap(e, "check --fix");
}
