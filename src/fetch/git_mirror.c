/* SPDX-License-Identifier: Apache-2.0
 * A repository's mirror: a bare repository in the store that holds what was fetched so far, each commit by itself (depth 1) where the
 * server can do that. Nothing is ever thrown out of it but all of it, by gc. See git_repo.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/vec.h"
#include "fetch/git_repo.h"
#include "fetch/local.h"

#define IN_REF "refs/croze/in" /* what was fetched last */

/* --- Where it comes from --- */

static bool use_map(struct git_repo *r, const struct url_map *map, struct str rest, struct url *u, struct err *e) {
    struct arena *a = r->job->arena;
    if (!str_starts_nocase(map->to, S("file://")))
        return url_parse(a, arena_join3(a, map->to, rest, STR_NULL), URL_HTTP | URL_HTTPS | URL_SSH | URL_GIT, u, e);
    r->from = arena_join3(a, map->to, rest, STR_NULL);
    r->local_fd = local_open(a, map, rest, O_RDONLY | O_DIRECTORY, e);
    *u = (struct url){.scheme = URL_FILE, .text = r->from};
    return r->local_fd >= 0;
}

static const char *protocol_of(enum url_scheme s) {
    switch (s) {
    case URL_HTTP:
        return "http:https"; /* a redirect may lead to https, never away from it */
    case URL_HTTPS:
        return "https";
    case URL_SSH:
        return "ssh";
    case URL_GIT:
        return "git";
    case URL_FILE:
        break;
    }
    return "file";
}

/* A git that reaches the remote, and what it is called there. */
static bool aim(struct git_repo *r, struct git *g, struct str *remote, struct err *e) {
    struct arena *a = r->job->arena;
    const struct url_map *map;
    struct str rest = STR_NULL;
    struct url u = {.scheme = r->ref.scheme, .text = r->ref.remote, .user = r->ref.user, .password = r->ref.password};
    r->from = r->ref.remote;
    if (url_map_find(r->job->fetcher, r->ref.remote, &map, &rest) && r->local_fd < 0 && !use_map(r, map, rest, &u, e))
        return false;
    *g = r->git;
    g->user = &r->job->user;
    g->protocols = protocol_of(u.scheme);
    if ((u.user.n || u.password.n) && (u.scheme == URL_HTTP || u.scheme == URL_HTTPS)) {
        g->secret_url = u.origin.n ? u.origin : u.text;
        g->secret_header = git_basic_header(a, u.user, u.password);
    }
    r->from = u.text;
    *remote = r->local_fd >= 0 ? arena_printf(a, "file:///proc/%d/fd/%d", (int)getpid(), r->local_fd) : u.text;
    return true;
}

/* --- The bare repository --- */

struct lock_search {
    int mirror;
    struct arena *arena;
    VEC(struct str) places;
};

/* Removes the locks in one directory of the mirror; with `deep` the directories in it are looked through later. */
static void remove_locks_in(struct lock_search *l, struct str place, bool deep) {
    struct err ignored = ERR_INIT;
    struct dir_names names = {0};
    _cleanup_fd_ int fd = file_openat_nolinks(l->mirror, place.p, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0 && !file_list(fd, l->arena, &names, &ignored))
        err_clear(&ignored);
    for (size_t i = 0; i < names.n; i++) {
        if (deep && names.types[i] == DT_DIR && l->places.n < LIMIT_GIT_REF_DIRS)
            vec_push(&l->places, arena_join3(l->arena, place, S("/"), names.names[i]));
        else if (str_ends(names.names[i], S(".lock")) && unlinkat(fd, names.names[i].p, 0) == 0)
            log_debug("gits: %.*s/%.*s of a fetch that was killed is removed", STR_ARG(place), STR_ARG(names.names[i]));
    }
}

/* What a killed git leaves; we hold the mirror's lock, so nobody else works here. */
static void remove_stale_locks(int mirror, struct arena *a) {
    struct lock_search l = {.mirror = mirror, .arena = a};
    remove_locks_in(&l, S("."), false);
    remove_locks_in(&l, S("refs/croze"), true);
    for (size_t i = 0; i < l.places.n; i++)
        remove_locks_in(&l, l.places.p[i], true);
    vec_fini(&l.places);
}

