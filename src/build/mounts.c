/* SPDX-License-Identifier: Apache-2.0
 * Mounts of a RUN: see mounts.h. Here is what all have in common, and those that are always there. */
#include "build/mounts.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "build/mount_kinds.h"
#include "build/run_hosts.h"
#include "sys/files.h"

enum { FIXED_MOUNTS = 3 /* resolv.conf, hosts, a here-document that is a script */ };

static bool open_source(struct run_mounts *m, size_t i, struct err *e) {
    switch (m->sources[i].mount->kind) {
    case MOUNT_BIND:
        return mount_bind_open(m, i, e);
    case MOUNT_CACHE:
        m->sources[i].cache = (struct cache_instance)CACHE_INSTANCE_INIT;
        return mount_cache_open(m, i, e);
    case MOUNT_TMPFS: case MOUNT_SECRET: case MOUNT_SSH:
        break;
    }
    return true;
}

bool mount_failed(struct run_mounts *m, const struct step_mount *mount, struct err *e) {
    m->stage->fault = mount->pos;
    return err_wrap(e, "mount %.*s", STR_ARG(mount->target));
}

bool run_mounts_open(struct run_mounts *m, struct stage *s, const struct step *step, struct err *e) {
    const struct step_run *run = &step->run;
    m->stage = s;
    m->step = step;
    m->sources = arena_array(&s->arena, struct mount_source, run->n_mounts);
    m->digests = arena_array(&s->arena, struct digest, run->n_mounts);
    for (size_t i = 0; i < run->n_mounts; i++) {
        m->sources[i].mount = &run->mounts[i];
        if (!open_source(m, i, e))
            return mount_failed(m, &run->mounts[i], e);
    }
    return true;
}

char *mounts_fresh_dir(struct run_mounts *m, const char *what, size_t i, struct err *e) {
    if (!m->dir && !store_workdir(m->stage->build->store, &m->dir, e))
        return NULL;
    char *path = (char *)arena_printf(&m->stage->arena, "%s/%s-%zu", m->dir, what, i).p;
    if (mkdir(path, 0755) == 0)
        return path;
    err_sys(e, errno, "make %s", path);
    return NULL;
}

/* --- the mounts that are always there --- */

/* The host's file, or a working default where it has none. */
static struct str host_file(struct run_mounts *m, const char *path, struct str fallback) {
    struct err quiet = ERR_INIT;
    struct buf b = BUF_INIT(1 << 20);
    struct str text = file_read(path, &b, &quiet) ? arena_str(&m->stage->arena, buf_str(&b)) : fallback;
    buf_fini(&b);
    err_clear(&quiet);
    return text;
}

static void add_file(struct run_mounts *m, const char *target, struct str bytes, uint32_t mode, bool writable) {
    m->list[m->n++] =
        (struct sandbox_mount){.kind = SANDBOX_FILE, .target = target, .bytes = bytes, .mode = mode, .writable = writable};
}

static void add_fixed(struct run_mounts *m) {
    struct arena *a = &m->stage->arena;
    const struct step_run *run = &m->step->run;
    struct str hosts = host_file(m, "/etc/hosts", S("127.0.0.1 localhost\n::1 localhost\n"));
    add_file(m, "/etc/resolv.conf", host_file(m, "/etc/resolv.conf", S("nameserver 127.0.0.1\n")), 0644, true);
    add_file(m, "/etc/hosts", run_hosts_text(a, &m->stage->build->options->run, hosts), 0644, true);
    if (run->heredoc_script.n)
        add_file(m, arena_strz(a, run->argv.p[run->argv.n - 1]), run->heredoc_script, 0755, false);
}

/* --- those of the instruction --- */

static void prepare_tmpfs(struct run_mounts *m, size_t i, struct sandbox_mount *to) {
    uint64_t bytes = m->sources[i].mount->size_bytes;
    to->kind = SANDBOX_TMPFS;
    to->writable = m->sources[i].mount->writable;
    to->options = bytes ? arena_printf(&m->stage->arena, "size=%llu", (unsigned long long)bytes).p : NULL;
}

