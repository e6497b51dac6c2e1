/* SPDX-License-Identifier: Apache-2.0
 * Resuming behind a known beginning (pipeline.h): while all chunks from the first on are known by their keys, and a blob that begins with
 * them is in the store, no file is opened and nothing is hashed. Behind the last such chunk both hashes go on from the recorded states. */
#include "base/mem.h"
#include "layer/pipeline.h"

/* Whether the blob of a record is there and long enough. Leased before it is looked for (store.h, "gc rule"). */
static bool usable(struct layer_writer *w, const struct prefix_record *r) {
    if (!digest_eq(&w->usable_blob, &r->blob)) {
        struct err e = ERR_INIT;
        w->usable_blob = r->blob;
        w->usable_bytes = 0;
        if (!store_lease(w->store, &r->blob, &e) || !store_has_blob(w->store, &r->blob, &w->usable_bytes))
            w->usable_bytes = 0;
        err_clear(&e);
    }
    return r->blob_offset <= w->usable_bytes;
}

bool resume_skips(struct layer_writer *w, struct chunk *c) {
    if (!w->skipping)
        return false;
    struct prefix_record r;
    chunk_find_key(w, c);
    struct digest chain = chunk_chain(&w->chain, &c->key);
    w->skipping = c->has_key && chunk_index_get_prefix(w->index, &chain, &r) && (w->options.hash_only || usable(w, &r));
    if (!w->skipping)
        return false;
    w->chain = chain;
    w->resume = r;
    w->has_resume = true;
    w->skipped++;
    return true;
}

bool resume_is_all(const struct layer_writer *w) {
    struct digest blob = sha256_final(&w->resume.compressed);
    return w->has_resume && w->issued == 0 && digest_eq(&blob, &w->resume.blob) && w->usable_bytes == w->resume.blob_offset;
}

bool resume_begin(struct layer_writer *w, struct err *e) {
    if (w->has_resume) {
        w->tar = w->resume.tar;
        w->blob = w->resume.compressed;
    }
    if (w->options.hash_only)
        return true;
    if (!store_draft(w->store, &w->draft, e))
        return false;
    if (!w->has_resume)
        return true;
    _cleanup_fd_ int from = store_open_blob(w->store, &w->resume.blob, NULL, e);
    return from >= 0 && file_copy_range(from, 0, w->draft.fd, w->resume.blob_offset, "the beginning of an older blob", e);
}
