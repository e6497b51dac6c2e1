/* SPDX-License-Identifier: Apache-2.0
 * Rules over what an image's bytes are spent on: caches, files that later layers hide, copies that differ in owner or mode alone. */
#include "check/image_rules.h"

#include "layer/names.h"

enum { WORTH_SAYING_BYTES = 4096, WASTE_BYTES = 1000 * 1000 };

/* Files of one layer that a rule adds up. */
struct pile {
    uint64_t bytes;
    size_t files;
    uint64_t largest_bytes;
    struct str largest; /* its path */
};

static void pile_add(struct pile *p, const struct entry *en) {
    p->bytes += en->size;
    p->files++;
    if (en->size < p->largest_bytes)
        return;
    p->largest_bytes = en->size;
    p->largest = en->path;
}

/* --- Caches ------------------------------------------------------------------------------------------------------------------------- */

static const char *const caches[] = {
    "var/lib/apt/lists",
    "var/cache/apt",
    "var/cache/apk",
    "var/cache/yum",
    "var/cache/dnf",
    "var/cache/zypp",
    "var/cache/libdnf5",
    "var/cache/debconf",
    "root/.cache",
    "root/.npm",
    "root/.m2/repository",
    "root/.gradle/caches",
    "root/.cargo/registry",
    "root/go/pkg/mod",
    "usr/local/share/.cache",
    "tmp",
    "var/tmp",
    "var/log",
};
enum { CACHES = sizeof caches / sizeof *caches };

static void package_cache(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    (void)en;
    for (size_t layer = c->options->base_layers; layer < c->view.n; layer++) {
        const struct toc *t = c->view.tocs[layer];
        for (size_t k = 0; k < CACHES; k++) {
            struct pile pile = {0};
            bool shown = false;
            for (size_t i = toc_lower_bound(t, str_z(caches[k])); i < toc_count(t); i++) {
                struct entry at;
                toc_entry(t, i, NULL, &at);
                if (!str_eqz(at.path, caches[k]) && !path_below(at.path, str_z(caches[k])))
                    break;
                if (at.type != ENTRY_FILE)
                    continue;
                pile_add(&pile, &at);
                shown = shown || image_shows(c, &(struct image_entry){.entry = &at, .layer = layer});
            }
            if (pile.bytes >= WORTH_SAYING_BYTES)
                image_report_at(c, r, layer, str_z(caches[k]), pile.bytes, "%s in %zu file%s are left in it%s", image_size(c, pile.bytes),
                                pile.files, pile.files == 1 ? "" : "s", shown ? "" : "; a later layer deletes them, but they ship");
        }
    }
}

/* --- Waste -------------------------------------------------------------------------------------------------------------------------- */

/* All layers of the image count: what this one hides of its base is paid for as well. */
static void hidden_bytes(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    uint64_t all = 0, hidden = 0;
    (void)en;
    for (size_t layer = 0; layer < c->view.n; layer++) {
        const struct toc *t = c->view.tocs[layer];
        struct pile pile = {0};
        for (size_t i = 0; i < toc_count(t); i++) {
            struct entry at;
            toc_entry(t, i, NULL, &at);
            if (at.type != ENTRY_FILE)
                continue;
            all += at.size;
            if (layer + 1 < c->view.n && !image_shows(c, &(struct image_entry){.entry = &at, .layer = layer}))
                pile_add(&pile, &at);
            arena_fini(&c->scratch);
        }
        hidden += pile.bytes;
        if (pile.bytes >= WASTE_BYTES)
            image_report_at(c, r, layer, STR_NULL, pile.bytes,
                            "%s in %zu file%s of it are replaced or deleted by later layers; the largest is /%s", image_size(c, pile.bytes),
                            pile.files, pile.files == 1 ? "" : "s", SHOWN(pile.largest));
    }
    if (hidden >= WASTE_BYTES && hidden > all / 20)
        image_report(c, r, "%s of the layers' %s (%.0f %%) are never seen", image_size(c, hidden), image_size(c, all),
                     100.0 * (double)hidden / (double)all);
}

/* The same file in the nearest lower layer that has the path. */
static bool is_copy(struct image_check *c, size_t layer, size_t i, const struct entry *en) {
    struct digest own, other;
    size_t at;
    if (!toc_digest(c->view.tocs[layer], i, &own))
        return false;
    const struct image_directory *d = image_directory_of(c, &(struct image_entry){.entry = en, .layer = layer});
    for (size_t k = 0; k < d->n; k++)
        if (d->layers[k] < layer && toc_find(c->view.tocs[d->layers[k]], en->path, &at))
            return toc_digest(c->view.tocs[d->layers[k]], at, &other) && digest_eq(&own, &other);
    return false;
}

static void owner_copies(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    (void)en;
    for (size_t layer = c->options->base_layers; layer < c->view.n; layer++) {
        const struct toc *t = c->view.tocs[layer];
        struct pile pile = {0};
        for (size_t i = 0; i < toc_count(t); i++) {
            struct entry at;
            toc_entry(t, i, NULL, &at);
            if (at.type == ENTRY_FILE && at.size && is_copy(c, layer, i, &at))
                pile_add(&pile, &at);
        }
        if (pile.bytes >= WASTE_BYTES)
            image_report_at(c, r, layer, STR_NULL, pile.bytes,
                            "%s in %zu file%s are copies of lower layers' with another owner, mode or time; the largest is /%s",
                            image_size(c, pile.bytes), pile.files, pile.files == 1 ? "" : "s", SHOWN(pile.largest));
    }
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_bytes[] = {
    {.id = "ImagePackageCache",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "DL3009 DL3019 DL3032 DL3036 DL3040 DL3042 DL3060 DKL-DI-0004 DKL-DI-0005 DS-0015 DS-0019 DS-0020 DS-0025 DS-0027",
     .why = "Caches, temporary files and logs of the build are of no use to a container, and everyone downloads them.",
     .fix = "Remove them in the RUN that makes them, or give them a RUN --mount=type=cache.",
     .url = "",
     .image = package_cache},
    {.id = "ImageHiddenBytes",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "",
     .why = "What a later layer replaces or deletes is stored and downloaded all the same.",
     .fix = "Remove it in the step that made it, build in another stage, or squash.",
     .url = "",
     .image = hidden_bytes},
    {.id = "ImageOwnerCopies",
     .reads = READS_IMAGE,
     .severity = SEVERITY_INFO,
     .also = "",
     .why = "A RUN chown or chmod copies each file it touches whole into another layer.",
     .fix = "Use COPY --chown and --chmod.",
     .url = "",
     .image = owner_copies},
    {0},
};
