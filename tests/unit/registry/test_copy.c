/* SPDX-License-Identifier: Apache-2.0
 * The copy walk between places in memory: what is asked, in which order things are put, and that a failure anywhere names nothing. */
#include "image/media_types.h"
#include "memory_place.h"
#include "registry/copy.h"
#include "tap.h"

static struct arena arena;
static struct digest config, layer, other_layer, image, index_digest, signature, tagged;

static struct str descriptor(const char *type, const struct digest *d, size_t n) {
    char text[DIGEST_TEXT + 1];
    return arena_printf(&arena, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", type, digest_text(d, text), n);
}

#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar"

static struct digest add_image(struct memory_place *p, struct str text, const char *tag, size_t *size) {
    config = memory_add(p, S("{\"config\":1}"), NULL, NULL);
    layer = memory_add(p, S("shared"), NULL, NULL);
    other_layer = memory_add(p, text, NULL, NULL);
    struct str m = arena_printf(&arena, "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s,%s]}", descriptor(MEDIA_CONFIG, &config, 12).p,
                                descriptor(LAYER_TYPE, &layer, 6).p, descriptor(LAYER_TYPE, &other_layer, text.n).p);
    *size = m.n;
    return memory_add(p, m, MEDIA_MANIFEST, tag);
}

/* An index "v1" of one image, with a signature as a referrer of the index and one under cosign's tag of the image. */
static struct memory_place *source(void) {
    struct memory_place *p = memory_place_new(false);
    char tag[REFERENCE_TAG_BYTES];
    size_t size;
    image = add_image(p, S("only here"), NULL, &size);
    struct str bare = descriptor(MEDIA_MANIFEST, &image, size);
    struct str platform = S(",\"platform\":{\"os\":\"linux\",\"architecture\":\"" CROZE_ARCH "\"}}");
    struct str entry = arena_join3(&arena, str_first(bare, bare.n - 1), platform, STR_NULL);
    struct str index = arena_printf(&arena, "{\"schemaVersion\":2,\"manifests\":[%.*s]}", STR_ARG(entry));
    index_digest = memory_add(p, index, MEDIA_INDEX, "v1");
    struct digest empty = memory_add(p, S("{}"), NULL, NULL);
    struct str about = arena_printf(&arena, "{\"schemaVersion\":2,\"artifactType\":\"a/b\",\"config\":%s,\"layers\":[],\"subject\":%s}",
                                    descriptor("application/vnd.oci.empty.v1+json", &empty, 2).p,
                                    descriptor(MEDIA_INDEX, &index_digest, index.n).p);
    signature = memory_add(p, about, MEDIA_MANIFEST, NULL);
    struct str old = arena_printf(&arena, "{\"schemaVersion\":2,\"config\":%s,\"layers\":[],\"annotations\":{\"old\":\"1\"}}",
                                  descriptor("application/vnd.oci.empty.v1+json", &empty, 2).p);
    tagged = memory_add(p, old, MEDIA_MANIFEST, arena_strz(&arena, str_z(reference_tag(&image, ".sig", tag))));
    return p;
}

static bool copy(struct memory_place *from, struct memory_place *to, struct copy_options o, struct copy_result *r, struct err *e) {
    buf_reset(&to->log);
    return copy_image(&from->place, S("v1"), &to->place, S("v1"), &o, &arena, r, e);
}

static char *line(const char *what, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return arena_strz(&arena, arena_printf(&arena, "%s:%.8s", what, digest_hex(d, hex)));
}

static void test_order(void) {
    struct memory_place *from = source(), *to = memory_place_new(true);
    struct err e = ERR_INIT;
    struct copy_result r;
    ok(copy(from, to, (struct copy_options){.evidence = true, .check = true}, &r, &e), "an index goes to an empty registry");
    no_err(&e, "  without an error");
    ok(memory_has_tag(to, "v1", &index_digest) && digest_eq(&r.root.digest, &index_digest), "  the tag names it");
    ptrdiff_t put_image = memory_at(to, line("put", &image)), put_index = memory_at(to, line("put", &index_digest));
    ptrdiff_t put_signature = memory_at(to, line("put", &signature)), put_tag = memory_at(to, "tag:v1");
    ok(memory_at(to, line("blob", &other_layer)) < put_image && put_image < put_index, "  blobs, then the image, then the index");
    ok(put_index < put_signature && put_signature < put_tag, "  then what is about it");
    ok(put_tag > memory_at(to, "tag:sha256-"), "  the tag last");
    ok(r.evidence == 2 && r.changed && r.blobs == 4, "  and it is counted: %llu about, %llu blobs", (unsigned long long)r.evidence,
       (unsigned long long)r.blobs);
    ok(copy(from, to, (struct copy_options){.evidence = true}, &r, &e) && !r.changed, "the same again changes nothing");
    ok(memory_count(to, "has:") == 0 && memory_count(to, "blob:") == 0 && memory_count(to, "put:") == 0 && memory_count(to, "tag:") == 0,
       "  and asks for no blob");
    place_close(&from->place);
    place_close(&to->place);
}

static void test_implied(void) {
    struct memory_place *from = source(), *to = memory_place_new(true);
    struct err e = ERR_INIT;
    struct copy_result r;
    size_t size;
    add_image(to, S("an older one"), "v1", &size);
    struct digest old_layer = other_layer;
    ok(copy(from, to, (struct copy_options){.platform = S("linux/" CROZE_ARCH)}, &r, &e), "an image takes the place of an older one");
    no_err(&e, "  without an error");
    ok(digest_eq(&r.root.digest, &image) && memory_has_tag(to, "v1", &image), "  which is the platform's own");
    ok(memory_count(to, "has:") == 1 && memory_at(to, line("has", &old_layer)) < 0, "  only what the older one has not is asked for");
    place_close(&from->place);
    place_close(&to->place);
}

static void test_failures(void) {
    const char *const where[] = {"blob:", "put:", "tag:sha256-", "tag:v1", "has:", "head:", "head:sha256-", "get:v1"};
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        struct memory_place *from = source(), *to = memory_place_new(true);
        struct err e = ERR_INIT;
        struct copy_result r;
        to->fails_on = where[i];
        bool done = copy(from, to, (struct copy_options){.evidence = true}, &r, &e);
        ok(!done && (memory_at(to, "tag:v1") < 0) == (strcmp(where[i], "tag:v1") != 0) && !memory_has_tag(to, "v1", &index_digest),
           "a failure at %s names nothing", where[i]);
        err_clear(&e);
        place_close(&from->place);
        place_close(&to->place);
    }
    struct memory_place *from = source(), *to = memory_place_new(true);
    struct err e = ERR_INIT;
    struct copy_result r;
    from->fails_on = "referrers:";
    ok(!copy(from, to, (struct copy_options){.evidence = true}, &r, &e), "a source that cannot tell what is about an image");
    ok(memory_count(to, "put:") == 0, "  gives nothing");
    err_clear(&e);
    from->fails_on = NULL;
    ok(!copy(from, to, (struct copy_options){.platform = S("plan9/mips")}, &r, &e), "a platform that is not there");
    is_err(&e, "there are: linux/" CROZE_ARCH, "  is told with those that are");
    place_close(&from->place);
    place_close(&to->place);
}

int main(void) {
    test_order();
    test_implied();
    test_failures();
    arena_fini(&arena);
    return tap_done();
}
