/* SPDX-License-Identifier: Apache-2.0
 * Which tokens there are, and looking for them (tokens.h). */
#include "check/tokens.h"

#include <ctype.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"

enum { TOKEN_MAX = 512, PLACEHOLDER_BYTES = 128 }; /* no text makes the search quadratic */
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

/* One letter over and over; nothing of a text is gone through again and again to see that. */
static bool is_dull(struct str s) {
    bool seen[256] = {false};
    size_t different = 0;
    for (size_t k = 0; k < s.n; k++) {
        different += !seen[(unsigned char)s.p[k]];
        seen[(unsigned char)s.p[k]] = true;
    }
    return different < 6;
}

/* What people write into examples. */
static bool is_placeholder(struct str s) {
    return str_find(s, S("EXAMPLE")) >= 0 || str_find(s, S("example")) >= 0 || str_find(s, S("xxxx")) >= 0;
}

/* The token whose literal stands at `start`, or nothing. */
static struct str token_at(struct str text, size_t start, const struct token *t) {
    size_t body = start + strlen(t->literal), n = 0;
    if (start > 0 && in_alphabet(LETTERS_DIGITS, text.p[start - 1]))
        return STR_NULL;
    while (n < t->min && body + n < text.n && in_alphabet(t->alphabet, text.p[body + n]))
        n++;
    if (n < t->min || is_dull(str_n(text.p + body, n)))
        return STR_NULL;
    while (n < TOKEN_MAX && body + n < text.n && in_alphabet(t->alphabet, text.p[body + n]))
        n++;
    bool exact = t->alphabet != UPPER_DIGITS || n == t->min; /* words in capitals are longer */
    bool good = exact && !is_placeholder(str_first(str_n(text.p + body, n), PLACEHOLDER_BYTES));
    return good ? str_n(text.p + start, body + n - start) : STR_NULL;
}

/* The first such token, or nothing. */
static struct str find_token(struct str text, const struct token *t) {
    size_t from = 0;
    for (ptrdiff_t at; (at = str_find(str_from(text, from), str_z(t->literal))) >= 0; from += (size_t)at + 1) {
        struct str found = token_at(text, from + (size_t)at, t);
        if (found.n)
            return found;
    }
    return STR_NULL;
}

const char *token_in(struct str text) {
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

struct str tokens_masked(struct arena *a, struct str text) {
    for (size_t k = 0; k < TOKENS; k++)
        text = mask_one(a, text, &tokens[k]);
    return text;
}

/* --- All kinds in one pass ------------------------------------------------------------------------------------------------------------ */

/* Of each literal the two bytes that are the rarest in texts stand for it: where no such pair is, which a bit of a table tells, there is no
 * token, and 65,536 bits stay in the nearest cache. */
static struct {
    uint64_t bits[(1 << 16) / 64];
    size_t offset[TOKENS]; /* of the pair in its literal */
} pairs;

static unsigned pair_at(const char *p) {
    return (unsigned)(unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

static unsigned rarity(char ch) {
    return islower((unsigned char)ch) ? 0 : ch == '-' || ch == '.' ? 1 : isupper((unsigned char)ch) ? 2 : 3;
}

static void make_pairs(void) {
    for (size_t k = 0; k < TOKENS; k++) {
        const char *l = tokens[k].literal;
        for (size_t i = 1; i + 1 < strlen(l); i++)
            if (rarity(l[i]) + rarity(l[i + 1]) > rarity(l[pairs.offset[k]]) + rarity(l[pairs.offset[k] + 1]))
                pairs.offset[k] = i;
        unsigned pair = pair_at(l + pairs.offset[k]);
        pairs.bits[pair / 64] |= UINT64_C(1) << pair % 64;
    }
}

/* Whether a token of this kind has its pair at `at`. */
static bool is_at(struct str text, size_t at, size_t k, size_t *start) {
    struct str literal = str_z(tokens[k].literal);
    if (at < pairs.offset[k])
        return false;
    *start = at - pairs.offset[k];
    return str_starts(str_from(text, *start), literal) && token_at(text, *start, &tokens[k]).n;
}

void tokens_find(struct str text, void (*found)(void *ctx, const char *what, size_t at), void *ctx) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool told[TOKENS] = {false};
    pthread_once(&once, make_pairs);
    for (size_t at = 0; at + 1 < text.n; at++) {
        unsigned pair = pair_at(text.p + at);
        if (!(pairs.bits[pair / 64] >> pair % 64 & 1))
            continue;
        size_t start;
        for (size_t k = 0; k < TOKENS; k++)
            if (!told[k] && is_at(text, at, k, &start)) {
                told[k] = true;
                found(ctx, tokens[k].what, start);
            }
    }
}

void tokens_identify(struct sha256 *s) {
    for (size_t k = 0; k < TOKENS; k++) {
        sha256_update(s, tokens[k].what, strlen(tokens[k].what) + 1);
        sha256_update(s, tokens[k].literal, strlen(tokens[k].literal) + 1);
        sha256_update(s, (unsigned char[]){(unsigned char)tokens[k].alphabet, (unsigned char)tokens[k].min}, 2);
    }
}
