/* SPDX-License-Identifier: Apache-2.0
 * URLs: taken apart and put together (by libcurl), shown without their secrets. See url.h. */
#include "net/url.h"

#include "base/buf.h"
#include "base/limits.h"
#include "net/libcurl.h"

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
    out->host = host;
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
    /* libcurl takes one slash or three for two; what shows URLs without their passwords does not */
    struct str rest = str_from(text, (size_t)(str_index(text, ':') + 1));
    if (!str_starts(rest, S("//")) || (str_starts(rest, S("///")) && !str_starts_nocase(text, S("file:"))))
        return err_set(e, ERR_USAGE, "not a usable URL: two slashes stand behind its scheme");
    struct open_url o = {libcurl_load(e), NULL, a};
    if (!o.lib)
        return false;
    o.u = o.lib->url();
    CURLUcode r = o.lib->url_set(o.u, CURLUPART_URL, arena_strz(a, text), CURLU_NON_SUPPORT_SCHEME);
    bool ok = r == CURLUE_OK ? take_parts(&o, schemes, out, e) : err_set(e, ERR_USAGE, "not a usable URL: %s", o.lib->url_strerror(r));
    o.lib->url_cleanup(o.u);
    return ok;
}

bool url_resolve(struct arena *a, struct str base, struct str reference, struct str *out, struct err *e) {
    if (base.n > LIMIT_URL_BYTES || reference.n > LIMIT_URL_BYTES)
        return err_set(e, ERR_FAILED, "a URL of %zu bytes is over the limit of %d", reference.n, LIMIT_URL_BYTES);
    if (memchr(reference.p ? reference.p : "", '\0', reference.n))
        return err_set(e, ERR_FAILED, "not a usable URL");
    struct open_url o = {libcurl_load(e), NULL, a};
    if (!o.lib)
        return false;
    o.u = o.lib->url();
    CURLUcode r = o.lib->url_set(o.u, CURLUPART_URL, arena_strz(a, base), CURLU_NON_SUPPORT_SCHEME);
    if (r == CURLUE_OK)
        r = o.lib->url_set(o.u, CURLUPART_URL, arena_strz(a, reference), CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
    bool ok = r == CURLUE_OK ? take_part(&o, CURLUPART_URL, 0, out, e)
                             : err_set(e, ERR_FAILED, "not a usable URL: %s", o.lib->url_strerror(r));
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

struct str url_encode(struct arena *a, struct str text) {
    struct buf out = BUF_INIT(text.n * 3 + 1);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
        if (plain)
            buf_add_char(&out, (char)c);
        else
            buf_printf(&out, "%%%02X", c);
    }
    struct str encoded = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return encoded;
}

bool url_is_url(struct str text) {
    return str_starts_nocase(text, S("http://")) || str_starts_nocase(text, S("https://"));
}

bool url_is_loopback(struct str host) {
    struct str rest = host, part;
    uint64_t number;
    int parts = 0;
    bool net127 = str_starts(host, S("127."));
    while (net127 && str_next(&rest, '.', &part)) /* "127.0.0.1.example" is a name */
        net127 = str_to_u64(part, 10, 255, &number) && ++parts <= 4;
    return (net127 && parts == 4) || str_eq_nocase(host, S("localhost")) || str_eqz(host, "::1") || str_eqz(host, "[::1]");
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