static bool empty_mirror(int dir, struct err *e) {
    struct arena a = ARENA_INIT;
    struct dir_names names;
    bool ok = file_list(dir, &a, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = file_remove_tree(dir, names.names[i].p, e);
    arena_fini(&a);
    return ok;
}

/* Makes it anew unless it is whole and keeps commits of this length. */
static bool prepare_mirror(struct git_repo *r, bool sha256, struct err *e) {
    struct str format = S("");
    struct err why = ERR_INIT;
    bool exists = faccessat(r->mirror.lock_fd, "HEAD", F_OK, 0) == 0;
    bool whole = exists && git_run(&r->git, GIT("rev-parse", "--show-object-format"), &format, NULL, &why);
    if (exists && !whole)
        log_warn("the mirror of %.*s in the store is damaged, and made anew: %s", STR_ARG(r->from), why.msg);
    err_clear(&why);
    if (whole && str_eqz(str_trim(format), sha256 ? "sha256" : "sha1")) {
        remove_stale_locks(r->mirror.lock_fd, r->job->arena);
        return true;
    }
    struct git plain = r->git;
    plain.git_dir = NULL;
    const char *option = sha256 ? "--object-format=sha256" : "--object-format=sha1";
    return empty_mirror(r->mirror.lock_fd, e) &&
           git_run(&plain, GIT("init", "-q", "--bare", "--template=", option, r->mirror.path), NULL, NULL, e);
}

static bool open_mirror(struct git_repo *r, struct err *e) {
    struct digest key = sha256_of(r->from.p, r->from.n);
    if (!store_mirror_open(r->job->fetcher->store, &key, &r->mirror, e))
        return false;
    r->git.git_dir = r->mirror.path;
    return true;
}

/* Whether the mirror holds the commit that `id` is or names; it is then complete, since packs come whole. */
static bool held(struct git_repo *r, struct str id, struct str *commit) {
    struct err why = ERR_INIT;
    struct str found;
    bool ok = git_run(&r->git, GIT("rev-parse", "-q", "--verify", arena_printf(r->job->arena, "%.*s^{commit}", STR_ARG(id)).p), &found,
                      NULL, &why) &&
              git_run(&r->git, GIT("cat-file", "-e", arena_printf(r->job->arena, "%.*s^{tree}", STR_ARG(id)).p), NULL, NULL, &why);
    err_clear(&why);
    if (ok && commit)
        *commit = str_trim(found);
    return ok;
}

/* --- What the remote says --- */

struct ref_ids {
    struct str branch, tag, peeled, exact, head, head_ref;
};

/* One line of ls-remote: "<id>\t<name>", or "ref: <name>\tHEAD". */
static void take_line(struct arena *a, struct str line, struct str ref, struct ref_ids *out) {
    struct str id, name;
    if (!str_cut(line, '\t', &id, &name))
        return;
    struct str short_ref = str_starts(ref, S("refs/")) ? str_from(ref, 5) : ref;
    struct str branch = str_starts(ref, S("refs/heads/")) ? str_from(ref, 11) : ref;
    struct str tag = str_starts(ref, S("refs/tags/")) ? str_from(ref, 10) : ref;
    if (str_eqz(name, "HEAD") && str_starts(id, S("ref: ")))
        out->head_ref = git_is_ref(str_from(id, 5)) ? str_from(id, 5) : S("");
    else if (!git_is_commit(id))
        return;
    else if (str_eqz(name, "HEAD"))
        out->head = id;
    else if (str_eq(name, arena_join3(a, S("refs/heads/"), branch, STR_NULL)))
        out->branch = id;
    else if (str_eq(name, arena_join3(a, S("refs/tags/"), tag, STR_NULL)))
        out->tag = id;
    else if (str_eq(name, arena_join3(a, S("refs/tags/"), tag, S("^{}"))))
        out->peeled = id;
    else if (str_eq(name, arena_join3(a, S("refs/"), short_ref, STR_NULL)))
        out->exact = id;
}

/* A branch comes before a tag of its name, as with git checkout. */
static bool choose(struct git_repo *r, const struct ref_ids *ids, struct str ref) {
    struct arena *a = r->job->arena;
    if (ref.n == 0) {
        r->full_ref = ids->head_ref.n ? ids->head_ref : S("HEAD");
        r->commit = ids->head;
    } else if (ids->exact.n) {
        r->full_ref = arena_join3(a, S("refs/"), str_starts(ref, S("refs/")) ? str_from(ref, 5) : ref, STR_NULL);
        r->commit = ids->exact;
    } else if (ids->branch.n) {
        r->full_ref = arena_join3(a, S("refs/heads/"), str_starts(ref, S("refs/heads/")) ? str_from(ref, 11) : ref, STR_NULL);
        r->commit = ids->branch;
    } else if (ids->tag.n) {
        r->full_ref = arena_join3(a, S("refs/tags/"), str_starts(ref, S("refs/tags/")) ? str_from(ref, 10) : ref, STR_NULL);
        r->commit = ids->peeled.n ? ids->peeled : ids->tag;
        r->tag = ids->peeled.n ? ids->tag : S("");
    }
    return r->commit.n > 0;
}

static bool ask(struct git_repo *r, struct git *g, struct str remote, struct err *e) {
    struct arena *a = r->job->arena;
    struct str ref = str_eqz(r->ref.ref, "HEAD") ? S("") : r->ref.ref, listing, line;
    struct ref_ids ids = {0};
    const char *name = ref.n ? arena_strz(a, ref) : "HEAD", *peeled = arena_printf(a, "%s^{}", name).p;
    if (!git_run(g, GIT("ls-remote", "-q", "--symref", "--", remote.p, name, peeled), &listing, NULL, e))
        return false;
    while (str_next(&listing, '\n', &line))
        take_line(a, line, ref, &ids);
    return choose(r, &ids, ref) || ref.n || err_set(e, ERR_FAILED, "the repository is empty: it has no default branch");
}

/* --- Fetching --- */

static bool said(const struct git *g, const char *what) {
    return str_find(g->said, str_z(what)) >= 0;
}

/* A server that cannot send a single commit (plain files behind HTTP) sends its history. */
static bool fetch_one(struct git_repo *r, struct git *g, struct str remote, struct str what, bool *failed, struct err *e) {
    const char *spec = arena_printf(r->job->arena, "+%.*s:" IN_REF, STR_ARG(what)).p;
    r->job->fetched = true;
    if (git_run(g, GIT("fetch", "-q", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", remote.p, spec), NULL, failed, e))
        return true;
    if (!*failed || (!said(g, "shallow") && !said(g, "--depth")))
        return false;
    err_clear(e);
    return git_run(g, GIT("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--", remote.p, spec), NULL, failed, e);
}

/* All branches and tags with their history: for commits that the server does not give by name, and those that are known in part. */
static bool fetch_all(struct git_repo *r, struct git *g, struct str remote, struct err *e) {
    bool shallow = faccessat(r->mirror.lock_fd, "shallow", F_OK, 0) == 0;
    const char *depth = shallow ? "--unshallow" : "--no-auto-maintenance"; /* git has no option for "all of it" that is always right */
    r->job->fetched = true;
    return git_run(g,
                   GIT("fetch", "-q", "--no-tags", "--no-write-fetch-head", "--prune", depth, "--", remote.p,
                       "+refs/heads/*:refs/croze/heads/*", "+refs/tags/*:refs/croze/tags/*"),
                   NULL, NULL, e);
}

static bool fetch_commit(struct git_repo *r, struct git *g, struct str remote, struct str id, struct err *e) {
    bool failed = false;
    if (fetch_one(r, g, remote, id, &failed, e))
        return true;
    if (!failed || (!said(g, "not our ref") && !said(g, "unadvertised") && !said(g, "does not allow request")))
        return false;
    err_clear(e);
    return fetch_all(r, g, remote, e);
}

/* A name that keeps the commit (and its tag) among what is told to the server the next time. */
static bool keep(struct git_repo *r, struct err *e) {
    struct arena *a = r->job->arena;
    const char *commit_ref = arena_printf(a, "refs/croze/commits/%.*s", STR_ARG(r->commit)).p;
    const char *tag_ref = arena_printf(a, "refs/croze/objects/%.*s", STR_ARG(r->tag)).p;
    return git_run(&r->git, GIT("update-ref", commit_ref, arena_strz(a, r->commit)), NULL, NULL, e) &&
           (r->tag.n == 0 || git_run(&r->git, GIT("update-ref", tag_ref, arena_strz(a, r->tag)), NULL, NULL, e));
}

/* What was fetched under a name is what counts: the name may have moved since it was asked for. */
static bool fetch_named(struct git_repo *r, struct git *g, struct str remote, struct err *e) {
    struct str id, commit;
    bool failed = false;
    if (!fetch_one(r, g, remote, r->full_ref, &failed, e) || !git_run(&r->git, GIT("rev-parse", "--verify", IN_REF), &id, NULL, e) ||
        !git_run(&r->git, GIT("rev-parse", "--verify", IN_REF "^{commit}"), &commit, NULL, e))
        return false;
    r->commit = str_trim(commit);
    r->tag = str_eq(str_trim(id), r->commit) ? S("") : str_trim(id);
    return true;
}

static bool find_short(struct git_repo *r, struct git *g, struct str remote, struct err *e) {
    struct str prefix = r->ref.ref;
    if (!git_is_commit_prefix(prefix))
        return err_set(e, ERR_FAILED, "it has no branch or tag \"%.*s\"", STR_ARG(prefix));
    return prepare_mirror(r, false, e) && (held(r, prefix, &r->commit) || fetch_all(r, g, remote, e)) &&
           (held(r, prefix, &r->commit) ||
            err_set(e, ERR_FAILED, "it has no branch or tag \"%.*s\", and no single commit begins so", STR_ARG(prefix)));
}

/* --- All of it --- */

static bool check_checksum(const struct git_repo *r, struct err *e) {
    struct str sum = r->ref.checksum;
    if (sum.n == 0 || str_starts(r->commit, sum) || (r->tag.n && str_starts(r->tag, sum)))
        return true;
    return err_set(e, ERR_FAILED, "the checksum %.*s is not that of commit %.*s%s%.*s", STR_ARG(sum), STR_ARG(r->commit),
                   r->tag.n ? ", nor of its tag " : "", STR_ARG(r->tag));
}

/* The commit that is named whole, or "". */
static struct str pinned(const struct git_repo *r) {
    if (git_is_commit(r->ref.ref))
        return r->ref.ref;
    if (r->want_commit.n)
        return r->want_commit;
    return r->ref.fetch_by_commit ? r->ref.checksum : S("");
}

static bool find_pinned(struct git_repo *r, struct git *g, struct str remote, struct str id, struct err *e) {
    r->commit = id;
    if (!prepare_mirror(r, id.n == 64, e))
        return false;
    if (held(r, id, &r->commit))
        return true;
    return fetch_commit(r, g, remote, id, e) &&
           (held(r, id, &r->commit) || err_set(e, ERR_FAILED, "it has no commit %.*s", STR_ARG(id)));
}

static bool find_named(struct git_repo *r, struct git *g, struct str remote, struct err *e) {
    if (!ask(r, g, remote, e))
        return false;
    if (r->commit.n == 0)
        return find_short(r, g, remote, e);
    if (!check_checksum(r, e) || !prepare_mirror(r, r->commit.n == 64, e))
        return false;
    if (held(r, r->commit, NULL) && (r->tag.n == 0 || held(r, r->tag, NULL)))
        return true;
    return fetch_named(r, g, remote, e);
}

bool git_repo_open(struct git_job *job, const struct git_ref *ref, struct str want_commit, struct git_repo *out, struct err *e) {
    struct git g;
    struct str remote;
    *out = (struct git_repo){.job = job, .ref = *ref, .want_commit = want_commit, .local_fd = -1, .mirror = STORE_MIRROR_INIT};
    out->git = (struct git){.arena = job->arena, .protocols = ""};
    if (!aim(out, &g, &remote, e) || !open_mirror(out, e))
        return false;
    g.git_dir = out->mirror.path;
    struct str id = pinned(out);
    bool found = id.n ? find_pinned(out, &g, remote, id, e) : find_named(out, &g, remote, e);
    return found && check_checksum(out, e) && keep(out, e);
}

void git_repo_close(struct git_repo *r) {
    store_mirror_close(&r->mirror);
    fd_closep(&r->local_fd);
}
