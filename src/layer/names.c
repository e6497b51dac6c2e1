/* SPDX-License-Identifier: Apache-2.0
 * Names from archives (names.h): cleaned lexically. A ".." is refused and not resolved, because behind a symlink its meaning is another
 * one than its text says; an absolute name is taken as relative to the layer's root, as tar and docker do. */
#include "layer/names.h"

#include "base/limits.h"
#include "base/mem.h"

bool path_below(struct str path, struct str dir) {
    if (dir.n == 0)
        return path.n > 0;
    return path.n > dir.n && path.p[dir.n] == '/' && memcmp(path.p, dir.p, dir.n) == 0;
}

static bool part_ok(struct str part, struct str raw, struct err *e) {
    if (str_eq(part, S("..")))
        return err_set(e, ERR_FAILED, "the name %s leaves the layer's root by \"..\"", SHOWN(raw));
    if (part.n > LIMIT_NAME_BYTES)
        return err_set(e, ERR_FAILED, "the name %s has a part of %zu bytes; file systems hold at most %d", SHOWN(raw), part.n,
                       LIMIT_NAME_BYTES);
    return memchr(part.p, '\0', part.n) == NULL || err_set(e, ERR_FAILED, "the name %s holds a NUL byte", SHOWN(raw));
}

bool name_clean(struct str raw, struct buf *out, struct err *e) {
    struct str rest = raw, part;
    size_t depth = 0;
    while (str_next(&rest, '/', &part)) {
        if (part.n == 0 || str_eq(part, S(".")))
            continue;
        if (!part_ok(part, raw, e))
            return false;
        if (++depth > LIMIT_PATH_DEPTH)
            return err_set(e, ERR_FAILED, "the name %s is more than %d directories deep", SHOWN(raw), LIMIT_PATH_DEPTH);
        if (out->n + 1 + part.n > LIMIT_PATH_BYTES)
            return err_set(e, ERR_FAILED, "the name %s is longer than the %d bytes that Linux allows (%zu)", SHOWN(raw),
                           LIMIT_PATH_BYTES, raw.n);
        if (out->n > 0)
            buf_add_char(out, '/');
        buf_add_str(out, part);
    }
    return true;
}

static const char wh[] = ".wh.", wh_meta[] = ".wh..wh.", wh_opaque[] = ".wh..wh..opq";

/* Directories above the last part: none may be called like a whiteout. */
static bool dirs_plain(struct str dir, bool *aufs, struct err *e) {
    struct str rest = dir, part;
    while (str_next(&rest, '/', &part)) {
        if (str_starts(part, str_z(wh_meta)))
            *aufs = true;
        else if (str_starts(part, str_z(wh)))
            return err_set(e, ERR_FAILED, "%s: names beginning with \".wh.\" are whiteouts; nothing can lie below one", SHOWN(dir));
    }
    return true;
}

/* Takes n bytes out of the name, at `at`. */
static void cut_out(struct buf *name, size_t at, size_t n) {
    memmove(name->p + at, name->p + at + n, name->n - at - n + 1); /* with the NUL */
    name->n -= n;
}

bool name_classify(struct buf *name, enum name_kind *kind, struct err *e) {
    struct str path = buf_str(name), dir = path_dir(path), base = path_base(path);
    bool aufs = false;
    *kind = NAME_PLAIN;
    if (!dirs_plain(dir, &aufs, e))
        return false;
    if (aufs) {
        *kind = NAME_AUFS;
    } else if (str_eqz(base, wh_opaque)) {
        *kind = NAME_OPAQUE;
        cut_out(name, dir.n, path.n - dir.n);
    } else if (str_starts(base, str_z(wh_meta))) {
        *kind = NAME_AUFS;
    } else if (str_starts(base, str_z(wh))) {
        *kind = NAME_WHITEOUT;
        struct str hidden = str_from(base, sizeof wh - 1);
        if (hidden.n == 0 || str_eq(hidden, S(".")) || str_eq(hidden, S("..")))
            return err_set(e, ERR_FAILED, "%s: this whiteout hides no name", SHOWN(path));
        cut_out(name, path.n - base.n, sizeof wh - 1);
    }
    return true;
}
