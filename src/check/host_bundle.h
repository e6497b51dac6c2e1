/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers of which no engine tells: by the bundles of OCI runtimes (config.json, runtime specification 1.0), and by what /proc says of
 * their first process, which counts before that. Private to check/. */
#ifndef CROZE_CHECK_HOST_BUNDLE_H
#define CROZE_CHECK_HOST_BUNDLE_H

#include "check/host_rules.h"

/* Adds those of containerd, podman, CRI-O and croze itself to c->containers. What could not be listed is in c->no_containers. */
void host_bundles(struct host_check *c);

/* Writes what a bundle's configuration and the process say of a container in the words of docker's API, so that rules see one language.
 * k->id, pid and is_shown are known. */
void host_oci(struct host_check *c, struct host_container *k, yyjson_val *spec);

/* Whether its cgroups limit something: `file` of version 2, `old_file` of version 1. */
enum host_limit { HOST_LIMIT_UNKNOWN, HOST_LIMIT_NONE, HOST_LIMIT_SET };
enum host_limit host_limit(struct host_check *c, const struct host_container *k, const char *controller, const char *file,
                           const char *old_file);

#endif
