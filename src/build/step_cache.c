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
        .compression = b->encoder.compression, .level = b->encoder.level, .has_epoch = b->has_epoch, .epoch = b->epoch,
        .no_reuse = b->apart};
}

/* A trigger's own lines are of no file: those of the FROM that brought it stand for them. */
void stage_add_history(struct stage *s, const struct step *step, bool empty_layer, const struct timespec *created) {
    const struct df_instruction *i = step->from->number ? s->plan->from : step->from;
    struct history h = {.created_by = step->created_by, .comment = S("croze"), .empty_layer = empty_layer, .has_created = created != NULL,
                        .line = i->pos.line, .line_end = i->line_end};
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
    stage_add_history(s, step, false, &created);
}

bool layer_of_record(const struct step_record *r, struct layer *out) {
    *out = (struct layer){.diff_id = r->diff_id, .blob = r->blob, .blob_bytes = r->blob_bytes, .tar_bytes = r->tar_bytes};
    if (!r->has_layer || r->encoder_id.n >= sizeof out->encoder_id || !compression_parse(r->compression, &out->compression))
        return false;
    snprintf(out->encoder_id, sizeof out->encoder_id, "%.*s", STR_ARG(r->encoder_id));
    return true;
}

bool build_record(struct build *b, const struct digest *key, const struct step_record *r, struct err *e) {
    return b->options->apart || store_step_put(b->store, key, r, e);
}

struct step_record record_of_layer(const struct layer *l, struct timespec created) {
    return (struct step_record){
        .diff_id = l->diff_id,
        .blob = l->blob,
        .blob_bytes = l->blob_bytes,
        .tar_bytes = l->tar_bytes,
        .has_layer = true,
        .compression = str_z(compression_name(l->compression)),
        .encoder_id = str_z(l->encoder_id),
        .created_s = created.tv_sec,
        .created_ns = (uint32_t)created.tv_nsec,
    };
}

bool plan_stage_is_named(const struct plan_stage *s, struct str name) {
    uint64_t number;
    return (s->name.n && str_eq_nocase(s->name, name)) || (str_to_u64(name, 10, SIZE_MAX, &number) && number == s->index);
}

bool stage_skips_cache(const struct stage *s) {
    const struct build_options *o = s->build->options;
    bool skips = o->no_cache;
    for (size_t i = 0; !skips && i < o->n_no_cache_stages; i++)
        skips = plan_stage_is_named(s->plan, o->no_cache_stages[i]);
    return skips;
}

static bool from_cache(struct stage *s, const struct step *step, const struct digest *key, struct progress_step *p, bool *found,
                       struct err *e) {
    struct step_record r;
    *found = false;
    if (stage_skips_cache(s))
        return true;
    if (!store_step_get(s->build->store, key, &s->arena, &r, found, e))
        return false;
    struct layer l;
    *found = *found && layer_of_record(&r, &l);
    if (!*found)
        return true;
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
    struct step_record r = record_of_layer(l, now);
    r.title = step->title;
    r.took_ms = (int64_t)((log_now_ns() - s->step_began_ns) / 1000000);
    if (key && !build_record(s->build, key, &r, e))
        return false;
    add_layer(s, step, l, now);
    char size[32];
    progress_end(p, PROGRESS_DONE, str_z(human_size(l->blob_bytes, size)));
    if (key && !s->build->options->apart)
        why_done(s, step, key, l);
    return true;
}
