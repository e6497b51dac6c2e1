/* SPDX-License-Identifier: Apache-2.0
 * Lists of a container's configuration: see config.h. They are short (LIMIT_CONFIG_ENTRIES), so a search is a walk. */
#include "plan/config.h"

#include <assert.h>

enum { FIRST_CAPACITY = 8 };

/* An array of twice the capacity with the old elements in front. */
static void *grow(struct arena *a, const void *p, size_t n, size_t *capacity, size_t size) {
    *capacity = *capacity ? *capacity * 2 : FIRST_CAPACITY;
    void *bigger = arena_alloc(a, *capacity, size);
    if (n)
        memcpy(bigger, p, n * size);
    return bigger;
}

void str_list_add(struct arena *a, struct str_list *l, struct str s) {
    if (l->n == l->capacity)
        l->p = grow(a, l->p, l->n, &l->capacity, sizeof *l->p);
    l->p[l->n++] = s;
    l->set = true;
}

/* The first index whose text is not below s. */
static size_t lower_bound(const struct str_list *l, struct str s) {
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(l->p[middle], s) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void str_list_add_sorted(struct arena *a, struct str_list *l, struct str s) {
    size_t at = lower_bound(l, s);
    if (at < l->n && str_eq(l->p[at], s))
        return;
    str_list_add(a, l, s);
    memmove(&l->p[at + 1], &l->p[at], (l->n - 1 - at) * sizeof *l->p);
    l->p[at] = s;
}

bool str_list_has(const struct str_list *l, struct str s) {
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->p[i], s))
            return true;
    return false;
}

void str_list_copy(struct arena *a, struct str_list *to, const struct str_list *from) {
    assert(to != from);
    *to = (struct str_list){.p = arena_array(a, struct str, from->n), .n = from->n, .capacity = from->n, .set = from->set};
    for (size_t i = 0; i < from->n; i++)
        to->p[i] = arena_str(a, from->p[i]);
}

static struct str_pair *find(const struct pair_list *l, struct str key) {
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->p[i].key, key))
            return &l->p[i];
    return NULL;
}

void pair_list_set(struct arena *a, struct pair_list *l, struct str key, struct str value) {
    struct str_pair *there = find(l, key);
    if (there) {
        there->value = value;
        return;
    }
    if (l->n == l->capacity)
        l->p = grow(a, l->p, l->n, &l->capacity, sizeof *l->p);
    l->p[l->n++] = (struct str_pair){key, value};
}

bool pair_list_get(const struct pair_list *l, struct str key, struct str *value) {
    const struct str_pair *there = find(l, key);
    if (there)
        *value = there->value;
    return there != NULL;
}

void pair_list_remove(struct pair_list *l, struct str key) {
    struct str_pair *there = find(l, key);
    if (!there)
        return;
    size_t behind = l->n - (size_t)(there - l->p) - 1;
    memmove(there, there + 1, behind * sizeof *there);
    l->n--;
}

void pair_list_copy(struct arena *a, struct pair_list *to, const struct pair_list *from) {
    assert(to != from);
    *to = (struct pair_list){.p = arena_array(a, struct str_pair, from->n), .n = from->n, .capacity = from->n};
    for (size_t i = 0; i < from->n; i++)
        to->p[i] = (struct str_pair){arena_str(a, from->p[i].key), arena_str(a, from->p[i].value)};
}

void container_config_copy(struct arena *a, struct container_config *to, const struct container_config *from) {
    assert(to != from);
    *to = *from;
    to->user = arena_str(a, from->user);
    to->workdir = arena_str(a, from->workdir);
    to->stop_signal = arena_str(a, from->stop_signal);
    pair_list_copy(a, &to->env, &from->env);
    pair_list_copy(a, &to->labels, &from->labels);
    str_list_copy(a, &to->entrypoint, &from->entrypoint);
    str_list_copy(a, &to->cmd, &from->cmd);
    str_list_copy(a, &to->shell, &from->shell);
    str_list_copy(a, &to->onbuild, &from->onbuild);
    str_list_copy(a, &to->exposed_ports, &from->exposed_ports);
    str_list_copy(a, &to->volumes, &from->volumes);
    str_list_copy(a, &to->health.test, &from->health.test);
}
