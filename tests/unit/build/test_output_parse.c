/* SPDX-License-Identifier: Apache-2.0
 * -o and --annotation: docker's forms of outputs, what each key does, and what is refused by name. */
#include "build/output.h"

#include "tap.h"

static struct arena arena;
static struct build_output o;

static bool parse(const char *text, struct err *e) {
    return output_parse(&arena, str_z(text), &o, e);
}

static void good(const char *text) {
    struct err e = ERR_INIT;
    ok(parse(text, &e), "%s", text);
    no_err(&e, "  without an error");
}

static void bad(const char *text, const char *part) {
    struct err e = ERR_INIT;
    ok(!parse(text, &e), "%s is refused", text);
    ok(e.kind == ERR_USAGE, "  as wrong usage");
    is_err(&e, part, "  by name");
}

static void test_short(void) {
    good("-");
    ok(o.kind == OUTPUT_TAR && !o.dest, "  is a tar stream");
    good("out/dir");
    ok(o.kind == OUTPUT_LOCAL && str_eqz(str_z(o.dest), "out/dir"), "  is a directory");
    good("a=b");
    ok(o.kind == OUTPUT_LOCAL && str_eqz(str_z(o.dest), "a=b"), "  too: docker takes a bare word as it is");
    bad("", "needs a value");
    bad("a,b", "KEY=VALUE");
}

static void test_fields(void) {
    good("type=oci,dest=x.tar,name=a,tar=true");
    ok(o.kind == OUTPUT_OCI && str_eqz(str_z(o.dest), "x.tar") && !o.layout && o.names.n == 1, "  an archive");
    good("TYPE=oci, Dest=x,tar=0");
    ok(o.kind == OUTPUT_OCI && o.layout, "  keys have no case, blanks are cut; a layout directory");
    good("type=docker,dest=-");
    ok(o.kind == OUTPUT_DOCKER && !o.dest, "  standard output");
    good("type=docker,name=x");
    ok(o.kind == OUTPUT_IMAGE && o.names.n == 1, "  is loaded: into the store");
    good("\"type=image\",\"name=a, b,c\"");
    ok(o.kind == OUTPUT_IMAGE && o.names.n == 3 && str_eqz(o.names.p[1], "b"), "  quoted as CSV, three names");
    good("type=local,\"dest=with,comma\"\"\"");
    ok(str_eqz(str_z(o.dest), "with,comma\""), "  a quoted path");
    good("type=image,compression=zstd,compression-level=19,force-compression=1,oci-mediatypes=false");
    ok(o.has_compression && o.encoder.compression == COMPRESSION_ZSTD && o.encoder.level == 19 && o.force_compression && o.docker_types,
       "  all about compression");
    good("type=image,compression=gzip,compression=uncompressed");
    ok(o.encoder.compression == COMPRESSION_NONE, "  the last of a key counts");
    good("type=image,annotation.A.b=1,annotation-manifest.c=2,annotation[linux/" CROZE_ARCH "].d=x=y");
    ok(o.annotations.n == 3 && str_eqz(o.annotations.p[0].key, "A.b") && str_eqz(o.annotations.p[2].value, "x=y"), "  annotations");
    good("type=image,rewrite-timestamp=true,unpack=false,push=false");
    ok(!o.push, "  stays here");
    good("type=image,push=true");
    ok(o.kind == OUTPUT_IMAGE && o.push, "  is sent");
    good("type=registry");
    ok(o.kind == OUTPUT_IMAGE && o.push, "  is the same in one word");
    good("type=cacheonly");
    ok(o.kind == OUTPUT_CACHEONLY, "  nothing");
}

