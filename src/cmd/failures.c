/* SPDX-License-Identifier: Apache-2.0
 * See failures.h. */
#include "cmd/failures.h"

#include "base/log.h"

void failures_tell(struct failures *f, struct err *one) {
    log_warn("%s", one->msg);
    f->kind = f->n++ == 0 || f->kind == one->kind ? one->kind : ERR_FAILED;
    err_clear(one);
}

bool failures_end(const struct failures *f, size_t of, const char *what, struct err *e) {
    enum err_kind kind = f->kind == ERR_UNCHECKED || f->kind == ERR_FINDINGS ? f->kind : ERR_FAILED;
    if (f->n == 0)
        return e->kind == ERR_NONE;
    if (e->kind == ERR_NONE)
        return err_set(e, kind, "%zu of %zu images were not %s", f->n, of, what);
    e->kind = e->kind == kind || kind == ERR_UNCHECKED ? e->kind : ERR_FAILED;
    return err_append(e, "; and %zu of %zu images were not %s", f->n, of, what);
}
