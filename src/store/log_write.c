/* SPDX-License-Identifier: Apache-2.0
 * Writing the log of a build: see log.h. Output is written as it comes; the index is replaced by rename when a step begins to print or
 * ends, at most once a second when there are many. Nothing is synced: what a power cut takes is a log. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "store/log_private.h"
#include "sys/clock.h"

enum { TITLE_MAX_BYTES = 256, ERROR_MAX_BYTES = 1024, FEW_STEPS = 100 };
static const uint64_t index_every_ns = 1000000000;

struct writing {
    unsigned number;
    struct str title;
    const char *state;
    struct timespec started;
    int64_t took_ms;
    bool has_exit_code;
    int exit_code;
    uint64_t bytes;
    int fd; /* -1: printed nothing yet, or has ended */
};

struct store_log {
    struct store *store;
    struct arena arena;
    struct log_about about;
    struct timespec started;
    struct str name;
    int dir; /* -1: it has ended before its time */
    VEC(struct writing) steps;
    size_t left_out; /* steps beyond LIMIT_LOG_STEPS */
    uint64_t bytes, indexed_ns;
    struct str path;
    struct err failure;
};

/* --- the index --- */

static void add_time(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, struct timespec t) {
    char text[CLOCK_TEXT];
    json_add_str(d, o, key, str_z(clock_rfc3339(t, text)));
}

static void add_step(yyjson_mut_doc *d, yyjson_mut_val *steps, const struct writing *w) {
    yyjson_mut_val *o = yyjson_mut_arr_add_obj(d, steps);
    char name[32];
    yyjson_mut_obj_add_uint(d, o, "number", w->number);
    json_add_str(d, o, "title", w->title);
    json_add_str(d, o, "state", str_z(w->state));
    add_time(d, o, "started", w->started);
    yyjson_mut_obj_add_int(d, o, "tookMs", w->took_ms);
    if (w->has_exit_code)
        yyjson_mut_obj_add_int(d, o, "exitCode", w->exit_code);
    if (w->bytes == 0)
        return;
    snprintf(name, sizeof name, "%u.log", w->number);
    json_add_str(d, o, "log", str_z(name));
    yyjson_mut_obj_add_uint(d, o, "bytes", w->bytes);
}

struct state {
    const char *name;
    bool ended;
    struct str error;
    const struct digest *image;
};

static void add_build(yyjson_mut_doc *d, yyjson_mut_val *root, const struct store_log *l, const struct state *state) {
    char image[DIGEST_TEXT + 1];
    yyjson_mut_obj_add_int(d, root, "version", LOG_FORMAT);
    json_add_str(d, root, "state", str_z(state->name));
    add_time(d, root, "started", l->started);
    if (state->ended)
        add_time(d, root, "ended", clock_now());
    json_add_str(d, root, "context", l->about.context);
    json_add_str(d, root, "dockerfile", l->about.dockerfile);
    json_add_str_opt(d, root, "target", l->about.target);
    yyjson_mut_val *tags = yyjson_mut_obj_add_arr(d, root, "tags");
    for (size_t i = 0; i < l->about.n_tags; i++)
        json_push_str(d, tags, l->about.tags[i]);
    json_add_str_opt(d, root, "error", str_first_chars(state->error, ERROR_MAX_BYTES));
    if (state->image)
        json_add_str(d, root, "image", str_z(digest_text(state->image, image)));
}

static bool write_index(struct store_log *l, const struct state *state, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_LOG_INDEX_BYTES);
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    add_build(d, root, l, state);
    yyjson_mut_val *steps = yyjson_mut_obj_add_arr(d, root, "steps");
    for (size_t i = 0; i < l->steps.n; i++)
        add_step(d, steps, &l->steps.p[i]);
    if (l->left_out)
        yyjson_mut_obj_add_uint(d, root, "moreSteps", l->left_out);
    json_write(d, false, &text);
    bool good = buf_ok(&text) || err_set(e, ERR_FAILED, "an index over the limit of %zu bytes", LIMIT_LOG_INDEX_BYTES);
    good = good && file_replace(l->dir, LOG_INDEX, text.p, text.n, false, e);
    buf_fini(&text);
    l->indexed_ns = log_now_ns();
    return good;
}

/* No more is written; why is said at the end, when no display is in the way. */
static void give_up(struct store_log *l) {
    fd_closep(&l->dir);
}

static void index_now(struct store_log *l, bool must) {
    static const struct state running = {.name = "running"};
    bool often = l->steps.n <= FEW_STEPS || log_now_ns() - l->indexed_ns >= index_every_ns;
    if (l->dir >= 0 && (must || often) && !write_index(l, &running, &l->failure))
        give_up(l);
}

/* --- the build --- */

