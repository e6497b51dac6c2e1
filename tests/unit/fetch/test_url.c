/* SPDX-License-Identifier: Apache-2.0
 * URLs without a network: taken apart, named, shown without their secrets, mapped; dates and ranges of HTTP. */
#include "fetch/http.h"
#include "net/words.h"
#include "fixture.h"

static void takes_apart(void) {
    struct err e = ERR_INIT;
    struct url u;
    must(url_parse(&arena, S("https://us%20er:p%40ss@host.example:8443/a%20b/c.jar?x=1#f"), URL_HTTPS, &u, &e), &e);
    is_str(u.text, S("https://host.example:8443/a%20b/c.jar?x=1"), "the text to ask for has no user and no fragment");
    is_str(u.user, S("us er"), "the user is decoded");
    is_str(u.password, S("p@ss"), "so is the password");
    is_str(u.origin, S("https://host.example:8443"), "the origin has scheme, host and port");
    is_str(u.path, S("/a b/c.jar"), "the path is decoded");
    is_str(u.fragment, S("f"), "the fragment is kept apart");
    must(url_parse(&arena, S("http://host"), URL_HTTP | URL_HTTPS, &u, &e), &e);
    is_str(u.origin, S("http://host:80"), "the port has a default");
    ok(!url_parse(&arena, S("ftp://host/x"), URL_HTTP | URL_HTTPS, &u, &e) && e.kind == ERR_USAGE, "ftp is not fetched");
    is_err(&e, "ftp:// is not fetched", "and named");
    ok(!url_parse(&arena, S("file:///etc/passwd"), URL_HTTP | URL_HTTPS, &u, &e), "nor are files");
    err_clear(&e);
    static const char *const bad[] = {"http://",  "http://host:99999/", "http://a b/", "http://<HOST>/x", "",
                                      "nothing",  "http://host/a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ok(!url_parse(&arena, str_z(bad[i]), URL_HTTP | URL_HTTPS, &u, &e) && e.kind == ERR_USAGE, "no URL: %zu", i);
        err_clear(&e);
    }
    ok(!url_parse(&arena, str_n("http://host/a\0b", 15), URL_HTTP, &u, &e), "a NUL is no part of one");
    err_clear(&e);
    ok(!url_parse(&arena, S("http://host/a%00b"), URL_HTTP, &u, &e), "nor is an encoded one");
    err_clear(&e);
    struct buf longest = BUF_INIT(KIB(64));
    buf_add_str(&longest, S("http://host/"));
    for (int i = 0; i < LIMIT_URL_BYTES; i++)
        buf_add_char(&longest, 'a');
    ok(!url_parse(&arena, buf_str(&longest), URL_HTTP, &u, &e), "a long one");
    is_err(&e, "over the limit", "is refused by length");
    buf_fini(&longest);
}

