/* SPDX-License-Identifier: Apache-2.0
 * Templates: parsed whole, then run (template.h; template_private.h says which file does what). */
#include "report/template.h"

#include "report/template_private.h"

bool template_run(struct str text, const struct template_type *type, yyjson_val *data, struct buf *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct node *tree;
    bool good = template_parse(text, &a, &tree, e);
    if (good) {
        struct run r = {.all = text, .arena = &a, .out = out, .dot = value_of(&a, type, data)};
        vec_push(&r.variables, ((struct variable){S(""), r.dot}));
        good = template_walk(&r, tree, e);
        vec_fini(&r.variables);
    }
    arena_fini(&a);
    return good;
}
