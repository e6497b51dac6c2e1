/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to report/: the state of a build's progress, and what a display must do. Every function is called under p->lock. */
#ifndef CROZE_REPORT_DISPLAY_H
#define CROZE_REPORT_DISPLAY_H

#include <pthread.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/map.h"
#include "report/progress.h"
#include "sys/clock.h"

#define PROGRESS_LINE_BYTES 4096 /* a longer line is shown in pieces */
#define PROGRESS_LOG_BYTES 65536 /* the end of a step's output that tty keeps, to show when the step fails */

struct progress_step {
    struct progress *owner;
    struct progress_step *next;
    unsigned number;          /* from 1 */
    char *title, *note;
    char *error;              /* of a failed one, or NULL */
    int exit_code;
    bool has_exit_code;
    struct digest id;         /* of the title, and of `same`: it does not change from build to build */
    uint64_t same;            /* how many steps before it bear the same title (of stages of one name) */
    struct digest *inputs;
    size_t n_inputs;
    struct timespec started;
    uint64_t start_ns, took_ns, done_bytes, total_bytes, shown_ns;
    bool ended;
    enum progress_end how;
    struct buf partial;       /* output without a newline yet */
    struct buf log;           /* tty, quiet: the last lines */
};

struct progress {
    int fd;
    bool color;
    uint64_t start_ns, drawn_ns;
    const struct display *display;
    const struct progress_watcher *watcher; /* or NULL */
    pthread_mutex_t lock;
    struct progress_step *first, *last;
    struct map titles;        /* of titles the last step */
    unsigned count;
    struct timespec started;
    unsigned drawn_lines;     /* tty: how many lines of the block stand on the screen */
    bool ticks, closing;      /* there is a thread for display->tick; and it is to end */
    pthread_t ticker;
    pthread_cond_t changed;
};

struct display {
    void (*opened)(struct progress *p); /* may be NULL */
    void (*started)(struct progress *p, struct progress_step *s);
    void (*line)(struct progress *p, struct progress_step *s, struct str line);
    void (*output)(struct progress *p, struct progress_step *s, int stream, struct str bytes); /* instead of line; else NULL */
    void (*bytes)(struct progress *p, struct progress_step *s);
    void (*ended)(struct progress *p, struct progress_step *s);
    void (*note)(struct progress *p, const char *text);
    void (*tick)(struct progress *p);   /* called again and again, whatever happens; or NULL */
    void (*close)(struct progress *p);
};

extern const struct display display_tty, display_plain, display_quiet, display_rawjson;

/* Appends how far a step is: "12.3MB / 45.2MB  27%", and from its first second on how fast that was and how long the rest will take. */
void display_add_bytes(struct buf *b, const struct progress_step *s);

/* A terminal that knows escapes: TERM=dumb is what editors' shells say. */
bool can_redraw(int fd);
/* Writes everything, waiting for the reader if need be; a display that cannot write must not fail the build. */
void display_write(int fd, const struct buf *b);
/* Keeps a line of output in s->log, whose older half goes when it is full; and prints what was kept of a step that failed. */
void display_keep(struct progress_step *s, struct str line);
void display_add_failure(struct buf *b, const struct progress_step *s);

#endif
