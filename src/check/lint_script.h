/* SPDX-License-Identifier: Apache-2.0
 *
 * What a RUN starts, and by which shell. Private to lint.c. */
#ifndef CROZE_CHECK_LINT_SCRIPT_H
#define CROZE_CHECK_LINT_SCRIPT_H

#include "check/lint.h"

struct shell_start {
    enum shell_kind kind;
    struct str name;              /* the program's, without a path; "": the default */
    bool errexit, pipefail;       /* it is started with them */
    bool odd;                     /* by more than "-c", or it is an odd one */
};

/* By the words of SHELL, or of a line that names an interpreter; n > 0. */
struct shell_start shell_start(const struct str *words, size_t n);
/* Reads the commands of a RUN, those of its here-documents behind them. A document that another shell reads than the one in force makes
 * that shell the step's. */
void lint_read_script(struct arena *a, struct lint_step *s, uint64_t *work);

#endif
