/* SPDX-License-Identifier: Apache-2.0
 * What every step that makes a layer shares: its key's context, the look-up in the step records, and the end: record, layer, history line.
 */
#include <stdio.h>

#include "base/log.h"
#include "build/stage.h"
#include "layer/writer.h"
#include "sys/clock.h"

struct key_context stage_key_context(struct stage *s) {
    const struct build_options *o = s->build->options;
    s->why.fields.arena = &s->arena;
    return (struct key_context){.chain = s->chain,
                                .platform = s->build->plan.options.platform,
                                .has_epoch = o->has_epoch,
                                .epoch = o->epoch,
                                .modes_git = o->modes_git,
                                .fields = &s->why.fields};
}

void stage_layer_options(const struct stage *s, struct layer_options *o) {
    const struct build_options *b = s->build->options;
    *o = (struct layer_options){
        .compression = b->compression, .level = b->level, .has_epoch = b->has_epoch, .epoch = b->epoch};
}

void stage_add_history(struct stage *s, struct str created_by, bool empty_layer, const struct timespec *created) {
    struct history h = {.created_by = created_by, .comment = S("croze"), .empty_layer = empty_layer, .has_created = created != NULL};
    if (created)
        h.created = *created;
    image_add_history(&s->image, &h);
}

static void add_layer(struct stage *s, const struct step *step, const struct layer *l, struct timespec created) {
    const struct build_options *o = s->build->options;
    if (o->has_epoch)
        created = (struct timespec){o->epoch, 0};
    image_add_layer(&s->image, l);
    s->chain = chain_id(&s->chain, &l->diff_id);
    stage_add_history(s, step->created_by, false, &created);
}

static bool from_cache(struct stage *s, const struct step *step, const struct digest *key, struct progress_step *p, bool *found,
                       struct err *e) {
    struct step_record r;
    *found = false;
    if (s->build->options->no_cache)
        return true;
    if (!store_step_get(s->build->store, key, &s->arena, &r, found, e))
        return false;
    char encoder[64];
    const struct build_options *o = s->build->options;
    compression_encoder_id(o->compression, o->level, encoder);
    /* the same files packed by another encoder are another blob: the step is done again, with the blob that was asked for */
    if (!*found || !r.has_layer || !str_eqz(r.encoder_id, encoder)) {
        *found = false;
        return true;
    }
    struct layer l = {
        .diff_id = r.diff_id, .blob = r.blob, .blob_bytes = r.blob_bytes, .tar_bytes = r.tar_bytes, .compression = o->compression};
    snprintf(l.encoder_id, sizeof l.encoder_id, "%s", encoder);
    add_layer(s, step, &l, (struct timespec){r.created_s, r.created_ns});
    progress_end(p, PROGRESS_CACHED, STR_NULL);
    return true;
}

bool step_from_cache(struct stage *s, const struct step *step, const struct digest *key, struct progress_step *p, bool *found,
                     struct err *e) {
    if (!from_cache(s, step, key, p, found, e))
        return false;
    if (*found)
        why_cached(s);
    else
        why_missed(s, step, key);
    return true;
}

bool step_finish(struct stage *s, const struct step *step, const struct digest *key, const struct layer *l, struct progress_step *p,
                 struct err *e) {
    struct timespec now = clock_now();
    struct step_record r = {
        .diff_id = l->diff_id, .blob = l->blob, .blob_bytes = l->blob_bytes, .tar_bytes = l->tar_bytes, .has_layer = true,
        .compression = str_z(compression_name(l->compression)), .encoder_id = str_z(l->encoder_id),
        .created_s = now.tv_sec, .created_ns = (uint32_t)now.tv_nsec, .title = step->title,
        .took_ms = (int64_t)((log_now_ns() - s->step_began_ns) / 1000000),
    };
    if (!store_step_put(s->build->store, key, &r, e))
        return false;
    add_layer(s, step, l, now);
    char size[32];
    progress_end(p, PROGRESS_DONE, str_z(human_size(l->blob_bytes, size)));
    why_done(s, step, key, l);
    return true;
}
