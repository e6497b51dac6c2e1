/* SPDX-License-Identifier: Apache-2.0
 * A build from its inputs to a named image: the plan is made, stages are carried out by a few threads in the order of their dependencies,
 * and the target stage becomes the image. See build.h. */
#include "build/build.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/limits.h"
#include "build/epoch.h"
#include "build/error_shell.h"
#include "build/explain_ignore.h"
#include "build/inputs.h"
#include "build/logged.h"
#include "build/lockfile.h"
#include "build/mount_kinds.h"
#include "build/outputs.h"
#include "build/pulling.h"
#include "build/review.h"
#include "build/stage.h"
#include "plan/flags.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { STAGE_THREADS_MAX = 8 };

/* --- the plan --- */

/* Proxy settings of the caller's environment reach RUN without being asked for, as docker's clients do it. */
static void add_proxies(struct build *b, struct pair_list *args) {
    static const char *const names[] = {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
                                        "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};
    struct str given;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value && !pair_list_get(args, str_z(names[i]), &given))
            pair_list_set(&b->arena, args, str_z(names[i]), str_z(value));
    }
}

static struct plan_options plan_options(struct build *b) {
    struct plan_options o = {
        .target = b->options->target,
        .platform = S("linux/" CROZE_ARCH),
        .has_epoch = b->options->has_epoch,
        .epoch = b->options->epoch,
        .named = b->options->named,
        .n_named = b->options->n_named,
    };
    for (size_t i = 0; i < b->options->build_args.n; i++)
        pair_list_set(&b->arena, &o.build_args, b->options->build_args.p[i].key, b->options->build_args.p[i].value);
    if (o.has_epoch) /* over the default of an ARG */
        pair_list_set(&b->arena, &o.build_args, S("SOURCE_DATE_EPOCH"), arena_printf(&b->arena, "%lld", (long long)o.epoch));
    add_proxies(b, &o.build_args);
    return o;
}

static bool look(struct build *b, struct err *e) {
    struct str text, name;
    if (!dockerfile_read(b, &text, &name, e) || !epoch_begin(b, e))
        return false;
    struct plan_options o = plan_options(b);
    struct check_options check = review_options(b, &o);
    const struct build_call *call = b->options->call;
    return call->look(call->ctx, &b->arena, text, name, &check, e);
}

/* The Dockerfile may set SOURCE_DATE_EPOCH for itself, to a number or to "context". That is none where the context has no files, as it is
 * with BuildKit for every context that is a directory. */
static bool settle_epoch(struct build *b, struct err *e) {
    if (b->plan.has_epoch) {
        epoch_apply(b, b->plan.epoch);
        return true;
    }
    if (!b->plan.epoch_of_context && b->options->epoch_rule != EPOCH_LAST_RESORT)
        return true;
    bool found;
    if (!epoch_from_context(b, &found, e))
        return false;
    if (!found && b->options->epoch_rule == EPOCH_LAST_RESORT)
        return epoch_missing(e);
    if (!found) {
        progress_note(b->progress, "warning: ARG SOURCE_DATE_EPOCH=context: the build context has no files, so that there is no epoch");
        return true;
    }
    struct plan_options o = plan_options(b);
    return plan_make(&b->arena, &b->file, &o, &b->plan, e);
}

/* One that is mistyped would take from the cache what was to be done again; docker says nothing of it. */
static void warn_of_filters(struct build *b) {
    for (size_t i = 0; i < b->options->n_no_cache_stages; i++) {
        struct str name = b->options->no_cache_stages[i];
        bool known = false;
        for (size_t s = 0; s < b->plan.n_stages; s++)
            known |= plan_stage_is_named(&b->plan.stages[s], name);
        if (!known)
            progress_note(b->progress, "warning: --no-cache-filter %.*s: there is no such stage", STR_ARG(name));
    }
}

