/* SPDX-License-Identifier: Apache-2.0
 * registry_ask against a registry that injects faults: what passes is tried again, what stays is explained, tokens are few and go nowhere
 * else. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/log.h"
#include "fixture.h"
#include "registry/private.h"

static struct peer peer;
static struct repository repository;
static struct registries *registries;
static struct buf blob = BUF_INIT(MIB(4));
static struct str blob_path;

static void faults(const char *rule) {
    peer_control(&peer, "PUT", "/_control", text("[%s]", rule));
}

/* A client that knows nothing yet, and a registry that has seen nothing. */
static void begin_anew(void) {
    struct err e = ERR_INIT;
    registries_free(registries);
    registries = registries_new(&(struct registry_options){.tls_verify = -1}, &e);
    must(registries != NULL, &e);
    faults("");
    peer_control(&peer, "DELETE", "/_log", STR_NULL);
}

static uint64_t count(const char *filter, const char *other) {
    uint64_t n = UINT64_MAX;
    (void)str_to_u64(peer_ctl(&peer, "count", filter, other, NULL), 10, UINT64_MAX, &n);
    return n;
}

static bool get(struct str path, struct registry_answer *out, struct err *e) {
    struct registry_request q = {.repository = &repository, .method = "GET", .path = path, .actions = "pull", .max_bytes = MIB(1)};
    return registry_ask(registries, &q, NULL, &arena, out, e);
}

static bool take(void *ctx, uint64_t first, const void *p, size_t n, struct err *e) {
    struct buf *to = ctx;
    if (first != to->n)
        return err_set(e, ERR_FAILED, "a gap at %zu", to->n);
    buf_add(to, p, n);
    return buf_ok(to) || err_set(e, ERR_FAILED, "full");
}

/* Whether the blob comes, byte for byte. */
static bool comes(struct err *e) {
    struct buf got = BUF_INIT(MIB(4));
    struct registry_answer a;
    struct registry_request q = {.repository = &repository, .method = "GET", .path = blob_path, .actions = "pull", .take = take};
    q.take_ctx = &got;
    bool ok = registry_ask(registries, &q, NULL, &arena, &a, e);
    ok = ok && (str_eq(buf_str(&got), buf_str(&blob)) || err_set(e, ERR_FAILED, "%zu other bytes came", got.n));
    buf_fini(&got);
    return ok;
}

static void put(const char *method, struct str path, struct str type, struct str bytes, struct registry_answer *out) {
    struct err e = ERR_INIT;
    struct registry_request q = {.repository = &repository, .method = method, .path = path, .actions = "pull,push", .content_type = type};
    q.body = bytes.n ? BODY_BYTES : BODY_NONE;
    q.bytes = bytes;
    must(registry_ask(registries, &q, NULL, &arena, out, &e), &e);
}

static void fill(void) {
    struct registry_answer a;
    char digest[DIGEST_TEXT + 1];
    for (size_t i = 0; i < MIB(3); i++)
        buf_add_char(&blob, (char)(i * 7 + i / 251));
    struct digest d = sha256_of(blob.p, blob.n);
    put("POST", S("blobs/uploads/"), STR_NULL, STR_NULL, &a);
    const char *mark = str_index(a.location, '?') < 0 ? "?" : "&";
    struct str place = text("%.*s%sdigest=%s", STR_ARG(a.location), mark, digest_text(&d, digest));
    put("PUT", place, S("application/octet-stream"), buf_str(&blob), &a);
    blob_path = text("blobs/%s", digest);
    struct str type = S("application/vnd.oci.image.index.v1+json");
    put("PUT", S("manifests/1.0"), type, text("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[]}", type.p), &a);
}

static void tokens(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    begin_anew();
    for (int i = 0; i < 3; i++)
        must(get(S("manifests/1.0"), &a, &e), &e);
    ok(count("server=token", "") == 1 && count("operation=challenge", "") == 1, "one token serves three requests, after one challenge");
    peer_control(&peer, "DELETE", "/_tokens", STR_NULL);
    ok(get(S("manifests/1.0"), &a, &e), "a token that ends in the middle is renewed");
    ok(count("server=token", "") == 2, "once");
    begin_anew();
    faults("{\"fault\": \"token-uses\"}");
    for (int i = 0; i < 3; i++)
        must(get(S("manifests/1.0"), &a, &e), &e);
    ok(count("server=token", "") == 3, "one that lies about its life is renewed each time");
    begin_anew();
    faults("{\"fault\": \"strange-challenges\"}");
    ok(get(S("manifests/1.0"), &a, &e), "strange challenges are understood");
    begin_anew();
    faults("{\"fault\": \"joined-challenges\"}");
    ok(get(S("manifests/1.0"), &a, &e), "joined ones, too");
}

