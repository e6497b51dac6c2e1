/* SPDX-License-Identifier: Apache-2.0
 *
 * Go's text/template with docker's functions, as people use it with `inspect -f`: takes the template's text, a JSON value and what its
 * parts would be as Go types, gives text. All of the language but {{define}}, {{template}} and {{block}}; the functions are and, or, not,
 * eq, ne, lt, le, gt, ge, len, index, slice, print, printf, println, json, join, split, lower, upper, title, pad and truncate. What is not
 * there is an error that names it. */
#ifndef CROZE_REPORT_TEMPLATE_H
#define CROZE_REPORT_TEMPLATE_H

#include "base/json.h"

/* What a value would be in Go: decides how an absent one prints and counts ("", [], map[], 0, or an error), and whether an object has
 * fields or keys. */
enum template_kind {
    TEMPLATE_ANY,    /* whatever the JSON is, objects are maps */
    TEMPLATE_STRING, TEMPLATE_INT, TEMPLATE_BOOL, TEMPLATE_LIST, TEMPLATE_MAP, TEMPLATE_STRUCT,
    TEMPLATE_POINTER /* to a struct: may be nil */
};
struct template_type {
    enum template_kind kind;
    const struct template_type *element;      /* LIST, MAP */
    const struct template_field {
        const char *name;
        const struct template_type *type;
    } *fields;                                /* STRUCT, POINTER: ends with a NULL name. One without a type: none can be read */
};

/* Appends the result (without a newline of its own). */
MUST_CHECK bool template_run(struct str text, const struct template_type *type, yyjson_val *data, struct buf *out, struct err *e);

#endif
