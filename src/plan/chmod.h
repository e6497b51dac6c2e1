/* SPDX-License-Identifier: Apache-2.0
 *
 * --chmod of COPY and ADD: an octal number, or clauses as chmod(1) takes them ("u=rwX,go=rX"). Pure; applied by layer/ to each entry. */
#ifndef CROZE_PLAN_CHMOD_H
#define CROZE_PLAN_CHMOD_H

#include "base/arena.h"
#include "base/err.h"

/* One operation of one clause: who (bits of 07777 that it may touch), '+' '-' '=', and what. */
struct chmod_change {
    uint32_t who;
    char operation;
    uint32_t bits;            /* of rwxst, spread over u, g and o */
    bool execute_if_any;      /* X: execution where it is a directory or somebody may execute it already */
    char copy_from;           /* 'u', 'g', 'o': that class's bits; 0: none */
};

struct chmod {
    bool given;
    bool symbolic;
    uint32_t octal;           /* 0..07777 */
    struct chmod_change *changes;
    size_t n_changes;
};

/* Errors say what is wrong with the text, without a position. */
MUST_CHECK bool chmod_parse(struct arena *a, struct str text, struct chmod *out, struct err *e);
/* The mode (07777) that a file of `mode` gets. */
uint32_t chmod_apply(const struct chmod *c, uint32_t mode, bool is_dir);

#endif
