/* SPDX-License-Identifier: Apache-2.0
 * fsck: a sound store, each kind of damage, leftovers, repair. */
#include "fixture.h"

struct said {
    struct buf text;
    size_t bad;
};

static void note_line(void *ctx, const char *line) {
    buf_printf(ctx, "%s\n", line);
}

static struct said fsck(struct store *s, bool deep, bool repair) {
    struct said said = {BUF_INIT(MIB(1)), 0};
    struct err e = ERR_INIT;
    struct fsck_options o = {deep, repair};
    must(store_fsck(s, &o, note_line, &said.text, &said.bad, &e), &e);
    return said;
}

static bool says(struct store *s, bool deep, bool repair, size_t bad, const char *part) {
    struct said said = fsck(s, deep, repair);
    bool fine = said.bad == bad && (*part ? str_find(buf_str(&said.text), str_z(part)) >= 0 : said.text.n == 0);
    if (!fine)
        printf("# bad %zu, said: %.*s\n", said.bad, STR_ARG(buf_str(&said.text)));
    buf_fini(&said.text);
    return fine;
}

static char *blob_path(struct store *s, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return mem_printf("%s/blobs/sha256/%s", s->root, digest_hex(d, hex));
}

static struct store *sound_store(const char *name, struct fixture_image *im) {
    struct err e = ERR_INIT;
    struct store *s = fixture_store(name);
    *im = fixture_image(s, "layer bytes");
    must(store_refs_set(s, S("app:1"), &im->ref, &e), &e);
    struct digest key = sha256_of("key", 3);
    struct step_record r = {
        .blob = im->layer, .diff_id = im->diff_id, .blob_bytes = strlen("layer bytes"), .created_s = 1, .has_layer = true};
    must(store_step_put(s, &key, &r, &e), &e);
    struct chunk_index *x = chunk_index_open(s, &e);
    chunk_index_put(x, &key, &(struct chunk_record){.blob = im->layer, .length = 5});
    chunk_index_close(x);
    return s;
}

static void finds_damaged_images(void) {
    struct fixture_image im;
    struct store *s = sound_store("images", &im);
    _cleanup_(mem_freep) char *layer = blob_path(s, &im.layer), *config = blob_path(s, &im.config),
                              *manifest = blob_path(s, &im.ref.manifest);
    ok(says(s, true, false, 0, ""), "a sound store has nothing said about it");
    struct buf bytes = file_bytes(layer);
    unlink(layer);
    ok(says(s, false, false, 1, "damage: app:1: layer sha256:"), "a missing layer is damage, and its image is named");
    put_file(layer, S("layer"));
    ok(says(s, false, false, 1, "size"), "so is one of another size");
    put_file(layer, buf_str(&bytes));
    damage_file(layer, 0);
    ok(says(s, false, false, 0, ""), "rot in a layer is not seen quickly");
    ok(says(s, true, false, 1, "its bytes hash to"), "but deeply");
    ok(says(s, true, true, 1, "is now kept/damaged-") && !exists(layer), "repair sets it aside");
    put_file(layer, buf_str(&bytes));
    ok(says(s, true, false, 0, ""), "and sound bytes can come");
    buf_fini(&bytes);
    damage_file(config, 3);
    ok(says(s, false, false, 1, "configuration"), "rot in a configuration is seen quickly");
    damage_file(config, 3);
    damage_file(manifest, 3);
    ok(says(s, false, false, 1, "manifest"), "and in a manifest");
    damage_file(manifest, 3);
    unlink(manifest);
    ok(says(s, false, false, 1, "manifest"), "a missing manifest is damage");
    fixture_close(s);
}

static void finds_damaged_layout(void) {
    struct fixture_image im;
    struct store *s = sound_store("layout", &im);
    _cleanup_(mem_freep) char *index = mem_printf("%s/index.json", s->root), *layout = mem_printf("%s/oci-layout", s->root);
    put_file(index, S("{\"manifests\":[}"));
    ok(says(s, false, false, 1, "index.json: not valid JSON"), "half an index.json is damage");
    put_file(index, S("{\"manifests\":[]}"));
    put_file(layout, S("{\"imageLayoutVersion\":\"9\"}"));
    ok(says(s, false, false, 1, "imageLayoutVersion"), "so is a wrong oci-layout");
    unlink(layout);
    ok(says(s, false, false, 1, "oci-layout"), "or none");
    fixture_close(s);
}

/* Each of these can be made again: found, not damage, gone after repair. */
static void cleans_leftovers(void) {
    static const struct {
        const char *path, *said;
    } leftovers[] = {
        {"steps/0000000000000000000000000000000000000000000000000000000000000000", "not a step record"},
        {"steps/readme", "not the name of a step record"},
        {"toc/sha256:0000", "not a table of contents"},
        {"trees/host-trusted/half", "not an unpacked layer"},
        {"stat/1-2", "not a stat index"},
        {"chunks.idx", "not a chunk index"},
        {"blobs/sha256/.tmp-99-0000000000000000", "half-made"},
        {".tmp-99-0000000000000000", "half-made"},
    };
    struct fixture_image im;
    struct store *s = sound_store("leftovers", &im);
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++) {
        _cleanup_(mem_freep) char *path = mem_printf("%s/%s", s->root, leftovers[i].path);
        put_file(path, S("garbage"));
        bool seen = strcmp(leftovers[i].said, "half-made") == 0 /* perhaps another's, without the lock of a repair */
                        ? says(s, false, false, 0, "")
                        : says(s, false, false, 0, leftovers[i].said);
        ok(seen && exists(path), "%s is a leftover", leftovers[i].path);
        ok(says(s, false, true, 0, leftovers[i].said) && !exists(path), "and repair removes it");
    }
    ok(says(s, true, false, 0, ""), "then the store is sound");
    _cleanup_(mem_freep) char *layer = blob_path(s, &im.layer);
    bool last;
    struct err e = ERR_INIT;
    must(store_refs_remove(s, S("app:1"), false, &last, &e), &e);
    unlink(layer);
    ok(says(s, false, false, 0, "its blob is missing"), "a step record without its blob is a leftover");
    fixture_close(s);
}

static void spares_the_living(void) {
    struct fixture_image im;
    struct store *s = sound_store("living", &im), *other = fixture_store("living");
    _cleanup_(mem_freep) char *path = mem_printf("%s/blobs/sha256/.tmp-1-1111111111111111", s->root);
    put_file(path, S("being written"));
    ok(says(s, false, true, 0, "") && exists(path), "a young draft stays while another command runs");
    fixture_close(other);
    ok(says(s, false, true, 0, "half-made") && !exists(path), "and goes when nobody else is there");
    fixture_close(s);
}

int main(void) {
    fixture_init();
    finds_damaged_images();
    finds_damaged_layout();
    cleans_leftovers();
    spares_the_living();
    return tap_done();
}
