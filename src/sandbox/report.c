/* SPDX-License-Identifier: Apache-2.0
 * The pipe between the child of a sandbox and its parent (child.h): the child's side sends records by write(2) alone, the parent's side
 * turns them into words. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/child.h"
#include "sys/files.h"

/* The child's side. */

static void send_bytes(int fd, const void *p, size_t n) {
    for (size_t done = 0; done < n;) {
        ssize_t k = write(fd, (const char *)p + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return; /* nobody listens any more */
        done += (size_t)k;
    }
}

static void send_report(const struct child *c, enum report_kind kind, enum step step, int index, int errnum) {
    struct report r;
    memset(&r, 0, sizeof r); /* padding too: it leaves this process */
    r.kind = kind;
    r.step = step;
    r.errnum = errnum;
    r.index = index;
    send_bytes(c->report, &r, sizeof r);
}

bool child_fail(const struct child *c, enum step step, int index) {
    send_report(c, REPORT_ERROR, step, index, errno);
    return false;
}

void child_note(const struct child *c, enum step step, int index) {
    send_report(c, REPORT_NOTE, step, index, errno);
}

void child_stub(const struct child *c, const char *path, size_t n) {
    struct report r;
    memset(&r, 0, sizeof r);
    r.kind = REPORT_STUB;
    r.text_n = n;
    send_bytes(c->report, &r, sizeof r);
    send_bytes(c->report, path, n);
}

/* The parent's side. */

/* The steps whose object is one of the specification's mounts. */
static bool mount_error(const struct report *r, const struct sandbox_spec *s, struct err *e) {
    const struct sandbox_mount *m = &s->mounts[r->index];
    if (r->step == STEP_SOURCE)
        return err_sys(e, r->errnum, "bind %s to %s: source", m->source, m->target);
    if (r->step == STEP_TARGET)
        return err_sys(e, r->errnum, "mount point %s in the root", m->target);
    if (r->step == STEP_FILE)
        return err_sys(e, r->errnum, "private copy of the bytes for %s", m->target);
    if (r->step == STEP_FILE_OWNER)
        return err_sys(e, r->errnum, "give %s to user %u, group %u (are they in this namespace's range?)", m->target, (unsigned)m->uid,
                       (unsigned)m->gid);
    return err_sys(e, r->errnum, "mount at %s in the root", m->target);
}

static bool overlay_error(const struct report *r, const struct plan *p, struct err *e) {
    const struct overlay *o = &p->overlay;
    if (r->step == STEP_LOWER)
        return err_sys(e, r->errnum, "open lower directory %s", o->lowers[r->index]);
    if (r->step == STEP_UPPER)
        return err_sys(e, r->errnum, "open upper directory %s", o->upper);
    if (r->step == STEP_WORK)
        return err_sys(e, r->errnum, "open overlay working directory %s", o->work);
    err_sys(e, r->errnum, "mount an overlay of %zu layers", o->n_lowers);
    if (r->errnum == EINVAL && o->upper)
        err_append(e, " (the file system of %s cannot hold an overlay's upper directory; is it an overlay itself, or NFS?)", o->upper);
    return false;
}

static bool exec_error(const struct report *r, const struct plan *p, struct err *e) {
    const char *program = p->spec->argv[0];
    if (r->step == STEP_EXEC_LINK) {
        err_set(e, ERR_FAILED, "run %s: it leads through a link of /proc out of the root (or through a loop of links); refused", program);
        e->sys = EACCES;
        return false;
    }
    if (r->step == STEP_EXEC_LOADER)
        return err_sys(e, r->errnum, "run %s: it exists, but the interpreter or loader it names does not", program);
    return err_sys(e, r->errnum, "run %s", program);
}

static const char *limit_text(uint64_t value, char out[24]) {
    snprintf(out, 24, value == RLIM64_INFINITY ? "unlimited" : "%llu", (unsigned long long)value);
    return out;
}

static bool limit_error(const struct report *r, const struct sandbox_spec *s, struct err *e) {
    const struct sandbox_rlimit *l = &s->rlimits[r->index];
    struct rlimit64 own = {0, 0};
    char soft[24], hard[24], most[24];
    err_sys(e, r->errnum, "set the limit %s to %s (at most %s)", l->name, limit_text(l->soft, soft), limit_text(l->hard, hard));
    if (r->errnum == EPERM && syscall(SYS_prlimit64, 0, l->resource, NULL, &own) == 0)
        err_append(e, ": this process may not raise it above its own, %s", limit_text(own.rlim_max, most));
    return false;
}

static const char *step_words(enum step step) {
    switch (step) {
    case STEP_PARENT_DIED: return "start: the parent process is gone";
    case STEP_STDIO: return "set up standard input, output and error";
    case STEP_PROPAGATION: return "make mounts private";
    case STEP_STAGING: return "mount a tmpfs for private files";
    case STEP_PROC: return "mount /proc";
    case STEP_SYS: return "mount /sys";
    case STEP_DEV: return "set up /dev";
    case STEP_DEV_NODE: return "make a device in /dev";
    case STEP_MASK: return "mask a path below /proc or /sys";
    case STEP_READ_ONLY: return "make the root read-only";
    case STEP_PIVOT: return "change the root (pivot_root; it cannot work when the host's own root is the initial ramfs)";
    case STEP_LOOPBACK: return "start the loopback interface";
    case STEP_HOSTNAME: return "set the host name";
    case STEP_CAPS: return "reduce capabilities";
    case STEP_SECCOMP: return "install the filter of system calls";
    case STEP_IDS: return "change user and groups";
    case STEP_NO_NEW_PRIVS: return "set no_new_privs";
    default: return "start";
    }
}

static bool set_error(const struct report *r, const struct plan *p, struct err *e) {
    const struct sandbox_spec *s = p->spec;
    switch (r->step) {
    case STEP_LOWER: case STEP_UPPER: case STEP_WORK: case STEP_OVERLAY:
        return overlay_error(r, p, e);
    case STEP_SOURCE: case STEP_TARGET: case STEP_MOUNT: case STEP_FILE: case STEP_FILE_OWNER:
        return mount_error(r, s, e);
    case STEP_EXEC: case STEP_EXEC_LOADER: case STEP_EXEC_LINK:
        return exec_error(r, p, e);
    case STEP_RLIMIT:
        return limit_error(r, s, e);
    case STEP_CWD:
        return err_sys(e, r->errnum, "working directory %s", s->cwd);
    case STEP_IDS:
        return err_sys(e, r->errnum, "become user %u, group %u and %zu more groups (are they in this namespace's range?)",
                       (unsigned)s->uid, (unsigned)s->gid, s->n_groups);
    default:
        return err_sys(e, r->errnum, "%s", step_words(r->step));
    }
}

/* The next n bytes; false at the end of the pipe. */
static bool receive(int fd, void *p, size_t n) {
    for (size_t done = 0; done < n;) {
        ssize_t k = read(fd, (char *)p + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    return true;
}

bool report_read(int fd, const struct plan *p, stub_list *stubs, struct err *e) {
    struct report r;
    while (receive(fd, &r, sizeof r)) {
        if (r.kind == REPORT_ERROR)
            return set_error(&r, p, e);
        if (r.kind == REPORT_NOTE) {
            log_debug("sandbox: left out: %s (%d): %s", step_words(r.step), r.index, strerror(r.errnum));
            continue;
        }
        if (r.text_n > LIMIT_PATH_BYTES)
            return err_set(e, ERR_BUG, "a mount point's path of %zu bytes", r.text_n);
        _cleanup_(mem_freep) char *path = mem_zalloc(r.text_n + 1, 1);
        if (!receive(fd, path, r.text_n))
            break;
        vec_push(stubs, take_ptr(&path));
    }
    return true;
}
