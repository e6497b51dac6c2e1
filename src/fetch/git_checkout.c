/* SPDX-License-Identifier: Apache-2.0
 * A commit's files, out of the mirror: written by git's plumbing, so that no hook, filter or stale index has a say. See git_repo.h. */
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/vec.h"
#include "fetch/git_repo.h"

/* --- Files --- */

/* ":(top,literal)dir": a path that is no pattern. */
static const char *literal(struct git_repo *r, struct str path) {
    return arena_printf(r->job->arena, ":(top,literal)%.*s", STR_ARG(path)).p;
}

static bool write_tree(struct git *g, struct str commit, const char *pathspec, struct err *e) {
    if (!git_run(g, GIT("read-tree", arena_strz(g->arena, commit)), NULL, NULL, e))
        return false;
    /* checkout-index leaves the index as it is: without the times and inodes of these files */
    return pathspec ? git_run(g, GIT("checkout", "-q", "-f", "--", pathspec), NULL, NULL, e)
                    : git_run(g, GIT("checkout-index", "-q", "-f", "-a"), NULL, NULL, e);
}

bool git_write_files(struct git_repo *r, const char *into, struct str subdir, struct err *e) {
    struct git g = r->git;
    g.dir = into;
    g.index = arena_printf(r->job->arena, "%s/index", r->job->scratch).p;
    bool ok = write_tree(&g, r->commit, subdir.n ? literal(r, subdir) : NULL, e);
    if (unlink(g.index) < 0 && errno != ENOENT && ok)
        return err_sys(e, errno, "remove %s", g.index);
    return ok;
}

/* --- A clone --- */

/* What init and fetch leave that would differ from run to run, or is of no use. */
static bool trim_clone(const char *git_dir, struct err *e) {
    static const char *const extra[] = {"FETCH_HEAD", "ORIG_HEAD", "logs", "branches", "hooks", "description"};
    _cleanup_fd_ int dir = file_open(git_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, e);
    bool ok = dir >= 0;
    for (size_t i = 0; ok && i < sizeof extra / sizeof *extra; i++)
        ok = file_remove_tree(dir, extra[i], e);
    return ok;
}

