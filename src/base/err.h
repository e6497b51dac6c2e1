/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors. Every fallible function takes `struct err *e` last and returns bool (true: done) or int (-1: failed).
 * The message is set once, where the failure happens, and is complete enough to print as it stands; callers on the way up
 * only put context in front with err_wrap(): "build demo/product: COPY conf/: open conf/server.xml: Permission denied".
 * On success the error is untouched. Nobody but main() prints it and nobody but main() exits.
 *
 * `e` may not be NULL. An err owns its message; err_clear() frees it and may be called on a cleared one. */
#ifndef CROZE_BASE_ERR_H
#define CROZE_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* What kind of failure it is; the values are croze's exit codes (man page croze(1)). */
enum err_kind {
    ERR_NONE = 0,
    ERR_FAILED = 1,      /* the work failed: a build step, I/O, the network */
    ERR_USAGE = 2,       /* the command line or an input file is wrong */
    ERR_UNCHECKED = 3,   /* could not check: data missing or stale, registry out of reach */
    ERR_BAD_SIGNATURE = 4,
    ERR_NO_SIGNATURE = 5,
    ERR_SUPERSEDED = 6,
    ERR_FINDINGS = 10,   /* a gate found something */
    ERR_BUG = 70,
};

struct err {
    enum err_kind kind;
    int sys;             /* errno where the system said no, else 0; lets a caller tell ENOENT from the rest */
    int exit_code;       /* `run`: the container's own code, where kind alone cannot say it; else 0 */
    char *msg;
};

#define ERR_INIT {ERR_NONE, 0, 0, (char *)0}
#define ERR_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK __attribute__((warn_unused_result))

/* Each returns false, so that `return err_set(e, ...);` reads as one step. */
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) ERR_PRINTF(3, 4);
/* As err_set with ERR_FAILED, and ": strerror(errnum)" behind the message. */
bool err_sys(struct err *e, int errnum, const char *fmt, ...) ERR_PRINTF(3, 4);
/* Puts "context: " in front of the message that is there. */
bool err_wrap(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);
/* Puts more text behind it (a next step for the user, mostly). */
bool err_append(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

void err_clear(struct err *e);
/* Moves `from` into `to` (which must be clear). */
void err_move(struct err *to, struct err *from);

#endif
