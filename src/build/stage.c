/* SPDX-License-Identifier: Apache-2.0
 * One stage: its base, then instruction after instruction through the scope (plan/) into steps that are carried out here. */
#include "build/stage.h"

#include <assert.h>
#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "build/fetching.h"
#include "plan/site.h"

/* The base's layers and history become the beginning of this stage, and its platform is what they are for. */
static void stand_on(struct stage *s, const struct image *base) {
    s->image.os = arena_str(&s->image.arena, base->os);
    s->image.architecture = arena_str(&s->image.arena, base->architecture);
    s->image.variant = arena_str(&s->image.arena, base->variant);
    for (size_t i = 0; i < base->n_layers; i++) {
        image_add_layer(&s->image, &base->layers[i]);
        s->chain = chain_id(&s->chain, &base->layers[i].diff_id);
    }
    for (size_t i = 0; i < base->n_history; i++)
        image_add_history(&s->image, &base->history[i]);
}

static void start_from_image(struct stage *s, struct image *base) {
    stand_on(s, base);
    s->n_base_layers = base->n_layers;
    s->n_base_history = base->n_history;
    struct container_config config = {0};
    container_config_copy(&s->arena, &config, &base->config);
    scope_init(&s->scope, &s->arena, &s->build->plan, s->plan, &config, NULL);
    s->scope.author = arena_str(&s->arena, base->author);
    image_fini(base);
}

/* A named context as the base: the image of a layout, or a directory, whose files are then all that is there. */
static bool start_from_named(struct stage *s, struct err *e) {
    const struct named_context *n = &s->build->options->named[s->plan->base_named];
    struct image base;
    if (n->kind == NAMED_OCI_LAYOUT) {
        if (!named_image(s->build, s->plan->base_named, &base, e))
            return false;
        start_from_image(s, &base);
        return true;
    }
    scope_init(&s->scope, &s->arena, &s->build->plan, s->plan, NULL, NULL);
    return stage_take_context(s, s->plan->base_named, e);
}

static void start_from_stage(struct stage *s) {
    const struct stage *base = &s->build->stages[s->plan->base_stage];
    stand_on(s, &base->image);
    s->last = base->last;
    s->n_base_layers = base->n_base_layers;
    s->n_base_history = base->n_base_history;
    scope_init(&s->scope, &s->arena, &s->build->plan, s->plan, &base->scope.config, &base->scope);
}

static bool start(struct stage *s, struct err *e) {
    struct image base;
    image_init(&s->image);
    switch (s->plan->base_kind) {
    case BASE_SCRATCH:
        scope_init(&s->scope, &s->arena, &s->build->plan, s->plan, NULL, NULL);
        return true;
    case BASE_STAGE:
        start_from_stage(s);
        return true;
    case BASE_IMAGE:
        if (!base_image(s->build, s->plan->base_ref, &base, e))
            return false;
        start_from_image(s, &base);
        return true;
    case BASE_NAMED:
        return start_from_named(s, e);
    }
    assert(!"no such kind of base");
    return false;
}

/* A hundred stages that each stand on the one before would multiply what one of them may take. */
static bool check_memory(struct stage *s, struct df_pos at, struct err *e) {
    struct build *b = s->build;
    size_t bytes = s->arena.total_bytes + s->image.arena.total_bytes;
    pthread_mutex_lock(&b->lock);
    b->stage_bytes += bytes - s->counted_bytes;
    bool fits = b->stage_bytes <= LIMIT_BUILD_BYTES;
    pthread_mutex_unlock(&b->lock);
    s->counted_bytes = bytes;
    return fits ||
           err_set(e, ERR_FAILED, "%.*s:%u:%u: the configurations and histories of all stages take more than the limit of %zu MiB together",
                   STR_ARG(b->file.name), at.line, at.column, LIMIT_BUILD_BYTES >> 20);
}

/* "[stage 2/7] RUN ..." */
struct str stage_step_title(struct stage *s, const struct step *step) {
    struct str name = s->plan->name.n ? s->plan->name : arena_printf(&s->arena, "stage-%zu", s->plan->index);
    bool only = s->build->plan.n_stages == 1 && !s->plan->name.n;
    return arena_printf(&s->arena, "[%.*s%s%zu/%zu] %.*s", only ? 0 : (int)name.n, name.p, only ? "" : " ", s->step, s->steps,
                        STR_ARG(step->title));
}

static bool carry_out(struct stage *s, const struct step *step, struct progress_step *p, struct err *e) {
    if (s->image.n_layers == LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "the image has %d layers already, and overlay takes no more; join RUN or COPY instructions",
                       LIMIT_IMAGE_LAYERS);
    switch (step->kind) {
    case STEP_COPY:
        return step_copy_do(s, step, p, e);
    case STEP_RUN:
        return step_run_do(s, step, p, e);
    case STEP_WORKDIR:
        return step_workdir_do(s, step, p, e);
    case STEP_CONFIG:
        break;
    }
    assert(!"a step that only changes the configuration is not carried out");
    return false;
}

