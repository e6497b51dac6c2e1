/* SPDX-License-Identifier: Apache-2.0
 * registry_ask against Debian's docker-registry: up, down, in parts, by other paths; what it says no to. */
#include <errno.h>
#include <pthread.h>

#include "fixture.h"
#include "sys/proc.h"

static struct registries *registries;
static struct repository repository;

static bool ask(const char *method, struct str path, struct registry_answer *out, struct err *e) {
    struct registry_request q = {.repository = &repository, .method = method, .path = path, .actions = "pull", .accept = S("*/*")};
    return registry_ask(registries, &q, NULL, &arena, out, e);
}

static struct str upload(struct str bytes) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    char digest[DIGEST_TEXT + 1];
    struct digest d = sha256_of(bytes.p, bytes.n);
    struct registry_request q = {.repository = &repository, .method = "POST", .path = S("blobs/uploads/"), .actions = "pull,push"};
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    ok(a.status == 202 && str_starts(a.location, S("http://127.0.0.1:")), "an upload begins, and its place is a whole URL");
    ok(a.upload_id.n, "with an id");
    q.method = "PUT";
    q.path = arena_join3(&arena, a.location, S("&digest="), str_z(digest_text(&d, digest)));
    q.body = BODY_BYTES;
    q.bytes = bytes;
    q.content_type = S("application/octet-stream");
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    ok(a.status == 201, "and ends");
    is_str(a.digest, str_z(digest), "with the digest that it should have");
    return arena_str(&arena, str_z(digest));
}

struct taken {
    struct buf bytes;
    uint64_t first;
};
static bool take(void *ctx, uint64_t first, const void *p, size_t n, struct err *e) {
    struct taken *t = ctx;
    if (t->bytes.n == 0)
        t->first = first;
    buf_add(&t->bytes, p, n);
    return buf_ok(&t->bytes) || err_set(e, ERR_FAILED, "full");
}

static void blobs(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct str digest = upload(S("0123456789"));
    struct str path = arena_join3(&arena, S("blobs/"), digest, STR_NULL);
    struct taken t = {.bytes = BUF_INIT(100)};
    struct registry_request q = {.repository = &repository, .method = "GET", .path = path, .actions = "pull", .take = take, .take_ctx = &t};
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    is_str(buf_str(&t.bytes), S("0123456789"), "a blob comes");
    ok(t.first == 0 && a.has_length && a.content_length == 10, "from its beginning, with its length");
    buf_reset(&t.bytes);
    q.range_from = 4;
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    is_str(buf_str(&t.bytes), S("456789"), "a part of it comes");
    ok(t.first == 4, "which knows where it lies");
    buf_fini(&t.bytes);
    must(ask("HEAD", path, &a, &e), &e);
    ok(a.status == 200 && a.content_length == 10 && a.body.n == 0, "HEAD tells its length");
    t.bytes = (struct buf)BUF_INIT(5);
    q.range_from = 0;
    ok(!registry_ask(registries, &q, NULL, &arena, &a, &e), "a taker that fails");
    is_err(&e, "full", "ends the request with its own error");
    buf_fini(&t.bytes);
}

static void files(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct buf large = BUF_INIT(MIB(2));
    char digest[DIGEST_TEXT + 1];
    for (size_t i = 0; i < KIB(512); i++)
        buf_add_char(&large, (char)(i * 7 + i / 251));
    put_file("large", buf_str(&large));
    _cleanup_fd_ int fd = file_open(in_scratch("large"), O_RDONLY, 0, &e);
    struct digest d = sha256_of(large.p + 1000, large.n - 1000);
    struct registry_request q = {.repository = &repository, .method = "POST", .path = S("blobs/uploads/"), .actions = "pull,push"};
    must(fd >= 0 && registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    q.method = "PATCH";
    q.path = a.location;
    q.body = BODY_FILE;
    q.fd = fd;
    q.offset = 1000;
    q.length = large.n - 1000;
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    is_str(a.range, text("0-%zu", large.n - 1001), "a part of a file goes up, and the registry says how much it has");
    q = (struct registry_request){.repository = &repository, .method = "PUT", .actions = "pull,push"};
    q.path = arena_join3(&arena, a.location, S("&digest="), str_z(digest_text(&d, digest)));
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    ok(a.status == 201, "without a byte changed");
    buf_fini(&large);
}

static void manifests(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct str config = upload(S("{}"));
    struct str manifest = text("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{"
                               "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%.*s\",\"size\":2},\"layers\":[]}",
                               STR_ARG(config));
    struct registry_request q = {.repository = &repository, .method = "PUT", .path = S("manifests/1.0"), .actions = "pull,push"};
    q.content_type = S("application/vnd.oci.image.manifest.v1+json");
    q.body = BODY_BYTES;
    q.bytes = manifest;
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    q = (struct registry_request){.repository = &repository, .method = "GET", .path = S("manifests/1.0"), .actions = "pull"};
    q.accept = S("application/vnd.oci.image.manifest.v1+json");
    q.max_bytes = MIB(4);
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    is_str(a.body, manifest, "a manifest comes as it went");
    is_str(a.media_type, S("application/vnd.oci.image.manifest.v1+json"), "with its type");
    ok(!ask("GET", S("manifests/none"), &a, &e) && e.sys == ENOENT && e.kind == ERR_FAILED, "one that is not there is ENOENT");
    is_err(&e, "demo/product: GET manifests/none: HTTP 404 Not Found, says http://127.0.0.1", "and named, with who said so");
    const int expect[] = {404, 0};
    q.path = S("manifests/none");
    must(registry_ask(registries, &q, expect, &arena, &a, &e), &e);
    ok(a.status == 404, "who expects it gets it as an answer");
}

static void nobody(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct repository closed = {S("127.0.0.1:1"), S("x")};
    struct registry_request q = {.repository = &closed, .method = "GET", .path = S("manifests/1"), .actions = "pull"};
    ok(!registry_ask(registries, &q, NULL, &arena, &a, &e) && e.kind == ERR_UNCHECKED, "a registry that is not there is not an answer");
    is_err(&e, "127.0.0.1:1/x: GET manifests/1: https://127.0.0.1:1: ", "and says which");
}

/* --- HTTP/2 --- */

enum { THREADS = 16 };

static void *get_root(void *failed) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct registry_answer answer;
    struct registry_request q = {.repository = &repository, .method = "GET", .path = S("tags/list"), .actions = "pull"};
    const int expect[] = {404, 0};
    if (!registry_ask(registries, &q, expect, &a, &answer, &e))
        *(bool *)failed = true;
    err_clear(&e);
    arena_fini(&a);
    return NULL;
}

