/* SPDX-License-Identifier: Apache-2.0
 * See pull.h. */
#include "registry/pull.h"

#include <errno.h>

#include "base/log.h"
#include "registry/place_kinds.h"
#include "registry/private.h"

#define THIS_PLATFORM S("linux/" CROZE_ARCH)

struct str whole_image_name(struct arena *a, const struct image_name *name) {
    struct repository r;
    repository_of(a, name, &r);
    struct str text = repository_text(a, &r);
    return name->digest.n ? arena_join3(a, text, S("@"), name->digest) : arena_join3(a, text, S(":"), name->tag);
}

/* --- What is held --- */

/* Whether all of an image is here; an index counts for its image of the platform. */
static bool is_whole(struct store *s, const struct digest *manifest, struct str platform) {
    struct image im;
    struct err broken = ERR_INIT;
    bool whole = store_lease(s, manifest, &broken) && image_read(s, manifest, platform, &im, &broken);
    for (size_t i = 0; whole && i < im.n_layers; i++) {
        uint64_t size;
        if (!store_has_blob(s, &im.layers[i].blob, &size) || size != im.layers[i].blob_bytes) {
            image_fini(&im);
            return false;
        }
    }
    if (whole)
        image_fini(&im);
    err_clear(&broken);
    return whole;
}

/* The store's entry of that name, or by a digest of any name. */
static bool find_held(struct store *s, const struct image_name *name, struct arena *a, struct store_ref *out, bool *found, struct err *e) {
    struct store_refs refs;
    struct str full = image_name_text(a, name);
    char text[DIGEST_TEXT + 1];
    *found = false;
    if (!store_refs_read(s, a, &refs, e))
        return false;
    for (size_t i = 0; i < refs.n && !*found; i++) {
        *found = name->digest.n ? str_eqz(name->digest, digest_text(&refs.p[i].manifest, text)) : str_eq(refs.p[i].name, full);
        *out = refs.p[i];
    }
    return true;
}

/* --- Pull --- */

struct pull {
    struct registries *registries;
    struct store *store;
    const struct image_name *name;
    struct str platform;
    bool asked; /* somebody asked for this platform: another one will not do */
    struct place *from, *to;
    const struct image_gate *gate;
    bool keep_index;
    struct store_ref held;
    bool is_held;
};

/* So that who has no other name is listed with its repository, as docker lists it: a hint, whose loss hurts nobody. */
static void remember(const struct pull *p, const struct repository *r, const struct digest *d) {
    struct arena a = ARENA_INIT;
    struct err lost = ERR_INIT;
    if (!store_origin_add(p->store, d, repository_text(&a, r), &lost))
        log_debug("%s", lost.msg);
    err_clear(&lost);
    arena_fini(&a);
}

/* *current: what the name leads to in the registry is here, all of it. */
static bool is_current(struct pull *p, struct place *from, struct str reference, bool *current, struct err *e) {
    struct digest now = p->held.manifest;
    *current = false;
    if (!p->is_held || !is_whole(p->store, &p->held.manifest, p->platform))
        return true;
    if (!p->name->digest.n && !from->ops->resolve(from, reference, &now, e))
        return false;
    *current = digest_eq(&now, &p->held.manifest);
    return true;
}

/* Word for word as far as both say something: linux/arm64 is not linux/arm. */
static bool is_for(const struct image *im, struct str platform) {
    struct str os, rest, architecture, variant;
    (void)str_cut(platform, '/', &os, &rest);
    (void)str_cut(rest, '/', &architecture, &variant);
    return str_eq(im->os.n ? im->os : S("linux"), os) && str_eq(im->architecture, architecture) &&
           (!variant.n || !im->variant.n || str_eq(im->variant, variant));
}

static bool check_platform(const struct pull *p, const struct image *im, struct err *e) {
    return !p->asked || !im->architecture.n || is_for(im, p->platform) ||
           err_set(e, ERR_FAILED, "the image is for %s/%s, and not for %.*s", SHOWN(im->os.n ? im->os : S("linux")),
                   SHOWN(im->architecture), STR_ARG(p->platform));
}

/* The configuration comes before the layers, and is not brought again with them. */
static bool accepts(void *ctx, const struct descriptor *config, struct err *e) {
    struct pull *p = ctx;
    struct image im;
    bool has;
    if (!p->to->ops->has_blob(p->to, config, &has, e) || (!has && !p->to->ops->put_blob(p->to, config, p->from, NULL, e)))
        return false;
    bool good = image_read_config(p->store, &config->digest, &im, e);
    if (!good)
        return false;
    good = check_platform(p, &im, e);
    image_fini(&im);
    return good;
}

static bool passes(const struct pull *p, const struct image *im, struct err *e) {
    _cleanup_(arena_fini) struct arena a = ARENA_INIT;
    return !p->gate || p->gate->passes(p->gate->ctx, p->store, im, whole_image_name(&a, p->name), STR_NULL, e);
}

/* What is held was not asked for by platform then, perhaps. */
static bool check_held(const struct pull *p, struct err *e) {
    struct image im;
    if (!image_read(p->store, &p->held.manifest, p->platform, &im, e))
        return false;
    bool good = check_platform(p, &im, e) && passes(p, &im, e);
    image_fini(&im);
    return good;
}

