/* SPDX-License-Identifier: Apache-2.0
 * Secrets of a RUN (mount_kinds.h): a file that the sandbox makes on a tmpfs of its own, a variable of the process, or both. */
#include "base/limits.h"
#include "build/mount_kinds.h"

bool mount_secret_prepare(struct run_mounts *m, size_t i, struct sandbox_mount *to, bool *is_mount, struct err *e) {
    const struct step_mount *mount = m->sources[i].mount;
    struct str value;
    *is_mount = false;
    if (!secrets_get(m->stage->build->secrets, mount->id, &value)) {
        if (!mount->required)
            return true;
        return err_set(e, ERR_FAILED, "secret %.*s is required and was not given: --secret id=%.*s,src=FILE (or env=NAME)",
                       STR_ARG(mount->id), STR_ARG(mount->id));
    }
    if (mount->env.n && str_index(value, '\0') >= 0)
        return err_set(e, ERR_FAILED, "secret %.*s holds a NUL byte and cannot be the variable %.*s", STR_ARG(mount->id),
                       STR_ARG(mount->env));
    if (mount->env.n) {
        struct secret_text variable = secret_variable(mount->env, value);
        if (!variable.p)
            return err_set(e, ERR_FAILED, "no memory for secret %.*s", STR_ARG(mount->id));
        m->sources[i].variable = variable;
    }
    *is_mount = mount->target.n > 0;
    to->kind = SANDBOX_FILE;
    to->bytes = value;
    to->mode = mount->mode & 0777;
    to->uid = mount->uid;
    to->gid = mount->gid;
    return true;
}
