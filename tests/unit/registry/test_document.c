/* SPDX-License-Identifier: Apache-2.0
 * What a copy sees in a manifest, what it refuses, and the index of the fallback tag. */
#include "base/limits.h"
#include "image/media_types.h"
#include "registry/document.h"
#include "tap.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BLOB "{\"mediaType\":\"x/y\",\"digest\":\"sha256:" HEX "\",\"size\":3}"
#define CHILD(os, arch, more) \
    "{\"mediaType\":\"" MEDIA_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":3,\"platform\":{\"os\":\"" os "\",\"architecture\":" \
    "\"" arch "\"" more "}}"

static struct arena arena;

static bool reads(struct str text, struct document *d) {
    struct err e = ERR_INIT;
    bool good = document_read(text, &arena, d, &e);
    err_clear(&e);
    return good;
}

static void refused(const char *text, const char *why) {
    struct document d;
    struct err e = ERR_INIT;
    ok(!document_read(str_z(text), &arena, &d, &e), "refused: %s", why);
    is_err(&e, why, "  by name");
}

static void test_manifest(void) {
    struct document d;
    ok(reads(S("{\"schemaVersion\":2,\"config\":" BLOB ",\"layers\":[" BLOB "," BLOB "],\"subject\":" BLOB "}"), &d), "a manifest");
    ok(!d.is_index && d.n_blobs == 3 && d.has_subject && !d.is_image, "  names a configuration, layers, a subject");
    is_str(d.artifact_type, S("x/y"), "  and is of its configuration's type");
    refused("{\"schemaVersion\":2,\"config\":" BLOB ",\"config\":" BLOB ",\"layers\":[]}", "stands twice");
    refused("{\"schemaVersion\":2,\"config\":" BLOB ",\"annotations\":{\"a\":\"1\",\"\\u0061\":\"2\"}}", "stands twice");
    refused("{\"schemaVersion\":2,\"config\":" BLOB ",\"manifests\":[]}", "a manifest and an index at once");
    refused("{\"schemaVersion\":1,\"config\":" BLOB "}", "schema 1");
    refused("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v1+prettyjws\"}", "schema 1");
    refused("{\"schemaVersion\":2,\"layers\":[]}", "neither a manifest");
    refused("{\"schemaVersion\":2,\"config\":" BLOB ",\"layers\":[{\"digest\":\"sha256:" HEX "\",\"size\":274877906945}]}",
            "a blob of 274877906945 bytes is over the limit of 274877906944");
    refused("{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\"}}", "has no size");
    refused("{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":-1}}", "has no size");
    refused("{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1000000000}}", "over the limit");
    refused("{\"schemaVersion\":2,\"config\":{\"digest\":\"md5:x\",\"size\":1}}", "digest");
    refused("{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX "\",\"size\":1,\"urls\":[\"http://x\"]}}", "foreign layer");
    refused("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_INDEX "\",\"config\":" BLOB "}", "is not what it is");
    refused("[]", "no JSON object");
    refused("", "not valid JSON");
}

static void test_platforms(void) {
    struct document d;
    ok(reads(S("{\"schemaVersion\":2,\"manifests\":[" CHILD("linux", "arm", ",\"variant\":\"v6\"") ","
               CHILD("linux", "arm", ",\"variant\":\"v7\"") "," CHILD("linux", "amd64", "") "," CHILD("unknown", "unknown", "") "]}"), &d),
       "an index");
    ok(document_choose(&d, S("linux/arm/v7")) == &d.children[1], "  is chosen from by variant");
    ok(document_choose(&d, S("linux/arm")) == &d.children[0], "  or without, the first then");
    ok(document_choose(&d, S("linux/amd64")) == &d.children[2], "  the plain one");
    ok(!document_choose(&d, S("linux/amd64/v3")) && !document_choose(&d, S("linux")) && !document_choose(&d, S("")), "  or nothing");
    is_str(document_platforms(&d, &arena), S("linux/arm/v6, linux/arm/v7, linux/amd64"), "  and told of in words");
}

