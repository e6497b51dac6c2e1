/* SPDX-License-Identifier: Apache-2.0
 * Link headers: see link.h. */
#include "registry/link.h"

#include "base/limits.h"
#include "net/url.h"

enum { IDLE_PAGES = 5 }; /* what is filtered may leave some pages empty */

/* --- The header --- */

static struct str skip_blanks(struct str s) {
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_from(s, 1);
    return s;
}

/* Takes what stands before one of `ends`, or all. */
static struct str take_until(struct str *rest, const char *ends) {
    size_t n = 0;
    while (n < rest->n && (rest->p[n] == '\0' || !strchr(ends, rest->p[n])))
        n++;
    struct str taken = str_first(*rest, n);
    *rest = str_from(*rest, n);
    return taken;
}

/* A quoted text without its quotes; a backslash keeps the character behind it from ending the text, and stays: no relation has one. */
static struct str take_quoted(struct str *rest) {
    size_t n = 1;
    while (n < rest->n && rest->p[n] != '"')
        n += rest->p[n] == '\\' && n + 1 < rest->n ? 2 : 1;
    struct str taken = str_from(str_first(*rest, n), 1);
    *rest = str_from(*rest, n + 1);
    return taken;
}

static bool has_word(struct str words, struct str word) {
    struct str one;
    while (str_next(&words, ' ', &one))
        if (str_eq_nocase(str_trim(one), word))
            return true;
    return false;
}

/* Takes the parameters behind a target, up to the comma before the next link. Of several relations the first one counts. */
static bool take_parameters(struct str *rest) {
    bool any = false, is_next = false;
    for (*rest = skip_blanks(*rest); rest->n && rest->p[0] == ';'; *rest = skip_blanks(*rest)) {
        *rest = str_from(*rest, 1);
        struct str name = str_trim(take_until(rest, "=;,")), value = STR_NULL;
        if (rest->n && rest->p[0] == '=') {
            *rest = skip_blanks(str_from(*rest, 1));
            value = rest->n && rest->p[0] == '"' ? take_quoted(rest) : str_trim(take_until(rest, ";,"));
        }
        bool is_rel = str_eq_nocase(name, S("rel"));
        is_next = is_next || (is_rel && !any && has_word(value, S("next")));
        any = any || is_rel;
    }
    take_until(rest, ",");
    return is_next;
}

struct str link_next(struct str header) {
    struct str rest = header;
    while (rest.n) {
        take_until(&rest, "<");
        if (!rest.n)
            break;
        rest = str_from(rest, 1);
        struct str target = take_until(&rest, ">");
        if (!rest.n)
            break;
        rest = str_from(rest, 1);
        if (take_parameters(&rest))
            return target;
    }
    return STR_NULL;
}

/* --- The page --- */

bool link_follow(struct arena *a, const struct registry_answer *page, struct str *next, struct err *e) {
    struct url here, there;
    struct str whole;
    *next = STR_NULL;
    if (!page->link.n)
        return true;
    if (!url_parse(a, page->url, URL_HTTP | URL_HTTPS, &here, e) || !url_resolve(a, page->url, page->link, &whole, e) ||
        !url_parse(a, whole, URL_HTTP | URL_HTTPS, &there, e)) {
        e->kind = ERR_FAILED;
        return err_wrap(e, "the Link to the next page");
    }
    *next = there.text;
    return str_eq(here.origin, there.origin) ||
           err_set(e, ERR_FAILED, "%.*s says that its list goes on at %.*s, which is another host, or another way to it, and is not asked",
                   STR_ARG(str_first(here.origin, 300)), STR_ARG(str_first(there.origin, 300)));
}

/* --- The list --- */

void list_pages_fini(struct list_pages *p) {
    map_fini(&p->seen);
}

bool list_is_new(struct list_pages *p, struct str key) {
    bool is = map_put(&p->seen, key, p) == NULL;
    p->news = p->news || is;
    return is;
}

bool list_goes_on(struct list_pages *p, struct str next, struct err *e) {
    if (!next.n)
        return true;
    p->n++;
    p->idle = p->news ? 0 : p->idle + 1;
    p->news = false;
    if (p->n > LIMIT_TAG_PAGES)
        return err_set(e, ERR_FAILED, "%s has no end: it has more than %d pages", p->what, LIMIT_TAG_PAGES);
    return p->idle <= IDLE_PAGES || err_set(e, ERR_FAILED, "%s has no end: the last %u pages bring nothing new", p->what, p->idle);
}

bool list_read(struct str body, const char *key, const char *what, yyjson_doc **doc, yyjson_val **list, struct err *e) {
    *doc = json_parse(body, LIMIT_JSON_BYTES, what, e);
    if (!*doc)
        return false;
    *list = yyjson_obj_get(yyjson_doc_get_root(*doc), key);
    return yyjson_is_arr(*list) || yyjson_is_null(*list) ||
           err_set(e, ERR_FAILED, "what came is no %s: it has no list \"%s\"", what, key);
}
