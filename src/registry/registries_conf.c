/* SPDX-License-Identifier: Apache-2.0
 * The meaning of registries.conf: see registries_conf.h. */
#include "registry/registries_conf.h"

#include <errno.h>

#include "base/limits.h"
#include "base/log.h"
#include "registry/toml.h"
#include "sys/files.h"

struct registry_rule *registries_conf_new(struct registries_conf *conf) {
    if (conf->n == conf->capacity) {
        struct registry_rule *more = arena_array(conf->arena, struct registry_rule, conf->capacity * 2 + 8);
        if (conf->n)
            memcpy(more, conf->rules, conf->n * sizeof *more);
        conf->rules = more;
        conf->capacity = conf->capacity * 2 + 8;
    }
    struct registry_rule *r = &conf->rules[conf->n++];
    *r = (struct registry_rule){.prefix = S(""), .location = S("")};
    r->mirrors = arena_array(conf->arena, struct registry_mirror, LIMIT_MIRRORS);
    return r;
}

/* --- One file --- */

struct reading {
    struct registries_conf *conf; /* of this file alone */
    const char *what;
    enum { ELSEWHERE, IN_RULE, IN_MIRROR } place;
    bool warned;
};

static bool on_table(void *ctx, struct str name, bool element, struct err *e) {
    struct reading *r = ctx;
    r->place = ELSEWHERE;
    if (str_eqz(name, "registry") && element) {
        if (r->conf->n == LIMIT_REGISTRIES)
            return err_set(e, ERR_USAGE, "more than %d registries", LIMIT_REGISTRIES);
        registries_conf_new(r->conf);
        r->place = IN_RULE;
    } else if (str_eqz(name, "registry.mirror") && element) {
        struct registry_rule *rule = r->conf->n ? &r->conf->rules[r->conf->n - 1] : NULL;
        if (!rule)
            return err_set(e, ERR_USAGE, "a mirror of no registry");
        if (rule->n_mirrors == LIMIT_MIRRORS)
            return err_set(e, ERR_USAGE, "more than %d mirrors of one registry", LIMIT_MIRRORS);
        rule->mirrors[rule->n_mirrors++] = (struct registry_mirror){.location = S("")};
        r->place = IN_MIRROR;
    } else if (str_eqz(name, "registry") || str_eqz(name, "registry.mirror")) {
        return err_set(e, ERR_USAGE, "[%.*s] has two brackets: [[%.*s]]", STR_ARG(name), STR_ARG(name));
    } else if (str_starts(name, S("registries.")) && !r->warned) {
        log_warn("%s is of format 1, which is not read: see containers-registries.conf(5)", r->what);
        r->warned = true;
    }
    return true;
}

static bool set_text(struct str key, const struct toml_value *v, struct str *to, struct err *e) {
    *to = v->text;
    return (v->kind == TOML_STRING && v->text.n) || err_set(e, ERR_USAGE, "%.*s is a text", STR_ARG(key));
}

static bool set_flag(struct str key, const struct toml_value *v, bool *to, struct err *e) {
    *to = v->yes;
    return v->kind == TOML_BOOL || err_set(e, ERR_USAGE, "%.*s is true or false", STR_ARG(key));
}

static bool set_use(const struct toml_value *v, enum mirror_for *to, struct err *e) {
    static const char *const words[] = {"all", "digest-only", "tag-only"};
    for (size_t i = 0; i < 3; i++)
        if (v->kind == TOML_STRING && str_eqz(v->text, words[i])) {
            *to = (enum mirror_for)i;
            return true;
        }
    return err_set(e, ERR_USAGE, "pull-from-mirror is all, digest-only or tag-only");
}

static bool names_others(const struct toml_value *list) {
    bool any = false;
    for (size_t i = 0; list->kind == TOML_ARRAY && i < list->n; i++)
        any |= !str_eqz(list->items[i], "docker.io");
    return any;
}

