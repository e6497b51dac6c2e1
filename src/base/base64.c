/* SPDX-License-Identifier: Apache-2.0
 * Base 64: see base64.h. */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct str base64_encode(struct arena *a, struct str bytes) {
    char *out = arena_array(a, char, (bytes.n + 2) / 3 * 4 + 1);
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t v = (uint32_t)(unsigned char)bytes.p[i] << 16;
        v |= left > 1 ? (uint32_t)(unsigned char)bytes.p[i + 1] << 8 : 0;
        v |= left > 2 ? (uint32_t)(unsigned char)bytes.p[i + 2] : 0;
        out[n++] = digits[v >> 18];
        out[n++] = digits[v >> 12 & 63];
        out[n++] = left > 1 ? digits[v >> 6 & 63] : '=';
        out[n++] = left > 2 ? digits[v & 63] : '=';
    }
    return str_n(out, n);
}

bool base64_decode(struct arena *a, struct str text, struct str *out) {
    size_t padding = 0, n = 0;
    while (padding < 2 && text.n && text.p[text.n - 1] == '=') {
        text.n--;
        padding++;
    }
    if (text.n % 4 == 1 || (padding && (text.n + padding) % 4 != 0))
        return false;
    char *bytes = arena_array(a, char, text.n / 4 * 3 + 4);
    uint32_t v = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *digit = text.p[i] ? strchr(digits, text.p[i]) : NULL;
        if (!digit)
            return false;
        v = v << 6 | (uint32_t)(digit - digits);
        if (i % 4)
            bytes[n++] = (char)(v >> (6 - i % 4 * 2) & 255);
    }
    bytes[n] = '\0';
    *out = str_n(bytes, n);
    return true;
}
