/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: a build under way, and one stage of it. A stage is worked on by one thread; others read it only after
 * build_wait_stage() has said that it is done. */
#ifndef CROZE_BUILD_STAGE_H
#define CROZE_BUILD_STAGE_H

#include <pthread.h>

#include "build/agents.h"
#include "build/build.h"
#include "build/context.h"
#include "build/secrets.h"
#include "build/why.h"
#include "layer/copy.h"
#include "layer/view.h"
#include "plan/key.h"

enum stage_status { STAGE_WAITING, STAGE_DONE, STAGE_FAILED };

struct stage {
    struct build *build;
    const struct plan_stage *plan;
    struct arena arena;
    struct scope scope;
    struct image image;           /* layers and history so far; its configuration is scope.config until the stage ends */
    struct digest chain;          /* ChainID of the layers so far; zero for none */
    size_t n_base_layers, n_base_history; /* the first of image's: they are the base image's, and not of this build */
    size_t steps, step;           /* for titles: "2/7" */
    uint64_t step_began_ns;       /* log_now_ns */
    struct progress_step *last;   /* the newest step, or that of the stage that this one stands on; NULL: none */
    struct stage_why why;
    struct df_pos fault;          /* of a step that failed: the operand or flag that its message is about; line 0: the instruction */
    size_t counted_bytes;         /* of this stage's memory in build->stage_bytes */
    bool taken;                   /* some thread works on it, or has; both under build->lock */
    enum stage_status status;
};

struct run_job;
struct pulled_image;
struct review_asked;

struct build {
    struct store *store;
    const struct build_options *options;
    struct progress *progress;
    struct arena arena;           /* of the main thread */
    struct dockerfile file;
    struct check_result review;   /* what the checks found before the first step */
    struct review_asked *asked;   /* what they were asked (review.c); NULL: nothing yet */
    struct plan plan;
    struct context context;
    struct context *named;        /* one a named context of the options; opened when first needed (context_named) */
    pthread_mutex_t contexts;     /* guards that */
    struct secrets *secrets;
    struct agents *agents;
    VEC(struct digest) apart_caches; /* cache mounts of an apart build */
    struct lockfile *lockfile;    /* croze.lock */
    pthread_mutex_t pulling;      /* guards those below (pulling.c) */
    pthread_cond_t pulled_one;    /* an image is here, or failed */
    struct registries *registries; /* NULL: none was asked yet */
    struct arena pull_arena;
    VEC(struct pulled_image *) pulled; /* names that were asked for: in one build a name means one image */
    unsigned pulls;               /* images that are pulled just now */
    struct timespec now;          /* when the build began */
    struct stage *stages;

    pthread_mutex_t why_lock;     /* guards `why` */
    struct why_records why;

    pthread_mutex_t lock;         /* guards the stages' states, what the plan says is needed, `stage_bytes`, `failure`, `apart_caches` */
    size_t stage_bytes;           /* memory of all stages */
    pthread_cond_t changed;
    struct err failure;           /* the first one; then the others stop */
    struct run_job *failed_run;   /* for a shell (error_shell.h), or NULL; guarded by `lock` */
    int failed_fd;                /* an eventfd that can be read from then on: it ends their RUNs */
    pthread_mutex_t packing;      /* one layer is packed at a time: packing is parallel in itself, and memory is bounded so */
};

/* Blocks until the stage is done; false if it (or the build) failed, with nothing more to say. */
bool build_wait_stage(struct build *b, size_t index);
bool build_failed(struct build *b);
/* The triggers of a stage's base image are known: what they read joins the stages that are needed; those that were passed over are done
 * now. */
MUST_CHECK bool build_need_triggers(struct stage *s, const struct df_instruction *triggers, size_t n, struct err *e);
/* Works through the stage from FROM to its last instruction. */
MUST_CHECK bool stage_run(struct stage *s, struct err *e);
/* "[build 2/7] RUN ...": the step at hand, as progress shows it. */
struct str stage_step_title(struct stage *s, const struct step *step);

