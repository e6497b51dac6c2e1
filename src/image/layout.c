/* SPDX-License-Identifier: Apache-2.0
 * Images on their way out of the store (layout.h), and the layout directory (layout_write in image.h): blobs first, each complete when it
 * has its name, then index.json, so that whoever reads it meanwhile sees the old images or the new ones. */
#include "image/layout.h"

#include <errno.h>

#include "base/limits.h"
#include "image/media_types.h"

/* --- What goes out --- */

static bool gather_one(struct outgoing *o, const struct archive_item *item, struct err *e) {
    struct outgoing_image one = {.name = item->name};
    /* leased before it is read: gc keeps all that a leased manifest reaches */
    if (!store_lease(o->store, &item->manifest, e) || !image_read(o->store, &item->manifest, S("linux/" CROZE_ARCH), &one.image, e))
        return false;
    vec_push(&o->images, one);
    vec_push(&o->blobs, one.image.manifest);
    vec_push(&o->blobs, one.image.config_digest);
    for (size_t i = 0; i < one.image.n_layers; i++)
        vec_push(&o->blobs, one.image.layers[i].blob);
    return true;
}

static int by_digest(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct digest));
}

bool outgoing_gather(struct outgoing *o, struct store *s, const struct archive_item *items, size_t n, struct err *e) {
    *o = (struct outgoing){.store = s};
    for (size_t i = 0; i < n; i++)
        if (!gather_one(o, &items[i], e))
            return false;
    if (o->blobs.n)
        qsort(o->blobs.p, o->blobs.n, sizeof *o->blobs.p, by_digest);
    size_t kept = 0;
    for (size_t i = 0; i < o->blobs.n; i++)
        if (i == 0 || !digest_eq(&o->blobs.p[i], &o->blobs.p[i - 1]))
            o->blobs.p[kept++] = o->blobs.p[i];
    o->blobs.n = kept;
    return true;
}

void outgoing_fini(struct outgoing *o) {
    for (size_t i = 0; i < o->images.n; i++)
        image_fini(&o->images.p[i].image);
    vec_fini(&o->images);
    vec_fini(&o->blobs);
}

bool outgoing_copy(int from, const struct digest *d, uint64_t size, int to, const char *what, struct err *e) {
    enum { COPY_BYTES = 256 << 10 };
    _cleanup_(mem_freep) char *piece = mem_alloc(COPY_BYTES);
    char text[DIGEST_TEXT + 1];
    struct sha256 hash;
    sha256_init(&hash);
    while (hash.bytes < size) {
        size_t n = size - hash.bytes < COPY_BYTES ? (size_t)(size - hash.bytes) : (size_t)COPY_BYTES;
        if (!file_pread_all(from, piece, n, hash.bytes, "blob", e) || !file_write_all(to, piece, n, what, e))
            return false;
        sha256_update(&hash, piece, n);
    }
    struct digest got = sha256_final(&hash);
    if (digest_eq(&got, d))
        return true;
    return err_set(e, ERR_FAILED, "blob %s in the store is damaged: its bytes do not hash to its name (croze fsck --deep)",
                   digest_text(d, text));
}

/* A dockerd that keeps its images in containerd reads the first of the two as it stands: without it a short name would be one that docker
 * never finds again. */
static void add_names(yyjson_mut_doc *d, yyjson_mut_val *annotations, struct str name) {
    struct arena a = ARENA_INIT;
    json_add_str(d, annotations, "io.containerd.image.name", image_name_full(&a, name));
    json_add_str(d, annotations, "org.opencontainers.image.ref.name", name);
    arena_fini(&a);
}

void outgoing_describe(const struct outgoing *o, yyjson_mut_doc *d, yyjson_mut_val *list) {
    for (size_t i = 0; i < o->images.n; i++) {
        const struct outgoing_image *one = &o->images.p[i];
        char digest[DIGEST_TEXT + 1];
        yyjson_mut_val *v = yyjson_mut_arr_add_obj(d, list);
        json_add_str(d, v, "mediaType", one->image.manifest_media_type);
        json_add_str(d, v, "digest", str_z(digest_text(&one->image.manifest, digest)));
        yyjson_mut_obj_add_uint(d, v, "size", one->image.manifest_bytes);
        if (one->name.n)
            add_names(d, yyjson_mut_obj_add_obj(d, v, "annotations"), one->name);
    }
}

/* --- A directory --- */

