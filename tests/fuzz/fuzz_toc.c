/* SPDX-License-Identifier: Apache-2.0
 * The reader of tables of contents: whatever the bytes are (behind a checksum that matches), it refuses them or answers about them. */
#include <stdint.h>

#include "base/mem.h"
#include "layer/toc_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct toc *t, size_t i) {
    struct arena a = ARENA_INIT;
    struct entry en;
    struct digest d;
    struct str kept;
    size_t at;
    toc_entry(t, i, &a, &en);
    toc_digest(t, i, &d);
    if (toc_kept(t, i, &kept) && kept.n && kept.p[kept.n - 1] == '\n')
        at = 0;
    bool found = toc_find(t, en.path, &at), opaque = toc_is_opaque(t, en.path), gone = toc_has_whiteout(t, en.path);
    if (!found && !opaque && !gone)
        abort(); /* it was just there */
    if (toc_lower_bound(t, en.path) > i)
        abort();
    for (size_t k = 0; k < en.n_xattrs; k++)
        if (en.xattrs[k].value.n && en.xattrs[k].value.p[en.xattrs[k].value.n - 1] == 0)
            at++;
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    struct toc *t = toc_parse(data, size, &e);
    for (size_t i = 0; t && i < toc_count(t); i++)
        ask(t, i);
    toc_free(t);
    err_clear(&e);
    return 0;
}
