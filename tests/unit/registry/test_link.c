/* SPDX-License-Identifier: Apache-2.0
 * Where a list goes on: which of a Link header's links, and where that leads from the URL that answered. */
#include "fixture.h"
#include "registry/link.h"

static void headers(void) {
    static const struct {
        const char *header, *next;
    } cases[] = {
        {"</v2/a/tags/list?last=b&n=2>; rel=\"next\"", "/v2/a/tags/list?last=b&n=2"},
        {"<x>;rel=next", "x"},
        {"<x> ; REL = NEXT", "x"},
        {"<x>; rel=\"prev next\"", "x"},
        {"<x>; rel=\"prev\", <y>; rel=\"next\"", "y"},
        {"<x,y;z>; rel=\"next\"", "x,y;z"},
        {"<x>; title=\"a, <b>; rel=next\"; rel=\"prev\", <y>; rel=next", "y"},
        {"<x>; title=\"a \\\" b\"; rel=next", "x"},
        {"<x>; rel=prev; rel=next", ""},
        {"<x>; rel=nexte", ""},
        {"<x>; rev=next", ""},
        {"<next>; rel=prev", ""},
        {"<next>", ""},
        {"<x>; rel=\"next", "x"},
        {"<x; rel=next", ""},
        {"rel=next", ""},
        {"<>; rel=next", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(link_next(str_z(cases[i].header)), str_z(cases[i].next), cases[i].header);
}

static struct str follow(const char *url, const char *link, struct err *e) {
    struct registry_answer page = {.url = str_z(url), .link = str_z(link)};
    struct str next = STR_NULL;
    return link_follow(&arena, &page, &next, e) ? next : S("refused");
}

static void pages(void) {
    struct err e = ERR_INIT;
    const char *at = "https://mirror.example:5000/v2/far/a/tags/list?n=2";
    is_str(follow(at, "", &e), S(""), "no link, no next page");
    is_str(follow(at, "/v2/far/a/tags/list?last=b", &e), S("https://mirror.example:5000/v2/far/a/tags/list?last=b"), "a path");
    is_str(follow(at, "?last=b", &e), S("https://mirror.example:5000/v2/far/a/tags/list?last=b"), "a query alone");
    is_str(follow(at, "list?last=b", &e), S("https://mirror.example:5000/v2/far/a/tags/list?last=b"), "a name beside it");
    is_str(follow(at, "https://mirror.example:5000/x", &e), S("https://mirror.example:5000/x"), "a whole URL");
    is_str(follow("https://a.example/v2/x", "//a.example:443/y", &e), S("https://a.example:443/y"), "the port that it would be anyway");
    is_str(follow(at, "https://other.example/v2/x", &e), S("refused"), "another host is not asked");
    is_err(&e, "https://other.example:443, which is another host", "  and named");
    is_str(follow(at, "//other.example/v2/x", &e), S("refused"), "nor without its scheme");
    err_clear(&e);
    is_str(follow(at, "https://mirror.example/v2/x", &e), S("refused"), "nor another port");
    err_clear(&e);
    is_str(follow(at, "http://mirror.example:5000/v2/x", &e), S("refused"), "https does not become http");
    err_clear(&e);
    is_str(follow(at, "ftp://mirror.example:5000/v2/x", &e), S("refused"), "nor anything else");
    ok(e.kind == ERR_FAILED, "  which is no wrong usage");
    err_clear(&e);
}

int main(void) {
    fixture_init();
    headers();
    pages();
    return tap_done();
}
