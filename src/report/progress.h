/* SPDX-License-Identifier: Apache-2.0
 *
 * report/ shows people what happens. Progress of a build: steps that start, print, finish; on a terminal as a block that redraws itself
 * (tty), else as numbered lines (plain), or not at all (quiet). Everything goes to stderr; data goes to stdout and is not its business.
 * Thread-safe. */
#ifndef CROZE_REPORT_PROGRESS_H
#define CROZE_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_QUIET };
bool progress_mode_parse(struct str s, enum progress_mode *out);

struct progress;
struct progress *progress_new(enum progress_mode mode, int fd);
void progress_free(struct progress *p); /* draws the last state */

/* A step of the build, from its start to its end. `title`: "[build 2/7] RUN apt-get ...". */
struct progress_step;
struct progress_step *progress_start(struct progress *p, struct str title);
void progress_log(struct progress_step *s, struct str bytes);     /* output of the process, any piece of it */
void progress_bytes(struct progress_step *s, uint64_t done, uint64_t total /* 0: unknown */);
enum progress_end { PROGRESS_DONE, PROGRESS_CACHED, PROGRESS_FAILED, PROGRESS_SKIPPED };
void progress_end(struct progress_step *s, enum progress_end how, struct str note /* "45.2 MB", or empty */);
void progress_note(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "1.3 GB" as docker writes sizes (decimal units). */
const char *human_size(uint64_t bytes, char out[32]);

#endif
