/* SPDX-License-Identifier: Apache-2.0
 * The rules that the kernel audits by, asked for by netlink (AUDIT_LIST_RULES), which root of the first namespaces may. Those that watch
 * paths are written as auditctl would have them. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/limits.h"
#include "check/host_engine.h"
#include "sys/files.h"

enum { ANSWER_BYTES = 16 << 10, WAIT_S = 2 };

static bool ask(int fd) {
    struct {
        struct nlmsghdr header;
    } request = {{.nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = AUDIT_LIST_RULES, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct timeval wait = {.tv_sec = WAIT_S};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
           sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel) > 0;
}

static bool has_text(uint32_t field) {
    return field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY || field == AUDIT_EXE ||
           (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) || (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH);
}

/* Texts of fields lie one behind the other, each as long as its value says. */
static void add_rule(const struct audit_rule_data *rule, size_t n, struct buf *out) {
    size_t at = 0, room = n - sizeof *rule;
    for (size_t k = 0; k < rule->field_count && k < AUDIT_MAX_FIELDS; k++) {
        uint32_t field = rule->fields[k], length = rule->values[k];
        if (!has_text(field))
            continue;
        if (length > room - at)
            return;
        if (rule->action == AUDIT_ALWAYS && (field == AUDIT_WATCH || field == AUDIT_DIR))
            buf_printf(out, "-a always,exit -F %s=%.*s\n", field == AUDIT_DIR ? "dir" : "path", (int)length, rule->buf + at);
        at += length;
    }
}

/* 1: there is more to come; 0: that was the end; -1: refused. */
static int take_answer(const char *bytes, size_t n, struct buf *out) {
    const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)bytes;
    for (; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
        size_t length = NLMSG_PAYLOAD(m, 0);
        if (m->nlmsg_type == NLMSG_DONE)
            return 0;
        if (m->nlmsg_type == NLMSG_ERROR && length >= sizeof(struct nlmsgerr) && ((const struct nlmsgerr *)NLMSG_DATA(m))->error)
            return -1;
        if (m->nlmsg_type == AUDIT_LIST_RULES && length >= sizeof(struct audit_rule_data))
            add_rule(NLMSG_DATA(m), length, out);
    }
    return 1;
}

bool host_audit_kernel(void *ctx, struct arena *a, struct str *rules) {
    (void)ctx;
    _Alignas(struct nlmsghdr) char bytes[ANSWER_BYTES];
    _cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_HOST_FILE_BYTES);
    int more = fd >= 0 && ask(fd) ? 1 : -1;
    for (size_t k = 0; more == 1 && k < LIMIT_AUDIT_RULES; k++) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        more = n <= 0 ? -1 : take_answer(bytes, (size_t)n, &out);
    }
    *rules = arena_str(a, buf_str(&out));
    return more == 0 && buf_ok(&out);
}