/* A mirror job makes a million requests, and a registry may want another token, service or scope each time. */
static void what_a_client_keeps(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    begin_anew();
    for (int i = 0; i < 3; i++)
        must(get(S("manifests/1.0"), &a, &e), &e);
    size_t before = registries->arena.total_bytes;
    faults("{\"fault\": \"token-uses\"}");
    for (int i = 0; i < 20; i++)
        must(get(S("manifests/1.0"), &a, &e), &e);
    ok(registries->arena.total_bytes == before, "requests with a new token each take no memory of the client");
    begin_anew();
    struct repository first = repository;
    for (int i = 0; i < LIMIT_TOKENS + 20; i++) {
        repository.path = text("demo/product%d", i);
        (void)!get(S("manifests/1.0"), &a, &e);
        err_clear(&e);
    }
    size_t asked = count("server=token", "");
    ok(asked == LIMIT_TOKENS + 20, "each repository has its own token (%zu)", asked);
    ok(!get(S("manifests/1.0"), &a, &e) && count("server=token", "") == asked, "the newest are kept");
    err_clear(&e);
    repository.path = S("demo/product0");
    ok(!get(S("manifests/1.0"), &a, &e) && count("server=token", "") == asked + 1, "the oldest are not");
    err_clear(&e);
    repository = first;
}

static void a_secret_that_is_too_long(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct str before = text("%s", in_scratch(".docker/config.json")), kept = text("%s", in_scratch(".docker/kept.json"));
    must(rename(before.p, kept.p) == 0, &e);
    struct str secret = text("%0200000d", 1);
    put_file(".docker/config.json", text("{\"auths\":{\"127.0.0.1:%d\":{\"identitytoken\":\"%.*s\"}}}", peer.port, STR_ARG(secret)));
    begin_anew();
    ok(!get(S("manifests/1.0"), &a, &e) && count("server=token", "") == 0, "a secret is not sent in part");
    is_err(&e, "what it is to be asked takes more than 131072 bytes", "and why is said");
    must(rename(kept.p, before.p) == 0, &e);
}

static void tokens_that_are_none(void) {
    static const char *const rows[][2] = {
        {"token-missing", "no usable token"}, {"token-control", "no usable token"},
        {"token-html", "not valid JSON"},     {"token-huge", "over the limit"},
        {"token-redirect", "do not go"},      {"token-refused", "asked as user \"ann\" from "},
    };
    struct err e = ERR_INIT;
    struct registry_answer a;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_anew();
        faults(text("{\"fault\": \"%s\"}", rows[i][0]).p);
        ok(!get(S("manifests/1.0"), &a, &e), "%s fails", rows[i][0]);
        ok(str_find(str_z(e.msg), S("sesame")) < 0, "without the password");
        is_err(&e, rows[i][1], "and says why");
    }
    begin_anew();
    faults("{\"fault\": \"token-no-scope\"}");
    ok(!get(S("manifests/1.0"), &a, &e) && e.sys == EACCES, "a token that allows nothing is refused");
    ok(count("server=token", "") <= 2, "without asking for ever");
    is_err(&e, "for repository:demo/product:pull; the repository may not exist, or this user may not", "and what was asked is said");
}

static void *get_one(void *failed) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct registry_answer answer;
    struct registry_request q = {.repository = &repository, .method = "GET", .path = S("manifests/1.0"), .actions = "pull"};
    if (!registry_ask(registries, &q, NULL, &a, &answer, &e))
        *(bool *)failed = true;
    err_clear(&e);
    arena_fini(&a);
    return NULL;
}

static void many_at_once(void) {
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool failed[THREADS] = {0};
    begin_anew();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, get_one, &failed[i]);
    bool any = false;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        any = any || failed[i];
    }
    ok(!any, "eight threads ask at once");
    ok(count("server=token", "") == 1, "and share one token");
}

