/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: one repository: its mirror in the store, the commit that is wanted, and its files. */
#ifndef CROZE_FETCH_GIT_REPO_H
#define CROZE_FETCH_GIT_REPO_H

#include "fetch/git_run.h"

/* What is shared by a repository and its submodules. */
struct git_job {
    const struct fetcher *fetcher;
    struct arena *arena;
    struct user_config user;
    char *scratch;              /* a directory of the store's work space */
    size_t submodules;          /* met so far */
    bool fetched;               /* something came over the network */
};

struct git_repo {
    struct git_job *job;
    struct git_ref ref;         /* what is wanted; of a submodule only remote, scheme and ref (a commit) */
    struct str want_commit;     /* from the lock, or "" */
    struct str from;            /* the remote, or where --url-map sends it; without credentials */
    int local_fd;               /* the repository itself if that is file://, else -1 */
    struct store_mirror mirror; /* held while this is open */
    struct git git;             /* without a network */
    struct str full_ref;        /* "refs/heads/main"; "" if a commit was asked for */
    struct str commit, tag;     /* what was found: the commit, and the tag object that names it or "" */
};

/* Finds the commit, and fetches it unless it is held. Close it in any case. */
MUST_CHECK bool git_repo_open(struct git_job *job, const struct git_ref *ref, struct str want_commit, struct git_repo *out, struct err *e);
void git_repo_close(struct git_repo *r);

/* Writes the commit's files into the directory: those below `subdir`, or all if it is "". */
MUST_CHECK bool git_write_files(struct git_repo *r, const char *into, struct str subdir, struct err *e);
/* The same (all), with a .git of one commit in it. */
MUST_CHECK bool git_write_clone(struct git_repo *r, const char *into, struct err *e);

/* A submodule of a commit. */
struct git_link {
    struct str path, commit, name, remote;
};
struct git_links {
    struct git_link *p;
    size_t n;
};
/* Those whose path lies at or below `subdir` ("": all); remotes as .gitmodules has them. */
MUST_CHECK bool git_list_links(struct git_repo *r, struct str subdir, struct git_links *out, struct err *e);

/* Makes what git wrote independent of umask and clock: modes 0644 or 0755, all times `time_s`. */
MUST_CHECK bool git_settle_tree(int dir, int64_t time_s, struct err *e);

#endif
