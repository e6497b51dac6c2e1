/* SPDX-License-Identifier: Apache-2.0
 * Words for statuses and failures: see words.h. The reasons are those of RFC 9110 and RFC 6585. */
#include "fetch/words.h"

#include <stdio.h>

#include "fetch/http.h"

static const struct {
    long status;
    const char *reason, *advice;
} statuses[] = {
    {204, "No Content", NULL},
    {206, "Partial Content", NULL},
    {300, "Multiple Choices", NULL},
    {304, "Not Modified", NULL},
    {400, "Bad Request", NULL},
    {401, "Unauthorized", "; it wants other credentials: https://USER:PASSWORD@HOST/ in a build argument, never in the file"},
    {402, "Payment Required", NULL},
    {403, "Forbidden", "; the address may be wrong, or the file not for everyone"},
    {404, "Not Found", "; check the address, or send it elsewhere with --url-map"},
    {405, "Method Not Allowed", NULL},
    {407, "Proxy Authentication Required", "; credentials of the proxy belong into http_proxy or https_proxy"},
    {408, "Request Timeout", NULL},
    {410, "Gone", "; --url-map can send the address to a copy"},
    {416, "Range Not Satisfiable", NULL},
    {429, "Too Many Requests", "; wait, or send it to a mirror with --url-map"},
    {451, "Unavailable For Legal Reasons", NULL},
    {500, "Internal Server Error", NULL},
    {501, "Not Implemented", NULL},
    {502, "Bad Gateway", NULL},
    {503, "Service Unavailable", NULL},
    {504, "Gateway Timeout", NULL},
};

const char *http_status_words(long status, char out[64]) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == status) {
            snprintf(out, 64, "%ld %s", status, statuses[i].reason);
            return out;
        }
    snprintf(out, 64, "%ld", status);
    return out;
}

const char *words_status_advice(long status) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == status && statuses[i].advice)
            return statuses[i].advice;
    return "";
}

bool words_curl_is_transient(CURLcode r) {
    switch (r) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

bool words_curl_advice(CURLcode r, struct err *e) {
    switch (r) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return err_append(e, "; SSL_CERT_FILE or CURL_CA_BUNDLE names a file of other authorities to trust");
    case CURLE_OPERATION_TIMEDOUT:
        return err_append(e, "; CROZE_FETCH_TIMEOUT=SECONDS waits longer");
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_append(e, "; --url-map can send the address to a host that there is");
    default:
        return false;
    }
}