static void test_types(void) {
    struct document d;
    struct str type;
    struct err e = ERR_INIT;
    ok(reads(S("{\"schemaVersion\":2,\"config\":" BLOB "}"), &d), "a manifest that says nothing of itself");
    ok(document_type(&d, S(MEDIA_DOCKER_MANIFEST), &type, &e) && str_eq(type, S(MEDIA_DOCKER_MANIFEST)), "  is what it is called");
    ok(document_type(&d, S("text/plain"), &type, &e) && str_eq(type, S(MEDIA_MANIFEST)), "  if that is a type of manifests");
    ok(!document_type(&d, S(MEDIA_INDEX), &type, &e), "  but no index");
    err_clear(&e);
}

static void test_fallback(void) {
    struct err e = ERR_INIT;
    struct buf first = BUF_INIT(LIMIT_MANIFEST_BYTES), second = BUF_INIT(LIMIT_MANIFEST_BYTES), third = BUF_INIT(LIMIT_MANIFEST_BYTES);
    struct str annotated = S("{\"schemaVersion\":2,\"artifactType\":\"a/a\",\"config\":" BLOB ",\"annotations\":{\"k\":\"v\"}}");
    struct manifest_blob a = {.media_type = S(MEDIA_MANIFEST), .bytes = annotated};
    struct manifest_blob b = {.media_type = S(MEDIA_MANIFEST), .bytes = S("{\"schemaVersion\":2,\"config\":" BLOB "}")};
    a.digest = sha256_of(a.bytes.p, a.bytes.n);
    b.digest = sha256_of(b.bytes.p, b.bytes.n);
    bool changed;
    struct descriptor *all;
    size_t n;
    ok(referrers_add(STR_NULL, &a, &first, &changed, &e) && changed, "a fallback index begins");
    ok(strstr(first.p, "\"artifactType\":\"a/a\"") && strstr(first.p, "\"annotations\":{\"k\":\"v\"}"), "  with type and annotations");
    ok(referrers_add(buf_str(&first), &a, &second, &changed, &e) && !changed, "what it has is not added");
    ok(referrers_add(buf_str(&first), &b, &second, &changed, &e) && changed, "another one is");
    ok(referrers_read(buf_str(&second), &arena, &all, &n, &e) && n == 2 && digest_eq(&all[0].digest, &a.digest), "  behind it");
    ok(!referrers_add(b.bytes, &a, &third, &changed, &e), "what is no index is not replaced");
    err_clear(&e);
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&third);
}

static void test_signatures(void) {
    struct err e = ERR_INIT;
    struct buf joined = BUF_INIT(4096), again = BUF_INIT(4096);
    bool changed;
#define SIGNED(layers) S("{\"schemaVersion\":2,\"config\":{\"size\":2},\"layers\":[" layers "]}")
#define ONE "{\"digest\":\"sha256:1\",\"size\":1,\"annotations\":{\"s\":\"a\"}}"
#define TWO "{\"digest\":\"sha256:1\",\"size\":1,\"annotations\":{\"s\":\"b\"}}"
    ok(signatures_add(SIGNED(ONE), SIGNED(TWO), &joined, &changed, &e) && changed, "another signature of the same payload is added");
    ok(str_eq(buf_str(&joined), SIGNED(ONE "," TWO)), "  behind the one that was there");
    ok(signatures_add(buf_str(&joined), SIGNED(TWO), &again, &changed, &e) && !changed && !again.n, "one that is there is not");
    ok(!signatures_add(S("{\"manifests\":[]}"), SIGNED(ONE), &again, &changed, &e), "what has no signatures is not replaced");
    err_clear(&e);
    ok(!signatures_add(S("{"), SIGNED(ONE), &again, &changed, &e), "nor what is no JSON");
    err_clear(&e);
    buf_fini(&joined);
    buf_fini(&again);
}

int main(void) {
    test_manifest();
    test_platforms();
    test_types();
    test_fallback();
    test_signatures();
    arena_fini(&arena);
    return tap_done();
}
