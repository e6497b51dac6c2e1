/* SPDX-License-Identifier: Apache-2.0
 *
 * What docker keeps on disk, for hosts whose engine cannot be asked. Private to check/. */
#ifndef CROZE_CHECK_HOST_DOCKER_DIR_H
#define CROZE_CHECK_HOST_DOCKER_DIR_H

#include "check/host_rules.h"

extern const struct host_shape host_container_shapes[], host_config_shapes[];

/* Containers by their config.v2.json and hostconfig.json. */
void host_docker_dir(struct host_check *c);

#endif
