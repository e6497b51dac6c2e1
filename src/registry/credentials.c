/* SPDX-License-Identifier: Apache-2.0
 * All places that credentials may lie in, in their order: see credentials.h. */
#include "registry/credentials.h"

#include <errno.h>

#include "base/limits.h"
#include "sys/files.h"

static struct str variable(const char *name) {
    return str_z(getenv(name));
}

/* dir/rest, or "" without a directory. */
static struct str below(struct arena *a, struct str dir, const char *rest) {
    return dir.n ? arena_join3(a, dir, S("/"), str_z(rest)) : S("");
}

void auth_places_find(const struct registry_options *o, struct arena *a, struct auth_places *out) {
    struct str home = variable("HOME"), config = variable("XDG_CONFIG_HOME"), docker = variable("DOCKER_CONFIG");
    *out = (struct auth_places){.authfile = str_z(o->authfile), .environment = variable("REGISTRY_AUTH_FILE")};
    out->runtime = below(a, variable("XDG_RUNTIME_DIR"), "containers/auth.json");
    if (!variable("XDG_RUNTIME_DIR").n) /* podman's own, where there is none */
        out->runtime = arena_printf(a, "/run/containers/%u/auth.json", (unsigned)getuid());
    out->config = config.n ? below(a, config, "containers/auth.json") : below(a, home, ".config/containers/auth.json");
    out->docker = docker.n ? below(a, docker, "config.json") : below(a, home, ".docker/config.json");
    out->legacy = below(a, home, ".dockercfg");
}

struct looking {
    struct arena *arena;
    struct helpers *helpers;
    const struct repository *repository;
};

/* A file that is not there has nothing, but for one that was named. */
static bool look_in(const struct looking *l, struct str path, bool must_be, bool legacy, struct credential *out, struct err *e) {
    struct arena *a = l->arena;
    if (path.n == 0 || out->found)
        return true;
    struct buf text = BUF_INIT(LIMIT_AUTH_FILE_BYTES);
    char *z = arena_strz(a, path);
    bool ok = file_read(z, &text, e);
    if (ok) {
        ok = auth_file_find(a, buf_str(&text), z, legacy, l->helpers, l->repository, out, e);
    } else if (!must_be && (e->sys == ENOENT || e->sys == ENOTDIR || e->sys == EACCES)) {
        if (e->sys == EACCES)
            out->problem = arena_str(a, str_z(e->msg));
        err_clear(e);
        ok = true;
    }
    mem_wipe(text.p, text.capacity);
    buf_fini(&text);
    return ok;
}

bool credentials_find(const struct registry_options *o, struct helpers *h, const struct repository *r, struct arena *a,
                      struct credential *out, struct err *e) {
    const struct looking l = {a, h, r};
    struct auth_places places;
    *out = (struct credential){.source = S(""), .problem = S("")};
    for (size_t i = 0; i < 2; i++) {
        struct str user, secret;
        if (!o->creds[i].creds.n || !str_eq(o->creds[i].host, r->host))
            continue;
        (void)str_cut(o->creds[i].creds, ':', &user, &secret);
        *out = (struct credential){.found = true, .user = arena_str(a, user), .secret = arena_str(a, secret), .source = S("--creds")};
        if (o->creds[i].flag)
            out->source = str_z(o->creds[i].flag);
        return true;
    }
    auth_places_find(o, a, &places);
    struct str text = variable("DOCKER_AUTH_CONFIG");
    bool ok = look_in(&l, places.authfile, true, false, out, e) && look_in(&l, places.environment, false, false, out, e);
    if (ok && text.n && !out->found)
        ok = auth_file_find(a, text, "DOCKER_AUTH_CONFIG", false, h, r, out, e);
    return ok && look_in(&l, places.runtime, false, false, out, e) && look_in(&l, places.config, false, false, out, e) &&
           look_in(&l, places.docker, false, false, out, e) && look_in(&l, places.legacy, false, true, out, e);
}

void credential_copy(struct arena *a, const struct credential *from, struct credential *out) {
    *out = (struct credential){
        .found = from->found,
        .user = arena_str(a, from->user),
        .secret = arena_str(a, from->secret),
        .identity_token = arena_str(a, from->identity_token),
        .registry_token = arena_str(a, from->registry_token),
        .source = arena_str(a, from->source),
        .problem = arena_str(a, from->problem),
    };
}

bool credential_eq(const struct credential *a, const struct credential *b) {
    return a->found == b->found && str_eq(a->user, b->user) && str_eq(a->secret, b->secret) &&
           str_eq(a->identity_token, b->identity_token) && str_eq(a->registry_token, b->registry_token) && str_eq(a->source, b->source) &&
           str_eq(a->problem, b->problem);
}

void credential_wipe(struct credential *c) {
    mem_wipe((char *)c->secret.p, c->secret.n);
    mem_wipe((char *)c->identity_token.p, c->identity_token.n);
    mem_wipe((char *)c->registry_token.p, c->registry_token.n);
}
