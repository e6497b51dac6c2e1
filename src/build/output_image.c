/* SPDX-License-Identifier: Apache-2.0
 * The target stage as an image (outputs.h): its configuration and times, and its layers in the compression that an output wants. Steps
 * are not carried out again for another encoder: their layers are packed again, once, and a record under diffID and encoder remembers the
 * blob. */
#include <string.h>

#include "base/limits.h"
#include "build/outputs.h"
#include "image/config_json.h"
#include "layer/read.h"
#include "sys/clock.h"

/* --- Times --- */

/* When exactly this image was first built: the record makes an unchanged rebuild keep its digest (docs/design.md "Times"). */
static bool recall_created(struct build *b, struct image *im, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    im->has_created = false;
    config_json_write(im, &text);
    struct digest key = sha256_of(text.p, text.n);
    buf_fini(&text);
    struct step_record record = {0};
    bool found = false;
    if (!b->options->no_cache && !store_step_get(b->store, &key, &b->arena, &record, &found, e))
        return false;
    if (!found) {
        struct timespec now = clock_now();
        record = (struct step_record){.created_s = now.tv_sec, .created_ns = (uint32_t)now.tv_nsec, .title = S("image")};
        if (!build_record(b, &key, &record, e))
            return false;
    }
    im->created = (struct timespec){record.created_s, record.created_ns};
    return true;
}

static bool set_times(struct build *b, struct image *im, struct err *e) {
    if (b->options->has_epoch)
        im->created = (struct timespec){b->options->epoch, 0};
    else if (!recall_created(b, im, e))
        return false;
    im->has_created = true;
    for (size_t i = 0; i < im->n_history; i++)
        if (!im->history[i].has_created) {
            im->history[i].created = im->created;
            im->history[i].has_created = true;
        }
    return true;
}

bool target_image_make(struct build *b, struct target_image *t, struct err *e) {
    struct stage *target = &b->stages[b->plan.target];
    struct image *im = &target->image;
    im->config = target->scope.config;
    if (!im->architecture.n) { /* nothing says what the files are for */
        im->os = S("linux");
        im->architecture = S(CROZE_ARCH);
        im->variant = STR_NULL;
    }
    im->os = im->os.n ? im->os : S("linux");
    im->author = target->scope.author;
    for (size_t i = 0; i < b->options->labels.n; i++)
        pair_list_set(&target->arena, &im->config.labels, b->options->labels.p[i].key, b->options->labels.p[i].value);
    *t = (struct target_image){*im, target->n_base_layers, target->n_base_history};
    return target_squash(b, t, e) && set_times(b, &t->image, e);
}

/* --- Layers by another encoder --- */

static struct digest key_of(const struct digest *diff_id, const char *encoder_id) {
    struct sha256 s;
    sha256_init(&s);
    sha256_field(&s, S("croze layer by encoder 1"));
    sha256_update(&s, diff_id->b, sizeof diff_id->b);
    sha256_field(&s, str_z(encoder_id));
    return sha256_final(&s);
}

static bool pack_again(struct build *b, const struct layer *l, const struct output_encoder *encoder, struct layer *out, struct err *e) {
    char id[DIGEST_TEXT + 1], size[32];
    struct layer_options o = {.compression = encoder->compression, .level = encoder->level};
    struct progress_step *p = progress_start(
        b->progress, arena_printf(&b->arena, "[output] layer %.19s as %s", digest_text(&l->diff_id, id), compression_name(o.compression)));
    bool good = layer_recompress(b->store, l, &o, out, e);
    progress_end(p, good ? PROGRESS_DONE : PROGRESS_FAILED, good ? str_z(human_size(out->blob_bytes, size)) : STR_NULL);
    return good;
}

/* The layer as the encoder packs it: itself, or a blob that was made before, or one that is made now. */
static bool by_encoder(struct build *b, const struct layer *l, const struct output_encoder *encoder, struct layer *out, struct err *e) {
    char id[64];
    compression_encoder_id(encoder->compression, encoder->level, id);
    *out = *l;
    if (strcmp(l->encoder_id, id) == 0)
        return true;
    struct digest key = key_of(&l->diff_id, id);
    struct step_record r;
    bool found = false;
    if (!b->options->no_cache && !store_step_get(b->store, &key, &b->arena, &r, &found, e))
        return false;
    if (found && layer_of_record(&r, out) && digest_eq(&out->diff_id, &l->diff_id))
        return true;
    if (!pack_again(b, l, encoder, out, e))
        return false;
    r = record_of_layer(out, clock_now());
    r.title = arena_printf(&b->arena, "a layer as %s", id);
    return build_record(b, &key, &r, e);
}

bool target_image_write(struct build *b, const struct target_image *t, const struct build_output *o, struct image *out, struct err *e) {
    const struct output_encoder *encoder = o ? &o->encoder : &b->options->encoder;
    *out = t->image;
    out->layers = arena_array(&b->arena, struct layer, out->n_layers);
    for (size_t i = 0; i < out->n_layers; i++) {
        bool keep = i < t->n_base && !(o && o->force_compression);
        out->layers[i] = t->image.layers[i];
        if (!keep && !by_encoder(b, &t->image.layers[i], encoder, &out->layers[i], e))
            return false;
    }
    out->docker_types = o && o->docker_types;
    pair_list_copy(&b->arena, &out->annotations, &b->options->annotations);
    for (size_t i = 0; o && i < o->annotations.n; i++)
        pair_list_set(&b->arena, &out->annotations, o->annotations.p[i].key, o->annotations.p[i].value);
    return image_write(b->store, out, e);
}