static bool on_pair(void *ctx, struct str key, const struct toml_value *v, struct err *e) {
    struct reading *r = ctx;
    if (r->place == ELSEWHERE) { /* croze's names are whole: it is told where it makes a difference (places.c) */
        if (str_eqz(key, "unqualified-search-registries") && names_others(v))
            r->conf->searches = arena_str(r->conf->arena, str_z(r->what));
        return true;
    }
    struct registry_rule *rule = &r->conf->rules[r->conf->n - 1];
    struct registry_mirror *m = r->place == IN_MIRROR ? &rule->mirrors[rule->n_mirrors - 1] : NULL;
    if (str_eqz(key, "location"))
        return set_text(key, v, m ? &m->location : &rule->location, e);
    if (str_eqz(key, "insecure"))
        return set_flag(key, v, m ? &m->insecure : &rule->insecure, e);
    if (m && str_eqz(key, "pull-from-mirror"))
        return set_use(v, &m->use, e);
    if (!m && str_eqz(key, "prefix"))
        return set_text(key, v, &rule->prefix, e);
    if (!m && str_eqz(key, "blocked"))
        return set_flag(key, v, &rule->blocked, e);
    if (!m && str_eqz(key, "mirror-by-digest-only"))
        return set_flag(key, v, &rule->digests_only, e);
    log_warn("%s: \"%s\" has no effect: it is no key of a registry that is known here", r->what, SHOWN(key));
    return true;
}

/* "host[:port][/path]": no scheme, no slash at the end. */
static bool good_location(struct str s) {
    return s.n && str_find(s, S("://")) < 0 && !str_ends(s, S("/")) && s.p[0] != '/' && str_find(s, S("//")) < 0;
}

static bool check_rule(struct registry_rule *r, struct err *e) {
    bool wildcard = str_starts(r->prefix, S("*."));
    if (r->prefix.n == 0)
        r->prefix = r->location;
    if (!good_location(r->prefix))
        return err_set(e, ERR_USAGE, "a registry has no usable prefix or location (\"%.*s\")", STR_ARG(r->prefix));
    if (r->location.n == 0 && !wildcard)
        r->location = r->prefix;
    if (wildcard && (r->location.n || str_index(r->prefix, '/') >= 0))
        return err_set(e, ERR_USAGE, "%.*s stands for hosts, and can have no location", STR_ARG(r->prefix));
    if (r->location.n && !good_location(r->location))
        return err_set(e, ERR_USAGE, "\"%.*s\" is no location of a registry: HOST[:PORT][/PATH]", STR_ARG(r->location));
    for (size_t i = 0; i < r->n_mirrors; i++) {
        if (!good_location(r->mirrors[i].location))
            return err_set(e, ERR_USAGE, "%.*s has a mirror without a usable location", STR_ARG(r->prefix));
        if (r->digests_only && r->mirrors[i].use != MIRROR_FOR_ALL)
            return err_set(e, ERR_USAGE, "%.*s has both mirror-by-digest-only and pull-from-mirror", STR_ARG(r->prefix));
        if (r->digests_only)
            r->mirrors[i].use = MIRROR_FOR_DIGESTS;
    }
    return true;
}

static void put_rule(struct registries_conf *conf, const struct registry_rule *rule) {
    for (size_t i = 0; i < conf->n; i++)
        if (str_eq(conf->rules[i].prefix, rule->prefix)) {
            conf->rules[i] = *rule;
            return;
        }
    *registries_conf_new(conf) = *rule;
}

bool registries_conf_add(struct registries_conf *conf, struct str text, const char *what, struct err *e) {
    struct registries_conf own = {.arena = conf->arena};
    struct reading reading = {.conf = &own, .what = what};
    struct toml_reader reader = {on_table, on_pair, &reading};
    if (!toml_read(conf->arena, text, what, &reader, e))
        return false;
    for (size_t i = 0; i < own.n; i++)
        if (!check_rule(&own.rules[i], e))
            return err_wrap(e, "%s", what);
    if (conf->n + own.n > LIMIT_REGISTRIES)
        return err_set(e, ERR_USAGE, "%s: more than %d registries in all", what, LIMIT_REGISTRIES);
    for (size_t i = 0; i < own.n; i++)
        put_rule(conf, &own.rules[i]);
    conf->searches = own.searches.n ? own.searches : conf->searches;
    return true;
}

/* --- What fits --- */

