/* SPDX-License-Identifier: Apache-2.0
 * Advice about URLs: see words.h. */
#include "fetch/words.h"

static const struct {
    long status;
    const char *advice;
} statuses[] = {
    {401, "; it wants other credentials: https://USER:PASSWORD@HOST/ in a build argument, never in the file"},
    {403, "; the address may be wrong, or the file not for everyone"},
    {404, "; check the address, or send it elsewhere with --url-map"},
    {407, "; credentials of the proxy belong into http_proxy or https_proxy"},
    {410, "; --url-map can send the address to a copy"},
    {429, "; wait, or send it to a mirror with --url-map"},
};

const char *words_status_advice(long status) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == status)
            return statuses[i].advice;
    return "";
}

bool words_net_advice(enum net_failure failure, struct err *e) {
    switch (failure) {
    case NET_UNTRUSTED:
        return err_append(e, "; SSL_CERT_FILE or CURL_CA_BUNDLE names a file of other authorities to trust");
    case NET_STALLED:
        return err_append(e, "; CROZE_FETCH_TIMEOUT=SECONDS waits longer");
    case NET_NO_HOST:
        return err_append(e, "; --url-map can send the address to a host that there is");
    default:
        return false;
    }
}
