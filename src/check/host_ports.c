/* SPDX-License-Identifier: Apache-2.0
 * On which ports something listens in a container, by the kernel's tables of the network that its first process is in. */
#include "base/limits.h"
#include "check/host_rules.h"

/* "  0: 00000000:0050 00000000:0000 0A ...": its state is the fourth word. TCP's is LISTEN; UDP's socket that is bound and not connected is
 * "closed". */
static void take_table(struct str table, const char *state, uint8_t ports[HOST_PORT_BYTES]) {
    enum { WORDS = 4, LOCAL = 1, STATE = 3 };
    struct str line, word[WORDS];
    while (str_next(&table, '\n', &line)) {
        size_t n = 0;
        while (n < WORDS && (line = str_trim_left(line)).n)
            (void)str_cut(line, ' ', &word[n++], &line);
        ptrdiff_t colon = n == WORDS ? str_rindex(word[LOCAL], ':') : -1;
        uint64_t port;
        if (colon >= 0 && str_eqz(word[STATE], state) && str_to_u64(str_from(word[LOCAL], (size_t)colon + 1), 16, 65535, &port))
            ports[port / 8] |= (uint8_t)(1U << port % 8);
    }
}

static const struct {
    const char *file, *state, *counts, *count; /* how many sockets there are: "TCP: inuse 0 orphan 0 ..." */
} tables[HOST_TABLES] = {[HOST_TCP] = {"net/tcp", "0A", "net/sockstat", "TCP: inuse 0"},
                         [HOST_TCP6] = {"net/tcp6", "0A", "net/sockstat6", "TCP6: inuse 0"},
                         [HOST_UDP] = {"net/udp", "07", "net/sockstat", "UDP: inuse 0"},
                         [HOST_UDP6] = {"net/udp6", "07", "net/sockstat6", "UDP6: inuse 0"}};

static bool is_empty(struct host_check *c, struct str pid, enum host_table table) {
    struct str text, line, start = str_z(tables[table].count);
    if (!host_proc(c, pid, tables[table].counts, &text))
        return false;
    while (str_next(&text, '\n', &line))
        if (str_starts(line, start) && (line.n == start.n || line.p[start.n] == ' '))
            return true;
    return false;
}

/* Read when a port is first asked for, and not where there is nothing in it: for each of TCP's the kernel walks a table of the connections
 * of all of its namespaces, which takes milliseconds. */
static bool take_protocol(struct host_check *c, const struct host_container *k, enum host_table table, struct host_listening *l) {
    struct str text, path, pid = k->is_shown ? host_first_pid(c, k) : STR_NULL;
    const char *why;
    if (l->looked[table])
        return l->known[table];
    l->looked[table] = true;
    if (pid.n && is_empty(c, pid, table))
        return l->known[table] = true;
    path = arena_printf(c->arena, "/proc/%.*s/%s", STR_ARG(pid), tables[table].file);
    enum host_read got = pid.n ? c->source->read(c->source->ctx, path.p, LIMIT_HOST_FILE_BYTES, c->arena, &text, &why) : HOST_DENIED;
    if (got == HOST_READ)
        take_table(text, tables[table].state, l->ports[table]);
    bool has_one = table == HOST_TCP || table == HOST_UDP; /* a kernel without IPv6 has none of its tables */
    return l->known[table] = got == HOST_READ || (got == HOST_ABSENT && !has_one);
}

bool host_is_idle(struct host_check *c, const struct host_container *k, struct host_listening *l, struct str port) {
    struct str number, protocol;
    uint64_t n;
    (void)str_cut(port, '/', &number, &protocol);
    bool is_udp = str_eqz(protocol, "udp");
    if (!str_to_u64(number, 10, 65535, &n) || !(is_udp || protocol.n == 0 || str_eqz(protocol, "tcp")))
        return false;
    for (int six = 0; six < 2; six++) {
        enum host_table table = (enum host_table)((is_udp ? HOST_UDP : HOST_TCP) + six);
        if (!take_protocol(c, k, table, l) || (l->ports[table][n / 8] >> n % 8 & 1))
            return false;
    }
    return true;
}
