/* SPDX-License-Identifier: Apache-2.0
 * Garbage collection: what stays, what goes, what stops it; and a race with processes that rely on leases. */
#include "fixture.h"

#include <signal.h>

static const struct gc_options now = {.keep_steps_s = 7 * 86400, .grace_s = 0};

static struct gc_result gc(struct store *s, const struct gc_options *o) {
    struct err e = ERR_INIT;
    struct gc_result r;
    must(store_gc(s, o, &r, &e), &e);
    return r;
}

static bool has(struct store *s, const struct digest *d) {
    return store_has_blob(s, d, NULL);
}

static bool has_all(struct store *s, const struct fixture_image *im) {
    return has(s, &im->ref.manifest) && has(s, &im->config) && has(s, &im->layer);
}

/* Blobs made by a process that has ended: no lease holds them. */
static struct fixture_image orphan_image(const char *store, const char *text) {
    struct store *s = fixture_store(store);
    struct fixture_image im = fixture_image(s, text);
    fixture_close(s);
    return im;
}

static char *named(struct store *s, const char *dir, const struct digest *d) {
    char hex[DIGEST_HEX + 1];
    return mem_printf("%s/%s/%s", s->root, dir, digest_hex(d, hex));
}

static void keeps_what_is_named(void) {
    struct fixture_image im = orphan_image("named", "keep"), lost = orphan_image("named", "lose");
    struct store *s = fixture_store("named");
    struct err e = ERR_INIT;
    must(store_refs_set(s, S("a:1"), &im.ref, &e), &e);
    _cleanup_(mem_freep) char *toc = named(s, "toc", &im.diff_id), *lost_toc = named(s, "toc", &lost.diff_id);
    _cleanup_(mem_freep) char *tree = named(s, "trees/host-trusted", &im.diff_id), *lost_tree = named(s, "trees/other-user", &lost.diff_id);
    _cleanup_(mem_freep) char *flavour = mem_printf("%s/trees/other-user", s->root), *inside = mem_printf("%s/dir", lost_tree),
                              *deep = mem_printf("%s/dir/file", lost_tree);
    put_file(toc, S("toc"));
    put_file(lost_toc, S("toc"));
    must(mkdir(tree, 0755) == 0 && mkdir(flavour, 0755) == 0 && mkdir(lost_tree, 0755) == 0 && mkdir(inside, 0755) == 0, &e);
    put_file(deep, S("bytes"));
    must(chmod(deep, 04000) == 0 && chmod(inside, 0) == 0 && chmod(lost_tree, 0555) == 0, &e);
    struct gc_options dry = now;
    dry.dry_run = true;
    struct gc_result would = gc(s, &dry);
    ok(has_all(s, &lost) && exists(lost_toc) && exists(lost_tree), "a dry run removes nothing");
    struct gc_result r = gc(s, &now);
    ok(has_all(s, &im) && exists(toc) && exists(tree), "what a name reaches stays: blobs, toc, tree");
    ok(!has(s, &lost.ref.manifest) && !has(s, &lost.config) && !has(s, &lost.layer), "what nothing reaches goes: blobs");
    ok(!exists(lost_toc) && !exists(lost_tree), "toc, and tree with its odd modes, in any flavour");
    ok(r.blobs == 3 && r.trees == 1 && r.other == 1 && r.bytes > 0, "and is counted");
    ok(memcmp(&would, &r, sizeof r) == 0, "as the dry run said");
    fixture_close(s);
}

static void keeps_what_is_leased(void) {
    struct fixture_image im = orphan_image("leased", "leased"), lost = orphan_image("leased", "lost");
    struct store *s = fixture_store("leased"), *other = fixture_store("leased");
    struct err e = ERR_INIT;
    must(store_lease(other, &im.ref.manifest, &e), &e);
    gc(s, &now);
    ok(has_all(s, &im) && !has(s, &lost.layer), "a leased manifest keeps all that it reaches");
    fixture_close(other);
    gc(s, &now);
    ok(!has(s, &im.ref.manifest) && !has(s, &im.layer), "until the lease ends");
    struct fixture_image fresh = fixture_image(s, "fresh");
    gc(s, &now);
    ok(has_all(s, &fresh), "what this process has published is leased by it");
    fixture_close(s);
}

