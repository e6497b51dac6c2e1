/* SPDX-License-Identifier: Apache-2.0
 *
 * What BuildKit's JSON results (check, outline, targets) have in common. Private to check/. */
#ifndef CROZE_CHECK_JSON_PLACE_H
#define CROZE_CHECK_JSON_PLACE_H

#include "base/json.h"

/* "location": {"ranges": [{"start": {"line": 3}, "end": {"line": 4}}]} */
void json_add_location(yyjson_mut_doc *d, yyjson_mut_val *object, unsigned first, unsigned last);
/* "also": [...], of ids with blanks between. */
void json_add_ids(yyjson_mut_doc *d, yyjson_mut_val *object, const char *also);

#endif
