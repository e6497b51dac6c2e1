/* SPDX-License-Identifier: Apache-2.0
 * A record of what a key was made of, of any bytes: read, and if that goes, written and read again, which changes nothing any more. */
#include "fuzz_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char name[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct why_record r, again;
    fuzz_store_begin();
    if (why_parse(str_n((const char *)data, size), name, &a, &r, &e)) {
        if (!store_why_normal(&r, &a, &e))
            abort();
        again = r;
        if (!store_why_normal(&again, &a, &e) || again.n_fields != r.n_fields)
            abort();
        for (size_t i = 0; i < r.n_fields; i++)
            if (!str_eq(r.fields[i].name, again.fields[i].name) || !str_eq(r.fields[i].value, again.fields[i].value))
                abort();
    }
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
