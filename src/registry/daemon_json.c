/* SPDX-License-Identifier: Apache-2.0
 * What docker's daemon.json says of registries: see registries_conf.h. registry-mirrors are mirrors of docker.io; insecure-registries may
 * hold hosts, and networks (CIDR), which only docker's daemon can apply, since it resolves names itself. */
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "registry/registries_conf.h"

static struct registry_rule *rule_of(struct registries_conf *conf, struct str prefix) {
    for (size_t i = 0; i < conf->n; i++)
        if (str_eq(conf->rules[i].prefix, prefix))
            return &conf->rules[i];
    struct registry_rule *r = registries_conf_new(conf);
    r->prefix = r->location = arena_str(conf->arena, prefix);
    return r;
}

static void add_insecure(struct registries_conf *conf, struct str host, const char *what) {
    if (str_index(host, '/') >= 0) {
        log_debug("%s: insecure-registries: networks are for docker's daemon alone (%.*s)", what, STR_ARG(host));
    } else if (host.n && conf->n < LIMIT_REGISTRIES) {
        rule_of(conf, host)->insecure = true;
    }
}

static bool add_mirror(struct registry_rule *hub, struct registries_conf *conf, struct str url, const char *what, struct err *e) {
    bool plain = str_starts_nocase(url, S("http://"));
    if (!plain && !str_starts_nocase(url, S("https://")))
        return err_set(e, ERR_USAGE, "%s: registry-mirrors: \"%s\" is no http or https URL", what, SHOWN(url));
    struct str location = str_from(url, plain ? 7 : 8);
    while (str_ends(location, S("/")))
        location.n--;
    if (hub->n_mirrors == LIMIT_MIRRORS || location.n == 0)
        return err_set(e, ERR_USAGE, "%s: registry-mirrors: more than %d, or one without a host", what, LIMIT_MIRRORS);
    hub->mirrors[hub->n_mirrors++] = (struct registry_mirror){.location = arena_str(conf->arena, location), .insecure = plain};
    return true;
}

bool daemon_json_add(struct registries_conf *conf, struct str text, const char *what, struct err *e) {
    if (str_trim(text).n == 0) /* docker takes an empty file */
        return true;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, LIMIT_REGISTRIES_CONF_BYTES, what, e);
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *insecure = json_get_array(root, "insecure-registries"), *v;
    size_t i, n;
    bool ok = true;
    if (insecure)
        yyjson_arr_foreach(insecure, i, n, v)
            add_insecure(conf, str_n(yyjson_get_str(v), yyjson_get_len(v)), what);
    yyjson_val *mirrors = json_get_array(root, "registry-mirrors");
    if (!mirrors || yyjson_arr_size(mirrors) == 0)
        return ok;
    struct registry_rule *hub = rule_of(conf, S("docker.io"));
    if (hub->n_mirrors) /* registries.conf has said which */
        return ok;
    yyjson_arr_foreach(mirrors, i, n, v)
        ok = ok && add_mirror(hub, conf, str_n(yyjson_get_str(v), yyjson_get_len(v)), what, e);
    return ok;
}
