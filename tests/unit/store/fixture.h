/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of store/ share: a scratch directory, a store in it, small images. A failure to set up ends the test at once. */
#ifndef CROZE_TESTS_STORE_FIXTURE_H
#define CROZE_TESTS_STORE_FIXTURE_H

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_private.h"
#include "tap.h"

extern char scratch[64];            /* an empty directory, removed at exit */
void fixture_init(void);            /* makes it, and turns syncing off */
char *in_scratch(const char *name); /* scratch/name; to be freed */

struct store *fixture_store(const char *name); /* opens scratch/name; to be closed with fixture_close */
void fixture_close(struct store *s);

struct fixture_image {
    struct store_ref ref; /* name empty */
    struct digest config, layer, diff_id;
};
/* An image of one layer that holds `text`. Nothing names it. */
struct fixture_image fixture_image(struct store *s, const char *text);

/* A sink for warnings (log_set_sink) that counts them. */
void fixture_count_log(void *count, const char *line);

void must(bool done, struct err *e); /* prints the error and exits unless done */
void put_file(const char *path, struct str bytes);
void damage_file(const char *path, long offset); /* flips one byte; from the end if negative */
struct buf file_bytes(const char *path);
bool exists(const char *path);
void set_age(const char *path, int64_t seconds); /* its mtime lies this far back (its ctime cannot) */

/* The most memory that this process has had; 0 where a sanitizer makes the number mean nothing. */
size_t peak_bytes(void);

/* Runs `work` in a child that opened the store of this name by itself; the pid. */
pid_t in_child(const char *store, void (*work)(struct store *s, void *ctx), void *ctx);
int wait_for(pid_t pid); /* exit status, or 128 + signal */

#endif
