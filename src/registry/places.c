/* SPDX-License-Identifier: Apache-2.0
 * Where requests for a repository go: mirrors, then its own host, as registries.conf says; which of them may do without TLS; the hosts that
 * a command knows. See private.h. */
#include "registry/private.h"

#include "base/log.h"
#include "net/settings.h"
#include "net/url.h"

enum { RATE = 200, RATE_MAX = 1000000 };

/* --- Hosts --- */

static struct str host_alone(struct str name) {
    ptrdiff_t colon = str_rindex(name, ':');
    bool port = colon > 0 && str_index(str_from(name, (size_t)colon), ']') < 0;
    return port ? str_first(name, (size_t)colon) : name;
}

/* Under the lock. */
static struct host *host_new(struct registries *r, struct str key, struct str name, bool insecure, const struct registry_side *says,
                             struct err *e) {
    if (r->hosts.n >= LIMIT_REGISTRY_HOSTS) {
        err_set(e, ERR_FAILED, "%s would be one of more than %d hosts that registries lead to", SHOWN(name), LIMIT_REGISTRY_HOSTS);
        return NULL;
    }
    struct host *h = arena_new(&r->arena, struct host);
    h->name = arena_str(&r->arena, name);
    h->insecure = insecure;
    h->says = *says;
    h->loopback = url_is_loopback(host_alone(name));
    if (!certs_find(&r->arena, says->cert_dir, h->name, &h->tls, e))
        return NULL;
    h->tls.insecure = insecure;
    map_put(&r->hosts, arena_str(&r->arena, key), h);
    return h;
}

struct host *host_get(struct registries *r, struct str name, bool insecure, const struct registry_side *says, struct err *e) {
    struct arena scratch = ARENA_INIT; /* of the question: there are as many as requests */
    struct str key =
        arena_printf(&scratch, "%.*s%s %d %s", STR_ARG(name), insecure ? "!" : "", says->tls_verify, says->cert_dir ? says->cert_dir : "");
    pthread_mutex_lock(&r->lock);
    struct host *h = map_get(&r->hosts, key);
    if (!h)
        h = host_new(r, key, name, insecure, says, e);
    pthread_mutex_unlock(&r->lock);
    arena_fini(&scratch);
    return h;
}

struct str url_host(const struct url *u) {
    struct str name = str_from(u->origin, u->scheme == URL_HTTPS ? 8 : 7);
    return u->scheme == URL_HTTPS && str_ends(name, S(":443")) ? str_first(name, name.n - 4) : name;
}

struct str host_base(struct arena *a, const struct host *h, bool plain) {
    return arena_join3(a, plain ? S("http://") : S("https://"), h->name, STR_NULL);
}

/* --- Endpoints --- */

/* What is said of one side of a copy counts more than what is said of all registries. */
static struct registry_side side_of(const struct registries *r, const struct repository *asked) {
    struct registry_side says = {S(""), r->options.cert_dir, r->options.tls_verify};
    for (size_t i = 0; i < 2; i++) {
        const struct registry_side *side = &r->options.sides[i];
        if (!side->host.n || !str_eq(side->host, asked->host))
            continue;
        says.cert_dir = side->cert_dir ? side->cert_dir : says.cert_dir;
        says.tls_verify = side->tls_verify >= 0 ? side->tls_verify : says.tls_verify;
    }
    return says;
}

static bool add(struct registries *r, const struct repository *asked, const struct repository *at, bool insecure, bool mirror,
                struct endpoints *out, struct err *e) {
    struct registry_side says = side_of(r, asked);
    bool verify = says.tls_verify > 0, careless = says.tls_verify == 0;
    struct str name = str_eqz(at->host, "docker.io") ? S("registry-1.docker.io") : at->host; /* the API of Docker Hub is elsewhere */
    struct host *h = host_get(r, name, !verify && (insecure || careless), &says, e);
    if (!h)
        return false;
    out->p[out->n++] = (struct endpoint){.host = h, .named = *at, .path = at->path, .mirror = mirror};
    return true;
}

