/* SPDX-License-Identifier: Apache-2.0
 * auth.json, config.json and .dockercfg of any bytes. The first byte chooses the kind and the repository. No helper is there to be run. */
#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "registry/credentials.h"
#include "registry/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_nothing(void *ctx, const char *line) {
    (void)ctx;
    (void)line;
}

static void check_key(struct arena *a, struct str text) {
    struct repository key, again;
    struct err e = ERR_INIT;
    if (login_key(a, text, &key, &e)) {
        bool same = login_key(a, repository_text(a, &key), &again, &e) && repository_eq(&key, &again);
        assert(same && key.host.n && str_index(key.host, '/') < 0);
    }
    err_clear(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct repository repositories[] = {
        {{"docker.io", 9}, {"library/alpine", 14}}, {{"h:5000", 6}, {"a/b", 3}}, {{"h", 1}, {"x", 1}}};
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct credential c = {.source = S(""), .problem = S("")};
    if (size == 0)
        return 0;
    struct helpers *helpers = helpers_new();
    setenv("PATH", "/nothing", 1);
    log_set_sink(say_nothing, NULL);
    struct str text = arena_str(&a, str_n((const char *)data + 1, size - 1));
    if (data[0] == 'k')
        check_key(&a, text);
    else if (auth_file_find(&a, text, "auth.json", data[0] & 8, helpers, &repositories[data[0] % 3], &c, &e))
        assert(!c.found || c.secret.n || c.identity_token.n || c.registry_token.n);
    err_clear(&e);
    credential_wipe(&c);
    helpers_free(helpers);
    arena_fini(&a);
    return 0;
}
