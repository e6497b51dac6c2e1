/* SPDX-License-Identifier: Apache-2.0
 * A container's first process by /proc: what it is, where the engine only says what it was to be. */
#include "base/limits.h"
#include "check/host_rules.h"

bool host_proc(struct host_check *c, struct str pid, const char *name, struct str *out) {
    const char *why;
    struct str path = arena_printf(c->arena, "/proc/%.*s/%s", STR_ARG(pid), name);
    return c->source->read(c->source->ctx, path.p, LIMIT_HOST_FILE_BYTES, c->arena, out, &why) == HOST_READ;
}

struct str host_first_pid(struct host_check *c, const struct host_container *k) {
    int64_t pid = json_get_int(k->state, "Pid", 0);
    if (k->runtime)
        return k->pid;
    return pid > 1 ? arena_printf(c->arena, "%lld", (long long)pid) : STR_NULL;
}

bool host_is_shown(struct host_check *c, const struct host_container *k) {
    struct str cgroup, pid = k->runs && k->unread.n == 0 ? host_first_pid(c, k) : STR_NULL;
    return k->id.n >= 12 && pid.n && host_proc(c, pid, "cgroup", &cgroup) && host_bears_id(cgroup, k->id);
}

bool host_status_of(struct host_check *c, struct str pid, const char *field, struct str *value) {
    struct str text, line, name;
    if (!host_proc(c, pid, "status", &text))
        return false;
    while (str_next(&text, '\n', &line))
        if (str_cut(line, ':', &name, value) && str_eqz(name, field)) {
            *value = str_trim(*value);
            return true;
        }
    return false;
}

bool host_status(struct host_check *c, const struct host_container *k, const char *field, struct str *value) {
    return k->is_shown && host_status_of(c, host_first_pid(c, k), field, value);
}
