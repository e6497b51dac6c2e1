/* SPDX-License-Identifier: Apache-2.0
 *
 * report/ shows people what happens. Progress of a build: steps that start, print, finish; on a terminal as a block that redraws itself
 * (tty), else as numbered lines (plain), as BuildKit's events for programs (rawjson), or not at all (quiet). Everything goes to stderr;
 * data goes to stdout and is not its business. Thread-safe. */
#ifndef CROZE_REPORT_PROGRESS_H
#define CROZE_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_QUIET, PROGRESS_RAWJSON };
bool progress_mode_parse(struct str s, enum progress_mode *out); /* "none" is quiet: buildx's word */

struct progress;
struct progress *progress_new(enum progress_mode mode, int fd);
void progress_free(struct progress *p); /* draws the last state */

/* A step of the build, from its start to its end. `title`: "[build 2/7] RUN apt-get ...". */
struct progress_step;
struct progress_step *progress_start(struct progress *p, struct str title);
/* The same, for a step that stands on what others gave. Some of them may be NULL. */
struct progress_step *progress_start_after(struct progress *p, struct str title, struct progress_step *const *inputs, size_t n);
void progress_log(struct progress_step *s, struct str bytes);     /* output of the process, any piece of it */
/* The same by stream, 1 or 2. Only a display that tells the streams apart wants them so: otherwise both should come through one pipe,
 * which keeps their order. */
void progress_log_stream(struct progress_step *s, int stream, struct str bytes);
bool progress_wants_streams(const struct progress *p);
void progress_bytes(struct progress_step *s, uint64_t done, uint64_t total /* 0: unknown */);
enum progress_end { PROGRESS_DONE, PROGRESS_CACHED, PROGRESS_FAILED, PROGRESS_CANCELED };
void progress_end(struct progress_step *s, enum progress_end how, struct str note /* "45.2 MB", or empty */);
void progress_exit_code(struct progress_step *s, int code);       /* of the process, before the end */
void progress_fail(struct progress_step *s, struct str why);      /* ends it as failed */
void progress_note(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Is told of the same events, besides the display. Its functions may call nothing of report/ and raise no warning. */
struct progress_watcher {
    void (*started)(void *ctx, unsigned number, struct str title);
    void (*output)(void *ctx, unsigned number, struct str bytes);
    void (*ended)(void *ctx, unsigned number, enum progress_end how, uint64_t took_ns, const int *exit_code /* NULL: no process */);
    void *ctx;
};
void progress_watch(struct progress *p, const struct progress_watcher *w); /* NULL: no more */

/* "1.3 GB" as docker writes sizes (decimal units). */
const char *human_size(uint64_t bytes, char out[32]);

#endif
