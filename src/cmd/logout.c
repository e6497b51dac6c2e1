/* SPDX-License-Identifier: Apache-2.0
 * croze logout: credentials for a registry are forgotten, wherever docker, podman and croze keep them. */
#include <stdio.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "registry/login.h"

static const char *authfile;
static bool all;

static const struct opt options[] = {
    OPT_FLAG('a', "all", &all, "Of all registries"),
    OPT_STR(0, "authfile", "FILE", &authfile, "Only those in FILE (default: all files of docker and podman)"),
    OPT_END,
};

static int run(struct context *c, char **args, size_t n, struct err *e);

const struct cmd cmd_logout = {
    .name = "logout",
    .summary = "Log out of a registry",
    .usage = "[OPTIONS] [HOST[:PORT]]",
    .description = "Removes what `croze login`, docker and podman keep for the registry, from files and credential helpers. Without HOST "
                   "it is Docker Hub.",
    .options = options,
    .run = run,
};

/* What files that croze does not write, or a shorter key, still give. */
static bool tell_rest(const struct registry_options *o, const struct repository *key, struct arena *a, struct err *e) {
    struct str who, where;
    if (o->authfile)
        return true;
    if (!login_user(o, key, a, &who, &where, e))
        return false;
    if (who.n)
        log_warn("%.*s still has credentials for %.*s", STR_ARG(where), STR_ARG(repository_text(a, key)));
    return true;
}

static bool log_out(const struct registry_options *o, struct str text, struct arena *a, struct err *e) {
    struct repository key;
    bool removed;
    if (!login_key(a, text, &key, e) || !login_erase(o, &key, a, &removed, e))
        return false;
    if (removed)
        printf("Removed login credentials for %.*s\n", STR_ARG(repository_text(a, &key)));
    else
        printf("Not logged in to %.*s\n", STR_ARG(repository_text(a, &key)));
    return tell_rest(o, &key, a, e);
}

static bool log_out_all(const struct registry_options *o, struct arena *a, struct err *e) {
    bool removed;
    if (!login_erase_all(o, a, &removed, e))
        return false;
    puts(removed ? "Removed login credentials for all registries" : "Not logged in to any registry");
    return true;
}

static int run(struct context *c, char **args, size_t n, struct err *e) {
    (void)c;
    struct arena a = ARENA_INIT;
    struct registry_options o = {.authfile = authfile, .tls_verify = -1};
    bool ok = n <= (all ? 0 : 1) || err_set(e, ERR_USAGE, all ? "--all and a registry exclude each other" : "logout takes one registry");
    ok = ok && (all ? log_out_all(&o, &a, e) : log_out(&o, n ? str_z(args[0]) : STR_NULL, &a, e));
    arena_fini(&a);
    return ok ? 0 : -1;
}