static bool make_plan(struct build *b, struct err *e) {
    struct str text, name;
    if (!dockerfile_read(b, &text, &name, e) || !epoch_begin(b, e))
        return false;
    struct plan_options o = plan_options(b);
    if (!review(b, text, name, &o, e) || !plan_make(&b->arena, &b->file, &o, &b->plan, e) || !settle_epoch(b, e))
        return false;
    for (size_t i = 0; i < b->plan.n_warnings; i++)
        progress_note(b->progress, "warning: %s: %.*s", b->plan.warnings[i].rule, STR_ARG(b->plan.warnings[i].message));
    warn_of_filters(b);
    for (size_t i = 0; i < b->plan.unused_args.n; i++)
        progress_note(b->progress, "warning: build argument %.*s was not used", STR_ARG(b->plan.unused_args.p[i]));
    return true;
}

/* A long build is not to end at a step that it was not allowed from the beginning; triggers of a base are looked at with their step. */
static bool check_allowed(const struct build *b, struct err *e) {
    for (size_t s = 0; s < b->plan.n_stages; s++)
        for (size_t i = 0; b->plan.stages[s].needed && i < b->plan.stages[s].n_body; i++) {
            const struct df_instruction *run = &b->plan.stages[s].body[i];
            const struct df_flag *flag = run->op == DF_RUN ? flag_find(run, "security") : NULL;
            if (flag && str_eqz(flag->value, "insecure") && !run_is_allowed(b->options, e))
                return err_wrap(e, "%.*s:%u:%u: RUN", STR_ARG(b->file.name), flag->pos.line, flag->pos.column);
        }
    return true;
}

/* --- stages --- */

bool build_failed(struct build *b) {
    pthread_mutex_lock(&b->lock);
    bool failed = b->failure.kind != ERR_NONE;
    pthread_mutex_unlock(&b->lock);
    return failed;
}

bool build_wait_stage(struct build *b, size_t index) {
    pthread_mutex_lock(&b->lock);
    while (b->stages[index].status == STAGE_WAITING && b->failure.kind == ERR_NONE)
        pthread_cond_wait(&b->changed, &b->lock);
    bool done = b->stages[index].status == STAGE_DONE;
    pthread_mutex_unlock(&b->lock);
    return done;
}

/* The first needed stage below `end` that nobody works on. Stages are taken in the order of the file and need only earlier ones, so
 * whatever a thread waits for is finished or in another thread's hands. */
static struct stage *take_stage(struct build *b, size_t begin, size_t end) {
    struct stage *taken = NULL;
    pthread_mutex_lock(&b->lock);
    for (size_t i = begin; !taken && i < end && b->failure.kind == ERR_NONE; i++)
        if (b->stages[i].plan->needed && !b->stages[i].taken)
            taken = &b->stages[i];
    if (taken)
        taken->taken = true;
    pthread_mutex_unlock(&b->lock);
    return taken;
}

static void work_stage(struct build *b, struct stage *s) {
    struct err e = ERR_INIT;
    bool ready = true;
    for (size_t i = 0; ready && i < s->plan->n_needs; i++)
        ready = build_wait_stage(b, s->plan->needs[i]);
    bool good = ready && stage_run(s, &e);
    pthread_mutex_lock(&b->lock);
    s->status = good ? STAGE_DONE : STAGE_FAILED;
    if (e.kind != ERR_NONE && b->failure.kind == ERR_NONE) {
        err_move(&b->failure, &e);
        eventfd_write(b->failed_fd, 1);
    }
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    err_clear(&e);
}

static void *work_stages(void *arg) {
    struct build *b = arg;
    for (struct stage *s = b->stages; (s = take_stage(b, (size_t)(s - b->stages), b->plan.n_stages));)
        work_stage(b, s);
    return NULL;
}

bool build_need_triggers(struct stage *s, const struct df_instruction *list, size_t n, struct err *e) {
    struct build *b = s->build;
    pthread_mutex_lock(&b->lock);
    bool good = plan_add_triggers(&b->arena, &b->plan, s->plan->index, list, n, e);
    pthread_mutex_unlock(&b->lock);
    for (struct stage *passed_over; good && (passed_over = take_stage(b, 0, s->plan->index));)
        work_stage(b, passed_over);
    return good;
}

