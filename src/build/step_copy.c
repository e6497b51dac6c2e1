/* SPDX-License-Identifier: Apache-2.0
 * COPY and ADD: the files as they will be written give the key; on a miss the same walk, a second time, gives the layer. What ADD fetches
 * is a source like any other by then (step_fetch.c). */
#include <errno.h>

#include "base/log.h"
#include "build/stage.h"
#include "layer/copy.h"
#include "layer/writer.h"
#include "plan/flags.h"

enum { CHANGED_TRIES = 3 }; /* a context that changes under the build is listed again this often */

/* What a COPY reads and writes, open for the time of the step. */
struct copy_job {
    struct stage *stage;
    const struct step *step;
    struct progress_step *progress;
    struct copy_spec spec;
    struct copy_part *parts;
    struct copy_source source;   /* of the paths, once one of them was met */
    bool has_source;
    struct read_root from;
    struct view onto;
    struct view nothing;         /* what a linked copy stands on */
    struct ignore excludes;
    struct digest content;       /* of the entries, as the key has them */
    struct str fault;            /* an operand that could not be found */
};

/* The message of a failure points at this. Returns false. */
static bool point_at(struct copy_job *j, struct df_pos pos) {
    j->stage->fault = pos;
    return false;
}

static bool point_at_flag(struct copy_job *j, const char *name) {
    const struct df_flag *flag = flag_find(j->step->from, name);
    return flag ? point_at(j, flag->pos) : false;
}

static void point_at_operand(struct copy_job *j) {
    const struct step_copy *c = &j->step->copy;
    for (size_t i = 0; j->fault.p && i < c->n_operands; i++)
        if (c->operands[i].text.p == j->fault.p)
            (void)point_at(j, c->operands[i].pos);
}

/* The source of the instruction's paths. */
static bool open_source(struct copy_job *j, struct err *e) {
    if (!read_root_open(j->stage->build, &j->step->copy.source, &j->from, e))
        return point_at_flag(j, "from");
    j->has_source = true;
    j->source = copy_source_of(&j->from);
    return true;
}

/* --- operands to parts --- */

/* As many operands from the first as are of its kind and share a part. */
static size_t alike(const struct step_copy *c, size_t first) {
    enum operand_kind kind = c->operands[first].kind;
    size_t n = 1;
    if (kind == OPERAND_PATH || kind == OPERAND_INLINE)
        while (first + n < c->n_operands && c->operands[first + n].kind == kind)
            n++;
    return n;
}

static bool paths_part(struct copy_job *j, const struct copy_operand *o, size_t n, struct copy_part *out, struct err *e) {
    if (!j->has_source && !open_source(j, e))
        return false;
    out->from = j->source;
    out->keeps_owner = j->source.view;
    out->modes_git = j->source.context_fd >= 0 && j->stage->build->options->modes_git;
    out->unpack = j->step->copy.unpack;
    out->parents = j->step->copy.parents;
    out->operands = arena_array(&j->stage->arena, struct str, n);
    out->n_operands = n;
    for (size_t i = 0; i < n; i++)
        out->operands[i] = o[i].text;
    return true;
}

static void texts_part(struct copy_job *j, const struct copy_operand *o, size_t n, struct copy_part *out) {
    struct copy_text *texts = arena_array(&j->stage->arena, struct copy_text, n);
    for (size_t i = 0; i < n; i++)
        texts[i] = (struct copy_text){o[i].text, o[i].body};
    out->from = (struct copy_source){.context_fd = -1, .texts = texts, .n_texts = n};
}

/* The operands in their order, those of one source together. */
static bool make_parts(struct copy_job *j, struct err *e) {
    const struct step_copy *c = &j->step->copy;
    j->parts = arena_array(&j->stage->arena, struct copy_part, c->n_operands);
    j->spec.parts = j->parts;
    for (size_t i = 0, n; i < c->n_operands; i += n) {
        const struct copy_operand *o = &c->operands[i];
        struct copy_part *to = &j->parts[j->spec.n_parts];
        n = alike(c, i);
        if (o->kind == OPERAND_INLINE)
            texts_part(j, o, n, to);
        else if (o->kind == OPERAND_PATH && !paths_part(j, o, n, to, e))
            return false;
        else if (o->kind != OPERAND_PATH && !step_fetch_operand(j->stage, j->step, o, j->progress, to, e))
            return point_at(j, o->pos);
        j->spec.n_parts++;
    }
    return true;
}

static void release_parts(struct copy_job *j) {
    for (size_t i = 0; i < j->spec.n_parts; i++)
        if (j->parts[i].release)
            j->parts[i].release(j->parts[i].held);
}

static bool fill_spec(struct copy_job *j, struct err *e) {
    const struct step_copy *c = &j->step->copy;
    struct copy_spec *spec = &j->spec;
    spec->dest = c->dest;
    spec->dest_is_dir = c->dest_is_dir;
    spec->chmod = c->chmod;
    spec->onto = &j->onto;
    if (c->link) {
        j->nothing = (struct view){.store = j->onto.store};
        spec->onto = &j->nothing;
        spec->beneath = &j->onto;
    }
    if (!ignore_of(&j->stage->arena, c->excludes, c->n_excludes, &j->excludes, e))
        return err_wrap(e, "--exclude");
    spec->excludes = &j->excludes;
    spec->now_s = j->stage->build->now.tv_sec;
    spec->fault = &j->fault;
    if (c->chown.n) {
        struct user_ids owner;
        if (!view_user(&j->onto, c->chown, USER_CHOWN, &j->stage->arena, &owner, e))
            return err_wrap(e, "--chown=%s", SHOWN(c->chown)) || point_at_flag(j, "chown");
        spec->has_owner = true;
        spec->uid = owner.uid;
        spec->gid = owner.gid;
    }
    return make_parts(j, e);
}

