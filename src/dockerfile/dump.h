/* SPDX-License-Identifier: Apache-2.0
 * The parse tree as text, for tests and for `croze debug parse`: the S-expressions of BuildKit's parser tests, one instruction a line,
 * and behind the arguments, as their tests do not show them, the here-documents. */
#ifndef CROZE_DOCKERFILE_DUMP_H
#define CROZE_DOCKERFILE_DUMP_H

#include "base/buf.h"
#include "dockerfile/dockerfile.h"

/* As dockerfile_parse, but an instruction's flags and the number of its arguments are not checked, and arguments stay as written. */
MUST_CHECK bool dockerfile_parse_syntax(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e);

void dockerfile_dump(const struct dockerfile *df, struct buf *out);

#endif
