/* SPDX-License-Identifier: Apache-2.0
 *
 * What verbs print on standard output: all of it, or an error. That it could be written main() asks at the end. */
#ifndef CROZE_CMD_PRINT_H
#define CROZE_CMD_PRINT_H

#include "base/json.h"

/* A text that was put together in a bounded buffer. One that did not fit is an error (`what`: of what it tells), and not printed. */
MUST_CHECK bool print_text(const struct buf *text, const char *what, struct err *e);
/* A document (at most LIMIT_REPORT_BYTES) and a newline; pretty: indented, for people. */
MUST_CHECK bool print_json(yyjson_mut_doc *d, bool pretty, const char *what, struct err *e);

#endif
