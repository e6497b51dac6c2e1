/* SPDX-License-Identifier: Apache-2.0
 * The ssh agent in a RUN (mount_kinds.h): a socket of the step's own, with a relay to the agent behind it. */
#include "build/mount_kinds.h"

#define SOCKET_NAME "socket"

bool mount_ssh_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, bool *is_mount, struct err *e) {
    struct mount_source *src = &m->sources[i];
    const struct step_mount *mount = src->mount;
    struct socket_place agent;
    bool found;
    *is_mount = false;
    if (!agents_get(m->stage->build->agents, mount->id, &found, &agent, e))
        return false;
    if (!found && mount->required)
        return err_set(e, ERR_FAILED, "ssh agent %.*s is required and was not given: --ssh %.*s", STR_ARG(mount->id), STR_ARG(mount->id));
    if (!found)
        return true;
    char *dir = mounts_fresh_dir(m, "ssh", i, e);
    _cleanup_fd_ int fd = dir ? file_open(dir, O_PATH | O_DIRECTORY, 0, e) : -1;
    if (fd < 0)
        return false;
    struct socket_place own = {fd, SOCKET_NAME};
    src->relay = ssh_relay_new(own, mount->uid, mount->gid, mount->mode & 0777, agent, e);
    *is_mount = src->relay != NULL;
    to->kind = SANDBOX_BIND;
    to->writable = true;
    to->source = arena_printf(&m->stage->arena, "%s/%s", dir, SOCKET_NAME).p;
    return *is_mount;
}
