/* SPDX-License-Identifier: Apache-2.0
 * The index of a build's log of any bytes: what was read leads to no file but the log's own. */
#include "fuzz_store.h"
#include "store/log_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct log_index l;
    fuzz_store_begin();
    if (log_index_parse(str_n((const char *)data, size), &a, &l, &e))
        for (size_t i = 0; i < l.n_steps; i++)
            if (str_index(l.steps[i].log, '/') >= 0 || (l.steps[i].log.n && !str_ends(l.steps[i].log, S(".log"))))
                abort();
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
