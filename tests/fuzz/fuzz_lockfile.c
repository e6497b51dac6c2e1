/* SPDX-License-Identifier: Apache-2.0
 * croze.lock of any bytes. What is accepted is written and read again as the same. */
#include <assert.h>

#include "base/limits.h"
#include "build/lockfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool equal(const struct locked *a, const struct locked *b) {
    return a->kind == b->kind && str_eq(a->name, b->name) && digest_eq(&a->digest, &b->digest) && a->bytes == b->bytes &&
           a->has_time == b->has_time && a->time_s == b->time_s && str_eq(a->commit, b->commit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct locked_list list, again;
    struct buf text = BUF_INIT(LIMIT_LOCK_BYTES);
    if (lockfile_parse(&a, str_n((const char *)data, size), "croze.lock", &list, &e)) {
        lockfile_format(&list, &text);
        if (!lockfile_parse(&a, buf_str(&text), "again", &again, &e) || again.n != list.n)
            abort();
        for (size_t i = 0; i < list.n; i++)
            assert(equal(&list.p[i], &again.p[i]));
    }
    err_clear(&e);
    buf_fini(&text);
    arena_fini(&a);
    return 0;
}
