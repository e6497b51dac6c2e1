/* SPDX-License-Identifier: Apache-2.0
 * Reading the logs of builds (log.h), and finding those whose time is over. A log's name begins with the time at which its build began, so
 * names sort by age. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "store/log_private.h"
#include "sys/clock.h"

int logs_dir(struct store *s, struct err *e) {
    return file_openat(s->root_fd, "logs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
}

bool log_is_alive(struct store *s, struct str name) {
    ptrdiff_t dash = str_rindex(name, '-');
    if (dash < 0 || name.n - (size_t)dash > LEASE_NAME_MAX)
        return false;
    char owner[LEASE_NAME_MAX];
    snprintf(owner, sizeof owner, "%.*s", STR_ARG(str_from(name, (size_t)dash + 1)));
    return *owner && lease_is_alive(s, owner);
}

/* "20260102T030405.000006Z-1234" */
static bool is_log_name(struct str name) {
    static const char pattern[] = "dddddddd.dddddd.dddddd.-";
    if (name.n < sizeof pattern || name.p[8] != 'T' || name.p[15] != '.' || name.p[22] != 'Z' || name.p[23] != '-')
        return false;
    for (size_t i = 0; i + 1 < sizeof pattern; i++)
        if (pattern[i] == 'd' && (name.p[i] < '0' || name.p[i] > '9'))
            return false;
    return true;
}

/* --- one index --- */

static struct str text_of(yyjson_val *o, const char *key, struct arena *a) {
    return arena_str(a, json_get_str(o, key));
}

/* A step's file has a name of our own making; another one is not opened. */
static bool is_output_name(struct str name) {
    uint64_t number;
    return str_ends(name, S(".log")) && str_to_u64(str_first(name, name.n - 4), 10, UINT32_MAX, &number);
}

static void read_step(yyjson_val *o, struct arena *a, struct log_step *out) {
    *out = (struct log_step){.number = json_get_int(o, "number", 0),
                             .took_ms = json_get_int(o, "tookMs", 0),
                             .exit_code = json_get_int(o, "exitCode", INT64_MIN),
                             .bytes = json_get_int(o, "bytes", 0),
                             .title = text_of(o, "title", a),
                             .state = text_of(o, "state", a),
                             .log = text_of(o, "log", a)};
    out->has_exit_code = out->exit_code != INT64_MIN;
    if (!is_output_name(out->log))
        out->log = STR_NULL;
}

static void read_lists(yyjson_val *root, struct arena *a, struct log_index *out) {
    yyjson_val *steps = json_get_array(root, "steps"), *tags = json_get_array(root, "tags"), *item;
    size_t i, max;
    out->steps = arena_array(a, struct log_step, yyjson_arr_size(steps));
    yyjson_arr_foreach(steps, i, max, item) read_step(item, a, &out->steps[out->n_steps++]);
    out->tags = arena_array(a, struct str, yyjson_arr_size(tags));
    yyjson_arr_foreach(tags, i, max, item) {
        if (yyjson_is_str(item))
            out->tags[out->n_tags++] = arena_str(a, str_n(yyjson_get_str(item), yyjson_get_len(item)));
    }
}

bool log_index_parse(struct str json, struct arena *a, struct log_index *out, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(json, LIMIT_LOG_INDEX_BYTES, LOG_INDEX, e);
    *out = (struct log_index){0};
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (json_get_int(root, "version", 0) != LOG_FORMAT || !clock_parse_rfc3339(json_get_str(root, "started"), &out->started))
        return err_set(e, ERR_FAILED, "%s: not the index of a log of format %d", LOG_INDEX, LOG_FORMAT);
    if (!clock_parse_rfc3339(json_get_str(root, "ended"), &out->ended))
        out->ended = (struct timespec){0};
    out->state = text_of(root, "state", a);
    out->context = text_of(root, "context", a);
    out->dockerfile = text_of(root, "dockerfile", a);
    out->target = text_of(root, "target", a);
    out->error = text_of(root, "error", a);
    out->image = text_of(root, "image", a);
    out->more_steps = json_get_int(root, "moreSteps", 0);
    read_lists(root, a, out);
    return true;
}

