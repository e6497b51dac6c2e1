/* SPDX-License-Identifier: Apache-2.0
 * An image in memory: made empty, layer by layer and line by line of history. Reading and writing it is manifest.c and config_json.c. */
#include "image/image.h"

#include <assert.h>

#include "base/limits.h"

void image_init(struct image *im) {
    memset(im, 0, sizeof *im);
}

void image_fini(struct image *im) {
    arena_fini(&im->arena);
    image_init(im);
}

/* Arena arrays grow by doubling: room for one more element of `size` bytes behind n. */
static void *with_room(struct arena *a, void *p, size_t n, size_t size) {
    if (n & (n - 1) || n == 1)
        return p; /* not a power of two: the last doubling left room (1 shares the first pair) */
    void *bigger = arena_alloc(a, n ? n * 2 : 2, size);
    if (n)
        memcpy(bigger, p, n * size);
    return bigger;
}

void image_add_layer(struct image *im, const struct layer *l) {
    assert(im->n_layers < LIMIT_IMAGE_LAYERS);
    im->layers = with_room(&im->arena, im->layers, im->n_layers, sizeof *im->layers);
    im->layers[im->n_layers++] = *l;
}

void image_add_history(struct image *im, const struct history *h) {
    im->history = with_room(&im->arena, im->history, im->n_history, sizeof *im->history);
    struct history *to = &im->history[im->n_history++];
    *to = *h;
    to->created_by = arena_str(&im->arena, h->created_by);
    to->comment = arena_str(&im->arena, h->comment);
    to->author = arena_str(&im->arena, h->author);
}

struct str image_platform(struct arena *a, const struct image *im) {
    struct str os = im->os.n ? im->os : S("linux");
    struct str text = arena_join3(a, os, S("/"), im->architecture);
    return im->variant.n ? arena_join3(a, text, S("/"), im->variant) : text;
}
