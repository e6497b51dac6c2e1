/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to registry/: what podman's registries.conf (containers-registries.conf(5), format 2) and docker's daemon.json say of
 * registries: where they really are, their mirrors, which of them are blocked or may be spoken to without TLS. */
#ifndef CROZE_REGISTRY_REGISTRIES_CONF_H
#define CROZE_REGISTRY_REGISTRIES_CONF_H

#include "registry/client.h"

enum mirror_for { MIRROR_FOR_ALL, MIRROR_FOR_DIGESTS, MIRROR_FOR_TAGS };
struct registry_mirror {
    struct str location;        /* "host[:port][/path]" */
    bool insecure;
    enum mirror_for use;
};
struct registry_rule {
    struct str prefix;          /* "host[:port][/path]", or "*.domain" */
    struct str location;        /* stands in for the prefix; never "", but for a wildcard: then nothing is replaced */
    bool insecure, blocked, digests_only;
    struct registry_mirror *mirrors;
    size_t n_mirrors;
};
struct registries_conf {
    struct arena *arena;
    struct registry_rule *rules;
    size_t n, capacity;
    struct str searches;        /* the file that has unqualified-search-registries, or "" */
};

/* All files: CONTAINERS_REGISTRIES_CONF, else the user's, else the system's; then both registries.conf.d; then docker's. Files that are
 * not there are no error. */
MUST_CHECK bool registries_conf_load(struct arena *a, struct registries_conf *out, struct err *e);
/* Adds one file's rules; they take the place of those with the same prefix. */
MUST_CHECK bool registries_conf_add(struct registries_conf *conf, struct str text, const char *what, struct err *e);
/* docker's daemon.json: registry-mirrors (of docker.io) and insecure-registries. What is there already counts. */
MUST_CHECK bool daemon_json_add(struct registries_conf *conf, struct str text, const char *what, struct err *e);
/* The rule with the longest prefix that fits, or NULL. */
const struct registry_rule *registries_conf_find(const struct registries_conf *conf, const struct repository *r);
/* Puts `location` in the place of the rule's prefix. */
void registry_rewrite(struct arena *a, const struct registry_rule *rule, struct str location, const struct repository *r,
                      struct repository *out);
/* A new rule at the end. */
struct registry_rule *registries_conf_new(struct registries_conf *conf);

#endif
