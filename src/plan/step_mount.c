/* SPDX-License-Identifier: Apache-2.0
 * RUN --mount, with all defaults filled in. */
#include "plan/mount_text.h"
#include "plan/source.h"
#include "plan/steps.h"
#include "plan/vars.h"

enum { CACHE_MODE = 0755, SECRET_MODE = 0400, SSH_MODE = 0600 };
#define SECRETS_DIR "/run/secrets/"
#define AGENT_SOCKET "/run/buildkit/ssh_agent.%zu"

struct mount_parse {
    struct scope *s;
    const struct site *at;
    const struct df_flag *flag;
    struct mount_text text;
    size_t n_agents;          /* ssh mounts of the instruction so far */
    struct step_mount *out;
};

static bool refuse(const struct mount_parse *m, struct err *e, const char *fault) {
    return site_err(m->at, m->flag->pos, e, "RUN --mount: %s", fault);
}

static bool target(struct mount_parse *m, struct str path, struct err *e) {
    if (!scope_path(m->s, m->at->i, m->flag->pos, path, &m->out->target, e))
        return false;
    return !str_eqz(m->out->target, "/") || refuse(m, e, "the root itself cannot be the target");
}

static void mode_and_owner(struct mount_parse *m, uint32_t mode) {
    m->out->mode = mount_has(&m->text, MOUNT_MODE) ? m->text.mode : mode;
    m->out->uid = m->text.uid;
    m->out->gid = m->text.gid;
}

static bool source(struct mount_parse *m, struct err *e) {
    m->out->has_from = m->text.from.n > 0;
    m->out->source = path_resolve(m->s->arena, S("/"), m->text.source);
    return scope_source(m->s, m->at->i, m->flag->pos, "RUN --mount from", m->text.from, &m->out->from, e);
}

static bool bind(struct mount_parse *m, struct err *e) {
    bool says = mount_has(&m->text, MOUNT_READONLY) || mount_has(&m->text, MOUNT_READWRITE);
    m->out->writable = says && !m->text.readonly;
    return target(m, m->text.target, e) && source(m, e);
}

/* The path as Go's path.Clean leaves it, relative or not: "a/../b/" is "b", "" is ".". */
static struct str clean(struct arena *a, struct str path) {
    char *out = arena_alloc(a, path.n + 2, 1);
    size_t n = 0, floor; /* what stands below the floor no ".." takes back */
    struct str rest = path, piece;
    if (path.n && path.p[0] == '/')
        out[n++] = '/';
    bool absolute = (floor = n) > 0;
    while (str_next(&rest, '/', &piece)) {
        bool up = str_eqz(piece, "..");
        if (piece.n == 0 || str_eqz(piece, ".") || (up && absolute && n == floor))
            continue;
        if (up && n > floor) {
            while (n > floor && out[n - 1] != '/')
                n--;
            n -= n > floor;
            continue;
        }
        if (n > absolute)
            out[n++] = '/';
        memcpy(out + n, piece.p, piece.n);
        n += piece.n;
        floor = up ? n : floor;
    }
    return n ? (struct str){out, n} : S(".");
}

static bool cache(struct mount_parse *m, struct err *e) {
    m->out->id = m->text.id.n ? m->text.id : clean(m->s->arena, m->text.target);
    m->out->sharing = m->text.sharing;
    m->out->writable = !m->text.readonly;
    mode_and_owner(m, CACHE_MODE);
    if (m->text.source.n && m->text.from.n == 0)
        return refuse(m, e, "\"source\" of a cache is a path in its \"from\", which is not there");
    return target(m, m->text.target, e) && source(m, e);
}

static bool tmpfs(struct mount_parse *m, struct err *e) {
    m->out->size_bytes = m->text.size_bytes;
    m->out->writable = !m->text.readonly;
    return target(m, m->text.target, e);
}

/* A secret is a file, unless it is a variable and no target was given. "source" is another word for "id". */
static bool secret(struct mount_parse *m, struct err *e) {
    struct mount_text *t = &m->text;
    if (t->source.n && t->id.n)
        return refuse(m, e, "a secret has \"source\" or \"id\", which mean the same, but not both");
    m->out->id = t->source.n ? t->source : t->id;
    if (m->out->id.n == 0 && t->target.n)
        m->out->id = path_base(clean(m->s->arena, t->target));
    if (m->out->id.n == 0)
        return refuse(m, e, "a secret needs an \"id\"");
    m->out->required = t->required;
    m->out->env = t->env;
    mode_and_owner(m, SECRET_MODE);
    if (t->env.n && t->target.n == 0)
        return true;
    if (t->target.n)
        return target(m, t->target, e);
    struct str name = path_base(clean(m->s->arena, m->out->id));
    return target(m, arena_join3(m->s->arena, S(SECRETS_DIR), name, STR_NULL), e);
}

static bool ssh(struct mount_parse *m, struct err *e) {
    m->out->id = m->text.id.n ? m->text.id : S("default");
    m->out->required = m->text.required;
    mode_and_owner(m, SSH_MODE);
    struct str path = m->text.target.n ? m->text.target : arena_printf(m->s->arena, AGENT_SOCKET, m->n_agents);
    m->n_agents++;
    return target(m, path, e);
}

static bool one_mount(struct mount_parse *m, struct err *e) {
    if (!mount_read(m->s->arena, m->at, m->flag, m->s, &m->text, e))
        return false;
    m->out->kind = m->text.kind;
    switch (m->text.kind) {
    case MOUNT_BIND:
        return bind(m, e);
    case MOUNT_CACHE:
        return cache(m, e);
    case MOUNT_TMPFS:
        return tmpfs(m, e);
    case MOUNT_SECRET:
        return secret(m, e);
    case MOUNT_SSH:
        return ssh(m, e);
    }
    return false;
}

bool step_run_mounts(struct scope *s, const struct df_instruction *i, struct step_run *out, struct err *e) {
    struct site at = scope_site(s, i);
    struct mount_parse m = {.s = s, .at = &at};
    out->mounts = arena_array(s->arena, struct step_mount, i->n_flags);
    for (size_t k = 0; k < i->n_flags; k++) {
        if (!str_eqz(i->flags[k].name, "mount"))
            continue;
        m.flag = &i->flags[k];
        m.out = &out->mounts[out->n_mounts++];
        m.out->pos = m.flag->pos;
        if (!one_mount(&m, e))
            return false;
    }
    return true;
}