/* How many connections the registry saw, and whether all requests were of HTTP/2. */
static size_t connections(struct str log, bool *all_http2, size_t *requests) {
    struct str line, seen[100];
    size_t n = 0;
    *all_http2 = true;
    *requests = 0;
    while (str_next(&log, '\n', &line)) {
        ptrdiff_t at = str_find(line, S("http.request.remoteaddr=\""));
        if (at < 0 || str_find(line, S("response completed")) < 0)
            continue;
        struct str address = str_from(line, (size_t)at + 25);
        address = str_first(address, (size_t)str_index(address, '"'));
        size_t i = 0;
        while (i < n && !str_eq(seen[i], address))
            i++;
        if (i == n && n < 100)
            seen[n++] = address;
        ++*requests;
    }
    *all_http2 = str_find(log, S("HTTP/1.")) < 0;
    return n;
}

static void shares_a_connection(void) {
    struct err e = ERR_INIT;
    struct daemon d = {0};
    int code = 0;
    char *key = in_scratch("key.pem"), *cert = in_scratch("cert.pem");
    const char *argv[] = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                          "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert, NULL};
    const char *env[] = {text("REGISTRY_HTTP_TLS_CERTIFICATE=%s", cert).p, text("REGISTRY_HTTP_TLS_KEY=%s", key).p, NULL};
    struct buf pem = BUF_INIT(KIB(64)), said = BUF_INIT(KIB(64));
    must(proc_exists("openssl") || err_set(&e, ERR_FAILED, "openssl is not installed"), &e);
    must(proc_listen(&(struct proc_spec){argv, NULL, NULL, -1, -1, -1}, &said, &said, 60, &code, &e) && code == 0, &e);
    must(daemon_start(&d, "secure", env) && file_read(cert, &pem, &e), &e);
    put_file(text(".config/containers/certs.d/127.0.0.1:%d/ca.crt", d.port).p, buf_str(&pem));
    repository = (struct repository){text("127.0.0.1:%d", d.port), S("demo/product")};
    pthread_t threads[THREADS];
    bool failed[THREADS] = {0}, any = false, http2;
    size_t requests;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, get_root, &failed[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        any = any || failed[i];
    }
    ok(!any, "many threads ask a registry that speaks TLS at once");
    daemon_stop(&d); /* its log is complete */
    size_t n = connections(daemon_log(&d), &http2, &requests);
    ok(http2, "by HTTP/2");
    ok(n == 1 && requests == THREADS, "over one connection (%zu requests over %zu)", requests, n);
    buf_fini(&pem);
    buf_fini(&said);
}

int main(void) {
    struct err e = ERR_INIT;
    struct daemon d = {0};
    fixture_init();
    if (!daemon_start(&d, "plain", NULL)) {
        tap_skip("docker-registry is not installed");
        return tap_done();
    }
    repository = (struct repository){text("127.0.0.1:%d", d.port), S("demo/product")};
    registries = registries_new(&(struct registry_options){.tls_verify = -1}, &e);
    must(registries != NULL, &e);
    blobs();
    files();
    manifests();
    nobody();
    shares_a_connection();
    registries_free(registries);
    daemon_stop(&d);
    return tap_done();
}
