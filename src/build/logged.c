/* SPDX-License-Identifier: Apache-2.0
 * From the events of progress to the log of the build: see logged.h. */
#include "build/logged.h"

#include "build/stage.h"
#include "fetch/fetch.h"
#include "store/log.h"

struct logged {
    struct build *build;
    struct store_log *log;
    struct progress_watcher watcher;
};

static void started(void *ctx, unsigned number, struct str title) {
    store_log_step(((struct logged *)ctx)->log, number, title);
}

static void output(void *ctx, unsigned number, struct str bytes) {
    store_log_output(((struct logged *)ctx)->log, number, bytes);
}

static void ended(void *ctx, unsigned number, enum progress_end how, uint64_t took_ns, const int *exit_code) {
    static const char *const states[] = {
        [PROGRESS_DONE] = "done", [PROGRESS_CACHED] = "cached", [PROGRESS_FAILED] = "failed", [PROGRESS_CANCELED] = "canceled"};
    struct log_end end = {.state = states[how], .took_ms = (int64_t)(took_ns / 1000000), .has_exit_code = exit_code != NULL};
    if (exit_code)
        end.exit_code = *exit_code;
    store_log_step_end(((struct logged *)ctx)->log, number, &end);
}

struct str logged_context(const struct build *b, struct arena *a) {
    return b->context.is_host_dir ? str_z(b->context.path) : url_shown(a, b->context.text);
}

struct logged *logged_begin(struct build *b) {
    struct logged *l = mem_zalloc(1, sizeof *l);
    const struct build_options *o = b->options;
    struct log_about about = {
        .context = logged_context(b, &b->arena), .dockerfile = b->file.name, .target = o->target, .tags = o->tags, .n_tags = o->n_tags};
    *l = (struct logged){.build = b, .log = store_log_begin(b->store, &about), .watcher = {started, output, ended, l}};
    progress_watch(b->progress, &l->watcher);
    return l;
}

void logged_end(struct logged *l, const struct digest *image, struct err *e) {
    progress_watch(l->build->progress, NULL);
    struct str first = STR_NULL, rest;
    bool failed = e->kind != ERR_NONE;
    const char *path = store_log_path(l->log);
    if (failed && *path)
        err_append(e, "\n  log: %s", path);
    if (failed)
        str_cut(str_z(e->msg), '\n', &first, &rest);
    store_log_end(l->log, first, image);
    free(l);
}
