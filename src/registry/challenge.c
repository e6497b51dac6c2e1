/* SPDX-License-Identifier: Apache-2.0
 * Challenges and scopes: see challenge.h. */
#include "registry/challenge.h"

#include "base/buf.h"

/* --- Challenges --- */

static bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct str skip(struct str s, const char *chars) {
    size_t n = 0;
    while (n < s.n && s.p[n] && strchr(chars, s.p[n]))
        n++;
    return str_from(s, n);
}

static struct str take_token(struct str *rest) {
    size_t n = 0;
    while (n < rest->n && is_token_char(rest->p[n]))
        n++;
    struct str token = str_first(*rest, n);
    *rest = str_from(*rest, n);
    return token;
}

/* Behind the opening quote. One that is not closed ends with the header. */
static struct str take_quoted(struct arena *a, struct str *rest) {
    char *out = arena_array(a, char, rest->n + 1);
    size_t n = 0, i = 0;
    while (i < rest->n && rest->p[i] != '"') {
        if (rest->p[i] == '\\' && i + 1 < rest->n)
            i++;
        out[n++] = rest->p[i++];
    }
    *rest = str_from(*rest, i + 1);
    return str_n(out, n);
}

/* "name = value" at the beginning of *rest, which is moved behind it; false: something else stands there. */
static bool take_param(struct arena *a, struct str *rest, struct str *name, struct str *value) {
    struct str at = *rest;
    *name = take_token(&at);
    at = skip(at, " \t");
    if (name->n == 0 || at.n == 0 || at.p[0] != '=')
        return false;
    at = skip(str_from(at, 1), " \t");
    if (at.n && at.p[0] == '"') {
        at = str_from(at, 1);
        *value = take_quoted(a, &at);
    } else {
        *value = take_token(&at);
        if (value->n == 0)
            return false; /* a token68 that ends in "=" */
    }
    *rest = at;
    return true;
}

static void set_param(struct arena *a, struct challenge *c, struct str name, struct str value) {
    struct {
        const char *name;
        struct str *to;
    } known[] = {{"realm", &c->realm}, {"service", &c->service}, {"scope", &c->scope}, {"error", &c->error}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq_nocase(name, str_z(known[i].name)) && known[i].to->n == 0)
            *known[i].to = arena_str(a, value);
}

static void take_params(struct arena *a, struct str *rest, struct challenge *c) {
    struct str name, value;
    for (;;) {
        struct str at = skip(*rest, " \t,");
        if (!take_param(a, &at, &name, &value))
            return;
        set_param(a, c, name, value);
        *rest = at;
    }
}

void challenges_add(struct arena *a, struct str header, struct challenges *list) {
    struct str rest = header;
    while ((rest = skip(rest, " \t,")).n && list->n < LIMIT_CHALLENGES) {
        struct str scheme = take_token(&rest);
        if (scheme.n == 0) { /* what stands here has no place in the grammar */
            rest = str_from(rest, 1);
            continue;
        }
        struct challenge c = {.scheme = arena_str(a, scheme), .realm = S(""), .service = S(""), .scope = S(""), .error = S("")};
        take_params(a, &rest, &c);
        list->p[list->n++] = c;
        ptrdiff_t comma = str_index(rest, ','); /* before it stands a token68, or nothing */
        rest = comma < 0 ? S("") : str_from(rest, (size_t)comma);
    }
}

const struct challenge *challenges_find(const struct challenges *list, const char *scheme) {
    for (size_t i = 0; i < list->n; i++)
        if (str_eq_nocase(list->p[i].scheme, str_z(scheme)))
            return &list->p[i];
    return NULL;
}

/* --- Scopes --- */

/* "repository:host:5000/x:pull" -> "repository:host:5000/x" and "pull"; what has no actions is a resource alone. */
static bool cut_actions(struct str scope, struct str *resource, struct str *actions) {
    ptrdiff_t first = str_index(scope, ':'), last = str_rindex(scope, ':');
    bool has = last > first;
    *resource = has ? str_first(scope, (size_t)last) : scope;
    *actions = has ? str_from(scope, (size_t)last + 1) : STR_NULL;
    return has;
}

static struct str join_actions(struct arena *a, struct str one, struct str other) {
    struct str sorted[LIMIT_SCOPES], action, texts[] = {one, other};
    size_t n = 0;
    for (size_t t = 0; t < 2; t++)
        while (str_next(&texts[t], ',', &action)) {
            size_t at = 0;
            while (at < n && str_cmp(sorted[at], action) < 0)
                at++;
            if (action.n == 0 || n == LIMIT_SCOPES || (at < n && str_eq(sorted[at], action)))
                continue;
            memmove(sorted + at + 1, sorted + at, (n - at) * sizeof *sorted);
            sorted[at] = action;
            n++;
        }
    struct str joined = S("");
    for (size_t i = 0; i < n; i++)
        joined = arena_join3(a, joined, i ? S(",") : S(""), sorted[i]);
    return joined;
}

static void add_one(struct arena *a, struct scopes *s, struct str scope) {
    struct str resource, actions, known, its;
    bool has = cut_actions(scope, &resource, &actions), had = false;
    size_t at = 0;
    int order = 1;
    while (at < s->n) {
        had = cut_actions(s->p[at], &known, &its);
        order = str_cmp(known, resource);
        if (order >= 0)
            break;
        at++;
    }
    bool there = at < s->n && order == 0;
    if (!there && s->n == LIMIT_SCOPES)
        return;
    struct str joined = join_actions(a, actions, there ? its : STR_NULL);
    if (!there) {
        memmove(s->p + at + 1, s->p + at, (s->n - at) * sizeof *s->p);
        s->n++;
    }
    s->p[at] = has || (there && had) ? arena_join3(a, resource, S(":"), joined) : arena_str(a, resource);
}

void scopes_add(struct arena *a, struct scopes *s, struct str text) {
    struct str one;
    while (str_next(&text, ' ', &one))
        if (one.n)
            add_one(a, s, one);
}

struct str scopes_text(struct arena *a, const struct scopes *s) {
    struct str text = S("");
    for (size_t i = 0; i < s->n; i++)
        text = arena_join3(a, text, i ? S(" ") : S(""), s->p[i]);
    return text;
}
