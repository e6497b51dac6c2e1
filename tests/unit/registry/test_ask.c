/* SPDX-License-Identifier: Apache-2.0
 * registry_ask against Debian's docker-registry: up, down, in parts, by other paths; what it says no to. */
#include <errno.h>

#include "fixture.h"

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
    ok(!ask("GET", S("manifests/1.00"), &a, &e), "of a tag that is misspelt");
    is_err(&e, "; it has 1.0", "the nearest one is named");
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
    registries_free(registries);
    daemon_stop(&d);
    return tap_done();
}