/* Shows the step as one that stands on the step before it and on the stages that it reads, all of which are done. */
static struct progress_step *start_step(struct stage *s, const struct step *step) {
    struct progress_step **inputs = arena_array(&s->arena, struct progress_step *, step->run.n_mounts + 2);
    size_t n = 0;
    inputs[n++] = s->last;
    if (step->kind == STEP_COPY && step->copy.source.kind == SOURCE_STAGE)
        inputs[n++] = s->build->stages[step->copy.source.stage].last;
    for (size_t i = 0; step->kind == STEP_RUN && i < step->run.n_mounts; i++)
        if (step->run.mounts[i].from.kind == SOURCE_STAGE)
            inputs[n++] = s->build->stages[step->run.mounts[i].from.stage].last;
    s->last = progress_start_after(s->build->progress, stage_step_title(s, step), inputs, n);
    return s->last;
}

/* Enough of it to be recognised in a message of one line. */
static struct str shortened(struct arena *a, struct str title) {
    enum { SHOWN_BYTES = 80 };
    if (title.n <= SHOWN_BYTES)
        return title;
    return arena_join3(a, str_trim_right(str_first_chars(title, SHOWN_BYTES)), S("..."), STR_NULL);
}

/* A trigger's own text lies in no file: the FROM that brought it is the place. */
static bool place_failure(struct stage *s, const struct step *step, struct err *e) {
    struct str file = s->build->file.name, title = shortened(&s->arena, step->title);
    struct df_pos at = s->fault.line ? s->fault : step->pos, from = s->plan->from->arg_pos[0];
    if (!step->from->number)
        return err_wrap(e, "%.*s:%u:%u: %.*s", STR_ARG(file), at.line, at.column, STR_ARG(title));
    struct str trigger = trigger_name(&s->arena, s->plan, step->from->number, title);
    return err_wrap(e, "%.*s:%u:%u: %.*s:%u:%u", STR_ARG(file), from.line, from.column, STR_ARG(trigger), at.line, at.column);
}

/* One instruction: into the scope, and if it makes a layer, done. */
static bool instruction(struct stage *s, const struct df_instruction *i, struct err *e) {
    struct step step = {0};
    if (!scope_step(&s->scope, i, &step, e))
        return false;
    if (step.kind == STEP_COPY) { /* what ADD fetches may have credentials */
        step.title = mask_words(&s->arena, step.title);
        step.created_by = mask_words(&s->arena, step.created_by);
    }
    if (step.kind == STEP_CONFIG) {
        if (step.created_by.n)
            stage_add_history(s, &step, true, NULL);
        return true;
    }
    s->step++;
    s->fault = (struct df_pos){0};
    s->step_began_ns = log_now_ns();
    struct progress_step *p = start_step(s, &step);
    if (carry_out(s, &step, p, e))
        return true;
    if (e->kind == ERR_NONE) { /* another stage failed, and has said why */
        progress_end(p, PROGRESS_CANCELED, STR_NULL);
        return false;
    }
    progress_fail(p, str_z(e->msg));
    return place_failure(s, &step, e);
}

static bool makes_layer(enum df_op op) {
    return op == DF_RUN || op == DF_COPY || op == DF_ADD || op == DF_WORKDIR;
}

/* ONBUILD triggers of the base run right behind FROM, and are not handed on. Those of an image may read stages that nothing needed until
 * now. */
static bool triggers(struct stage *s, struct err *e) {
    struct str_list list = s->scope.config.onbuild;
    struct df_instruction *parsed;
    s->scope.config.onbuild = (struct str_list){0};
    if (!plan_parse_triggers(&s->arena, &s->build->plan, s->plan, &list, &parsed, e))
        return false;
    for (size_t t = 0; t < list.n; t++)
        s->steps += makes_layer(parsed[t].op);
    if (s->plan->base_kind == BASE_IMAGE && list.n && !build_need_triggers(s, parsed, list.n, e))
        return false;
    for (size_t t = 0; t < list.n; t++)
        if (!instruction(s, &parsed[t], e))
            return false;
    return true;
}

static bool body(struct stage *s, struct err *e) {
    for (size_t i = 0; i < s->plan->n_body; i++)
        s->steps += makes_layer(s->plan->body[i].op);
    if (!triggers(s, e))
        return false;
    for (size_t i = 0; i < s->plan->n_body; i++) {
        if (build_failed(s->build))
            return false; /* another stage has said why */
        if (!instruction(s, &s->plan->body[i], e) || !check_memory(s, s->plan->body[i].pos, e))
            return false;
    }
    return true;
}

/* FROM takes a name for an image's where no stage above has it. Whoever meant a stage is told why it is none. */
static void hint_at_stages(const struct stage *s, struct err *e) {
    const struct plan *p = &s->build->plan;
    struct str ref = s->plan->base_ref;
    uint64_t index;
    for (size_t k = s->plan->index; k < p->n_stages; k++)
        if (p->stages[k].name.n && str_eq_nocase(p->stages[k].name, ref)) {
            err_append(e, k == s->plan->index ? "; \"%s\" is this stage itself" : "; stage \"%s\" comes after this one", SHOWN(ref));
            return;
        }
    if (str_to_u64(ref, 10, p->n_stages - 1, &index))
        err_append(e, "; a stage that others are built on needs a name: FROM takes no number");
}

bool stage_run(struct stage *s, struct err *e) {
    if (!start(s, e)) {
        if (s->plan->base_kind == BASE_IMAGE)
            hint_at_stages(s, e);
        struct df_pos at = s->plan->from->arg_pos[0];
        return err_wrap(e, "%.*s:%u:%u: FROM %.*s", STR_ARG(s->build->file.name), at.line, at.column, STR_ARG(s->plan->base_ref));
    }
    if (!check_memory(s, s->plan->from->pos, e))
        return false;
    s->why.base = s->chain;
    return body(s, e);
}