/* --- Steps, one file each (step_copy.c, step_run.c, step_workdir.c) --- */
MUST_CHECK bool step_copy_do(struct stage *s, const struct step *step, struct progress_step *p, struct err *e);
/* Whether RUN --security=insecure may have what it asks for. */
MUST_CHECK bool run_is_allowed(const struct build_options *o, struct err *e);
MUST_CHECK bool step_run_do(struct stage *s, const struct step *step, struct progress_step *p, struct err *e);
struct copy_part;
/* An operand of ADD that has to be fetched (step_fetch.c): OPERAND_URL or OPERAND_GIT becomes a part (layer/copy.h) on the stage's arena,
 * with part.release for what it holds open. */
MUST_CHECK bool step_fetch_operand(struct stage *s, const struct step *step, const struct copy_operand *o, struct progress_step *p,
                                   struct copy_part *out, struct err *e);
/* A step failed: if one of its operands holds a placeholder ("http://<HOST>/x"), says so, and which ARG brought it in. */
void step_explain_placeholder(struct stage *s, const struct step *step, struct err *e);
MUST_CHECK bool step_workdir_do(struct stage *s, const struct step *step, struct progress_step *p, struct err *e);

/* The whole of a named context as the stage's first layer (FROM of a directory). */
MUST_CHECK bool stage_take_context(struct stage *s, size_t named, struct err *e);

/* --- What steps share (step_cache.c) --- */
/* Whether --no-cache-filter names this stage. */
bool plan_stage_is_named(const struct plan_stage *s, struct str name);
/* By that, or by --no-cache. */
bool stage_skips_cache(const struct stage *s);
struct key_context stage_key_context(struct stage *s); /* its keys' fields go to s->why */
struct layer_options;
void stage_layer_options(const struct stage *s, struct layer_options *o);
/* Looks a key up; when *found, the layer and its history line are added to the stage and p is ended as CACHED. */
MUST_CHECK bool step_from_cache(struct stage *s, const struct step *step, const struct digest *key, struct progress_step *p, bool *found,
                                struct err *e);
/* Records a finished layer under its key (NULL: it is not recorded) and adds it to the stage; ends p with its size. */
MUST_CHECK bool step_finish(struct stage *s, const struct step *step, const struct digest *key, const struct layer *l,
                            struct progress_step *p, struct err *e);
/* A record's layer, packed by whatever encoder; false: it has none that can be read. And back; the encoder id is the layer's own. */
bool layer_of_record(const struct step_record *r, struct layer *out);
/* Writes a record; a build apart leaves none. */
MUST_CHECK bool build_record(struct build *b, const struct digest *key, const struct step_record *r, struct err *e);
struct step_record record_of_layer(const struct layer *l, struct timespec created);
void stage_add_history(struct stage *s, const struct step *step, bool empty_layer, const struct timespec *created);

/* --- Roots that steps read from (source.c) --- */
/* The layers of the stage so far, as a root. Close it with view_close. */
MUST_CHECK bool stage_view(struct stage *s, struct view *v, struct err *e);
/* What COPY --from and a mount's from= read: a context's directory, or the root of a stage or image. */
struct read_root {
    struct context *context;      /* borrowed; or NULL */
    struct view view;             /* if it is no context */
};
MUST_CHECK bool read_root_open(struct build *b, const struct source_ref *from, struct read_root *out, struct err *e);
void read_root_close(struct read_root *r);
/* The same as COPY takes it; holds as long as the root. */
struct copy_source copy_source_of(const struct read_root *r);
/* Takes the image that a named context of kind NAMED_OCI_LAYOUT means into the store and reads it. */
MUST_CHECK bool named_image(struct build *b, size_t named, struct image *out, struct err *e);
/* Reads a base image of the store by its name. */
MUST_CHECK bool base_image(struct build *b, struct str ref, struct image *out, struct err *e);

#endif
