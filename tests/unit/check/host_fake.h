/* SPDX-License-Identifier: Apache-2.0
 *
 * A host that is described by lines, for tests and fuzzers of `check --host`:
 *
 *   file MODE UID:GID PATH       a file without content (MODE with a leading 4: a directory)
 *   text PATH CONTENT            a file of root with mode 0644; \n in its content is a newline, \z a NUL
 *   link PATH TARGET
 *   denied PATH                  to look at it, or below it, is refused
 *   get PATH JSON                what the engine answers; "get PATH -": status 500
 *   args WORD...                 the daemon's command line; "args -": its process is not known
 *   engine none|denied           there is no engine to ask, or it refuses us
 *   user UID                     who we are, if not root
 *   audit RULE                   the kernel may be asked for its rules, and this is one
 *   container NAME | members of HostConfig | of Config | of the whole       a running one
 *   image NAME | members of Config | of the whole | members of the history's list
 *
 * What is not said is as it is on a host where dockerd runs with no options and nothing else. */
#ifndef CROZE_TESTS_HOST_FAKE_H
#define CROZE_TESTS_HOST_FAKE_H

#include <errno.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/vec.h"
#include "check/host.h"

struct fake_file {
    struct str path, text, target;
    struct host_file file;
    bool denied;
};

struct fake {
    struct arena arena;
    VEC(struct fake_file) files;
    VEC(struct host_question) answers; /* path and body */
    struct str audit, containers, images;
    bool may_audit, is_blind; /* blind: every look is refused */
    size_t n_ids;
    struct host_source source;
};

static inline struct fake_file *fake_find(struct fake *f, struct str path) {
    for (size_t k = 0; k < f->files.n; k++)
        if (str_eq(f->files.p[k].path, path))
            return &f->files.p[k];
    return NULL;
}

static inline bool fake_is_below(struct str path, struct str dir) {
    return path.n > dir.n && str_starts(path, dir) && path.p[dir.n] == '/';
}

static inline enum host_read fake_stat(void *ctx, const char *path, struct host_file *out, const char **why) {
    struct fake *f = ctx;
    struct fake_file *found = NULL;
    bool is_dir = false;
    *why = "Permission denied";
    if (f->is_blind)
        return HOST_DENIED;
    for (size_t k = 0; k < f->files.n; k++) {
        struct fake_file *x = &f->files.p[k];
        if (x->denied && (str_eqz(x->path, path) || fake_is_below(str_z(path), x->path)))
            return HOST_DENIED;
        found = str_eqz(x->path, path) ? x : found;
        is_dir |= fake_is_below(x->path, str_z(path));
    }
    *why = "No such file or directory";
    *out = found ? found->file : (struct host_file){S_IFDIR | 0755, 0, 0};
    return found || is_dir ? HOST_READ : HOST_ABSENT;
}

static inline enum host_read fake_read(void *ctx, const char *path, size_t max, struct arena *a, struct str *out, const char **why) {
    struct host_file file;
    enum host_read got = fake_stat(ctx, path, &file, why);
    struct fake_file *x = fake_find(ctx, str_z(path));
    if (got != HOST_READ || !x || x->text.n > max)
        return got == HOST_READ ? HOST_DENIED : got;
    *out = arena_str(a, x->text);
    return HOST_READ;
}

static inline enum host_read fake_read_own(void *ctx, const char *path, uid_t uid, size_t max, struct arena *a, struct str *out,
                                           const char **why) {
    struct host_file file;
    enum host_read got = fake_stat(ctx, path, &file, why);
    if (got == HOST_READ && file.uid != uid) {
        *why = "it is not of the user in whose home it lies";
        return HOST_DENIED;
    }
    return got == HOST_READ ? fake_read(ctx, path, max, a, out, why) : got;
}

static inline enum host_read fake_list(void *ctx, const char *path, struct arena *a, struct host_names *out, const char **why) {
    struct fake *f = ctx;
    struct host_file file;
    enum host_read got = fake_stat(ctx, path, &file, why);
    if (got != HOST_READ)
        return got;
    *out = (struct host_names){arena_array(a, struct str, f->files.n), 0};
    for (size_t k = 0; k < f->files.n; k++) {
        struct str name, rest;
        if (!fake_is_below(f->files.p[k].path, str_z(path)))
            continue;
        (void)str_cut(str_from(f->files.p[k].path, strlen(path) + 1), '/', &name, &rest);
        size_t i = 0;
        while (i < out->n && !str_eq(out->p[i], name))
            i++;
        if (i == out->n)
            out->p[out->n++] = arena_str(a, name);
    }
    return HOST_READ;
}

