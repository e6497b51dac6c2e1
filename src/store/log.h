/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs of builds: logs/<time>-<lease>/ in the store holds the whole output of each step, as it came, and an index of the build
 * (croze-store(5)). Written while the build runs, so that they can be read after kill -9; the last LIMIT_LOG_BUILDS of them are kept, and
 * LIMIT_LOG_BYTES. A log that cannot be written fails no build: it ends, and one warning says why. */
#ifndef CROZE_STORE_LOG_H
#define CROZE_STORE_LOG_H

#include "store/store.h"

struct log_about {
    struct str context, dockerfile, target;
    const struct str *tags;
    size_t n_tags;
};

/* --- Writing: not thread-safe; only store_log_begin and store_log_end say anything themselves --- */
struct store_log;
struct store_log *store_log_begin(struct store *s, const struct log_about *about); /* never NULL */
void store_log_step(struct store_log *l, unsigned number, struct str title);
void store_log_output(struct store_log *l, unsigned number, struct str bytes);
struct log_end {
    const char *state; /* "done", "cached", "failed", "canceled" */
    int64_t took_ms;
    bool has_exit_code;
    int exit_code;
};
void store_log_step_end(struct store_log *l, unsigned number, const struct log_end *end);
/* Where the output of the step that failed is, or else the log; an absolute path that lives as long as the log. "" if there is none. */
const char *store_log_path(const struct store_log *l);
/* `error`: of a build that failed, else "". `image`: the configuration's digest, or NULL. Frees it, and sweeps old logs. */
void store_log_end(struct store_log *l, struct str error, const struct digest *image);

/* --- Reading --- */
struct log_step {
    int64_t number, took_ms, exit_code, bytes;
    bool has_exit_code;
    struct str title, state, log; /* log: the file's name, or "" */
};
struct log_index {
    struct str path;  /* of the log, absolute */
    struct str state; /* "done", "failed", "running", "killed" */
    struct str context, dockerfile, target, error, image;
    struct timespec started, ended; /* ended: zero while it runs */
    struct str *tags;
    size_t n_tags;
    struct log_step *steps;
    size_t n_steps;
    int64_t more_steps; /* that have no entry any more */
};
/* The newest log; e->sys = ENOENT when there is none. */
MUST_CHECK bool store_log_last(struct store *s, struct arena *a, struct log_index *out, struct err *e);
/* The output of one of its steps; -1 with an error. A step that printed nothing has no file. */
MUST_CHECK int store_log_open(const struct log_index *l, const struct log_step *step, struct err *e);

#endif
