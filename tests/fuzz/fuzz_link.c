/* SPDX-License-Identifier: Apache-2.0
 * Link headers, and where they lead from the URL that answered. The first byte chooses that; the rest is the header. A target is a piece of
 * the header; the next page is by http or https where the page itself was, and may be followed in turn. */
#include <assert.h>

#include "net/url.h"
#include "registry/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_next(struct arena *a, struct str url, struct str link) {
    struct err e = ERR_INIT;
    struct registry_answer page = {.url = url, .link = link};
    struct str next;
    struct url here, there;
    if (!link_follow(a, &page, &next, &e)) {
        assert(e.kind == ERR_FAILED && e.msg && link.n);
    } else if (next.n) {
        bool both = url_parse(a, url, URL_HTTP | URL_HTTPS, &here, &e) && url_parse(a, next, URL_HTTP | URL_HTTPS, &there, &e);
        assert(both && str_eq(here.origin, there.origin) && str_eq(here.host, there.host) && here.scheme == there.scheme);
        assert(there.user.n == 0 && there.password.n == 0);
    } else {
        assert(link.n == 0);
    }
    err_clear(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const urls[] = {"https://registry.example/v2/a/tags/list?n=2", "http://127.0.0.1:5000/v2/_catalog",
                                       "https://[::1]:5000/v2/a/b/referrers/sha256:0"};
    struct arena a = ARENA_INIT;
    if (size == 0)
        return 0;
    struct str header = arena_str(&a, str_n((const char *)data + 1, size - 1));
    struct str target = link_next(header);
    assert(target.n == 0 || (target.p > header.p && target.p + target.n < header.p + header.n && str_index(target, '>') < 0));
    check_next(&a, str_z(urls[data[0] % 3]), target);
    check_next(&a, str_z(urls[data[0] % 3]), header);
    arena_fini(&a);
    return 0;
}
