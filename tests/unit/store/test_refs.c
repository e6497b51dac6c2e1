/* SPDX-License-Identifier: Apache-2.0
 * Names: index.json under edits, other tools' members, damage, and two processes at once. */
#include "fixture.h"

#include "sys/proc.h"

/* The names of the manifest, joined by blanks, in the order of the index; "-" for an entry without one. */
static struct str names_of(struct store *s, struct arena *a, const struct digest *manifest) {
    struct store_refs refs;
    struct err e = ERR_INIT;
    must(store_refs_read(s, a, &refs, &e), &e);
    struct str all = S("");
    for (size_t i = 0; i < refs.n; i++)
        if (digest_eq(&refs.p[i].manifest, manifest))
            all = arena_join3(a, all, all.n ? S(" ") : S(""), refs.p[i].name.n ? refs.p[i].name : S("-"));
    return all;
}

static void set(struct store *s, struct str name, const struct fixture_image *im) {
    struct err e = ERR_INIT;
    must(store_refs_set(s, name, &im->ref, &e), &e);
}

static void names_move(void) {
    struct store *s = fixture_store("moves");
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct fixture_image one = fixture_image(s, "one"), two = fixture_image(s, "two");
    bool last = false;
    size_t names;
    set(s, S("demo/app:1.0"), &one);
    set(s, S("demo/app:latest"), &one);
    is_str(names_of(s, &a, &one.ref.manifest), S("demo/app:1.0 demo/app:latest"), "an image may have two names");
    set(s, S("demo/app:latest"), &two);
    is_str(names_of(s, &a, &one.ref.manifest), S("demo/app:1.0"), "a name that moves leaves its old image");
    is_str(names_of(s, &a, &two.ref.manifest), S("demo/app:latest"), "and comes to its new one");
    set(s, S("demo/app:1.0"), &two);
    is_str(names_of(s, &a, &one.ref.manifest), S("-"), "an image that loses its last name stays without one");
    set(s, S("old:1"), &one);
    is_str(names_of(s, &a, &one.ref.manifest), S("old:1"), "and a new name takes that entry");
    set(s, STR_NULL, &one);
    is_str(names_of(s, &a, &one.ref.manifest), S("old:1"), "adding an image that has a name changes nothing");
    ok(store_refs_remove(s, S("demo/app:1.0"), false, &last, &e) && !last, "one of two names is removed");
    ok(store_refs_remove(s, S("demo/app:latest"), true, &last, &e) && last, "the last one says so");
    is_str(names_of(s, &a, &two.ref.manifest), S("-"), "and the image stays if it is to be kept");
    ok(store_refs_remove(s, S("old:1"), false, &last, &e) && last && names_of(s, &a, &one.ref.manifest).n == 0, "or goes with it");
    set(s, S("two:1"), &two);
    set(s, S("two:2"), &two);
    ok(store_refs_remove_image(s, &two.ref.manifest, 1, &names, &e) && names == 2, "an image with more names than that stays");
    is_str(names_of(s, &a, &two.ref.manifest), S("two:1 two:2"), "with all of them");
    ok(store_refs_remove_image(s, &two.ref.manifest, 2, &names, &e) && names == 2 && names_of(s, &a, &two.ref.manifest).n == 0,
       "an image goes with all entries");
    ok(!store_refs_remove(s, S("old:1"), false, &last, &e) && e.sys == ENOENT, "an unknown name says ENOENT");
    is_err(&e, "old:1", "and is named");
    struct store_ref absent = {.manifest = sha256_of("absent", 6)};
    ok(!store_refs_set(s, S("x:1"), &absent, &e), "a name for what is not in the store is refused");
    is_err(&e, "not in the store", "with the reason");
    arena_fini(&a);
    fixture_close(s);
}

