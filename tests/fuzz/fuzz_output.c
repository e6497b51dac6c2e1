/* SPDX-License-Identifier: Apache-2.0
 * Any words as -o/--output and --annotation: the first line is one, the second the other. What is accepted holds together; what is not
 * has a message. */
#include <assert.h>
#include <stdint.h>

#include "base/mem.h"
#include "build/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct build_output *o) {
    assert(o->dest || (o->kind != OUTPUT_LOCAL && !o->layout));
    assert(!o->layout || o->kind == OUTPUT_OCI);
    assert(!o->dest || (o->kind != OUTPUT_IMAGE && o->kind != OUTPUT_CACHEONLY));
    assert(output_is_image(o) || (o->names.n == 0 && o->annotations.n == 0 && !o->has_compression && !o->has_level));
    assert(!o->docker_types || o->annotations.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct output_encoder general = {COMPRESSION_GZIP, 1};
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct build_output o;
    struct pair_list annotations = {0};
    struct str output, annotation;
    str_cut(str_n((const char *)data, size), '\n', &output, &annotation);
    bool good = output_parse(&a, output, &o, &e);
    assert(good == (e.kind == ERR_NONE));
    if (good) {
        check(&o);
        good = output_settle(&o, &general, &e);
        assert(good == (e.kind == ERR_NONE));
    }
    err_clear(&e);
    good = annotation_parse(&a, annotation, &annotations, &e);
    assert(good == (e.kind == ERR_NONE) && (!good || annotations.n == 1));
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
