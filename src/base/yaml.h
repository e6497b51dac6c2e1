/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML 1.2 by libfyaml, bounded in size and depth. Two ways of reading it: as the library's nodes, which know where they stand, or as the
 * values of json.h, which is all that configuration files need. Aliases are not expanded: a few lines of them can stand for gigabytes.
 * Errors are ERR_USAGE and say line and column: "NAME:3:1: ...". */
#ifndef CROZE_BASE_YAML_H
#define CROZE_BASE_YAML_H

#include <libfyaml.h>

#include "base/json.h"

/* Whether a key may stand twice in a mapping. libfyaml compares each with all before it, which is quadratic: a file that says so twice is
 * refused only where files are small. */
enum yaml_keys { YAML_KEYS_ONCE, YAML_KEYS_ANY };
/* Hands each document of a stream to `take`, its root NULL if it is empty; nodes live as long as the call. An alias is a scalar whose text
 * is its name. */
MUST_CHECK bool yaml_read(struct str text, size_t max_bytes, enum yaml_keys keys, const char *what,
                          bool (*take)(void *ctx, struct fy_node *root, struct err *e), void *ctx, struct err *e);

/* The text of a scalar; "" for anything else. It lies in the document. */
struct str yaml_text(struct fy_node *n);
/* A member of a mapping; NULL: there is none, or it is no mapping. */
struct fy_node *yaml_get(struct fy_node *mapping, const char *key);
/* Where a scalar begins, both from 1; false: it is none. */
bool yaml_place(struct fy_node *scalar, unsigned *line, unsigned *column);

/* Parses one document (at most LIMIT_YAML_BYTES, LIMIT_YAML_DEPTH deep) whose keys are texts and differ, without anchors and aliases. Of
 * unquoted words true, false and null are what they look like; numbers and dates stay texts. An empty text gives null. */
MUST_CHECK yyjson_doc *yaml_parse(struct str text, const char *what, struct err *e);

#endif
