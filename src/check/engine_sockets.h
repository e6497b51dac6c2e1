/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets by which containers are started. Private to check/. */
#ifndef CROZE_CHECK_ENGINE_SOCKETS_H
#define CROZE_CHECK_ENGINE_SOCKETS_H

#include "base/str.h"

/* Whether a path ends with the name of one: they are called alike wherever they lie (/run/user/1000/docker.sock). */
bool is_engine_socket(struct str path);
/* Whether it is a directory above those that lie where they do by default. */
bool holds_engine_sockets(struct str path);
/* /var/run is a link to /run. */
struct str below_run(struct str path);

#endif
