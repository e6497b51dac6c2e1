/* SPDX-License-Identifier: Apache-2.0
 * Rules of the kernel's audit as lines in auditctl's words. */
#include <linux/audit.h>

#include "check/host_engine.h"
#include "tap.h"

enum { ROOM = 64 };

struct made {
    _Alignas(struct audit_rule_data) char bytes[sizeof(struct audit_rule_data) + ROOM];
    size_t n;
};

static struct made rule(uint32_t list, uint32_t action) {
    struct made m = {.n = sizeof(struct audit_rule_data)};
    struct audit_rule_data d = {.flags = list, .action = action};
    for (size_t k = 0; k < AUDIT_BITMASK_SIZE - 1; k++)
        d.mask[k] = UINT32_MAX;
    memcpy(m.bytes, &d, sizeof d);
    return m;
}

static void add(struct made *m, uint32_t field, uint32_t value, const char *text) {
    struct audit_rule_data *d = (void *)m->bytes;
    d->fields[d->field_count] = field;
    d->values[d->field_count++] = text ? (uint32_t)strlen(text) : value;
    if (text) {
        memcpy(m->bytes + m->n, text, strlen(text));
        m->n += strlen(text);
    }
}

static void is_line(const struct made *m, const char *want, const char *what) {
    struct buf out = BUF_INIT(1 << 12);
    host_audit_rule((const void *)m->bytes, m->n, &out);
    is_str(buf_str(&out), str_z(want), what);
    buf_fini(&out);
}

int main(void) {
    struct made m = rule(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
    add(&m, AUDIT_WATCH, 0, "/usr/bin/runc");
    add(&m, AUDIT_PERM, AUDIT_PERM_WRITE | AUDIT_PERM_ATTR, NULL);
    add(&m, AUDIT_FILTERKEY, 0, "docker");
    is_line(&m, "-a always,exit -F path=/usr/bin/runc -F perm=wa\n", "a watch");
    m = rule(AUDIT_FILTER_EXIT | AUDIT_FILTER_PREPEND, AUDIT_ALWAYS);
    add(&m, AUDIT_FILTERKEY, 0, "docker");
    add(&m, AUDIT_DIR, 0, "/etc/docker");
    is_line(&m, "-a always,exit -F dir=/etc/docker\n", "... of a directory, behind another text");
    m = rule(AUDIT_FILTER_EXIT, AUDIT_NEVER);
    add(&m, AUDIT_WATCH, 0, "/x");
    add(&m, AUDIT_UID, 0, NULL);
    is_line(&m, "-a never,exit -F path=/x -F field1=\n", "one that excludes, on a condition");
    m = rule(AUDIT_FILTER_TASK, AUDIT_NEVER);
    is_line(&m, "-a never,task\n", "one that excludes everything");
    m = rule(AUDIT_FILTER_EXIT, AUDIT_NEVER);
    memset(((struct audit_rule_data *)(void *)m.bytes)->mask, 0, sizeof(uint32_t) * AUDIT_BITMASK_SIZE);
    is_line(&m, "-a never,exit -S some\n", "... some calls");
    m = rule(AUDIT_FILTER_EXCLUDE, AUDIT_ALWAYS);
    is_line(&m, "", "one that is about no calls");
    m = rule(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
    add(&m, AUDIT_WATCH, 0, "/x");
    ((struct audit_rule_data *)(void *)m.bytes)->values[0] = ROOM + 1;
    is_line(&m, "-a always,exit\n", "a text that is longer than the rule is none");
    return tap_done();
}
