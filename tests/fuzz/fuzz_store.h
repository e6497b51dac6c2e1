/* SPDX-License-Identifier: Apache-2.0
 *
 * A store in a scratch directory for the fuzz targets of store/'s files: made once a process, removed at its end. */
#ifndef CROZE_FUZZ_STORE_H
#define CROZE_FUZZ_STORE_H

#include <assert.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/le.h"
#include "store/store_private.h"

static struct store fuzz_store;
static char fuzz_scratch[] = "/tmp/croze-fuzz-XXXXXX";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_ignore(void *ctx, const char *line) {
    (void)ctx, (void)line;
}

static void fuzz_store_end(void) {
    struct err e = ERR_INIT;
    store_close(&fuzz_store);
    if (!file_remove_tree(AT_FDCWD, fuzz_scratch, &e))
        err_clear(&e);
}

static void fuzz_store_begin(void) {
    struct err e = ERR_INIT;
    if (fuzz_store.root)
        return;
    setenv("CROZE_NO_SYNC", "1", 1);
    log_set_sink(fuzz_ignore, NULL);
    if (!mkdtemp(fuzz_scratch) || !store_open(&fuzz_store, fuzz_scratch, "fuzz", &e))
        abort();
    atexit(fuzz_store_end);
}

__attribute__((unused)) static void fuzz_put(const char *name, const void *p, size_t n) {
    struct err e = ERR_INIT;
    if (!file_replace(fuzz_store.root_fd, name, p, n, false, &e))
        abort();
}

#endif
