/* SPDX-License-Identifier: Apache-2.0
 *
 * The two sides of a sandbox's start, private to this room. The parent (run.c) prepares a plan; the child (child.c, mounts.c, target.c,
 * overlay.c, caps.c) carries it out between clone3 and execve. The program has threads, so the child may hold any lock for ever: it makes
 * system calls and touches its stack and the plan, nothing else: no allocation, no stdio, no errno words. What it has to tell goes
 * through a pipe as records (report.c); the pipe closes itself at the exec. */
#ifndef CROZE_SANDBOX_CHILD_H
#define CROZE_SANDBOX_CHILD_H

#include <linux/filter.h>
#include <stdnoreturn.h>

#include "base/arena.h"
#include "base/vec.h"
#include "sandbox/sandbox.h"

/* What the child was doing when it failed; report.c has the words. `index` says which lower directory, mount, path or
 * limit. */
enum step {
    STEP_PARENT_DIED, STEP_STDIO, STEP_PROPAGATION, STEP_STAGING, STEP_LOWER, STEP_UPPER, STEP_WORK, STEP_OVERLAY, STEP_PROC, STEP_SYS,
    STEP_DEV, STEP_DEV_NODE, STEP_MASK, STEP_SOURCE, STEP_TARGET, STEP_MOUNT, STEP_FILE, STEP_FILE_OWNER, STEP_READ_ONLY, STEP_PIVOT,
    STEP_LOOPBACK, STEP_HOSTNAME, STEP_CWD, STEP_RLIMIT, STEP_CAPS, STEP_SECCOMP, STEP_IDS, STEP_NO_NEW_PRIVS, STEP_EXEC, STEP_EXEC_LOADER,
    STEP_EXEC_LINK,
};

/* One overlay to be mounted: see overlay.c. */
struct overlay {
    const char *const *lowers;
    size_t n_lowers;
    const char *upper;      /* NULL: read-only */
    const char *work;       /* overlay's own working directory; on upper's file system */
    const char *empty[2];   /* empty directories: what lies below when there are too few lowers */
    bool devices;           /* device files open */
    bool userxattr;         /* user.overlay.* instead of trusted.overlay.*: all that a user namespace may write */
};

struct plan {
    const struct sandbox_spec *spec;
    struct overlay overlay;
    char shm_options[48];            /* of /dev/shm */
    const char *const *programs;     /* where argv[0] may be, NULL at the end */
    struct sock_fprog filter;        /* filter NULL: none */
    int report;                      /* the pipe */
};

struct child {
    const struct plan *plan;
    int report;
    int staging;          /* a tmpfs: private files, device nodes, the root's mount point */
    int root;             /* the root directory in the making */
    dev_t root_dev;
    size_t root_name_n;   /* length of the root's path as /proc/self/fd shows it */
};

/* Records from the child to the parent. */
enum report_kind { REPORT_ERROR, REPORT_NOTE, REPORT_STUB };
struct report {
    enum report_kind kind;
    enum step step;
    int errnum;
    int index;
    size_t text_n;        /* a stub's path follows */
};

/* Child: sends the error in errno; returns false. */
bool child_fail(const struct child *c, enum step step, int index);
/* Child: something was left out, with errno as the reason; the sandbox goes on. */
void child_note(const struct child *c, enum step step, int index);
void child_stub(const struct child *c, const char *path, size_t n);

typedef VEC(char *) stub_list;
/* Parent: reads until the child has executed its program or died. False with the child's error. */
bool report_read(int fd, const struct plan *p, stub_list *stubs, struct err *e);

/* Decimal text of a descriptor: the name under which chdir("/proc/self/fd") reaches it. */
enum { FD_NAME = 12 };
const char *fd_name(int fd, char out[FD_NAME]);

/* What mount(2) is told of an overlay: it copies one page at most. */
struct overlay_options {
    char text[4096];
    size_t n, plain_n;  /* plain_n: without what old kernels do not know */
    bool full;
};
/* Child: opens the plan's directories and names them in the options. */
bool overlay_open(const struct child *c, struct overlay_options *to);
/* Child: mounts it over descriptor `target`; the working directory must be /proc/self/fd. */
bool overlay_attach(const struct child *c, struct overlay_options *o, int target);
/* Parent: fills what depends on the kernel and makes overlay's own directories in `work` (their names live in `a`). They stay there. */
MUST_CHECK bool overlay_prepare(struct overlay *o, const char *work, struct arena *a, struct err *e);

/* Child: openat2 that stays below root and never follows a /proc magic link. -1 with errno. */
int child_open(int root, const char *path, int flags);
/* Child: the mount point at `path` in the root as O_PATH descriptor, made (a directory, or an empty file) if missing. -1 with errno. */
int target_open(const struct child *c, const char *path, bool directory);
/* Child: everything that is mounted inside the root. */
bool child_mounts(const struct child *c);

/* Child: the bounding set down to the default, ambient empty / the sets of the process. False with errno. */
bool caps_bound(void);
bool caps_set(bool root);
/* Child: across a change of user all permitted ones stay / become effective, inheritable and ambient, so the program keeps them too. */
bool caps_keep(void);
bool caps_set_all(void);

noreturn void child_main(const struct plan *p);

/* Whether this process lives in a user namespace of its own (then overlay needs userxattr). */
bool in_user_namespace(void);

#endif