/* Podman would ask the registries of the list, in their order, for a name without a host. */
static void tell_of_search(struct registries *r, const struct repository *q) {
    pthread_mutex_lock(&r->lock);
    bool tell = r->conf.searches.n && !r->told_searches && str_eqz(q->host, "docker.io");
    r->told_searches |= tell;
    pthread_mutex_unlock(&r->lock);
    if (tell)
        log_warn("%.*s: unqualified-search-registries has no effect: a name without a host is Docker Hub's, and docker.io/%.*s is asked "
                 "for",
                 STR_ARG(r->conf.searches), STR_ARG(q->path));
}

bool endpoints_find(struct registries *r, const struct repository *q, bool reads, bool by_digest, struct arena *a, struct endpoints *out,
                    struct err *e) {
    const struct registry_rule *rule = registries_conf_find(&r->conf, q);
    tell_of_search(r, q);
    out->n = 0;
    if (!rule)
        return add(r, q, q, false, false, out, e);
    if (rule->blocked)
        return err_set(e, ERR_FAILED, "it is blocked: registries.conf says so of \"%.*s\"", STR_ARG(rule->prefix));
    for (size_t i = 0; reads && i < rule->n_mirrors; i++) {
        const struct registry_mirror *m = &rule->mirrors[i];
        struct repository at;
        if (m->use == (by_digest ? MIRROR_FOR_TAGS : MIRROR_FOR_DIGESTS))
            continue;
        registry_rewrite(a, rule, m->location, q, &at);
        if (!add(r, q, &at, m->insecure, true, out, e))
            return false;
    }
    struct repository at = *q;
    if (rule->location.n)
        registry_rewrite(a, rule, rule->location, q, &at);
    return add(r, q, &at, rule->insecure, false, out, e);
}

/* --- What a command shares --- */

struct registries *registries_new(const struct registry_options *o, struct err *e) {
    struct registries *r = mem_zalloc(1, sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->token_came, NULL);
    r->helpers = helpers_new();
    pthread_mutex_init(&r->large, NULL);
    r->options = *o;
    for (size_t i = 0; i < 2; i++)
        r->options.creds[i] =
            (struct registry_creds){arena_str(&r->arena, o->creds[i].host), arena_str(&r->arena, o->creds[i].creds), o->creds[i].flag};
    for (size_t i = 0; i < 2; i++)
        r->options.sides[i].host = arena_str(&r->arena, o->sides[i].host);
    r->options.authfile = o->authfile ? arena_str(&r->arena, str_z(o->authfile)).p : NULL;
    r->options.cert_dir = o->cert_dir ? arena_str(&r->arena, str_z(o->cert_dir)).p : NULL;
    r->rate = net_setting("CROZE_REGISTRY_RATE", RATE, RATE_MAX);
    if (registries_conf_load(&r->arena, &r->conf, e))
        return r;
    registries_free(r);
    return NULL;
}

static void free_hosts(struct registries *r) {
    for (size_t i = 0; i < r->hosts.capacity; i++) {
        struct host *h = r->hosts.slots[i].key.p ? r->hosts.slots[i].value : NULL;
        if (!h)
            continue;
        tokens_free(h);
        free(h->realm);
        free(h->service);
    }
    map_fini(&r->hosts);
}

void registries_free(struct registries *r) {
    if (!r)
        return;
    free_hosts(r);
    for (struct credential *c = r->distinct; c; c = c->next)
        credential_wipe(c);
    for (size_t i = 0; i < 2; i++)
        mem_wipe((char *)r->options.creds[i].creds.p, r->options.creds[i].creds.n);
    map_fini(&r->credentials);
    helpers_free(r->helpers);
    pthread_cond_destroy(&r->token_came);
    pthread_mutex_destroy(&r->large);
    pthread_mutex_destroy(&r->lock);
    arena_fini(&r->arena);
    free(r);
}
