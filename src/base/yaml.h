/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML by libfyaml, read into the values of json.h: what the rest of croze sees is one kind of tree. Only what configuration files need:
 * one document, keys that are texts and differ, no aliases (a few lines of them can stand for gigabytes). Of unquoted words true, false and
 * null are what they look like; numbers and dates stay texts. */
#ifndef CROZE_BASE_YAML_H
#define CROZE_BASE_YAML_H

#include "base/json.h"

/* Parses `text` (at most LIMIT_YAML_BYTES, LIMIT_YAML_DEPTH deep). `what` names it in errors, which are ERR_USAGE and say line and column:
 * "NAME:3:1: ...". An empty text gives null. */
MUST_CHECK yyjson_doc *yaml_parse(struct str text, const char *what, struct err *e);

#endif
