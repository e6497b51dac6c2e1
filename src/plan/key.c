/* SPDX-License-Identifier: Apache-2.0
 * Cache keys: SHA-256 over fields framed by their length, so that no two steps that differ in a field share a key. Nothing of when or where
 * a build runs is in them: no times, no paths of the host, no proxies, no names of mounted sources (their content counts). They stand on
 * the content of the layers below, so a step whose layer comes out equal leads back into the cache. */
#include "plan/key.h"

/* Raise it when a step's meaning changes: old records then no longer match. */
#define KEY_VERSION "croze-key-1"

static void add_digest(struct sha256 *h, const struct digest *d) {
    sha256_field(h, str_n((const char *)d->b, sizeof d->b));
}

/* --- the fields by name --- */

static void note(const struct key_context *k, const char *what, struct str name, struct str value) {
    struct key_fields *f = k->fields;
    if (!f)
        return;
    if (f->n == f->capacity) {
        f->capacity = f->capacity ? f->capacity * 2 : 16;
        struct key_field *bigger = arena_array(f->arena, struct key_field, f->capacity);
        if (f->n)
            memcpy(bigger, f->p, f->n * sizeof *bigger);
        f->p = bigger;
    }
    f->p[f->n++] = (struct key_field){.what = what, .name = name, .value = value};
}

/* What there mostly is none of. */
static void note_if(const struct key_context *k, const char *what, struct str value) {
    if (value.n)
        note(k, what, STR_NULL, value);
}

static void note_digest(const struct key_context *k, const char *what, struct str name, const struct digest *d) {
    char text[DIGEST_TEXT + 1];
    if (k->fields)
        note(k, what, name, arena_str(k->fields->arena, str_z(digest_text(d, text))));
}

static bool has_word(struct str name, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= name.n; i++)
        if (str_eq_nocase(str_n(name.p + i, n), str_n(word, n)))
            return true;
    return false;
}

/* Values that belong in no file: proxies bear passwords, and so do variables that people call one. */
static bool is_private(struct str name) {
    static const char *const words[] = {"proxy", "secret", "token", "passw", "pword", "credential", "auth", "key"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(name, words[i]))
            return true;
    return false;
}

static void note_env(const struct key_context *k, const struct str_pair *env) {
    bool hidden = k->fields && is_private(env->key);
    note(k, "environment", env->key, hidden ? STR_NULL : env->value);
    if (hidden)
        k->fields->p[k->fields->n - 1].hidden = true;
}

static void note_command(const struct key_context *k, const struct str_list *argv) {
    struct str all = STR_NULL;
    if (!k->fields)
        return;
    if (argv->n == 3 && str_eq(argv->p[1], S("-c"))) {
        note(k, "the shell", STR_NULL, argv->p[0]);
        note(k, "the command", STR_NULL, argv->p[2]);
        return;
    }
    for (size_t i = 0; i < argv->n; i++)
        all = arena_join3(k->fields->arena, all, i ? S(" ") : STR_NULL, argv->p[i]);
    note(k, "the command", STR_NULL, all);
}

static void note_mount(const struct key_context *k, const struct step_mount *m, const struct digest *content) {
    static const char *const kinds[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
    if (!k->fields)
        return;
    struct arena *a = k->fields->arena;
    struct str name = m->target.n ? m->target : m->id, more = STR_NULL;
    if (m->kind == MOUNT_CACHE)
        more = arena_printf(a, " id=%.*s", STR_ARG(m->id));
    else if (m->kind == MOUNT_TMPFS)
        more = arena_printf(a, " size=%llu", (unsigned long long)m->size_bytes);
    else if (m->kind == MOUNT_SECRET || m->kind == MOUNT_SSH)
        more = arena_printf(a, " id=%.*s env=%.*s mode=%o uid=%u gid=%u", STR_ARG(m->id), STR_ARG(m->env), m->mode, m->uid, m->gid);
    bool tells_write = m->kind == MOUNT_BIND || m->kind == MOUNT_CACHE;
    note(k, "mount", name, arena_join3(a, str_z(kinds[m->kind]), tells_write ? m->writable ? S(" rw") : S(" ro") : STR_NULL, more));
    if (m->kind == MOUNT_BIND)
        note_digest(k, KEY_FIELD_MOUNT, name, content);
}

static void note_run(const struct key_context *k, const struct step_run *run, const struct digest *mount_digests) {
    note_command(k, &run->argv);
    for (size_t i = 0; i < run->key_env.n; i++)
        note_env(k, &run->key_env.p[i]);
    note(k, "the user", STR_NULL, run->user.n ? run->user : S("root"));
    note(k, "the directory", STR_NULL, run->workdir);
    note(k, "the network", STR_NULL, run->network_none ? S("none") : run->network_host ? S("host") : S("default"));
    note_if(k, "the script", run->heredoc_script);
    for (size_t i = 0; i < run->n_mounts; i++)
        note_mount(k, &run->mounts[i], &mount_digests[i]);
    note(k, "--security", STR_NULL, run->insecure ? S("insecure") : S("sandbox"));
    note_if(k, "the build's options for commands", k->extra);
}

/* --- the keys --- */

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
    if (k->fields)
        k->fields->n = 0;
    return h;
}

/* What is not the step's own comes last: people want to hear of that first. */
static struct digest end(const struct sha256 *h, const struct key_context *k) {
    if (k->fields) {
        note(k, "the version of croze's keys", STR_NULL, S(KEY_VERSION));
        note(k, "the platform", STR_NULL, k->platform);
        note_if(k, KEY_FIELD_EPOCH, k->has_epoch ? arena_printf(k->fields->arena, "%lld", (long long)k->epoch) : STR_NULL);
        note(k, "--modes", STR_NULL, k->modes_git ? S("git") : S("context"));
        note_digest(k, KEY_FIELD_LAYERS, STR_NULL, &k->chain);
    }
    return sha256_final(h);
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
        sha256_u64(h, m->size_bytes | (m->writable ? 0 : UINT64_C(1) << 63)); /* a bit that no size has */
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
    note_run(k, run, mount_digests);
    return end(&h, k);
}

struct digest key_copy(const struct key_context *k, const struct digest *content) {
    struct sha256 h = begin(k, S("COPY"));
    add_digest(&h, content);
    note_digest(k, KEY_FIELD_FILES, STR_NULL, content);
    return end(&h, k);
}

struct digest key_workdir(const struct key_context *k, struct str path, uint32_t uid, uint32_t gid) {
    struct sha256 h = begin(k, S("WORKDIR"));
    sha256_field(&h, path);
    sha256_u64(&h, uid);
    sha256_u64(&h, gid);
    note(k, "the directory", STR_NULL, path);
    if (k->fields)
        note(k, "the owner", STR_NULL, arena_printf(k->fields->arena, "%u:%u", uid, gid));
    return end(&h, k);
}
