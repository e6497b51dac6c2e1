/* SPDX-License-Identifier: Apache-2.0
 * Words of HTTP and URLs without a network. */
#include "net/url.h"
#include "net/words.h"
#include "tap.h"

static struct arena arena;

static void statuses(void) {
    char words[64];
    is_str(str_z(http_status_words(404, words)), S("404 Not Found"), "a status in words");
    is_str(str_z(http_status_words(299, words)), S("299"), "one without");
    static const struct {
        long status;
        bool transient;
    } rows[] = {{400, false}, {401, false}, {404, false}, {408, true}, {429, true}, {500, true}, {501, false}, {502, true}, {503, true},
                {504, true},  {505, false}, {200, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ok(http_status_is_transient(rows[i].status) == rows[i].transient, "whether %ld may pass", rows[i].status);
}

static bool waits(const char *text, uint64_t want) {
    uint64_t seconds = 0;
    return http_retry_after(str_z(text), 784111777, &seconds) && seconds == want;
}

static void retry_after(void) {
    uint64_t seconds;
    ok(waits("0", 0) && waits("120", 120), "Retry-After in seconds");
    ok(waits("Sun, 06 Nov 1994 08:50:37 GMT", 60), "as a date");
    ok(waits("Sun, 06 Nov 1994 08:00:00 GMT", 0), "which may have passed");
    ok(waits("99999999999999999999", UINT32_MAX), "a number that is too large is a long time");
    static const char *const none[] = {"", "-1", "1.5", "soon", "1 2"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ok(!http_retry_after(str_z(none[i]), 0, &seconds), "no time: \"%s\"", none[i]);
}

static void basic(void) {
    is_str(http_basic(&arena, S("Aladdin"), S("open sesame")), S("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "RFC 7617's example");
    is_str(http_basic(&arena, S("test"), S("123\xc2\xa3")), S("Basic dGVzdDoxMjPCow=="), "and its other one");
}

static void urls(void) {
    static const char *const rows[][3] = {
        {"https://h/v2/a/blobs/uploads/", "/v2/a/blobs/uploads/1?x=y", "https://h/v2/a/blobs/uploads/1?x=y"},
        {"https://h:5000/v2/a/tags/list?n=2", "?n=2&last=b", "https://h:5000/v2/a/tags/list?n=2&last=b"},
        {"https://h/v2/a/b", "c", "https://h/v2/a/c"},
        {"https://h/v2/a/b", "//other/x", "https://other/x"},
        {"https://h/v2/a/b", "http://other:80/x?a b", "http://other:80/x?a+b"},
        {"https://h/a/b/", "../../../c", "https://h/c"},
    };
    struct err e = ERR_INIT;
    struct str out = STR_NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(url_resolve(&arena, str_z(rows[i][0]), str_z(rows[i][1]), &out, &e), "%s", rows[i][1]);
        is_str(out, str_z(rows[i][2]), "leads there");
        err_clear(&e);
    }
    is_str(url_encode(&arena, S("repository:a/b:pull,push &=+%\xc3\xa4~")), S("repository%3Aa%2Fb%3Apull%2Cpush%20%26%3D%2B%25%C3%A4~"),
           "a value of a query");
}

static void loopback(void) {
    static const char *const yes[] = {"localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "[::1]"};
    static const char *const no[] = {"127.0.0.1.example", "localhost.example", "127.1", "128.0.0.1",
                                     "127.0.0.256",       "127.0.0",           "",      "127.0.0.1.1"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        ok(url_is_loopback(str_z(yes[i])), "%s is this machine", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        ok(!url_is_loopback(str_z(no[i])), "\"%s\" is not", no[i]);
}

int main(void) {
    statuses();
    retry_after();
    basic();
    urls();
    loopback();
    arena_fini(&arena);
    return tap_done();
}
