/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of sandbox/ share: a scratch directory with a one-file root, a specification with defaults, and running the whole test
 * once as root (argument t0) and once as a fresh user with subordinate ids (argument t1: made by useradd, removed at the end). */
#ifndef CROZE_TESTS_SANDBOX_FIXTURE_H
#define CROZE_TESTS_SANDBOX_FIXTURE_H

#include "base/vec.h"
#include "sandbox/sandbox.h"
#include "tap.h"

struct fixture {
    bool user;             /* tier T1 */
    char dir[64];          /* scratch; removed at the end */
    char base[80];         /* a lower directory that holds /payload only */
    unsigned runs;
    VEC(char *) dirs;      /* what fixture_dir gave */
};

/* Returns true inside the tier that is to be tested; else *code is the exit code (the test ran in another process, or was skipped). */
bool fixture_start(struct fixture *f, int argc, char **argv, int *code);
bool fixture_remove(struct fixture *f);
static inline int fixture_end(struct fixture *f) {
    ok(fixture_remove(f), "the scratch directory can be removed");
    return tap_done();
}

/* dir/name, made as a directory; kept until the process ends. */
const char *fixture_dir(struct fixture *f, const char *name);
/* Writes a file below a directory of the fixture, with its parents. */
void fixture_file(const char *dir, const char *path, const char *text);
/* Whether dir/path is there, not following links. */
bool fixture_has(const char *dir, const char *path);

/* One run: a spec with a fresh upper and work directory over `base`, as root, no mounts, stdout captured. */
struct run {
    struct sandbox_spec spec;
    const char *lowers[1];
    const char *argv[6];
    struct sandbox_result result;
    struct err e;
    char out[65536];
    bool ok;
};
void run_init(struct fixture *f, struct run *r, const char *verb, const char *arg, const char *more);
bool run_go(struct run *r);
void run_fini(struct run *r);
/* The three in a row, without changes to the specification. */
bool run_payload(struct fixture *f, struct run *r, const char *verb, const char *arg, const char *more);
bool run_said(const struct run *r, const char *part);

#endif
