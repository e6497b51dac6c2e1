/* SPDX-License-Identifier: Apache-2.0
 * Images leave the store: into a layout directory that may hold others, and as archives; in OCI's and docker's media types. What is damaged
 * does not leave, and then the old index.json stays. */
#include <sys/wait.h>

#include "image/image.h"
#include "store/fixture.h"

static struct store *store;
static char *dir_path;
static int dir;

static char *bytes_of(const char *name) {
    static struct buf b;
    _cleanup_(mem_freep) char *path = mem_printf("%s/%s", dir_path, name);
    buf_fini(&b);
    b = file_bytes(path);
    return b.p;
}

static bool index_has(const char *part) {
    return strstr(bytes_of("index.json"), part) != NULL;
}

static const char *hex_of(const struct digest *d) {
    static char hex[DIGEST_HEX + 1];
    return digest_hex(d, hex);
}

static bool has_blob(const struct digest *d) {
    _cleanup_(mem_freep) char *path = mem_printf("%s/blobs/sha256/%s", dir_path, hex_of(d));
    return exists(path);
}

static void put(struct archive_item item, const char *what) {
    struct err e = ERR_INIT;
    ok(layout_write(store, &item, 1, dir, &e), "%s", what);
    no_err(&e, "  without an error");
}

static void test_directory(void) {
    struct fixture_image a = fixture_image(store, "a"), b = fixture_image(store, "b");
    put((struct archive_item){S("x:1"), a.ref.manifest}, "an image into an empty directory");
    ok(has_blob(&a.ref.manifest) && has_blob(&a.config) && has_blob(&a.layer), "  has its blobs there");
    ok(index_has(hex_of(&a.ref.manifest)) && index_has("\"x:1\"") && strstr(bytes_of("oci-layout"), "1.0.0"), "  and its name");
    put((struct archive_item){S("y:1"), b.ref.manifest}, "another one");
    ok(index_has("\"x:1\"") && index_has("\"y:1\"") && has_blob(&b.layer), "  goes beside it");
    put((struct archive_item){S("x:1"), b.ref.manifest}, "a name that is given again");
    ok(index_has("\"x:1\"") && !index_has(hex_of(&a.ref.manifest)), "  moves");
    put((struct archive_item){STR_NULL, a.ref.manifest}, "an image without a name");
    put((struct archive_item){STR_NULL, a.ref.manifest}, "  twice");
    char *first = strstr(bytes_of("index.json"), hex_of(&a.ref.manifest));
    ok(first && !strstr(first + 1, hex_of(&a.ref.manifest)), "  is there once");
    _cleanup_(mem_freep) char *blob = mem_printf("%s/blobs/sha256/%s", dir_path, hex_of(&a.layer));
    put_file(blob, S("half"));
    put((struct archive_item){S("z:1"), a.ref.manifest}, "over a blob that another program left half-made");
    struct buf whole = file_bytes(blob);
    is_str(buf_str(&whole), S("a"), "  it is made whole");
    buf_fini(&whole);
}

static void test_failures(void) {
    struct err e = ERR_INIT;
    struct fixture_image c = fixture_image(store, "never leaves");
    struct archive_item item = {S("bad:1"), c.ref.manifest};
    _cleanup_(mem_freep) char *path = mem_printf("%s/blobs/sha256/%s", store->root, hex_of(&c.layer));
    damage_file(path, 0);
    ok(!layout_write(store, &item, 1, dir, &e), "an image with a damaged layer");
    is_err(&e, "damaged", "  does not go out");
    ok(!index_has("bad:1") && !has_blob(&c.layer), "  and is not in the index");
    _cleanup_(mem_freep) char *index = mem_printf("%s/index.json", dir_path);
    struct fixture_image d = fixture_image(store, "d");
    item.manifest = d.ref.manifest;
    put_file(index, S("[]"));
    ok(!layout_write(store, &item, 1, dir, &e), "an index.json that is none");
    is_err(&e, "not an image index", "  is left alone");
    is_str(str_z(bytes_of("index.json")), S("[]"), "  as it was");
    ok(unlinkat(dir, "index.json", 0) == 0 && symlinkat("/etc/passwd", dir, "index.json") == 0, "an index.json that leads out");
    ok(!layout_write(store, &item, 1, dir, &e), "  is not followed");
    is_err(&e, "index.json", "  but an error");
    ok(unlinkat(dir, "index.json", 0) == 0 && unlinkat(dir, "oci-layout", 0) == 0, "(away)");
    item.manifest.b[0] ^= 1;
    ok(!layout_write(store, &item, 1, dir, &e), "an image that is not in the store");
    is_err(&e, "not in the store", "  is an error");
}

static void test_docker_types(void) {
    struct err e = ERR_INIT;
    struct image im, back;
    struct layer l = {.diff_id = sha256_of("x", 1), .blob_bytes = 1, .compression = COMPRESSION_ZSTD, .encoder_id = "an-encoder"};
    must(store_put_blob(store, S("x"), &l.blob, &e), &e);
    image_init(&im);
    im.os = S("linux");
    im.architecture = S(CROZE_ARCH);
    image_add_layer(&im, &l);
    must(image_write(store, &im, &e), &e);
    struct digest oci = im.manifest, config = im.config_digest;
    im.docker_types = true;
    must(image_write(store, &im, &e), &e);
    ok(!digest_eq(&oci, &im.manifest) && digest_eq(&config, &im.config_digest),
       "docker's media types: another manifest, the same configuration");
    is_str(im.manifest_media_type, S("application/vnd.docker.distribution.manifest.v2+json"), "  of docker's type");
    struct buf text = BUF_INIT(MIB(1));
    must(store_get_blob(store, &im.manifest, &text, &e), &e);
    ok(strstr(text.p, "application/vnd.docker.container.image.v1+json") && strstr(text.p, "rootfs.diff.tar.zstd") &&
           !strstr(text.p, "annotations"),
       "  with docker's configuration and layers, and no annotations");
    buf_fini(&text);
    ok(image_read(store, &im.manifest, S("linux/" CROZE_ARCH), &back, &e) && back.layers[0].compression == COMPRESSION_ZSTD &&
           digest_eq(&back.layers[0].diff_id, &l.diff_id),
       "  is read back");
    no_err(&e, "  without an error");
    image_fini(&back);
    image_fini(&im);
}

static void test_archive(void) {
    struct err e = ERR_INIT;
    struct fixture_image a = fixture_image(store, "in an archive");
    struct archive_item items[] = {{S("n:1"), a.ref.manifest}, {S("n:2"), a.ref.manifest}};
    struct digest first, again;
    for (int i = 0; i < 2; i++) {
        _cleanup_(mem_freep) char *path = in_scratch("archive.tar");
        _cleanup_fd_ int fd = file_open(path, O_RDWR | O_CREAT | O_TRUNC, 0644, &e);
        must(fd >= 0 && archive_write(store, items, 2, ARCHIVE_DOCKER, fd, &e) && lseek(fd, 0, SEEK_SET) == 0, &e);
        must(file_digest(fd, path, i ? &again : &first, NULL, &e), &e);
    }
    ok(digest_eq(&first, &again), "an archive of two names for one image is the same each time");
}

int main(void) {
    struct err e = ERR_INIT;
    fixture_init();
    store = fixture_store("store");
    dir_path = in_scratch("layout");
    must(file_mkdirs(dir_path, 0755, &e), &e);
    dir = file_open(dir_path, O_RDONLY | O_DIRECTORY, 0, &e);
    test_directory();
    test_failures();
    test_docker_types();
    test_archive();
    close(dir);
    free(dir_path);
    fixture_close(store);
    return tap_done();
}
