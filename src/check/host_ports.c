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

/* Without IPv6 the kernel has but one of the two. */
static bool take_tables(struct host_check *c, struct str pid, const char *protocol, const char *state, uint8_t ports[HOST_PORT_BYTES]) {
    const char *names[] = {arena_printf(c->arena, "net/%s", protocol).p, arena_printf(c->arena, "net/%s6", protocol).p};
    struct str text;
    for (size_t k = 0; k < 2; k++) {
        if (!host_proc(c, pid, names[k], &text)) {
            if (k == 0)
                return false;
            continue;
        }
        take_table(text, state, ports);
    }
    return true;
}

bool host_listening(struct host_check *c, const struct host_container *k, struct host_listening *out) {
    struct str pid = host_first_pid(c, k);
    *out = (struct host_listening){0};
    return k->is_shown && take_tables(c, pid, "tcp", "0A", out->tcp) && take_tables(c, pid, "udp", "07", out->udp);
}

bool host_listens_on(const struct host_listening *l, struct str port) {
    struct str number, protocol;
    uint64_t n;
    (void)str_cut(port, '/', &number, &protocol);
    const uint8_t *ports = str_eqz(protocol, "udp") ? l->udp : protocol.n == 0 || str_eqz(protocol, "tcp") ? l->tcp : NULL;
    return !ports || !str_to_u64(number, 10, 65535, &n) || (ports[n / 8] >> n % 8 & 1);
}
