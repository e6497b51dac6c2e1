/* SPDX-License-Identifier: Apache-2.0
 * Whether a container sees an entry: what layer/view.h says of one name, for all names of a layer in their order. What other layers make of
 * a directory is asked once for all that lies in it, so neither deep directories nor many layers are gone through for each file. */
#include "check/image_rules.h"

#include <stdlib.h>

#include "base/mem.h"
#include "layer/names.h"

/* Whether a layer has anything at or below a path. */
static bool touches(const struct toc *t, struct str path) {
    struct entry at;
    size_t i = toc_lower_bound(t, path);
    if (i == toc_count(t))
        return false;
    toc_entry(t, i, NULL, &at);
    return str_eq(at.path, path) || path_below(at.path, path);
}

/* Something that is no directory, or a mark that takes away what lower layers have there. */
static bool ends_lower(const struct toc *t, struct str dir) {
    struct entry at;
    size_t i;
    return toc_has_whiteout(t, dir) || toc_is_opaque(t, dir) ||
           (toc_find(t, dir, &i) && (toc_entry(t, i, NULL, &at), at.type != ENTRY_DIR));
}

/* Whether the layer hides all that lower ones have in the directory. */
static bool hides_directory(const struct toc *t, struct str dir) {
    if (toc_is_opaque(t, S("")))
        return true;
    for (size_t end = 0; end < dir.n;) {
        ptrdiff_t slash = str_index(str_from(dir, end + (end > 0)), '/');
        end = slash < 0 ? dir.n : end + (end > 0) + (size_t)slash;
        if (!touches(t, str_first(dir, end)))
            return false;
        if (ends_lower(t, str_first(dir, end)))
            return true;
    }
    return false;
}

static void look_at_directory(struct image_check *c, size_t layer, struct str dir) {
    struct image_directory *d = &c->directory;
    if (!d->layers)
        d->layers = mem_zalloc(c->view.n, sizeof *d->layers);
    d->known = true;
    d->layer = layer;
    d->hidden = false;
    d->n = 0;
    memcpy(d->path, dir.p, dir.n);
    d->path_n = dir.n;
    for (size_t k = c->view.n; k-- > 0;) {
        d->hidden = d->hidden || (k > layer && hides_directory(c->view.tocs[k], dir));
        if (k != layer && touches(c->view.tocs[k], dir))
            d->layers[d->n++] = k;
    }
}

const struct image_directory *image_directory_of(struct image_check *c, const struct image_entry *en) {
    struct image_directory *d = &c->directory;
    struct str dir = path_dir(en->entry->path);
    if (!d->known || d->layer != en->layer || !str_eq(dir, str_n(d->path, d->path_n)))
        look_at_directory(c, en->layer, dir);
    return d;
}

/* A directory is still seen where a higher layer has it only as a part of other names. */
static bool hides_entry(const struct toc *t, const struct entry *en) {
    size_t i;
    if (!touches(t, en->path))
        return false;
    return en->type != ENTRY_DIR || toc_find(t, en->path, &i) || toc_has_whiteout(t, en->path) || toc_is_opaque(t, en->path);
}

bool image_shows(struct image_check *c, const struct image_entry *en) {
    const struct image_directory *d = image_directory_of(c, en);
    size_t i;
    if (d->hidden || !toc_find(c->view.tocs[en->layer], en->entry->path, &i))
        return false;
    for (size_t k = 0; k < d->n && d->layers[k] > en->layer; k++)
        if (hides_entry(c->view.tocs[d->layers[k]], en->entry))
            return false;
    return true;
}
