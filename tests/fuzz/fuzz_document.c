/* SPDX-License-Identifier: Apache-2.0
 * Manifests and indexes as a copy reads them, and the two lists of many parties that it adds to. The first byte chooses; the rest is the
 * text, or two texts with a NUL between. What is read keeps to the limits, an index has no blobs and a manifest no children, every platform
 * that is listed can be chosen, and what was added to a list is in it. */
#include <assert.h>

#include "base/json.h"
#include "base/limits.h"
#include "image/media_types.h"
#include "registry/document.h"

#define REFERRER \
    "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"," \
    "\"size\":2},\"annotations\":{\"a\":\"b\"}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_plain(struct str s) {
    return s.n && str_index(s, '/') < 0;
}

static void check_children(struct arena *a, const struct document *d) {
    assert(d->n_children <= LIMIT_INDEX_CHILDREN);
    for (size_t i = 0; i < d->n_children && i < 100; i++) {
        const struct child *c = &d->children[i];
        assert(c->descriptor.bytes <= LIMIT_MANIFEST_BYTES);
        if (!is_plain(c->os) || !is_plain(c->architecture))
            continue;
        struct str platform = arena_join3(a, c->os, S("/"), c->architecture);
        platform = c->variant.n ? arena_join3(a, platform, S("/"), c->variant) : platform;
        const struct child *chosen = document_choose(d, platform);
        assert(chosen && str_eq(chosen->os, c->os) && str_eq(chosen->architecture, c->architecture));
    }
    (void)document_platforms(d, a);
}

static void check_type(const struct document *d) {
    static const char *const types[] = {"", "text/plain", MEDIA_INDEX, MEDIA_MANIFEST, MEDIA_DOCKER_MANIFEST};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct err e = ERR_INIT;
        struct str type;
        if (document_type(d, str_z(types[i]), &type, &e))
            assert(type.n && (!is_manifest_type(str_z(types[i])) || str_eqz(type, types[i]) || !is_manifest_type(type)));
        err_clear(&e);
    }
}

static void check_document(struct arena *a, struct str text) {
    struct err e = ERR_INIT;
    struct document d;
    if (document_read(text, a, &d, &e)) {
        size_t most = d.is_image ? LIMIT_IMAGE_LAYERS : LIMIT_ARTIFACT_BLOBS;
        assert(d.is_index ? d.n_blobs == 0 : d.n_children == 0 && d.n_blobs <= 2 * most + 1);
        assert(!d.is_image || d.blobs[0].bytes <= LIMIT_IMAGE_CONFIG_BYTES);
        check_children(a, &d);
        check_type(&d);
    } else {
        assert(e.msg && e.msg[0]);
    }
    err_clear(&e);
}

/* A list that was written is read again by the same code; a second time there is nothing to add. */
static void check_referrers(struct str old) {
    static const struct manifest_blob referrer = {
        .digest = {{1, 2, 3}},
        .media_type = {MEDIA_MANIFEST, sizeof MEDIA_MANIFEST - 1},
        .bytes = {REFERRER, sizeof REFERRER - 1},
    };
    struct err e = ERR_INIT;
    struct buf once = BUF_INIT(LIMIT_MANIFEST_BYTES), again = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool changed;
    if (referrers_add(old, &referrer, &once, &changed, &e) && changed) {
        bool good = referrers_add(buf_str(&once), &referrer, &again, &changed, &e);
        assert(good && !changed);
    }
    err_clear(&e);
    buf_fini(&once);
    buf_fini(&again);
}

static void check_signatures(struct str old, struct str more) {
    struct err e = ERR_INIT;
    struct buf once = BUF_INIT(LIMIT_MANIFEST_BYTES), again = BUF_INIT(LIMIT_MANIFEST_BYTES);
    bool changed;
    if (signatures_add(old, more, &once, &changed, &e) && changed) {
        bool good = signatures_add(buf_str(&once), more, &again, &changed, &e);
        assert(good && !changed);
    }
    err_clear(&e);
    buf_fini(&once);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct descriptor *list;
    struct str old, more;
    size_t n;
    if (size == 0)
        return 0;
    struct str text = arena_str(&a, str_n((const char *)data + 1, size - 1));
    (void)str_cut(text, '\0', &old, &more);
    switch (data[0]) {
    case 'a':
        check_referrers(text);
        break;
    case 's':
        check_signatures(old, more);
        break;
    case 'r':
        if (referrers_read(text, &a, &list, &n, &e))
            assert(n <= LIMIT_INDEX_CHILDREN);
        break;
    default:
        check_document(&a, text);
    }
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
