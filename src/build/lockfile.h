/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: croze.lock (docs/language.md "The lock"): what the names in a Dockerfile meant. It holds for each image, URL and
 * repository that a build reads what it was, writes that down or compares it with what was written down before. Within one build it also
 * sees to it that a name means one thing. Thread-safe, but for opening and writing. */
#ifndef CROZE_BUILD_LOCKFILE_H
#define CROZE_BUILD_LOCKFILE_H

#include "base/buf.h"
#include "base/digest.h"
#include "build/build.h"

enum locked_kind { LOCKED_IMAGE, LOCKED_URL, LOCKED_REPOSITORY };
struct locked {
    enum locked_kind kind;
    struct str name;              /* normalised reference; URL without credentials; repository and "#ref" (git_name) */
    struct digest digest;         /* of an image's manifest, or of what a URL gave */
    uint64_t bytes;               /* of a URL */
    bool has_time;                /* of a URL: its Last-Modified */
    int64_t time_s;
    struct str commit;            /* of a repository */
};

/* --- The text (lockfile_text.c) --- */
struct locked_list {
    struct locked *p;             /* sorted by kind and name; no two alike */
    size_t n;
};
/* `what` names the file in errors. The list lies in the arena. */
MUST_CHECK bool lockfile_parse(struct arena *a, struct str text, const char *what, struct locked_list *out, struct err *e);
/* Sorts the list; equal lists give equal bytes. */
void lockfile_format(struct locked_list *list, struct buf *out);

/* --- The file --- */
struct lockfile;
/* `path` NULL: there is no place for one; unless the mode is LOCKFILE_NONE, the first name that comes up is then an error. */
struct lockfile *lockfile_new(enum lockfile_mode mode, const char *path);
void lockfile_set_path(struct lockfile *l, const char *path);
void lockfile_free(struct lockfile *l);
/* What a name must mean: *found false, anything. With LOCKFILE_CHECK a name that is not in the file is an error. Texts live as long as l.
 */
MUST_CHECK bool lockfile_pin(struct lockfile *l, enum locked_kind kind, struct str name, struct locked *out, bool *found, struct err *e);
/* What it does mean. Something else than the lock says, or than it meant before in this build, is an error that names both. */
MUST_CHECK bool lockfile_note(struct lockfile *l, const struct locked *found, struct err *e);
/* LOCKFILE_WRITE: replaces the file by what was noted, unless it says just that. *path: which one (borrowed). */
MUST_CHECK bool lockfile_write(struct lockfile *l, const char **path, struct err *e);

#endif
