/* SPDX-License-Identifier: Apache-2.0
 * Paths below /proc and /sys that tell about, or steer, the whole machine: as data (policy.h), the same lists that docker uses. */
#include "sandbox/policy.h"

const char *const policy_masked_paths[] = {
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
    "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", NULL,
};
const char *const policy_readonly_paths[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
