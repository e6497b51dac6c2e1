/* SPDX-License-Identifier: Apache-2.0
 * The text of a repository taken apart: see git_ref.h. */
#include "fetch/git_ref.h"

#include "base/limits.h"
#include "base/remote.h"
#include "base/vec.h"

enum { REF_MAX_BYTES = 1024, PREFIX_MIN = 4 };

/* --- Kinds of texts --- */

/* Cuts "#fragment" and "?query" off. */
static void take_tail(struct str *s, struct str *query, struct str *fragment) {
    struct str rest;
    *query = *fragment = S("");
    if (str_cut(*s, '#', &rest, fragment))
        *s = rest;
    if (str_cut(*s, '?', &rest, query))
        *s = rest;
}

enum git_kind git_kind(struct str text) {
    if (str_starts(text, S("github.com/")))
        return GIT_SHORTHAND;
    return remote_kind_of(text) == REMOTE_GIT ? GIT_REPOSITORY : GIT_NOT;
}

/* --- Commits, refs, directories --- */

static bool is_hex(struct str s, bool upper) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f') || (upper && s.p[i] >= 'A' && s.p[i] <= 'F')))
            return false;
    return true;
}

bool git_is_commit(struct str s) {
    return (s.n == 40 || s.n == 64) && is_hex(s, false);
}

bool git_is_commit_prefix(struct str s) {
    return s.n >= PREFIX_MIN && s.n <= 64 && is_hex(s, true);
}

/* What git takes for the name of a ref (git-check-ref-format(1)), and nothing that is more to it than a name. */
bool git_is_ref(struct str ref) {
    bool good = ref.n <= REF_MAX_BYTES && (ref.n == 0 || (ref.p[0] != '-' && ref.p[0] != '+' && ref.p[0] != '/' && ref.p[0] != '.')) &&
                !str_ends(ref, S("/")) && !str_ends(ref, S(".")) && !str_ends(ref, S(".lock")) && str_find(ref, S("..")) < 0 &&
                str_find(ref, S("@{")) < 0 && str_find(ref, S("//")) < 0 && !str_eqz(ref, "@");
    for (size_t i = 0; i < ref.n; i++)
        good = good && (unsigned char)ref.p[i] > ' ' && !strchr("~^:?*[\\\x7f", ref.p[i]);
    return good;
}

static bool check_ref(struct str ref, struct err *e) {
    return git_is_ref(ref) ||
           err_set(e, ERR_USAGE, "\"%.*s\" is not the name of a branch or tag, nor a commit", STR_ARG(str_first(ref, 200)));
}

struct str git_clean_subdir(struct arena *a, struct str path) {
    struct buf out = BUF_INIT(path.n + 1);
    struct str part;
    while (str_next(&path, '/', &part)) {
        if (part.n == 0 || str_eqz(part, "."))
            continue;
        if (str_eqz(part, "..")) {
            ptrdiff_t slash = str_rindex(buf_str(&out), '/');
            out.n = slash > 0 ? (size_t)slash : 0;
            continue;
        }
        if (out.n)
            buf_add_char(&out, '/');
        buf_add_str(&out, part);
    }
    struct str clean = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return clean;
}

/* --- The fragment: "ref:dir" --- */

static void take_fragment(struct arena *a, struct str fragment, struct git_ref *r) {
    struct str dir;
    (void)str_cut(fragment, ':', &r->ref, &dir);
    r->subdir = git_clean_subdir(a, dir);
}

/* --- The query: "ref=...&subdir=..." --- */

struct query {
    struct arena *arena;
    struct git_ref *out;
    struct str seen[16]; /* a name may come once */
    size_t n_seen;
    struct str tag, branch;
};

static bool take_bool(struct str name, struct str value, bool *out, struct err *e) {
    return str_to_bool(value.n ? value : S("1"), out) ||
           err_set(e, ERR_USAGE, "?%.*s=%.*s is neither true nor false", STR_ARG(name), STR_ARG(value));
}

/* A value that the fragment, or another name of the query, may have given already. */
static bool agree(const char *what, struct str value, struct str *to, struct err *e) {
    if (to->n && !str_eq(*to, value))
        return err_set(e, ERR_USAGE, "two different %s are given: %.*s and %.*s", what, STR_ARG(*to), STR_ARG(value));
    *to = value;
    return true;
}

bool git_ref_set_checksum(struct arena *a, struct git_ref *r, struct str checksum, struct err *e) {
    if (!git_is_commit_prefix(checksum))
        return err_set(e, ERR_USAGE, "the checksum of a repository is a commit or its beginning, not \"%.*s\"",
                       STR_ARG(str_first(checksum, 100)));
    char *lower = arena_strz(a, checksum);
    for (size_t i = 0; i < checksum.n; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'F' ? lower[i] | 0x20 : lower[i]);
    return agree("commits", str_n(lower, checksum.n), &r->checksum, e);
}