static int make_dir(int at, const char *name, struct err *e) {
    if (mkdirat(at, name, 0755) < 0 && errno != EEXIST) {
        err_sys(e, errno, "make the directory %s", name);
        return -1;
    }
    int fd = file_openat_nolinks(at, name, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        err_sys(e, errno, "open the directory %s", name);
    return fd;
}

/* A blob that is there already counts only if it is the one: a half copy of another tool's must not be handed on either. */
static bool is_there(int dir, const char *hex, const struct digest *d) {
    struct err ignored = ERR_INIT;
    struct digest got;
    _cleanup_fd_ int fd = file_openat_nolinks(dir, hex, O_RDONLY | O_NONBLOCK, 0);
    struct stat st;
    bool same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && file_digest(fd, hex, &got, NULL, &ignored) && digest_eq(&got, d);
    err_clear(&ignored);
    return same;
}

static bool put_blob(const struct outgoing *o, int dir, const struct digest *d, struct err *e) {
    char hex[DIGEST_HEX + 1];
    uint64_t size;
    if (is_there(dir, digest_hex(d, hex), d))
        return true;
    _cleanup_draft_ struct file_draft draft = FILE_DRAFT_INIT;
    _cleanup_fd_ int from = store_open_blob(o->store, d, &size, e);
    return from >= 0 && file_draft_open(dir, 0644, &draft, e) && outgoing_copy(from, d, size, draft.fd, "a blob", e) &&
           file_publish(&draft, hex, FILE_REPLACE, false, e);
}

static bool put_blobs(const struct outgoing *o, int dir, struct err *e) {
    _cleanup_fd_ int blobs = make_dir(dir, "blobs", e);
    _cleanup_fd_ int sha256 = blobs < 0 ? -1 : make_dir(blobs, "sha256", e);
    for (size_t i = 0; sha256 >= 0 && i < o->blobs.n; i++)
        if (!put_blob(o, sha256, &o->blobs.p[i], e))
            return false;
    return sha256 >= 0;
}

/* Whether a descriptor of the old index gives way: its name is given again, or it has none and its image is described again. */
static bool is_replaced(const struct outgoing *o, yyjson_val *old) {
    struct str name = json_get_str(json_get_object(old, "annotations"), "org.opencontainers.image.ref.name");
    for (size_t i = 0; i < o->images.n; i++) {
        char digest[DIGEST_TEXT + 1];
        const struct outgoing_image *one = &o->images.p[i];
        bool same = str_eqz(json_get_str(old, "digest"), digest_text(&one->image.manifest, digest));
        if (name.n ? str_eq(name, one->name) : same)
            return true;
    }
    return false;
}

/* The descriptors of an index.json that is there. */
static bool keep_others(const struct outgoing *o, int dir, yyjson_mut_doc *d, yyjson_mut_val *list, struct err *e) {
    _cleanup_fd_ int fd = file_openat_nolinks(dir, "index.json", O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return errno == ENOENT || err_sys(e, errno, "open index.json");
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    bool read = file_read_fd(fd, "index.json", &text, e);
    _cleanup_(json_doc_freep) yyjson_doc *old = read ? json_parse(buf_str(&text), LIMIT_INDEX_BYTES, "index.json", e) : NULL;
    buf_fini(&text);
    if (!old)
        return false;
    yyjson_val *manifests = json_get_array(yyjson_doc_get_root(old), "manifests"), *v;
    size_t i, max;
    if (!manifests)
        return err_set(e, ERR_FAILED, "index.json is not an image index; give another directory");
    yyjson_arr_foreach(manifests, i, max, v) {
        if (!is_replaced(o, v))
            yyjson_mut_arr_append(list, yyjson_val_mut_copy(d, v));
    }
    return true;
}

static bool put_index(const struct outgoing *o, int dir, struct err *e) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    struct buf text = BUF_INIT(LIMIT_INDEX_BYTES);
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    yyjson_mut_obj_add_int(d, root, "schemaVersion", 2);
    json_add_str(d, root, "mediaType", S(MEDIA_INDEX));
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(d, root, "manifests");
    bool good = keep_others(o, dir, d, list, e);
    outgoing_describe(o, d, list);
    json_write(d, false, &text);
    good = good && (buf_ok(&text) || err_set(e, ERR_FAILED, "index.json would be larger than %zu bytes", text.max_bytes)) &&
           file_replace(dir, "oci-layout", S(LAYOUT_FILE).p, S(LAYOUT_FILE).n, false, e) &&
           file_replace(dir, "index.json", text.p, text.n, false, e);
    buf_fini(&text);
    return good;
}

bool layout_write(struct store *s, const struct archive_item *items, size_t n, int dir, struct err *e) {
    struct outgoing o;
    bool good = outgoing_gather(&o, s, items, n, e) && put_blobs(&o, dir, e) && put_index(&o, dir, e);
    outgoing_fini(&o);
    return good;
}
