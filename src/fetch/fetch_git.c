/* SPDX-License-Identifier: Apache-2.0
 * fetch_git: a repository and its submodules become files in a directory. See fetch.h. */
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "fetch/git_repo.h"

struct place {
    const char *path; /* absolute */
    bool keep_git_dir;
    bool skip_submodules;
    int depth;
};

/* --- Submodules --- */

static bool write_repository(struct git_job *job, const struct git_ref *ref, struct str want_commit, const struct place *to,
                             struct str subdir, struct git_result *out, struct err *e);

/* The directory that git made for a submodule: reached by no link, since all of it came out of one tree. */
static bool check_place(const struct place *to, struct str path, struct err *e) {
    _cleanup_fd_ int top = file_open(to->path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, e);
    _cleanup_(mem_freep) char *z = mem_strndup(path.p, path.n);
    if (top < 0)
        return false;
    _cleanup_fd_ int fd = file_openat_nolinks(top, z, O_PATH | O_DIRECTORY, 0);
    return fd >= 0 || err_sys(e, errno, "open the directory %s", z);
}

/* Credentials of the parent's URL are for its host alone. */
static bool submodule_ref(struct git_job *job, const struct git_ref *parent, const struct git_link *link, struct git_ref *out,
                          struct err *e) {
    struct str remote;
    if (!git_submodule_remote(job->arena, parent->remote, link->remote, &remote, e) || !git_remote_parse(job->arena, remote, out, e))
        return false;
    out->ref = link->commit;
    if (out->user.n == 0 && out->password.n == 0 && git_same_host(parent->remote, out->remote)) {
        out->user = parent->user;
        out->password = parent->password;
    }
    return true;
}

static bool write_submodule(struct git_job *job, const struct git_ref *parent, const struct git_link *link, const struct place *to,
                            struct err *e) {
    struct git_ref ref;
    struct git_result ignored;
    struct place inner = *to;
    inner.path = arena_printf(job->arena, "%s/%.*s", to->path, STR_ARG(link->path)).p;
    inner.depth++;
    bool ok = check_place(to, link->path, e) && submodule_ref(job, parent, link, &ref, e);
    if (ok && inner.depth > LIMIT_GIT_DEPTH)
        ok = err_set(e, ERR_FAILED, "submodules nested deeper than %d levels", LIMIT_GIT_DEPTH);
    ok = ok && write_repository(job, &ref, S(""), &inner, S(""), &ignored, e);
    if (!ok)
        e->kind = ERR_FAILED; /* what a repository says is no fault of the command line */
    return ok || err_wrap(e, "submodule %.*s (%.*s)", STR_ARG(link->path), STR_ARG(url_shown(job->arena, link->remote)));
}

/* --- One repository --- */

static bool commit_time(struct git_repo *r, int64_t *out, struct err *e) {
    struct str text;
    return git_run(&r->git, GIT("log", "-1", "--format=%ct", arena_strz(r->job->arena, r->commit)), &text, NULL, e) &&
           (str_to_i64(str_trim(text), out) || err_set(e, ERR_FAILED, "git log gave no time"));
}

/* A directory of the commit itself; it might also lie in a submodule, or not be there. */
static bool is_directory(struct git_repo *r, struct str path) {
    struct err why = ERR_INIT;
    struct str type = S("");
    bool ok = git_run(&r->git, GIT("cat-file", "-t", arena_printf(r->job->arena, "%.*s:%.*s", STR_ARG(r->commit), STR_ARG(path)).p), &type,
                      NULL, &why);
    err_clear(&why);
    return ok && str_eqz(str_trim(type), "tree");
}

static bool take_files(struct git_repo *r, const struct place *to, struct str subdir, struct git_links *links, struct git_result *out,
                       struct err *e) {
    bool clone = to->keep_git_dir && subdir.n == 0;
    *links = (struct git_links){0};
    if (subdir.n && !is_directory(r, subdir))
        subdir = S("");
    out->commit = r->commit;
    return commit_time(r, &out->commit_time_s, e) &&
           (clone ? git_write_clone(r, to->path, e) : git_write_files(r, to->path, subdir, e)) &&
           (to->skip_submodules || git_list_links(r, subdir, links, e));
}

static bool write_repository(struct git_job *job, const struct git_ref *ref, struct str want_commit, const struct place *to,
                             struct str subdir, struct git_result *out, struct err *e) {
    struct git_repo r;
    struct git_links links;
    bool ok = git_repo_open(job, ref, want_commit, &r, e) && take_files(&r, to, subdir, &links, out, e);
    struct str from = r.from;
    git_repo_close(&r); /* before its submodules: two builds could wait for each other's mirrors */
    if (!ok && from.n && !str_eq(from, ref->remote))
        err_wrap(e, "from %.*s", STR_ARG(url_shown(job->arena, from)));
    for (size_t i = 0; ok && i < links.n; i++)
        ok = write_submodule(job, ref, &links.p[i], to, e);
    return ok;
}

