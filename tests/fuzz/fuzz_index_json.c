/* SPDX-License-Identifier: Apache-2.0
 * index.json of any bytes: read, edited (a name set, moved, removed), checked, collected by gc in a dry run. What was accepted stays
 * readable after an edit. */
#include "fuzz_store.h"

static void say(void *ctx, const char *line) {
    (void)ctx, (void)line;
}

static bool has_name(struct str name) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct store_refs refs = {0};
    bool found = false;
    if (!store_refs_read(&fuzz_store, &a, &refs, &e))
        abort();
    for (size_t i = 0; i < refs.n; i++)
        found = found || str_eq(refs.p[i].name, name);
    arena_fini(&a);
    return found;
}

static void edit(void) {
    struct err e = ERR_INIT;
    struct store_ref one = {.media_type = S("application/json")}, two = one;
    bool last;
    size_t names;
    if (!store_put_blob(&fuzz_store, S("{\"layers\":[]}"), &one.manifest, &e) || !store_put_blob(&fuzz_store, S("{}"), &two.manifest, &e))
        abort();
    if (!store_refs_set(&fuzz_store, S("a:1"), &one, &e) || !has_name(S("a:1")) || !store_refs_set(&fuzz_store, S("a:1"), &two, &e) ||
        !has_name(S("a:1")) || !store_refs_set(&fuzz_store, STR_NULL, &one, &e) ||
        !store_refs_remove(&fuzz_store, S("a:1"), true, &last, &e) ||
        !store_refs_remove_image(&fuzz_store, &two.manifest, SIZE_MAX, &names, &e))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = ERR_INIT;
    struct arena a = ARENA_INIT;
    struct store_refs refs;
    size_t bad;
    struct gc_result g;
    const struct gc_options dry = {.dry_run = true};
    const struct fsck_options quick = {false, false};
    fuzz_store_begin();
    fuzz_put("index.json", data, size);
    bool readable = store_refs_read(&fuzz_store, &a, &refs, &e);
    err_clear(&e);
    arena_fini(&a);
    if (!store_fsck(&fuzz_store, &quick, say, NULL, &bad, &e) || (!readable && bad == 0))
        abort();
    if (store_gc(&fuzz_store, &dry, &g, &e) && !readable)
        abort(); /* gc must not run over names that it cannot read */
    err_clear(&e);
    if (readable)
        edit();
    return 0;
}
