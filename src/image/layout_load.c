/* SPDX-License-Identifier: Apache-2.0
 * One image of an OCI layout directory (image-spec image-layout.md) -> blobs of the store: layout_load() of image.h. The directory is
 * foreign: its files are opened below it without following links, bounded, and hashed on their way in. */
#include <errno.h>

#include "base/json.h"
#include "base/limits.h"
#include "image/image.h"
#include "sys/files.h"

struct layout {
    struct store *store;
    int dir;
    struct str platform;
};

enum { PIECE_BYTES = 256 << 10 };

static bool copy_bytes(int from, int to, struct digest *out, struct err *e) {
    _cleanup_(mem_freep) unsigned char *piece = mem_alloc(PIECE_BYTES);
    struct sha256 hash;
    sha256_init(&hash);
    for (ssize_t n; (n = read(from, piece, PIECE_BYTES)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, errno, "read");
        sha256_update(&hash, piece, (size_t)n);
        if (!file_write_all(to, piece, (size_t)n, "blob", e))
            return false;
    }
    *out = sha256_final(&hash);
    return true;
}

/* A blob that the store lacks; what it holds is not read again. Leased first, so that no gc takes it meanwhile. */
static bool take_blob(struct layout *l, const struct digest *d, struct err *e) {
    char hex[DIGEST_HEX + 1], path[32 + DIGEST_HEX];
    struct stat st;
    struct digest got;
    if (!store_lease(l->store, d, e))
        return false;
    if (store_has_blob(l->store, d, NULL))
        return true;
    snprintf(path, sizeof path, "blobs/sha256/%s", digest_hex(d, hex));
    _cleanup_fd_ int from = file_openat_nolinks(l->dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (from < 0 || fstat(from, &st) < 0)
        return err_sys(e, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_FAILED, "%s is not a regular file", path);
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    if (!store_draft(l->store, &draft, e) || !copy_bytes(from, draft.fd, &got, e))
        return err_wrap(e, "%s", path);
    if (!digest_eq(&got, d))
        return err_set(e, ERR_FAILED, "%s does not hash to its name: it is damaged", path);
    return store_publish_blob(l->store, &draft, d, e);
}

static yyjson_doc *take_document(struct layout *l, const struct digest *d, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    bool good = take_blob(l, d, e) && store_get_blob(l->store, d, &text, e);
    return good ? json_parse(buf_str(&text), LIMIT_JSON_BYTES, "manifest", e) : NULL;
}

static bool take_descriptor(struct layout *l, yyjson_val *descriptor, struct err *e) {
    struct digest d;
    return digest_parse(json_get_str(descriptor, "digest"), &d, e) && take_blob(l, &d, e);
}

/* The configuration and the layers that a manifest names. */
static bool take_image(struct layout *l, yyjson_val *manifest, struct err *e) {
    yyjson_val *layers = json_get_array(manifest, "layers"), *v;
    size_t i, max;
    if (yyjson_arr_size(layers) > LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "%zu layers are over the limit of %d", yyjson_arr_size(layers), LIMIT_IMAGE_LAYERS);
    if (!take_descriptor(l, json_get_object(manifest, "config"), e))
        return err_wrap(e, "config");
    yyjson_arr_foreach(layers, i, max, v) {
        if (!take_descriptor(l, v, e))
            return err_wrap(e, "layers[%zu]", i);
    }
    return true;
}

/* Those images of an index that are for this platform, or for none: image_read chooses among them. */
static bool take_index(struct layout *l, yyjson_val *list, struct err *e) {
    size_t i, max;
    yyjson_val *v;
    struct arena a = ARENA_INIT;
    bool good = true;
    yyjson_arr_foreach(list, i, max, v) {
        yyjson_val *p = json_get_object(v, "platform");
        struct str have = arena_join3(&a, json_get_str(p, "os"), S("/"), json_get_str(p, "architecture"));
        struct digest d;
        if (p && !str_eq(have, l->platform))
            continue;
        _cleanup_(json_doc_freep) yyjson_doc *doc =
            digest_parse(json_get_str(v, "digest"), &d, e) ? take_document(l, &d, e) : NULL;
        good = doc && take_image(l, yyjson_doc_get_root(doc), e);
        if (!good)
            break;
    }
    arena_fini(&a);
    return good || err_wrap(e, "manifests[%zu]", i);
}

static bool take(struct layout *l, const struct digest *manifest, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *doc = take_document(l, manifest, e);
    if (!doc)
        return false;
    yyjson_val *root = yyjson_doc_get_root(doc), *list = json_get_array(root, "manifests");
    return list ? take_index(l, list, e) : take_image(l, root, e);
}

/* --- index.json --- */

static struct str tag_of(yyjson_val *descriptor) {
    return json_get_str(json_get_object(descriptor, "annotations"), "org.opencontainers.image.ref.name");
}

/* "latest", or a full name that ends in ":latest", as croze's own store has it. */
static bool bears_tag(yyjson_val *descriptor, struct str tag) {
    struct str name = tag_of(descriptor), head;
    if (str_eq(name, tag))
        return true;
    ptrdiff_t colon = str_rindex(name, ':');
    head = str_from(name, (size_t)(colon + 1));
    return colon >= 0 && str_eq(head, tag);
}

/* The manifest that `tag` names; without a tag "latest", else the only one. */
static bool find_manifest(yyjson_val *index, struct str tag, struct digest *out, struct err *e) {
    yyjson_val *list = json_get_array(index, "manifests"), *v, *found = NULL;
    struct str wanted = tag.n ? tag : S("latest");
    size_t i, max, n = 0;
    yyjson_arr_foreach(list, i, max, v) {
        if (bears_tag(v, wanted)) {
            found = v;
            n++;
        }
    }
    if (n > 1)
        return err_set(e, ERR_FAILED, "%zu images bear the tag \"%s\"; name one by its digest", n, SHOWN(wanted));
    if (!found && !tag.n && yyjson_arr_size(list) == 1)
        found = yyjson_arr_get_first(list);
    if (!found)
        return err_set(e, ERR_FAILED, "no image of it bears the tag \"%s\"", SHOWN(wanted));
    return digest_parse(json_get_str(found, "digest"), out, e);
}

static bool read_index(struct layout *l, struct str tag, struct digest *out, struct err *e) {
    _cleanup_(buf_fini) struct buf text = BUF_INIT(LIMIT_JSON_BYTES);
    _cleanup_fd_ int fd = file_openat_nolinks(l->dir, "index.json", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return err_sys(e, errno, "index.json (is this an OCI layout?)");
    if (!file_read_fd(fd, "index.json", &text, e))
        return false;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(buf_str(&text), LIMIT_JSON_BYTES, "index.json", e);
    return doc && find_manifest(yyjson_doc_get_root(doc), tag, out, e);
}

bool layout_load(struct store *s, const char *path, struct str tag, const struct digest *digest, struct str platform,
                 struct digest *manifest, struct err *e) {
    struct layout l = {.store = s, .platform = platform};
    _cleanup_fd_ int dir = file_open(path, O_RDONLY | O_DIRECTORY, 0, e);
    if (dir < 0)
        return false;
    l.dir = dir;
    if (digest)
        *manifest = *digest;
    else if (!read_index(&l, tag, manifest, e))
        return err_wrap(e, "%s", path);
    return take(&l, manifest, e) || err_wrap(e, "%s", path);
}