/* The helper of one host waits until the other has been asked and has answered. */
static void a_slow_helper(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct repository other = {text("localhost:%d", peer.port), repository.path};
    pthread_t thread;
    bool failed = false;
    struct str before = text("%s", in_scratch(".docker/config.json")), kept = text("%s", in_scratch(".docker/kept.json"));
    put_file("bin/docker-credential-slow", text("#!/bin/sh\ntimeout 60 cat %s/gate >/dev/null\n"
                                                "echo '{\"Username\":\"ann\",\"Secret\":\"sesame\"}'\n", scratch));
    must(chmod(in_scratch("bin/docker-credential-slow"), 0755) == 0 && mkfifo(in_scratch("gate"), 0600) == 0, &e);
    must(rename(before.p, kept.p) == 0, &e);
    setenv("PATH", text("%s/bin:%s", scratch, getenv("PATH")).p, 1);
    put_file(".docker/config.json", text("{\"credHelpers\":{\"127.0.0.1:%d\":\"slow\"},\"auths\":{\"localhost:%d\":"
                                         "{\"username\":\"ann\",\"password\":\"sesame\"}}}", peer.port, peer.port));
    begin_anew();
    pthread_create(&thread, NULL, get_one, &failed);
    _cleanup_fd_ int gate = open(in_scratch("gate"), O_WRONLY | O_CLOEXEC); /* waits until the helper is at it */
    must(gate >= 0, &e);
    struct registry_request q = {.repository = &other, .method = "GET", .path = S("manifests/1.0"), .actions = "pull", .max_bytes = MIB(1)};
    ok(registry_ask(registries, &q, NULL, &arena, &a, &e), "a host is asked while the helper of another one waits");
    ok(count("operation=manifest.get", "status=200") == 1, "  and that one was not waited for");
    fd_closep(&gate);
    pthread_join(thread, NULL);
    ok(!failed, "  which comes when its helper has answered");
    must(rename(kept.p, before.p) == 0, &e);
}

static void what_passes(void) {
    static const char *const rows[] = {
        "{\"fault\": {\"name\": \"status\", \"code\": 503}, \"match\": {\"operation\": \"blob.get\"}, \"times\": 1}",
        "{\"fault\": {\"name\": \"too-many\", \"retry_after\": 1}, \"match\": {\"operation\": \"blob.get\"}, \"times\": 1}",
        "{\"fault\": {\"name\": \"too-many\", \"form\": \"date\"}, \"match\": {\"operation\": \"blob.get\"}, \"times\": 1}",
        "{\"fault\": \"close\", \"match\": {\"operation\": \"blob.get\"}, \"times\": 2}",
        "{\"fault\": \"reset\", \"match\": {\"operation\": \"blob.get\"}, \"times\": 1}",
        "{\"fault\": \"truncate\", \"match\": {\"operation\": \"blob.get\"}, \"times\": 1}",
        "{\"fault\": \"reset-download\", \"match\": {\"operation\": \"blob.get\"}, \"times\": 2}",
        "{\"fault\": [\"truncate\", \"no-range\"], \"match\": {\"operation\": \"blob.get\"}, \"times\": 2}",
        "{\"fault\": [\"truncate\", \"wrong-range\"], \"match\": {\"operation\": \"blob.get\"}, \"times\": 2}",
        "{\"fault\": \"chunked\", \"match\": {\"operation\": \"blob.get\"}}",
        "{\"fault\": \"no-length\", \"match\": {\"operation\": \"blob.get\"}}",
        "{\"fault\": \"redirect\", \"match\": {\"operation\": \"blob.get\"}}",
        "{\"fault\": {\"name\": \"redirect\", \"hops\": 3}, \"match\": {\"operation\": \"blob.get\"}}",
        "{\"fault\": {\"name\": \"status\", \"code\": 502, \"form\": \"html\"}, \"match\": {\"operation\": \"token.get\"}, \"times\": 1}",
    };
    struct err e = ERR_INIT;
    setenv("CROZE_FETCH_TRIES", "4", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_anew();
        faults(rows[i]);
        (void)comes(&e);
        no_err(&e, rows[i]);
    }
    begin_anew();
    faults("{\"fault\": \"truncate\", \"match\": {\"operation\": \"blob.get\"}, \"times\": 1}");
    ok(comes(&e), "a body that breaks off");
    uint64_t sent = 0;
    (void)str_to_u64(peer_ctl(&peer, "sum", "out", NULL), 10, UINT64_MAX, &sent);
    ok(sent < blob.n + blob.n / 4, "is gone on with where it ended");
    ok(count("server=cdn", "auth=:") == 0, "no credentials go to another host");
    setenv("CROZE_FETCH_TRIES", "2", 1);
    begin_anew();
    faults("{\"fault\": {\"name\": \"too-many\", \"form\": \"none\"}, \"match\": {\"operation\": \"blob.get\"}, \"times\": 3}");
    ok(comes(&e), "being busy does not count as failing");
    setenv("CROZE_FETCH_TRIES", "1", 1);
}

static void what_stays(void) {
    static const char *const rows[][2] = {
        {"{\"fault\": {\"name\": \"redirect\", \"to\": \"loop\"}}", "more than 10 redirects"},
        {"{\"fault\": \"header-flood\"}", "KiB of headers"},
        {"{\"fault\": {\"name\": \"status\", \"code\": 501}}", "HTTP 501 Not Implemented"},
        {"{\"fault\": {\"name\": \"too-many\", \"retry_after\": 3600}}", "it asks to come again in 3600 seconds"},
        {"{\"fault\": \"truncate\"}", "transfer closed"},
        {"{\"fault\": \"stall\"}", "CROZE_FETCH_TIMEOUT"},
    };
    struct err e = ERR_INIT;
    setenv("CROZE_FETCH_TIMEOUT", "1", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_anew();
        faults(arena_join3(&arena, str_first(str_z(rows[i][0]), strlen(rows[i][0]) - 1), S(", \"match\": {\"operation\": \"blob.get\"}}"),
                           STR_NULL).p);
        ok(!comes(&e), "%s fails", rows[i][0]);
        is_err(&e, rows[i][1], "and says so");
    }
    unsetenv("CROZE_FETCH_TIMEOUT");
}

