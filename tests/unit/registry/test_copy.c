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

/* One manifest under two of cosign's tags: an SBOM of two images, say. */
static void test_two_tags(void) {
    struct memory_place *from = source(), *to = memory_place_new(true);
    struct err e = ERR_INIT;
    struct copy_result r;
    char one[REFERENCE_TAG_BYTES], other[REFERENCE_TAG_BYTES];
    struct memory_tag more = {str_z(reference_tag(&index_digest, ".att", one)), tagged};
    vec_push(&from->tags, more);
    ok(copy(from, to, (struct copy_options){.evidence = true, .check = true}, &r, &e), "a manifest under two tags");
    no_err(&e, "  is copied");
    ok(memory_has_tag(to, one, &tagged) && memory_has_tag(to, reference_tag(&image, ".sig", other), &tagged), "  under both");
    buf_reset(&to->log);
    to->tags.n = 0;
    ok(copy(from, to, (struct copy_options){.evidence = true}, &r, &e) && memory_has_tag(to, one, &tagged) &&
       memory_has_tag(to, other, &tagged), "  also where it is there, and its tags are not");
    place_close(&from->place);
    place_close(&to->place);
}

/* Under cosign's tag at the far side lies what is no list of signatures. */
static void test_not_joined(void) {
    struct memory_place *from = source(), *to = memory_place_new(true);
    struct err e = ERR_INIT;
    struct copy_result r;
    char tag[REFERENCE_TAG_BYTES];
    struct digest theirs = memory_add(to, S("{\"schemaVersion\":2,\"manifests\":[]}"), MEDIA_INDEX,
                                      arena_strz(&arena, str_z(reference_tag(&image, ".sig", tag))));
    ok(!copy(from, to, (struct copy_options){.evidence = true}, &r, &e), "what cannot be joined with signatures is not replaced");
    is_err(&e, "has no signatures as layers, and is not replaced; --replace-evidence", "  and the way out is told");
    ok(memory_has_tag(to, tag, &theirs) && !memory_has_tag(to, "v1", &index_digest), "  it stays, and nothing is named");
    ok(copy(from, to, (struct copy_options){.evidence = true, .replace_evidence = true}, &r, &e) && memory_has_tag(to, tag, &tagged),
       "  unless it is to give way");
    place_close(&from->place);
    place_close(&to->place);
}

/* A list of referrers that lags behind: the place lists what it does not have. */
static bool list_missing(struct place *p, const struct digest *subject, struct arena *a, struct descriptor **out, size_t *n,
                         struct err *e) {
    (void)p;
    (void)e;
    *n = digest_eq(subject, &index_digest);
    *out = arena_new(a, struct descriptor);
    **out = (struct descriptor){.digest = sha256_of("gone", 4), .bytes = 4, .media_type = S(MEDIA_MANIFEST)};
    return true;
}

static void test_listed_and_gone(void) {
    struct memory_place *from = source(), *to = memory_place_new(true);
    struct err e = ERR_INIT;
    struct copy_result r;
    struct place_ops ops = *from->place.ops;
    ops.referrers = list_missing;
    from->place.ops = &ops;
    ok(copy(from, to, (struct copy_options){.evidence = true}, &r, &e), "what is listed and not there is passed over");
    no_err(&e, "  without an error");
    ok(r.evidence == 1 && memory_has_tag(to, "v1", &index_digest), "  and all else is brought");
    struct str index = arena_printf(&arena, "{\"schemaVersion\":2,\"manifests\":[%.*s]}",
                                    STR_ARG(descriptor(MEDIA_MANIFEST, &(struct digest){.b = {1}}, 4)));
    memory_add(from, index, MEDIA_INDEX, "v1");
    ok(!copy(from, to, (struct copy_options){.evidence = true}, &r, &e), "what an index names must be there");
    is_err(&e, "is not there", "  and is told of");
    place_close(&from->place);
    place_close(&to->place);
}

int main(void) {
    test_order();
    test_two_tags();
    test_not_joined();
    test_listed_and_gone();
    test_implied();
    test_failures();
    arena_fini(&arena);
    return tap_done();
}
