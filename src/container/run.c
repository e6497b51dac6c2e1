/* SPDX-License-Identifier: Apache-2.0
 * Running a container from its preparation to the last removed file: see container.h. Signals are held back from the first directory on
 * and come to the container once it runs, so a SIGTERM at any moment ends in the same orderly removal. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "container/oci.h"
#include "sandbox/sandbox.h"
#include "sys/files.h"

static const char *in_work(struct container *c, const char *name) {
    return arena_join3(&c->arena, str_z(c->spec->work), S("/"), str_z(name)).p;
}

static bool make_id(struct container *c, struct err *e) {
    uint8_t random[(sizeof c->id - 1) / 2];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return err_sys(e, errno, "get random bytes");
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(c->id + 2 * i, 3, "%02x", random[i]);
    c->hostname = c->spec->hostname ? c->spec->hostname : c->id;
    return true;
}

/* The upper directory shows through as the root itself, so it takes the root's attributes. */
static bool make_upper(const struct container *c, struct err *e) {
    const struct entry *root = c->spec->root;
    if (!file_mkdirs(c->upper, 0755, e))
        return false;
    if (!root)
        return true;
    struct timespec times[2] = {{0, UTIME_OMIT}, {root->mtime_s, root->mtime_ns}};
    if (chown(c->upper, root->uid, root->gid) < 0 || chmod(c->upper, root->mode) < 0 || utimensat(AT_FDCWD, c->upper, times, 0) < 0)
        return err_sys(e, errno, "set the attributes of %s", c->upper);
    return true;
}

static bool make_dirs(struct container *c, struct err *e) {
    c->work_fd = file_open(c->spec->work, O_RDONLY | O_DIRECTORY, 0, e);
    if (c->work_fd < 0)
        return false;
    c->rootfs = in_work(c, "rootfs");
    c->upper = in_work(c, "upper");
    c->state_dir = in_work(c, "state");
    c->log_path = in_work(c, "log");
    return file_mkdirs(c->rootfs, 0755, e) && make_upper(c, e) && file_mkdirs(c->state_dir, 0700, e) &&
           file_mkdirs(in_work(c, "mount"), 0700, e);
}

static bool check_volumes(const struct container_spec *s, struct err *e) {
    struct stat st;
    for (size_t i = 0; i < s->n_volumes; i++) {
        if (stat(s->volumes[i].source, &st) == 0)
            continue;
        err_sys(e, errno, "volume %s:%s", s->volumes[i].source, s->volumes[i].target);
        return e->sys == ENOENT ? err_append(e, "; croze makes no directory there as docker would: mkdir it first") : false;
    }
    return true;
}

/* The host's file, or nothing where it has none. */
static void add_host_file(struct buf *b, const char *path) {
    struct err ignored = ERR_INIT;
    if (!file_read(path, b, &ignored))
        err_clear(&ignored);
}

/* With the host's network its names hold; our own host name must resolve in any case (Java asks for it at once). */
static bool write_hosts(struct container *c, struct err *e) {
    struct buf b = BUF_INIT(LIMIT_PASSWD_BYTES);
    if (c->spec->network_none)
        buf_add_str(&b, S("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"));
    else
        add_host_file(&b, "/etc/hosts");
    if (b.n && b.p[b.n - 1] != '\n')
        buf_add_char(&b, '\n');
    buf_printf(&b, "127.0.1.1\t%s\n", c->hostname);
    bool ok = file_replace(c->work_fd, "hosts", b.p, b.n, false, e);
    buf_fini(&b);
    return ok;
}

static bool write_etc(struct container *c, struct err *e) {
    struct buf b = BUF_INIT(LIMIT_PASSWD_BYTES);
    c->hosts = in_work(c, "hosts");
    c->resolv_conf = in_work(c, "resolv.conf");
    c->hostname_file = in_work(c, "hostname");
    bool ok = write_hosts(c, e);
    add_host_file(&b, "/etc/resolv.conf");
    ok = ok && file_replace(c->work_fd, "resolv.conf", b.n ? b.p : "", b.n, false, e);
    buf_reset(&b);
    buf_printf(&b, "%s\n", c->hostname);
    ok = ok && file_replace(c->work_fd, "hostname", b.p, b.n, false, e);
    buf_fini(&b);
    return ok;
}

static bool prepare(struct container *c, struct err *e) {
    const struct container_spec *s = c->spec;
    c->user_namespace = !str_eqz(str_z(sandbox_flavour()), "host-trusted");
    if (s->tty && !isatty(STDIN_FILENO))
        return err_set(e, ERR_USAGE, "-t: standard input is not a terminal");
    c->terminal = s->tty;
    return check_volumes(s, e) && make_id(c, e) && runtime_choose(c, e) && process_fill(c, e) && make_dirs(c, e) && write_etc(c, e) &&
           oci_write(c, e) && overlay_mount(s->lowers, s->n_lowers, c->upper, in_work(c, "mount"), c->rootfs, e) &&
           program_check(c, e);
}

/* Nothing of the container stays: neither its changes nor its root's mount. */
static bool remove_all(struct container *c, struct err *e) {
    struct dir_names names;
    if (c->work_fd < 0)
        return true;
    if (umount2(c->rootfs, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
        return err_sys(e, errno, "unmount %s", c->rootfs);
    bool ok = file_list(c->work_fd, &c->arena, &names, e);
    for (size_t i = 0; ok && i < names.n; i++)
        ok = file_remove_tree(c->work_fd, names.names[i].p, e);
    close(c->work_fd);
    return ok;
}

bool container_run(const struct container_spec *s, int *code, struct err *e) {
    struct container c = {.spec = s, .arena = ARENA_INIT, .work_fd = -1};
    struct err late = ERR_INIT;
    sigset_t forwarded, before;
    runtime_signals(&forwarded);
    pthread_sigmask(SIG_BLOCK, &forwarded, &before);
    bool ok = prepare(&c, e) && runtime_run(&c, code, e);
    if (!remove_all(&c, ok ? e : &late))
        ok = false;
    err_clear(&late);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    arena_fini(&c.arena);
    if (!ok && !e->exit_code)
        e->exit_code = 125;
    return ok || err_wrap(e, "run");
}
