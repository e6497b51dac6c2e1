/* SPDX-License-Identifier: Apache-2.0
 * A build from its inputs to a named image: Dockerfile, ignore file and context are opened, the plan is made, stages are carried out by a
 * few threads in the order of their dependencies, and the target stage becomes the image. See build.h. */
#include "build/build.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/limits.h"
#include "build/stage.h"
#include "image/config_json.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { STAGE_THREADS_MAX = 8 };

/* --- inputs --- */

/* What docker takes for a context and is no directory here. */
static bool refuse_context(const char *dir, struct err *e) {
    if (strcmp(dir, "-") == 0)
        return err_set(e, ERR_USAGE,
                       "build context -: an archive on standard input is not supported by this version; unpack it and give the "
                       "directory (a Dockerfile alone comes with -f -)");
    if (strstr(dir, "://") || str_starts(str_z(dir), S("git@")))
        return err_set(e, ERR_USAGE, "build context %s: only directories are supported by this version; fetch it first", dir);
    return err_sys(e, errno, "build context %s", dir);
}

static bool open_context(struct build *b, struct err *e) {
    const char *dir = b->options->context;
    b->context_path = realpath(dir, NULL);
    if (!b->context_path)
        return refuse_context(dir, e);
    b->context_fd = open(b->context_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->context_fd < 0)
        return err_sys(e, errno, "build context %s", dir);
    b->stats = stat_index_open(b->store, b->context_fd, e);
    return b->stats != NULL;
}

static bool from_stdin(const struct build *b) {
    return b->options->dockerfile && strcmp(b->options->dockerfile, "-") == 0;
}

/* A file that the context's owner put there: a pipe would block for ever, and a link could lead to any file of the host, whose first line
 * an error message would show. */
static bool read_in_context(int fd, const char *name, struct buf *out, struct err *e) {
    struct stat st;
    if (fd < 0 && errno == EXDEV)
        return err_set(e, ERR_FAILED, "%s is a symbolic link that leads out of the build context", name);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(e, errno, "open %s", name);
    return S_ISREG(st.st_mode) ? file_read_fd(fd, name, out, e) : err_set(e, ERR_FAILED, "%s is not a regular file", name);
}