static void respects_age(void) {
    struct fixture_image im = orphan_image("age", "young");
    struct store *s = fixture_store("age");
    struct gc_options o = GC_OPTIONS_INIT;
    gc(s, &o);
    ok(has_all(s, &im), "young things stay for the time of grace");
    fixture_close(s);
}

static void steps_have_their_time(void) {
    struct fixture_image used = orphan_image("steps", "used"), unused = orphan_image("steps", "unused");
    struct store *s = fixture_store("steps");
    struct err e = ERR_INIT;
    struct digest used_key = sha256_of("used", 4), unused_key = sha256_of("unused", 6);
    struct step_record r = {.blob = used.layer, .diff_id = used.diff_id, .blob_bytes = 4, .created_s = 1, .has_layer = true};
    must(store_step_put(s, &used_key, &r, &e), &e);
    r.blob = unused.layer;
    must(store_step_put(s, &unused_key, &r, &e), &e);
    _cleanup_(mem_freep) char *old = named(s, "steps", &unused_key), *young = named(s, "steps", &used_key),
                              *kept = mem_printf("%s/kept/x", s->root);
    _cleanup_(mem_freep) char *stats = mem_printf("%s/stat/1-2", s->root);
    must(mkdir(kept, 0700) == 0, &e);
    put_file(stats, S("x"));
    set_age(old, 8 * 86400);
    struct gc_result g = gc(s, &now);
    ok(g.steps == 1 && !exists(old) && !has(s, &unused.layer), "a record not used for a week goes, with its blob");
    ok(exists(young) && has(s, &used.layer) && !has(s, &used.config), "one used since stays, with its blob");
    ok(exists(kept) && exists(stats), "so do kept directories and stat indexes");
    struct gc_options all = {.all = true};
    g = gc(s, &all);
    ok(g.steps == 1 && !exists(young) && !has(s, &used.layer) && !exists(kept) && !exists(stats), "--all takes them all");
    fixture_close(s);
}

/* Trees can be made again, and as a user nobody but gc can remove them: with --all only those in use stay. */
static void all_takes_trees(void) {
    struct fixture_image named_image = orphan_image("trees", "named"), leased = orphan_image("trees", "leased");
    struct store *s = fixture_store("trees"), *other = fixture_store("trees");
    struct err e = ERR_INIT;
    must(store_refs_set(s, S("a:1"), &named_image.ref, &e) && store_refs_set(s, S("b:1"), &leased.ref, &e), &e);
    fixture_close(s); /* store_refs_set has leased them */
    s = fixture_store("trees");
    must(store_lease(other, &leased.ref.manifest, &e), &e);
    _cleanup_(mem_freep) char *tree = named(s, "trees/host-trusted", &named_image.diff_id),
                              *leased_tree = named(s, "trees/host-trusted", &leased.diff_id);
    must(mkdir(tree, 0755) == 0 && mkdir(leased_tree, 0755) == 0, &e);
    gc(s, &now);
    ok(exists(tree) && exists(leased_tree), "trees of images stay");
    struct gc_options all = {.all = true, .grace_s = 3600};
    struct gc_result r = gc(s, &all);
    ok(!exists(tree) && has_all(s, &named_image) && r.trees == 1, "with --all they go, however young, and the images stay");
    ok(exists(leased_tree), "but not one that a running command relies on");
    fixture_close(other);
    gc(s, &all);
    ok(!exists(leased_tree), "until it has ended");
    fixture_close(s);
}

static void stops_at_damage(void) {
    struct fixture_image im = orphan_image("damage", "precious"), lost = orphan_image("damage", "lost");
    struct store *s = fixture_store("damage");
    struct err e = ERR_INIT;
    struct gc_result r;
    must(store_refs_set(s, S("precious:1"), &im.ref, &e), &e);
    _cleanup_(mem_freep) char *manifest = named(s, "blobs/sha256", &im.ref.manifest), *index = mem_printf("%s/index.json", s->root);
    damage_file(manifest, 20);
    ok(!store_gc(s, &now, &r, &e) && has(s, &im.layer) && has(s, &lost.layer), "a damaged manifest stops gc before it removes anything");
    is_err(&e, "precious:1", "and the error names the image");
    damage_file(manifest, 20);
    put_file(index, S("{"));
    ok(!store_gc(s, &now, &r, &e) && has(s, &im.layer) && has(s, &lost.layer), "so does a damaged index.json");
    err_clear(&e);
    fixture_close(s);
}

