/* SPDX-License-Identifier: Apache-2.0
 * Follows a compiled pattern over a text: all places in the pattern that can be reached are kept in one list, ordered by where in the text
 * their match began, and moved together rune by rune. Place i means: the tokens before i are matched; place n is a match. */
#include "dockerfile/glob_token.h"

#include "base/mem.h"
#include "dockerfile/text.h"

enum { SMALL = 64 }; /* patterns up to this many tokens need no allocation */

struct place {
    uint32_t token, start;
};

struct run {
    const struct glob *g;
    struct place *now, *next;
    uint32_t *entered;       /* step in which a place was reached with all that follows it for free */
    uint32_t *listed;        /* step in which it was put on the list */
    size_t n_now, n_next;
    uint32_t step;
    bool backwards;          /* the text is read from its end, and so are the tokens */
    bool accepted;           /* in this step */
    uint32_t accepted_start; /* of the earliest such match */
};

struct run_memory {
    struct place places[2 * (SMALL + 1)];
    uint32_t marks[2 * (SMALL + 1)];
    void *big;
};

static void memory_fini(struct run_memory *m) {
    free(m->big);
}

static struct run run_begin(const struct glob *g, struct run_memory *m) {
    size_t n = g->n + 1;
    struct place *places = m->places;
    uint32_t *marks = m->marks;
    m->big = NULL;
    if (n > SMALL + 1) {
        m->big = mem_zalloc(n, 2 * sizeof *places + 2 * sizeof *marks);
        places = m->big;
        marks = (uint32_t *)(void *)(places + 2 * n);
    } else {
        memset(m->marks, 0, sizeof m->marks);
    }
    return (struct run){.g = g, .now = places, .next = places + n, .entered = marks, .listed = marks + n, .step = 1};
}

static const struct glob_token *token_at(const struct run *r, size_t place) {
    return &r->g->tokens[r->backwards ? r->g->n - 1 - place : place];
}

static void list(struct run *r, size_t token, uint32_t start) {
    if (r->listed[token] == r->step)
        return; /* who came first has the earlier start */
    r->listed[token] = r->step;
    r->next[r->n_next++] = (struct place){(uint32_t)token, start};
    if (token == r->g->n) {
        r->accepted = true;
        r->accepted_start = start;
    }
}

/* Reaches a place, and those behind tokens that may match nothing. */
static void enter(struct run *r, size_t token, uint32_t start) {
    while (r->entered[token] != r->step) {
        r->entered[token] = r->step;
        list(r, token, start);
        if (token == r->g->n || token_at(r, token)->kind < GLOB_STAR)
            return;
        token++;
    }
}

/* What was reached becomes what is held. */
static void turn(struct run *r) {
    struct place *p = r->now;
    r->now = r->next;
    r->next = p;
    r->n_now = r->n_next;
    r->n_next = 0;
    r->step++;
}

static bool in_class(const struct glob *g, const struct glob_token *t, uint32_t rune) {
    for (size_t i = 0; i < t->n_ranges; i++) {
        const struct rune_range *range = &g->ranges[t->first_range + i];
        if (range->low <= rune && rune <= range->high)
            return !t->negated;
    }
    return t->negated;
}

static bool takes_one(const struct glob *g, const struct glob_token *t, uint32_t rune) {
    switch (t->kind) {
    case GLOB_RUNE:
        return t->rune == rune;
    case GLOB_ANY:
        return rune != g->separator;
    default:
        return in_class(g, t, rune);
    }
}

/* Moves every place over one rune of the text. */
static void advance(struct run *r, uint32_t rune) {
    r->accepted = false;
    for (size_t i = 0; i < r->n_now; i++) {
        struct place at = r->now[i];
        if (at.token == r->g->n)
            continue;
        const struct glob_token *t = token_at(r, at.token);
        if (t->kind < GLOB_STAR) {
            if (takes_one(r->g, t, rune))
                enter(r, at.token + 1, at.start);
        } else if (t->kind == GLOB_DEEP) {
            list(r, at.token, at.start);
            if (rune == '/')
                enter(r, at.token + 1, at.start);
        } else if (t->kind == GLOB_ALL || rune != r->g->separator) {
            enter(r, at.token, at.start);
        }
    }
}

