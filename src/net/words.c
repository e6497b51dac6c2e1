/* SPDX-License-Identifier: Apache-2.0
 * Words of HTTP: see words.h. The reasons are those of RFC 9110 and RFC 6585. */
#include "net/words.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/mem.h"
#include "net/libcurl.h"

static const struct {
    long status;
    const char *reason;
} statuses[] = {
    {204, "No Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
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

bool http_status_is_transient(long status) {
    return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

bool http_date(struct str text, int64_t *out) {
    char z[64];
    if (text.n == 0 || text.n >= sizeof z)
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    struct err ignored = ERR_INIT;
    const struct libcurl *lib = libcurl_load(&ignored);
    err_clear(&ignored);
    time_t t = lib ? lib->getdate(z, NULL) : -1;
    *out = t;
    return t >= 0 && t <= 253402300799; /* the year 9999 */
}

bool http_content_range(struct str text, uint64_t *first) {
    struct str unit, range, begin, rest;
    return str_cut(text, ' ', &unit, &range) && str_eq_nocase(unit, S("bytes")) && str_cut(str_trim(range), '-', &begin, &rest) &&
           str_to_u64(begin, 10, INT64_MAX, first);
}

static bool is_number(struct str text) {
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return text.n > 0;
}

bool http_retry_after(struct str text, int64_t now_s, uint64_t *seconds) {
    int64_t then;
    if (is_number(text)) {
        if (!str_to_u64(text, 10, UINT32_MAX, seconds))
            *seconds = UINT32_MAX;
        return true;
    }
    if (!http_date(text, &then))
        return false;
    *seconds = then > now_s ? (uint64_t)(then - now_s) : 0;
    return true;
}

bool http_user_is_good(struct str user) {
    return str_index(user, ':') < 0;
}

struct str http_basic(struct arena *a, struct str user, struct str password) {
    struct str pair = arena_join3(a, user, S(":"), password);
    struct str coded = base64_encode(a, pair);
    struct str value = arena_join3(a, S("Basic "), coded, STR_NULL);
    mem_wipe((char *)pair.p, pair.n);
    mem_wipe((char *)coded.p, coded.n);
    return value;
}
