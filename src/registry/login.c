/* SPDX-License-Identifier: Apache-2.0
 * What login and logout change: see login.h. A file is locked by its directory, read, changed as a tree and replaced. */
#include "registry/login.h"

#include <errno.h>
#include <limits.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "registry/credentials.h"
#include "sys/files.h"

/* --- Keys --- */

bool login_key(struct arena *a, struct str text, struct repository *out, struct err *e) {
    struct str key = auth_key_normal(text), host, path;
    struct image_name parsed;
    if (memchr(text.p ? text.p : "", '\0', text.n))
        return err_set(e, ERR_USAGE, "a registry's name holds no NUL");
    key = key.n ? key : S("docker.io");
    (void)str_cut(key, '/', &host, &path);
    /* the grammar of names says what a host is; "registry" alone is one here, and would be a path there */
    const char *port = str_index(host, ':') < 0 ? ":443" : "";
    struct str probe = arena_printf(a, "%.*s%s/%.*s", STR_ARG(host), port, STR_ARG(path.n ? path : S("x")));
    if (!image_name_parse(a, probe, &parsed, e)) {
        err_clear(e);
        return err_set(e, ERR_USAGE, "\"%s\" is no registry: HOST[:PORT]", SHOWN(text));
    }
    *out = (struct repository){arena_str(a, host), arena_str(a, path)};
    return true;
}

/* What a key is called: docker's file has a URL for Docker Hub, and helpers do. */
static struct str key_text(struct arena *a, const struct repository *key, bool docker) {
    return docker && str_eqz(key->host, "docker.io") && !key->path.n ? S("https://index.docker.io/v1/") : repository_text(a, key);
}

/* --- A file that is being changed --- */

struct auth_edit {
    struct str path;
    bool docker;                /* config.json: docker's words */
    int dir;
    char *name;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    bool was_there, changed;
};

static void edit_end(struct auth_edit *f) {
    fd_closep(&f->dir); /* the lock goes with it */
    json_mut_freep(&f->doc);
}

static bool read_tree(struct auth_edit *f, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_AUTH_FILE_BYTES);
    bool ok = file_readat(f->dir, f->name, &text, e);
    f->was_there = ok;
    if (!ok && e->sys == ENOENT) {
        err_clear(e);
        ok = true;
    }
    yyjson_doc *doc = ok && str_trim(buf_str(&text)).n ? json_parse(buf_str(&text), LIMIT_AUTH_FILE_BYTES, f->path.p, e) : NULL;
    ok = ok && e->kind == ERR_NONE;
    mem_wipe(text.p, text.capacity);
    buf_fini(&text);
    f->doc = doc ? yyjson_doc_mut_copy(doc, NULL) : yyjson_mut_doc_new(NULL);
    yyjson_doc_free(doc);
    f->root = yyjson_mut_doc_get_root(f->doc);
    if (!f->root) {
        f->root = yyjson_mut_obj(f->doc);
        yyjson_mut_doc_set_root(f->doc, f->root);
    }
    return ok && (yyjson_mut_is_obj(f->root) || err_set(e, ERR_USAGE, "%s: it holds no JSON object", f->path.p));
}

/* `make`: the directory too. Without it *there tells whether there is anything to change. A link is followed: it stays one. */
static bool edit_begin(struct auth_edit *f, struct arena *a, struct str path, bool make, bool *there, struct err *e) {
    char *real = realpath(path.p, NULL), *z = arena_strz(a, real ? str_z(real) : path);
    free(real);
    struct str dir = path_dir(str_z(z));
    *f = (struct auth_edit){.path = path, .dir = -1, .docker = str_eqz(path_base(path), "config.json")};
    f->name = arena_strz(a, path_base(str_z(z)));
    char *dir_z = arena_strz(a, dir.n ? dir : str_index(path, '/') == 0 ? S("/") : S("."));
    bool got;
    *there = true;
    if (make && !file_mkdirs(dir_z, 0700, e))
        return false;
    f->dir = open(dir_z, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->dir < 0) {
        *there = make || (errno != ENOENT && errno != ENOTDIR && errno != EACCES);
        return !*there || err_sys(e, errno, "open %s", dir_z);
    }
    if (!file_lock(f->dir, true, true, &got, dir_z, e) || !read_tree(f, e))
        return false;
    *there = make || f->was_there;
    return true;
}

