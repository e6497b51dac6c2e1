/* SPDX-License-Identifier: Apache-2.0
 * URLs sent elsewhere by --url-map, and what ADD calls files: see url_map.h and fetch.h. */
#include "fetch/url_map.h"

#include "base/limits.h"

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
