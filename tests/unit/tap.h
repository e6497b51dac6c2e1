/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest test harness: TAP lines on stdout (testanything.org), read by meson and prove. A test file is a main() that calls ok() and
 * ends with `return tap_done();`. */
#ifndef CROZE_TESTS_TAP_H
#define CROZE_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5), unused)) static bool tap_ok(bool pass, const char *file, int line, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    printf("%sok %d - ", pass ? "" : "not ", ++tap_count);
    vprintf(fmt, ap);
    puts("");
    va_end(ap);
    if (!pass) {
        tap_failed++;
        printf("#   at %s:%d\n", file, line);
    }
    fflush(stdout);
    return pass;
}
#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((unused)) static bool tap_is(struct str got, struct str want, const char *file, int line, const char *what) {
    bool pass = str_eq(got, want);
    tap_ok(pass, file, line, "%s", what);
    if (!pass)
        printf("#   got:  \"%.*s\"\n#   want: \"%.*s\"\n", STR_ARG(got), STR_ARG(want));
    return pass;
}
#define is_str(got, want, what) tap_is((got), (want), __FILE__, __LINE__, (what))

/* Passes if the call gave an error whose message holds `part`; clears it. */
__attribute__((unused)) static bool tap_err(struct err *e, const char *part, const char *file, int line, const char *what) {
    bool pass = e->kind != ERR_NONE && e->msg && str_find(str_z(e->msg), str_z(part)) >= 0;
    tap_ok(pass, file, line, "%s", what);
    if (!pass)
        printf("#   message: %s\n#   wanted:  %s\n", e->msg ? e->msg : "(no error)", part);
    err_clear(e);
    return pass;
}
#define is_err(e, part, what) tap_err((e), (part), __FILE__, __LINE__, (what))

/* Passes if there is no error; prints and clears it otherwise. */
__attribute__((unused)) static bool tap_no_err(struct err *e, const char *file, int line, const char *what) {
    bool pass = e->kind == ERR_NONE;
    tap_ok(pass, file, line, "%s", what);
    if (!pass)
        printf("#   error: %s\n", e->msg);
    err_clear(e);
    return pass;
}
#define no_err(e, what) tap_no_err((e), __FILE__, __LINE__, (what))

__attribute__((unused)) static void tap_skip(const char *why) {
    printf("ok %d # SKIP %s\n", ++tap_count, why);
}

__attribute__((unused)) static int tap_done(void) {
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

/* Whether memory is what AddressSanitizer makes of it: gcc defines the one, clang has the other. */
#if defined(__clang__)
#define ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#else
#define ASAN 0
#endif

#endif