/* One pack, made by one thread and from nothing that is packed already: the same bytes from the same commit. */
static bool fill_clone(struct git_repo *r, struct git *g, struct err *e) {
    struct arena *a = r->job->arena;
    struct str object = r->tag.n ? r->tag : r->commit;
    bool named = str_starts(r->full_ref, S("refs/"));
    struct str as = named ? r->full_ref : S("refs/croze/in"); /* a commit that was asked for as such needs no name but HEAD */
    const char *source = arena_printf(a, "refs/croze/%s/%.*s", r->tag.n ? "objects" : "commits", STR_ARG(object)).p;
    const char *remote = arena_printf(a, "file://%s", r->mirror.path).p, *spec = arena_printf(a, "+%s:%.*s", source, STR_ARG(as)).p;
    struct git local = *g;
    local.protocols = "file";
    return git_run(&local, GIT("fetch", "-q", "-u", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", remote, spec), NULL, NULL,
                   e) &&
           git_run(g, GIT("update-ref", "--no-deref", "HEAD", arena_strz(a, r->commit)), NULL, NULL, e) &&
           (named || git_run(g, GIT("update-ref", "-d", as.p), NULL, NULL, e)) &&
           git_run(g, GIT("repack", "-q", "-a", "-d", "-F"), NULL, NULL, e);
}

bool git_write_clone(struct git_repo *r, const char *into, struct err *e) {
    struct arena *a = r->job->arena;
    const char *git_dir = arena_printf(a, "%s/.git", into).p;
    struct git g = r->git, plain = r->git;
    plain.git_dir = NULL;
    g.git_dir = git_dir;
    g.dir = into;
    const char *format = r->commit.n == 64 ? "--object-format=sha256" : "--object-format=sha1";
    return git_run(&plain, GIT("init", "-q", "--template=", format, into), NULL, NULL, e) &&
           git_run(&g, GIT("remote", "add", "origin", arena_strz(a, r->ref.remote)), NULL, NULL, e) && fill_clone(r, &g, e) &&
           write_tree(&g, r->commit, NULL, e) && trim_clone(git_dir, e);
}

/* --- Submodules --- */

/* "submodule.<name>.<what>\n<value>\0" for all of .gitmodules; "" if there is none. */
static bool read_gitmodules(struct git_repo *r, struct str *out, struct err *e) {
    const char *blob = arena_printf(r->job->arena, "%.*s:.gitmodules", STR_ARG(r->commit)).p;
    struct err why = ERR_INIT;
    *out = S("");
    bool there = git_run(&r->git, GIT("cat-file", "-e", blob), NULL, NULL, &why);
    err_clear(&why);
    return !there || git_run(&r->git, GIT("config", "-z", "--no-includes", "--blob", blob, "--list"), out, NULL, e);
}

/* Splits "submodule.<name>.<what>"; git folds the outer parts to lower case. */
static bool split_key(struct str key, struct str *name, struct str *what) {
    ptrdiff_t dot = str_rindex(key, '.');
    if (!str_starts(key, S("submodule.")) || dot <= 10)
        return false;
    *name = str_n(key.p + 10, (size_t)dot - 10);
    *what = str_from(key, (size_t)dot + 1);
    return true;
}

/* The value of submodule.<name>.<what>; the last one counts. */
static struct str module_value(struct str modules, struct str want_name, const char *want) {
    struct str entry, key, value, name, what, found = S("");
    while (str_next(&modules, '\0', &entry))
        if (str_cut(entry, '\n', &key, &value) && split_key(key, &name, &what) && str_eq(name, want_name) && str_eqz(what, want))
            found = value;
    return found;
}

static struct str name_of_path(struct str modules, struct str path) {
    struct str entry, key, value, name, what, found = S("");
    while (str_next(&modules, '\0', &entry))
        if (str_cut(entry, '\n', &key, &value) && split_key(key, &name, &what) && str_eqz(what, "path") && str_eq(value, path))
            found = name;
    return found;
}

/* "<mode> <type> <id>\t<path>" of a submodule. */
static bool take_link(struct str line, struct git_link *out) {
    struct str head;
    *out = (struct git_link){0};
    if (!str_starts(line, S("160000 commit ")) || !str_cut(line, '\t', &head, &out->path))
        return false;
    out->commit = str_from(head, 14);
    return git_is_commit(out->commit) && out->path.n > 0;
}

static bool describe(struct str modules, struct git_link *link, bool *skip, struct err *e) {
    link->name = name_of_path(modules, link->path);
    link->remote = module_value(modules, link->name, "url");
    *skip = str_eqz(module_value(modules, link->name, "update"), "none");
    return *skip || link->remote.n ||
           err_set(e, ERR_FAILED, ".gitmodules does not say where the submodule %.*s comes from (?submodules=false leaves it out)",
                   STR_ARG(link->path));
}

bool git_list_links(struct git_repo *r, struct str subdir, struct git_links *out, struct err *e) {
    struct arena *a = r->job->arena;
    struct str listing, line, modules;
    VEC(struct git_link) links = {0};
    const char *commit = arena_strz(a, r->commit);
    *out = (struct git_links){0};
    if (!(subdir.n ? git_run(&r->git, GIT("ls-tree", "-r", "-z", "--full-tree", commit, "--", arena_strz(a, subdir)), &listing, NULL, e)
                   : git_run(&r->git, GIT("ls-tree", "-r", "-z", "--full-tree", commit), &listing, NULL, e)))
        return false;
    bool ok = str_find(listing, S("160000 commit ")) < 0 || read_gitmodules(r, &modules, e);
    while (ok && str_next(&listing, '\0', &line)) {
        struct git_link link;
        bool skip = false;
        if (!take_link(line, &link))
            continue;
        if (++r->job->submodules > LIMIT_GIT_SUBMODULES)
            ok = err_set(e, ERR_FAILED, "more than %d submodules", LIMIT_GIT_SUBMODULES);
        else if ((ok = describe(modules, &link, &skip, e)) && !skip)
            vec_push(&links, link);
    }
    out->p = arena_array(a, struct git_link, links.n);
    out->n = links.n;
    if (links.n)
        memcpy(out->p, links.p, links.n * sizeof *links.p);
    vec_fini(&links);
    return ok;
}
