/* SPDX-License-Identifier: Apache-2.0
 * Which tier of privilege this process has: found by trying, in a child that is thrown away, since no flag or version number tells what a
 * container, a sysctl or a security module around us allows. */
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sandbox/child.h"
#include "sandbox/userns.h"
#include "sys/files.h"

const char *tier_name(enum tier t) {
    switch (t) {
    case TIER_T0: return "T0 (root)";
    case TIER_T1: return "T1 (user namespace with subordinate ids)";
    default: return "none";
    }
}

/* Facts about this process that do not change while it runs: asked once. */
static struct {
    bool user_namespace;
    char flavour[32];
    enum tier tier;
    const char *why;
    struct err refused; /* keeps the text that `why` points to */
} self;
static pthread_once_t map_once = PTHREAD_ONCE_INIT, tier_once = PTHREAD_ONCE_INIT;

static void add_map(struct sha256 *hash, const char *file, struct buf *text) {
    struct err ignored = ERR_INIT;
    buf_reset(text);
    if (!file_read(file, text, &ignored))
        err_clear(&ignored);
    struct str rest = buf_str(text), word;
    while (str_next(&rest, ' ', &word)) /* the kernel pads the columns */
        if (word.n)
            sha256_field(hash, str_trim(word));
}

/* The initial namespace maps every id to itself. */
static bool is_identity(struct str map) {
    struct str rest = str_trim(map), word;
    static const char *const want[] = {"0", "0", "4294967295"};
    size_t n = 0;
    while (str_next(&rest, ' ', &word))
        if (word.n && (n == 3 || !str_eqz(word, want[n++])))
            return false;
    return n == 3;
}

static void read_maps(void) {
    struct buf text = BUF_INIT(KIB(64));
    struct sha256 hash;
    sha256_init(&hash);
    add_map(&hash, "/proc/self/uid_map", &text);
    self.user_namespace = !is_identity(buf_str(&text));
    add_map(&hash, "/proc/self/gid_map", &text);
    struct digest d = sha256_final(&hash);
    char hex[DIGEST_HEX + 1];
    snprintf(self.flavour, sizeof self.flavour, "%.16s-user", digest_hex(&d, hex));
    if (!self.user_namespace)
        snprintf(self.flavour, sizeof self.flavour, "host-trusted");
    buf_fini(&text);
}

bool in_user_namespace(void) {
    pthread_once(&map_once, read_maps);
    return self.user_namespace;
}

const char *sandbox_flavour(void) {
    pthread_once(&map_once, read_maps);
    return self.flavour;
}

/* How far a trial came; the child's exit status. */
enum trial { TRIAL_DONE, TRIAL_CLONE, TRIAL_PROPAGATION, TRIAL_PROC, TRIAL_OVERLAY };

static noreturn void try_mounts(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        _exit(TRIAL_PROPAGATION);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        _exit(TRIAL_PROC);
    _exit(fsopen("overlay", FSOPEN_CLOEXEC) < 0 ? TRIAL_OVERLAY : TRIAL_DONE);
}

/* With CLONE_NEWUSER: as a user; the child is nobody then, with all capabilities in its namespace. */
static enum trial try_namespaces(uint64_t flags) {
    struct clone_args args = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | flags, .exit_signal = SIGCHLD};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        try_mounts();
    int errnum = errno, status;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        errno = errnum;
        return TRIAL_CLONE;
    }
    while (waitpid((pid_t)pid, &status, 0) < 0)
        if (errno != EINTR)
            return TRIAL_CLONE;
    return WIFEXITED(status) ? (enum trial)WEXITSTATUS(status) : TRIAL_CLONE;
}

static const char *trial_words(enum trial t, bool root) {
    switch (t) {
    case TRIAL_CLONE:
        return root ? "root, but without CAP_SYS_ADMIN: the container around this process allows no namespaces" : "no user namespaces";
    case TRIAL_PROPAGATION: return "the container around this process allows no mounts, or / is a chroot and no mount point";
    case TRIAL_PROC: return "/proc cannot be mounted: the container around this process masks parts of its own /proc";
    case TRIAL_OVERLAY: return "this kernel has no overlay file system (as root: modprobe overlay)";
    default: return "";
    }
}

static void find_tier(void) {
    bool root = geteuid() == 0;
    self.tier = TIER_NONE;
    if (!root) {
        id_ranges uids = {0}, gids = {0};
        bool ready = userns_ranges(&uids, &gids, &self.refused);
        vec_fini(&uids);
        vec_fini(&gids);
        self.why = self.refused.msg;
        if (!ready)
            return;
    }
    enum trial t = try_namespaces(root ? 0 : CLONE_NEWUSER);
    self.why = trial_words(t, root);
    if (t == TRIAL_CLONE && !root) {
        userns_refused(errno, &self.refused);
        self.why = self.refused.msg;
    }
    if (t != TRIAL_DONE)
        return;
    bool host = root && !in_user_namespace();
    self.tier = host ? TIER_T0 : TIER_T1;
    self.why = host ? "root of the host" : root ? "root of a user namespace" : "not root";
}

enum tier sandbox_tier(const char **why) {
    pthread_once(&tier_once, find_tier);
    *why = self.why;
    return self.tier;
}
