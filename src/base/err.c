/* SPDX-License-Identifier: Apache-2.0
 * Error values: see err.h for the protocol. Allocation failure aborts (mem.h), so setting an error cannot fail. */
#include "base/err.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

__attribute__((format(printf, 4, 0))) static void set_v(struct err *e, enum err_kind kind, int errnum, const char *fmt, va_list ap) {
    assert(e->kind == ERR_NONE); /* an error is set once; a second one would hide the first cause */
    e->kind = kind;
    e->sys = errnum;
    e->msg = mem_vprintf(fmt, ap);
    if (errnum) {
        char *with = mem_printf("%s: %s", e->msg, strerror(errnum));
        free(e->msg);
        e->msg = with;
    }
}

bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    set_v(e, kind, 0, fmt, ap);
    va_end(ap);
    return false;
}

bool err_sys(struct err *e, int errnum, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    set_v(e, ERR_FAILED, errnum, fmt, ap);
    va_end(ap);
    return false;
}

/* Replaces the message by `first` + `second` and frees all three. */
static bool join(struct err *e, char *first, const char *sep, char *second) {
    char *msg = mem_printf("%s%s%s", first, sep, second);
    free(first);
    free(second);
    e->msg = msg;
    return false;
}

bool err_wrap(struct err *e, const char *fmt, ...) {
    assert(e->kind != ERR_NONE);
    va_list ap;
    va_start(ap, fmt);
    char *context = mem_vprintf(fmt, ap);
    va_end(ap);
    return join(e, context, ": ", e->msg);
}

bool err_append(struct err *e, const char *fmt, ...) {
    assert(e->kind != ERR_NONE);
    va_list ap;
    va_start(ap, fmt);
    char *more = mem_vprintf(fmt, ap);
    va_end(ap);
    return join(e, e->msg, "", more);
}

void err_clear(struct err *e) {
    free(e->msg);
    *e = (struct err)ERR_INIT;
}

void err_move(struct err *to, struct err *from) {
    assert(to->kind == ERR_NONE);
    *to = *from;
    *from = (struct err)ERR_INIT;
}
