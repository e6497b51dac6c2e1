/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container of an image starts with: the "config" member of the OCI image configuration (image-spec config.md) with docker's
 * additions (Healthcheck, Shell, OnBuild, ArgsEscaped; docker-image-spec 1.3). Instructions change it (plan/), image/ reads and writes it
 * as JSON. Lists live in one arena; order is meaning: Env keeps first-seen order with values replaced in place, the rest is written
 * sorted. */
#ifndef CROZE_PLAN_CONFIG_H
#define CROZE_PLAN_CONFIG_H

#include "base/arena.h"

struct str_list {
    struct str *p;
    size_t n, capacity;
    bool set;                 /* tells an empty list (ENTRYPOINT []) from none */
};
struct str_pair {
    struct str key, value;
};
struct pair_list {
    struct str_pair *p;
    size_t n, capacity;
};

struct healthcheck {
    struct str_list test;     /* empty: inherit; {"NONE"}; {"CMD", ...}; {"CMD-SHELL", text} */
    int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;
    int64_t retries;
};

struct container_config {
    struct pair_list env;
    struct str user, workdir, stop_signal;
    struct str_list entrypoint, cmd, shell, onbuild;
    struct pair_list labels;
    struct str_list exposed_ports; /* "8080/tcp", sorted, unique */
    struct str_list volumes;       /* sorted, unique */
    struct healthcheck health;
    bool has_health, args_escaped;
};

/* Adding keeps the text as it is: it must live as long as the list. Copies are deep. */
void str_list_add(struct arena *a, struct str_list *l, struct str s);
void str_list_add_sorted(struct arena *a, struct str_list *l, struct str s); /* unique */
bool str_list_has(const struct str_list *l, struct str s);
void str_list_copy(struct arena *a, struct str_list *to, const struct str_list *from);
/* Replaces in place or appends. */
void pair_list_set(struct arena *a, struct pair_list *l, struct str key, struct str value);
bool pair_list_get(const struct pair_list *l, struct str key, struct str *value);
void pair_list_remove(struct pair_list *l, struct str key);
void pair_list_copy(struct arena *a, struct pair_list *to, const struct pair_list *from);
/* A deep copy into another arena. */
void container_config_copy(struct arena *a, struct container_config *to, const struct container_config *from);

#endif
