/* SPDX-License-Identifier: Apache-2.0
 * URLs: taken apart (by libcurl), shown without their secrets, sent elsewhere by --url-map. See url.h and fetch.h. */
#include "fetch/url.h"

#include "base/limits.h"
#include "fetch/libcurl.h"

/* --- Taking apart --- */

static const struct {
    enum url_scheme scheme;
    const char *name;
} schemes_known[] = {{URL_HTTP, "http"}, {URL_HTTPS, "https"}, {URL_FILE, "file"}, {URL_SSH, "ssh"}, {URL_GIT, "git"}};

static bool find_scheme(struct str name, unsigned allowed, enum url_scheme *out, struct err *e) {
    for (size_t i = 0; i < sizeof schemes_known / sizeof *schemes_known; i++)
        if (str_eqz(name, schemes_known[i].name) && (schemes_known[i].scheme & allowed)) {
            *out = schemes_known[i].scheme;
            return true;
        }
    return err_set(e, ERR_USAGE, "%.*s:// is not fetched", STR_ARG(name));
}

struct open_url {
    const struct libcurl *lib;
    CURLU *u;
    struct arena *arena;
};

/* A part of the URL in the arena; "" if it has none. */
static bool take_part(const struct open_url *o, CURLUPart part, unsigned flags, struct str *out, struct err *e) {
    char *text = NULL;
    CURLUcode r = o->lib->url_get(o->u, part, &text, flags);
    if (r == CURLUE_OK)
        *out = arena_str(o->arena, str_z(text));
    else
        *out = S("");
    o->lib->free(text);
    bool absent = r == CURLUE_NO_USER || r == CURLUE_NO_PASSWORD || r == CURLUE_NO_QUERY || r == CURLUE_NO_FRAGMENT ||
                  r == CURLUE_NO_HOST || r == CURLUE_NO_PORT;
    return r == CURLUE_OK || absent || err_set(e, ERR_USAGE, "not a usable URL: %s", o->lib->url_strerror(r));
}

static bool take_parts(const struct open_url *o, unsigned allowed, struct url *out, struct err *e) {
    struct str scheme, host, port;
    if (!take_part(o, CURLUPART_SCHEME, 0, &scheme, e) || !find_scheme(scheme, allowed, &out->scheme, e) ||
        !take_part(o, CURLUPART_HOST, 0, &host, e) || !take_part(o, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port, e) ||
        !take_part(o, CURLUPART_USER, CURLU_URLDECODE, &out->user, e) ||
        !take_part(o, CURLUPART_PASSWORD, CURLU_URLDECODE, &out->password, e) ||
        !take_part(o, CURLUPART_PATH, CURLU_URLDECODE, &out->path, e) || !take_part(o, CURLUPART_QUERY, 0, &out->query, e) ||
        !take_part(o, CURLUPART_FRAGMENT, 0, &out->fragment, e))
        return false;
    if (host.n == 0 && out->scheme != URL_FILE)
        return err_set(e, ERR_USAGE, "the URL names no host");
    out->origin = arena_printf(o->arena, "%.*s://%.*s:%.*s", STR_ARG(scheme), STR_ARG(host), STR_ARG(port));
    o->lib->url_set(o->u, CURLUPART_USER, NULL, 0);
    o->lib->url_set(o->u, CURLUPART_PASSWORD, NULL, 0);
    o->lib->url_set(o->u, CURLUPART_OPTIONS, NULL, 0);
    o->lib->url_set(o->u, CURLUPART_FRAGMENT, NULL, 0);
    return take_part(o, CURLUPART_URL, 0, &out->text, e);
}

bool url_parse(struct arena *a, struct str text, unsigned schemes, struct url *out, struct err *e) {
    *out = (struct url){0};
    if (text.n > LIMIT_URL_BYTES)
        return err_set(e, ERR_USAGE, "a URL of %zu bytes is over the limit of %d", text.n, LIMIT_URL_BYTES);
    if (text.n == 0 || memchr(text.p, '\0', text.n))
        return err_set(e, ERR_USAGE, "not a usable URL");
    struct open_url o = {libcurl_load(e), NULL, a};
    if (!o.lib)
        return false;
    o.u = o.lib->url();
    CURLUcode r = o.lib->url_set(o.u, CURLUPART_URL, arena_strz(a, text), CURLU_NON_SUPPORT_SCHEME);
    bool ok = r == CURLUE_OK ? take_parts(&o, schemes, out, e) : err_set(e, ERR_USAGE, "not a usable URL: %s", o.lib->url_strerror(r));
    o.lib->url_cleanup(o.u);
    return ok;
}

bool url_decode(struct arena *a, struct str text, struct str *out, struct err *e) {
    const struct libcurl *lib = libcurl_load(e);
    int n = 0;
    if (!lib)
        return false;
    char *plain = text.n ? lib->easy_unescape(NULL, arena_strz(a, text), (int)text.n, &n) : NULL;
    *out = plain ? arena_str(a, str_n(plain, (size_t)n)) : S("");
    lib->free(plain);
    for (size_t i = 0; i < out->n; i++)
        if ((unsigned char)out->p[i] < ' ' || out->p[i] == 0x7f)
            return err_set(e, ERR_USAGE, "there is a control character in it");
    return true;
}

bool url_is_url(struct str text) {
    return str_starts_nocase(text, S("http://")) || str_starts_nocase(text, S("https://"));
}

/* --- Showing. By hand, since it must do with texts that are no URLs as well. --- */

