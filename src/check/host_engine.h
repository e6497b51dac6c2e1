/* SPDX-License-Identifier: Apache-2.0
 *
 * The real host's parts. Private to check/. */
#ifndef CROZE_CHECK_HOST_ENGINE_H
#define CROZE_CHECK_HOST_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "check/host.h"

struct host_root {
    int fd;                       /* of its root */
    bool is_ours;
    int engine;                   /* O_PATH of the socket, or -1 */
    char socket[64];              /* by which it is connected to */
    atomic_size_t bytes;          /* that it has sent */
    atomic_bool stalled;          /* nothing more is asked */
    struct arena arena;
};

/* Looks for a socket that lets us in, and sets what host_source says of it. */
void host_engine_find(struct host_root *h, struct host_source *s);
void host_engine_ask(void *ctx, struct host_question *questions, size_t n);
/* A rule of the kernel, of n bytes with its texts, as a line in auditctl's words; those that watch no system calls are none. */
struct audit_rule_data;
void host_audit_rule(const struct audit_rule_data *rule, size_t n, struct buf *out);
bool host_audit_kernel(void *ctx, struct arena *a, struct str *rules);

#endif
