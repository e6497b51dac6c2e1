/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text names something elsewhere, by its look alone: what ADD and contexts take for a URL or a repository must be the same in
 * every room. */
#ifndef CROZE_BASE_REMOTE_H
#define CROZE_BASE_REMOTE_H

#include "base/str.h"

enum remote_kind {
    REMOTE_NOT,
    REMOTE_URL, /* http:// or https:// */
    REMOTE_GIT, /* git://, ssh://, user@host:path, or a URL whose path ends in .git */
};
enum remote_kind remote_kind_of(struct str text);

/* "user@host:path", as ssh and scp take it and BuildKit does, cut at the colon. */
bool remote_cut_scp(struct str text, struct str *login, struct str *path);

#endif
