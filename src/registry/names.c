/* SPDX-License-Identifier: Apache-2.0
 * Where an image name leads: "alpine" is docker.io/library/alpine (client.h); which tags are no image's (place.h). */
#include <stdlib.h>

#include "registry/place.h"

void repository_of(struct arena *a, const struct image_name *n, struct repository *out) {
    struct str first, rest;
    bool parts = str_cut(n->name, '/', &first, &rest);
    bool host = parts && (str_index(first, '.') >= 0 || str_index(first, ':') >= 0 || str_eqz(first, "localhost"));
    out->host = host ? arena_str(a, first) : S("docker.io");
    out->path = host ? arena_str(a, rest) : arena_join3(a, parts ? S("") : S("library/"), n->name, STR_NULL);
}

bool repository_eq(const struct repository *a, const struct repository *b) {
    return str_eq(a->host, b->host) && str_eq(a->path, b->path);
}

struct str repository_text(struct arena *a, const struct repository *r) {
    return r->path.n ? arena_join3(a, r->host, S("/"), r->path) : arena_str(a, r->host);
}

struct str repository_familiar(struct str text) {
    if (str_starts(text, S("docker.io/library/")))
        return str_from(text, S("docker.io/library/").n);
    return str_starts(text, S("docker.io/")) ? str_from(text, S("docker.io/").n) : text;
}

static int by_name(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void tags_sort(struct str *tags, size_t n) {
    if (n > 1)
        qsort(tags, n, sizeof *tags, by_name);
}

bool tags_have(const struct str *sorted, size_t n, struct str tag) {
    return n > 0 && bsearch(&tag, sorted, n, sizeof *sorted, by_name);
}

bool tag_is_about(struct str tag) {
    struct digest d;
    return str_starts(tag, S("sha256-")) && tag.n >= 7 + DIGEST_HEX && digest_parse_hex(str_first(str_from(tag, 7), DIGEST_HEX), &d);
}