static bool prepare(struct run_mounts *m, size_t i, struct err *e) {
    const struct step_mount *mount = m->sources[i].mount;
    struct sandbox_mount to = {.target = arena_strz(&m->stage->arena, mount->target)};
    bool good = true, is_mount = true;
    switch (mount->kind) {
    case MOUNT_BIND:
        good = mount_bind_prepare(m, i, &to, e);
        break;
    case MOUNT_TMPFS:
        prepare_tmpfs(m, i, &to);
        break;
    case MOUNT_CACHE:
        mount_cache_prepare(m, i, &to);
        break;
    case MOUNT_SECRET:
        good = mount_secret_prepare(m, i, &to, &is_mount, e);
        break;
    case MOUNT_SSH:
        good = mount_ssh_prepare(m, i, &to, &is_mount, e);
        break;
    }
    if (is_mount)
        m->list[m->n++] = to;
    return good || mount_failed(m, mount, e);
}

/* Parents before what lies in them, whatever the order of the flags; of equal targets the later one comes on top. */
static int by_target(const void *a, const void *b) {
    const struct mount_source *x = *(struct mount_source *const *)a, *y = *(struct mount_source *const *)b;
    int order = path_cmp(x->mount->target, y->mount->target);
    return order ? order : (x > y) - (x < y);
}

bool run_mounts_prepare(struct run_mounts *m, struct progress_step *p, struct err *e) {
    struct arena *a = &m->stage->arena;
    size_t n = m->step->run.n_mounts;
    struct mount_source **sorted = arena_array(a, struct mount_source *, n);
    m->list = arena_array(a, struct sandbox_mount, n + FIXED_MOUNTS);
    add_fixed(m);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &m->sources[i];
    if (n > 1)
        qsort(sorted, n, sizeof *sorted, by_target);
    if (!mount_caches_take(m, p, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!prepare(m, (size_t)(sorted[i] - m->sources), e))
            return false;
    return true;
}

size_t run_mounts_env(const struct run_mounts *m, const char **env) {
    size_t n = 0;
    for (size_t i = 0; i < m->step->run.n_mounts; i++)
        if (m->sources[i].variable.p)
            env[n++] = m->sources[i].variable.p;
    return n;
}

bool run_mounts_sets(const struct run_mounts *m, struct str name) {
    for (size_t i = 0; i < m->step->run.n_mounts; i++)
        if (m->sources[i].variable.p && str_eq(m->sources[i].mount->env, name))
            return true;
    return false;
}

bool run_mounts_changed(struct run_mounts *m, bool *changed, struct err *e) {
    *changed = false;
    for (size_t i = 0; !*changed && i < m->step->run.n_mounts; i++)
        if (m->sources[i].mount->kind == MOUNT_BIND && !mount_bind_changed(m, i, changed, e))
            return err_wrap(e, "mount %.*s", STR_ARG(m->sources[i].mount->target));
    return true;
}

void run_mounts_release(struct run_mounts *m) {
    for (size_t i = 0; m->sources && i < m->step->run.n_mounts; i++)
        if (m->sources[i].mount && m->sources[i].mount->kind == MOUNT_CACHE)
            cache_instance_release(&m->sources[i].cache);
}

void run_mounts_close(struct run_mounts *m) {
    run_mounts_release(m);
    for (size_t i = 0; m->sources && i < m->step->run.n_mounts; i++) {
        if (m->sources[i].mounted)
            umount2(m->sources[i].mounted, MNT_DETACH);
        if (m->sources[i].owned)
            umount2(m->sources[i].owned, MNT_DETACH);
        if (m->sources[i].opened)
            read_root_close(&m->sources[i].root);
        secret_text_free(&m->sources[i].variable);
        ssh_relay_free(m->sources[i].relay);
    }
    if (m->dir)
        store_workdir_remove(m->stage->build->store, m->dir);
    free(m->dir);
    m->dir = NULL;
}
