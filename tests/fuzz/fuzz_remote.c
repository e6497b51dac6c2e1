/* SPDX-License-Identifier: Apache-2.0
 * Texts that name things on the network: URLs, repositories, --url-map, headers of servers. The first byte chooses; the rest is the text.
 * What is accepted as a repository holds nothing that git or ssh could take for an option; what is shown has no password. */
#include <assert.h>

#include "base/mem.h"
#include "fetch/git_ref.h"
#include "fetch/http.h"
#include "net/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_repository(struct arena *a, struct str text) {
    struct err e = ERR_INIT;
    struct git_ref r;
    if (git_ref_parse(a, text, &r, &e)) {
        /* a host must not be an option; behind it, in a path, a dash is a letter */
        struct str host = r.remote, path;
        ptrdiff_t scheme = str_find(host, S("://"));
        (void)str_cut(str_from(host, scheme < 0 ? 0 : (size_t)scheme + 3), scheme < 0 ? ':' : '/', &host, &path);
        assert(r.remote.n && r.remote.p[0] != '-' && str_find(host, S("@-")) < 0 && str_find(r.remote, S("://-")) < 0);
        assert(memchr(r.remote.p, '\n', r.remote.n) == NULL && memchr(r.remote.p, '\0', r.remote.n) == NULL);
        assert(r.ref.n == 0 || (r.ref.p[0] != '-' && r.ref.p[0] != '+' && str_index(r.ref, ':') < 0));
        assert(r.subdir.n == 0 || (r.subdir.p[0] != '/' && !str_starts(r.subdir, S("../")) && !str_eqz(r.subdir, "..")));
        assert(git_kind(text) != GIT_NOT);
    }
    err_clear(&e);
}

/* Whether a password stands in the authority of `url`, as it is written, and nowhere else. "***" is what masks others. */
static bool is_secret_in(struct str url, struct str password) {
    struct str authority;
    ptrdiff_t scheme = str_find(url, S("://")), at = str_find(url, password);
    if (scheme < 0 || at < 0 || str_index(password, '*') >= 0 || str_find(str_from(url, (size_t)at + 1), password) >= 0)
        return false;
    (void)str_cut(str_from(url, (size_t)scheme + 3), '/', &authority, &url);
    return str_find(authority, password) >= 0;
}

static void check_url(struct arena *a, struct str text) {
    struct err e = ERR_INIT;
    struct url u;
    struct str shown = url_shown(a, text);
    if (url_parse(a, text, URL_HTTP | URL_HTTPS, &u, &e)) {
        struct str name = url_file_name(a, u.path);
        assert(name.n && str_index(name, '/') < 0 && !str_eqz(name, ".."));
        assert(u.password.n < 4 || !is_secret_in(text, u.password) || str_find(shown, u.password) < 0);
    }
    err_clear(&e);
}

static void check_map(struct arena *a, struct str text) {
    struct err e = ERR_INIT;
    struct url_map m;
    const struct url_map *found;
    struct str rest = STR_NULL;
    if (url_map_parse(text, &m, &e)) {
        struct fetcher f = {NULL, &m, 1};
        bool fits = url_map_find(&f, m.from, &found, &rest);
        assert(fits && rest.n == 0 && found == &m);
        fits = url_map_find(&f, arena_join3(a, m.from, S("x"), STR_NULL), &found, &rest);
        assert(!fits || str_ends(m.from, S("/")));
    }
    err_clear(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    int64_t t;
    uint64_t first;
    struct str parent, url, out = STR_NULL;
    if (size == 0)
        return 0;
    struct str text = arena_str(&a, str_n((const char *)data + 1, size - 1));
    switch (data[0] % 5) {
    case 0:
        check_repository(&a, text);
        break;
    case 1:
        check_url(&a, text);
        break;
    case 2:
        check_map(&a, text);
        break;
    case 3:
        (void)http_date(text, &t);
        (void)http_content_range(text, &first);
        if (http_retry_after(text, 1000, &first))
            assert(first <= UINT64_C(253402300799));
        if (url_resolve(&a, S("https://host/v2/x/tags/list?n=1"), text, &out, &e))
            assert(str_find(out, S(":")) > 0);
        err_clear(&e);
        break;
    default:
        (void)str_cut(text, '\n', &parent, &url);
        if (!git_submodule_remote(&a, parent, url, &out, &e))
            err_clear(&e);
    }
    arena_fini(&a);
    return 0;
}