static bool read_index(int logs, const char *name, struct arena *a, struct log_index *out, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_LOG_INDEX_BYTES);
    _cleanup_fd_ int dir = file_openat(logs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    bool good = dir >= 0 && file_readat(dir, LOG_INDEX, &text, e) && log_index_parse(buf_str(&text), a, out, e);
    buf_fini(&text);
    return good || err_wrap(e, "logs/%s", name);
}

bool store_log_last(struct store *s, struct arena *a, struct log_index *out, struct err *e) {
    struct dir_names names;
    _cleanup_fd_ int logs = logs_dir(s, e);
    if (logs < 0 || !file_list(logs, a, &names, e))
        return false;
    for (size_t i = names.n; i-- > 0;) {
        struct str name = names.names[i];
        if (!is_log_name(name))
            continue;
        if (!read_index(logs, name.p, a, out, e)) {
            if (e->sys != ENOENT) /* its build was killed before it wrote one */
                return false;
            err_clear(e);
            continue;
        }
        if (str_eq(out->state, S("running")) && !log_is_alive(s, name))
            out->state = S("killed");
        out->path = arena_printf(a, "%s/logs/%s", s->root, name.p);
        return true;
    }
    err_set(e, ERR_FAILED, "no build has left a log in this store");
    e->sys = ENOENT;
    return false;
}

int store_log_open(const struct log_index *l, const struct log_step *step, struct err *e) {
    _cleanup_fd_ int dir = file_open(l->path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    return dir < 0 ? -1 : file_openat(dir, step->log.p, O_RDONLY | O_NOFOLLOW, 0, e);
}

/* --- sweeping --- */

/* Whether a log is within its size and age. */
static bool fits(int logs, const char *name, int64_t keep_s, bool newest, uint64_t *bytes) {
    struct stat st;
    if (fstatat(logs, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return true;
    *bytes += tree_size(logs, name);
    return (newest || *bytes <= LIMIT_LOG_BYTES) && stat_age_s(&st) < keep_s;
}

bool logs_stale(struct store *s, bool look, int64_t keep_s, void (*found)(void *ctx, int dir_fd, const char *name), void *ctx,
                struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int logs = logs_dir(s, e);
    bool good = logs >= 0 && file_list(logs, &a, &names, e);
    uint64_t kept = 0, bytes = 0;
    for (size_t i = good ? names.n : 0; i-- > 0;) { /* the newest first */
        const char *name = names.names[i].p;
        if (!is_log_name(names.names[i]))
            continue;
        bool stays = ++kept <= LIMIT_LOG_BUILDS && (!look || fits(logs, name, keep_s, kept == 1, &bytes));
        if (!stays && !log_is_alive(s, names.names[i]))
            found(ctx, logs, name);
    }
    arena_fini(&a);
    return good;
}

bool logs_damaged(struct store *s, void (*found)(void *ctx, int dir_fd, const char *name, const char *why), void *ctx, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    _cleanup_fd_ int logs = logs_dir(s, e);
    bool good = logs >= 0 && file_list(logs, &a, &names, e);
    for (size_t i = 0; good && i < names.n; i++) {
        struct log_index index;
        struct err why = ERR_INIT;
        struct arena one = ARENA_INIT;
        if (log_is_alive(s, names.names[i]))
            continue;
        if (!is_log_name(names.names[i]))
            found(ctx, logs, names.names[i].p, "not the log of a build");
        else if (!read_index(logs, names.names[i].p, &one, &index, &why) && why.sys != ENOENT)
            found(ctx, logs, names.names[i].p, "a log without a sound index");
        err_clear(&why);
        arena_fini(&one);
    }
    arena_fini(&a);
    return good;
}
