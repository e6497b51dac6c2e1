/* SPDX-License-Identifier: Apache-2.0
 * When a container that was asked to stop is killed. */
#include "container/stop.h"

#include <signal.h>

#include "tap.h"

static uint64_t at(unsigned seconds) {
    return ((uint64_t)1000 + seconds) * 1000000000;
}

static void timeout(void) {
    struct stop s = {.timeout_s = 10};
    ok(stop_wait_ms(&s, at(0)) == -1, "nobody has asked: it is waited for without an end");
    stop_signal(&s, SIGHUP, at(1));
    stop_signal(&s, SIGUSR1, at(1));
    ok(stop_wait_ms(&s, at(1)) == -1, "nor do HUP and USR1 ask");
    stop_signal(&s, SIGTERM, at(2));
    ok(stop_wait_ms(&s, at(2)) == 10000 && stop_wait_ms(&s, at(5)) == 7000, "ten seconds from TERM on");
    ok(stop_wait_ms(&s, at(12) - 1) == 1, "up to the last moment");
    stop_signal(&s, SIGTERM, at(8));
    ok(stop_wait_ms(&s, at(8)) == 4000, "a second TERM makes it neither longer nor shorter");
    ok(stop_wait_ms(&s, at(12)) == 0 && stop_wait_ms(&s, at(99)) == 0, "then it is killed");
    struct stop none = {.timeout_s = 0};
    stop_signal(&none, SIGINT, at(0));
    ok(stop_wait_ms(&none, at(0)) == 0, "a timeout of 0: at once");
    struct stop never = {.timeout_s = -1};
    stop_signal(&never, SIGTERM, at(0));
    ok(stop_wait_ms(&never, at(99999)) == -1, "of -1: never");
    struct stop years = {.timeout_s = 86400 * 365};
    stop_signal(&years, SIGTERM, at(0));
    ok(stop_wait_ms(&years, at(0)) > 0, "of a year: poll takes no more than an int");
}

static void twice(void) {
    struct stop s = {.timeout_s = -1};
    stop_signal(&s, SIGINT, at(0));
    ok(stop_wait_ms(&s, at(0)) == -1, "one INT asks");
    stop_signal(&s, SIGINT, at(6));
    ok(stop_wait_ms(&s, at(6)) == -1, "so does one long after it");
    stop_signal(&s, SIGTERM, at(7));
    ok(stop_wait_ms(&s, at(7)) == -1, "TERM is no second INT");
    stop_signal(&s, SIGINT, at(11));
    ok(stop_wait_ms(&s, at(11)) == 0, "one within five seconds kills");
}

int main(void) {
    timeout();
    twice();
    return tap_done();
}
