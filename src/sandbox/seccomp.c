/* SPDX-License-Identifier: Apache-2.0
 * The system calls that docker's default profile refuses to a process without CAP_SYS_ADMIN, as data (policy.h) and as a BPF program by
 * libseccomp. A list of refusals, not of permissions: a call that is younger than this list gets the kernel's own answer, where an
 * allow list's EPERM breaks programs that expect ENOSYS and fall back. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "sandbox/policy.h"
#include "sys/files.h"

#define NO(call) {call, EPERM, -1, 0, 0}
#define NO_FLAG(call, flag) {call, EPERM, 0, flag, flag}
const struct policy_call policy_calls[] = {
    /* glibc falls back to clone(2), whose flags a filter can see, only on ENOSYS. */
    {"clone3", ENOSYS, -1, 0, 0},
    NO_FLAG("clone", CLONE_NEWNS), NO_FLAG("clone", CLONE_NEWCGROUP), NO_FLAG("clone", CLONE_NEWUTS), NO_FLAG("clone", CLONE_NEWIPC),
    NO_FLAG("clone", CLONE_NEWUSER), NO_FLAG("clone", CLONE_NEWPID), NO_FLAG("clone", CLONE_NEWNET),
    NO("unshare"), NO("setns"),
    /* mounts, old and new interface */
    NO("mount"), NO("umount"), NO("umount2"), NO("pivot_root"), NO("fsopen"), NO("fsconfig"), NO("fsmount"), NO("fspick"),
    NO("move_mount"), NO("open_tree"), NO("mount_setattr"),
    /* paths around the mount namespace */
    NO("open_by_handle_at"), NO("fanotify_init"),
    /* the kernel's key rings know no namespace */
    NO("add_key"), NO("request_key"), NO("keyctl"),
    /* large attack surfaces without a use in builds */
    NO("bpf"), NO("perf_event_open"), NO("userfaultfd"), NO("io_uring_setup"), NO("io_uring_enter"), NO("io_uring_register"),
    NO("lookup_dcookie"), NO("kcmp"),
    {"socket", EPERM, 0, UINT32_MAX, AF_VSOCK},
    /* the machine itself */
    NO("acct"), NO("reboot"), NO("kexec_load"), NO("kexec_file_load"), NO("init_module"), NO("finit_module"), NO("delete_module"),
    NO("create_module"), NO("query_module"), NO("get_kernel_syms"), NO("nfsservctl"), NO("_sysctl"), NO("sysfs"), NO("uselib"), NO("ustat"),
    NO("swapon"), NO("swapoff"), NO("quotactl"), NO("quotactl_fd"), NO("syslog"), NO("vhangup"), NO("iopl"), NO("ioperm"),
    NO("vm86"), NO("vm86old"), NO("settimeofday"), NO("stime"), NO("clock_settime"), NO("clock_settime64"), NO("clock_adjtime"),
    NO("clock_adjtime64"), NO("mbind"), NO("set_mempolicy"), NO("get_mempolicy"), NO("move_pages"), NO("migrate_pages"),
    NO("set_mempolicy_home_node"),
};
#undef NO
#undef NO_FLAG
const size_t policy_n_calls = sizeof policy_calls / sizeof *policy_calls;

/* The processor modes of the same machine in which a program may call, too: without them a 32-bit program is killed at its first call. */
static bool add_modes(scmp_filter_ctx ctx) {
    uint32_t native = seccomp_arch_native();
    if (native == SCMP_ARCH_X86_64)
        return seccomp_arch_add(ctx, SCMP_ARCH_X86) == 0 && seccomp_arch_add(ctx, SCMP_ARCH_X32) == 0;
    return native != SCMP_ARCH_AARCH64 || seccomp_arch_add(ctx, SCMP_ARCH_ARM) == 0;
}

static bool add_rules(scmp_filter_ctx ctx) {
    for (size_t i = 0; i < policy_n_calls; i++) {
        const struct policy_call *c = &policy_calls[i];
        int number = seccomp_syscall_resolve_name(c->name);
        if (number == __NR_SCMP_ERROR)
            continue; /* younger than this libseccomp: all of them need capabilities that are gone */
        struct scmp_arg_cmp cmp = SCMP_CMP((unsigned)(c->arg < 0 ? 0 : c->arg), SCMP_CMP_MASKED_EQ, c->mask, c->value);
        if (seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO((uint16_t)c->errnum), number, c->arg >= 0, &cmp) < 0)
            return false;
    }
    return true;
}

static bool export(scmp_filter_ctx ctx, struct sock_fprog *out) {
    _cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
    struct stat st;
    if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0 || fstat(fd, &st) < 0)
        return false;
    size_t n = (size_t)st.st_size / sizeof(struct sock_filter);
    if (n == 0 || n > BPF_MAXINSNS)
        return false;
    struct sock_filter *filter = mem_zalloc(n, sizeof *filter);
    struct err ignored = ERR_INIT;
    if (!file_pread_all(fd, filter, n * sizeof *filter, 0, "the seccomp filter", &ignored)) {
        err_clear(&ignored);
        free(filter);
        return false;
    }
    *out = (struct sock_fprog){(unsigned short)n, filter};
    return true;
}

/* Made once: libseccomp needs milliseconds, a RUN does not have them. Written under the once, read only afterwards. */
static struct sock_fprog cached;
static pthread_once_t cached_once = PTHREAD_ONCE_INIT;

static void make(void) {
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        return;
    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree; a plain chain costs each call a few hundred instructions */
    if (add_modes(ctx) && add_rules(ctx))
        export(ctx, &cached);
    seccomp_release(ctx);
}

bool seccomp_program(struct sock_fprog *out, struct err *e) {
    pthread_once(&cached_once, make);
    *out = cached;
    return cached.filter || err_set(e, ERR_FAILED, "libseccomp cannot make the filter of system calls for this machine");
}
