/* SPDX-License-Identifier: Apache-2.0
 * Stacked tocs looked at as one root (view.h), by overlay's rules: the topmost layer that has a name owns it; a whiteout, an opaque
 * directory above it, or something that is no directory in its way hides all that lies in the layers below. Resolving symlinks is
 * resolve.c. */
#include "layer/view.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "layer/names.h"
#include "layer/read.h"
#include "layer/view_private.h"

/* --- Opening --- */

/* Makes a layer's toc from its blob: layer_make_toc, or layer_make_tree. */
typedef bool (*make_toc)(struct store *s, struct layer *l, struct err *e);

/* The toc of one layer, made if the store has none. */
static struct toc *open_toc(struct store *s, struct layer *l, make_toc make, struct err *e) {
    struct toc *t = digest_is_zero(&l->diff_id) ? NULL : toc_open(s, &l->diff_id, e);
    if (t || (e->kind != ERR_NONE && e->sys != ENOENT && e->sys != 0))
        return t;
    if (e->kind != ERR_NONE && e->sys == 0) /* damaged: it says nothing that the layer does not say */
        log_warn("%s", e->msg);
    err_clear(e);
    return make(s, l, e) ? toc_open(s, &l->diff_id, e) : NULL;
}

static bool open_all(struct view *v, struct store *s, const struct layer *layers, size_t n, make_toc make, struct err *e) {
    *v = (struct view){.store = s};
    if (n > LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "the image has %zu layers; overlay takes at most %d", n, LIMIT_IMAGE_LAYERS);
    v->layers = mem_zalloc(n ? n : 1, sizeof *v->layers);
    v->tocs = mem_zalloc(n ? n : 1, sizeof *v->tocs);
    for (size_t i = 0; i < n; i++) {
        v->layers[i] = layers[i];
        v->tocs[i] = open_toc(s, &v->layers[i], make, e);
        if (!v->tocs[i]) {
            view_close(v);
            return false;
        }
        v->n++;
    }
    return true;
}

bool view_open(struct view *v, struct store *s, const struct layer *layers, size_t n, struct err *e) {
    return open_all(v, s, layers, n, layer_make_toc, e);
}

bool view_open_with_trees(struct view *v, struct store *s, const struct layer *layers, size_t n, struct err *e) {
    return open_all(v, s, layers, n, layer_make_tree, e);
}

void view_close(struct view *v) {
    for (size_t i = 0; i < v->n; i++)
        toc_free(v->tocs[i]);
    free(v->tocs);
    free(v->layers);
    *v = (struct view){0};
}

/* --- Finding --- */

static enum entry_type type_of(const struct toc *t, size_t i) {
    struct entry en;
    toc_entry(t, i, NULL, &en);
    return en.type;
}

/* Whether anything of the layer lies at or below `path`. */
static bool touches(const struct toc *t, struct str path) {
    size_t i = toc_lower_bound(t, path);
    if (i == toc_count(t))
        return false;
    struct entry en;
    toc_entry(t, i, NULL, &en);
    return str_eq(en.path, path) || path_below(en.path, path);
}

/* A directory that the layer has only as part of other names. */
static bool implies(const struct toc *t, struct str path) {
    struct entry en;
    size_t i = toc_lower_bound(t, path);
    if (!toc_leans(t) || i == toc_count(t))
        return false;
    toc_entry(t, i, NULL, &en);
    if (str_eq(en.path, path)) /* an opaque mark alone makes a directory too, a whiteout alone does not */
        return en.type == ENTRY_OPAQUE;
    return path_below(en.path, path);
}

/* Whether the layer hides what the layers below it have at `path`. */
static bool hides(const struct toc *t, struct str path) {
    size_t at;
    if (path.n > 0 && toc_is_opaque(t, S("")))
        return true;
    for (size_t end = 0; end < path.n;) {
        ptrdiff_t slash = str_index(str_from(path, end + (end > 0)), '/');
        end = slash < 0 ? path.n : end + (end > 0) + (size_t)slash;
        struct str part = str_first(path, end);
        if (!touches(t, part))
            return false;
        if (toc_has_whiteout(t, part))
            return true;
        if (end < path.n && (toc_is_opaque(t, part) || (toc_find(t, part, &at) && type_of(t, at) != ENTRY_DIR)))
            return true;
    }
    return false;
}

bool view_place(const struct view *v, size_t below, struct str path, struct view_place *p) {
    bool implied = false;
    for (size_t i = below; i-- > 0;) {
        const struct toc *t = v->tocs[i];
        size_t at;
        if (toc_find(t, path, &at)) {
            if (implied && type_of(t, at) != ENTRY_DIR)
                break; /* the implied directory replaces it */
            *p = (struct view_place){.layer = i, .index = at};
            return true;
        }
        if (!implied && implies(t, path)) {
            implied = true;
            *p = (struct view_place){.layer = i, .implied = true};
        }
        if (i > 0 && (hides(t, path) || toc_is_opaque(t, path)))
            break;
    }
    return implied;
}

