/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML 1.2 by libfyaml; this is the only header that includes it. Reading is bounded in size and depth. Aliases are not expanded: a
 * document of a few lines cannot become one of millions of nodes, and an alias is a scalar whose text is the name. */
#ifndef CROZE_BASE_YAML_H
#define CROZE_BASE_YAML_H

#include <libfyaml.h>

#include "base/err.h"
#include "base/str.h"

/* Hands each document of a stream to `take`, its root NULL if it is empty; nodes live as long as the call. `what` names the stream in
 * errors, which say where it is wrong. `text` must live as long as the call. */
MUST_CHECK bool yaml_read(struct str text, size_t max_bytes, const char *what,
                          bool (*take)(void *ctx, struct fy_node *root, struct err *e), void *ctx, struct err *e);

/* The text of a scalar; "" for anything else. It lies in the document. */
struct str yaml_text(struct fy_node *n);
/* A member of a mapping; NULL: there is none, or it is no mapping. */
struct fy_node *yaml_get(struct fy_node *mapping, const char *key);
/* Where a scalar begins, both from 1. */
void yaml_place(struct fy_node *scalar, unsigned *line, unsigned *column);

#endif