static void names(void) {
    static const char *const rows[][2] = {
        {"/a/b.jar", "b.jar"}, {"/b.jar/", "b.jar"}, {"/", "__unnamed__"}, {"", "__unnamed__"},       {"/a/..", "__unnamed__"},
        {"/.", "__unnamed__"}, {"/a/b c", "b c"},    {"//", "__unnamed__"}, {"/x\ny", "__unnamed__"}, {"/a/\xc3\xa4", "\xc3\xa4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(url_file_name(&arena, str_z(rows[i][0])), str_z(rows[i][1]), "a file's name");
}

static void shown(void) {
    static const char *const rows[][2] = {
        {"https://host/a?b=c#d", "https://host/a?b=c#d"},
        {"https://user:secret@host/a", "https://***@host/a"},
        {"https://ghp_token@host/a", "https://***@host/a"},
        {"https://a@b@host/a@c", "https://***@host/a@c"},
        {"https://host/a?X-Amz-Signature=abc&v=1&TOKEN=", "https://host/a?X-Amz-Signature=***&v=1&TOKEN=***"},
        {"ssh://git@host/r.git", "ssh://git@host/r.git"},
        {"ssh://git:pw@host/r.git", "ssh://***@host/r.git"},
        {"git@host:r.git", "git@host:r.git"},
        {"https://user:secret@host#x", "https://***@host#x"},
        {"https://user:secret@", "https://***@"},
        {"no url", "no url"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_str(url_shown(&arena, str_z(rows[i][0])), str_z(rows[i][1]), "shown");
    is_str(url_both(&arena, S("http://a/x"), S("http://u:p@b/x")), S("http://a/x (from http://***@b/x)"), "both addresses are shown");
}

static void maps(void) {
    struct err e = ERR_INIT;
    struct url_map m[4];
    static const char *const bad[][2] = {
        {"http://a/", "FROM=TO"},
        {"=http://a/", "FROM=TO"},
        {"http://a/=", "FROM=TO"},
        {"file:///a/=http://b/", "FROM: file://"},
        {"http://u:secret@a/=http://b/", "--url-map http://***@a/=http://b/: FROM may not hold"},
        {"http://a/=ftp://b/", "TO: ftp://"},
        {"http://a/=file:///b", "both end in a slash"},
        {"http://a=file:///b/", "both end in a slash"},
        {"a/=b/", "FROM: not a usable URL"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ok(!url_map_parse(str_z(bad[i][0]), &m[0], &e) && e.kind == ERR_USAGE, "not a map: %s", bad[i][0]);
        is_err(&e, bad[i][1], "says why");
    }
    must(url_map_parse(S("http://a/=http://m1/"), &m[0], &e) && url_map_parse(S("http://a/deep=http://m2"), &m[1], &e) &&
             url_map_parse(S("http://a/file=file:///m3"), &m[2], &e) && url_map_parse(S("http://a/=http://m4/"), &m[3], &e),
         &e);
    struct fetcher f = {NULL, m, 4};
    const struct url_map *found;
    struct str rest = STR_NULL;
    ok(url_map_find(&f, S("http://a/x"), &found, &rest) && found == &m[3], "of equal beginnings the last counts");
    is_str(rest, S("x"), "and the rest is what follows");
    ok(url_map_find(&f, S("http://a/deep/x"), &found, &rest) && found == &m[1], "a longer one wins");
    is_str(rest, S("/x"), "its rest begins with the slash");
    ok(url_map_find(&f, S("http://a/deeper/x"), &found, &rest) && found == &m[3], "a beginning ends where a part of the URL does");
    ok(url_map_find(&f, S("http://a/file"), &found, &rest) && found == &m[2], "one file may be mapped");
    ok(url_map_find(&f, S("http://a/file/x"), &found, &rest) && found == &m[3], "nothing lies below a file");
    ok(!url_map_find(&f, S("http://ab/x"), &found, &rest) && !found, "another host is not mapped");
}

static void http_texts(void) {
    char words[64];
    int64_t t;
    uint64_t first;
    is_str(str_z(http_status_words(404, words)), S("404 Not Found"), "a status in words");
    is_str(str_z(http_status_words(799, words)), S("799"), "an unknown one");
    ok(http_date(S("Sun, 06 Nov 1994 08:49:37 GMT"), &t) && t == 784111777, "a date");
    ok(http_date(S("Sunday, 06-Nov-94 08:49:37 GMT"), &t) && t == 784111777, "in the old form");
    ok(http_date(S("Sun Nov  6 08:49:37 1994"), &t) && t == 784111777, "and in C's");
    ok(!http_date(S(""), &t) && !http_date(S("yesterday"), &t) && !http_date(S("Thu, 01 Jan 1900 00:00:00 GMT"), &t), "no dates");
    ok(http_content_range(S("bytes 10-19/20"), &first) && first == 10, "a range");
    ok(!http_content_range(S("bytes */20"), &first) && !http_content_range(S("lines 1-2/3"), &first) && !http_content_range(S(""), &first),
       "no ranges");
}

int main(void) {
    fixture_init();
    takes_apart();
    names();
    shown();
    maps();
    http_texts();
    return tap_done();
}