static void test_refused(void) {
    bad("type=image,push=maybe", "push");
    bad("type=oci,dest=x,push=true", "push");
    bad("type=Image", "type is image, registry, oci");
    bad("name=x,dest=y", "type=... is missing");
    bad("type=oci,dest=", "dest is empty");
    bad("type=local,dest=-", "dest=DIR");
    bad("type=oci,tar=false,dest=-", "dest=DIR");
    bad("type=tar,name=x", "\"name\" is not supported for type=tar");
    bad("type=local,platform-split=false", "\"platform-split\" is not supported");
    bad("type=tar,compression=gzip", "\"compression\" is not supported for type=tar");
    bad("type=image,comression=gzip", "did you mean compression?");
    bad("type=image,compression-level=-1", "is a number");
    bad("type=image,name=a,,b", "KEY=VALUE");
    bad("type=image,\"name=a,,b\"", "an empty name");
    bad("type=image,\"name=a", "KEY=VALUE");
    bad("type=image,oci-mediatypes=false,annotation.a=b", "annotations need OCI media types");
    bad("type=image,annotation-index.a=b", "level \"index\" are not supported");
    bad("type=image,annotation-manifest-descriptor.a=b", "level \"manifest-descriptor\" are not supported");
    bad("type=image,annotation-odd.a=b", "not a level");
    bad("type=image,annotation=b", "has no name");
    bad("type=image,annotation.=b", "without a name");
    bad("type=tar,dest=x,annotation.a=b", "has no annotations");
    bad("type=image,annotation[linux/pdp11].a=b", "this version builds for linux/" CROZE_ARCH);
}

static void test_settle(void) {
    const struct output_encoder gzip9 = {COMPRESSION_GZIP, 9}, zstd5 = {COMPRESSION_ZSTD, 5};
    struct err e = ERR_INIT;
    good("type=image");
    ok(output_settle(&o, &gzip9, &e) && o.encoder.compression == COMPRESSION_GZIP && o.encoder.level == 9, "  takes the build's encoder");
    good("type=image,compression=gzip");
    ok(output_settle(&o, &zstd5, &e) && o.encoder.level == 1, "  another compression: its own default level");
    good("type=image,compression-level=3");
    ok(output_settle(&o, &zstd5, &e) && o.encoder.compression == COMPRESSION_ZSTD && o.encoder.level == 3, "  a level alone");
    no_err(&e, "  all fine");
    good("type=image,compression=gzip,compression-level=13");
    ok(!output_settle(&o, &zstd5, &e), "  too high");
    is_err(&e, "gzip has levels 1 to 12", "  is refused");
    good("type=image,compression-level=0");
    ok(!output_settle(&o, &gzip9, &e), "  zero");
    is_err(&e, "levels 1 to 12", "  is refused");
}

static void test_annotations(void) {
    struct pair_list list = {0};
    struct err e = ERR_INIT;
    ok(annotation_parse(&arena, S("a=b"), &list, &e) && annotation_parse(&arena, S("manifest:c=d:e"), &list, &e) &&
           annotation_parse(&arena, S("manifest[linux/" CROZE_ARCH "]:a=again"), &list, &e),
       "three annotations");
    no_err(&e, "  are fine");
    ok(list.n == 2 && str_eqz(list.p[0].value, "again") && str_eqz(list.p[1].value, "d:e"), "  the last of a name counts");
    ok(!annotation_parse(&arena, S("a"), &list, &e), "no value");
    is_err(&e, "KEY=VALUE", "  is refused");
    ok(!annotation_parse(&arena, S("manifest,index:a=b"), &list, &e), "two levels, one of them the index");
    is_err(&e, "level \"index\" are not supported", "  are refused by name");
    ok(!annotation_parse(&arena, S("other:a=b"), &list, &e), "a level that is none");
    is_err(&e, "\"other\" is not a level", "  is refused");
    ok(!annotation_parse(&arena, S("=b"), &list, &e), "no name");
    is_err(&e, "without a name", "  is refused");
}

int main(void) {
    test_short();
    test_fields();
    test_refused();
    test_settle();
    test_annotations();
    arena_fini(&arena);
    return tap_done();
}
