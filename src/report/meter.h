/* SPDX-License-Identifier: Apache-2.0
 *
 * A line on the terminal that says that a command is at work, how long, and how far it is. Takes what the kernel counts, so that nothing
 * has to be told of what happens inside; gives nothing at all where standard error is no terminal, and nothing within the first second. */
#ifndef CROZE_REPORT_METER_H
#define CROZE_REPORT_METER_H

#include <stdint.h>

enum meter_kind {
    METER_TIME,
    METER_POSITION, /* of a file that is read or written from its beginning to its end */
    METER_READ,     /* bytes that this process has read, wherever from */
    METER_WRITTEN,
};

struct meter;
/* `what`: "importing base.tar" (copied). `fd`: of METER_POSITION, and stays open until the end. `total`: 0 if nobody knows. NULL: there is
 * no terminal; the others take that. */
struct meter *meter_start(const char *what, enum meter_kind kind, int fd, uint64_t total);
/* The same for a command that reads this file, or pipe. */
struct meter *meter_reading(const char *what, int fd);
/* Takes the line away while something else is printed. */
void meter_pause(struct meter *m);
void meter_resume(struct meter *m);
void meter_end(struct meter *m);

#endif