uint64_t glob_cost(const struct glob *g, size_t n) {
    return (uint64_t)(n + 1) * (g->plain ? 1 : g->n + 1);
}

static bool may_match(const struct glob *g, struct str text) {
    return str_starts(text, g->prefix) && str_find(text, g->needle) >= 0;
}

/* Runs from the head of the text. `parents`: stops before a "/" where what was read matches. */
static bool match_from_head(const struct glob *g, struct str text, bool parents) {
    _cleanup_(memory_fini) struct run_memory memory;
    struct run r = run_begin(g, &memory);
    enter(&r, 0, 0);
    turn(&r);
    for (size_t at = 0; at < text.n && r.n_now > 0;) {
        if (parents && r.accepted && text.p[at] == '/')
            return true;
        advance(&r, utf8_next(text, &at));
        turn(&r);
    }
    return r.n_now > 0 && r.accepted;
}

bool glob_matches(const struct glob *g, struct str text) {
    if (g->plain)
        return str_eq(g->prefix, text);
    return may_match(g, text) && match_from_head(g, text, false);
}

bool glob_matches_path(const struct glob *g, struct str path) {
    if (g->plain)
        return str_starts(path, g->prefix) && (path.n == g->prefix.n || path.p[g->prefix.n] == '/');
    return may_match(g, path) && match_from_head(g, path, true);
}

bool glob_may_match_below(const struct glob *g, struct str directory) {
    _cleanup_(memory_fini) struct run_memory memory;
    struct run r = run_begin(g, &memory);
    enter(&r, 0, 0);
    turn(&r);
    for (size_t at = 0; at < directory.n && r.n_now > 0;) {
        advance(&r, utf8_next(directory, &at));
        turn(&r);
    }
    advance(&r, '/');
    for (size_t i = 0; i < r.n_next; i++)
        if (r.next[i].token < g->n)
            return true;
    return false;
}

/* Drops the places whose match began behind the best one's start. */
static void keep_up_to(struct run *r, size_t start) {
    while (r->n_now > 0 && r->now[r->n_now - 1].start > start)
        r->n_now--;
}

/* A pattern without wildcards. */
static bool find_plain(const struct glob *g, struct str text, size_t from, unsigned flags, size_t *start, size_t *end) {
    struct str tail = str_from(text, from);
    ptrdiff_t at = 0;
    if (flags & GLOB_BACKWARDS)
        at = str_ends(text, g->prefix) ? 0 : -1;
    else if (flags & GLOB_ANCHORED)
        at = str_starts(tail, g->prefix) ? 0 : -1;
    else
        at = str_find(tail, g->prefix);
    *start = from + (size_t)(at < 0 ? 0 : at);
    *end = *start + g->prefix.n;
    return at >= 0;
}

bool glob_find(const struct glob *g, struct str text, size_t from, unsigned flags, size_t *start, size_t *end) {
    if (g->plain)
        return find_plain(g, text, from, flags, start, end);
    _cleanup_(memory_fini) struct run_memory memory;
    struct run r = run_begin(g, &memory);
    r.backwards = flags & GLOB_BACKWARDS;
    bool found = false;
    size_t before = text.n; /* BACKWARDS: what is still to be read lies before this byte */
    for (size_t at = from;;) {
        if (!found && (at == from || !(flags & GLOB_ANCHORED)))
            enter(&r, 0, (uint32_t)at);
        if (r.accepted && (!found || r.accepted_start <= *start)) {
            found = true;
            *start = r.accepted_start;
            *end = at;
        }
        turn(&r);
        if (found)
            keep_up_to(&r, *start);
        bool settled = found || (flags & GLOB_ANCHORED);
        if ((found && (flags & GLOB_SHORTEST)) || at >= text.n || (settled && r.n_now == 0))
            return found;
        uint32_t rune = r.backwards ? utf8_before(text, &before) : utf8_next(text, &at);
        if (r.backwards)
            at = text.n - before;
        advance(&r, rune);
    }
}