static inline enum host_read fake_link(void *ctx, const char *path, struct arena *a, struct str *out, const char **why) {
    struct fake_file *x = fake_find(ctx, str_z(path));
    *why = "No such file or directory";
    if (!x || x->target.n == 0 || ((struct fake *)ctx)->is_blind)
        return HOST_ABSENT;
    *out = arena_str(a, x->target);
    return HOST_READ;
}

static inline void fake_ask(void *ctx, struct host_question *questions, size_t n) {
    struct fake *f = ctx;
    for (size_t q = 0; q < n; q++) {
        questions[q].failure = arena_printf(&questions[q].arena, "GET %.*s: status 404", STR_ARG(questions[q].path));
        for (size_t k = 0; k < f->answers.n; k++) /* the last one counts */
            if (str_eq(f->answers.p[k].path, questions[q].path)) {
                bool good = f->answers.p[k].body.p != NULL;
                questions[q].body = good ? arena_str(&questions[q].arena, f->answers.p[k].body) : STR_NULL;
                questions[q].failure = good ? STR_NULL : S("status 500");
            }
    }
}

static inline bool fake_audit(void *ctx, struct arena *a, struct str *rules) {
    struct fake *f = ctx;
    *rules = arena_str(a, f->audit);
    return f->may_audit && !f->is_blind;
}

static inline struct str fake_unescaped(struct arena *a, struct str text) {
    char *out = arena_alloc(a, text.n + 1, 1);
    size_t n = 0;
    for (size_t k = 0; k < text.n; k++) {
        bool escape = text.p[k] == '\\' && k + 1 < text.n && (text.p[k + 1] == 'n' || text.p[k + 1] == 'z');
        out[n++] = !escape ? text.p[k] : text.p[k + 1] == 'n' ? '\n' : '\0';
        k += escape;
    }
    return str_n(out, n);
}

static inline void fake_answer(struct fake *f, struct str path, struct str body) {
    struct host_question q = {.path = arena_str(&f->arena, path), .body = str_eqz(body, "-") ? STR_NULL : arena_str(&f->arena, body)};
    vec_push(&f->answers, q);
}

static inline void fake_add(struct fake *f, struct str path, mode_t mode, uid_t uid, gid_t gid, struct str text) {
    struct fake_file x = {.path = arena_str(&f->arena, path), .text = arena_str(&f->arena, text), .file = {mode, uid, gid}};
    vec_push(&f->files, x);
}

/* The pieces of "a | b | c". */
static inline struct str fake_piece(struct str *rest) {
    ptrdiff_t at = str_find(*rest, S(" | "));
    struct str piece = at < 0 ? *rest : str_first(*rest, (size_t)at);
    *rest = at < 0 ? STR_NULL : str_from(*rest, (size_t)at + 3);
    return str_trim(piece);
}

static inline struct str fake_members(struct arena *a, struct str list, struct str one) {
    return list.n ? arena_join3(a, list, S(","), one) : one;
}

static inline void fake_container(struct fake *f, struct str rest) {
    struct arena *a = &f->arena;
    struct str name = fake_piece(&rest), host = fake_piece(&rest), config = fake_piece(&rest), whole = fake_piece(&rest);
    struct str id = arena_printf(a, "c%zu", ++f->n_ids);
    f->containers =
        fake_members(a, f->containers, arena_printf(a, "{\"Id\":\"%s\",\"Names\":[\"/%.*s\"],\"State\":\"running\"}", id.p, STR_ARG(name)));
    fake_answer(f, arena_printf(a, "/containers/%s/json", id.p),
                arena_printf(a, "{%.*s%s\"Id\":\"%s\",\"Name\":\"/%.*s\",\"HostConfig\":{%.*s},\"Config\":{%.*s}}", STR_ARG(whole),
                             whole.n ? "," : "", id.p, STR_ARG(name), STR_ARG(host), STR_ARG(config)));
}

static inline void fake_image(struct fake *f, struct str rest) {
    struct arena *a = &f->arena;
    struct str name = fake_piece(&rest), config = fake_piece(&rest), whole = fake_piece(&rest), history = fake_piece(&rest);
    struct str id = arena_printf(a, "sha256:%064zu", ++f->n_ids);
    f->images = fake_members(a, f->images, arena_printf(a, "{\"Id\":\"%s\",\"RepoTags\":[\"%.*s\"]}", id.p, STR_ARG(name)));
    fake_answer(f, arena_printf(a, "/images/%s/json", id.p),
                arena_printf(a, "{%.*s%s\"Id\":\"%s\",\"Config\":{%.*s}}", STR_ARG(whole), whole.n ? "," : "", id.p, STR_ARG(config)));
    fake_answer(f, arena_printf(a, "/images/%s/history", id.p), arena_printf(a, "[%.*s]", STR_ARG(history)));
}

