/* SPDX-License-Identifier: Apache-2.0
 * Printing whole texts: see print.h. */
#include "cmd/print.h"

#include <stdio.h>

#include "base/limits.h"

bool print_text(const struct buf *text, const char *what, struct err *e) {
    if (!buf_ok(text))
        return err_set(e, ERR_FAILED, "%s: there is more to print than the limit of %zu bytes", what, text->max_bytes);
    if (text->n)
        fwrite(text->p, 1, text->n, stdout);
    return true;
}

bool print_json(yyjson_mut_doc *d, bool pretty, const char *what, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_REPORT_BYTES);
    json_write(d, pretty, &text);
    buf_add_char(&text, '\n');
    return print_text(&text, what, e);
}
