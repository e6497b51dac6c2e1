/* SPDX-License-Identifier: Apache-2.0
 * See failures.h. */
#include "cmd/failures.h"

#include "base/log.h"

void failures_tell(struct failures *f, struct err *one) {
    log_warn("%s", one->msg);
    f->n++;
    f->unchecked += one->kind == ERR_UNCHECKED;
    err_clear(one);
}

bool failures_end(const struct failures *f, size_t of, const char *what, struct err *e) {
    bool unchecked = f->unchecked == f->n;
    if (f->n == 0)
        return e->kind == ERR_NONE;
    if (e->kind == ERR_NONE)
        return err_set(e, unchecked ? ERR_UNCHECKED : ERR_FAILED, "%zu of %zu images were not %s", f->n, of, what);
    e->kind = unchecked ? e->kind : ERR_FAILED;
    return err_append(e, "; and %zu of %zu images were not %s", f->n, of, what);
}
