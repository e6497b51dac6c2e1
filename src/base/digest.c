/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 over OpenSSL's block function, with a state of our own that can be saved: see digest.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_* is the only OpenSSL interface that gives the state between blocks */
#include "base/digest.h"

#include <assert.h>
#include <openssl/sha.h>

static const char hex_digits[] = "0123456789abcdef";

const char *digest_hex(const struct digest *d, char out[DIGEST_HEX + 1]) {
    for (size_t i = 0; i < sizeof d->b; i++) {
        out[2 * i] = hex_digits[d->b[i] >> 4];
        out[2 * i + 1] = hex_digits[d->b[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
    return out;
}

const char *digest_text(const struct digest *d, char out[DIGEST_TEXT + 1]) {
    memcpy(out, "sha256:", 7);
    digest_hex(d, out + 7);
    return out;
}

static int nibble(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; /* upper case is not canonical */
}

bool digest_parse_hex(struct str hex, struct digest *out) {
    if (hex.n != DIGEST_HEX)
        return false;
    for (size_t i = 0; i < sizeof out->b; i++) {
        int high = nibble(hex.p[2 * i]), low = nibble(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool digest_parse(struct str s, struct digest *out, struct err *e) {
    struct str algorithm, hex;
    if (!str_cut(s, ':', &algorithm, &hex))
        return err_set(e, ERR_FAILED, "\"%s\" is not a digest (sha256:<64 hex digits>)", SHOWN(s));
    if (!str_eq(algorithm, S("sha256")))
        return err_set(e, ERR_FAILED, "digest algorithm \"%s\" is not supported (sha256 is)",
                       SHOWN(algorithm));
    if (!digest_parse_hex(hex, out))
        return err_set(e, ERR_FAILED, "digest \"%s\" is malformed (64 lower-case hex digits must follow sha256:)",
                       SHOWN(s));
    return true;
}

bool digest_is_zero(const struct digest *d) {
    static const struct digest zero;
    return digest_eq(d, &zero);
}

static void load(SHA256_CTX *c, const struct sha256 *s) {
    memset(c, 0, sizeof *c);
    memcpy(c->h, s->h, sizeof s->h);
    c->Nl = (SHA_LONG)(s->bytes << 3);
    c->Nh = (SHA_LONG)(s->bytes >> 29);
    c->num = (unsigned)(s->bytes & 63);
    memcpy(c->data, s->tail, c->num);
    c->md_len = SHA256_DIGEST_LENGTH;
}

void sha256_init(struct sha256 *s) {
    SHA256_CTX c;
    SHA256_Init(&c);
    memset(s, 0, sizeof *s);
    memcpy(s->h, c.h, sizeof s->h);
}

void sha256_update(struct sha256 *s, const void *p, size_t n) {
    if (n == 0)
        return;
    SHA256_CTX c;
    load(&c, s);
    SHA256_Update(&c, p, n);
    memcpy(s->h, c.h, sizeof s->h);
    s->bytes += n;
    assert(c.num == (s->bytes & 63));
    memcpy(s->tail, c.data, c.num);
}

struct digest sha256_final(const struct sha256 *s) {
    struct digest d;
    SHA256_CTX c;
    load(&c, s);
    SHA256_Final(d.b, &c);
    return d;
}

struct digest sha256_of(const void *p, size_t n) {
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, p, n);
    return sha256_final(&s);
}

void sha256_u64(struct sha256 *s, uint64_t v) {
    uint8_t b[8];
    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    sha256_update(s, b, sizeof b);
}

void sha256_field(struct sha256 *s, struct str field) {
    sha256_u64(s, field.n);
    sha256_update(s, field.p, field.n);
}

struct digest chain_id(const struct digest *parent, const struct digest *diff_id) {
    char text[2 * DIGEST_TEXT + 2];
    if (digest_is_zero(parent))
        return *diff_id;
    digest_text(parent, text);
    text[DIGEST_TEXT] = ' ';
    digest_text(diff_id, text + DIGEST_TEXT + 1);
    return sha256_of(text, 2 * DIGEST_TEXT + 1);
}
