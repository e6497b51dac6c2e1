/* SPDX-License-Identifier: Apache-2.0
 * What a container's process is started with: arguments, environment and directory, by docker's rules of precedence. */
#include <stdlib.h>

#include "base/mem.h"
#include "container/oci.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void list_add(struct arena *a, struct str_list *l, struct str s) {
    if (l->n == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 16;
        struct str *more = arena_array(a, struct str, l->capacity);
        if (l->n)
            memcpy(more, l->p, l->n * sizeof *more);
        l->p = more;
    }
    l->p[l->n++] = s;
}

/* Sets KEY=value: in place, or behind the others. */
static void env_set(struct container *c, struct str key, struct str value) {
    struct str line = arena_join3(&c->arena, key, S("="), value), other, rest;
    for (size_t i = 0; i < c->env.n; i++)
        if (str_cut(c->env.p[i], '=', &other, &rest) && str_eq(other, key)) {
            c->env.p[i] = line;
            return;
        }
    list_add(&c->arena, &c->env, line);
}

static bool env_has(const struct container *c, struct str key) {
    struct str other, rest;
    for (size_t i = 0; i < c->env.n; i++)
        if (str_cut(c->env.p[i], '=', &other, &rest) && str_eq(other, key))
            return true;
    return false;
}

static bool fill_env(struct container *c, struct err *e) {
    const struct container_spec *s = c->spec;
    env_set(c, S("PATH"), S(DEFAULT_PATH));
    env_set(c, S("HOSTNAME"), str_z(c->hostname));
    if (c->terminal)
        env_set(c, S("TERM"), S("xterm"));
    for (size_t i = 0; i < s->config->env.n; i++)
        env_set(c, s->config->env.p[i].key, s->config->env.p[i].value);
    for (size_t i = 0; i < s->n_env; i++) {
        struct str key, value;
        bool given = str_cut(str_z(s->env[i]), '=', &key, &value);
        const char *ours = given ? NULL : getenv(s->env[i]);
        if (key.n == 0)
            return err_set(e, ERR_USAGE, "-e %s: no variable is named", s->env[i]);
        if (given || ours)
            env_set(c, key, given ? value : str_z(ours));
    }
    if (!env_has(c, S("HOME")))
        env_set(c, S("HOME"), s->home ? str_z(s->home) : S("/"));
    return true;
}

static void add_all(struct container *c, const struct str_list *from) {
    for (size_t i = 0; i < from->n; i++)
        list_add(&c->arena, &c->argv, from->p[i]);
}

static bool fill_argv(struct container *c, struct err *e) {
    const struct container_spec *s = c->spec;
    if (s->entrypoint && s->entrypoint[0])
        list_add(&c->arena, &c->argv, str_z(s->entrypoint));
    else if (!s->entrypoint)
        add_all(c, &s->config->entrypoint);
    for (size_t i = 0; i < s->n_args; i++)
        list_add(&c->arena, &c->argv, str_z(s->args[i]));
    if (s->n_args == 0 && !s->entrypoint)
        add_all(c, &s->config->cmd);
    return c->argv.n > 0 || err_set(e, ERR_FAILED, "no command: the image names none, so give one behind it");
}

bool process_fill(struct container *c, struct err *e) {
    struct str image = c->spec->config->workdir;
    c->cwd = c->spec->workdir ? c->spec->workdir : image.n ? arena_strz(&c->arena, image) : "/";
    if (c->cwd[0] != '/')
        return err_set(e, ERR_USAGE, "working directory %s is not absolute", c->cwd);
    return fill_argv(c, e) && fill_env(c, e);
}