static bool run_stages(struct build *b, struct err *e) {
    size_t needed = 0;
    b->stages = mem_zalloc(b->plan.n_stages, sizeof *b->stages);
    for (size_t i = 0; i < b->plan.n_stages; i++) {
        b->stages[i].build = b;
        b->stages[i].plan = &b->plan.stages[i];
        needed += b->plan.stages[i].needed;
    }
    pthread_t threads[STAGE_THREADS_MAX];
    size_t n = 0, wanted = needed < STAGE_THREADS_MAX ? needed : STAGE_THREADS_MAX;
    while (n + 1 < wanted && pthread_create(&threads[n], NULL, work_stages, b) == 0)
        n++;
    work_stages(b); /* this thread works too: a one-stage build starts none */
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    if (b->failure.kind == ERR_NONE)
        return true;
    err_move(e, &b->failure);
    return false;
}

static void fini(struct build *b) {
    failed_run_free(b->failed_run);
    for (size_t i = 0; b->stages && i < b->plan.n_stages; i++) {
        image_fini(&b->stages[i].image);
        arena_fini(&b->stages[i].arena);
    }
    free(b->stages);
    mount_caches_forget(b);
    lockfile_free(b->lockfile);
    secrets_free(b->secrets);
    agents_free(b->agents);
    context_close(b, &b->context);
    for (size_t i = 0; i < b->options->n_named; i++)
        context_close(b, &b->named[i]);
    free(b->named);
    pthread_mutex_destroy(&b->contexts);
    pulled_images_free(b);
    pthread_mutex_destroy(&b->pulling);
    pthread_cond_destroy(&b->pulled_one);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->packing);
    pthread_mutex_destroy(&b->why_lock);
    why_records_fini(&b->why);
    pthread_cond_destroy(&b->changed);
    fd_closep(&b->failed_fd);
    err_clear(&b->failure);
    arena_fini(&b->arena);
}

static bool open_inputs(struct build *b, struct err *e) {
    b->lockfile = lockfile_new(b->options->lock, b->options->lock_path);
    if (!context_open_main(b, e))
        return false;
    lockfile_find_place(b);
    return true;
}

/* Before the image has a name: a build whose lock cannot be written has failed. */
static bool write_lock(struct build *b, struct err *e) {
    const char *path = NULL;
    if (b->options->lock != LOCKFILE_WRITE)
        return true;
    if (!lockfile_write(b->lockfile, &path, e))
        return false;
    progress_note(b->progress, "locked in %s", path);
    return true;
}

static bool carry_out(struct build *b, struct build_result *r, struct err *e) {
    struct logged *log = logged_begin(b);
    bool good = run_stages(b, e) && write_lock(b, e) && outputs_write(b, r, e);
    logged_end(log, good && r->has_image ? &r->config : NULL, e);
    error_shell(b);
    return good;
}

bool build_run(struct store *s, const struct build_options *o, struct progress *p, struct build_result *r, struct err *e) {
    struct build b = {.store = s, .options = o, .progress = p, .context = CONTEXT_INIT, .now = clock_now()};
    b.now.tv_sec += o->later_s;
    pthread_mutex_init(&b.lock, NULL);
    pthread_mutex_init(&b.packing, NULL);
    pthread_mutex_init(&b.why_lock, NULL);
    pthread_mutex_init(&b.contexts, NULL);
    pthread_mutex_init(&b.pulling, NULL);
    pthread_cond_init(&b.pulled_one, NULL);
    b.named = mem_zalloc(o->n_named, sizeof *b.named);
    for (size_t i = 0; i < o->n_named; i++)
        b.named[i] = (struct context)CONTEXT_INIT;
    pthread_cond_init(&b.changed, NULL);
    b.failed_fd = eventfd(0, EFD_CLOEXEC); /* -1: they run to their end, as poll(2) passes it over */
    bool good = outputs_check(&b, e) && error_shell_check(o, e);
    if (o->explain)
        good = good && open_inputs(&b, e) && main_ignore_read(&b, e);
    else if (o->call)
        good = good && open_inputs(&b, e) && look(&b, e);
    else
        good = good && (b.secrets = secrets_load(&o->run, e)) && (b.agents = agents_open(&o->run, s, e)) && open_inputs(&b, e) &&
               make_plan(&b, e) && check_allowed(&b, e) && carry_out(&b, r, e);
    if (good && o->explain)
        explain_ignore(&b);
    review_print(&b);
    fini(&b);
    return good;
}