static bool begin(struct store_log *l, struct err *e) {
    struct tm t;
    struct store *s = l->store;
    gmtime_r(&l->started.tv_sec, &t);
    l->name = arena_printf(&l->arena, "%04d%02d%02dT%02d%02d%02d.%06ldZ-%s", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                           t.tm_sec, l->started.tv_nsec / 1000, s->lease->name);
    _cleanup_fd_ int logs = logs_dir(s, e);
    if (logs < 0)
        return false;
    if (mkdirat(logs, l->name.p, 0700) < 0)
        return err_sys(e, errno, "make directory %s", l->name.p);
    l->dir = file_openat(logs, l->name.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    l->path = arena_printf(&l->arena, "%s/logs/%s", s->root, l->name.p);
    return l->dir >= 0;
}

struct store_log *store_log_begin(struct store *s, const struct log_about *about) {
    struct store_log *l = mem_zalloc(1, sizeof *l);
    *l = (struct store_log){.store = s, .about = *about, .started = clock_now(), .dir = -1, .path = S("")};
    if (begin(l, &l->failure))
        index_now(l, true);
    return l;
}

static struct writing *find(struct store_log *l, unsigned number) {
    for (size_t i = l->steps.n; i-- > 0;) /* mostly one of the last */
        if (l->steps.p[i].number == number)
            return &l->steps.p[i];
    return NULL;
}

void store_log_step(struct store_log *l, unsigned number, struct str title) {
    struct writing w = {.number = number,
                        .title = arena_str(&l->arena, str_first_chars(title, TITLE_MAX_BYTES)),
                        .state = "running",
                        .started = clock_now(),
                        .fd = -1};
    if (l->steps.n == LIMIT_LOG_STEPS)
        l->left_out++;
    else
        vec_push(&l->steps, w);
}

static bool open_output(struct store_log *l, struct writing *w, struct err *e) {
    char name[32];
    snprintf(name, sizeof name, "%u.log", w->number);
    w->fd = file_openat(l->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0600, e);
    return w->fd >= 0;
}

void store_log_output(struct store_log *l, unsigned number, struct str bytes) {
    const struct str end = S("\n[the log ends here: the output is over its limit]\n");
    struct writing *w = l->dir >= 0 ? find(l, number) : NULL;
    if (!w || bytes.n == 0 || l->bytes >= LIMIT_LOG_OUTPUT_BYTES)
        return;
    bool first = w->bytes == 0;
    if (l->bytes + bytes.n > LIMIT_LOG_OUTPUT_BYTES)
        bytes = end;
    bool good = w->fd >= 0 || open_output(l, w, &l->failure);
    if (!good || !file_write_all(w->fd, bytes.p, bytes.n, "a step's output", &l->failure)) {
        give_up(l);
        return;
    }
    w->bytes += bytes.n;
    l->bytes = bytes.p == end.p ? LIMIT_LOG_OUTPUT_BYTES : l->bytes + bytes.n;
    if (first)
        index_now(l, false);
}

void store_log_step_end(struct store_log *l, unsigned number, const struct log_end *end) {
    struct writing *w = find(l, number);
    if (!w)
        return;
    fd_closep(&w->fd);
    w->state = end->state;
    w->took_ms = end->took_ms;
    w->has_exit_code = end->has_exit_code;
    w->exit_code = end->exit_code;
    if (strcmp(end->state, "failed") == 0 && w->bytes && l->dir >= 0)
        l->path = arena_printf(&l->arena, "%s/logs/%s/%u.log", l->store->root, l->name.p, number);
    if (strcmp(end->state, "cached") != 0)
        index_now(l, false);
}

const char *store_log_path(const struct store_log *l) {
    return l->path.p;
}

static void remove_log(void *ctx, int dir_fd, const char *name) {
    struct err why = ERR_INIT;
    (void)ctx;
    if (!file_remove_tree(dir_fd, name, &why))
        log_debug("logs/%s is left behind: %s", name, why.msg);
    err_clear(&why);
}

void store_log_end(struct store_log *l, struct str error, const struct digest *image) {
    struct err *e = &l->failure;
    const struct state state = {error.n ? "failed" : "done", true, error, image};
    bool good = l->dir >= 0 && write_index(l, &state, e) && logs_stale(l->store, l->bytes > 0, INT64_MAX, remove_log, NULL, e);
    if (!good)
        log_warn("the log of this build is not complete: logs/%s: %s", l->name.p, e->msg);
    err_clear(e);
    for (size_t i = 0; i < l->steps.n; i++)
        fd_closep(&l->steps.p[i].fd);
    vec_fini(&l->steps);
    fd_closep(&l->dir);
    arena_fini(&l->arena);
    free(l);
}
