/* SPDX-License-Identifier: Apache-2.0
 * Layers read for check_origin(): the bytes of databases, and the checksums that package managers have (SHA-256 is in the toc). A layer
 * that holds a list mostly holds what the list has: all of it is hashed on that one way, and layers without a list only where one speaks of
 * a file of theirs. What counts is what the toc says the file is: bytes of another SHA-256, an archive's earlier entry of that name, do
 * not. */
#include <openssl/evp.h>

#include "base/limits.h"
#include "check/origin_work.h"
#include "layer/read.h"

enum { PIECE_BYTES = 256 << 10 };

struct reader {
    struct origin_work *work;
    size_t layer;
    bool lists;         /* databases are kept, and what they may list is hashed; else what is wanted */
    bool of[CHECKSUMS]; /* with `lists`: of these kinds */
    EVP_MD_CTX *hashes[CHECKSUMS];
    char *piece;
};

static const EVP_MD *method(enum checksum kind) {
    return kind == CHECKSUM_MD5 ? EVP_md5() : EVP_sha1();
}

static bool cannot_hash(struct err *e) {
    return err_set(e, ERR_FAILED, "OpenSSL does not compute MD5 and SHA-1 here, which lists of packages have");
}

/* --- One file ------------------------------------------------------------------------------------------------------------------------- */

/* What is to be computed of it. */
static bool kinds_of(const struct reader *r, const struct origin_file *f, bool kinds[CHECKSUMS]) {
    memset(kinds, 0, CHECKSUMS * sizeof *kinds);
    if (origin_is_base(r->work, f))
        return false;
    for (enum checksum k = 0; r->lists && k < CHECKSUMS; k++)
        kinds[k] = r->of[k];
    for (const struct origin_wanted *x = f->wanted; x && !r->lists; x = x->next)
        kinds[x->kind] = x->kind != CHECKSUM_SHA256;
    for (enum checksum k = 0; f->sums && k < CHECKSUMS; k++)
        kinds[k] &= !f->sums->has[k];
    return kinds[CHECKSUM_MD5] || kinds[CHECKSUM_SHA1];
}

/* Hashes it, and keeps its bytes if `keep` is given: no more of them than it can hold. */
static bool pass(struct reader *r, const struct content *content, const bool kinds[CHECKSUMS], struct buf *keep, struct digest *digest,
                 struct err *e) {
    struct sha256 own;
    ptrdiff_t n;
    sha256_init(&own);
    for (enum checksum k = 0; k < CHECKSUMS; k++)
        if (kinds[k] && EVP_DigestInit_ex(r->hashes[k], method(k), NULL) != 1)
            return cannot_hash(e);
    while ((n = content->pull(content->pull_ctx, r->piece, PIECE_BYTES, e)) > 0) {
        sha256_update(&own, r->piece, (size_t)n);
        for (enum checksum k = 0; k < CHECKSUMS; k++)
            if (kinds[k] && EVP_DigestUpdate(r->hashes[k], r->piece, (size_t)n) != 1)
                return cannot_hash(e);
        if (keep)
            buf_add(keep, r->piece, (size_t)n);
    }
    *digest = sha256_final(&own);
    return n == 0;
}

static bool keep_sums(struct reader *r, struct origin_file *f, const bool kinds[CHECKSUMS], struct err *e) {
    f->sums = f->sums ? f->sums : arena_new(&r->work->own, struct origin_sums);
    for (enum checksum k = 0; k < CHECKSUMS; k++) {
        unsigned char sum[EVP_MAX_MD_SIZE];
        if (!kinds[k])
            continue;
        if (EVP_DigestFinal_ex(r->hashes[k], sum, NULL) != 1)
            return cannot_hash(e);
        memcpy(f->sums->of[k], sum, checksum_bytes(k));
        f->sums->has[k] = true;
    }
    return true;
}

static bool read_file(struct reader *r, struct origin_file *f, const struct content *content, struct err *e) {
    struct origin_work *w = r->work;
    struct origin_database *d = r->lists && f->database && !f->database->is_read ? f->database : NULL;
    bool kinds[CHECKSUMS], hashed = kinds_of(r, f, kinds), fits = d && f->bytes <= LIMIT_PACKAGE_LIST_BYTES - w->database_bytes;
    struct digest digest;
    if (content->kind != CONTENT_STREAM || (!hashed && !fits))
        return true;
    if (!pass(r, content, kinds, fits ? &d->bytes : NULL, &digest, e))
        return false;
    bool is_it = digest_eq(&digest, &f->digest);
    if (fits && is_it && buf_ok(&d->bytes)) {
        d->is_read = true;
        w->database_bytes += d->bytes.n;
    } else if (fits)
        buf_fini(&d->bytes);
    return !hashed || !is_it || keep_sums(r, f, kinds, e);
}

static bool take_entry(void *ctx, const struct entry *en, const struct content *content, struct err *e) {
    struct reader *r = ctx;
    size_t number;
    if (en->type != ENTRY_FILE || !toc_find(r->work->view.tocs[r->layer], en->path, &number))
        return true;
    struct origin_file *f = origin_file_of(r->work, r->layer, number);
    return !f || read_file(r, f, content, e);
}

/* --- Layers --------------------------------------------------------------------------------------------------------------------------- */

static bool read_layers(struct reader *r, const bool *wanted, struct err *e) {
    struct origin_work *w = r->work;
    bool good = true;
    r->piece = mem_alloc(PIECE_BYTES);
    for (enum checksum k = 0; k < CHECKSUMS; k++)
        r->hashes[k] = EVP_MD_CTX_new();
    for (enum checksum k = 0; k < CHECKSUMS; k++)
        good = good && (r->hashes[k] || cannot_hash(e));
    for (size_t k = 0; good && k < w->view.n; k++) {
        r->layer = k;
        good = !wanted[k] || layer_read(w->store, &w->view.layers[k], (struct entry_sink){take_entry, r}, e);
    }
    for (enum checksum k = 0; k < CHECKSUMS; k++)
        EVP_MD_CTX_free(r->hashes[k]);
    free(r->piece);
    return good;
}

bool origin_read_databases(struct origin_work *w, struct err *e) {
    struct reader r = {.work = w, .lists = true};
    bool *layers = arena_array(&w->own, bool, w->view.n);
    for (size_t k = 0; k < w->databases.n; k++) {
        const struct origin_database *d = &w->databases.p[k];
        bool is_dpkg = d->kind == LIST_DPKG_SUMS || d->kind == LIST_DPKG_STATUS;
        layers[d->file->layer] |= is_dpkg || d->kind == LIST_DPKG_DIVERSIONS || d->kind == LIST_APK || d->kind == LIST_RPM_SQLITE;
        r.of[CHECKSUM_MD5] |= is_dpkg;
        r.of[CHECKSUM_SHA1] |= d->kind == LIST_APK;
    }
    return read_layers(&r, layers, e);
}

bool origin_read_wanted(struct origin_work *w, struct err *e) {
    struct reader r = {.work = w};
    bool *layers = arena_array(&w->own, bool, w->view.n), kinds[CHECKSUMS];
    for (size_t k = 0; k < w->files.n; k++)
        if (kinds_of(&r, w->files.p[k], kinds))
            layers[w->files.p[k]->layer] = true;
    return read_layers(&r, layers, e);
}
