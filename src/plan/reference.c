/* SPDX-License-Identifier: Apache-2.0
 * The grammar of image references, checked piece by piece from the right: see reference.h. */
#include "plan/reference.h"

enum { NAME_MAX_BYTES = 255, TAG_MAX_BYTES = 128, DIGEST_HEX_MIN = 32 }; /* the grammar's own */

static bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_word(char c) {
    return is_lower_or_digit(c) || is_upper(c) || c == '_';
}

static bool has_upper(struct str s) {
    for (size_t k = 0; k < s.n; k++)
        if (is_upper(s.p[k]))
            return true;
    return false;
}

/* ".", "_", "__" or any number of "-". */
static bool is_separator(struct str s) {
    size_t dashes = 0;
    while (dashes < s.n && s.p[dashes] == '-')
        dashes++;
    return (s.n && dashes == s.n) || str_eqz(s, ".") || str_eqz(s, "_") || str_eqz(s, "__");
}

static bool is_path_component(struct str s) {
    size_t at = 0;
    while (at < s.n) {
        size_t start = at;
        while (at < s.n && is_lower_or_digit(s.p[at]))
            at++;
        if (at == start)
            return false;
        if (at == s.n)
            return true;
        start = at;
        while (at < s.n && !is_lower_or_digit(s.p[at]))
            at++;
        if (!is_separator(str_n(s.p + start, at - start)))
            return false;
    }
    return false;
}

/* A DNS name, an address, or "[ipv6]"; then perhaps ":port". */
static bool is_host(struct str s) {
    struct str host = s, port = STR_NULL;
    ptrdiff_t colon = str_rindex(s, ':');
    ptrdiff_t bracket = str_rindex(s, ']');
    if (colon > bracket) {
        uint64_t number;
        host = str_first(s, (size_t)colon);
        port = str_from(s, (size_t)colon + 1);
        if (!str_to_u64(port, 10, UINT64_MAX, &number))
            return false;
    }
    bool ipv6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    struct str inner = ipv6 ? str_n(host.p + 1, host.n - 2) : host;
    for (size_t k = 0; k < inner.n; k++) {
        bool edge = k == 0 || k + 1 == inner.n || inner.p[k - 1] == '.';
        bool alnum = is_word(inner.p[k]) && inner.p[k] != '_';
        if (!alnum && !(ipv6 ? inner.p[k] == ':' : !edge && (inner.p[k] == '-' || inner.p[k] == '.')))
            return false;
    }
    return inner.n > 0;
}

static const char *tag_fault(struct str tag) {
    if (tag.n == 0)
        return "the tag is empty";
    if (tag.n > TAG_MAX_BYTES)
        return "the tag is longer than 128 bytes";
    if (!is_word(tag.p[0]))
        return "a tag begins with a letter, a digit or \"_\"";
    for (size_t k = 0; k < tag.n; k++)
        if (!is_word(tag.p[k]) && tag.p[k] != '.' && tag.p[k] != '-')
            return "the tag has a character that is not allowed there";
    return NULL;
}

static const char *digest_fault(struct str digest) {
    struct str algorithm, hex;
    if (!str_cut(digest, ':', &algorithm, &hex) || algorithm.n == 0 || hex.n < DIGEST_HEX_MIN)
        return "the digest is not of the form sha256:HEX";
    for (size_t k = 0; k < algorithm.n; k++)
        if (!is_word(algorithm.p[k]) && !memchr("+.-", algorithm.p[k], 3))
            return "the digest's algorithm is malformed";
    for (size_t k = 0; k < hex.n; k++)
        if (!((hex.p[k] >= '0' && hex.p[k] <= '9') || (hex.p[k] >= 'a' && hex.p[k] <= 'f')))
            return "the digest has a character that is not lower-case hexadecimal";
    if (str_eqz(algorithm, "sha256") && hex.n != 64)
        return "a sha256 digest has 64 hexadecimal digits";
    return NULL;
}

/* As docker tells a host from a path: it has a dot or a colon, is "localhost", or has upper-case letters (which no path may). */
static bool looks_like_host(struct str first) {
    return str_index(first, '.') >= 0 || str_index(first, ':') >= 0 || str_eqz(first, "localhost") || has_upper(first);
}

static const char *name_fault(struct str name) {
    struct str first, rest = name, piece;
    if (name.n > NAME_MAX_BYTES)
        return "the name is longer than 255 bytes";
    if (str_cut(name, '/', &first, &piece) && looks_like_host(first)) {
        if (!is_host(first))
            return "the registry's host is malformed";
        rest = piece;
    }
    if (rest.n == 0)
        return "the name is empty";
    if (has_upper(rest))
        return "the name has upper-case letters";
    while (str_next(&rest, '/', &piece))
        if (!is_path_component(piece))
            return piece.n ? "the name has a character that is not allowed there" : "the name has an empty part";
    return NULL;
}

const char *reference_fault(struct str ref) {
    struct str rest, digest, tag = STR_NULL;
    bool has_digest = str_cut(ref, '@', &rest, &digest);
    ptrdiff_t colon = str_rindex(rest, ':');
    bool has_tag = colon > str_rindex(rest, '/');
    struct str name = rest;
    if (has_tag) {
        name = str_first(rest, (size_t)colon);
        tag = str_from(rest, (size_t)colon + 1);
    }
    const char *fault = name_fault(name);
    if (!fault && has_tag)
        fault = tag_fault(tag);
    if (!fault && has_digest)
        fault = digest_fault(digest);
    return fault;
}

/* --- Equality -------------------------------------------------------------------------------------------------------------------- */

/* A reference in parts, with what docker fills in: no path of docker.io keeps its "library/". */
struct parts {
    struct str host, path, tag, digest;
};

static struct parts parts_of(struct str ref) {
    struct parts out = {.host = S("docker.io")};
    struct str first, rest;
    (void)str_cut(ref, '@', &out.path, &out.digest);
    ptrdiff_t colon = str_rindex(out.path, ':');
    if (colon > str_rindex(out.path, '/')) {
        out.tag = str_from(out.path, (size_t)colon + 1);
        out.path = str_first(out.path, (size_t)colon);
    }
    if (str_cut(out.path, '/', &first, &rest) && looks_like_host(first)) {
        out.host = str_eqz(first, "index.docker.io") ? out.host : first;
        out.path = rest;
    }
    if (str_eqz(out.host, "docker.io") && str_starts(out.path, S("library/")) && str_index(str_from(out.path, 8), '/') < 0)
        out.path = str_from(out.path, 8);
    if (out.tag.n == 0 && out.digest.n == 0)
        out.tag = S("latest");
    return out;
}

bool reference_equal(struct str a, struct str b) {
    struct parts x = parts_of(a), y = parts_of(b);
    return str_eq(x.host, y.host) && str_eq(x.path, y.path) && str_eq(x.tag, y.tag) && str_eq(x.digest, y.digest);
}