static void hash_init(const struct copy_job *j, struct content_hash *h) {
    content_hash_init(h);
    h->has_epoch = j->stage->build->options->has_epoch;
    h->epoch = j->stage->build->options->epoch;
}

static bool make_key(struct copy_job *j, struct digest *key, struct err *e) {
    struct content_hash h;
    hash_init(j, &h);
    if (!copy_entries(&j->spec, true, content_hash_sink(&h), e))
        return false;
    struct key_context context = stage_key_context(j->stage);
    if (j->step->copy.link)
        context.chain = (struct digest){0}; /* the entries tell what of the layers below went into them */
    j->content = content_hash_final(&h);
    *key = key_copy(&context, &j->content);
    return true;
}

/* The layer is of a walk of its own, perhaps behind a long wait for the layers of other stages: its entries are hashed as those of the key
 * were, and must give the same. */
struct twin {
    struct entry_sink layer;
    struct content_hash hash;
    bool unknown;                /* a stream that has no digest goes by once; no host's file comes as one */
};

static bool add_to_both(void *ctx, const struct entry *en, const struct content *c, struct err *e) {
    struct twin *t = ctx;
    struct entry_sink hash = content_hash_sink(&t->hash);
    t->unknown |= en->type == ENTRY_FILE && c->kind == CONTENT_STREAM && !c->has_digest;
    return (t->unknown || hash.add(hash.ctx, en, c, e)) && t->layer.add(t->layer.ctx, en, c, e);
}

static bool is_as_keyed(const struct copy_job *j, const struct twin *t, struct err *e) {
    struct digest content = content_hash_final(&t->hash);
    if (t->unknown || digest_eq(&content, &j->content))
        return true;
    err_set(e, ERR_FAILED, "files have changed while the step waited to be packed");
    e->sys = ESTALE;
    return false;
}

static bool write_layer(struct copy_job *j, struct layer *out, struct err *e) {
    struct layer_options options;
    stage_layer_options(j->stage, &options);
    struct layer_writer *w = layer_writer_new(j->stage->build->store, &options, e);
    struct copy_spec again = j->spec; /* what there was to warn of was said when the key was made */
    again.quiet = true;
    struct twin t = {.unknown = false};
    hash_init(j, &t.hash);
    if (w)
        t.layer = layer_writer_sink(w);
    bool good = w && copy_entries(&again, true, (struct entry_sink){add_to_both, &t}, e) && is_as_keyed(j, &t, e) &&
                layer_writer_finish(w, out, e);
    layer_writer_free(w);
    return good;
}

/* One try; *again: the files changed while they were read. */
static bool attempt(struct copy_job *j, struct progress_step *p, bool *again, struct err *e) {
    struct digest key;
    struct layer l;
    bool found = false;
    *again = false;
    if (make_key(j, &key, e)) {
        if (!step_from_cache(j->stage, j->step, &key, p, &found, e) || found)
            return found;
        struct build *b = j->stage->build;
        pthread_mutex_lock(&b->packing);
        bool good = write_layer(j, &l, e);
        pthread_mutex_unlock(&b->packing);
        if (good)
            return step_finish(j->stage, j->step, &key, &l, p, e);
    }
    *again = e->sys == ESTALE;
    return false;
}

static bool copy(struct copy_job *j, struct progress_step *p, struct err *e) {
    if (!fill_spec(j, e))
        return false;
    for (int tries = 1;; tries++) {
        bool again;
        if (attempt(j, p, &again, e))
            return true;
        if (!again)
            return false;
        if (tries == CHANGED_TRIES) {
            err_append(e, " (tried %d times; does something write into the build context?)", tries);
            return false;
        }
        err_clear(e);
    }
}

bool step_copy_do(struct stage *s, const struct step *step, struct progress_step *p, struct err *e) {
    struct copy_job j = {.stage = s, .step = step, .progress = p};
    if (!stage_view(s, &j.onto, e))
        return false;
    bool good = copy(&j, p, e);
    if (!good) {
        point_at_operand(&j);
        step_explain_placeholder(s, step, e);
    }
    release_parts(&j);
    if (j.has_source)
        read_root_close(&j.from);
    view_close(&j.onto);
    return good;
}

/* A step that no instruction wrote: "COPY . /" of the context. */
bool stage_take_context(struct stage *s, size_t named, struct err *e) {
    const struct named_context *n = &s->build->options->named[named];
    struct copy_operand all = {.kind = OPERAND_PATH, .text = S("."), .pos = s->plan->from->pos};
    struct step step = {
        .kind = STEP_COPY,
        .from = s->plan->from,
        .pos = s->plan->from->pos,
        .title = arena_printf(&s->arena, "FROM %.*s (context %.*s)", STR_ARG(s->plan->base_ref), STR_ARG(n->value)),
        .created_by = arena_printf(&s->arena, "FROM %.*s # context", STR_ARG(s->plan->base_ref)),
        .copy = {.source = {.kind = SOURCE_NAMED, .named = named}, .operands = &all, .n_operands = 1, .dest = S("/"), .dest_is_dir = true},
    };
    s->step_began_ns = log_now_ns();
    struct progress_step *p = s->last = progress_start(s->build->progress, step.title);
    if (step_copy_do(s, &step, p, e))
        return true;
    progress_fail(p, str_z(e->msg));
    return false;
}