static bool edit_write(struct auth_edit *f, struct err *e) {
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    struct buf text = BUF_INIT(LIMIT_AUTH_FILE_BYTES * 2);
    if (!f->changed)
        return true;
    json_write(f->doc, true, &text);
    buf_add_char(&text, '\n');
    bool ok = buf_ok(&text) || err_set(e, ERR_FAILED, "%s: it would be too large", f->path.p);
    ok = ok && file_draft_open(f->dir, 0600, &draft, e) && file_write_all(draft.fd, text.p, text.n, f->path.p, e) &&
         file_publish(&draft, f->name, FILE_REPLACE, true, e);
    mem_wipe(text.p, text.capacity);
    buf_fini(&text);
    return ok || err_wrap(e, "%s", f->path.p);
}

/* --- What is in it --- */

static struct str mut_text(yyjson_mut_val *v) {
    return yyjson_mut_is_str(v) ? str_n(yyjson_mut_get_str(v), yyjson_mut_get_len(v)) : STR_NULL;
}

static bool same_key(yyjson_mut_val *key, struct str name) {
    return str_eq(auth_key_normal(mut_text(key)), name);
}

/* The helper that keeps this host's secret here, or "". */
static struct str helper_here(const struct auth_edit *f, struct str host) {
    yyjson_mut_val *helpers = yyjson_mut_obj_get(f->root, "credHelpers"), *key, *value;
    size_t i, n;
    if (yyjson_mut_is_obj(helpers))
        yyjson_mut_obj_foreach(helpers, i, n, key, value)
            if (same_key(key, host) && mut_text(value).n)
                return mut_text(value);
    return mut_text(yyjson_mut_obj_get(f->root, "credsStore"));
}

/* Takes every key for this out of "auths"; false: there was none. */
static bool remove_entries(struct auth_edit *f, const struct repository *key, struct arena *a) {
    yyjson_mut_val *auths = yyjson_mut_obj_get(f->root, "auths"), *k;
    struct str name = repository_text(a, key);
    yyjson_mut_obj_iter it;
    bool any = false;
    if (!yyjson_mut_is_obj(auths))
        return false;
    yyjson_mut_obj_iter_init(auths, &it);
    while ((k = yyjson_mut_obj_iter_next(&it)))
        if (same_key(k, name)) {
            yyjson_mut_obj_iter_remove(&it);
            any = true;
        }
    f->changed = f->changed || any;
    return any;
}

static void add_entry(struct auth_edit *f, struct str key, struct str auth) {
    yyjson_mut_val *auths = yyjson_mut_obj_get(f->root, "auths"), *entry = yyjson_mut_obj(f->doc);
    if (!yyjson_mut_is_obj(auths)) {
        yyjson_mut_obj_remove_key(f->root, "auths");
        auths = yyjson_mut_obj(f->doc);
        yyjson_mut_obj_add_val(f->doc, f->root, "auths", auths);
    }
    json_add_str_opt(f->doc, entry, "auth", auth);
    yyjson_mut_obj_add(auths, json_text(f->doc, key), entry);
    f->changed = true;
}

/* --- login --- */

static bool exists(struct str path) {
    return path.n && access(path.p, F_OK) == 0;
}

static bool choose_file(const struct registry_options *o, struct arena *a, struct str *path, struct err *e) {
    struct auth_places p;
    auth_places_find(o, a, &p);
    *path = exists(p.runtime) ? p.runtime : exists(p.config) ? p.config : p.docker;
    *path = arena_str(a, p.authfile.n ? p.authfile : p.environment.n ? p.environment : *path);
    return path->n || err_set(e, ERR_FAILED, "HOME is not set: --authfile says where credentials are kept");
}

