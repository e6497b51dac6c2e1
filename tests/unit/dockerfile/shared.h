/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the field's own test data lies (outside of this repository): CROZE_SHARED, or "shared" beside the checkout. Tests that need it
 * say so loudly and skip when it is absent. */
#ifndef CROZE_TESTS_SHARED_H
#define CROZE_TESTS_SHARED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "sys/files.h"

/* Opens a folder of it; -1: not there. meson passes the source root in CROZE_SOURCE. */
__attribute__((unused)) static int shared_dir(struct arena *a, const char *folder) {
    struct err e = ERR_INIT;
    const char *shared = getenv("CROZE_SHARED"), *source = getenv("CROZE_SOURCE");
    struct str root = shared ? str_z(shared) : arena_printf(a, "%s/../shared", source ? source : ".");
    int fd = file_open(arena_printf(a, "%.*s/%s", STR_ARG(root), folder).p, O_RDONLY | O_DIRECTORY, 0, &e);
    err_clear(&e);
    return fd;
}

/* The file's bytes, in the arena; STR_NULL if it cannot be read. */
__attribute__((unused)) static struct str read_at(struct arena *a, int dir, const char *name) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(32 << 20);
    struct str s = file_readat(dir, name, &b, &e) ? arena_str(a, buf_str(&b)) : STR_NULL;
    err_clear(&e);
    buf_fini(&b);
    return s;
}

#endif
