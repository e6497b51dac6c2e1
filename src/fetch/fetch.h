/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch/ brings things from the network: the bytes that a URL gives (fetch_url, by libcurl) and the files of a repository at a commit
 * (fetch_git, by the git program). It takes the text that a user wrote and, where something is pinned, what must come; it gives bytes in
 * the store's downloads/ or files in a directory that the caller made. Thread-safe: any number of fetches may run at once.
 *
 * What is said of a URL or repository (errors, results) is the text that the user wrote, with user names, passwords and tokens masked; of
 * one that --url-map sends elsewhere errors say both. Where something comes from is never part of a result. Texts of results lie in the
 * caller's arena. Errors are ERR_USAGE for a text that can never be fetched, else ERR_FAILED. */
#ifndef CROZE_FETCH_FETCH_H
#define CROZE_FETCH_FETCH_H

#include "net/url.h"
#include "report/progress.h"
#include "store/store.h"

/* --- What all fetches of a build share ------------------------------------------------------------------------------------------ */

/* --url-map FROM=TO: what begins with FROM is fetched from TO and the rest of it. FROM must end where a part of the URL does: at a slash,
 * or before one, a "?", a "#" or the end. TO may be file:///DIR/, and then what is fetched lies below DIR, whatever the rest says. */
struct url_map {
    struct str from, to;
};
/* Checks one FROM=TO; its texts point into `text`. FROM may hold no credentials. The error names the flag. */
MUST_CHECK bool url_map_parse(struct str text, struct url_map *out, struct err *e);

struct fetcher {
    struct store *store;
    const struct url_map *maps; /* the longest FROM that fits counts, of equal ones the last */
    size_t n_maps;
};

/* --- URLs --------------------------------------------------------------------------------------------------------------------- */

struct url_request {
    struct str url;                 /* http or https */
    const struct digest *want;      /* what the bytes must be (--checksum, the lock), or NULL: held ones are taken without a request */
    bool time_is_known;             /* with `want`: the lock knows about Last-Modified: an equal result from any host */
    bool has_want_time;             /* that there is one */
    int64_t want_time_s;
    bool time_counts;               /* has_time and time_s will be seen: they may not hang on what this store happens to have */
    uint64_t max_bytes;             /* 0: LIMIT_DOWNLOAD_BYTES */
    struct progress_step *progress; /* gets bytes as they come; may be NULL */
};
struct url_result {
    int dir_fd;                     /* downloads/sha256 of the store: borrowed */
    char name[DIGEST_HEX + 1];      /* the file in it: complete, unchanging, leased by this process */
    struct digest digest;
    uint64_t bytes;
    bool has_time;                  /* the server said Last-Modified */
    int64_t time_s;
    struct str file_name;           /* what ADD calls it: the last part of the URL's path, decoded, or "__unnamed__"; no slash, no ".." */
    bool cached;                    /* nothing was downloaded */
};
/* Without `want` the server is always asked whether what is held is still so (ETag, Last-Modified). Redirects are followed, bounded; https
 * never becomes http, credentials never go to another host. What fails in passing is tried again (CROZE_FETCH_TRIES, default 3), and what
 * moves too slowly for CROZE_FETCH_TIMEOUT seconds (default 60) has failed. */
MUST_CHECK bool fetch_url(const struct fetcher *f, const struct url_request *q, struct arena *a, struct url_result *out, struct err *e);

/* --- Repositories ------------------------------------------------------------------------------------------------------------- */

enum git_kind {
    GIT_NOT,
    GIT_REPOSITORY,             /* ssh://, git://, user@host:path, or an http(s) URL whose path ends in .git */
    GIT_SHORTHAND,              /* "github.com/owner/name": a repository for contexts; for ADD a path */
};
enum git_kind git_kind(struct str text);
/* A whole commit: 40 or 64 lower-case hex digits. */
bool git_is_commit(struct str s);
/* What the lock calls it: "https://host/r.git#ref", without credentials, directory and options; without "#" for the default branch. */
MUST_CHECK bool git_name(struct arena *a, struct str text, struct str *name, struct err *e);

struct git_request {
    struct str repository;          /* as the user wrote it: with "#ref:dir" or "?ref=&subdir=...", as BuildKit has them */
    struct str checksum;            /* --checksum: the commit or its beginning (of an annotated tag its own will do); "" */
    struct str want_commit;         /* the commit that the lock has, whole: the ref is then not asked for; "" */
    bool has_keep_git_dir, keep_git_dir; /* --keep-git-dir was given, and how: it may not contradict the text */
    const char *into;               /* an empty directory in the store's work space, absolute: the files come here */
    int64_t time_s;                 /* mtime of all files, unless the text has mtime=commit */
    struct progress_step *progress; /* may be NULL */
};
struct git_result {
    struct str commit;              /* whole */
    int64_t commit_time_s;
    bool cached;                    /* nothing was fetched */
};
/* Modes are 0644, 0755 and, of directories, 0755; symlinks stay links; all are owned by the caller. Submodules come too, unless the text
 * has submodules=false. What was fetched is kept in the store's gits/: a commit that is named whole and held needs no network. git runs
 * without hooks and configuration, but for what the user has configured under credential.*, http.* and core.sshCommand. */
MUST_CHECK bool fetch_git(const struct fetcher *f, const struct git_request *q, struct arena *a, struct git_result *out, struct err *e);

#endif
