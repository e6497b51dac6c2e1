/* SPDX-License-Identifier: Apache-2.0
 *
 * What a process in a sandbox or a container may do at most: the capabilities and the refused system calls, as data. sandbox/ turns them
 * into capset(2) and BPF, container/ into members of the OCI configuration, so both say the same. */
#ifndef CROZE_SANDBOX_POLICY_H
#define CROZE_SANDBOX_POLICY_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct policy_cap {
    unsigned number;   /* capabilities(7) */
    const char *name;  /* "CAP_CHOWN" */
};
/* docker's fourteen default capabilities: the bounding set, and the permitted and effective sets of uid 0. */
extern const struct policy_cap policy_caps[];
extern const size_t policy_n_caps;

/* A system call that is answered by errnum; with arg >= 0 only if (argument & mask) == value. Everything else is allowed. */
struct policy_call {
    const char *name;
    int errnum;
    int arg;
    uint64_t mask, value;
};
extern const struct policy_call policy_calls[];
extern const size_t policy_n_calls;

/* Paths in a container's /proc and /sys that docker hides, and those it makes read-only. NULL ends each list. */
extern const char *const policy_masked_paths[];
extern const char *const policy_readonly_paths[];

/* policy_calls as a filter for seccomp(2). Made once a process and kept; thread-safe. */
MUST_CHECK bool seccomp_program(struct sock_fprog *out, struct err *e);

#endif
