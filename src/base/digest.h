/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 digests as the OCI image specification writes them ("sha256:" + 64 lower-case hex digits; descriptor.md, "Digests").
 * The running state can be saved and resumed: chunk reuse (layer/) continues a layer's two hashes in the middle, which is why this is
 * OpenSSL's SHA256_CTX and not EVP, that exports no state. */
#ifndef CROZE_BASE_DIGEST_H
#define CROZE_BASE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct digest {
    uint8_t b[32];
};

enum { DIGEST_HEX = 64, DIGEST_TEXT = 7 + 64 }; /* lengths without the NUL */

/* Room for the text of one digest: `digest_text(&d, (char[DIGEST_TEXT + 1]){0})`. Returns out. */
const char *digest_text(const struct digest *d, char out[DIGEST_TEXT + 1]);
const char *digest_hex(const struct digest *d, char out[DIGEST_HEX + 1]);
/* Parses "sha256:<hex>". Another algorithm or a malformed one is an error that names it. */
MUST_CHECK bool digest_parse(struct str s, struct digest *out, struct err *e);
MUST_CHECK bool digest_parse_hex(struct str hex, struct digest *out);
static inline bool digest_eq(const struct digest *a, const struct digest *b) {
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}
/* As a key of a map, which lives as long as the digest does. */
static inline struct str digest_key(const struct digest *d) {
    return str_n((const char *)d->b, sizeof d->b);
}
bool digest_is_zero(const struct digest *d);
/* The OCI ChainID of a stack of layers (image-spec config.md, "Layer ChainID"): of one layer its diffID, of more
 * sha256(text of the parent's + " " + text of the diffID). A zero parent is no layer. */
struct digest chain_id(const struct digest *parent, const struct digest *diff_id);

/* A hash that is being computed. Plain data: it may be copied, stored and resumed on the same machine type. */
struct sha256 {
    uint32_t h[8];
    uint64_t bytes;      /* hashed so far */
    uint8_t tail[64];    /* the last bytes % 64 of them */
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *p, size_t n);
struct digest sha256_final(const struct sha256 *s); /* s stays usable */
struct digest sha256_of(const void *p, size_t n);

/* Hashing of fields for keys: each field is framed by its length, so that ("ab","c") and ("a","bc") differ. */
void sha256_field(struct sha256 *s, struct str field);
void sha256_u64(struct sha256 *s, uint64_t v);

#endif
