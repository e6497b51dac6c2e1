/* SPDX-License-Identifier: Apache-2.0
 *
 * What the writer and the reader of build logs share, and what gc and fsck need of them. */
#ifndef CROZE_STORE_LOG_PRIVATE_H
#define CROZE_STORE_LOG_PRIVATE_H

#include "store/log.h"
#include "store/store_private.h"

enum { LOG_FORMAT = 1 };
#define LOG_INDEX "index.json"

int logs_dir(struct store *s, struct err *e);
/* Whether the build that writes logs/<name> still runs. */
bool log_is_alive(struct store *s, struct str name);
MUST_CHECK bool log_index_parse(struct str json, struct arena *a, struct log_index *out, struct err *e);

/* Calls `found` for each log that is to go: of the dead, those beyond the newest LIMIT_LOG_BUILDS; with `look` (it costs a walk) those
 * beyond LIMIT_LOG_BYTES and those older than keep_s too. */
MUST_CHECK bool logs_stale(struct store *s, bool look, int64_t keep_s, void (*found)(void *ctx, int dir_fd, const char *name), void *ctx,
                           struct err *e);
/* The same for what is no log (fsck). */
MUST_CHECK bool logs_damaged(struct store *s, void (*found)(void *ctx, int dir_fd, const char *name, const char *why), void *ctx,
                             struct err *e);

#endif
