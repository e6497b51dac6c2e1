/* SPDX-License-Identifier: Apache-2.0
 * What the sources of COPY have in common (copy_source.h): paths, the choice of xattrs, the error for files that change. */
#include "layer/copy_source.h"

#include <errno.h>

#include "layer/names.h"
#include "layer/upper.h"

struct str source_join(struct arena *a, struct str dir, struct str name) {
    return dir.n ? arena_join3(a, dir, S("/"), name) : arena_str(a, name);
}

struct str source_join_buf(struct buf *b, struct str dir, struct str name) {
    buf_reset(b);
    if (dir.n) {
        buf_add_str(b, dir);
        buf_add_char(b, '/');
    }
    buf_add_str(b, name);
    return buf_str(b);
}

void xattrs_choose(struct arena *a, const struct xattr *all, size_t n, struct entry *out) {
    out->xattrs = NULL;
    out->n_xattrs = 0;
    for (size_t i = 0; i < n; i++) {
        if (!upper_keeps_xattr(all[i].name))
            continue;
        if (!out->xattrs)
            out->xattrs = arena_array(a, struct xattr, n);
        out->xattrs[out->n_xattrs++] = all[i];
    }
}

bool source_changed(struct str path, struct err *e) {
    err_set(e, ERR_FAILED, "%s changed while it was read", SHOWN(path));
    e->sys = ESTALE;
    return false;
}

struct source *source_open(const struct copy_part *p, int64_t now_s) {
    const struct copy_source *from = &p->from;
    struct source *s = from->texts  ? source_texts(from->texts, from->n_texts, now_s)
                       : from->file ? source_file(from->file)
                       : from->view ? source_view(from->view)
                                    : source_context(from);
    s->keeps_owner = p->keeps_owner;
    s->git_modes = p->modes_git;
    return s;
}
