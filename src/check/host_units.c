/* SPDX-License-Identifier: Apache-2.0
 * Units of systemd: a file in the first of its directories that has it, and what is dropped in beside it in any of them. Of two drop-ins
 * of one name that of the first directory counts; they are read in the order of their names. */
#include <stdlib.h>

#include "base/limits.h"
#include "check/host_rules.h"

static const char *const dirs[] = {"/etc/systemd/system", "/run/systemd/system",     "/usr/local/lib/systemd/system",
                                   "/lib/systemd/system", "/usr/lib/systemd/system", NULL};

struct str host_unit_path(struct host_check *c, const char *unit) {
    struct host_file f;
    const char *why;
    for (size_t k = 0; dirs[k]; k++) {
        struct str path = arena_printf(c->arena, "%s/%s", dirs[k], unit);
        if (c->source->stat(c->source->ctx, path.p, &f, &why) != HOST_ABSENT)
            return path;
    }
    return STR_NULL;
}

/* --- Drop-ins ------------------------------------------------------------------------------------------------------------------------ */

struct drop {
    struct str path, name;
    size_t dir;
};

static int by_name(const void *a, const void *b) {
    const struct drop *x = a, *y = b;
    int order = str_cmp(x->name, y->name);
    return order ? order : x->dir < y->dir ? -1 : x->dir > y->dir;
}

struct host_names host_unit_drops(struct host_check *c, const char *unit, struct str *denied) {
    VEC(struct drop) found = {0};
    struct host_names out = {0};
    *denied = STR_NULL;
    for (size_t d = 0; dirs[d]; d++) {
        struct host_names names = {0};
        const char *why = "";
        struct str dir = arena_printf(c->arena, "%s/%s.d", dirs[d], unit);
        if (c->source->list(c->source->ctx, dir.p, c->arena, &names, &why) == HOST_DENIED)
            *denied = arena_printf(c->arena, "%.*s cannot be listed: %s", STR_ARG(dir), why);
        if (names.n > LIMIT_HOST_NAMES)
            *denied = arena_printf(c->arena, "%.*s has more than %d files", STR_ARG(dir), LIMIT_HOST_NAMES);
        for (size_t k = 0; k < names.n && k < LIMIT_HOST_NAMES; k++)
            if (str_ends(names.p[k], S(".conf"))) {
                struct drop drop = {arena_join3(c->arena, dir, S("/"), names.p[k]), names.p[k], d};
                vec_push(&found, drop);
            }
    }
    if (found.n)
        qsort(found.p, found.n, sizeof *found.p, by_name);
    out.p = arena_array(c->arena, struct str, found.n);
    for (size_t k = 0; k < found.n; k++)
        if (k == 0 || !str_eq(found.p[k].name, found.p[k - 1].name))
            out.p[out.n++] = found.p[k].path;
    vec_fini(&found);
    return out;
}

/* --- Where a socket unit listens ----------------------------------------------------------------------------------------------------- */

/* "ListenStream=" takes back what was said before. */
static void take_text(struct str text, struct host_names *streams, size_t room) {
    struct str line, key, value;
    bool here = false;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, S("[")))
            here = str_eqz(line, "[Socket]");
        if (!here || !str_cut(line, '=', &key, &value) || !str_eqz(str_trim(key), "ListenStream"))
            continue;
        value = str_trim(value);
        if (value.n == 0)
            streams->n = 0;
        else if (streams->n < room)
            streams->p[streams->n++] = value;
    }
}

static bool take_file(struct host_check *c, struct str path, struct host_names *streams, size_t room, struct str *why) {
    struct str text;
    const char *reason = "";
    if (c->source->read(c->source->ctx, arena_strz(c->arena, path), LIMIT_HOST_FILE_BYTES, c->arena, &text, &reason) != HOST_READ) {
        *why = arena_printf(c->arena, "%.*s: %s", STR_ARG(path), reason);
        return false;
    }
    take_text(text, streams, room);
    return true;
}

bool host_unit_listens(struct host_check *c, const char *unit, struct host_names *streams, struct str *why) {
    enum { STREAMS = 100 };
    struct str path = host_unit_path(c, unit);
    struct host_names drops = host_unit_drops(c, unit, why);
    *streams = (struct host_names){arena_array(c->arena, struct str, STREAMS), 0};
    if (path.n == 0)
        *why = arena_printf(c->arena, "systemd has no %s here", unit);
    if (why->n || !take_file(c, path, streams, STREAMS, why))
        return false;
    for (size_t k = 0; k < drops.n; k++)
        if (!take_file(c, drops.p[k], streams, STREAMS, why))
            return false;
    return true;
}
