/* SPDX-License-Identifier: Apache-2.0
 * The meter's thread: see meter.h. It looks at /proc/self/io or at a descriptor's position five times a second. */
#include "report/meter.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "report/display.h"
#include "sys/files.h"
#include "sys/thread.h"

enum { IO_BYTES = 4096 };
static const uint64_t first_ns = 1000000000, then_ns = 200000000;

struct meter {
    char *what;
    enum meter_kind kind;
    int fd;
    uint64_t total, start_ns, start_bytes;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest, and the terminal */
    pthread_cond_t changed;
    bool ending, shown;
};

/* --- what is counted --- */

/* A line of /proc/self/io: "rchar: 123". */
static uint64_t process_io(const char *key) {
    struct err ignored = ERR_INIT;
    struct buf text = BUF_INIT(IO_BYTES);
    uint64_t value = 0;
    struct str rest, line, name, number;
    if (file_read("/proc/self/io", &text, &ignored)) {
        rest = buf_str(&text);
        while (str_next(&rest, '\n', &line))
            if (str_cut(line, ':', &name, &number) && str_eqz(name, key) && !str_to_u64(str_trim(number), 10, UINT64_MAX, &value))
                value = 0;
    }
    buf_fini(&text);
    err_clear(&ignored);
    return value;
}

static uint64_t count(const struct meter *m) {
    switch (m->kind) {
    case METER_TIME:
        return 0;
    case METER_POSITION: {
        off_t at = lseek(m->fd, 0, SEEK_CUR);
        return at < 0 ? 0 : (uint64_t)at;
    }
    case METER_READ:
        return process_io("rchar");
    case METER_WRITTEN:
        return process_io("wchar");
    }
    return 0;
}

/* --- the line --- */

static size_t columns(void) {
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

static void add_bytes(struct buf *b, const struct meter *m) {
    char done[32], total[32];
    uint64_t bytes = count(m);
    bytes = bytes > m->start_bytes ? bytes - m->start_bytes : 0;
    if (bytes == 0)
        return;
    buf_printf(b, "  %s", human_size(bytes, done));
    if (m->total && bytes <= m->total)
        buf_printf(b, " / %s  %llu%%", human_size(m->total, total), (unsigned long long)(bytes * 100 / m->total));
}

/* Cut to the terminal's width: a line that wraps could not be taken away. */
static void draw(struct meter *m) {
    struct buf rest = BUF_INIT(128), line = BUF_INIT(4096);
    add_bytes(&rest, m);
    buf_printf(&rest, "  %llus", (unsigned long long)((log_now_ns() - m->start_ns) / 1000000000));
    size_t width = columns() - 1, room = width > rest.n ? width - rest.n : 0;
    buf_printf(&line, "\r\033[K");
    buf_add_shown(&line, str_first_chars(str_z(m->what), room));
    buf_add_str(&line, buf_str(&rest));
    display_write(STDERR_FILENO, &line);
    buf_fini(&line);
    buf_fini(&rest);
    m->shown = true;
}

static void erase(struct meter *m) {
    struct buf line = BUF_INIT(16);
    if (!m->shown)
        return;
    buf_printf(&line, "\r\033[K");
    display_write(STDERR_FILENO, &line);
    buf_fini(&line);
    m->shown = false;
}

/* A warning that comes meanwhile. */
static void log_line(void *ctx, const char *text) {
    struct meter *m = ctx;
    pthread_mutex_lock(&m->lock);
    erase(m);
    fprintf(stderr, "%s\n", text);
    pthread_mutex_unlock(&m->lock);
}

static void *run(void *arg) {
    struct meter *m = arg;
    pthread_mutex_lock(&m->lock);
    for (uint64_t wait_ns = first_ns; !m->ending; wait_ns = then_ns) {
        struct timespec until = thread_deadline(wait_ns);
        while (!m->ending && pthread_cond_timedwait(&m->changed, &m->lock, &until) == 0)
            continue;
        if (!m->ending)
            draw(m);
    }
    erase(m);
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

static void release(struct meter *m) {
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    free(m->what);
    free(m);
}

struct meter *meter_start(const char *what, enum meter_kind kind, int fd, uint64_t total) {
    if (!can_redraw(STDERR_FILENO))
        return NULL;
    struct meter *m = mem_zalloc(1, sizeof *m);
    *m = (struct meter){.what = mem_strdup(what), .kind = kind, .fd = fd, .total = total, .start_ns = log_now_ns()};
    m->start_bytes = count(m);
    pthread_mutex_init(&m->lock, NULL);
    thread_cond_init(&m->changed);
    if (pthread_create(&m->thread, NULL, run, m) != 0) {
        release(m);
        return NULL;
    }
    log_set_sink(log_line, m);
    return m;
}

struct meter *meter_reading(const char *what, int fd) {
    struct stat st;
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return meter_start(what, is_file ? METER_POSITION : METER_READ, fd, is_file ? (uint64_t)st.st_size : 0);
}

void meter_pause(struct meter *m) {
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    erase(m);
}

void meter_resume(struct meter *m) {
    if (m)
        pthread_mutex_unlock(&m->lock);
}

void meter_end(struct meter *m) {
    if (!m)
        return;
    log_set_sink(NULL, NULL);
    pthread_mutex_lock(&m->lock);
    m->ending = true;
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    release(m);
}
