/* SPDX-License-Identifier: Apache-2.0
 *
 * The /etc/hosts of a RUN: the host's own, the name of the sandbox, and the hosts that --add-host gives. */
#ifndef CROZE_BUILD_RUN_HOSTS_H
#define CROZE_BUILD_RUN_HOSTS_H

#include "base/arena.h"
#include "build/run_options.h"

/* The name of the sandbox: what was asked for, else BuildKit's, so that what a program writes of it stays the same. */
struct str run_hostname(const struct run_options *o);

/* The whole text. `own` is the host's file; given hosts stand in front of it, so that they win where a name is in both. */
struct str run_hosts_text(struct arena *a, const struct run_options *o, struct str own);
/* The address that "host-gateway" stands for: the one that this host sends from on its default route, or 127.0.0.1 where it has none. The
 * network of a RUN is the host's, so whatever the host serves is reached there. */
struct str run_host_gateway(struct arena *a);

#endif
