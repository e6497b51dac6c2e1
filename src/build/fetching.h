/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: what a build brings from the network, for ADD and for contexts: fetch/ with the build's --url-map, --checksum and
 * lock. Within one build a URL gives the same bytes wherever it stands, and a repository's ref the same commit. */
#ifndef CROZE_BUILD_FETCHING_H
#define CROZE_BUILD_FETCHING_H

#include "build/stage.h"
#include "fetch/fetch.h"

/* `checksum` is "" or "sha256:<hex>". progress may be NULL. */
MUST_CHECK bool build_fetch_url(struct build *b, struct str url, struct str checksum, struct progress_step *progress, struct arena *a,
                                struct url_result *out, struct err *e);
/* A repository in a directory of its own: *into (to be removed with store_workdir_remove, and freed; set even if this fails). The files'
 * times are the build's beginning, unless the text asks for the commit's. */
MUST_CHECK bool build_fetch_git(struct build *b, struct str repository, struct str checksum, bool keep_git_dir,
                                struct progress_step *progress, struct arena *a, char **into, struct git_result *out, struct err *e);

/* Masks credentials of URLs among the words of a text (a step's title, its line of history). */
struct str mask_words(struct arena *a, struct str text);

#endif
