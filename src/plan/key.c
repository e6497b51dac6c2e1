/* SPDX-License-Identifier: Apache-2.0
 * Cache keys: SHA-256 over fields framed by their length, so that no two steps that differ in a field share a key. Nothing of when or where
 * a build runs is in them: no times, no paths of the host, no proxies, no names of mounted sources (their content counts). They stand on
 * the content of the layers below, so a step whose layer comes out equal leads back into the cache. */
#include "plan/plan.h"

/* Raise it when a step's meaning changes: old records then no longer match. */
#define KEY_VERSION "croze-key-1"

static void add_digest(struct sha256 *h, const struct digest *d) {
    sha256_field(h, str_n((const char *)d->b, sizeof d->b));
}

static struct sha256 begin(const struct key_context *k, struct str operation) {
    struct sha256 h;
    sha256_init(&h);
    sha256_field(&h, S(KEY_VERSION));
    sha256_field(&h, operation);
    add_digest(&h, &k->chain);
    sha256_field(&h, k->platform);
    sha256_u64(&h, k->has_epoch);
    sha256_u64(&h, k->has_epoch ? (uint64_t)k->epoch : 0);
    sha256_u64(&h, k->modes_git);
    return h;
}

static void add_env(struct sha256 *h, const struct pair_list *env) {
    sha256_u64(h, env->n);
    for (size_t i = 0; i < env->n; i++) {
        sha256_field(h, env->p[i].key);
        sha256_field(h, env->p[i].value);
    }
}

static void add_owner(struct sha256 *h, const struct step_mount *m) {
    sha256_u64(h, m->mode);
    sha256_u64(h, m->uid);
    sha256_u64(h, m->gid);
}

/* What the command can tell of a mount. Of a cache that is its name and place alone: what lies in it, who owns it and what it began with
 * are the cache's own, which the step must not depend on. A secret's value and an agent are never asked for. */
static void add_mount(struct sha256 *h, const struct step_mount *m, const struct digest *content) {
    sha256_u64(h, m->kind);
    sha256_field(h, m->target);
    switch (m->kind) {
    case MOUNT_BIND:
        sha256_u64(h, m->writable);
        add_digest(h, content);
        break;
    case MOUNT_CACHE:
        sha256_field(h, m->id);
        sha256_u64(h, m->writable);
        break;
    case MOUNT_TMPFS:
        sha256_u64(h, m->size_bytes);
        break;
    case MOUNT_SECRET:
        sha256_field(h, m->id);
        sha256_field(h, m->env);
        add_owner(h, m);
        break;
    case MOUNT_SSH:
        sha256_field(h, m->id);
        add_owner(h, m);
        break;
    }
}

/* What few steps have follows behind a name of its own, so that the keys of all others are what they were before it came up. */
static void add_options(struct sha256 *h, const struct key_context *k, const struct step_run *run) {
    if (run->insecure)
        sha256_field(h, S("insecure"));
    if (k->extra.n) {
        sha256_field(h, S("extra"));
        sha256_field(h, k->extra);
    }
}

struct digest key_run(const struct key_context *k, const struct step_run *run, const struct digest *mount_digests) {
    struct sha256 h = begin(k, S("RUN"));
    sha256_u64(&h, run->argv.n);
    for (size_t i = 0; i < run->argv.n; i++)
        sha256_field(&h, run->argv.p[i]);
    add_env(&h, &run->key_env);
    sha256_field(&h, run->user);
    sha256_field(&h, run->workdir);
    sha256_u64(&h, run->network_none);
    sha256_u64(&h, run->network_host);
    sha256_field(&h, run->heredoc_script);
    sha256_u64(&h, run->n_mounts);
    for (size_t i = 0; i < run->n_mounts; i++)
        add_mount(&h, &run->mounts[i], &mount_digests[i]);
    add_options(&h, k, run);
    return sha256_final(&h);
}

struct digest key_copy(const struct key_context *k, const struct digest *content) {
    struct sha256 h = begin(k, S("COPY"));
    add_digest(&h, content);
    return sha256_final(&h);
}

struct digest key_workdir(const struct key_context *k, struct str path, uint32_t uid, uint32_t gid) {
    struct sha256 h = begin(k, S("WORKDIR"));
    sha256_field(&h, path);
    sha256_u64(&h, uid);
    sha256_u64(&h, gid);
    return sha256_final(&h);
}
