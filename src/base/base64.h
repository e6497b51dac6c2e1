/* SPDX-License-Identifier: Apache-2.0
 *
 * Base 64 (RFC 4648 section 4). */
#ifndef CROZE_BASE_BASE64_H
#define CROZE_BASE_BASE64_H

#include "base/arena.h"

/* With padding. */
struct str base64_encode(struct arena *a, struct str bytes);
/* Padding may be left out; nothing else may stand there. The bytes are followed by a NUL that is not counted. */
bool base64_decode(struct arena *a, struct str text, struct str *out);

#endif
