/* SPDX-License-Identifier: Apache-2.0
 * The instructions and their flags as tables, and who was meant by a name that is none of them. Private to dockerfile/. */
#ifndef CROZE_DOCKERFILE_OPS_H
#define CROZE_DOCKERFILE_OPS_H

#include "base/arena.h"
#include "dockerfile/ast.h"

enum { DF_OPS = DF_WORKDIR + 1 };

enum flag_kind { FLAG_BOOL, FLAG_TEXT, FLAG_LIST };
struct flag_rule {
    const char *name; /* NULL ends a row */
    enum flag_kind kind;
};

enum { OP_FLAGS = 8 };
struct op_rule {
    const char *name;
    struct flag_rule flags[OP_FLAGS];
};
extern const struct op_rule op_rules[DF_OPS];

/* False: no instruction has this name. Case does not matter. */
bool op_find(struct str keyword, enum df_op *op);
/* Why it may be that no instruction has this name: " (did you mean X?)", " (it holds U+00A0, ...)", or "". */
const char *op_suggestion(struct arena *a, struct str keyword);
const char *flag_suggestion(struct arena *a, enum df_op op, struct str name);

#endif
