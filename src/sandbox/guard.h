/* SPDX-License-Identifier: Apache-2.0
 *
 * What kills a sandbox when this program is killed. The kernel's own way, PDEATHSIG, forgets a process that changes its user (su, sudo,
 * gosu as the first process of a RUN), which would then run on for ever. So a guard waits in a session of its own, where a signal to our
 * process group does not reach it, for the end of a pipe that only this process holds. For sandbox/, and for what else build/ starts and
 * must not leave behind. */
#ifndef CROZE_SANDBOX_GUARD_H
#define CROZE_SANDBOX_GUARD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* clone3 with all signals blocked (no handler of this program shall run in the child; there they stay blocked). As fork: the pid, 0 in the
 * child, which may only make system calls, or -1 and errno. *pidfd, unless NULL, is to be closed. */
pid_t clone_quietly(uint64_t flags, int *pidfd);

struct guard {
    int lifeline;
    pid_t pid;
};
#define GUARD_INIT {-1, -1}

/* Until guard_stop, the end of this process by whatever means kills the one that pidfd refers to. */
MUST_CHECK bool guard_start(struct guard *g, int pidfd, struct err *e);
void guard_stop(struct guard *g); /* also one that was not started */

#endif
