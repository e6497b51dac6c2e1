/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: --on-error=sh. When a RUN fails, a shell runs in its root, with its environment, mounts, user and directory, once all
 * that was under way has ended. Then the build fails as it would have. */
#ifndef CROZE_BUILD_ERROR_SHELL_H
#define CROZE_BUILD_ERROR_SHELL_H

#include "build/stage.h"

/* The failed RUN that the shell is for: the first one of the build (step_run.c). */
struct run_job;
struct shell_io {
    int in, out, error;
    bool terminal;       /* `in` becomes the controlling terminal */
};
/* Runs the image's SHELL, else /bin/sh, to its end. Errors are those of sandbox_run(). */
MUST_CHECK bool failed_run_shell(struct run_job *j, const struct shell_io *io, struct err *e);
void failed_run_free(struct run_job *j); /* NULL is fine */

/* Standard input can give but one thing: a context or Dockerfile on it leaves none for a shell. */
MUST_CHECK bool error_shell_check(const struct build_options *o, struct err *e);
/* If a RUN has failed and a shell was asked for: at a terminal one to talk to, else one that reads commands from standard input. */
void error_shell(struct build *b);

#endif