/* What came is read as every later command will read it, before it gets its name. */
static bool check(struct pull *p, struct place *to, const struct manifest_blob *m, struct err *e) {
    struct image im;
    if (!image_read(p->store, &m->digest, p->platform, &im, e))
        return false;
    bool fits = check_platform(p, &im, e) && place_store_fits(to, &im, e) && passes(p, &im, e);
    image_fini(&im);
    return fits;
}

static bool bring(struct pull *p, struct place *from, struct str reference, const struct pull_options *o, struct arena *a,
                  struct pull_result *out, struct err *e) {
    struct copy_result r;
    struct copy_options copy = {.platform = p->platform, .keep_index = p->keep_index, .progress = o->progress};
    _cleanup_(place_closep) struct place *to = place_store(p->store);
    if (p->asked)
        copy.accepts = accepts;
    copy.ctx = p;
    p->from = from;
    p->to = to;
    place_store_bare(to);
    if (o->depth != PULL_BLOBS)
        place_store_follow(to, o->depth == PULL_TREES);
    if (!copy_image(from, reference, to, STR_NULL, &copy, a, &r, e) || !check(p, to, &r.root, e))
        return false;
    struct str name = p->name->digest.n ? STR_NULL : image_name_text(a, p->name);
    out->ref = (struct store_ref){name, r.root.digest, r.root.bytes.n, r.root.media_type};
    out->digest = r.root.digest;
    out->changed = r.blobs > 0 || !p->is_held || !digest_eq(&p->held.manifest, &r.root.digest);
    return store_refs_set(p->store, name, &out->ref, e);
}

bool pull_image(struct registries *r, struct store *s, const struct image_name *name, const struct pull_options *o, struct arena *a,
                struct pull_result *out, struct err *e) {
    struct pull p = {.registries = r, .store = s, .name = name, .platform = o->platform.n ? o->platform : THIS_PLATFORM};
    struct str reference = name->digest.n ? name->digest : name->tag;
    struct repository repository;
    bool current;
    *out = (struct pull_result){0};
    p.gate = o->gate;
    p.asked = o->platform.n > 0;
    p.keep_index = str_eq(p.platform, THIS_PLATFORM);
    repository_of(a, name, &repository);
    _cleanup_(place_closep) struct place *from = place_repository(r, s, &repository, PLACE_READ);
    if (!find_held(s, name, a, &p.held, &p.is_held, e) || !is_current(&p, from, reference, &current, e))
        return false;
    out->ref = p.held;
    out->digest = p.held.manifest;
    bool good = current ? check_held(&p, e) : bring(&p, from, reference, o, a, out, e);
    if (good)
        remember(&p, &repository, &out->digest);
    return good;
}

/* --- When --- */

bool pull_when_parse(struct str text, enum pull_when *out) {
    static const struct {
        const char *word;
        enum pull_when when;
    } words[] = {
        {"missing", PULL_MISSING},   {"if-not-present", PULL_MISSING},
        {"ifmissing", PULL_MISSING}, {"false", PULL_MISSING},
        {"always", PULL_ALWAYS},     {"true", PULL_ALWAYS},
        {"", PULL_ALWAYS},           {"newer", PULL_NEWER},
        {"ifnewer", PULL_NEWER},     {"never", PULL_NEVER},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eqz(text, words[i].word)) {
            *out = words[i].when;
            return true;
        }
    return false;
}

static bool pull_wanted_now(struct store *s, const struct image_name *name, const struct pull_wanted *w, struct arena *a,
                            struct store_ref *out, struct err *e) {
    struct pull_result r;
    struct registries *registries = w->registries(w->ctx, e);
    if (!registries)
        return false;
    bool good = pull_image(registries, s, name, &w->pull, a, &r, e);
    *out = r.ref;
    return good;
}

/* A digest is newer if it is another one; a registry that does not give it is no reason to do without what is here (podman). */
static bool newer_or_here(struct store *s, struct str text, const struct image_name *name, const struct pull_wanted *w, struct arena *a,
                          struct store_ref *out, struct err *e) {
    struct store_ref here;
    struct err missing = ERR_INIT;
    bool is_here = image_find(s, text, a, &here, &missing);
    err_clear(&missing);
    if (pull_wanted_now(s, name, w, a, out, e))
        return true;
    if (!is_here)
        return false;
    log_warn("%s; the %.*s that is here is used", e->msg, STR_ARG(text));
    err_clear(e);
    *out = here;
    return true;
}

/* What is no name but the beginning of a digest is looked for here only. */
bool image_find_or_pull(struct store *s, struct str text, const struct pull_wanted *w, struct arena *a, struct store_ref *out,
                        struct err *e) {
    struct image_name name;
    struct err no_name = ERR_INIT, missing = ERR_INIT;
    bool is_name = image_name_parse(a, text, &name, &no_name);
    err_clear(&no_name);
    if (is_name && w->when == PULL_ALWAYS)
        return pull_wanted_now(s, &name, w, a, out, e);
    if (is_name && w->when == PULL_NEWER)
        return newer_or_here(s, text, &name, w, a, out, e);
    bool found = image_find(s, text, a, out, &missing);
    if (found || !is_name || w->when == PULL_NEVER || missing.sys != ENOENT) {
        if (!found)
            err_move(e, &missing);
        return found;
    }
    err_clear(&missing);
    return pull_wanted_now(s, &name, w, a, out, e) || err_wrap(e, "%.*s is not in the store; pull", STR_ARG(text));
}
