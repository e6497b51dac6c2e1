/* SPDX-License-Identifier: Apache-2.0
 * Image names: [HOST[:PORT]/]PATH[:TAG][@DIGEST], the grammar of distribution/reference, normalised to docker's short form. */
#include "image/image.h"

enum { NAME_MAX_BYTES = 255, TAG_MAX_BYTES = 128 };

static bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* path-component := [a-z0-9]+ (separator [a-z0-9]+)*, separator := "." | "_" | "__" | "-"+ */
static bool good_component(struct str s) {
    for (size_t i = 0; i < s.n;) {
        size_t word = 0, separator = 0;
        while (i + word < s.n && is_alnum(s.p[i + word]))
            word++;
        if (word == 0)
            return false;
        i += word;
        if (i == s.n)
            return true;
        while (i + separator < s.n && s.p[i + separator] == s.p[i])
            separator++;
        char c = s.p[i];
        if (c != '-' && !(c == '.' && separator == 1) && !(c == '_' && separator <= 2))
            return false;
        i += separator;
    }
    return false;
}

/* "[::1]:5000" behind the bracket: hexadecimal digits and colons, as the grammar has them. */
static bool good_ipv6_host(struct str s) {
    struct str address, port;
    uint64_t number;
    if (!str_cut(s, ']', &address, &port) || !address.n)
        return false;
    for (size_t i = 0; i < address.n; i++)
        if (!address.p[i] || !strchr("0123456789abcdefABCDEF:", address.p[i]))
            return false;
    return !port.n || (port.p[0] == ':' && str_to_u64(str_from(port, 1), 10, 65535, &number));
}

static bool good_host(struct str s) {
    struct str host, port;
    uint64_t number;
    if (str_starts(s, S("[")))
        return good_ipv6_host(str_from(s, 1));
    if (str_cut(s, ':', &host, &port) && !str_to_u64(port, 10, 65535, &number))
        return false;
    char before = '.'; /* labels neither begin nor end with a dash, and none is empty: ".." is no host */
    for (size_t i = 0; i < host.n; before = host.p[i++]) {
        char c = host.p[i];
        bool word = is_alnum(c) || (c >= 'A' && c <= 'Z');
        if (!word && c != '-' && c != '.')
            return false;
        if ((before == '.' && !word) || (before == '-' && c == '.'))
            return false;
    }
    return host.n > 0 && before != '.' && before != '-';
}

bool image_tag_is_good(struct str s) {
    if (s.n == 0 || s.n > TAG_MAX_BYTES)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = is_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_';
        if (!word && (i == 0 || (c != '.' && c != '-')))
            return false;
    }
    return true;
}

/* docker's rule: the first component is a host if it has a dot or a port, or is "localhost". */
static bool is_host(struct str first) {
    return str_index(first, '.') >= 0 || str_index(first, ':') >= 0 || str_eq(first, S("localhost"));
}

static struct str shorten(struct str name) {
    if (str_starts(name, S("index.docker.io/")))
        name = str_from(name, 16);
    else if (str_starts(name, S("docker.io/")))
        name = str_from(name, 10);
    else
        return name;
    return str_starts(name, S("library/")) && str_index(str_from(name, 8), '/') < 0 ? str_from(name, 8) : name;
}

static bool good_path(struct str name) {
    struct str rest = name, piece;
    bool first = true;
    while (str_next(&rest, '/', &piece)) {
        bool host = first && rest.p && is_host(piece);
        if (host ? !good_host(piece) : !good_component(piece))
            return false;
        first = false;
    }
    return name.n > 0 && name.n <= NAME_MAX_BYTES;
}

bool image_path_is_good(struct str path) {
    struct str rest = path, piece;
    while (str_next(&rest, '/', &piece))
        if (!good_component(piece))
            return false;
    return path.n > 0 && path.n <= NAME_MAX_BYTES;
}

/* "sha256:<hex>" and 64 hex digits mean an image by its content: nobody may give another image such a name. As docker. */
static bool like_an_id(struct str name) {
    size_t n = 0;
    while (n < name.n && ((name.p[n] >= '0' && name.p[n] <= '9') || (name.p[n] >= 'a' && name.p[n] <= 'f')))
        n++;
    return str_eqz(name, "sha256") || (name.n == DIGEST_HEX && n == name.n);
}

bool image_name_parse(struct arena *a, struct str text, struct image_name *out, struct err *e) {
    struct str name, tag = STR_NULL, digest;
    bool has_digest = str_cut(text, '@', &name, &digest);
    ptrdiff_t colon = str_rindex(name, ':');
    if (colon >= 0 && str_index(str_from(name, (size_t)colon), '/') < 0) {
        tag = str_from(name, (size_t)colon + 1);
        name = str_first(name, (size_t)colon);
        if (!image_tag_is_good(tag))
            return err_set(e, ERR_USAGE, "invalid tag \"%s\" in image name \"%s\"", SHOWN(tag), SHOWN(text));
    }
    struct digest parsed;
    if (has_digest && !digest_parse(digest, &parsed, e)) {
        e->kind = ERR_USAGE;
        return err_wrap(e, "image name \"%s\"", SHOWN(text));
    }
    if (!good_path(name))
        return err_set(e, ERR_USAGE, "invalid image name \"%s\" ([HOST[:PORT]/]name[:TAG], lower case)", SHOWN(text));
    if (like_an_id(shorten(name)))
        return err_set(e, ERR_USAGE, "invalid image name \"%s\": it would be taken for a digest", SHOWN(text));
    out->name = arena_str(a, shorten(name));
    out->tag = arena_str(a, tag.n || has_digest ? tag : S("latest"));
    out->digest = arena_str(a, digest);
    return true;
}

struct str image_name_text(struct arena *a, const struct image_name *n) {
    return n->tag.n ? arena_join3(a, n->name, S(":"), n->tag) : n->name;
}

struct str image_name_full(struct arena *a, struct str name) {
    struct str first, rest;
    bool path = str_cut(name, '/', &first, &rest);
    if (path && is_host(first))
        return arena_str(a, name);
    return arena_join3(a, path ? S("docker.io/") : S("docker.io/library/"), name, STR_NULL);
}
