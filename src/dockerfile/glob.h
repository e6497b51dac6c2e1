/* SPDX-License-Identifier: Apache-2.0
 *
 * One matcher for the three wildcard languages of a Dockerfile. Patterns become a row of tokens, and a match is a walk of all possible
 * positions in that row at once (Thompson's way): time is text times pattern at worst, whatever the pattern. Private to dockerfile/. */
#ifndef CROZE_DOCKERFILE_GLOB_H
#define CROZE_DOCKERFILE_GLOB_H

#include "base/arena.h"
#include "base/err.h"

enum glob_language {
    GLOB_PATH,   /* Go's filepath.Match: * ? [a-z] [^a] \x; * and ? stop at "/" */
    GLOB_IGNORE, /* the same with "**", as in .dockerignore */
    GLOB_SHELL,  /* ${v#p} ${v%p} ${v/p/r}: * ? \* \? \\ alone; * and ? stop at a newline, nowhere else */
};

struct glob;

/* NULL with an error: the pattern is malformed. */
struct glob *glob_compile(struct arena *a, struct str pattern, enum glob_language language, struct err *e);
/* An upper bound of the work of one match over n bytes of text, in steps of a few nanoseconds. */
uint64_t glob_cost(const struct glob *g, size_t n);

bool glob_matches(const struct glob *g, struct str text);      /* the whole text */
bool glob_matches_path(const struct glob *g, struct str path); /* the path or one of its parents */
bool glob_may_match_below(const struct glob *g, struct str directory);

enum { GLOB_ANCHORED = 1, GLOB_SHORTEST = 2, GLOB_BACKWARDS = 4 };
/* The leftmost match at or behind `from` (only at it: ANCHORED), the longest of those (SHORTEST: the shortest). BACKWARDS reads the
 * text from its end (then `from` counts from the end, and only ANCHORED has a use): *end is the length of the suffix. */
bool glob_find(const struct glob *g, struct str text, size_t from, unsigned flags, size_t *start, size_t *end);

#endif