/* --- A directory of it --- */

/* Moves what lies in scratch/all/SUBDIR to where it is wanted. */
static bool move_subdir(struct git_job *job, const char *all, struct str subdir, const char *into, struct err *e) {
    _cleanup_fd_ int top = file_open(all, O_RDONLY | O_DIRECTORY, 0, e);
    _cleanup_fd_ int to = file_open(into, O_RDONLY | O_DIRECTORY, 0, e);
    struct dir_names names;
    if (top < 0 || to < 0)
        return false;
    _cleanup_fd_ int from = file_openat_nolinks(top, arena_strz(job->arena, subdir), O_RDONLY | O_DIRECTORY, 0);
    if (from < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return err_set(e, ERR_FAILED, "it has no directory %.*s%s", STR_ARG(subdir),
                       errno == ENOENT ? "" : " (a link or file is no directory)");
    if (from < 0)
        return err_sys(e, errno, "open %.*s", STR_ARG(subdir));
    bool ok = file_list(from, job->arena, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = renameat(from, names.names[i].p, to, names.names[i].p) == 0 || err_sys(e, errno, "move %s", names.names[i].p);
    return ok;
}

/* No .git is kept with a directory alone, as with BuildKit. */
static bool write_subdir(struct git_job *job, const struct git_ref *ref, const struct git_request *q, struct place *to,
                         struct git_result *out, struct err *e) {
    const char *all = arena_printf(job->arena, "%s/all", job->scratch).p;
    to->path = all;
    to->keep_git_dir = false;
    if (mkdir(all, 0755) < 0)
        return err_sys(e, errno, "make directory %s", all);
    return write_repository(job, ref, q->want_commit, to, ref->subdir, out, e) && move_subdir(job, all, ref->subdir, q->into, e);
}

/* --- All of it --- */

static bool read_request(struct git_job *job, const struct git_request *q, struct git_ref *ref, struct place *to, struct err *e) {
    if (!git_ref_parse(job->arena, q->repository, ref, e))
        return false;
    if (q->has_keep_git_dir && ref->has_keep_git_dir && q->keep_git_dir != ref->keep_git_dir)
        return err_set(e, ERR_USAGE, "--keep-git-dir and ?keep-git-dir contradict each other");
    if (q->checksum.n && !git_ref_set_checksum(job->arena, ref, q->checksum, e))
        return false;
    if (git_is_commit(ref->ref) && ref->checksum.n && !str_starts(ref->ref, ref->checksum))
        return err_set(e, ERR_FAILED, "the checksum %.*s is not that of commit %.*s", STR_ARG(ref->checksum), STR_ARG(ref->ref));
    *to = (struct place){.path = q->into, .skip_submodules = ref->skip_submodules};
    to->keep_git_dir = q->has_keep_git_dir ? q->keep_git_dir : ref->keep_git_dir;
    return q->want_commit.n == 0 || git_is_commit(q->want_commit) ||
           err_set(e, ERR_USAGE, "\"%.*s\" is not a commit", STR_ARG(q->want_commit));
}

static bool fetch(struct git_job *job, const struct git_request *q, struct git_result *out, struct err *e) {
    struct git_ref ref;
    struct place to;
    if (!read_request(job, q, &ref, &to, e) || !store_workdir(job->fetcher->store, &job->scratch, e) ||
        !git_read_user_config(job->arena, &job->user, e))
        return false;
    bool ok = ref.subdir.n ? write_subdir(job, &ref, q, &to, out, e) : write_repository(job, &ref, q->want_commit, &to, S(""), out, e);
    _cleanup_fd_ int top = ok ? file_open(q->into, O_RDONLY | O_DIRECTORY, 0, e) : -1;
    out->cached = !job->fetched;
    return ok && top >= 0 && git_settle_tree(top, ref.commit_times ? out->commit_time_s : q->time_s, e);
}

bool fetch_git(const struct fetcher *f, const struct git_request *q, struct arena *a, struct git_result *out, struct err *e) {
    struct git_job job = {.fetcher = f, .arena = a};
    uint64_t began = log_now_ns();
    *out = (struct git_result){0};
    bool ok = fetch(&job, q, out, e);
    if (job.scratch)
        store_workdir_remove(f->store, job.scratch);
    free(job.scratch);
    log_span("fetch git", began);
    return ok || err_wrap(e, "%.*s", STR_ARG(url_shown(a, q->repository)));
}
