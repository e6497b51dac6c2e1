/* SPDX-License-Identifier: Apache-2.0
 * CSV fields: see csv.h. */
#include "base/csv.h"

bool csv_next(struct arena *a, struct str *rest, struct str *field) {
    if (!str_starts(*rest, S("\""))) {
        str_cut(*rest, ',', field, rest);
        return true;
    }
    char *out = arena_alloc(a, rest->n, 1);
    size_t n = 0, i = 1;
    for (; i < rest->n; i++) {
        if (rest->p[i] == '"' && !(i + 1 < rest->n && rest->p[i + 1] == '"'))
            break;
        i += rest->p[i] == '"';
        out[n++] = rest->p[i];
    }
    bool closed = i < rest->n;
    *field = str_n(out, n);
    *rest = str_from(*rest, i + 1);
    bool ends = rest->n == 0 || rest->p[0] == ',';
    *rest = str_from(*rest, 1);
    return closed && ends;
}
