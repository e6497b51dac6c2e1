/* SPDX-License-Identifier: Apache-2.0
 * Where engines' sockets lie: see engine_sockets.h. */
#include "check/engine_sockets.h"

#include "check/words.h"

bool is_engine_socket(struct str path) {
    return word_in("docker.sock podman.sock containerd.sock crio.sock cri-dockerd.sock buildkitd.sock", path_base(path));
}

struct str below_run(struct str path) {
    bool is_link = str_eqz(path, "/var/run") || str_starts(path, S("/var/run/"));
    return is_link ? str_from(path, strlen("/var")) : path;
}

bool holds_engine_sockets(struct str path) {
    while (path.n > 1 && str_ends(path, S("/")))
        path.n--;
    return word_in("/ /run /run/containerd /run/crio /run/podman", below_run(path));
}
