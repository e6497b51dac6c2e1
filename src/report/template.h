/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of Go's text/template that people use with `inspect -f`, over a JSON value: {{.A.B}} {{json X}} {{len X}} {{index X k...}}
 * {{join X sep}}
 * {{println X}} {{range X}}...{{else}}...{{end}} {{if X}}...{{else}}...{{end}}, and {{- -}} trimming. Anything else is an error that names
 * it. */
#ifndef CROZE_REPORT_TEMPLATE_H
#define CROZE_REPORT_TEMPLATE_H

#include "base/json.h"

/* Appends the result (without a newline of its own). */
MUST_CHECK bool template_run(struct str text, yyjson_val *data, struct buf *out, struct err *e);

#endif
