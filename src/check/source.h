/* SPDX-License-Identifier: Apache-2.0
 *
 * A text by its lines, counted from 1. Private to check/. */
#ifndef CROZE_CHECK_SOURCE_H
#define CROZE_CHECK_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"

struct source {
    struct str text;
    const size_t *starts;         /* byte at which each line begins */
    unsigned n;
};

void source_init(struct source *s, struct arena *a, struct str text);
/* Without its line ending; empty past the end. */
struct str source_line(const struct source *s, unsigned line);
/* "NAME:3", and the lines around `first` to `last`, which are marked, in BuildKit's layout. Control characters are not let through. */
void source_excerpt(const struct source *s, struct str name, unsigned first, unsigned last, struct buf *out);

#endif
