/* SPDX-License-Identifier: Apache-2.0
 * Rules over what lies in files: keys and tokens whose shape tells what they are. Every layer counts: what a later one deletes still ships.
 * A finding never shows the secret. */
#include "base/buf.h"
#include "check/image_rules.h"

#include <ctype.h>

#include "layer/names.h"

enum { TOKEN_MAX = 512, HEADING_MAX = 80 }; /* bytes; no text makes the search quadratic */
enum alphabet { LETTERS_DIGITS, UPPER_DIGITS, HEX, BASE64URL, BASE64 };

/* A token: a literal that nothing else begins with, then `min` or more letters of an alphabet. */
static const struct token {
    const char *what, *literal;
    enum alphabet alphabet;
    size_t min;
} tokens[] = {
    {"an AWS access key", "AKIA", UPPER_DIGITS, 16},
    {"a temporary AWS access key", "ASIA", UPPER_DIGITS, 16},
    {"a GitHub token", "ghp_", LETTERS_DIGITS, 36},
    {"a GitHub OAuth token", "gho_", LETTERS_DIGITS, 36},
    {"a GitHub app's token", "ghs_", LETTERS_DIGITS, 36},
    {"a GitHub refresh token", "ghr_", LETTERS_DIGITS, 36},
    {"a GitHub token", "github_pat_", BASE64URL, 60},
    {"a GitLab token", "glpat-", BASE64URL, 20},
    {"a Docker Hub token", "dckr_pat_", BASE64URL, 20},
    {"an npm token", "npm_", LETTERS_DIGITS, 36},
    {"a PyPI token", "pypi-AgEIcHlwaS5vcmc", BASE64URL, 50},
    {"a Google API key", "AIza", BASE64URL, 35},
    {"a Slack token", "xoxb-", BASE64URL, 24},
    {"a Slack token", "xoxp-", BASE64URL, 24},
    {"a Stripe key", "sk_live_", LETTERS_DIGITS, 24},
    {"a SendGrid key", "SG.", BASE64URL, 22},
    {"a HashiCorp Vault token", "hvs.", BASE64URL, 24},
    {"a DigitalOcean token", "dop_v1_", HEX, 64},
    {"an age key", "AGE-SECRET-KEY-1", UPPER_DIGITS, 58},
    {"an Azure storage key", "AccountKey=", BASE64, 86},
};
enum { TOKENS = sizeof tokens / sizeof *tokens };