static struct str with_prefix(struct arena *a, struct str prefix, struct str name) {
    return str_starts(name, prefix) ? name : arena_join3(a, prefix, name, STR_NULL);
}

static bool take_text(struct query *q, struct str name, struct str value, struct err *e) {
    struct git_ref *r = q->out;
    if (value.n == 0)
        return err_set(e, ERR_USAGE, "?%.*s has no value", STR_ARG(name));
    if (str_eqz(name, "ref"))
        return agree("refs", value, &r->ref, e);
    if (str_eqz(name, "tag"))
        return agree("refs", with_prefix(q->arena, S("refs/tags/"), value), &q->tag, e);
    if (str_eqz(name, "branch"))
        return agree("refs", with_prefix(q->arena, S("refs/heads/"), value), &q->branch, e);
    if (str_eqz(name, "subdir"))
        return agree("directories", git_clean_subdir(q->arena, value), &r->subdir, e);
    if (str_eqz(name, "checksum") || str_eqz(name, "commit"))
        return git_ref_set_checksum(q->arena, r, value, e);
    if (str_eqz(name, "mtime")) {
        r->commit_times = str_eqz(value, "commit");
        return r->commit_times || str_eqz(value, "checkout") || err_set(e, ERR_USAGE, "?mtime is \"checkout\" or \"commit\"");
    }
    return err_set(e, ERR_USAGE, "?%.*s is not known (ref, tag, branch, commit, checksum, subdir, submodules, keep-git-dir, mtime are)",
                   STR_ARG(str_first(name, 100)));
}

static bool take_pair(struct query *q, struct str name, struct str value, struct err *e) {
    struct git_ref *r = q->out;
    bool submodules;
    for (size_t i = 0; i < q->n_seen; i++)
        if (str_eq(q->seen[i], name))
            return err_set(e, ERR_USAGE, "?%.*s is given twice", STR_ARG(str_first(name, 100)));
    if (q->n_seen < sizeof q->seen / sizeof *q->seen)
        q->seen[q->n_seen++] = name;
    if (str_eqz(name, "keep-git-dir"))
        return r->has_keep_git_dir = take_bool(name, value, &r->keep_git_dir, e);
    if (str_eqz(name, "fetch-by-commit"))
        return take_bool(name, value, &r->fetch_by_commit, e);
    if (str_eqz(name, "submodules")) {
        bool good = take_bool(name, value, &submodules, e);
        r->skip_submodules = good && !submodules;
        return good;
    }
    return take_text(q, name, value, e);
}

/* In a query "+" is a blank (application/x-www-form-urlencoded), which nothing here may hold. */
static bool decode_pair(struct arena *a, struct str pair, struct str *name, struct str *value, struct err *e) {
    struct str raw_name, raw_value;
    (void)str_cut(pair, '=', &raw_name, &raw_value);
    if (str_index(pair, '+') >= 0)
        return err_set(e, ERR_USAGE, "a \"+\" in the query means a blank; write %%2B");
    return url_decode(a, raw_name, name, e) && url_decode(a, raw_value, value, e);
}

static bool take_query(struct arena *a, struct str query, struct git_ref *r, struct err *e) {
    struct query q = {.arena = a, .out = r};
    struct str pair, name, value;
    while (str_next(&query, '&', &pair))
        if (pair.n && (!decode_pair(a, pair, &name, &value, e) || !take_pair(&q, name, value, e)))
            return false;
    if (q.tag.n && q.branch.n)
        return err_set(e, ERR_USAGE, "both ?tag and ?branch are given");
    if (q.tag.n && !agree("refs", q.tag, &r->ref, e))
        return false;
    return !q.branch.n || agree("refs", q.branch, &r->ref, e);
}

/* --- All of it --- */

static bool parse_scp(struct arena *a, struct str login, struct str path, struct git_ref *out, struct err *e) {
    if (login.p[0] == '-' || str_find(login, S("@-")) >= 0 || path.n == 0 || path.p[0] == '-')
        return err_set(e, ERR_USAGE, "no part of it may begin with a \"-\" or be empty");
    if (str_starts(path, S("//"))) /* git would take what stands before it for a protocol */
        return err_set(e, ERR_USAGE, "\"%.*s\" is no protocol that is fetched by", STR_ARG(login));
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] <= ' ' || path.p[i] == 0x7f)
            return err_set(e, ERR_USAGE, "there is a blank or control character in it");
    out->scheme = URL_SSH;
    out->remote = arena_printf(a, "%.*s:%.*s", STR_ARG(login), STR_ARG(path));
    return true;
}

static bool has_dash(struct str text) {
    struct str path = str_from(text, (size_t)str_find(text, S("://")) + 3);
    return path.n == 0 || path.p[0] == '-' || str_find(path, S("/-")) >= 0;
}

