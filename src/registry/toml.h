/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: a strict reader of what registries.conf uses of TOML 1.0: tables, arrays of tables, strings of one line, booleans,
 * whole numbers and arrays of strings. All else is an error with its line. Texts lie in the caller's arena. */
#ifndef CROZE_REGISTRY_TOML_H
#define CROZE_REGISTRY_TOML_H

#include "base/arena.h"
#include "base/err.h"

enum toml_kind { TOML_STRING, TOML_BOOL, TOML_INT, TOML_ARRAY };
struct toml_value {
    enum toml_kind kind;
    struct str text;            /* STRING */
    bool yes;                   /* BOOL */
    int64_t number;             /* INT */
    struct str *items;          /* ARRAY */
    size_t n;
};
struct toml_reader {
    /* "[name]", or with `element` "[[name]]"; parts of the name are joined by dots. */
    bool (*table)(void *ctx, struct str name, bool element, struct err *e);
    bool (*pair)(void *ctx, struct str key, const struct toml_value *v, struct err *e);
    void *ctx;
};
/* `what` names the text in errors. */
MUST_CHECK bool toml_read(struct arena *a, struct str text, const char *what, const struct toml_reader *r, struct err *e);

#endif