/* An entry of another tool that lacks its size is a root like any other. */
static void keeps_entries_of_others(void) {
    struct fixture_image im = orphan_image("others", "theirs");
    struct store *s = fixture_store("others");
    char digest[DIGEST_TEXT + 1];
    _cleanup_(mem_freep) char *index = mem_printf("%s/index.json", s->root);
    _cleanup_(mem_freep) char *json = mem_printf("{\"manifests\":[{\"digest\":\"%s\"}]}", digest_text(&im.ref.manifest, digest));
    put_file(index, str_z(json));
    gc(s, &now);
    ok(has_all(s, &im), "an entry without size or name keeps its image");
    fixture_close(s);
}

/* An index of an index of an index ...: what recursion would pay for with its stack. (A circle cannot be made: it would need a digest of
 * itself.) */
static void walks_deep_nesting(void) {
    enum { DEPTH = 5000 };
    struct fixture_image im = orphan_image("deep", "inner");
    struct store *s = fixture_store("deep");
    struct err e = ERR_INIT;
    struct store_ref ref = {.manifest = im.ref.manifest};
    for (int i = 0; i < DEPTH; i++) {
        char digest[DIGEST_TEXT + 1];
        digest_text(&ref.manifest, digest);
        _cleanup_(mem_freep) char *json = mem_printf("{\"manifests\":[{\"digest\":\"%s\"},{\"digest\":\"%s\"}]}", digest, digest);
        must(store_put_blob(s, str_z(json), &ref.manifest, &e), &e);
    }
    must(store_refs_set(s, S("deep:1"), &ref, &e), &e);
    fixture_close(s);
    s = fixture_store("deep");
    struct gc_result r = gc(s, &now);
    ok(r.blobs == 0 && has_all(s, &im), "%d nested indexes are walked, each once, and keep what lies innermost", DEPTH);
    fixture_close(s);
}

/* --- gc against users of leases --- */

enum { ROUNDS = 150 };

/* Each round: a new process life that wants one of a few blobs. Whatever it saw or put after its lease must stay as long as it lives. */
static void rely_on_leases(struct store *first, void *ctx) {
    (void)first;
    for (int i = 0; i < ROUNDS; i++) {
        struct store *s = fixture_store("race");
        struct err e = ERR_INIT;
        char text[32];
        struct digest d = sha256_of(text, (size_t)snprintf(text, sizeof text, "blob %d", i % 3)), put;
        must(store_lease(s, &d, &e), &e);
        if (!store_has_blob(s, &d, NULL))
            must(store_put_blob(s, str_z(text), &put, &e), &e);
        struct fixture_image im = fixture_image(s, ctx);
        for (int look = 0; look < 20; look++)
            if (!has(s, &d) || !has_all(s, &im))
                _exit(9);
        must(store_refs_set(s, str_z(ctx), &im.ref, &e), &e);
        bool last;
        if (!has_all(s, &im))
            _exit(9);
        must(store_refs_remove(s, str_z(ctx), false, &last, &e), &e);
        fixture_close(s);
    }
}

static void collect_all_the_time(struct store *s, void *ctx) {
    (void)ctx;
    for (;;)
        gc(s, &now);
}

static void races(void) {
    char one[] = "one", two[] = "two";
    fixture_close(fixture_store("race"));
    pid_t collector = in_child("race", collect_all_the_time, NULL);
    pid_t a = in_child("race", rely_on_leases, one), b = in_child("race", rely_on_leases, two);
    int code_a = wait_for(a), code_b = wait_for(b);
    ok(code_a == 0 && code_b == 0, "no gc takes what was leased before it was looked for (2 x %d rounds)", ROUNDS);
    ok(kill(collector, SIGKILL) == 0 && wait_for(collector) == 128 + SIGKILL, "the collector never failed meanwhile");
}

int main(void) {
    fixture_init();
    keeps_what_is_named();
    keeps_what_is_leased();
    respects_age();
    steps_have_their_time();
    all_takes_trees();
    stops_at_damage();
    keeps_entries_of_others();
    walks_deep_nesting();
    races();
    return tap_done();
}