static bool is_secret_name(struct str name) {
    static const char *const parts[] = {"token", "secret", "passw", "signature", "credential", "apikey", "api_key", "access_key"};
    if (str_eq_nocase(name, S("sig")) || str_eq_nocase(name, S("auth")))
        return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct str part = str_z(parts[i]);
        for (size_t at = 0; at + part.n <= name.n; at++)
            if (str_eq_nocase(str_n(name.p + at, part.n), part))
                return true;
    }
    return false;
}

static void show_query(struct buf *out, struct str query) {
    struct str pair, name, value;
    for (bool first = true; str_next(&query, '&', &pair); first = false) {
        if (!first)
            buf_add_char(out, '&');
        if (str_cut(pair, '=', &name, &value) && is_secret_name(name))
            buf_printf(out, "%.*s=***", STR_ARG(name));
        else
            buf_add_str(out, pair);
    }
}

struct str url_shown(struct arena *a, struct str url) {
    struct buf out = BUF_INIT(url.n * 4 + 16);
    struct str rest = url, authority, query, fragment;
    ptrdiff_t scheme = str_find(url, S("://"));
    if (scheme >= 0) {
        buf_add_str(&out, str_first(url, (size_t)scheme + 3));
        rest = str_from(url, (size_t)scheme + 3);
        size_t end = 0;
        while (end < rest.n && !strchr("/?#", rest.p[end]))
            end++;
        authority = str_first(rest, end);
        ptrdiff_t at = str_rindex(authority, '@');
        bool login_only = at >= 0 && str_index(str_first(authority, (size_t)at), ':') < 0 && str_starts_nocase(url, S("ssh://"));
        if (at >= 0 && !login_only)
            rest = str_from(rest, (size_t)at);
        if (at >= 0 && !login_only)
            buf_add_str(&out, S("***"));
    }
    bool has_fragment = str_cut(rest, '#', &rest, &fragment), has_query = str_cut(rest, '?', &rest, &query);
    buf_add_str(&out, rest);
    if (has_query)
        buf_add_char(&out, '?');
    show_query(&out, query);
    if (has_fragment)
        buf_printf(&out, "#%.*s", STR_ARG(fragment));
    struct str shown = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return shown;
}

struct str url_name(struct arena *a, struct str url) {
    struct str shown = url_shown(a, url);
    ptrdiff_t at = str_find(shown, S("://***@"));
    return at < 0 ? shown : arena_join3(a, str_first(shown, (size_t)at + 3), str_from(shown, (size_t)at + 7), STR_NULL);
}

struct str url_both(struct arena *a, struct str url, struct str from) {
    struct str shown = url_shown(a, url);
    return str_eq(url, from) ? shown : arena_printf(a, "%.*s (from %.*s)", STR_ARG(shown), STR_ARG(url_shown(a, from)));
}

/* --- Names --- */

struct str url_file_name(struct arena *a, struct str path) {
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    struct str name = path_base(path);
    bool usable = name.n > 0 && name.n <= LIMIT_NAME_BYTES && !str_eqz(name, ".") && !str_eqz(name, "..");
    for (size_t i = 0; i < name.n; i++)
        usable = usable && (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
    return usable ? arena_str(a, name) : S("__unnamed__");
}

/* --- Elsewhere --- */

static bool is_scheme(struct str s, const char *prefix) {
    return str_starts_nocase(s, str_z(prefix));
}

bool url_map_parse(struct str text, struct url_map *out, struct err *e) {
    struct arena a = ARENA_INIT;
    struct str shown = url_shown(&a, text);
    struct url from, to;
    bool ok = str_cut(text, '=', &out->from, &out->to) && out->from.n && out->to.n;
    if (!ok) {
        err_set(e, ERR_USAGE, "it is FROM=TO, two beginnings of URLs");
    } else {
        ok = url_parse(&a, out->from, URL_HTTP | URL_HTTPS | URL_SSH | URL_GIT, &from, e) || err_wrap(e, "FROM");
        ok = ok && (url_parse(&a, out->to, URL_HTTP | URL_HTTPS | URL_SSH | URL_GIT | URL_FILE, &to, e) || err_wrap(e, "TO"));
        if (ok && (from.user.n || from.password.n))
            ok = err_set(e, ERR_USAGE, "FROM may not hold a user or password: they are not compared");
        if (ok && is_scheme(out->to, "file://") && str_ends(out->from, S("/")) != str_ends(out->to, S("/")))
            ok = err_set(e, ERR_USAGE, "of FROM and a TO that is file:// both end in a slash (directories) or neither (one file)");
    }
    if (!ok)
        err_wrap(e, "--url-map %.*s", STR_ARG(shown));
    arena_fini(&a);
    return ok;
}

/* Whether what is left of a URL behind FROM begins a new part of it: "https://a.b" must not match "https://a.bad.example". */
static bool is_boundary(struct str from, struct str rest) {
    return str_ends(from, S("/")) || rest.n == 0 || strchr("/?#", rest.p[0]);
}

bool url_map_find(const struct fetcher *f, struct str url, const struct url_map **map, struct str *rest) {
    *map = NULL;
    for (size_t i = 0; i < f->n_maps; i++) {
        const struct url_map *m = &f->maps[i];
        if (!str_starts(url, m->from) || (*map && (*map)->from.n > m->from.n))
            continue;
        struct str left = str_from(url, m->from.n);
        if (!is_boundary(m->from, left) || (is_scheme(m->to, "file://") && left.n && !str_ends(m->to, S("/"))))
            continue;
        *map = m;
        *rest = left;
    }
    return *map != NULL;
}
