/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics for people and for measurements. Warnings go to stderr at once; debug lines only with --debug or CROZE_DEBUG.
 * CROZE_TRACE=FILE appends one JSON line a span, {"t_ns":start,"dur_ns":...,"name":"..."}: how speed claims are taken apart. Errors are
 * not logged: they travel as struct err. Thread-safe. */
#ifndef CROZE_BASE_LOG_H
#define CROZE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

void log_set_debug(bool on);
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where warnings go while a progress display owns the terminal; NULL: stderr. */
void log_set_sink(void (*sink)(void *ctx, const char *line), void *ctx);

/* Traces from `start_ns` (log_now_ns) until now under `name`; nothing, quickly, when no trace is asked for. */
uint64_t log_now_ns(void);
void log_span(const char *name, uint64_t start_ns);

#endif