static inline void fake_args(struct fake *f, struct str words) {
    struct buf b = BUF_INIT(1 << 20);
    struct str word;
    struct fake_file *x = fake_find(f, S("/proc/100/cmdline"));
    while (str_next(&words, ' ', &word)) {
        buf_add_str(&b, word);
        buf_add_char(&b, '\0');
    }
    if (x)
        x->text = arena_str(&f->arena, buf_str(&b));
    buf_fini(&b);
}

static inline void fake_file_line(struct fake *f, struct str rest) {
    struct str mode, owner, uid, gid, path;
    uint64_t m = 0, u = 0, g = 0;
    (void)str_cut(rest, ' ', &mode, &rest);
    (void)str_cut(rest, ' ', &owner, &path);
    (void)str_cut(owner, ':', &uid, &gid);
    (void)(str_to_u64(mode, 8, 0177777, &m) && str_to_u64(uid, 10, UINT32_MAX, &u) && str_to_u64(gid, 10, UINT32_MAX, &g));
    fake_add(f, path, (mode_t)m | (m & S_IFMT ? 0 : S_IFREG), (uid_t)u, (gid_t)g, STR_NULL);
}

static inline void fake_line(struct fake *f, struct str line) {
    struct str verb, rest, first, second;
    (void)str_cut(line, ' ', &verb, &rest);
    (void)str_cut(rest, ' ', &first, &second);
    if (str_eqz(verb, "file"))
        fake_file_line(f, rest);
    else if (str_eqz(verb, "text"))
        fake_add(f, first, S_IFREG | 0644, 0, 0, fake_unescaped(&f->arena, second));
    else if (str_eqz(verb, "link") || str_eqz(verb, "denied")) {
        fake_add(f, first, S_IFREG | 0644, 0, 0, STR_NULL);
        f->files.p[f->files.n - 1].target = arena_str(&f->arena, second);
        f->files.p[f->files.n - 1].denied = str_eqz(verb, "denied");
    } else if (str_eqz(verb, "get"))
        fake_answer(f, first, second);
    else if (str_eqz(verb, "args") && str_eqz(rest, "-"))
        f->source.peer = 0;
    else if (str_eqz(verb, "args"))
        fake_args(f, rest);
    else if (str_eqz(verb, "engine")) {
        f->source.no_engine = str_eqz(rest, "denied") ? S("/var/run/docker.sock: Permission denied") : S("no engine listens");
        f->source.engine_denied = str_eqz(rest, "denied");
        f->source.peer = 0;
        f->source.socket = STR_NULL;
    } else if (str_eqz(verb, "user")) {
        uint64_t uid = 0;
        (void)str_to_u64(rest, 10, UINT32_MAX, &uid);
        f->source.uid = (uid_t)uid;
    } else if (str_eqz(verb, "audit")) {
        f->may_audit = true;
        f->audit = rest.n ? arena_join3(&f->arena, f->audit, rest, S("\n")) : f->audit;
    } else if (str_eqz(verb, "container"))
        fake_container(f, rest);
    else if (str_eqz(verb, "image"))
        fake_image(f, rest);
}

/* Before the lines of a case. */
static inline void fake_begin(struct fake *f) {
    *f = (struct fake){0};
    f->source = (struct host_source){.ctx = f, .stat = fake_stat, .read = fake_read, .list = fake_list, .link = fake_link};
    f->source.read_own = fake_read_own;
    f->source.ask = fake_ask;
    f->source.audit = fake_audit;
    f->source.socket = S("/var/run/docker.sock");
    f->source.peer = 100;
    fake_add(f, S("/proc/100/cmdline"), S_IFREG | 0444, 0, 0, STR_NULL);
    fake_add(f, S("/proc/1/comm"), S_IFREG | 0444, 0, 0, S("init\n"));
    fake_args(f, S("/usr/bin/dockerd"));
}

static inline bool fake_answers(const struct fake *f, const char *path) {
    for (size_t k = 0; k < f->answers.n; k++)
        if (str_eqz(f->answers.p[k].path, path))
            return true;
    return false;
}

/* Behind them. */
static inline void fake_finish(struct fake *f) {
    struct str lists[] = {f->containers, f->images};
    static const char *const paths[] = {"/containers/json?all=1", "/images/json"};
    for (size_t k = 0; k < 2; k++)
        if (!fake_answers(f, paths[k]))
            fake_answer(f, str_z(paths[k]), arena_join3(&f->arena, S("["), lists[k], S("]")));
}

static inline void fake_end(struct fake *f) {
    vec_fini(&f->files);
    vec_fini(&f->answers);
    arena_fini(&f->arena);
}

#endif
