/* SPDX-License-Identifier: Apache-2.0
 * EXPOSE: "[[ip:]hostport:]port[-port][/proto]" words become "port/proto" entries. The host's half has no meaning in an image; BuildKit
 * tolerates it and so does croze, with a warning. */
#include <arpa/inet.h>
#include <assert.h>

#include "base/mem.h"
#include "plan/steps.h"
#include "plan/words.h"

enum { PORT_MAX = 65535, PORTS_MAX = 3 * (PORT_MAX + 1) /* every port of every protocol once */ };

struct port_range {
    unsigned first, last;
};

static bool parse_range(struct str s, struct port_range *out) {
    struct str low, high;
    uint64_t first, last;
    bool is_range = str_cut(s, '-', &low, &high);
    if (!str_to_u64(low, 10, PORT_MAX, &first))
        return false;
    last = first;
    if (is_range && (!str_to_u64(high, 10, PORT_MAX, &last) || last < first))
        return false;
    *out = (struct port_range){(unsigned)first, (unsigned)last};
    return true;
}

static bool is_address(struct str ip) {
    char z[INET6_ADDRSTRLEN + 2];
    struct in6_addr ignored;
    if (ip.n > 2 && ip.p[0] == '[' && ip.p[ip.n - 1] == ']')
        ip = str_n(ip.p + 1, ip.n - 2);
    if (ip.n >= sizeof z)
        return false;
    snprintf(z, sizeof z, "%.*s", STR_ARG(ip));
    return inet_pton(AF_INET, z, &ignored) == 1 || inet_pton(AF_INET6, z, &ignored) == 1;
}

/* "ip:host:container" from the right, as an IPv6 address has colons of its own. */
static struct str split_host(struct str word, struct str *ip, struct str *host) {
    *ip = *host = STR_NULL;
    ptrdiff_t colon = str_rindex(word, ':');
    if (colon < 0)
        return word;
    struct str container = str_from(word, (size_t)colon + 1);
    *host = str_first(word, (size_t)colon);
    colon = str_rindex(*host, ':');
    if (colon >= 0) {
        *ip = str_first(*host, (size_t)colon);
        *host = str_from(*host, (size_t)colon + 1);
    }
    return container;
}

static const char *protocol_of(struct str s) {
    static const char *const known[] = {"tcp", "udp", "sctp"};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (str_eq_nocase(s, str_z(known[k])))
            return known[k];
    return s.n ? NULL : known[0];
}

static bool expose_word(struct scope *s, const struct df_instruction *i, struct df_pos pos, struct str word, struct str_list *out,
                        struct err *e) {
    struct site at = scope_site(s, i);
    struct str ip, host, port, protocol;
    struct port_range range, host_range;
    bool with_protocol = str_cut(split_host(word, &ip, &host), '/', &port, &protocol);
    const char *name = protocol_of(protocol);
    if (!name)
        return site_err(&at, pos, e, "EXPOSE %s: the protocol is tcp, udp or sctp", SHOWN(word));
    if (!parse_range(port, &range))
        return site_err(&at, pos, e, "EXPOSE %s: not a port or a range of ports from 0 to %d", SHOWN(word), PORT_MAX);
    if (ip.n && !is_address(ip))
        return site_err(&at, pos, e, "EXPOSE %s: \"%s\" is not an IP address", SHOWN(word), SHOWN(ip));
    if (host.n && !parse_range(host, &host_range))
        return site_err(&at, pos, e, "EXPOSE %s: \"%s\" is not a port of the host", SHOWN(word), SHOWN(host));
    if (host.n && range.last != range.first && range.last - range.first != host_range.last - host_range.first)
        return site_err(&at, pos, e, "EXPOSE %s: the two ranges differ in length", SHOWN(word));
    if (ip.n || host.n)
        scope_warn(s, pos, "ExposeInvalidFormat",
                   "EXPOSE instruction should not define an IP address or host-port mapping, found '%s'", SHOWN(word));
    if (with_protocol && protocol.n && !str_eqz(protocol, name))
        scope_warn(s, pos, "ExposeProtoCasing", "Defined protocol '%s' in EXPOSE instruction should be lowercase", SHOWN(word));
    if (out->n + range.last - range.first >= PORTS_MAX)
        return site_err(&at, pos, e, "EXPOSE names more than %d ports", PORTS_MAX);
    for (unsigned p = range.first; p <= range.last; p++)
        str_list_add(s->arena, out, arena_printf(s->arena, "%u/%s", p, name));
    return true;
}

static int by_text(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* All ports at once: one by one, a range of 65536 would move gigabytes. */
static void merge(struct scope *s, const struct str_list *more) {
    struct str_list *ports = &s->config.exposed_ports, all = {0};
    size_t n = ports->n + more->n;
    all.p = arena_array(s->arena, struct str, n);
    if (ports->n)
        memcpy(all.p, ports->p, ports->n * sizeof *all.p);
    if (more->n)
        memcpy(all.p + ports->n, more->p, more->n * sizeof *all.p);
    if (n)
        qsort(all.p, n, sizeof *all.p, by_text);
    for (size_t k = 0; k < n; k++)
        if (all.n == 0 || !str_eq(all.p[all.n - 1], all.p[k]))
            all.p[all.n++] = all.p[k];
    all.capacity = n;
    all.set = true;
    *ports = all;
}

struct placed {
    struct str text;
    struct df_pos pos;
};

static int placed_by_text(const void *a, const void *b) {
    return str_cmp(((const struct placed *)a)->text, ((const struct placed *)b)->text);
}

/* As BuildKit's history has them. */
static struct placed *sorted_words(struct arena *a, const struct df_instruction *i) {
    struct placed *words = arena_array(a, struct placed, i->n_args);
    for (size_t k = 0; k < i->n_args; k++)
        words[k] = (struct placed){i->args[k], i->arg_pos[k]};
    qsort(words, i->n_args, sizeof *words, placed_by_text);
    return words;
}

bool step_expose(struct scope *s, const struct df_instruction *i, struct step *out, struct err *e) {
    struct str_list ports = {0};
    assert(i->n_args > 0);
    const struct placed *sorted = sorted_words(s->arena, i);
    for (size_t k = 0; k < i->n_args; k++) {
        struct str *words;
        size_t n;
        if (!scope_expand_words(s, i, sorted[k].pos, sorted[k].text, &words, &n, e))
            return false;
        for (size_t w = 0; w < n; w++)
            if (!expose_word(s, i, sorted[k].pos, words[w], &ports, e))
                return false;
    }
    merge(s, &ports);
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_STAGE_BYTES);
    buf_add_str(&text, S("EXPOSE "));
    words_bracketed(&text, ports.p, ports.n);
    out->created_by = arena_str(s->arena, buf_str(&text));
    return true;
}
