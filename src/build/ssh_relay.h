/* SPDX-License-Identifier: Apache-2.0
 *
 * A socket that stands before an ssh agent: what a RUN reaches instead of the agent itself. It has the owner and mode that its mount asks
 * for, wherever the agent's own socket lies and whoever may open that; and it lets two requests through, to list keys and to sign with one
 * (draft-ietf-sshm-ssh-agent, 3.5 and 3.6). All others (add or remove keys, lock the agent, extensions) are answered by a failure, as
 * BuildKit does. */
#ifndef CROZE_BUILD_SSH_RELAY_H
#define CROZE_BUILD_SSH_RELAY_H

#include <sys/types.h>

#include "base/err.h"

/* Where a socket is: a name in an open directory, since its path may be longer than a socket's address takes. */
struct socket_place {
    int dir_fd;
    const char *name;
};
/* A stream socket connected to it; -1 and errno. */
int socket_connect_at(struct socket_place at);

struct ssh_relay;
/* Makes the socket and a thread that serves it; `agent` must stay valid until ssh_relay_free. NULL with an error. */
MUST_CHECK struct ssh_relay *ssh_relay_new(struct socket_place at, uid_t uid, gid_t gid, mode_t mode, struct socket_place agent,
                                           struct err *e);
void ssh_relay_free(struct ssh_relay *r); /* NULL is fine */

#endif
