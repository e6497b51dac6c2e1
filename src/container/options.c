/* SPDX-License-Identifier: Apache-2.0
 * The texts of -v and -p (container.h). What croze does not carry out is refused by name, not ignored. */
#include "container/container.h"

static bool read_flags(struct str flags, const char *text, struct container_volume *out, struct err *e) {
    struct str flag;
    while (str_next(&flags, ',', &flag)) {
        if (str_eqz(flag, "ro"))
            out->read_only = true;
        else if (!str_eqz(flag, "rw") && !str_eqz(flag, "z") && !str_eqz(flag, "Z")) /* SELinux labels: nothing to do without SELinux */
            return err_set(e, ERR_USAGE, "-v %s: option %.*s is not supported (ro and rw are)", text, STR_ARG(flag));
    }
    return true;
}

bool container_parse_volume(struct arena *a, const char *text, struct container_volume *out, struct err *e) {
    struct str source, rest, target, flags;
    *out = (struct container_volume){0};
    if (!str_cut(str_z(text), ':', &source, &rest))
        return err_set(e, ERR_USAGE, "-v %s: anonymous volumes are not supported; give HOST-PATH:PATH", text);
    if (source.n == 0 || source.p[0] != '/')
        return err_set(e, ERR_USAGE, "-v %s: named volume %.*s: only absolute host paths are supported", text, STR_ARG(source));
    str_cut(rest, ':', &target, &flags);
    if (target.n == 0 || target.p[0] != '/')
        return err_set(e, ERR_USAGE, "-v %s: the path in the container is not absolute", text);
    out->source = arena_strz(a, source);
    out->target = arena_strz(a, target);
    return read_flags(flags, text, out, e);
}

bool container_check_port(const char *text, struct err *e) {
    struct str all = str_z(text), port, proto, host, inside;
    uint64_t number;
    str_cut(all, '/', &port, &proto);
    if (proto.n && !str_eqz(proto, "tcp") && !str_eqz(proto, "udp"))
        return err_set(e, ERR_USAGE, "-p %s: protocol %.*s is not supported", text, STR_ARG(proto));
    ptrdiff_t colon = str_rindex(port, ':');
    inside = str_from(port, (size_t)(colon + 1));
    host = colon < 0 ? inside : str_first(port, (size_t)colon);
    colon = str_rindex(host, ':');
    host = str_from(host, (size_t)(colon + 1));
    if (!str_to_u64(inside, 10, UINT16_MAX, &number) || number == 0)
        return err_set(e, ERR_USAGE, "-p %s: %.*s is no port (ranges are not supported)", text, STR_ARG(inside));
    if (!str_eq(host, inside))
        return err_set(e, ERR_USAGE, "-p %s: the container has the host's network, so its port %.*s cannot be another one outside", text,
                       STR_ARG(inside));
    return true;
}
