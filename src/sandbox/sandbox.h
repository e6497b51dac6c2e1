/* SPDX-License-Identifier: Apache-2.0
 *
 * sandbox/ runs one process apart from the host: own mount, pid, ipc, uts (and on demand network) namespaces over an overlay root, with
 * docker's default capabilities and a seccomp profile. There are two tiers of privilege, found out by trial:
 *   T0  root on a host                     namespaces + overlay (trusted xattrs)
 *   T1  a user with subordinate ids        the program re-executes itself as root of a user namespace (newuidmap), then as T0
 *                                          with userxattr
 * What is a boundary and what is not: docs/sandbox.md. */
#ifndef CROZE_SANDBOX_SANDBOX_H
#define CROZE_SANDBOX_SANDBOX_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

enum tier { TIER_NONE = -1, TIER_T0 = 0, TIER_T1 = 1 };

/* Finds the tier of this process by trying; *why (static or to be kept, never freed) says in words why it is no better one. */
enum tier sandbox_tier(const char **why);
const char *tier_name(enum tier t);   /* "T0 (root)", "T1 (user namespace with subordinate ids)" */
/* Called first by commands that unpack, run or pack trees, while there is one thread. As a user: re-executes this program with the same
 * arguments as root of a new user namespace and never returns, or fails with an error that says what is missing (package uidmap,
 * /etc/subuid, a sysctl) and how to mend it. Inside: returns true. As root it only takes a mount namespace of its own: no mount outlives
 * the command. */
MUST_CHECK bool sandbox_enter(int argc, char **argv, struct err *e);
/* The trees' flavour for the store: "host-trusted", or "<hash of the uid map>-user". Static text. */
const char *sandbox_flavour(void);

enum sandbox_mount_kind { SANDBOX_BIND, SANDBOX_TMPFS, SANDBOX_FILE /* bind of a private copy of `bytes` */ };
struct sandbox_mount {
    enum sandbox_mount_kind kind;
    const char *source;       /* host path (BIND) */
    const char *target;       /* absolute path in the root, resolved there without leaving it; made if missing and reported in stubs */
    bool writable;
    struct str bytes;         /* FILE: they are on no disk, but in memory (and where that goes: swap) until the process ends */
    uint32_t mode;            /* FILE: 07777; set-id bits have no effect */
    uid_t uid;                /* FILE: its owner inside */
    gid_t gid;
    const char *options;      /* TMPFS: "size=64m" or NULL */
};

/* A limit of setrlimit(2); RLIM_INFINITY: none. `name` is what its user calls it, for errors. */
struct sandbox_rlimit {
    int resource;
    uint64_t soft, hard;
    const char *name;
};

struct sandbox_spec {
    const char *const *lowers; /* overlay lower directories, top first */
    size_t n_lowers;
    const char *upper;        /* written by the process; NULL: the root is read-only */
    const char *work;         /* a private directory on upper's file system: overlay's own directories are made in it and stay, for the
                               * caller to remove with it */
    const char *const *argv;
    const char *const *env;   /* complete: KEY=value */
    const char *cwd;          /* absolute in the root; must exist */
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t n_groups;
    bool network_none;        /* an empty network namespace with loopback up */
    const char *hostname;
    const struct sandbox_mount *mounts;
    size_t n_mounts;
    uint64_t shm_bytes;       /* size of /dev/shm; 0: 64 MiB, as docker has it */
    const struct sandbox_rlimit *rlimits; /* the others are this program's own */
    size_t n_rlimits;
    int in, out, error;       /* 0, 1, 2 of the process; in -1: /dev/null */
    bool terminal;            /* `in` is a terminal that nobody else has, and becomes the process's controlling one */
    const int *cancel_fd;     /* when it can be read, the process is killed; NULL: never */
    bool no_new_privs, no_seccomp;
    bool insecure;            /* all capabilities that this process has, also for another user; no filter; /proc, /sys and devices as they
                               * are. In T0 no boundary at all */
};

struct sandbox_result {
    int code;                 /* exit status, or 128 + signal */
    int signal;               /* 0 if it exited */
    bool canceled;            /* by cancel_fd */
    uint64_t cpu_us, wall_us;
    char **stubs;             /* mount points that were made in the upper directory, with their parents: clean relative paths, sorted; the
                               * directories they were made in kept their times. sandbox_result_fini frees them */
    size_t n_stubs;
};
void sandbox_result_fini(struct sandbox_result *r);

/* Runs it to the end. Thread-safe: several sandboxes may run at once. An error is a failure to set up (it names the mount, the path, the
 * errno); a program that is not there or may not be executed is one with e->sys ENOENT or EACCES. The process's own failure is
 * result->code. When this program is killed the process dies too (PDEATHSIG, and guard.h). */
MUST_CHECK bool sandbox_run(const struct sandbox_spec *s, struct sandbox_result *r, struct err *e);

/* Mounts an overlay at `target` in the current mount namespace (container/ prepares a root file system for the OCI runtime with it);
 * upper NULL: read-only. Same options and layer-count handling as sandbox_run. */
MUST_CHECK bool overlay_mount(const char *const *lowers, size_t n_lowers, const char *upper, const char *work, const char *target,
                              struct err *e);
/* Mounts the directory `source` at `target`, in the current mount namespace, so that what belongs to uid and gid belongs to 0 there; and
 * what is 0's belongs to them, all other owners stay. False: nothing is mounted, since there is no need (they are 0, or this is a user
 * namespace, where the user is 0 already), or the kernel or file system cannot do it. */
bool sandbox_mount_as_root(const char *source, uid_t uid, gid_t gid, const char *target);

#endif
