/* SPDX-License-Identifier: Apache-2.0
 * Capabilities: docker's default fourteen as data (policy.h), and the system calls that reduce a process to them. They run in the child
 * of a multi-threaded program, hence capset(2) itself and not libcap, which allocates. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sandbox/child.h"
#include "sandbox/policy.h"

#define CAP(c) {c, #c}
const struct policy_cap policy_caps[] = {
    CAP(CAP_AUDIT_WRITE), CAP(CAP_CHOWN),   CAP(CAP_DAC_OVERRIDE), CAP(CAP_FOWNER),  CAP(CAP_FSETID),
    CAP(CAP_KILL),        CAP(CAP_MKNOD),   CAP(CAP_NET_BIND_SERVICE), CAP(CAP_NET_RAW), CAP(CAP_SETFCAP),
    CAP(CAP_SETGID),      CAP(CAP_SETPCAP), CAP(CAP_SETUID),       CAP(CAP_SYS_CHROOT),
};
#undef CAP
const size_t policy_n_caps = sizeof policy_caps / sizeof *policy_caps;

static uint64_t default_set(void) {
    uint64_t set = 0;
    for (size_t i = 0; i < policy_n_caps; i++)
        set |= (uint64_t)1 << policy_caps[i].number;
    return set;
}

bool caps_bound(void) {
    uint64_t keep = default_set();
    for (unsigned long c = 0; c < 64; c++) {
        if (keep >> c & 1)
            continue;
        if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0) {
            if (errno == EINVAL)
                break; /* past the last capability of this kernel */
            return false;
        }
    }
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0;
}

bool caps_set(bool root) {
    uint64_t set = root ? default_set() : 0;
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    /* Nothing inheritable: a program with file capabilities would otherwise gain them without need (CVE-2022-24769). */
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)set, (uint32_t)set, 0},
        {(uint32_t)(set >> 32), (uint32_t)(set >> 32), 0},
    };
    return syscall(SYS_capset, &head, data) == 0;
}

bool caps_keep(void) {
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
}

bool caps_set_all(void) {
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &head, data) < 0)
        return false;
    for (int i = 0; i < 2; i++)
        data[i].effective = data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &head, data) < 0)
        return false;
    for (unsigned long c = 0; c < 64; c++)
        if (data[c / 32].permitted >> c % 32 & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) < 0)
            return false;
    return true;
}