/* It goes into the text that git gets. */
static bool is_ssh_user_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool parse_ssh_user(struct arena *a, const struct url *u, struct git_ref *out, struct err *e) {
    for (size_t i = 0; i < u->user.n; i++)
        if (!is_ssh_user_char(u->user.p[i]))
            return err_set(e, ERR_USAGE, "\"%.*s\" is no user of ssh", STR_ARG(u->user));
    if (u->user.n)
        out->remote = arena_printf(a, "ssh://%.*s@%.*s", STR_ARG(u->user), STR_ARG(str_from(u->text, 6)));
    return true;
}

bool git_remote_parse(struct arena *a, struct str text, struct git_ref *out, struct err *e) {
    struct str login, path;
    struct url u;
    *out = (struct git_ref){0};
    if (text.n > LIMIT_URL_BYTES)
        return err_set(e, ERR_USAGE, "a URL of %zu bytes is over the limit of %d", text.n, LIMIT_URL_BYTES);
    if (remote_cut_scp(text, &login, &path))
        return parse_scp(a, login, path, out, e);
    if (!url_parse(a, text, URL_HTTP | URL_HTTPS | URL_SSH | URL_GIT, &u, e))
        return false;
    out->scheme = u.scheme;
    out->remote = u.text;
    bool by_http = u.scheme == URL_HTTP || u.scheme == URL_HTTPS;
    if (has_dash(u.text) || (u.user.n && u.user.p[0] == '-'))
        return err_set(e, ERR_USAGE, "no part of it may begin with a \"-\"");
    if (u.password.n && !by_http)
        return err_set(e, ERR_USAGE, "a password has no use here; ssh takes keys");
    out->user = by_http ? u.user : S("");
    out->password = by_http ? u.password : S("");
    return u.scheme != URL_SSH || parse_ssh_user(a, &u, out, e);
}

bool git_ref_parse(struct arena *a, struct str text, struct git_ref *out, struct err *e) {
    struct str query, fragment;
    enum git_kind kind = git_kind(text);
    if (kind == GIT_NOT)
        return err_set(e, ERR_USAGE, "this names no repository (an http(s) URL of one ends in .git)");
    if (kind == GIT_SHORTHAND)
        text = arena_join3(a, S("https://"), text, STR_NULL);
    take_tail(&text, &query, &fragment); /* by hand: libcurl would have more to say about them than git's users mean */
    if (!git_remote_parse(a, text, out, e) || !url_decode(a, fragment, &fragment, e))
        return false;
    take_fragment(a, fragment, out);
    if (!take_query(a, query, out, e) || !check_ref(out->ref, e))
        return false;
    return !out->fetch_by_commit || git_is_commit(out->checksum) || git_is_commit(out->ref) ||
           err_set(e, ERR_USAGE, "?fetch-by-commit needs a whole commit: ?commit=");
}

bool git_name(struct arena *a, struct str text, struct str *name, struct err *e) {
    struct git_ref r;
    if (!git_ref_parse(a, text, &r, e))
        return err_wrap(e, "%.*s", STR_ARG(url_shown(a, text)));
    *name = r.ref.n ? arena_join3(a, r.remote, S("#"), r.ref) : r.remote;
    return true;
}

/* --- Submodules --- */

bool git_same_host(struct str a, struct str b) {
    ptrdiff_t scheme = str_find(a, S("://"));
    if (scheme < 0)
        return false;
    ptrdiff_t slash = str_index(str_from(a, (size_t)scheme + 3), '/');
    return slash > 0 && str_starts(b, str_first(a, (size_t)(scheme + 3 + slash + 1)));
}

/* One level up: "https://host/a/b" -> "https://host/a", "git@host:a" -> "git@host:". */
static bool go_up(struct str *remote) {
    ptrdiff_t slash = str_rindex(*remote, '/'), scheme = str_find(*remote, S("://")), colon = str_rindex(*remote, ':');
    if (scheme >= 0 ? slash > scheme + 2 : slash >= 0) {
        *remote = str_first(*remote, (size_t)slash);
        return true;
    }
    if (scheme >= 0 || colon < 0 || (size_t)colon + 1 == remote->n)
        return false;
    *remote = str_first(*remote, (size_t)colon + 1);
    return true;
}

bool git_submodule_remote(struct arena *a, struct str parent, struct str url, struct str *out, struct err *e) {
    if (!str_starts(url, S("./")) && !str_starts(url, S("../"))) {
        *out = url;
        return true;
    }
    struct str base = parent, rest = url;
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    for (;;) {
        bool up = str_starts(rest, S("../"));
        if (!up && !str_starts(rest, S("./")))
            break;
        if (up && !go_up(&base))
            return err_set(e, ERR_FAILED, "it leads out of its host");
        rest = str_from(rest, up ? 3 : 2);
    }
    *out = arena_join3(a, base, str_ends(base, S(":")) ? S("") : S("/"), rest);
    return true;
}
