/* SPDX-License-Identifier: Apache-2.0
 * What bounds a container by its cgroups: those above its first process that bear its id. Files are of version 2 or 1 of cgroups, whichever
 * has the controller. */
#include "base/limits.h"
#include "check/host_bundle.h"

/* Whether a path of cgroups has a component of that id: "/default/ID", "/machine.slice/libpod-ID.scope/container". A short id is one whole
 * component, since it may be part of another's. */
bool host_bears_id(struct str path, struct str id) {
    enum { LONG = 12 };
    size_t at = 0;
    ptrdiff_t next = id.n ? str_find(path, id) : -1;
    while (next >= 0) {
        size_t begin = at + (size_t)next, end = begin + id.n;
        char before = begin ? path.p[begin - 1] : '/', behind = end < path.n ? path.p[end] : '/';
        if ((before == '/' || (id.n >= LONG && (before == '-' || before == ':'))) && (behind == '/' || behind == '.' || behind == '\n'))
            return true;
        at = begin + 1;
        next = str_find(str_from(path, at), id);
    }
    return false;
}

/* Where the controller's files of a process lie; false: that is not known, or outside of what we see. "4:cpu,cpuacct:/x", "0::/x". */
static bool find_cgroup(struct str text, const char *controller, struct str *base, struct str *path) {
    struct str line, number, names, name;
    bool unified = false;
    while (str_next(&text, '\n', &line)) {
        (void)str_cut(line, ':', &number, &line);
        (void)str_cut(line, ':', &names, &line);
        if (str_eqz(number, "0") && names.n == 0) {
            *path = line;
            unified = true;
        }
        while (str_next(&names, ',', &name))
            if (str_eqz(name, controller)) {
                *path = line;
                *base = name;
                return str_find(line, S("/..")) < 0;
            }
    }
    *base = STR_NULL;
    return unified && str_find(*path, S("/..")) < 0;
}

/* "max", "max 100000", "-1" and version 1's largest number are none. */
static enum host_limit limit_in(struct str text) {
    struct str word, rest;
    uint64_t n;
    (void)str_cut(str_trim(text), ' ', &word, &rest);
    if (str_eqz(word, "max") || str_eqz(word, "-1"))
        return HOST_LIMIT_NONE;
    if (!str_to_u64(word, 10, UINT64_MAX, &n))
        return HOST_LIMIT_UNKNOWN;
    return n >= UINT64_C(1) << 62 ? HOST_LIMIT_NONE : HOST_LIMIT_SET;
}

/* A cgroup that has no such file has not the controller, and bounds nothing by it. */
static enum host_limit limit_of(struct host_check *c, struct str dir, const char *name) {
    struct str value;
    struct host_file f;
    const char *why;
    enum host_read got =
        c->source->read(c->source->ctx, arena_printf(c->arena, "%.*s/%s", STR_ARG(dir), name).p, 128, c->arena, &value, &why);
    if (got == HOST_READ)
        return limit_in(value);
    bool is_there = got == HOST_ABSENT && c->source->stat(c->source->ctx, arena_strz(c->arena, dir), &f, &why) == HOST_READ;
    return is_there ? HOST_LIMIT_NONE : HOST_LIMIT_UNKNOWN;
}

enum host_limit host_limit(struct host_check *c, const struct host_container *k, const char *controller, const char *file,
                           const char *old_file) {
    struct str text, base, path;
    enum host_limit found = HOST_LIMIT_UNKNOWN;
    if (!k->is_shown || !host_proc(c, host_first_pid(c, k), "cgroup", &text) || !find_cgroup(text, controller, &base, &path))
        return HOST_LIMIT_UNKNOWN;
    if (!host_bears_id(path, k->id))
        return k->has_own_cgroup ? HOST_LIMIT_UNKNOWN : HOST_LIMIT_NONE; /* what is not in a cgroup of its own has no limits of its own */
    while (host_bears_id(path, k->id)) {
        struct str dir = arena_printf(c->arena, "/sys/fs/cgroup%s%.*s%.*s", base.n ? "/" : "", STR_ARG(base), STR_ARG(path));
        enum host_limit one = limit_of(c, dir, base.n ? old_file : file);
        found = one > found ? one : found;
        path = path_dir(path);
    }
    return found;
}
