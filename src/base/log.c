/* SPDX-License-Identifier: Apache-2.0
 * Warnings, debug lines and trace spans: see log.h. */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

static struct {
    bool debug;
    int trace_fd; /* -1: no trace */
    void (*sink)(void *ctx, const char *line);
    void *sink_ctx;
} state = {.trace_fd = -1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t trace_once = PTHREAD_ONCE_INIT;

void log_set_debug(bool on) {
    state.debug = on;
}

void log_set_sink(void (*sink)(void *, const char *), void *ctx) {
    pthread_mutex_lock(&lock);
    state.sink = sink;
    state.sink_ctx = ctx;
    pthread_mutex_unlock(&lock);
}

__attribute__((format(printf, 2, 0))) static void emit(const char *prefix, const char *fmt, va_list ap) {
    _cleanup_(mem_freep) char *text = mem_vprintf(fmt, ap);
    struct buf line = BUF_INIT(LIMIT_MESSAGE_BYTES);
    buf_printf(&line, "%s", prefix);
    buf_add_shown(&line, str_z(text));
    pthread_mutex_lock(&lock);
    if (state.sink)
        state.sink(state.sink_ctx, line.p);
    else
        fprintf(stderr, "%s\n", line.p);
    pthread_mutex_unlock(&lock);
    buf_fini(&line);
}

void log_warn(const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    emit("warning: ", fmt, ap);
    va_end(ap);
}

void log_debug(const char *fmt, ...) {
    if (!state.debug)
        return;
    va_list ap;
    va_start(ap, fmt);
    emit("debug: ", fmt, ap);
    va_end(ap);
}

uint64_t log_now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void open_trace(void) {
    const char *file = getenv("CROZE_TRACE");
    if (file && *file)
        state.trace_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void log_span(const char *name, uint64_t start_ns) {
    pthread_once(&trace_once, open_trace);
    if (state.trace_fd < 0)
        return;
    char line[256];
    int n = snprintf(line, sizeof line, "{\"t_ns\":%llu,\"dur_ns\":%llu,\"name\":\"%.100s\"}\n", (unsigned long long)start_ns,
                     (unsigned long long)(log_now_ns() - start_ns), name);
    if (write(state.trace_fd, line, (size_t)n) < 0)
        state.trace_fd = -1; /* a trace that cannot be written must not disturb the work */
}
