/* SPDX-License-Identifier: Apache-2.0
 * fetch_url against servers on loopback: what is downloaded, what is not, and how every kind of bad peer ends. */
#include <errno.h>
#include <time.h>

#include "fixture.h"
#include "sys/proc.h"

static struct peer plain, other, secure;
static struct fetcher fetcher = {.store = &store};

static bool fetch(struct str url, struct url_result *out, struct err *e) {
    return fetch_url(&fetcher, &(struct url_request){.url = url}, &arena, out, e);
}

static bool holds(const struct url_result *r, struct str want) {
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT(MIB(1));
    struct digest d = sha256_of(want.p, want.n);
    must(file_readat(r->dir_fd, r->name, &b, &e), &e);
    bool same = str_eq(buf_str(&b), want) && digest_eq(&d, &r->digest) && r->bytes == want.n;
    buf_fini(&b);
    return same;
}

static void downloads_once(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("a.jar", S("first"));
    set_time("a.jar", 1000000000);
    struct str url = text("%s/files/a.jar?x#y", plain.origin);
    must(fetch(url, &r, &e), &e);
    ok(holds(&r, S("first")) && !r.cached, "a file is downloaded");
    ok(r.has_time && r.time_s == 1000000000, "with the time of Last-Modified");
    is_str(r.file_name, S("a.jar"), "and a name from the path");
    must(fetch(url, &r, &e), &e);
    ok(holds(&r, S("first")) && r.cached && r.time_s == 1000000000 && peer_saw(&plain, "/files/a.jar?x 304"), "304: it is not, again");
    put_file("a.jar", S("second"));
    must(fetch(url, &r, &e), &e);
    ok(holds(&r, S("second")) && !r.cached, "what has changed is");
    put_file("empty", STR_NULL);
    must(fetch(text("%s/files/empty", plain.origin), &r, &e), &e);
    ok(holds(&r, STR_NULL), "an empty file is one");
    must(fetch(text("%s/files/empty", plain.origin), &r, &e), &e);
    ok(holds(&r, STR_NULL) && r.cached, "and is held like others");
}

static void by_what_servers_say(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("b", S("bytes"));
    set_time("b", 1000000000);
    struct {
        const char *path;
        bool cached, time;
    } rows[] = {{"dated/b", true, true}, {"bare/b", false, false}, {"stubborn/b", true, true}, {"fresh/b", false, false}};
    for (size_t i = 0; i < 4; i++) {
        struct str url = text("%s/%s", plain.origin, rows[i].path);
        must(fetch(url, &r, &e) && fetch(url, &r, &e), &e);
        ok(holds(&r, S("bytes")) && r.cached == rows[i].cached && r.has_time == rows[i].time, "%s", rows[i].path);
    }
}

static void pinned(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("p", S("pinned"));
    struct digest want = sha256_of("pinned", 6), wrong = sha256_of("else", 4);
    struct url_request q = {.url = text("%s/files/p", plain.origin), .want = &want};
    must(fetch_url(&fetcher, &q, &arena, &r, &e), &e);
    size_t before = peer_requests(&plain);
    must(fetch_url(&fetcher, &q, &arena, &r, &e), &e);
    ok(holds(&r, S("pinned")) && r.cached && r.has_time && peer_requests(&plain) == before, "held bytes that must be so need no request");
    q.url = S("http://127.0.0.1:1/nobody/listens");
    q.time_is_known = q.has_want_time = true;
    q.want_time_s = 77;
    must(fetch_url(&fetcher, &q, &arena, &r, &e), &e);
    ok(holds(&r, S("pinned")) && r.has_time && r.time_s == 77, "from no other address either; the time is the pinned one");
    is_str(r.file_name, S("listens"), "the name is that of this URL");
    q.url = text("%s/files/p", plain.origin);
    q.has_want_time = false;
    must(fetch_url(&fetcher, &q, &arena, &r, &e), &e);
    ok(!r.has_time, "and that there is none may be pinned too");
    q = (struct url_request){.url = text("%s/files/p", plain.origin), .want = &wrong};
    ok(!fetch_url(&fetcher, &q, &arena, &r, &e) && str_find(str_z(e.msg), S("sha256:8a6a5e1b")) < 0, "other bytes are refused");
    char a[DIGEST_TEXT + 1], b[DIGEST_TEXT + 1];
    is_err(&e, text("/files/p: its checksum is %s, and should be %s", digest_text(&want, a), digest_text(&wrong, b)).p, "by both digests");
}

static void redirects(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("r", S("behind"));
    must(fetch(text("%s/hops/10/r", plain.origin), &r, &e), &e);
    ok(holds(&r, S("behind")), "ten redirects are followed");
    is_str(r.file_name, S("r"), "the name is that of the first URL");
    ok(!fetch(text("%s/hops/11/r", plain.origin), &r, &e), "eleven are not");
    is_err(&e, "more than 10 redirects", "and are counted");
    ok(!fetch(text("%s/loop", plain.origin), &r, &e), "a loop ends");
    is_err(&e, "more than 10 redirects", "likewise");
    static const char *const targets[] = {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "http://<x>/"};
    for (size_t i = 0; i < 4; i++) {
        ok(!fetch(text("%s/to/%s", plain.origin, targets[i]), &r, &e) && e.kind == ERR_FAILED, "no redirect to %s", targets[i]);
        err_clear(&e);
    }
    ok(!fetch(text("%s/status/302", plain.origin), &r, &e), "a redirect to nowhere");
    is_err(&e, "HTTP 302", "is a failure");
}

