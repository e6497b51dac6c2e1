/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to fetch/: what the text of a repository says: "https://host/r.git#ref:dir", "git@host:r?tag=v1&subdir=dir", ... in BuildKit's
 * two forms (its reference, "ADD"). Nothing in it can become an option of git or ssh. */
#ifndef CROZE_FETCH_GIT_REF_H
#define CROZE_FETCH_GIT_REF_H

#include "fetch/url_map.h"

struct git_ref {
    struct str remote;          /* what git is given: no password, no query, no fragment */
    enum url_scheme scheme;     /* of scp's form: URL_SSH */
    struct str user, password;  /* of http and https, else "" */
    struct str ref;             /* "" for the default branch */
    struct str subdir;          /* clean and relative, "" for all */
    struct str checksum;        /* a commit, or its beginning; lower case */
    bool has_keep_git_dir, keep_git_dir;
    bool skip_submodules;
    bool commit_times;          /* mtime=commit */
    bool fetch_by_commit;       /* the checksum is the commit: do not ask what the ref is now */
};
/* The error does not show the text: the caller wraps it. */
MUST_CHECK bool git_ref_parse(struct arena *a, struct str text, struct git_ref *out, struct err *e);

/* As above, of a remote alone, without fragment and query: what .gitmodules has. */
MUST_CHECK bool git_remote_parse(struct arena *a, struct str text, struct git_ref *out, struct err *e);
/* --checksum: may not differ from one that the text has. */
MUST_CHECK bool git_ref_set_checksum(struct arena *a, struct git_ref *r, struct str checksum, struct err *e);
/* Whether two remotes lie on one host, by one protocol: what credentials of one are for. */
bool git_same_host(struct str a, struct str b);

/* What may be the name of a branch, tag or commit (or ""): no option, no pattern, no refspec. */
bool git_is_ref(struct str ref);
/* What may be a commit's beginning: 4 or more hex digits of either case. */
bool git_is_commit_prefix(struct str s);
/* Where a submodule lies: `url` of .gitmodules, which may be relative to its parent's remote. */
MUST_CHECK bool git_submodule_remote(struct arena *a, struct str parent, struct str url, struct str *out, struct err *e);
/* "a//./b/../c/" -> "a/c"; what leads out is cut off at the root. */
struct str git_clean_subdir(struct arena *a, struct str path);

#endif
