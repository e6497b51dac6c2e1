/* SPDX-License-Identifier: Apache-2.0
 * Finding an image in the store by what people type: a name, a digest, an image ID (configuration digest), or the beginning of one. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "image/image.h"

enum { PREFIX_MIN_DIGITS = 4 };

static bool is_hex(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n >= PREFIX_MIN_DIGITS && s.n <= DIGEST_HEX;
}

static bool starts_with(const struct digest *d, struct str hex) {
    char text[DIGEST_HEX + 1];
    return str_starts(str_z(digest_hex(d, text)), hex);
}

static const struct store_ref *by_name(struct arena *a, const struct store_refs *refs, const struct image_name *name) {
    struct str full = image_name_text(a, name);
    for (size_t i = 0; i < refs->n; i++) {
        struct str have = refs->p[i].name;
        char digest[DIGEST_TEXT + 1];
        bool digest_agrees = !name->digest.n || str_eqz(name->digest, digest_text(&refs->p[i].manifest, digest));
        bool same = name->tag.n ? str_eq(have, full) : str_starts(have, name->name) && have.n > name->name.n && have.p[name->name.n] == ':';
        if (same && digest_agrees)
            return &refs->p[i];
    }
    return NULL;
}

/* "name@sha256:...": the digest says all; the name, and a tag before the digest, only where it came from. What was pulled so bears no
 * name. */
static const struct store_ref *by_whole_digest(struct store *s, const struct store_refs *refs, struct str digest) {
    char text[DIGEST_TEXT + 1];
    for (size_t i = 0; i < refs->n; i++)
        if (str_eqz(digest, digest_text(&refs->p[i].manifest, text)) && store_has_blob(s, &refs->p[i].manifest, NULL))
            return &refs->p[i];
    return NULL;
}

/* Whether an image's own digest, that of its manifest for this machine, or its ID begins so. *manifest: that for this machine. What cannot
 * be read has its own digest only. */
static bool begins_with(struct store *s, const struct store_ref *r, struct str hex, struct digest *manifest) {
    struct err quiet = ERR_INIT;
    struct digest config;
    bool known = image_resolve(s, &r->manifest, S("linux/" CROZE_ARCH), manifest, &config, &quiet);
    err_clear(&quiet);
    return starts_with(&r->manifest, hex) || (known && (starts_with(manifest, hex) || starts_with(&config, hex)));
}

/* *ambiguous: several images begin so. A name and an index may lead to one image; then what has the digest itself is meant. */
static const struct store_ref *by_digest(struct store *s, const struct store_refs *refs, struct str hex, bool *ambiguous) {
    const struct store_ref *found = NULL;
    struct digest first = {0}, manifest;
    for (size_t i = 0; i < refs->n; i++) {
        const struct store_ref *r = &refs->p[i];
        if (!begins_with(s, r, hex, &manifest))
            continue;
        *ambiguous = *ambiguous || (found && !digest_eq(&first, &manifest));
        if (!found || (starts_with(&r->manifest, hex) && !starts_with(&found->manifest, hex)))
            found = r;
        first = manifest;
    }
    return found;
}

static bool no_such_image(struct arena *a, const struct store_refs *refs, struct str text, const struct image_name *name, struct err *e) {
    struct str prefix = name ? arena_join3(a, name->name, S(":"), STR_NULL) : STR_NULL;
    err_set(e, ERR_FAILED, "no such image: %s", SHOWN(text));
    e->sys = ENOENT;
    for (size_t i = 0; name && i < refs->n; i++)
        if (str_starts(refs->p[i].name, prefix))
            return err_append(e, "%s; %.*s is here", name->digest.n || str_ends(text, name->tag) ? "" : " (its tag is latest)",
                              STR_ARG(refs->p[i].name));
    return err_append(e, " (croze images lists what is here)");
}

bool image_find(struct store *s, struct str text, struct arena *a, struct store_ref *out, struct err *e) {
    struct store_refs refs;
    if (!store_refs_read(s, a, &refs, e))
        return false;
    struct str hex = str_starts(text, S("sha256:")) ? str_from(text, 7) : text;
    const struct store_ref *found = NULL;
    bool ambiguous = false;
    struct err no_name = ERR_INIT;
    struct image_name name;
    bool is_name = image_name_parse(a, text, &name, &no_name);
    if (is_name)
        found = by_name(a, &refs, &name);
    if (!found && is_name && name.digest.n)
        found = by_whole_digest(s, &refs, name.digest);
    if (!found && is_hex(hex))
        found = by_digest(s, &refs, hex, &ambiguous);
    if (ambiguous) {
        err_clear(&no_name);
        return err_set(e, ERR_USAGE, "several images begin with \"%.*s\"; give more digits", STR_ARG(text));
    }
    if (found) {
        err_clear(&no_name);
        *out = *found;
        return true;
    }
    if (!is_name && !is_hex(hex)) {
        err_move(e, &no_name);
        return false;
    }
    err_clear(&no_name);
    return no_such_image(a, &refs, text, is_name ? &name : NULL, e);
}
