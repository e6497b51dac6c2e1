/* SPDX-License-Identifier: Apache-2.0
 * Whom to trust: the authorities of the system, of the user's variables and of the caller. See http.h and engine.h. */
#include <errno.h>
#include <stdlib.h>

#include "net/engine.h"

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *authorities_file(void) {
    const char *file = variable("CURL_CA_BUNDLE");
    return file ? file : variable("SSL_CERT_FILE");
}

/* Where certificates of authorities lie: the variables of curl and OpenSSL, else where the system has them. */
void trust_set(CURL *c, const struct libcurl *lib, const struct net_tls *tls) {
    const char *file = authorities_file(), *dir = variable("SSL_CERT_DIR");
    if (dir)
        lib->easy_setopt(c, CURLOPT_CAPATH, dir);
    if (file)
        lib->easy_setopt(c, CURLOPT_CAINFO, file);
    if (!tls)
        return;
    struct curl_blob blob = {(char *)tls->authorities.p, tls->authorities.n, CURL_BLOB_COPY};
    if (tls->authorities.n)
        lib->easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
    if (tls->certificate) {
        lib->easy_setopt(c, CURLOPT_SSLCERT, tls->certificate);
        lib->easy_setopt(c, CURLOPT_SSLKEY, tls->key ? tls->key : tls->certificate);
    }
    if (tls->insecure) {
        lib->easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        lib->easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

bool net_authorities(struct buf *pem, struct err *e) {
    const struct libcurl *lib = libcurl_load(e);
    CURL *c = lib ? lib->easy_init() : NULL;
    char *system_file = NULL;
    if (c)
        lib->easy_getinfo(c, CURLINFO_CAINFO, &system_file);
    const char *file = authorities_file() ? authorities_file() : system_file;
    bool ok = lib != NULL;
    FILE *f = ok && file ? fopen(file, "re") : NULL;
    if (ok && authorities_file() && !f)
        ok = err_sys(e, errno, "open %s", file);
    for (size_t n = 1; f && n > 0;) {
        char piece[4096];
        n = fread(piece, 1, sizeof piece, f);
        buf_add(pem, piece, n);
    }
    if (f)
        fclose(f);
    if (c)
        lib->easy_cleanup(c);
    return ok && (buf_ok(pem) || err_set(e, ERR_FAILED, "%s: more than %zu bytes of certificates", file, pem->max_bytes));
}
