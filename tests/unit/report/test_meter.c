/* SPDX-License-Identifier: Apache-2.0
 * The meter on a terminal (which is put in the place of standard error), and where there is none. */
#include "report/meter.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "sys/files.h"
#include "tap.h"

enum { LIMIT_MS = 20000 };

static struct buf shown;

/* Reads the terminal until `text` was on it. */
static bool appears(int terminal, const char *text) {
    char piece[4096];
    struct pollfd p = {.fd = terminal, .events = POLLIN};
    while (str_find(buf_str(&shown), str_z(text)) < 0) {
        if (poll(&p, 1, LIMIT_MS) <= 0)
            return false;
        ssize_t n = read(terminal, piece, sizeof piece);
        if (n <= 0)
            return false;
        buf_add_str(&shown, str_n(piece, (size_t)n));
    }
    return true;
}

static int open_terminal(void) {
    setenv("TERM", "xterm", 1);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const char *name = terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0 ? ptsname(terminal) : NULL;
    int fd = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        return -1;
    close(fd);
    return terminal;
}

static void position(int terminal) {
    char name[] = "/tmp/croze-meter-XXXXXX";
    int fd = mkstemp(name);
    ok(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 4000) == 0, "a file of 4000 bytes");
    struct meter *m = meter_reading("reading\033[2J it", fd);
    ok(m && lseek(fd, 1000, SEEK_SET) == 1000, "a quarter was read");
    ok(appears(terminal, "reading?[2J it  1.00kB / 4.00kB  25%  "),
       "after a second: how far it is, how long, and nothing that steers the terminal");
    buf_reset(&shown);
    log_warn("careful");
    ok(appears(terminal, "\r\033[Kwarning: careful"), "a warning takes the line's place");
    meter_pause(m);
    meter_resume(m);
    ok(appears(terminal, "25%"), "and the line comes again");
    buf_reset(&shown);
    meter_end(m);
    if (write(STDERR_FILENO, "end", 3) == 3)
        ok(appears(terminal, "\r\033[Kend"), "nothing is left of it at the end");
    close(fd);
}

static void totals(int terminal) {
    struct meter *m = meter_start("writing", METER_WRITTEN, -1, 0);
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char zeros[5000] = {0};
    ok(m && write(fd, zeros, sizeof zeros) == sizeof zeros, "5000 bytes are written");
    buf_reset(&shown);
    ok(appears(terminal, "writing  5.0"), "which the kernel has counted");
    close(fd);
    meter_end(m);
    buf_reset(&shown);
    meter_end(meter_start("quick", METER_TIME, -1, 0));
    if (write(STDERR_FILENO, "end", 3) == 3)
        ok(appears(terminal, "end") && str_find(buf_str(&shown), S("quick")) < 0, "what is done at once shows nothing");
}

int main(void) {
    shown = (struct buf)BUF_INIT(1 << 20);
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nothing, STDERR_FILENO);
    ok(!meter_start("x", METER_TIME, -1, 0), "no terminal, no meter");
    meter_pause(NULL);
    meter_resume(NULL);
    meter_end(NULL);
    int terminal = open_terminal();
    if (!ok(terminal >= 0, "a terminal"))
        return tap_done();
    position(terminal);
    totals(terminal);
    setenv("TERM", "dumb", 1);
    ok(!meter_start("x", METER_TIME, -1, 0), "nor on one that knows no escapes");
    close(terminal);
    close(nothing);
    buf_fini(&shown);
    return tap_done();
}
