/* SPDX-License-Identifier: Apache-2.0
 * Whether the kernel audits, and by what rules, asked for by netlink (AUDIT_GET, AUDIT_LIST_RULES), which root of the first namespaces may.
 * What it says is written as auditctl would have it. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/limits.h"
#include "check/host_engine.h"
#include "sys/files.h"

enum { ANSWER_BYTES = 16 << 10, WAIT_S = 2 };

static bool ask(int fd, uint16_t type) {
    struct {
        struct nlmsghdr header;
    } request = {{.nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct timeval wait = {.tv_sec = WAIT_S};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
           sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel) > 0;
}

static bool has_text(uint32_t field) {
    return field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY || field == AUDIT_EXE ||
           (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) || (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH);
}

/* What a field is in auditctl's words; those that only narrow a rule are all one. */
static void add_field(uint32_t field, uint32_t value, struct str text, struct buf *out) {
    if (field == AUDIT_WATCH || field == AUDIT_DIR)
        buf_printf(out, " -F %s=%.*s", field == AUDIT_DIR ? "dir" : "path", STR_ARG(text));
    else if (field == AUDIT_PERM)
        buf_printf(out, " -F perm=%s%s%s%s", value & AUDIT_PERM_READ ? "r" : "", value & AUDIT_PERM_WRITE ? "w" : "",
                   value & AUDIT_PERM_EXEC ? "x" : "", value & AUDIT_PERM_ATTR ? "a" : "");
    else if (field != AUDIT_FILTERKEY && field != AUDIT_ARCH)
        buf_printf(out, " -F field%u=", field);
}

static bool is_about_all_calls(const struct audit_rule_data *rule) {
    bool all = true;
    for (size_t k = 0; k < AUDIT_BITMASK_SIZE - 1; k++) /* the last word has classes of calls */
        all = all && rule->mask[k] == UINT32_MAX;
    return all;
}

/* Texts of fields lie one behind the other, each as long as its value says. */
void host_audit_rule(const struct audit_rule_data *rule, size_t n, struct buf *out) {
    uint32_t list = rule->flags & ~(uint32_t)AUDIT_FILTER_PREPEND;
    size_t at = 0, room = n - sizeof *rule;
    if (rule->action == AUDIT_POSSIBLE || (list != AUDIT_FILTER_EXIT && list != AUDIT_FILTER_TASK))
        return;
    buf_printf(out, "-a %s,%s", rule->action == AUDIT_ALWAYS ? "always" : "never", list == AUDIT_FILTER_EXIT ? "exit" : "task");
    if (list == AUDIT_FILTER_EXIT && !is_about_all_calls(rule))
        buf_add_str(out, S(" -S some"));
    for (size_t k = 0; k < rule->field_count && k < AUDIT_MAX_FIELDS; k++) {
        uint32_t field = rule->fields[k], length = has_text(field) ? rule->values[k] : 0;
        if (length > room - at)
            break;
        add_field(field, rule->values[k], str_n(rule->buf + at, length), out);
        at += length;
    }
    buf_add_char(out, '\n');
}

/* 1: there is more to come; 0: that was the end; -1: refused. */
static int take_answer(const char *bytes, size_t n, struct buf *out) {
    const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)bytes;
    for (ssize_t left = (ssize_t)n; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) { /* the last one's padding may be missing */
        size_t length = NLMSG_PAYLOAD(m, 0);
        if (m->nlmsg_type == NLMSG_DONE)
            return 0;
        if (m->nlmsg_type == NLMSG_ERROR && length >= sizeof(struct nlmsgerr) && ((const struct nlmsgerr *)NLMSG_DATA(m))->error)
            return -1;
        if (m->nlmsg_type == AUDIT_LIST_RULES && length >= sizeof(struct audit_rule_data))
            host_audit_rule(NLMSG_DATA(m), length, out);
        if (m->nlmsg_type == AUDIT_GET) { /* an old kernel's is shorter */
            struct audit_status status = {0};
            memcpy(&status, NLMSG_DATA(m), length < sizeof status ? length : sizeof status);
            buf_printf(out, "-e %u\n", status.enabled);
            return 0;
        }
    }
    return 1;
}

static bool ask_all(int fd, uint16_t type, struct buf *out) {
    _Alignas(struct nlmsghdr) char bytes[ANSWER_BYTES];
    int more = ask(fd, type) ? 1 : -1;
    for (size_t k = 0; more == 1 && k < LIMIT_AUDIT_RULES; k++) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        more = n <= 0 ? -1 : take_answer(bytes, (size_t)n, out);
    }
    return more == 0;
}

bool host_audit_kernel(void *ctx, struct arena *a, struct str *rules) {
    (void)ctx;
    _cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    _cleanup_(buf_fini) struct buf out = BUF_INIT(LIMIT_HOST_FILE_BYTES);
    bool told = fd >= 0 && ask_all(fd, AUDIT_GET, &out) && ask_all(fd, AUDIT_LIST_RULES, &out);
    *rules = arena_str(a, buf_str(&out));
    return told && buf_ok(&out);
}
