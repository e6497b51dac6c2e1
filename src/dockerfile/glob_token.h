/* SPDX-License-Identifier: Apache-2.0
 * What a pattern is compiled to; shared by glob.c, which makes it, and glob_run.c, which follows it. */
#ifndef CROZE_DOCKERFILE_GLOB_TOKEN_H
#define CROZE_DOCKERFILE_GLOB_TOKEN_H

#include "dockerfile/glob.h"

enum glob_kind {
    GLOB_RUNE,  /* this rune */
    GLOB_ANY,   /* one rune, not the separator */
    GLOB_CLASS, /* one rune of the ranges, or not of them */
    GLOB_STAR,  /* any number of runes, none the separator */
    GLOB_DEEP,  /* nothing, or anything that ends in "/" */
    GLOB_ALL,   /* anything */
};

struct rune_range {
    uint32_t low, high;
};

struct glob_token {
    enum glob_kind kind;
    uint32_t rune;
    uint32_t first_range, n_ranges;
    bool negated;
};

struct glob {
    const struct glob_token *tokens;
    const struct rune_range *ranges;
    size_t n;              /* tokens */
    uint32_t separator;
    struct str prefix;     /* every match starts with it */
    bool plain;            /* the prefix is the whole pattern */
    struct str needle;     /* every match holds it: the longest run of plain text, so that most texts are dismissed at once */
};

#endif