/* How much of "host/path" the rule's prefix covers; 0: it does not fit. */
static size_t covers(const struct registry_rule *rule, struct str name, struct str host) {
    if (str_starts(rule->prefix, S("*.")))
        return str_ends(host, str_from(rule->prefix, 1)) && host.n >= rule->prefix.n ? host.n : 0;
    bool fits = str_starts(name, rule->prefix) &&
                (name.n == rule->prefix.n || name.p[rule->prefix.n] == '/');
    return fits ? rule->prefix.n : 0;
}

const struct registry_rule *registries_conf_find(const struct registries_conf *conf, const struct repository *r) {
    struct arena a = ARENA_INIT;
    struct str name = repository_text(&a, r);
    const struct registry_rule *best = NULL;
    size_t best_n = 0;
    for (size_t i = 0; i < conf->n; i++) {
        const struct registry_rule *rule = &conf->rules[i];
        size_t n = covers(rule, name, r->host);
        bool wild = str_starts(rule->prefix, S("*."));
        /* of a host's own rule and a wildcard that covers it the first is the nearer one; of two wildcards the longer */
        bool better = n > best_n || (n && n == best_n && (!wild || (str_starts(best->prefix, S("*.")) && rule->prefix.n > best->prefix.n)));
        if (n && better) {
            best = rule;
            best_n = n;
        }
    }
    arena_fini(&a);
    return best;
}

void registry_rewrite(struct arena *a, const struct registry_rule *rule, struct str location, const struct repository *r,
                      struct repository *out) {
    struct str name = repository_text(a, r), host, path;
    size_t n = str_starts(rule->prefix, S("*.")) ? r->host.n : rule->prefix.n;
    struct str whole = arena_join3(a, location, str_from(name, n), STR_NULL);
    (void)str_cut(whole, '/', &host, &path);
    *out = (struct repository){host, path};
}

/* --- All files --- */

typedef bool adds(struct registries_conf *conf, struct str text, const char *what, struct err *e);

static bool add_file(struct registries_conf *conf, const char *path, adds *add, bool *there, struct err *e) {
    struct buf text = BUF_INIT(LIMIT_REGISTRIES_CONF_BYTES);
    *there = false;
    bool ok = file_read(path, &text, e);
    if (ok) {
        *there = true;
        ok = add(conf, arena_str(conf->arena, buf_str(&text)), path, e);
    } else if (e->sys == ENOENT || e->sys == ENOTDIR || e->sys == EACCES) {
        if (e->sys == EACCES)
            log_warn("%s", e->msg);
        err_clear(e);
        ok = true;
    }
    buf_fini(&text);
    return ok;
}

static bool add_directory(struct registries_conf *conf, const char *path, struct err *e) {
    struct dir_names names;
    bool there, ok = true;
    _cleanup_fd_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return true;
    if (!file_list(dir, conf->arena, &names, e))
        return err_wrap(e, "%s", path);
    for (size_t i = 0; ok && i < names.n; i++)
        if (str_ends(names.names[i], S(".conf")))
            ok = add_file(conf, arena_printf(conf->arena, "%s/%s", path, names.names[i].p).p, registries_conf_add, &there, e);
    return ok;
}

bool registries_conf_load(struct arena *a, struct registries_conf *out, struct err *e) {
    const char *own = getenv("CONTAINERS_REGISTRIES_CONF"), *home = getenv("HOME");
    struct str user = home && *home ? arena_printf(a, "%s/.config/containers/registries.conf", home) : STR_NULL;
    bool there = false, ok = true;
    *out = (struct registries_conf){.arena = a};
    if (own && *own) {
        ok = add_file(out, own, registries_conf_add, &there, e);
        if (ok && !there)
            ok = err_set(e, ERR_USAGE, "CONTAINERS_REGISTRIES_CONF: %s is not there", own);
    } else if (user.n) {
        ok = add_file(out, user.p, registries_conf_add, &there, e);
    }
    if (ok && !there)
        ok = add_file(out, "/etc/containers/registries.conf", registries_conf_add, &there, e);
    ok = ok && add_directory(out, "/etc/containers/registries.conf.d", e);
    if (ok && user.n)
        ok = add_directory(out, arena_printf(a, "%.*s.d", STR_ARG(user)).p, e);
    return ok && add_file(out, "/etc/docker/daemon.json", daemon_json_add, &there, e);
}