static bool in_alphabet(enum alphabet a, char ch) {
    unsigned char u = (unsigned char)ch;
    switch (a) {
    case UPPER_DIGITS:
        return (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9');
    case HEX:
        return isxdigit(u) && u < 0x80;
    case BASE64URL:
        return (isalnum(u) && u < 0x80) || u == '-' || u == '_';
    case BASE64:
        return (isalnum(u) && u < 0x80) || u == '+' || u == '/' || u == '=';
    default:
        return isalnum(u) && u < 0x80;
    }
}

/* What people write into examples: one letter over and over, or the word itself. */
static bool is_placeholder(struct str s) {
    bool seen[256] = {false};
    size_t different = 0;
    for (size_t k = 0; k < s.n; k++) {
        different += !seen[(unsigned char)s.p[k]];
        seen[(unsigned char)s.p[k]] = true;
    }
    return different < 6 || str_find(s, S("EXAMPLE")) >= 0 || str_find(s, S("example")) >= 0 || str_find(s, S("xxxx")) >= 0;
}

/* The first such token, or nothing. */
static struct str find_token(struct str text, const struct token *t) {
    struct str literal = str_z(t->literal);
    size_t from = 0;
    for (ptrdiff_t at; (at = str_find(str_from(text, from), literal)) >= 0; from += (size_t)at + 1) {
        size_t start = from + (size_t)at, body = start + literal.n, n = 0;
        if (start > 0 && in_alphabet(LETTERS_DIGITS, text.p[start - 1]))
            continue;
        while (n < TOKEN_MAX && body + n < text.n && in_alphabet(t->alphabet, text.p[body + n]))
            n++;
        bool exact = t->alphabet != UPPER_DIGITS || n == t->min; /* words in capitals are longer */
        if (n >= t->min && exact && !is_placeholder(str_n(text.p + body, n)))
            return str_n(text.p + start, literal.n + n);
    }
    return STR_NULL;
}

const char *image_token(struct str text) {
    for (size_t k = 0; k < TOKENS; k++)
        if (find_token(text, &tokens[k]).n)
            return tokens[k].what;
    return NULL;
}

static struct str mask_one(struct arena *a, struct str text, const struct token *t) {
    struct str rest = text, found = find_token(rest, t);
    if (found.n == 0)
        return text;
    _cleanup_(buf_fini) struct buf out = BUF_INIT(text.n);
    for (; found.n; found = find_token(rest, t)) {
        size_t before = (size_t)(found.p - rest.p);
        buf_add_str(&out, str_first(rest, before));
        buf_add_str(&out, S("***"));
        rest = str_from(rest, before + found.n);
    }
    buf_add_str(&out, rest);
    return arena_str(a, buf_str(&out));
}

struct str image_masked(struct arena *a, struct str text) {
    for (size_t k = 0; k < TOKENS; k++)
        text = mask_one(a, text, &tokens[k]);
    return text;
}

static size_t line_at(struct str text, size_t at) {
    size_t line = 1;
    for (size_t k = 0; k < at; k++)
        line += text.p[k] == '\n';
    return line;
}

/* Programs hold such literals as patterns; a NUL near the beginning tells them. */
static bool is_text(struct str bytes) {
    return bytes.n && memchr(bytes.p, '\0', bytes.n < 1024 ? bytes.n : 1024) == NULL;
}

static const char *ships(struct image_check *c, const struct image_entry *en) {
    return image_shows(c, en) ? "" : "; a later layer hides it, but it ships";
}

static void token(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    if (!is_text(en->bytes))
        return;
    for (size_t k = 0; k < TOKENS; k++) {
        struct str found = find_token(en->bytes, &tokens[k]);
        if (found.n)
            image_report_at(c, r, en->layer, en->entry->path, 0, "line %zu has what looks like %s%s",
                            line_at(en->bytes, (size_t)(found.p - en->bytes.p)), tokens[k].what, ships(c, en));
    }
}

/* --- Keys ---------------------------------------------------------------------------------------------------------------------------- */

/* The heading and at least so much of a body: a heading alone is in every crypto library. RFC 7468. */
static bool has_private_key(struct str text, size_t *at) {
    enum { BODY_BYTES = 64 };
    size_t from = 0;
    for (ptrdiff_t found; (found = str_find(str_from(text, from), S("-----BEGIN "))) >= 0; from += (size_t)found + 1) {
        struct str line, rest;
        size_t start = from + (size_t)found, n = 0;
        (void)str_cut(str_first(str_from(text, start), HEADING_MAX), '\n', &line, &rest);
        rest = str_from(text, start + line.n + 1);
        if (!str_ends(str_trim_right(line), S("PRIVATE KEY-----")) && !str_ends(str_trim_right(line), S("PRIVATE KEY BLOCK-----")))
            continue;
        for (size_t k = 0; k < rest.n && n < BODY_BYTES && (in_alphabet(BASE64, rest.p[k]) || strchr("\r\n :,-", rest.p[k])); k++)
            n += in_alphabet(BASE64, rest.p[k]);
        *at = start;
        if (n >= BODY_BYTES && !str_starts(rest, S("-")))
            return true;
    }
    return false;
}

static void private_key(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    size_t at;
    if (is_text(en->bytes) && has_private_key(en->bytes, &at))
        image_report_at(c, r, en->layer, en->entry->path, 0, "line %zu begins a private key%s", line_at(en->bytes, at), ships(c, en));
}

/* JKS and JCEKS by their magic numbers; PKCS #12 by its outer sequence: version 3, then a content of type data (RFC 7292 4). */
static const char *keystore_kind(struct str b) {
    static const char data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    if (str_starts(b, str_n("\xfe\xed\xfe\xed", 4)))
        return "Java key store (JKS)";
    if (str_starts(b, str_n("\xce\xce\xce\xce", 4)))
        return "Java key store (JCEKS)";
    if (b.n > 32 && b.p[0] == 0x30 && str_find(str_first(b, 12), str_n("\x02\x01\x03\x30", 4)) > 0 &&
        str_find(str_first(b, 32), str_n(data, sizeof data - 1)) > 0)
        return "PKCS #12 key store";
    return NULL;
}

static void keystore(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    const char *kind = keystore_kind(en->bytes);
    bool authorities = str_ends(en->entry->path, S("cacerts"));
    if (kind && !authorities)
        image_report_at(c, r, en->layer, en->entry->path, en->entry->size, "is a %s%s", kind, ships(c, en));
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_secrets[] = {
    {.id = "ImageToken",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "Everyone who has the image has it, from its own layer even if a later one deletes it.",
     .fix = "Revoke it. Use RUN --mount=type=secret, and build anew from before that step.",
     .url = "",
     .image = token},
    {.id = "ImagePrivateKey",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "A private key that everyone has proves nothing.",
     .fix = "Replace the key. Mount it when the container is started.",
     .url = "",
     .image = private_key},
    {.id = "ImageKeystore",
     .reads = READS_CONTENT,
     .severity = SEVERITY_INFO,
     .also = "4.10",
     .why = "If it holds a private key, all who have the image have it, and default passwords are known.",
     .fix = "Mount the store of the place where the image runs over it.",
     .url = "",
     .image = keystore},
    {0},
};