bool login_store(const struct registry_options *o, const struct repository *key, struct str user, struct str secret, struct arena *a,
                 struct str *where, struct err *e) {
    struct auth_edit f;
    bool there;
    if (!choose_file(o, a, where, e))
        return false;
    bool ok = edit_begin(&f, a, *where, true, &there, e);
    struct str helper = ok ? helper_here(&f, key->host) : STR_NULL, auth = S("");
    if (ok && helper.n) {
        *where = arena_printf(a, "docker-credential-%.*s", STR_ARG(helper));
        ok = helper_store(helper, key_text(a, key, true), user, secret, e);
    } else if (ok) {
        struct str pair = arena_join3(a, user, S(":"), secret);
        auth = base64_encode(a, pair);
        mem_wipe((char *)pair.p, pair.n);
    }
    if (ok) {
        remove_entries(&f, key, a);
        add_entry(&f, key_text(a, key, f.docker), auth);
        ok = edit_write(&f, e);
    }
    mem_wipe((char *)auth.p, auth.n);
    edit_end(&f);
    return ok;
}

/* --- logout --- */

static bool erase_helper(struct arena *a, struct str helper, const struct repository *key, bool *removed, struct err *e) {
    struct str server = key_text(a, key, true);
    struct credential had = {0};
    if (!helper_get(a, helper, server, &had, e))
        return false;
    bool ok = !had.found || helper_erase(helper, server, e);
    credential_wipe(&had);
    *removed = *removed || (ok && had.found);
    return ok;
}

static bool erase_each(struct arena *a, struct auth_edit *f, bool *removed, struct err *e) {
    yyjson_mut_val *auths = yyjson_mut_obj_get(f->root, "auths"), *k, *v;
    struct repository *keys = arena_array(a, struct repository, yyjson_mut_obj_size(auths) + 1);
    size_t i, max, n = 0;
    bool ok = true;
    if (yyjson_mut_is_obj(auths))
        yyjson_mut_obj_foreach(auths, i, max, k, v) {
            struct str name = arena_str(a, auth_key_normal(mut_text(k)));
            (void)str_cut(name, '/', &keys[n].host, &keys[n].path);
            n++;
        }
    for (i = 0; ok && i < n; i++) {
        struct str helper = helper_here(f, keys[i].host);
        ok = !helper.n || erase_helper(a, helper, &keys[i], removed, e);
        *removed = (ok && remove_entries(f, &keys[i], a)) || *removed;
    }
    return ok;
}

/* `key` NULL: all. */
static bool erase_in(struct arena *a, struct str path, const struct repository *key, bool *removed, struct err *e) {
    struct auth_edit f;
    bool there;
    if (path.n == 0)
        return true;
    bool ok = edit_begin(&f, a, arena_str(a, path), false, &there, e);
    if (ok && there && !key) {
        ok = erase_each(a, &f, removed, e);
    } else if (ok && there) {
        struct str helper = helper_here(&f, key->host);
        ok = !helper.n || erase_helper(a, helper, key, removed, e);
        *removed = (ok && remove_entries(&f, key, a)) || *removed;
    }
    ok = ok && (!there || edit_write(&f, e));
    edit_end(&f);
    return ok;
}

static bool erase(const struct registry_options *o, const struct repository *key, struct arena *a, bool *removed, struct err *e) {
    struct auth_places p;
    auth_places_find(o, a, &p);
    *removed = false;
    if (p.authfile.n)
        return erase_in(a, p.authfile, key, removed, e);
    return erase_in(a, p.environment, key, removed, e) && erase_in(a, p.runtime, key, removed, e) &&
           erase_in(a, p.config, key, removed, e) && erase_in(a, p.docker, key, removed, e);
}

bool login_erase(const struct registry_options *o, const struct repository *key, struct arena *a, bool *removed, struct err *e) {
    return erase(o, key, a, removed, e);
}

bool login_erase_all(const struct registry_options *o, struct arena *a, bool *removed, struct err *e) {
    return erase(o, NULL, a, removed, e);
}

bool login_user(const struct registry_options *o, const struct repository *key, struct arena *a, struct str *user, struct str *where,
                struct err *e) {
    struct credential c;
    struct helpers *helpers = helpers_new();
    bool good = credentials_find(o, helpers, key, a, &c, e);
    helpers_free(helpers);
    if (!good)
        return false;
    *user = !c.found ? S("") : c.user.n ? c.user : S("<token>");
    *where = c.source;
    credential_wipe(&c);
    return true;
}
