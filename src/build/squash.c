/* SPDX-License-Identifier: Apache-2.0
 * --squash and --squash-new (outputs.h): layers of the target made one, from their tables of contents and unpacked files; nothing runs.
 * The steps' own layers stay in the step cache as they are. The result is remembered under the diffIDs that it was made of. */
#include "build/outputs.h"
#include "layer/merge.h"
#include "layer/writer.h"
#include "sys/clock.h"

static struct digest key_of(const struct build *b, const struct image *im, size_t from) {
    struct sha256 s;
    sha256_init(&s);
    sha256_field(&s, S("croze squash 1"));
    sha256_u64(&s, from);
    sha256_u64(&s, im->n_layers);
    for (size_t i = 0; i < im->n_layers; i++)
        sha256_update(&s, im->layers[i].diff_id.b, sizeof im->layers[i].diff_id.b);
    sha256_u64(&s, b->options->has_epoch);
    sha256_u64(&s, b->options->has_epoch ? (uint64_t)b->options->epoch : 0);
    return sha256_final(&s);
}

static bool write_merged(struct build *b, const struct view *v, size_t from, struct layer *out, struct err *e) {
    struct layer_options o;
    stage_layer_options(&b->stages[b->plan.target], &o);
    struct layer_writer *w = layer_writer_new(b->store, &o, e);
    bool good = w && view_merge(v, from, layer_writer_sink(w), e) && layer_writer_finish(w, out, e);
    layer_writer_free(w);
    return good;
}

static bool merge(struct build *b, const struct image *im, size_t from, struct layer *out, struct err *e) {
    struct view v;
    char size[32];
    struct progress_step *p = progress_start(b->progress, arena_printf(&b->arena, "[output] squash %zu layers", im->n_layers - from));
    bool good = view_open(&v, b->store, im->layers, im->n_layers, e);
    if (good) {
        good = write_merged(b, &v, from, out, e);
        view_close(&v);
    }
    progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, good ? str_z(human_size(out->blob_bytes, size)) : STR_NULL);
    return good || err_wrap(e, "squash");
}

/* The merged layer and when it was first made: known, or made now. */
static bool find_or_merge(struct build *b, const struct image *im, size_t from, struct layer *out, struct timespec *created,
                          struct err *e) {
    struct digest key = key_of(b, im, from);
    struct step_record r;
    bool found = false;
    if (!b->options->no_cache && !store_step_get(b->store, &key, &b->arena, &r, &found, e))
        return false;
    if (found && layer_of_record(&r, out)) {
        *created = (struct timespec){r.created_s, r.created_ns};
        return true;
    }
    if (!merge(b, im, from, out, e))
        return false;
    *created = clock_now();
    r = record_of_layer(out, *created);
    r.title = arena_printf(&b->arena, "squash of %zu layers", im->n_layers - from);
    return build_record(b, &key, &r, e);
}

/* Every line stays, as docker's --squash had it: those of the layers that are no more have none now, and one line more stands for the new
 * one. */
static void rewrite_history(struct build *b, struct image *im, size_t first, size_t n_layers, struct timespec created) {
    struct history *lines = arena_array(&b->arena, struct history, im->n_history + 1);
    for (size_t i = 0; i < im->n_history; i++) {
        lines[i] = im->history[i];
        lines[i].empty_layer = lines[i].empty_layer || i >= first;
    }
    lines[im->n_history] = (struct history){
        .created = b->options->has_epoch ? (struct timespec){b->options->epoch, 0} : created, .has_created = true,
        .created_by = arena_printf(&b->arena, "# %zu layers squashed", n_layers), .comment = S("croze"),
    };
    im->history = lines;
    im->n_history++;
}

bool target_squash(struct build *b, struct target_image *t, struct err *e) {
    enum squash how = b->options->squash;
    struct image *im = &t->image;
    size_t from = how == SQUASH_NEW ? t->n_base : 0;
    struct layer one;
    struct timespec created;
    if (how == SQUASH_NO || im->n_layers - from < 2) /* one is one already */
        return true;
    if (!find_or_merge(b, im, from, &one, &created, e))
        return false;
    rewrite_history(b, im, how == SQUASH_NEW ? t->n_base_history : 0, im->n_layers - from, created);
    struct layer *layers = arena_array(&b->arena, struct layer, from + 1);
    for (size_t i = 0; i < from; i++)
        layers[i] = im->layers[i];
    layers[from] = one;
    im->layers = layers;
    im->n_layers = from + 1;
    t->n_base = from;
    return true;
}