/* Who was told to wait does not come back with all its threads at once. */
static void a_bucket_that_was_closed(void) {
    struct err e = ERR_INIT;
    setenv("CROZE_REGISTRY_RATE", "10", 1);
    begin_anew();
    struct registry_side says = {S(""), NULL, -1};
    struct host *h = host_get(registries, S("127.0.0.1:1"), false, &says, &e);
    must(h != NULL, &e);
    pace_close(registries, h, 1);
    uint64_t began = log_now_ns();
    for (int i = 0; i < 6; i++)
        pace_wait(registries, h, NULL);
    uint64_t took_ms = (log_now_ns() - began) / 1000000;
    ok(took_ms >= 1500, "a bucket that was closed is empty when it opens (six requests took %llu ms)", (unsigned long long)took_ms);
    unsetenv("CROZE_REGISTRY_RATE");
}

static void limits(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    begin_anew();
    faults("{\"fault\": {\"name\": \"rate-limit\", \"remaining\": 1, \"retry_after\": 3600}}");
    must(get(S("manifests/1.0"), &a, &e), &e);
    ok(!get(S("manifests/1.0"), &a, &e) && e.sys == EBUSY, "a limit that is reached is EBUSY");
    is_err(&e, "its limit is 100;w=21600, of which are left 0", "and what the registry says of it is told");
    begin_anew();
    faults("{\"fault\": {\"name\": \"big-manifest\", \"bytes\": 3000000}}");
    ok(!get(S("manifests/1.0"), &a, &e), "an answer that is too long");
    is_err(&e, "answers with more than 1048576 bytes", "is refused");
}

static void mirrors(void) {
    struct err e = ERR_INIT;
    struct registry_answer a;
    struct repository real = repository;
    begin_anew();
    put_file("registries.conf", text("[[registry]]\nprefix = \"origin.invalid/demo\"\nlocation = \"127.0.0.1:%d/demo\"\n"
                                     "[[registry.mirror]]\nlocation = \"127.0.0.1:1/gone\"\n"
                                     "[[registry.mirror]]\nlocation = \"127.0.0.1:%d/other\"\n",
                                     peer.port, peer.port));
    setenv("CONTAINERS_REGISTRIES_CONF", in_scratch("registries.conf"), 1);
    begin_anew();
    repository = (struct repository){S("origin.invalid"), S("demo/product")};
    ok(get(S("manifests/1.0"), &a, &e), "a mirror that is not there, and one without it, fall through to the origin");
    no_err(&e, "without an error");
    ok(count("path=^/v2/other/product/manifests/1.0", "") >= 1, "the second was asked");
    ok(get(blob_path, &a, &e) || str_find(str_z(e.msg), S("answers with more")) >= 0, "blobs come, too");
    err_clear(&e);
    struct registry_request q = {.repository = &repository, .method = "POST", .path = S("blobs/uploads/"), .actions = "pull,push"};
    must(registry_ask(registries, &q, NULL, &arena, &a, &e), &e);
    ok(count("path=^/v2/other/product/blobs/uploads", "") == 0, "what is sent goes to the origin alone");
    ok(get(S("tags/list"), &a, &e) && count("path=^/v2/other/product/tags", "") == 0, "which also knows the tags");
    repository = real;
    unsetenv("CONTAINERS_REGISTRIES_CONF");
}

int main(void) {
    static const char *const options[] = {"--auth", "bearer", "--token-server", "--user", "ann:sesame", NULL};
    fixture_init();
    if (!peer_start(&peer, "peer", options)) {
        tap_skip("tests/peer or python3 is not here");
        return tap_done();
    }
    repository = (struct repository){text("127.0.0.1:%d", peer.port), S("demo/product")};
    put_file(".docker/config.json", text("{\"auths\":{\"127.0.0.1:%d\":{\"username\":\"ann\",\"password\":\"sesame\"}}}", peer.port));
    begin_anew();
    fill();
    tokens();
    what_a_client_keeps();
    a_secret_that_is_too_long();
    tokens_that_are_none();
    many_at_once();
    a_slow_helper();
    what_passes();
    what_stays();
    limits();
    a_bucket_that_was_closed();
    mirrors();
    registries_free(registries);
    peer_stop(&peer);
    buf_fini(&blob);
    return tap_done();
}
