/* SPDX-License-Identifier: Apache-2.0
 * Names of engines' sockets: see engine_sockets.h. */
#include "check/engine_sockets.h"

#include "check/words.h"

bool is_engine_socket(struct str path) {
    return word_in("docker.sock podman.sock containerd.sock crio.sock cri-dockerd.sock buildkitd.sock", path_base(path));
}