static void keeps_what_others_wrote(void) {
    struct store *s = fixture_store("others");
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct fixture_image one = fixture_image(s, "one"), two = fixture_image(s, "two");
    char digest[DIGEST_TEXT + 1];
    _cleanup_(mem_freep) char *path = mem_printf("%s/index.json", s->root);
    _cleanup_(mem_freep) char *json = mem_printf(
        "{\"schemaVersion\":2,\"annotations\":{\"who\":\"another "
        "tool\"},\"manifests\":[{\"mediaType\":\"x/y\",\"digest\":\"sha512:%0128d\",\"size\":7},"
        "{\"mediaType\":\"m\",\"digest\":\"%s\",\"size\":%llu,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"},\"annotations\":"
        "{\"org.opencontainers.image.ref.name\":\"app:1\",\"io.example.note\":\"kept\"}},17],\"future\":[1,2.5,null]}",
        0, digest_text(&one.ref.manifest, digest), (unsigned long long)one.ref.manifest_bytes);
    put_file(path, str_z(json));
    is_str(names_of(s, &a, &one.ref.manifest), S("app:1"), "an index of another tool is read, foreign digests left out");
    set(s, S("app:1"), &two);
    struct buf b = file_bytes(path);
    ok(str_find(buf_str(&b), S("\"who\":\"another tool\"")) >= 0 && str_find(buf_str(&b), S("\"future\":[1,2.5,null]")) >= 0 &&
           str_find(buf_str(&b), S("sha512:")) >= 0 && str_find(buf_str(&b), S(",17,")) >= 0,
       "an edit keeps members and entries that croze does not know");
    ok(str_find(buf_str(&b), S("\"architecture\":\"arm64\"},\"annotations\":{\"io.example.note\":\"kept\"}}")) >= 0,
       "and an entry that loses its name keeps its other annotations and its platform");
    buf_fini(&b);
    put_file(path, S("{\"schemaVersion\":2}"));
    ok(!store_refs_set(s, S("a:1"), &one.ref, &e), "an index without entries' list is refused");
    is_err(&e, "not an OCI image index", "by name");
    put_file(path, S("{\"manifests\":["));
    struct store_refs refs;
    ok(!store_refs_read(s, &a, &refs, &e), "half an index is refused");
    is_err(&e, "not valid JSON", "by name");
    arena_fini(&a);
    fixture_close(s);
}

/* Another tool reads our names. */
static void agrees_with_skopeo(void) {
    if (!proc_exists("skopeo")) {
        tap_skip("skopeo is not installed");
        return;
    }
    struct store *s = fixture_store("skopeo");
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct fixture_image one = fixture_image(s, "one"), two = fixture_image(s, "two");
    struct buf out = BUF_INIT(MIB(1)), manifest = BUF_INIT(MIB(1));
    int code;
    set(s, S("demo/product:1.0"), &one);
    set(s, S("demo/product:2.0"), &two);
    _cleanup_(mem_freep) char *from = mem_printf("oci:%s:demo/product:1.0", s->root);
    const char *const inspect[] = {"skopeo", "inspect", "--raw", from, NULL};
    must(proc_output(inspect, &out, &code, &e) && store_get_blob(s, &one.ref.manifest, &manifest, &e), &e);
    ok(code == 0, "skopeo finds an image in the store by its name");
    is_str(buf_str(&out), buf_str(&manifest), "and reads its manifest");
    buf_fini(&out);
    buf_fini(&manifest);
    arena_fini(&a);
    fixture_close(s);
}

/* --- Two processes --- */

enum { EACH = 200 };

static void add_many(struct store *s, void *ctx) {
    struct fixture_image im = fixture_image(s, "shared");
    struct err e = ERR_INIT;
    for (int i = 0; i < EACH; i++) {
        _cleanup_(mem_freep) char *name = mem_printf("%s:%d", (const char *)ctx, i);
        must(store_refs_set(s, str_z(name), &im.ref, &e), &e);
    }
}

static void loses_nothing(void) {
    char left[] = "left", right[] = "right";
    pid_t a = in_child("race", add_many, left), b = in_child("race", add_many, right);
    int code_a = wait_for(a), code_b = wait_for(b);
    ok(code_a == 0 && code_b == 0, "two processes add names at once");
    struct store *s = fixture_store("race");
    struct arena arena = ARENA_INIT;
    struct store_refs refs = {0};
    struct err e = ERR_INIT;
    must(store_refs_read(s, &arena, &refs, &e), &e);
    ok(refs.n == 2 * EACH, "and none is lost (%zu of %d)", refs.n, 2 * EACH);
    arena_fini(&arena);
    fixture_close(s);
}

int main(void) {
    fixture_init();
    names_move();
    keeps_what_others_wrote();
    agrees_with_skopeo();
    loses_nothing();
    return tap_done();
}
