/* SPDX-License-Identifier: Apache-2.0
 *
 * Child processes: started by an argument vector, never through a shell; their output taken through pipes with a limit. */
#ifndef CROZE_SYS_PROC_H
#define CROZE_SYS_PROC_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct proc_spec {
    const char *const *argv;   /* argv[0] is looked up in PATH */
    const char *const *env;    /* NULL: ours */
    const char *dir;           /* working directory; NULL: ours */
    int in, out, error;        /* descriptors for 0, 1, 2; -1: /dev/null for in, ours for the others */
};

/* Starts it; the pid, or -1 with an error that names the program ("runc is not installed" for ENOENT). */
MUST_CHECK pid_t proc_start(const struct proc_spec *spec, struct err *e);
/* Waits for it. *code: its exit status, or 128 + signal. */
MUST_CHECK bool proc_wait(pid_t pid, int *code, struct err *e);
/* Runs it to the end with its stdout in *out (bounded by the buffer) and its stderr ours. */
MUST_CHECK bool proc_output(const char *const *argv, struct buf *out, int *code, struct err *e);
/* Runs it to the end (out and error of the spec are not used) with what it prints in *out and *said. What is over their maximum is dropped
 * (buf_ok); of *out, the program is ended. After `stall_s` seconds without a byte or an end it is ended, which is an error; 0: it may take
 * as long as it likes. */
MUST_CHECK bool proc_listen(const struct proc_spec *spec, struct buf *out, struct buf *said, int stall_s, int *code, struct err *e);
/* Whether a program of this name is on the PATH. */
bool proc_exists(const char *name);

#endif