static void credentials_stay_home(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("c", S("for users"));
    struct str mine = text("http://user:secret@127.0.0.1:%d", plain.port);
    must(fetch(text("%.*s/auth/c", STR_ARG(mine)), &r, &e), &e);
    ok(holds(&r, S("for users")), "credentials of the URL are sent");
    must(fetch(text("%.*s/to/%s/auth/c", STR_ARG(mine), plain.origin), &r, &e), &e);
    ok(holds(&r, S("for users")), "and follow to the same host");
    ok(!fetch(text("%.*s/to/%s/auth/c", STR_ARG(mine), other.origin), &r, &e), "but not to another");
    ok(str_find(str_z(e.msg), S("secret")) < 0, "the message has no password");
    is_err(&e, "http://***@127.0.0.1", "it has the host");
    ok(peer_saw(&other, "/auth/c 401 - ") && !peer_saw(&other, "Basic"), "the other host got none");
    ok(!fetch(text("%s/auth/c", plain.origin), &r, &e), "without them it is refused");
    is_err(&e, "HTTP 401 Unauthorized, says http://127.0.0.1", "in words");
}

static void stays_secure(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("s", S("sealed"));
    ok(!fetch(text("%s/files/s", secure.origin), &r, &e), "an unknown authority is refused");
    is_err(&e, "SSL_CERT_FILE", "and the message says how to name another");
    setenv("SSL_CERT_FILE", in_scratch("cert.pem"), 1);
    must(fetch(text("%s/files/s", secure.origin), &r, &e), &e);
    ok(holds(&r, S("sealed")), "one that SSL_CERT_FILE names is trusted");
    must(fetch(text("%s/to/%s/files/s", plain.origin, secure.origin), &r, &e), &e);
    ok(holds(&r, S("sealed")), "http may become https");
    ok(!fetch(text("%s/to/%s/files/s", secure.origin, plain.origin), &r, &e), "https never becomes http");
    is_err(&e, "https does not become http", "and says so");
    ok(!fetch(text("%s/to/%s/to/%s/files/s", plain.origin, secure.origin, plain.origin), &r, &e), "not in the middle of a chain either");
    err_clear(&e);
}

static void failures_have_words(void) {
    static const char *const rows[][2] = {
        {"status/404", "HTTP 404 Not Found"}, {"status/403", "HTTP 403 Forbidden"},   {"status/500", "HTTP 500 Internal Server Error"},
        {"status/410", "HTTP 410 Gone"},      {"status/204", "HTTP 204 No Content"},  {"status/304", "HTTP 304 Not Modified"},
        {"status/429", "HTTP 429 Too Many"},  {"files/nothing", "HTTP 404 Not Found"}, {"headers", "KiB of headers"},
        {"status/206", "HTTP 206 Partial"},
    };
    struct err e = ERR_INIT;
    struct url_result r;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(!fetch(text("%s/%s", plain.origin, rows[i][0]), &r, &e) && e.kind == ERR_FAILED, "%s fails", rows[i][0]);
        is_err(&e, rows[i][1], "and says how");
    }
    ok(!fetch(S("http://127.0.0.1:1/x"), &r, &e), "a closed port fails");
    is_err(&e, "http://127.0.0.1:1/x: ", "and is named");
    ok(!fetch(S("ftp://127.0.0.1/x"), &r, &e) && e.kind == ERR_USAGE, "what is never fetched is a wrong text");
    err_clear(&e);
}

static void tries_again(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    char piece[1000];
    memset(piece, 'x', sizeof piece);
    put_file("big", str_n(piece, sizeof piece));
    setenv("CROZE_FETCH_TRIES", "2", 1);
    must(fetch(text("%s/flaky/1/big", plain.origin), &r, &e), &e);
    ok(holds(&r, str_n(piece, sizeof piece)), "503 passes");
    must(fetch(text("%s/broken/big", plain.origin), &r, &e), &e);
    ok(holds(&r, str_n(piece, sizeof piece)) && peer_saw(&plain, "/broken/big 206 - bytes=500-"), "what broke off goes on where it ended");
    ok(!fetch(text("%s/flaky/5/big", plain.origin), &r, &e), "not for ever");
    is_err(&e, "HTTP 503 Service Unavailable, says", "the last answer is shown");
    ok(!fetch(text("%s/short/big", plain.origin), &r, &e), "a file that is always cut is refused");
    is_err(&e, "(tried 2 times)", "with the count of tries");
    size_t before = peer_requests(&plain);
    ok(!fetch(text("%s/status/404", plain.origin), &r, &e) && peer_requests(&plain) == before + 1, "404 is not tried again");
    err_clear(&e);
    setenv("CROZE_FETCH_TRIES", "1", 1);
    must(fetch(text("%s/lie/big", plain.origin), &r, &e), &e);
    ok(r.bytes == sizeof piece - 1, "a body ends where its Content-Length says");
}