/* Follows a hard link to the file that it names: in its own layer, else below. Each step goes down, so it ends. */
static bool follow_hardlink(const struct view *v, struct view_place *p, struct entry *en) {
    while (en->type == ENTRY_HARDLINK) {
        size_t own;
        if (toc_find(v->tocs[p->layer], en->link, &own) && type_of(v->tocs[p->layer], own) != ENTRY_HARDLINK)
            p->index = own;
        else if (!view_place(v, p->layer, en->link, p) || p->implied)
            return false;
        toc_entry(v->tocs[p->layer], p->index, NULL, en);
    }
    return true;
}

bool view_inode(const struct view *v, struct view_place *p) {
    struct entry en;
    toc_entry(v->tocs[p->layer], p->index, NULL, &en);
    return follow_hardlink(v, p, &en) && en.type != ENTRY_DIR;
}

bool view_lookup(const struct view *v, struct str path, struct arena *a, struct view_node *out) {
    struct view_place p;
    *out = (struct view_node){.entry = {.path = path, .type = ENTRY_DIR, .mode = 0755}};
    if (!view_place(v, v->n, path, &p))
        return path.n == 0;
    out->layer = p.layer;
    if (p.implied)
        return true;
    toc_entry(v->tocs[p.layer], p.index, a, &out->entry);
    if (out->entry.type == ENTRY_HARDLINK) {
        if (!view_inode(v, &p))
            return false;
        toc_entry(v->tocs[p.layer], p.index, a, &out->entry);
        out->entry.path = path;
    }
    out->bytes_layer = p.layer;
    out->bytes_index = p.index;
    out->has_digest = out->entry.type == ENTRY_FILE && toc_digest(v->tocs[p.layer], p.index, &out->digest);
    return true;
}

/* --- Listing --- */

struct name_set {
    struct map seen; /* name -> &shown or &gone, from the topmost layer that says something of it */
    VEC(struct str) shown;
};
static const char shown, gone;

static void say(struct name_set *set, struct str name, const char *what) {
    if (map_get(&set->seen, name))
        return;
    map_put(&set->seen, name, (void *)(uintptr_t)what);
    if (what == &shown)
        vec_push(&set->shown, name);
}

/* The name in `dir` that entry i of the layer is or lies below. False behind the directory's end. */
static bool child_of(const struct toc *t, size_t i, struct str dir, struct entry *en, struct str *child) {
    if (i == toc_count(t))
        return false;
    toc_entry(t, i, NULL, en);
    if (!str_eq(en->path, dir) && !path_below(en->path, dir))
        return false;
    size_t from = dir.n ? dir.n + 1 : 0;
    *child = str_from(en->path, from > en->path.n ? en->path.n : from);
    ptrdiff_t slash = str_index(*child, '/');
    if (slash >= 0)
        *child = str_first(*child, (size_t)slash);
    return true;
}

/* Children of one layer. What lies below a child is jumped over: "child\0" is the first name that can come behind it. */
static void list_in(const struct toc *t, struct str dir, struct name_set *set) {
    char next[LIMIT_PATH_BYTES + 2];
    struct entry en;
    struct str child;
    for (size_t i = toc_lower_bound(t, dir); child_of(t, i, dir, &en, &child);) {
        if (child.n == 0) { /* the directory itself, or its mark */
            i++;
            continue;
        }
        size_t n = (size_t)(child.p - en.path.p) + child.n;
        bool whiteout = en.type == ENTRY_WHITEOUT && en.path.n == n;
        say(set, child, whiteout ? &gone : &shown);
        memcpy(next, en.path.p, n);
        next[n] = '\0';
        i = whiteout ? i + 1 : toc_lower_bound(t, str_n(next, n + 1));
    }
}

static int by_name(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool view_list(const struct view *v, struct str dir, struct arena *a, struct str **names, size_t *n, struct err *e) {
    struct view_node node;
    if (!view_lookup(v, dir, a, &node))
        return err_set(e, ERR_FAILED, "%s does not exist in the image", SHOWN(dir));
    if (node.entry.type != ENTRY_DIR)
        return err_set(e, ERR_FAILED, "%s is not a directory in the image", SHOWN(dir));
    struct name_set set = {0};
    for (size_t i = v->n; i-- > 0;) {
        size_t at;
        const struct toc *t = v->tocs[i];
        if (toc_find(t, dir, &at) && type_of(t, at) != ENTRY_DIR)
            break; /* an implied directory of a higher layer replaced it */
        list_in(t, dir, &set);
        if (i > 0 && (hides(t, dir) || toc_is_opaque(t, dir)))
            break;
    }
    if (set.shown.n > 1)
        qsort(set.shown.p, set.shown.n, sizeof *set.shown.p, by_name);
    *names = arena_array(a, struct str, set.shown.n);
    *n = set.shown.n;
    for (size_t i = 0; i < set.shown.n; i++)
        (*names)[i] = arena_str(a, set.shown.p[i]);
    map_fini(&set.seen);
    vec_fini(&set.shown);
    return true;
}
