/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of fetch/ share: a scratch directory with a store and files, servers on loopback (tests/cli/peer.py), their logs. */
#ifndef CROZE_TESTS_FETCH_FIXTURE_H
#define CROZE_TESTS_FETCH_FIXTURE_H

#include "base/limits.h"
#include "fetch/fetch.h"
#include "tap.h"

extern char scratch[64];
extern struct arena arena;
extern struct store store;
void fixture_init(void); /* all of these; at exit everything is ended and removed */

void must(bool done, struct err *e);
char *in_scratch(const char *name); /* scratch/name; lives as long as the arena */
/* A file below the directory that the servers serve. */
void put_file(const char *name, struct str bytes);
void set_time(const char *name, int64_t seconds);

struct peer {
    int port;
    char *log, *origin; /* "http://127.0.0.1:1234" */
    int in;             /* closed at its end */
    pid_t pid;
};
/* False: python3 is not here. `pem`: a certificate and key, for TLS. */
bool peer_start(struct peer *p, const char *name, const char *pem);
void peer_stop(struct peer *p);
/* Whether the log has this text; how many lines it has. */
bool peer_saw(const struct peer *p, const char *text);
size_t peer_requests(const struct peer *p);
/* Runs a program to its end, what it says in scratch/run.log; its exit status. */
int run(const char *const *argv);

/* printf into the arena */
struct str text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
