/* SPDX-License-Identifier: Apache-2.0
 * What the sources of COPY have in common (copy_source.h): paths, the choice of xattrs, the error for files that change, and the
 * source that here-documents are. */
#include "layer/copy_source.h"

#include <errno.h>

#include "base/mem.h"
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

/* --- here-documents --- */

enum { TEXT_MODE = 0644 };

struct texts {
    struct source base;
    const struct str *names, *bodies;
    size_t n;
    int64_t now_s;
};

static enum look texts_look(struct source_dir *d, struct str name, struct arena *a, struct source_node *out, struct err *e) {
    (void)a, (void)e;
    struct texts *t = (struct texts *)d->source;
    for (size_t i = t->n; i-- > 0;) { /* of two with one name the later wins */
        if (!str_eq(t->names[i], name))
            continue;
        *out = (struct source_node){.private = &t->bodies[i]};
        out->entry = (struct entry){.type = ENTRY_FILE, .mode = TEXT_MODE, .mtime_s = t->now_s, .size = t->bodies[i].n};
        return LOOK_THERE;
    }
    return LOOK_ABSENT;
}

static bool texts_content(struct source_dir *d, struct str name, const struct source_node *node, bool digest, struct content *out,
                          struct err *e) {
    (void)d, (void)name, (void)e;
    *out = (struct content){.kind = CONTENT_BYTES, .bytes = *(const struct str *)node->private, .has_digest = digest};
    if (digest)
        out->digest = sha256_of(out->bytes.p, out->bytes.n);
    return true;
}

static void texts_free(struct source *s) {
    free(s);
}

struct source *source_texts(const struct str *names, const struct str *bodies, size_t n, int64_t now_s) {
    /* nothing lists them: operands name each */
    static const struct source_ops ops = {.look = texts_look, .content = texts_content, .free = texts_free};
    struct texts *t = mem_zalloc(1, sizeof *t);
    *t = (struct texts){.base = {.ops = &ops}, .names = names, .bodies = bodies, .n = n, .now_s = now_s};
    return &t->base;
}
