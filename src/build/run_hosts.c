/* SPDX-License-Identifier: Apache-2.0
 * /etc/hosts of a RUN: see run_hosts.h. */
#include "build/run_hosts.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "sys/files.h"

/* Connecting a datagram socket sends nothing: the kernel only chooses a route and the address that belongs to it. The destination is one
 * of those set aside for documentation (RFC 5737, RFC 3849), behind whatever the default route is. */
static bool source_address(int family, const void *destination, socklen_t n, void *own, socklen_t own_n) {
    _cleanup_fd_ int s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return s >= 0 && connect(s, destination, n) == 0 && getsockname(s, own, &own_n) == 0;
}

struct str run_host_gateway(struct arena *a) {
    char text[INET6_ADDRSTRLEN] = "127.0.0.1";
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0xc0000201)}, own4;
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr.s6_addr = {0x20, 1, 0x0d, 0xb8, [15] = 1}}, own6;
    if (source_address(AF_INET, &to4, sizeof to4, &own4, sizeof own4))
        inet_ntop(AF_INET, &own4.sin_addr, text, sizeof text);
    else if (source_address(AF_INET6, &to6, sizeof to6, &own6, sizeof own6))
        inet_ntop(AF_INET6, &own6.sin6_addr, text, sizeof text);
    return arena_str(a, str_z(text));
}

struct str run_hostname(const struct run_options *o) {
    return o->hostname.n ? o->hostname : S("buildkitsandbox");
}

struct str run_hosts_text(struct arena *a, const struct run_options *o, struct str own) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_HOSTS_BYTES);
    struct str gateway = STR_NULL;
    for (size_t i = 0; i < o->hosts.n; i++) {
        struct str address = o->hosts.p[i].address;
        if (str_eq(address, S("host-gateway")))
            address = gateway = gateway.n ? gateway : run_host_gateway(a);
        buf_printf(&text, "%.*s\t%.*s\n", STR_ARG(address), STR_ARG(o->hosts.p[i].name));
    }
    buf_add_str(&text, own);
    if (!str_ends(own, S("\n")))
        buf_add_char(&text, '\n');
    buf_printf(&text, "127.0.0.1 %.*s\n", STR_ARG(run_hostname(o))); /* programs look their own host name up */
    return arena_str(a, buf_str(&text));
}