static void is_bounded(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    struct url_request q = {.url = text("%s/endless", plain.origin), .max_bytes = MIB(1)};
    ok(!fetch_url(&fetcher, &q, &arena, &r, &e), "an endless body ends");
    is_err(&e, "larger than the limit of 1048576 bytes", "at the limit");
    put_file("large", S("0123456789"));
    q = (struct url_request){.url = text("%s/files/large", plain.origin), .max_bytes = 9};
    ok(!fetch_url(&fetcher, &q, &arena, &r, &e), "a Content-Length over the limit");
    is_err(&e, "10 bytes are over the limit of 9", "is refused before anything comes");
    setenv("CROZE_FETCH_TIMEOUT", "1", 1);
    time_t began = time(NULL);
    ok(!fetch(text("%s/drip", plain.origin), &r, &e) && time(NULL) - began < 30, "a drip is given up");
    is_err(&e, "CROZE_FETCH_TIMEOUT", "and the message says what waits longer");
    unsetenv("CROZE_FETCH_TIMEOUT");
}

static void mapped(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    struct url_map m[3];
    put_file("m", S("mirrored"));
    set_time("m", 1000000000);
    must(mkdir(in_scratch("www/sub"), 0755) == 0 && symlink("../../secret", in_scratch("www/sub/out")) == 0, &e);
    put_file("../secret", S("not for them"));
    must(url_map_parse(text("https://dead.example/=%s/files/", plain.origin), &m[0], &e) &&
             url_map_parse(text("https://local.example/=file://%s/www/", scratch), &m[1], &e) &&
             url_map_parse(text("https://one.example/x=file://%s/www/m", scratch), &m[2], &e),
         &e);
    fetcher.maps = m;
    fetcher.n_maps = 3;
    must(fetch(S("https://dead.example/m"), &r, &e), &e);
    ok(holds(&r, S("mirrored")), "a map leads to another host");
    ok(!fetch(S("https://dead.example/none"), &r, &e), "what is not there either");
    is_err(&e, text("https://dead.example/none (from %s/files/none): ", plain.origin).p, "is named by both addresses");
    must(fetch(S("https://local.example/m?v=1"), &r, &e), &e);
    ok(holds(&r, S("mirrored")) && r.time_s == 1000000000, "a map leads to a directory");
    must(fetch(S("https://one.example/x"), &r, &e), &e);
    ok(holds(&r, S("mirrored")), "or to one file");
    is_str(r.file_name, S("x"), "whose name is that of the URL");
    static const char *const out[] = {"../secret", "sub/../../secret", "%2e%2e/secret", "sub/out", "sub", "none", "%2fetc/passwd"};
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        ok(!fetch(text("https://local.example/%s", out[i]), &r, &e), "not below the directory: %s", out[i]);
        err_clear(&e);
    }
    fetcher.n_maps = 0;
}

static void by_proxy(void) {
    struct err e = ERR_INIT;
    struct url_result r;
    put_file("via", S("by proxy"));
    setenv("http_proxy", other.origin, 1);
    must(fetch(S("http://nowhere.example/files/via"), &r, &e), &e);
    ok(holds(&r, S("by proxy")) && peer_saw(&other, "GET http://nowhere.example/files/via"), "http_proxy is used");
    unsetenv("http_proxy");
}

static bool make_certificate(void) {
    const char *argv[] = {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                          "subjectAltName=IP:127.0.0.1", "-keyout", in_scratch("key.pem"), "-out", in_scratch("cert.pem"), NULL};
    struct err e = ERR_INIT;
    struct buf both = BUF_INIT(MIB(1));
    if (!proc_exists("openssl"))
        return false;
    must(run(argv) == 0 && file_read(in_scratch("key.pem"), &both, &e) && file_read(in_scratch("cert.pem"), &both, &e), &e);
    put_file("../both.pem", buf_str(&both));
    buf_fini(&both);
    return true;
}

int main(void) {
    fixture_init();
    if (!peer_start(&plain, "plain", NULL) || !peer_start(&other, "other", NULL)) {
        tap_skip("python3, which plays the servers, is not installed");
        return tap_done();
    }
    downloads_once();
    by_what_servers_say();
    pinned();
    redirects();
    credentials_stay_home();
    failures_have_words();
    tries_again();
    is_bounded();
    mapped();
    by_proxy();
    if (make_certificate()) {
        must(peer_start(&secure, "secure", in_scratch("both.pem")), &(struct err)ERR_INIT);
        stays_secure();
        peer_stop(&secure);
    } else {
        tap_skip("openssl, which makes a certificate for a server, is not installed");
    }
    peer_stop(&plain);
    peer_stop(&other);
    return tap_done();
}
