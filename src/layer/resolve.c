/* SPDX-License-Identifier: Apache-2.0
 * Symlinks of a view (view.h), resolved as the kernel does below a chroot: each part in turn, ".." stops at the root, at most
 * LIMIT_SYMLINKS links. And the small files that are read through them. */

#include "base/limits.h"
#include "base/mem.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/spool.h"
#include "layer/view_private.h"

/* --- Resolving --- */

struct walk {
    const struct view *v;
    struct arena *a;
    struct buf at;          /* resolved so far: clean, relative */
    struct str rest;        /* still to go */
    bool missing;           /* `at` is not there: what follows is kept as text */
    int links;
};

static void go_up(struct walk *w) {
    w->at.n = path_dir(buf_str(&w->at)).n;
}

/* Replaces the part that was just entered by the link's target. */
static bool follow(struct walk *w, struct str target, struct str path, struct err *e) {
    if (++w->links > LIMIT_SYMLINKS)
        return err_set(e, ERR_FAILED, "%s: more than %d symbolic links in one path of the image (a loop?)", SHOWN(path), LIMIT_SYMLINKS);
    go_up(w);
    if (target.n > 0 && target.p[0] == '/')
        w->at.n = 0;
    w->rest = w->rest.n ? arena_join3(w->a, target, S("/"), w->rest) : arena_str(w->a, target);
    return true;
}

static bool enter(struct walk *w, struct str part, enum view_follow last, struct str path, struct err *e) {
    if (w->at.n + 1 + part.n > LIMIT_PATH_BYTES || part.n > LIMIT_NAME_BYTES)
        return err_set(e, ERR_FAILED, "%s: longer than the %d bytes that Linux allows", SHOWN(path), LIMIT_PATH_BYTES);
    if (w->at.n > 0)
        buf_add_char(&w->at, '/');
    buf_add_str(&w->at, part);
    struct view_node node;
    w->missing = w->missing || !view_lookup(w->v, buf_str(&w->at), NULL, &node);
    bool is_last = w->rest.n == 0;
    if (w->missing || node.entry.type == ENTRY_DIR)
        return true;
    if (node.entry.type == ENTRY_SYMLINK)
        return (is_last && last == VIEW_NOFOLLOW_LAST) || follow(w, node.entry.link, path, e);
    return is_last || err_set(e, ERR_FAILED, "%s: %s is not a directory in the image", SHOWN(path), SHOWN(buf_str(&w->at)));
}

/* Takes the next part and the slashes around it off the rest. False at the end. */
static bool next_part(struct walk *w, struct str *part) {
    while (w->rest.n > 0 && w->rest.p[0] == '/')
        w->rest = str_from(w->rest, 1);
    if (w->rest.n == 0)
        return false;
    str_cut(w->rest, '/', part, &w->rest);
    while (w->rest.n > 0 && w->rest.p[0] == '/')
        w->rest = str_from(w->rest, 1);
    return true;
}

bool view_resolve(const struct view *v, struct str path, enum view_follow last, struct arena *a, struct str *resolved, bool *exists,
                  struct err *e) {
    struct walk w = {.v = v, .a = a, .at = BUF_INIT(LIMIT_PATH_BYTES + 1), .rest = path};
    struct str part;
    bool ok = path.n <= LIMIT_EXPANDED_WORD_BYTES || err_set(e, ERR_FAILED, "%s: a path of %zu bytes", SHOWN(path), path.n);
    while (ok && next_part(&w, &part)) {
        if (str_eq(part, S("."))) {
            continue;
        } else if (str_eq(part, S(".."))) {
            go_up(&w);
            struct view_node node;
            w.missing = w.missing && !view_lookup(v, buf_str(&w.at), NULL, &node);
        } else {
            ok = enter(&w, part, last, path, e);
        }
    }
    if (ok) {
        *resolved = arena_str(a, buf_str(&w.at));
        *exists = !w.missing;
    }
    buf_fini(&w.at);
    return ok;
}

/* --- Reading small files --- */

/* Looks in a layer's blob for the file with this digest: for those few that are wanted and were not kept in the toc. */
struct search {
    uint64_t size;
    struct digest digest;
    struct buf bytes;
    bool found;
};

static bool take_if_wanted(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct search *s = ctx;
    struct digest d;
    if (en->type != ENTRY_FILE || en->size != s->size || s->found)
        return true;
    buf_reset(&s->bytes);
    if (!spool_hash(c, &d, &s->bytes, e))
        return false;
    s->found = digest_eq(&d, &s->digest);
    return true;
}

static bool read_from_blob(const struct view *v, const struct view_place *p, uint64_t size, struct arena *a, struct str *bytes,
                           struct err *e) {
    struct search s = {.size = size, .bytes = BUF_INIT(LIMIT_PASSWD_BYTES)};
    struct layer l = v->layers[p->layer];
    bool ok = toc_digest(v->tocs[p->layer], p->index, &s.digest) ||
              err_set(e, ERR_FAILED, "the layer's table of contents lacks its digest");
    ok = ok && layer_read(v->store, &l, (struct entry_sink){take_if_wanted, &s}, e) &&
         (s.found || err_set(e, ERR_FAILED, "the layer does not hold what its table of contents says"));
    if (ok)
        *bytes = arena_str(a, buf_str(&s.bytes));
    buf_fini(&s.bytes);
    return ok;
}

bool view_read(const struct view *v, struct str path, struct arena *a, struct str *bytes, bool *found, struct err *e) {
    struct str resolved;
    struct view_place p;
    struct entry en;
    *found = false;
    if (!view_resolve(v, path, VIEW_FOLLOW_LAST, a, &resolved, found, e))
        return false;
    if (!*found)
        return true;
    *found = view_place(v, v->n, resolved, &p) && !p.implied && view_inode(v, &p);
    if (!*found)
        return true;
    toc_entry(v->tocs[p.layer], p.index, NULL, &en);
    *found = en.type == ENTRY_FILE;
    if (!*found)
        return true;
    if (en.size > LIMIT_PASSWD_BYTES)
        return err_set(e, ERR_FAILED, "%s in the image has %llu bytes; the limit is %zu", SHOWN(path), (unsigned long long)en.size,
                       LIMIT_PASSWD_BYTES);
    *bytes = S("");
    if (en.size == 0 || toc_kept(v->tocs[p.layer], p.index, bytes))
        return true;
    return read_from_blob(v, &p, en.size, a, bytes, e) || err_wrap(e, "%s in the image", SHOWN(path));
}