enum { READ_FILE = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* The Dockerfile's bytes, and its path relative to the context if it lies there (for NAME.dockerignore). */
static bool read_dockerfile(struct build *b, struct str *text, struct str *name, struct err *e) {
    struct buf bytes = BUF_INIT(LIMIT_DOCKERFILE_BYTES);
    const char *path = b->options->dockerfile;
    bool good;
    if (from_stdin(b)) {
        *name = S("standard input");
        good = file_read_fd(STDIN_FILENO, name->p, &bytes, e);
    } else if (path) {
        good = file_read(path, &bytes, e);
        *name = arena_str(&b->arena, str_z(path));
    } else {
        static const char *const defaults[] = {"Dockerfile", "Containerfile"};
        size_t which = faccessat(b->context_fd, defaults[0], F_OK, 0) < 0 && faccessat(b->context_fd, defaults[1], F_OK, 0) == 0;
        *name = str_z(defaults[which]);
        _cleanup_fd_ int fd = file_openat_beneath(b->context_fd, defaults[which], READ_FILE, 0);
        good = read_in_context(fd, defaults[which], &bytes, e);
        if (!good && e->sys == ENOENT) {
            err_clear(e);
            err_set(e, ERR_FAILED, "neither %s nor %s is there; name one with -f", defaults[0], defaults[1]);
        }
    }
    if (good)
        *text = arena_str(&b->arena, buf_str(&bytes));
    buf_fini(&bytes);
    return good || err_wrap(e, "read the Dockerfile (context %s)", b->options->context);
}

/* NAME.dockerignore beside the Dockerfile wins over .dockerignore of the context; buildah's .containerignore comes before that one. */
static bool read_ignore(struct build *b, struct str dockerfile, struct err *e) {
    struct str candidates[] = {arena_join3(&b->arena, dockerfile, S(".dockerignore"), S("")), S(".containerignore"), S(".dockerignore")};
    for (size_t i = from_stdin(b); i < 3; i++) {
        struct buf bytes = BUF_INIT(LIMIT_IGNORE_BYTES);
        struct err missing = ERR_INIT;
        bool beside = i == 0 && b->options->dockerfile;
        _cleanup_fd_ int fd = beside ? open(candidates[i].p, READ_FILE) : file_openat_beneath(b->context_fd, candidates[i].p, READ_FILE, 0);
        bool read = read_in_context(fd, candidates[i].p, &bytes, &missing);
        struct str text = read ? arena_str(&b->arena, buf_str(&bytes)) : STR_NULL;
        buf_fini(&bytes);
        if (!read && missing.sys != ENOENT) {
            err_move(e, &missing);
            return false;
        }
        err_clear(&missing);
        if (read)
            return ignore_parse(&b->arena, text, candidates[i], &b->ignore, e);
    }
    return true;
}

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

static bool make_plan(struct build *b, struct err *e) {
    struct str text, name;
    if (!read_dockerfile(b, &text, &name, e) || !read_ignore(b, name, e) || !dockerfile_parse(&b->arena, text, name, &b->file, e))
        return false;
    struct plan_options o = {
        .target = b->options->target,
        .platform = S("linux/" CROZE_ARCH),
        .has_epoch = b->options->has_epoch,
        .epoch = b->options->epoch,
    };
    for (size_t i = 0; i < b->options->build_args.n; i++)
        pair_list_set(&b->arena, &o.build_args, b->options->build_args.p[i].key, b->options->build_args.p[i].value);
    add_proxies(b, &o.build_args);
    if (!plan_make(&b->arena, &b->file, &o, &b->plan, e))
        return false;
    for (size_t i = 0; i < b->file.n_warnings; i++)
        progress_note(b->progress, "warning: %.*s:%u: %s: %.*s", STR_ARG(b->file.name), b->file.warnings[i].pos.line,
                      b->file.warnings[i].rule, STR_ARG(b->file.warnings[i].message));
    for (size_t i = 0; i < b->plan.unused_args.n; i++)
        progress_note(b->progress, "warning: build argument %.*s was not used", STR_ARG(b->plan.unused_args.p[i]));
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
    if (e.kind != ERR_NONE && b->failure.kind == ERR_NONE)
        err_move(&b->failure, &e);
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

/* --- the image --- */

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
        if (!store_step_put(b->store, &key, &record, e))
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

static bool name_image(struct build *b, const struct build_result *r, struct err *e) {
    struct store_ref ref = {STR_NULL, r->manifest, r->manifest_bytes, r->media_type};
    for (size_t i = 0; i < b->options->n_tags; i++) {
        struct image_name name;
        if (!image_name_parse(&b->arena, b->options->tags[i], &name, e))
            return false;
        if (!store_refs_set(b->store, image_name_text(&b->arena, &name), &ref, e))
            return false;
    }
    return b->options->n_tags > 0 || store_refs_set(b->store, STR_NULL, &ref, e);
}

static bool write_image(struct build *b, struct build_result *r, struct err *e) {
    struct stage *target = &b->stages[b->plan.target];
    struct image *im = &target->image;
    im->config = target->scope.config;
    im->os = S("linux");
    im->architecture = S(CROZE_ARCH);
    im->author = target->scope.author;
    for (size_t i = 0; i < b->options->labels.n; i++)
        pair_list_set(&target->arena, &im->config.labels, b->options->labels.p[i].key, b->options->labels.p[i].value);
    if (!set_times(b, im, e) || !image_write(b->store, im, e))
        return false;
    *r = (struct build_result){im->manifest, im->config_digest, im->manifest_bytes, im->manifest_media_type};
    return name_image(b, r, e);
}

static bool check_tags(struct build *b, struct err *e) {
    struct image_name name;
    for (size_t i = 0; i < b->options->n_tags; i++) {
        if (!image_name_parse(&b->arena, b->options->tags[i], &name, e))
            return false;
        if (name.digest.n)
            return err_set(e, ERR_USAGE, "-t %.*s: a name with a digest cannot be given", STR_ARG(b->options->tags[i]));
    }
    return true;
}

static void fini(struct build *b) {
    for (size_t i = 0; b->stages && i < b->plan.n_stages; i++) {
        image_fini(&b->stages[i].image);
        arena_fini(&b->stages[i].arena);
    }
    free(b->stages);
    stat_index_close(b->stats);
    fd_closep(&b->context_fd);
    free(b->context_path);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->packing);
    pthread_mutex_destroy(&b->why_lock);
    why_records_fini(&b->why);
    pthread_cond_destroy(&b->changed);
    err_clear(&b->failure);
    arena_fini(&b->arena);
}

bool build_run(struct store *s, const struct build_options *o, struct progress *p, struct build_result *r, struct err *e) {
    struct build b = {.store = s, .options = o, .progress = p, .context_fd = -1, .now = clock_now()};
    pthread_mutex_init(&b.lock, NULL);
    pthread_mutex_init(&b.packing, NULL);
    pthread_mutex_init(&b.why_lock, NULL);
    pthread_cond_init(&b.changed, NULL);
    bool good = check_tags(&b, e) && open_context(&b, e) && make_plan(&b, e) && run_stages(&b, e) && write_image(&b, r, e);
    fini(&b);
    return good;
}
