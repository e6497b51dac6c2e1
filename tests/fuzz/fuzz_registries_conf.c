/* SPDX-License-Identifier: Apache-2.0
 * registries.conf and daemon.json of any bytes; the first byte chooses. Of what is accepted each rule is usable: its own prefix finds one,
 * and rewriting gives a host. */
#include <assert.h>

#include "base/limits.h"
#include "base/log.h"
#include "registry/registries_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_nothing(void *ctx, const char *line) {
    (void)ctx;
    (void)line;
}

static void check_rule(struct arena *a, const struct registries_conf *conf, const struct registry_rule *rule) {
    struct repository r, out;
    assert(rule->prefix.n && rule->n_mirrors <= LIMIT_MIRRORS);
    if (str_starts(rule->prefix, S("*.")))
        return;
    (void)str_cut(rule->prefix, '/', &r.host, &r.path);
    assert(registries_conf_find(conf, &r) == rule);
    r.path = arena_join3(a, r.path, r.path.n ? S("/") : S(""), S("x"));
    registry_rewrite(a, rule, rule->location, &r, &out);
    assert(out.host.n && out.path.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct registries_conf conf = {.arena = &a};
    if (size == 0)
        return 0;
    log_set_sink(say_nothing, NULL);
    struct str text = arena_str(&a, str_n((const char *)data + 1, size - 1));
    bool ok = data[0] == '{' ? daemon_json_add(&conf, text, "daemon.json", &e) : registries_conf_add(&conf, text, "registries.conf", &e);
    for (size_t i = 0; ok && data[0] != '{' && i < conf.n && i < 100; i++)
        check_rule(&a, &conf, &conf.rules[i]);
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
