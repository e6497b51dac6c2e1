/* SPDX-License-Identifier: Apache-2.0
 * Ignore files, with the rules of moby's patternmatcher and ignorefile: patterns are anchored at the context's root, "**" spans
 * directories, a match of a parent is a match of what lies in it, and the last pattern that matches decides. */
#include "dockerfile/dockerfile.h"

#include "base/limits.h"
#include "base/vec.h"
#include "dockerfile/glob.h"
#include "dockerfile/text.h"

typedef VEC(struct ignore_pattern) patterns;

/* One line to a pattern. *skip: it holds none. */
static bool parse_line(struct arena *a, struct str line, struct ignore_pattern *out, bool *skip, struct err *e) {
    line = blank_trim(line);
    *skip = line.n == 0;
    if (*skip)
        return true;
    out->negated = line.p[0] == '!';
    if (out->negated)
        line = blank_trim(str_from(line, 1));
    if (line.n > LIMIT_PATH_BYTES)
        return err_set(e, ERR_USAGE, "a pattern of %zu bytes; no path is longer than %d", line.n, LIMIT_PATH_BYTES);
    out->text = path_clean(a, line, str_starts(line, S("/")));
    *skip = out->text.n == 0; /* "." and "/" mean nothing, as in docker */
    if (out->negated && (line.n == 0 || (*skip && line.p[0] == '/')))
        return err_set(e, ERR_USAGE, "illegal exclusion pattern: \"!\"");
    if (*skip)
        return true;
    out->glob = glob_compile(a, out->text, GLOB_IGNORE, e);
    return out->glob != NULL;
}

static bool parse_lines(struct arena *a, struct str text, struct str name, patterns *all, struct err *e) {
    struct str line;
    for (unsigned number = 1; str_next(&text, '\n', &line); number++) {
        struct df_pos pos = {number, 1};
        struct ignore_pattern pattern = {.line = number};
        bool skip;
        if (str_starts(line, S("#"))) /* in the first column alone */
            continue;
        if (!parse_line(a, line, &pattern, &skip, e))
            return err_wrap(e, "%.*s:%u:%u", STR_ARG(name), pos.line, pos.column);
        if (skip)
            continue;
        if (all->n == LIMIT_IGNORE_PATTERNS)
            return fail_at(name, pos, e, "more than %d patterns", LIMIT_IGNORE_PATTERNS);
        vec_push(all, pattern);
    }
    return true;
}

bool ignore_parse(struct arena *a, struct str text, struct str name, struct ignore *out, struct err *e) {
    if (text.n > LIMIT_IGNORE_BYTES)
        return fail_at(name, (struct df_pos){1, 1}, e, "%zu bytes are over the limit of %zu for an ignore file", text.n,
                       LIMIT_IGNORE_BYTES);
    if (str_starts(text, S("\xef\xbb\xbf"))) /* a byte order mark */
        text = str_from(text, 3);
    patterns all = {0};
    bool ok = parse_lines(a, text, name, &all, e);
    *out = (struct ignore){.name = arena_str(a, name), .n = all.n, .patterns = arena_array(a, struct ignore_pattern, all.n)};
    for (size_t i = 0; i < all.n; i++) {
        out->patterns[i] = all.p[i];
        out->any_negated |= all.p[i].negated;
    }
    vec_fini(&all);
    return ok;
}

bool ignore_of(struct arena *a, const struct str *texts, size_t n, struct ignore *out, struct err *e) {
    *out = (struct ignore){.patterns = arena_array(a, struct ignore_pattern, n)};
    for (size_t i = 0; i < n; i++) {
        struct ignore_pattern *next = &out->patterns[out->n];
        bool skip;
        if (!parse_line(a, texts[i], next, &skip, e))
            return false;
        out->n += !skip;
        out->any_negated |= !skip && next->negated;
    }
    return true;
}

bool ignore_all_but(struct arena *a, struct str pattern, struct ignore *out, struct err *e) {
    *out = (struct ignore){.patterns = arena_array(a, struct ignore_pattern, 2), .n = 2, .any_negated = true};
    out->patterns[0] = (struct ignore_pattern){.text = S("**"), .glob = glob_compile(a, S("**"), GLOB_IGNORE, e)};
    out->patterns[1] = (struct ignore_pattern){.text = pattern, .negated = true, .glob = glob_compile(a, pattern, GLOB_IGNORE, e)};
    return out->patterns[1].glob != NULL;
}

/* From the last pattern back: the first that matches decides. */
static ptrdiff_t deciding(const struct ignore *ig, struct str path) {
    for (size_t i = ig->n; i > 0; i--)
        if (glob_matches_path(ig->patterns[i - 1].glob, path))
            return (ptrdiff_t)i - 1;
    return -1;
}

bool ignore_match(const struct ignore *ig, struct str path, ptrdiff_t *which) {
    /* the context itself cannot be excluded */
    ptrdiff_t i = path.n == 0 || str_eq(path, S(".")) ? -1 : deciding(ig, path);
    if (which)
        *which = i;
    return i >= 0 && !ig->patterns[i].negated;
}

bool ignore_may_reinclude_below(const struct ignore *ig, struct str path) {
    if (!ig->any_negated)
        return false;
    /* what lies below matches the deciding pattern too: only a "!" behind that one can win */
    for (size_t i = (size_t)(deciding(ig, path) + 1); i < ig->n; i++)
        if (ig->patterns[i].negated && glob_may_match_below(ig->patterns[i].glob, path))
            return true;
    return false;
}

bool pattern_match(struct str pattern, struct str name, bool *matched, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    const struct glob *g = glob_compile(&a, pattern, GLOB_PATH, e);
    *matched = g && glob_matches(g, name);
    return g != NULL;
}
