/* SPDX-License-Identifier: Apache-2.0
 * Whether a registry takes credentials: its root is asked for with them. See client.h. */
#include "registry/private.h"

bool registry_login_check(struct registries *r, struct str host, struct str user, struct str password, const char *source, struct err *e) {
    struct arena a = ARENA_INIT;
    struct repository root = {host, S("")};
    struct registry_request q = {.repository = &root, .method = "GET", .path = S("")};
    struct registry_answer answer;
    struct endpoints to;
    bool ok = endpoints_find(r, &root, false, false, &a, &to, e) || err_wrap(e, "%.*s", STR_ARG(host));
    if (ok) {
        pthread_mutex_lock(&r->lock);
        struct credential *who = arena_new(&r->arena, struct credential);
        *who = (struct credential){.found = true, .user = arena_str(&r->arena, user), .secret = arena_str(&r->arena, password)};
        who->source = arena_str(&r->arena, str_z(source));
        who->next = r->distinct;
        r->distinct = who;
        map_put(&r->credentials, credential_key(&r->arena, &to.p[0].named, false), who);
        pthread_mutex_unlock(&r->lock);
        ok = registry_ask(r, &q, NULL, &a, &answer, e);
    }
    arena_fini(&a);
    return ok;
}
