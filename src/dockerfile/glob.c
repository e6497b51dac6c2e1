/* SPDX-License-Identifier: Apache-2.0
 * Wildcard patterns -> tokens: see glob.h for the languages, glob_run.c for matching. */
#include "dockerfile/glob_token.h"

#include "base/vec.h"
#include "dockerfile/text.h"

struct compiler {
    struct arena *arena;
    struct str pattern;
    size_t at;
    enum glob_language language;
    VEC(struct glob_token) tokens;
    VEC(struct rune_range) ranges;
};

static void compiler_fini(struct compiler *c) {
    vec_fini(&c->tokens);
    vec_fini(&c->ranges);
}

static bool bad_pattern(const struct compiler *c, struct err *e, const char *why) {
    return err_set(e, ERR_USAGE, "syntax error in pattern \"%s\": %s", SHOWN(c->pattern), why);
}

static void push(struct compiler *c, enum glob_kind kind, uint32_t rune) {
    enum glob_kind last = c->tokens.n ? c->tokens.p[c->tokens.n - 1].kind : GLOB_RUNE;
    if (last == kind && (kind == GLOB_STAR || kind == GLOB_DEEP || kind == GLOB_ALL))
        return; /* one more of them says nothing new and would only cost time */
    vec_push(&c->tokens, ((struct glob_token){.kind = kind, .rune = rune}));
}

/* One end of a range, which may be escaped. */
static bool class_rune(struct compiler *c, uint32_t *rune, struct err *e) {
    struct str p = c->pattern;
    if (c->at < p.n && (p.p[c->at] == '-' || p.p[c->at] == ']'))
        return bad_pattern(c, e, "'-' or ']' where a character was expected in [...]; escape it with \\");
    if (c->at < p.n && p.p[c->at] == '\\')
        c->at++;
    if (c->at >= p.n)
        return bad_pattern(c, e, "[ without ]");
    *rune = utf8_next(p, &c->at);
    return *rune < UTF8_BAD || bad_pattern(c, e, "not UTF-8 inside [...]");
}

/* "[", then ranges, then "]"; at least one range. */
static bool class(struct compiler *c, struct err *e) {
    struct str p = c->pattern;
    struct glob_token t = {.kind = GLOB_CLASS, .first_range = (uint32_t)c->ranges.n};
    c->at++;
    if (c->at < p.n && p.p[c->at] == '^') {
        t.negated = true;
        c->at++;
    }
    do {
        struct rune_range range;
        if (!class_rune(c, &range.low, e))
            return false;
        range.high = range.low;
        if (c->at < p.n && p.p[c->at] == '-') {
            c->at++;
            if (!class_rune(c, &range.high, e))
                return false;
        }
        if (range.low > range.high && c->language == GLOB_IGNORE) /* Go's filepath.Match lets it pass and never matches it */
            return bad_pattern(c, e, "a range from a higher to a lower character in [...]");
        vec_push(&c->ranges, range);
        t.n_ranges++;
    } while (c->at < p.n && p.p[c->at] != ']');
    if (c->at >= p.n)
        return bad_pattern(c, e, "[ without ]");
    c->at++;
    vec_push(&c->tokens, t);
    return true;
}

/* "\": in a path pattern it quotes any character; in ${v#p} only * ? \ may be quoted, and \} and \/ are how these two get there. */
static bool escape(struct compiler *c, struct err *e) {
    c->at++;
    if (c->at >= c->pattern.n)
        return bad_pattern(c, e, "\\ at the end");
    char next = c->pattern.p[c->at];
    if (c->language == GLOB_SHELL && !one_of(next, "*?\\}/"))
        return bad_pattern(c, e, "\\ before a character other than * ? \\ } /");
    push(c, GLOB_RUNE, utf8_next(c->pattern, &c->at));
    return true;
}

/* "**": with the "/" behind it any number of directories, none included; at the end of the pattern anything. */
static void double_star(struct compiler *c) {
    bool first = c->at == 0;
    c->at += 2;
    bool slash = c->at < c->pattern.n && c->pattern.p[c->at] == '/';
    if (slash)
        c->at++;
    struct str rest = str_from(c->pattern, c->at);
    bool plain_rest = true;
    for (size_t i = 0; i < rest.n && plain_rest; i++)
        plain_rest = !one_of(rest.p[i], "*?[]\\");
    /* "**name" means "ends in name" if it is the whole pattern; elsewhere "**" ends at a "/" (patternmatcher's own rules) */
    push(c, rest.n == 0 || (first && !slash && plain_rest) ? GLOB_ALL : GLOB_DEEP, 0);
}

static bool next_token(struct compiler *c, struct err *e) {
    char ch = c->pattern.p[c->at];
    bool twice = ch == '*' && c->at + 1 < c->pattern.n && c->pattern.p[c->at + 1] == '*';
    if (twice && c->language == GLOB_IGNORE) {
        double_star(c);
    } else if (ch == '*' || ch == '?') {
        push(c, ch == '*' ? GLOB_STAR : GLOB_ANY, 0);
        c->at++;
    } else if (ch == '[' && c->language != GLOB_SHELL) {
        return class(c, e);
    } else if (ch == '\\') {
        return escape(c, e);
    } else {
        push(c, GLOB_RUNE, utf8_next(c->pattern, &c->at));
    }
    return true;
}

static size_t plain_prefix(struct str pattern) {
    size_t n = 0;
    while (n < pattern.n && !one_of(pattern.p[n], "*?[\\"))
        n++;
    return n;
}

/* Compiles the pattern whole; *needle gets its longest run of characters that stand for themselves. */
static bool compile(struct compiler *c, struct str *needle, struct err *e) {
    size_t run = 0; /* where the present run began */
    while (c->at < c->pattern.n) {
        size_t from = c->at;
        if (!next_token(c, e))
            return false;
        bool plain = c->tokens.p[c->tokens.n - 1].kind == GLOB_RUNE && c->pattern.p[from] != '\\';
        if (!plain)
            run = c->at;
        else if (c->at - run > needle->n)
            *needle = str_first(str_from(c->pattern, run), c->at - run);
    }
    return true;
}

struct glob *glob_compile(struct arena *a, struct str pattern, enum glob_language language, struct err *e) {
    _cleanup_(compiler_fini) struct compiler c = {.arena = a, .pattern = pattern, .language = language};
    struct str needle = STR_NULL;
    if (!compile(&c, &needle, e))
        return NULL;
    struct glob *g = arena_new(a, struct glob);
    g->n = c.tokens.n;
    g->separator = language == GLOB_SHELL ? '\n' : '/';
    g->prefix = arena_str(a, str_first(pattern, plain_prefix(pattern)));
    g->plain = g->prefix.n == pattern.n;
    g->needle = arena_str(a, needle);
    struct glob_token *tokens = arena_array(a, struct glob_token, c.tokens.n);
    struct rune_range *ranges = arena_array(a, struct rune_range, c.ranges.n);
    if (c.tokens.n)
        memcpy(tokens, c.tokens.p, c.tokens.n * sizeof *tokens);
    if (c.ranges.n)
        memcpy(ranges, c.ranges.p, c.ranges.n * sizeof *ranges);
    g->tokens = tokens;
    g->ranges = ranges;
    return g;
}
