/* SPDX-License-Identifier: Apache-2.0
 * Reading auth.json, config.json and .dockercfg: see credentials.h. In a file credHelpers comes before credsStore before auths; of auths
 * the key with the longest part of the repository's name. */
#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "net/words.h"
#include "registry/credentials.h"

struct str auth_key_normal(struct str key) {
    if (str_starts_nocase(key, S("https://")))
        key = str_from(key, 8);
    else if (str_starts_nocase(key, S("http://")))
        key = str_from(key, 7);
    while (str_ends(key, S("/")))
        key.n--;
    struct str host, path;
    if (str_cut(key, '/', &host, &path) && (str_eqz(path, "v1") || str_eqz(path, "v2")))
        key = host;
    if (str_eqz(key, "index.docker.io") || str_eqz(key, "registry-1.docker.io"))
        return S("docker.io");
    return str_starts(key, S("index.docker.io/")) ? str_from(key, 6) : key;
}

/* How much of "host/path" the key stands for; 0: it is another's. */
static size_t fits(struct str key, struct str name, struct str host) {
    key = auth_key_normal(key);
    bool whole = str_starts(name, key) && (name.n == key.n || name.p[key.n] == '/');
    return whole && key.n >= host.n ? key.n : 0;
}

/* --- auths --- */

static bool take_auth(struct arena *a, struct str text, struct credential *c) {
    struct str pair, user, secret;
    if (!base64_decode(a, text, &pair) || !str_cut(pair, ':', &user, &secret) || memchr(pair.p, '\0', pair.n))
        return false;
    while (secret.n && secret.p[secret.n - 1] == '\0')
        secret.n--;
    c->user = user;
    c->secret = secret;
    return true;
}

static bool take_entry(struct arena *a, yyjson_val *entry, const char *what, struct str key, struct credential *out, struct err *e) {
    struct credential c = {.source = arena_str(a, str_z(what))};
    struct str auth = json_get_str(entry, "auth");
    if (auth.n > LIMIT_CREDENTIAL_BYTES)
        return err_set(e, ERR_USAGE, "%s: a credential of more than %zu bytes", what, LIMIT_CREDENTIAL_BYTES);
    if (auth.n && !take_auth(a, auth, &c))
        return err_set(e, ERR_USAGE, "%s: \"auth\" of %s is not base 64 of USER:PASSWORD", what, SHOWN(key));
    if (!auth.n) {
        c.user = arena_str(a, json_get_str(entry, "username"));
        c.secret = arena_str(a, json_get_str(entry, "password"));
    }
    if (!http_user_is_good(c.user))
        return err_set(e, ERR_USAGE, "%s: the user name for %.*s has a colon: no registry could tell where its password begins", what,
                       STR_ARG(str_first(key, 300)));
    c.identity_token = arena_str(a, json_get_str(entry, "identitytoken"));
    c.registry_token = arena_str(a, json_get_str(entry, "registrytoken"));
    c.found = c.secret.n || c.identity_token.n || c.registry_token.n;
    if (c.found)
        *out = c;
    return true;
}

static bool find_auth(struct arena *a, yyjson_val *auths, const char *what, const struct repository *r, struct credential *out,
                      struct err *e) {
    struct str name = repository_text(a, r), best_key = STR_NULL;
    yyjson_val *key, *value, *best = NULL;
    size_t i, n, best_n = 0;
    if (!auths)
        return true;
    yyjson_obj_foreach(auths, i, n, key, value) {
        struct str k = str_n(yyjson_get_str(key), yyjson_get_len(key));
        size_t covers = yyjson_is_obj(value) && yyjson_obj_size(value) ? fits(k, name, r->host) : 0;
        if (covers > best_n) {
            best = value;
            best_n = covers;
            best_key = k;
        }
    }
    return !best || take_entry(a, best, what, best_key, out, e);
}

/* --- Helpers --- */

/* A helper that fails is no reason not to try without: what it said is kept for the message of a refusal. */
static void ask_helper(struct arena *a, struct helpers *h, struct str helper, const struct repository *r, struct credential *out) {
    bool hub = str_eqz(r->host, "docker.io");
    struct str servers[] = {hub ? S("https://index.docker.io/v1/") : r->host, hub ? r->host : STR_NULL};
    struct err e = ERR_INIT;
    for (size_t i = 0; i < 2 && servers[i].n && !out->found; i++)
        if (!helpers_get(h, a, helper, servers[i], out, &e)) {
            out->problem = arena_str(a, str_z(e.msg));
            err_clear(&e);
            return;
        }
}

static struct str helper_of(yyjson_val *helpers, const struct repository *r) {
    yyjson_val *key, *value;
    size_t i, n;
    if (!helpers)
        return STR_NULL;
    yyjson_obj_foreach(helpers, i, n, key, value)
        if (yyjson_is_str(value) && str_eq(auth_key_normal(str_n(yyjson_get_str(key), yyjson_get_len(key))), r->host))
            return str_n(yyjson_get_str(value), yyjson_get_len(value));
    return STR_NULL;
}

bool auth_file_find(struct arena *a, struct str text, const char *what, bool legacy, struct helpers *h, const struct repository *r,
                    struct credential *out, struct err *e) {
    if (str_trim(text).n == 0)
        return true;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, LIMIT_AUTH_FILE_BYTES, what, e);
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (legacy)
        return find_auth(a, yyjson_is_obj(root) ? root : NULL, what, r, out, e);
    struct str helper = helper_of(json_get_object(root, "credHelpers"), r);
    if (helper.n)
        ask_helper(a, h, helper, r, out);
    struct str store = json_get_str(root, "credsStore");
    if (!out->found && store.n)
        ask_helper(a, h, store, r, out);
    return out->found || find_auth(a, json_get_object(root, "auths"), what, r, out, e);
}
