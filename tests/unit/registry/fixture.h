/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of registry/ share: a scratch directory that is HOME, no settings from outside, Debian's docker-registry on loopback. */
#ifndef CROZE_TESTS_REGISTRY_FIXTURE_H
#define CROZE_TESTS_REGISTRY_FIXTURE_H

#include "base/limits.h"
#include "registry/client.h"
#include "sys/files.h"
#include "tap.h"

extern char scratch[64];
extern struct arena arena;
void fixture_init(void); /* both; at exit everything is ended and removed */

void must(bool done, struct err *e);
/* printf into the arena */
struct str text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *in_scratch(const char *name);
/* A file in scratch; its directory is made. */
void put_file(const char *name, struct str bytes);

struct daemon {
    int port;
    pid_t pid;
    char *log;
};
/* A registry with its storage in scratch/name. `env`: "NAME=value" besides, NULL at the end; or NULL. False: it is not installed. */
bool daemon_start(struct daemon *d, const char *name, const char *const *env);
void daemon_stop(struct daemon *d);
struct str daemon_log(const struct daemon *d);

/* The fault-injecting registry (tests/peer/README.md): its main server and control; what it did by ctl.py. */
struct peer {
    int port, control, cdn, token;
    int in;                     /* closed at its end */
    pid_t pid;
};
/* `options`: NULL at the end. False: it or python3 is not here. */
bool peer_start(struct peer *p, const char *name, const char *const *options);
void peer_stop(struct peer *p);
/* A request to its control server: "PUT", "/_control", "[...]". */
void peer_control(const struct peer *p, const char *method, const char *path, struct str body);
/* ctl.py's answer to these words, NULL at the end, without the line end. */
struct str peer_ctl(const struct peer *p, ...) __attribute__((sentinel));

#endif
