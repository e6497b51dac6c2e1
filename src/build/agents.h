/* SPDX-License-Identifier: Apache-2.0
 *
 * The ssh agents that --ssh names: a socket of one that runs, or keys in files, for which one is started (ssh-agent, ssh-add) when a step
 * first needs it, and ended with the build; also when the build is killed. Thread-safe. */
#ifndef CROZE_BUILD_AGENTS_H
#define CROZE_BUILD_AGENTS_H

#include "build/run_options.h"
#include "build/ssh_relay.h"
#include "store/store.h"

struct agents;

/* Looks that everything is there; starts nothing. NULL with an error that names the flag. */
MUST_CHECK struct agents *agents_open(const struct run_options *o, struct store *s, struct err *e);
void agents_free(struct agents *a); /* NULL is fine */
/* The socket of the agent with this id, which stays valid until agents_free. *found false: --ssh gave none. */
MUST_CHECK bool agents_get(struct agents *a, struct str id, bool *found, struct socket_place *out, struct err *e);

#endif
